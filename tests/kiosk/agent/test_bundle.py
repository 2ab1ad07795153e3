"""What an attempt leaves behind: checked without a key, opened role by role."""

from __future__ import annotations

from pathlib import Path

import pytest
from evidence_key import EVIDENCE
from sitting import Seat, eventually
from small_exam import chosen
from video import picture_size, write_video

from exam_packages.attempt import events as ev
from exam_packages.attempt.acts import Flag, HandIn, Respond
from exam_packages.attempt.ledger import account
from exam_packages.attempt.state import fold, responses_digest
from exam_packages.content.proctoring import RETURN, START
from exam_packages.sealing.bundle import (
    answers_part,
    hand_in_code,
    read_answers,
    verify_bundle,
)
from exam_packages.sealing.journal import (
    Compartment,
    EpochKeys,
    Frame,
    epoch_header,
    open_frames,
    open_snapshot,
    read_frames,
)
from exam_packages.sealing.trust import INTEGRITY, REGISTRAR, SCORING
from kiosk.ipc import messages as ipc
from provisioning.station_home import StationHome


@pytest.fixture
def filmed(seat: Seat, tmp_path: Path) -> Seat:
    """A seat whose station has a video file for a camera."""
    write_video(tmp_path / "room.avi")
    settings = seat.station.settings_path
    text = settings.read_text().replace('camera = "none"', f'camera = "{tmp_path}/room.avi"')
    settings.write_text(text)
    seat.station = StationHome.load(seat.station.directory)
    assert seat.station.camera.endswith("room.avi")
    return seat


def test_a_bundle_of_two_epochs_with_pictures_is_whole_and_opens_by_role(filmed: Seat) -> None:
    seat = filmed
    with seat.agent() as agent:
        screen = agent.screen()
        screen.await_(ipc.Status, lambda status: status.camera == ev.VIDEO_FILE)
        screen.begin(seat.hall, seat.number)
        screen.do(Respond("one", chosen("B")))
        eventually(lambda: screen.attempt.snapshots, "a picture")
        agent.kill()
    with seat.agent() as agent:
        screen = agent.screen()
        eventually(lambda: screen.attempt.epoch == 2, "a new epoch")
        screen.do(Respond("one", chosen("C")))
        screen.do(Flag("two", on=True))
        eventually(lambda: screen.attempt.snapshots >= 2, "another picture")
        screen.do(HandIn())
        code = screen.await_(ipc.Finished, lambda finished: finished.hall).code
        assert agent.end() == 0

    directory = next(seat.station.attempts.iterdir())
    frames = read_frames(directory).frames
    enrolments = seat.station.enrolment_bytes, seat.hall.home.enrolment_bytes
    manifest = (directory / "manifest").read_bytes()
    countersignature = (directory / "countersignature").read_bytes()
    answers = read_answers(answers_part(manifest, countersignature, enrolments, frames))
    checked = verify_bundle(answers, seat.site.body.trust())
    assert hand_in_code(answers.bundle_hash) == code
    assert checked.sitting == "Morning"

    headers = {epoch_header(frame).context.epoch: epoch_header(frame) for frame in _headers(frames)}
    assert sorted(headers) == [1, 2]

    def opened(role: str, *compartments: Compartment) -> list[ev.Event]:
        key = seat.site.body.opening_key(role)
        keys = {epoch: header.keys(key, compartments) for epoch, header in headers.items()}
        return [
            ev.decode_event(frame.body)
            for frame in open_frames(frames, keys)
            if frame.body is not None and frame.compartment in compartments
        ]

    responses = opened(SCORING, Compartment.RESPONSES)
    standing = {e.item: e.responses for e in responses if isinstance(e, ev.Responded)}
    assert standing == {"one": chosen("C")}
    assert responses[-1] == ev.Concluded(2, responses_digest(standing))
    assert opened(REGISTRAR, Compartment.IDENTITY) == [
        ev.Identified(seat.candidate, f"Name {seat.number}")
    ]
    told = opened(INTEGRITY, Compartment.EVENTS)
    assert ev.Flagged("two", on=True) in told
    assert not [event for event in told if isinstance(event, ev.Responded | ev.Identified)]

    integrity = seat.site.body.opening_key(INTEGRITY)
    shots, reasons = 0, list[str]()
    evidence = {picture.digest: picture.size for picture in checked.evidence}
    for epoch, header in headers.items():
        keys: EpochKeys = header.keys(integrity, [Compartment.EVENTS, Compartment.EVIDENCE])
        pictures = header.pictures_key(keys, header.pictures_part(EVIDENCE))
        for frame in open_frames(frames, {epoch: keys}):
            if frame.epoch != epoch or frame.compartment is not Compartment.EVIDENCE:
                continue
            assert frame.body is not None
            shot = ev.decode_event(frame.body)
            if isinstance(shot, ev.PictureTold):
                reasons.append(shot.reason)
                continue
            assert isinstance(shot, ev.SnapshotTaken)
            sealed = (directory / "evidence" / shot.digest.hex()).read_bytes()
            assert evidence[shot.digest] == len(sealed) == shot.size
            assert shot.source == ev.VIDEO_FILE
            jpeg = open_snapshot(header, pictures, shot.number, sealed)
            assert picture_size(jpeg) == (320, 240)
            shots += 1
    assert shots == len(evidence) == len(reasons) >= 2
    assert reasons[0] == START
    assert RETURN in reasons
    held = seat.hall.home.evidence / directory.name
    eventually(lambda: len(list(held.iterdir())) == shots, "the hall has every picture")


def test_the_body_counts_the_same_time_as_the_station(seat: Seat) -> None:
    """The ledger of the integrity role agrees with what the screen was told."""
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        screen.do(Respond("one", chosen("A")))
        screen.do(HandIn())
        screen.await_(ipc.Finished)
        live = screen.entries
        agent.end()
    directory = next(seat.station.attempts.iterdir())
    frames = read_frames(directory).frames
    header = epoch_header(frames[0])
    keys = EpochKeys(
        {
            **header.keys(
                seat.site.body.opening_key(INTEGRITY), [Compartment.EVENTS, Compartment.EVIDENCE]
            ),
            **header.keys(seat.site.body.opening_key(SCORING), [Compartment.RESPONSES]),
            **header.keys(seat.site.body.opening_key(REGISTRAR), [Compartment.IDENTITY]),
        }
    )
    entries = [
        ev.Entry(frame.sequence, frame.stamp, ev.decode_event(frame.body))
        for frame in open_frames(frames, {1: keys})
        if frame.compartment not in (Compartment.HEADER, Compartment.ACKNOWLEDGEMENT)
        and frame.stamp is not None
        and frame.body is not None
    ]
    assert entries == live
    assert account(entries).intervals == account(live).intervals
    assert fold(entries) == fold(live)


def test_no_name_and_no_answer_lies_on_the_disk_in_clear(seat: Seat) -> None:
    secret = "a sentence nobody else may read"
    with seat.agent() as agent:
        screen = agent.screen()
        screen.begin(seat.hall, seat.number)
        screen.do(Respond("three", chosen(secret)))
        agent.kill()
    for path in seat.station.directory.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert secret.encode() not in data, path
            assert f"Name {seat.number}".encode() not in data, path


def _headers(frames: tuple[bytes, ...]) -> list[bytes]:
    return [frame for frame in frames if Frame.parse(frame).compartment is Compartment.HEADER]
