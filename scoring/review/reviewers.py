"""Reviewers: appointed by root holders, each with a key on a medium of their own.

::

    reviewers/<name>.reviewer    who may judge: signed by the root holders, in the body's directory

The key itself is never in the body's directory; whoever sits at the desk brings it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from exam_packages.body import Body
from exam_packages.clock import SECOND, Clock
from exam_packages.files import make_directory, write_durably
from exam_packages.passphrases import Passphrases
from exam_packages.sealing.keys import read_signing_key, write_signing_key
from exam_packages.sealing.protection import Passphrase
from exam_packages.sealing.review import (
    MAX_REVIEWER,
    Reviewer,
    ReviewError,
    read_reviewer,
    sign_reviewer,
)
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import ROOT, TrustError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")


@dataclass(frozen=True)
class Seated:
    """A reviewer who sits at the desk with their key."""

    reviewer: Reviewer
    appointment: bytes
    key: SigningKey = field(repr=False)

    @property
    def name(self) -> str:
        return self.reviewer.name


def directory(body: Body) -> Path:
    """Where the appointments lie."""
    return body.directory / "reviewers"


def appoint(
    body: Body, name: str, key: Path, passphrase: Passphrase | None, clock: Clock
) -> Reviewer:
    """Make a reviewer's key on their own medium, and their appointment signed by the root.

    Raises an :class:`~exam_packages.errors.ExamError`.
    """
    if not _NAME.fullmatch(name):
        raise ReviewError(
            "“{name}” cannot be a reviewer’s name here; use letters, digits, dots and dashes.",
            name=name[:100],
        )
    if key.resolve().is_relative_to(body.directory.resolve()):
        raise ReviewError(
            "A reviewer’s key lies on their own medium, and never in the body’s directory "
            "({path}); name a path there.",
            path=str(key),
        )
    record = directory(body) / f"{name}.reviewer"
    if record.exists() or key.exists():
        raise ReviewError(
            "{path} is there already; nothing was changed. To give “{name}” a new key, delete "
            "their appointment first: what they signed before stays signed.",
            path=str(record if record.exists() else key),
            name=name,
        )
    signers = body.signing_keys(ROOT)  # first: nothing is made that nobody may sign
    made = SigningKey.generate(pair=True)
    reviewer = Reviewer(name, made.public.ed25519, made.public.mldsa65, clock.wall_ns() // SECOND)
    data = sign_reviewer(reviewer, signers)
    try:
        read_reviewer(data, body.trust())
    except TrustError:
        raise ReviewError(
            "Reviewers are appointed by at least two root holders, and by as many as the root of "
            "trust says; the keys of too few lie in {directory}. Bring the others’ key files, or "
            "let the root have a second holder first.",
            directory=str(body.keys),
        ) from None
    write_signing_key(key, made, passphrase)
    make_directory(record.parent, 0o700)
    write_durably(record, data)
    return reviewer


def seat(body: Body, keys: Iterable[Path], passphrases: Passphrases) -> tuple[Seated, ...]:
    """The reviewers whose *keys* were brought. Raises an :class:`ExamError` for a key that no
    appointment in the body's directory names."""
    trust = body.trust()
    appointed: dict[bytes, tuple[Reviewer, bytes]] = {}
    for path in sorted(directory(body).glob("*.reviewer")):
        with path.open("rb") as file:
            data = file.read(MAX_REVIEWER + 1)
        try:
            reviewer = read_reviewer(data, trust)
        except TrustError:
            continue  # by root holders who were replaced: they must appoint anew
        appointed[reviewer.key_id] = (reviewer, data)
    found = []
    for path in keys:
        key = read_signing_key(path, passphrases.for_key)
        if key.key_id not in appointed:
            raise ReviewError(
                "The key in {path} is not one of a reviewer whom today’s root holders appointed; "
                "appoint them with `exam-kiosk review appoint`.",
                path=str(path),
            )
        found.append(Seated(*appointed[key.key_id], key))
    return tuple(found)
