"""Opening answers blind: only responses, under fresh ids, and proven to be whole.

The desk gets verified bundles without evidence. It checks the chain again itself, opens
the responses with the scoring key, replays them, and compares the outcome with what the
station concluded at close. Markers get the answers under an id made for this batch alone:
an HMAC of the blind id under a key that stays at the desk. Sorting by it shuffles.

A discrepancy never stops a batch: the attempt is held, with the reason, for people.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from exam_packages.attempt.events import Concluded, Responded, decode_event
from exam_packages.attempt.state import responses_digest
from exam_packages.canon import CanonError
from exam_packages.content.values import Response
from exam_packages.errors import ExamError
from exam_packages.sealing.bundle import BundleFile, verify_bundle
from exam_packages.sealing.journal import (
    Compartment,
    EpochKeys,
    Frame,
    epoch_header,
    open_frames,
)
from exam_packages.sealing.suite import SealingKey, label, lp
from exam_packages.sealing.trust import Trust

__all__ = ["BATCH_KEY_SIZE", "Desk", "OpenedAttempt", "batch_id", "open_attempts"]

BATCH_KEY_SIZE: Final = 32
_ID_BYTES = 10
_AT_ONCE = 32
"""Bundles per task: enough work to be worth sending to a worker."""


@dataclass(frozen=True)
class OpenedAttempt:
    """The answers of one attempt, under its id of this batch.

    ``package_hash`` says which form was sat. ``problems`` are sentences; where there are
    any, the attempt is held and people look at it.
    """

    id: str
    package_hash: bytes
    responses: dict[str, tuple[Response, ...]]
    recorded: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Desk:
    """What a worker needs to open bundles: hand it only to workers of the desk itself.

    ``root`` is the signed root of trust, ``seed`` the scoring key's.
    """

    root: bytes = field(repr=False)
    seed: bytes = field(repr=False)
    batch_key: bytes = field(repr=False)

    @classmethod
    def open(cls, root: bytes, key: SealingKey) -> Desk:
        """A desk for one batch, with a fresh batch key."""
        return cls(root, key.seed, secrets.token_bytes(BATCH_KEY_SIZE))


def batch_id(batch_key: bytes, blind_id: bytes) -> str:
    """The id of an attempt in one batch: 16 letters and digits that reveal nothing."""
    message = label("scoring", "batch-id") + lp(blind_id)
    made = hmac.new(batch_key, message, hashlib.sha256).digest()[:_ID_BYTES]
    return base64.b32encode(made).decode("ascii").lower()


def open_attempts(
    paths: Iterable[Path], desk: Desk, executor: Executor
) -> tuple[list[OpenedAttempt], list[str]]:
    """Open the bundles at *paths*; return the attempts, shuffled, and what would not open.

    *executor* may be any: threads, processes, or a cluster of the desk's own machines.
    """
    ordered = sorted(paths)
    groups = [ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE)]
    attempts: list[OpenedAttempt] = []
    problems: list[str] = []
    for opened in executor.map(_open_group, [(desk, group) for group in groups]):
        for result in opened:
            if isinstance(result, str):
                problems.append(result)
            else:
                attempts.append(result)
    attempts.sort(key=lambda attempt: attempt.id)
    return attempts, problems


def open_bundle(path: Path, trust: Trust, key: SealingKey, batch_key: bytes) -> OpenedAttempt:
    """Verify one bundle without its evidence, and open its responses.

    Raises a :class:`~exam_packages.errors.ExamError` when the bundle is not what station
    and hall signed, or was not sealed to this scoring key.
    """
    bundle = BundleFile.open(path)
    manifest = verify_bundle(bundle.answers, trust)
    frames = bundle.frames()
    responses, recorded, problems = _replay(_bodies(frames, key))
    return OpenedAttempt(
        batch_id(batch_key, manifest.blind_id),
        manifest.package_hash,
        responses,
        recorded,
        problems,
    )


def _open_group(task: tuple[Desk, Sequence[Path]]) -> list[OpenedAttempt | str]:
    desk, paths = task
    trust = Trust.first(desk.root, pinned=None)
    key = SealingKey.from_seed(desk.seed)
    results: list[OpenedAttempt | str] = []
    for path in paths:
        try:
            results.append(open_bundle(path, trust, key, desk.batch_key))
        except ExamError as problem:
            results.append(f"{path.name}: {problem}")
    return results


def _bodies(frames: Sequence[bytes], key: SealingKey) -> list[bytes]:
    """The opened bodies of the responses compartment, and of nothing else."""
    keys: dict[int, EpochKeys] = {}
    for frame in frames:
        if Frame.parse(frame).compartment is Compartment.HEADER:
            header = epoch_header(frame)
            keys[header.context.epoch] = header.keys(key, [Compartment.RESPONSES])
    return [
        each.body
        for each in open_frames(frames, keys)
        if each.compartment is Compartment.RESPONSES and each.body is not None
    ]


def _replay(
    bodies: Iterable[bytes],
) -> tuple[dict[str, tuple[Response, ...]], int, tuple[str, ...]]:
    """The answers as they stand at the end, how often one was recorded, and what is wrong."""
    responses: dict[str, tuple[Response, ...]] = {}
    recorded = 0
    concluded: Concluded | None = None
    strange = 0
    for body in bodies:
        try:
            event = decode_event(body)
        except CanonError:
            strange += 1
            continue
        match event:
            case Responded():
                responses[event.item] = event.responses
                recorded += 1
                concluded = None
            case Concluded():
                concluded = event
            case _:
                strange += 1
    problems = []
    if strange:
        problems.append(f"{strange} records among the answers are none this version knows.")
    if concluded is None:
        problems.append("The answers end without the station's conclusion.")
    elif concluded.recorded != recorded:
        problems.append(
            f"The station concluded {concluded.recorded} recorded answers; {recorded} are here."
        )
    elif concluded.digest != responses_digest(responses):
        problems.append("The answers replayed are not those that the station concluded.")
    return responses, recorded, tuple(problems)
