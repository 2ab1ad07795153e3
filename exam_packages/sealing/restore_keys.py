"""Keys that live for one sitting: what restore halves are sealed to, so that they can die.

The halves that open an unfinished record again travel, sealed, in its epoch headers, and
headers are kept for years. So they are sealed to no machine's lasting key, but to a
*restore key* that hall and neighbour each make for one sitting and delete when the chief
closes it. Three signed objects go with that:

* :class:`RestoreKey`: a machine's word that this public key is its restore key;
* :class:`Transfer`: the hall's word that two people moved an attempt to a named station;
* :class:`Erasure`: a machine's statement of what it deleted, when, and on whose order.

Copies of a restore key taken before it was deleted still open; so would what a disk's own
wear levelling keeps.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Hash, Id, Seconds
from exam_packages.sealing.journal_format import context_bytes
from exam_packages.sealing.journal_keys import KEY_SIZE, Header, OpenError
from exam_packages.sealing.signed import SignedError, read_signed, sign, verify
from exam_packages.sealing.suite import (
    SEALING_PUBLIC_SIZE,
    SealingError,
    SealingKey,
    SealingPublic,
    SigningKey,
    SuiteError,
    VerifyKey,
    label,
)

__all__ = [
    "Erasure",
    "RestoreKey",
    "RestoreKeyError",
    "Transfer",
    "open_resealed",
    "parse_statement",
    "read_erasure",
    "read_restore_key",
    "read_transfer",
    "reseal",
    "sign_erasure",
    "sign_restore_key",
    "sign_transfer",
]

RESTORE_KEY_KIND: Final = "exam-kiosk/restore-key/v1"
TRANSFER_KIND: Final = "exam-kiosk/transfer/v1"
ERASURE_KIND: Final = "exam-kiosk/erasure/v1"

_MAX_SIZE = 256 * 1024
_MAX_KEYS = 16

Name = Annotated[str, Meta(max_length=500)]

T = TypeVar("T")


class RestoreKeyError(SealingError):
    """A word about restore keys is damaged, or not by the machine that must give it."""


class RestoreKey(canon.Object):
    """A machine's restore key for one sitting.

    ``sitting`` is the random name that the hall gave the sitting, ``machine`` the signing
    key id of whose key it is, ``public`` a raw :class:`SealingPublic`.
    """

    sitting: Id
    machine: Id
    public: Annotated[bytes, Meta(min_length=SEALING_PUBLIC_SIZE, max_length=SEALING_PUBLIC_SIZE)]

    @property
    def sealing(self) -> SealingPublic:
        """The key to seal to. Raises :class:`SuiteError` when it is none."""
        return SealingPublic(self.public)


class Transfer(canon.Object):
    """Two people moved the attempt *blind_id* to *station* (its signing key id)."""

    blind_id: Id
    sitting: Id
    station: Id
    operators: tuple[Name, Name]
    time_s: Seconds


class Erasure(canon.Object):
    """What one machine deleted when a sitting was closed.

    ``machine`` is who deleted and signs; ``operator`` and ``reason`` are the chief's who
    closed the sitting, as the hall says; ``keys`` are the ids of the restore keys deleted,
    ``halves`` counts the halves deleted from this machine's disk. A hall's erasure names
    its own restore key, and so tells stations which halves must die.
    """

    sitting: Id
    package_hash: Hash
    slot: Name
    machine: Id
    operator: Name
    reason: Name
    keys: Annotated[tuple[Id, ...], Meta(max_length=_MAX_KEYS)]
    halves: canon.Count
    time_s: Seconds


S = TypeVar("S", RestoreKey, Erasure)

_SHAPES: Final[dict[str, type[RestoreKey | Transfer | Erasure]]] = {
    RESTORE_KEY_KIND: RestoreKey,
    TRANSFER_KIND: Transfer,
    ERASURE_KIND: Erasure,
}


def sign_restore_key(restore: RestoreKey, key: SigningKey) -> bytes:
    """Announce a restore key as the machine it names."""
    return _sign(RESTORE_KEY_KIND, restore, restore.machine, key)


def read_restore_key(data: bytes, machine: VerifyKey) -> RestoreKey:
    """The restore key that *machine* announced. Raises :class:`RestoreKeyError`."""
    return _named(_read(RESTORE_KEY_KIND, data, RestoreKey, machine), machine)


def sign_transfer(transfer: Transfer, hall: SigningKey) -> bytes:
    """Say as *hall* that two people moved an attempt."""
    return sign(TRANSFER_KIND, canon.pack(transfer), [hall])


def read_transfer(data: bytes, hall: VerifyKey) -> Transfer:
    """The transfer that *hall* signed. Raises :class:`RestoreKeyError` unless it names two
    different people."""
    transfer = _read(TRANSFER_KIND, data, Transfer, hall)
    if len({name.casefold() for name in transfer.operators} - {""}) != 2:
        raise RestoreKeyError("A move to another station takes two people, and one was named.")
    return transfer


def sign_erasure(erasure: Erasure, key: SigningKey) -> bytes:
    """Sign a statement of erasure as the machine it names."""
    return _sign(ERASURE_KIND, erasure, erasure.machine, key)


def read_erasure(data: bytes, machine: VerifyKey) -> Erasure:
    """The erasure that *machine* stated. Raises :class:`RestoreKeyError`."""
    return _named(_read(ERASURE_KIND, data, Erasure, machine), machine)


def parse_statement(data: bytes) -> RestoreKey | Transfer | Erasure:
    """Any of the three, nothing of it verified: to know who must have signed it.

    Raises :class:`RestoreKeyError`.
    """
    for kind, shape in _SHAPES.items():
        if data.startswith(kind.encode() + b"\n"):
            try:
                body = read_signed(data, kind, max_size=_MAX_SIZE).body
                found: RestoreKey | Transfer | Erasure = canon.unpack(
                    body, shape, max_size=_MAX_SIZE
                )
            except (SignedError, canon.CanonError):
                break
            return found
    raise RestoreKeyError("A signed word about the keys of this sitting is damaged.")


def reseal(header: Header, neighbour: SealingKey, station: SealingPublic) -> bytes:
    """Half 2 of *header*'s epoch, as the *neighbour* it was sealed to, for another station.

    *station* is the restore key of the station that goes on. Raises :class:`OpenError` when
    the half was not sealed to *neighbour*.
    """
    half = header.half_for_neighbour(neighbour)
    return station.seal(half, _info(header, station.key_id))


def open_resealed(header: Header, station: SealingKey, sealed: bytes) -> bytes:
    """Half 2 as :func:`reseal` sealed it to this *station*. Raises :class:`OpenError`."""
    try:
        half = station.open(sealed, _info(header, station.key_id))
    except SuiteError:
        half = b""
    if len(half) != KEY_SIZE:
        raise OpenError(
            "What the neighbour station gave does not open epoch {epoch} of this record here.",
            epoch=header.context.epoch,
        )
    return half


def _info(header: Header, key_id: bytes) -> bytes:
    return label("journal", "half-2-moved", key_id, context_bytes(header.context))


def _sign(kind: str, statement: canon.Object, machine: bytes, key: SigningKey) -> bytes:
    if machine != key.key_id:
        raise ValueError("a machine speaks for itself")
    return sign(kind, canon.pack(statement), [key])


def _named(statement: S, machine: VerifyKey) -> S:
    if statement.machine != machine.key_id:
        raise RestoreKeyError("A word about restore keys is not signed by the machine it names.")
    return statement


def _read(kind: str, data: bytes, shape: type[T], machine: VerifyKey) -> T:
    try:
        body = verify(data, kind, [machine], max_size=_MAX_SIZE)
        return canon.unpack(body, shape, max_size=_MAX_SIZE)
    except (SignedError, canon.CanonError):
        raise RestoreKeyError(
            "A word about the keys of this sitting is damaged, or not signed by the machine "
            "that must give it."
        ) from None
