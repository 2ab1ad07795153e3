"""A neighbour releases its half to whom two people named, and to nobody else."""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from centre import CLOCK, Centre, now_s, openings, stamp_now
from evidence_key import EVIDENCE

from exam_packages.errors import ExamError
from exam_packages.sealing.journal import (
    Header,
    JournalWriter,
    OpenError,
    epoch_header,
    first_context,
    read_half,
    restore,
    sign_permit,
)
from exam_packages.sealing.restore_keys import (
    RestoreKey,
    RestoreKeyError,
    Transfer,
    open_resealed,
    read_restore_key,
    read_transfer,
    reseal,
    sign_restore_key,
    sign_transfer,
)
from exam_packages.sealing.suite import SealingKey
from exam_packages.sealing.trust import ENROLMENT, STATION, sign_enrolment
from provisioning import authority, homes
from provisioning.station_home import StationHome
from sync.holder.keyring import RestoreKeys
from sync.holder.neighbour import NeighbourError, release
from sync.messages import Handover

SITTING = secrets.token_bytes(16)


@dataclass
class Case:
    """One attempt at a station, its neighbour, and the station that is to go on."""

    centre: Centre
    directory: Path
    frame: bytes
    hall: SealingKey
    neighbour: RestoreKeys
    target: StationHome
    target_key: SealingKey

    @property
    def header(self) -> Header:
        return epoch_header(self.frame)

    @property
    def blind_id(self) -> bytes:
        return self.header.context.blind_id

    def transfer(self, **changes: object) -> bytes:
        fields: dict[str, object] = {
            "blind_id": self.blind_id,
            "sitting": SITTING,
            "station": self.target.enrolment().key_id,
            "operators": ("Ana", "Rui"),
            "time_s": now_s(),
        }
        return sign_transfer(
            Transfer(**{**fields, **changes}),  # type: ignore[arg-type]
            self.centre.hall.signing_key(),
        )

    def announced(self, sitting: bytes = SITTING) -> bytes:
        key = self.target.signing_key()
        return sign_restore_key(RestoreKey(sitting, key.key_id, self.target_key.public.raw), key)

    def handover(self, **changes: bytes) -> Handover:
        fields = {
            "transfer": self.transfer(),
            "enrolment": self.target.enrolment_bytes,
            "restore_key": self.announced(),
        }
        return Handover(**{**fields, **changes}, headers=(self.frame,))

    def release(self, handover: Handover) -> bytes:
        halves = release(
            handover,
            keys=self.neighbour,
            hall=self.centre.hall.enrolment().verify_key,
            centre=self.centre.hall.centre,
            trust=self.centre.trust,
        )
        ((epoch, half),) = halves.halves
        assert epoch == 1
        return half


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    place = tmp_path_factory.mktemp("neighbour")
    centre = Centre.found(place)
    request = homes.new_station(place / "s2", "seat-2", "Lisbon", "https://127.0.0.1:1")
    target = StationHome.load(place / "s2")
    answer = authority.enrol(centre.body, request, CLOCK)[1]
    homes.install(target, answer, CLOCK, pinned=centre.trust.digest)
    (place / "keys").mkdir()
    neighbour = RestoreKeys(place / "keys")
    hall = SealingKey.generate()
    station = centre.station.signing_key()
    context = first_context(secrets.token_bytes(16), station.key_id, bytes(32), stamp_now().boot)
    writer = JournalWriter.begin(
        place / "attempt",
        context,
        sign_permit(context, 1, now_s(), centre.hall.signing_key()),
        station=station,
        openings=openings(centre.trust),
        evidence=EVIDENCE.public,
        hall=[hall.public],
        neighbour=neighbour.of(SITTING).public,
        stamp=stamp_now(),
    )
    frame = writer.frames(0)[0]
    writer.close()
    return Case(centre, place / "attempt", frame, hall, neighbour, target, SealingKey.generate())


def test_the_named_station_opens_the_epoch_with_both_halves(case: Case) -> None:
    sealed = case.release(case.handover())
    half = open_resealed(case.header, case.target_key, sealed)
    assert half == read_half(case.directory, case.header)
    assert len(restore(case.header, case.header.half_for(case.hall), half)) == 2


