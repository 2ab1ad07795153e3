"""Rehearsals: what will be sealed at the next sitting is opened before it is released.

A rehearsal records a made-up attempt as a station does, in the real journal, under the
body's opening keys; opens it with each of those keys; and writes down, signed by the
packager, which keys opened it and when. Codes are given out only after that
(:func:`require`, asked by :mod:`exam_packages.granting` alone): a lost opening key is then
found while every answer can still be written down again, and not after.

::

    rehearsals/<time>-<head>.rehearsal
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec

from exam_packages import canon
from exam_packages.body import Body
from exam_packages.clock import SECOND, Clock, stamp
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing import chain
from exam_packages.sealing.journal import (
    Compartment,
    Frame,
    JournalWriter,
    epoch_header,
    first_context,
    open_frames,
    read_frames,
    sign_permit,
)
from exam_packages.sealing.signed import sign
from exam_packages.sealing.suite import SealingError, SealingKey, SigningKey, digest, label
from exam_packages.sealing.trust import INTEGRITY, PACKAGER, REGISTRAR, SCORING, Trust
from exam_packages.sealing.trust_root import OPENING_ROLES

__all__ = [
    "REHEARSAL_DAYS",
    "Rehearsal",
    "RehearsalError",
    "counts",
    "rehearsals",
    "rehearse",
    "require",
]

REHEARSAL_DAYS: Final = 30
"""How long a rehearsal counts."""

_KIND: Final = "exam-kiosk/rehearsal/v1"
_MAX_SIZE: Final = 64 * 1024
_DAY_S: Final = 86_400
_AHEAD_S: Final = 3600  # two clocks of one body may differ
_COMPARTMENTS: Final[Mapping[str, tuple[Compartment, ...]]] = {
    SCORING: (Compartment.RESPONSES,),
    INTEGRITY: (Compartment.EVENTS, Compartment.EVIDENCE),
    REGISTRAR: (Compartment.IDENTITY,),
}


class RehearsalError(ExamError):
    """Opening was not rehearsed, or a rehearsal failed."""


class Opened(canon.Object):
    """An opening key that opened the practice attempt; *recovered* by custodians, or not."""

    role: canon.Text
    key_id: canon.Id
    recovered: bool


class Rehearsal(canon.Object):
    """One rehearsal: the head of the practice journal, what opened it, when."""

    head: canon.Hash
    opened: Annotated[tuple[Opened, ...], msgspec.Meta(min_length=1, max_length=16)]
    time_s: canon.Seconds


def rehearse(
    body: Body,
    clock: Clock,
    *,
    media: Sequence[SealingKey] = (),
    recovered: Sequence[SealingKey] = (),
) -> Rehearsal:
    """Record a practice attempt, open it with every opening key, and write that down.

    Each key is read from the body's directory, unless it is among *media* (whose holder
    brought it); *recovered* are opened with as well. Raises :class:`RehearsalError` when a
    key does not open what is its to open, or another error when it cannot be read.
    """
    trust = body.trust()
    signer = body.signing_key(PACKAGER)
    brought = {_role_of(trust, key): key for key in media}
    keys = [(role, brought.get(role) or body.opening_key(role), False) for role in OPENING_ROLES]
    keys += [(_role_of(trust, key), key, True) for key in recovered]
    with tempfile.TemporaryDirectory(prefix="exam-kiosk-rehearsal-") as directory:
        frames, words, head = _practise(Path(directory) / "attempt", trust, clock)
    for role, key, _ in keys:
        _check_opens(role, key, frames, words)
    found = Rehearsal(
        head=head,
        opened=tuple(Opened(role, key.key_id, again) for role, key, again in keys),
        time_s=clock.wall_ns() // SECOND,
    )
    make_directory(body.rehearsals, 0o700)
    path = body.rehearsals / f"{found.time_s}-{head.hex()[:16]}.rehearsal"
    write_durably(path, sign(_KIND, canon.pack(found), [signer]))
    return found


def rehearsals(body: Body) -> tuple[Rehearsal, ...]:
    """Every rehearsal that the packager of today signed, oldest first."""
    trust = body.trust()
    found = []
    for path in body.rehearsals.glob("*.rehearsal"):
        try:
            data = path.read_bytes()[: _MAX_SIZE + 1]
            content = trust.verify(data, _KIND, PACKAGER, max_size=_MAX_SIZE)
            rehearsal: Rehearsal = canon.unpack(content, Rehearsal, max_size=_MAX_SIZE)
        except ExamError:
            continue  # damaged, or of a packager who was replaced: it does not count
        found.append(rehearsal)
    return tuple(sorted(found, key=lambda each: each.time_s))


def require(body: Body, now_s: int) -> int:
    """When opening was rehearsed last with today's opening keys, in Unix seconds.

    Raises :class:`RehearsalError` when it was not, or too long ago.
    """
    trust = body.trust()
    needed = {(role, trust.opening(role).key_id) for role in OPENING_ROLES}
    for each in reversed(rehearsals(body)):
        if counts(each.time_s, now_s) and needed <= {
            (opened.role, opened.key_id) for opened in each.opened
        }:
            return each.time_s
    raise RehearsalError(
        "No release code is given out: in the last {days} days nobody has shown that this "
        "body's opening keys open what will be sealed to them. Rehearse it first with "
        "`exam-kiosk body rehearse {directory}`.",
        days=REHEARSAL_DAYS,
        directory=str(body.directory),
    )


def counts(rehearsed_s: int, now_s: int) -> bool:
    """Whether a rehearsal at *rehearsed_s* still counts."""
    return -_AHEAD_S <= now_s - rehearsed_s <= REHEARSAL_DAYS * _DAY_S


def _practise(
    directory: Path, trust: Trust, clock: Clock
) -> tuple[tuple[bytes, ...], dict[Compartment, bytes], bytes]:
    """A practice attempt as a station records it: its frames, what they say, its head."""
    station, hall = SigningKey.generate(pair=False), SigningKey.generate(pair=False)
    blind_id = secrets.token_bytes(16)
    package_hash = digest(label("rehearsal", "package"), secrets.token_bytes(32))
    now = stamp(clock)
    context = first_context(blind_id, station.key_id, package_hash, now.boot)
    writer = JournalWriter.begin(
        directory,
        context,
        sign_permit(context, 1, clock.wall_ns() // SECOND, hall),
        station=station,
        openings={role: trust.opening(role) for role in OPENING_ROLES},
        evidence=SealingKey.generate().public,
        hall=[SealingKey.generate().public],
        neighbour=None,
        stamp=now,
    )
    words = {
        compartment: secrets.token_bytes(48)
        for compartments in _COMPARTMENTS.values()
        for compartment in compartments
    }
    try:
        for compartment, text in words.items():
            writer.append(stamp(clock), text, compartment)
        writer.commit()
    finally:
        writer.close()
    recovered = read_frames(directory)
    state = chain.extend(
        chain.start(blind_id, package_hash),
        recovered.frames,
        {station.key_id: station.public}.get,
        [hall.public],
    )
    return recovered.frames, words, state.cursor.head


def _check_opens(
    role: str, key: SealingKey, frames: Sequence[bytes], words: Mapping[Compartment, bytes]
) -> None:
    wanted = {compartment: words[compartment] for compartment in _COMPARTMENTS[role]}
    try:
        found = dict(_opened_with(key, frames, _COMPARTMENTS[role]))
    except SealingError:
        found = {}
    if found != wanted:
        raise RehearsalError(
            "The key of the role “{role}” does not open the practice exam, and would not open "
            "the real ones. Find the right key, or let two custodians recover it with "
            "`exam-kiosk body recover`; until then nothing must be released.",
            role=role,
        )


def _opened_with(
    key: SealingKey, frames: Sequence[bytes], compartments: Sequence[Compartment]
) -> Iterable[tuple[Compartment, bytes]]:
    headers = (
        epoch_header(frame)
        for frame in frames
        if Frame.parse(frame).compartment is Compartment.HEADER
    )
    keys = {header.context.epoch: header.keys(key, compartments) for header in headers}
    for opened in open_frames(frames, keys):
        if opened.compartment in compartments and opened.body is not None:
            yield opened.compartment, opened.body


def _role_of(trust: Trust, key: SealingKey) -> str:
    for role in OPENING_ROLES:
        if trust.opening(role) == key.public:
            return role
    raise RehearsalError(
        "The key {key_id} that was brought is no opening key of “{body}”; bring the right one.",
        key_id=key.key_id.hex(),
        body=trust.root.body,
    )
