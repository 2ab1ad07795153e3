"""The evidence keys of a body: one for each sitting, at the integrity desk, made to be destroyed.

::

    evidence/<key id>.key             the private half, sealed to the integrity role
    evidence/<key id>.preservation    what was sealed to this key again, of held attempts

A key file is one canonical array: ``["exam-kiosk/evidence-key/v1", facts, sealed seed]``.
It opens with the integrity role's key alone, and only with the facts it was made with. It is
in no backup and in no custody: when its time is over, it must be gone everywhere
(:mod:`exam_packages.retention`). A copy that somebody took before still opens.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec

from exam_packages import canon
from exam_packages.body import Body
from exam_packages.canon import Id
from exam_packages.files import make_directory, sync_directory, write_all, write_durably
from exam_packages.sealing.retention import Policy, RetentionError, Sealing, Sitting
from exam_packages.sealing.suite import SealingKey, SealingPublic, SuiteError, label
from exam_packages.sealing.trust import INTEGRITY

__all__ = [
    "KEEP_DAYS",
    "EvidenceKey",
    "draw",
    "dying",
    "erase",
    "keep",
    "keys",
    "of_sitting",
    "out_of_use",
    "preservation_path",
    "read",
    "take_out_of_use",
]

KEEP_DAYS: Final = 180
"""How long pictures are kept after the end of a sitting's window, unless said otherwise."""

_FORMAT: Final = "exam-kiosk/evidence-key/v1"
_MAX_FILE: Final = 16 * 1024


class Facts(canon.Object):
    """What an evidence key is for. ``origin`` is empty for a sitting's own; else it names the
    sitting's, and ``source`` the one that held attempts were taken from."""

    sitting: Sitting
    policy: Policy
    public: Sealing
    origin: Annotated[tuple[Id, ...], msgspec.Meta(max_length=1)]
    source: Annotated[tuple[Id, ...], msgspec.Meta(max_length=1)]


class EvidenceKey(canon.Object):
    """An evidence key as it lies in its file; its private half is sealed."""

    format: str
    facts: Facts
    sealed: Annotated[bytes, msgspec.Meta(max_length=2048)]

    @property
    def public(self) -> SealingPublic:
        return SealingPublic(self.facts.public)

    @property
    def key_id(self) -> bytes:
        """16 bytes that name it: in grants, journals and certificates."""
        return self.public.key_id

    @property
    def origin(self) -> bytes:
        """The id of its sitting's own evidence key."""
        return self.facts.origin[0] if self.facts.origin else self.key_id

    def open(self, integrity: SealingKey) -> SealingKey:
        """The private half. Raises :class:`RetentionError` when *integrity* does not open it."""
        try:
            key = SealingKey.from_seed(
                integrity.open(self.sealed, _info(integrity.key_id, self.facts))
            )
        except SuiteError:
            key = None
        if key is None or key.public != self.public:
            raise RetentionError(
                "The evidence key {key} does not open with this integrity key: the key is "
                "another, or what is written in the file was altered.",
                key=self.key_id.hex(),
            )
        return key


def of_sitting(body: Body, sitting: Sitting, policy: Policy) -> SealingPublic:
    """The evidence key of *sitting*, made when it is first asked for.

    A re-issue of the grant has the same key, and the policy it was made with. Raises an
    :class:`~exam_packages.errors.ExamError`.
    """
    for key in keys(body):
        if key.facts.sitting == sitting and not key.facts.origin:
            return key.public
    made = draw(body, sitting, policy)
    keep(body, made)
    return made.public


def draw(
    body: Body, sitting: Sitting, policy: Policy, *, origin: bytes = b"", source: bytes = b""
) -> EvidenceKey:
    """Draw an evidence key, sealed to the integrity role. It is on no disk yet."""
    key, integrity = SealingKey.generate(), body.trust().opening(INTEGRITY)
    facts = Facts(
        sitting,
        policy,
        key.public.raw,
        (origin,) if origin else (),
        (source,) if source else (),
    )
    return EvidenceKey(_FORMAT, facts, integrity.seal(key.seed, _info(integrity.key_id, facts)))


def keep(body: Body, key: EvidenceKey) -> None:
    """Write *key* to its file. It is on disk after."""
    make_directory(body.evidence, 0o700)
    write_durably(_path(body, key.key_id), canon.pack(key), mode=0o600)


def keys(body: Body) -> Iterator[EvidenceKey]:
    """Every evidence key that lies here. Raises :class:`RetentionError` for a damaged one."""
    for path in sorted(body.evidence.glob("*.key")):
        yield _read(path)


def read(body: Body, key_id: bytes) -> EvidenceKey:
    """The evidence key with this id. Raises :class:`RetentionError` when it is not here."""
    path = _path(body, key_id)
    if not path.exists():
        raise RetentionError(
            "There is no evidence key {key} in {directory}: it lies at another desk, or was "
            "destroyed.",
            key=key_id.hex(),
            directory=str(body.evidence),
        )
    return _read(path)


def preservation_path(body: Body, key_id: bytes) -> Path:
    """Where what was preserved under the key with this id lies, or will lie."""
    return body.evidence / f"{key_id.hex()}.preservation"


# --- The end of a key --------------------------------------------------------------


def take_out_of_use(body: Body, key_id: bytes) -> None:
    """Take the key out of use, for good: from here on there is only :func:`erase`."""
    _path(body, key_id).replace(_dying(body, key_id))
    sync_directory(body.evidence)


def dying(body: Body) -> tuple[bytes, ...]:
    """The keys that were taken out of use and are not erased."""
    return tuple(bytes.fromhex(path.stem) for path in sorted(body.evidence.glob("*.dying")))


def out_of_use(body: Body, key_id: bytes) -> bool:
    """Whether the key was taken out of use."""
    return not _path(body, key_id).exists()


def erase(body: Body, key_id: bytes) -> None:
    """Overwrite what is left of the key, delete it, and let the disk know. Once is enough.

    What was preserved under it goes too: nothing opens it.

    On flash and on file systems that copy on write, the old blocks may stay until they are
    used again; what is in them is sealed to the integrity role still.
    """
    path = _dying(body, key_id)
    if not out_of_use(body, key_id):  # a power cut took the rename back
        path.unlink(missing_ok=True)
    elif path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            write_all(descriptor, secrets.token_bytes(os.fstat(descriptor).st_size), 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        path.unlink()
    if out_of_use(body, key_id):
        preservation_path(body, key_id).unlink(missing_ok=True)
    sync_directory(body.evidence)


def _path(body: Body, key_id: bytes) -> Path:
    return body.evidence / f"{key_id.hex()}.key"


def _dying(body: Body, key_id: bytes) -> Path:
    return body.evidence / f"{key_id.hex()}.dying"


def _read(path: Path) -> EvidenceKey:
    try:
        with path.open("rb") as file:
            found: EvidenceKey = canon.unpack(
                file.read(_MAX_FILE + 1), EvidenceKey, max_size=_MAX_FILE
            )
        named = found.key_id.hex()
    except (canon.CanonError, SuiteError):
        named = ""
    if named != path.stem or found.format != _FORMAT:
        raise RetentionError("The evidence key in {path} is damaged.", path=str(path))
    return found


def _info(integrity: bytes, facts: Facts) -> bytes:
    return label("evidence", "kept", integrity, canon.pack(facts))