def test_what_is_released_opens_with_no_other_key_and_for_no_other_epoch(case: Case) -> None:
    sealed = case.release(case.handover())
    with pytest.raises(OpenError):
        open_resealed(case.header, SealingKey.generate(), sealed)
    for bit in range(0, len(sealed) * 8, 61):
        spoilt = bytearray(sealed)
        spoilt[bit // 8] ^= 1 << bit % 8
        with pytest.raises(OpenError):
            open_resealed(case.header, case.target_key, bytes(spoilt))
    with pytest.raises(OpenError):  # it was not sealed to the hall
        reseal(case.header, case.hall, case.target_key.public)


@pytest.mark.parametrize("operators", [("Ana", "Ana"), ("Ana", "ANA"), ("Ana", ""), ("", "")])
def test_one_person_is_not_two(case: Case, operators: tuple[str, str]) -> None:
    with pytest.raises(RestoreKeyError, match="takes two people"):
        case.release(case.handover(transfer=case.transfer(operators=operators)))


def test_a_transfer_that_the_hall_did_not_sign_releases_nothing(case: Case) -> None:
    station = case.centre.station.signing_key()
    forged = sign_transfer(
        read_transfer(case.transfer(), case.centre.hall.enrolment().verify_key), station
    )
    with pytest.raises(RestoreKeyError):
        case.release(case.handover(transfer=forged))


def test_another_station_than_the_one_named_gets_nothing(case: Case) -> None:
    with pytest.raises(NeighbourError):
        case.release(case.handover(transfer=case.transfer(station=bytes(16))))
    own = case.centre.station
    swapped = case.handover(enrolment=own.enrolment_bytes)
    with pytest.raises(RestoreKeyError):  # the restore key is another machine's
        case.release(swapped)


def test_another_attempt_or_sitting_than_the_one_moved_is_not_opened(case: Case) -> None:
    with pytest.raises(NeighbourError, match="another exam"):
        case.release(case.handover(transfer=case.transfer(blind_id=bytes(16))))
    with pytest.raises(NeighbourError):
        case.release(case.handover(transfer=case.transfer(sitting=bytes(16))))
    with pytest.raises(NeighbourError):
        case.release(case.handover(restore_key=case.announced(bytes(16))))


def test_a_station_of_another_centre_gets_nothing(case: Case) -> None:
    moved = msgspec.structs.replace(case.target.enrolment(), centre="Porto")
    assert moved.kind == STATION
    record = sign_enrolment(moved, [case.centre.body.signing_key(ENROLMENT)])
    with pytest.raises(NeighbourError, match="not a station of this centre"):
        case.release(case.handover(enrolment=record))


def test_after_the_key_was_deleted_nothing_is_released(case: Case, tmp_path: Path) -> None:
    keys = RestoreKeys(tmp_path)
    key = keys.of(SITTING)
    assert keys.of(SITTING).key_id == key.key_id == keys.all()[0].key_id
    assert keys.erase(SITTING) == (key.key_id,)
    assert keys.erase(SITTING) == ()
    assert list(tmp_path.iterdir()) == []
    case.release(case.handover())
    held = case.neighbour
    case.neighbour = keys
    try:
        with pytest.raises(NeighbourError):
            case.release(case.handover())
    finally:
        case.neighbour = held


def test_damaged_words_are_refused_with_our_errors(case: Case) -> None:
    word = case.announced()
    key = case.target.enrolment().verify_key
    assert read_restore_key(word, key).sealing.key_id == case.target_key.key_id
    for cut in range(0, len(word), 37):
        with pytest.raises(RestoreKeyError):
            read_restore_key(word[:cut], key)
    for bit in range(0, len(word) * 8, 97):
        spoilt = bytearray(word)
        spoilt[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ExamError):
            read_restore_key(bytes(spoilt), key)


def test_a_damaged_key_is_deleted_like_any_other(tmp_path: Path) -> None:
    keys = RestoreKeys(tmp_path)
    keys.of(SITTING)
    (path,) = tmp_path.iterdir()
    path.write_bytes(b"damaged")
    assert keys.erase(SITTING) == ()
    assert list(tmp_path.iterdir()) == []
