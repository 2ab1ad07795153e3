"""Heads under a root: what a hall held at a moment, said once for all its journals.

While it is online a hall states, each minute, the root of a Merkle tree over the heads of
its journals that moved since the last; the intake puts that statement into the log. From
then on no hall and station together can replace what lies before those heads: another
record has other heads, and the log has the hall's word for these.

The log shows no blind id and no head, only the root: 32 bytes that fit one set of heads.
An *anchor* is what the hall keeps for each attempt to show it later: the head, its path to
the stated root, the statement, and the statement's place in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated, Final, NamedTuple

from msgspec import Meta

from exam_packages import canon
from exam_packages.canon import Count, Hash, Id, Seconds
from exam_packages.sealing.journal_format import Number
from exam_packages.sealing.log import (
    MAX_PATH,
    Checkpoint,
    LogError,
    Tree,
    leaf_hash,
    verify_inclusion,
)
from exam_packages.sealing.log_entry import heads_entry
from exam_packages.sealing.log_proof import MAX_PROOF, read_proof, verify_entry_in_log
from exam_packages.sealing.signed import Signed, SignedError, read_signed, sign
from exam_packages.sealing.suite import SealingError, SigningKey, VerifyKey, label
from exam_packages.sealing.trust import Trust

__all__ = [
    "ANCHORS_MAGIC",
    "HEADS_KIND",
    "MAX_HEADS",
    "Anchor",
    "Anchored",
    "Head",
    "Heads",
    "HeadsError",
    "heads_tree",
    "parse_heads",
    "read_anchors",
    "read_heads",
    "sign_heads",
    "verify_anchor",
    "write_anchors",
]

HEADS_KIND: Final = "exam-kiosk/heads/v1"
ANCHORS_MAGIC: Final = b"EXKANCH1"
MAX_HEADS: Final = 100_000
"""Heads under one root."""
MAX_STATEMENT: Final = 4096
MAX_ANCHORS: Final = 10_000
"""Anchors of one attempt: one a minute, for a week."""
MAX_ANCHORS_SIZE: Final = 64 * 1024 * 1024


class HeadsError(SealingError):
    """This shows nothing about the heads that a hall held."""


class Head(NamedTuple):
    """How far one journal is held: the place in it, and the hash of everything up to there."""

    blind_id: bytes
    epoch: int
    sequence: int
    head: bytes

    @property
    def leaf(self) -> bytes:
        """Its leaf in the tree of heads."""
        fields = (self.blind_id, _u64(self.epoch), _u64(self.sequence), self.head)
        return leaf_hash(label("heads", "head", *fields))


class Heads(canon.Object):
    """A hall's word: at ``time_s`` by its clock, these ``count`` heads had this root."""

    root: Hash
    count: Annotated[int, Meta(ge=1, le=MAX_HEADS)]
    hall: Id
    time_s: Seconds


class Anchor(canon.Object):
    """What shows that one head was under a root in the log.

    ``index`` and ``path`` lead from the head to the root of the hall's ``statement``;
    ``received_s`` is when the intake took that, by its own clock; ``proof`` is the C2SP
    tlog-proof of the entry made of both, empty as long as no checkpoint covers it.
    """

    epoch: Number
    sequence: Number
    head: Hash
    index: Count
    path: Annotated[tuple[Hash, ...], Meta(max_length=MAX_PATH)]
    statement: Annotated[bytes, Meta(max_length=MAX_STATEMENT)]
    received_s: Seconds
    proof: Annotated[str, Meta(max_length=MAX_PROOF)]


class _Anchors(canon.Object):
    blind_id: Id
    anchors: Annotated[tuple[Anchor, ...], Meta(max_length=MAX_ANCHORS)]


class Anchored(NamedTuple):
    """An anchor that holds: the hall's verified word, and the checkpoint that covers it."""

    heads: Heads
    checkpoint: Checkpoint


def heads_tree(heads: Sequence[Head]) -> Tree:
    """The tree over *heads*, which must be in ascending order of their blind ids, each once.

    Raises :class:`HeadsError`.
    """
    ids = [each.blind_id for each in heads]
    if not 0 < len(heads) <= MAX_HEADS or any(a >= b for a, b in pairwise(ids)):
        raise HeadsError(
            "A root is over 1 to {limit} heads, of one journal each, in order.", limit=MAX_HEADS
        )
    return Tree(each.leaf for each in heads)


def sign_heads(heads: Heads, key: SigningKey) -> bytes:
    """Sign with the hall's *key*, whose id stands in *heads*."""
    return sign(HEADS_KIND, canon.pack(heads), [key])


def parse_heads(statement: bytes) -> Heads:
    """What a statement says; no signature is verified. Raises :class:`HeadsError`."""
    return _parsed(statement)[1]


def read_heads(statement: bytes, hall: VerifyKey) -> Heads:
    """What the hall with this key stated. Raises :class:`HeadsError`."""
    signed, heads = _parsed(statement)
    if heads.hall != hall.key_id or not signed.signers([hall]):
        raise _not_signed()
    return heads


def verify_anchor(
    blind_id: bytes, anchor: Anchor, halls: Iterable[VerifyKey], trust: Trust
) -> Anchored:
    """Check that the head in *anchor* was under a root that one of *halls* put into the log.

    Raises :class:`HeadsError` or a :class:`~exam_packages.sealing.log_proof.ProofError`.
    """
    named = parse_heads(anchor.statement).hall
    hall = next((each for each in halls if each.key_id == named), None)
    if hall is None:
        raise HeadsError("The root of heads is by a hall that is not known here.")
    heads = read_heads(anchor.statement, hall)
    head = Head(blind_id, anchor.epoch, anchor.sequence, anchor.head)
    try:
        verify_inclusion(head.leaf, anchor.index, heads.count, anchor.path, heads.root)
    except LogError:
        raise HeadsError("This head is not under the root that the hall stated.") from None
    entry = heads_entry(anchor.statement, anchor.received_s)
    return Anchored(heads, verify_entry_in_log(entry, read_proof(anchor.proof), trust))


def write_anchors(blind_id: bytes, anchors: Sequence[Anchor]) -> bytes:
    """The file of an attempt's anchors."""
    return ANCHORS_MAGIC + canon.pack(_Anchors(blind_id, tuple(anchors)))


def read_anchors(data: bytes) -> tuple[bytes, tuple[Anchor, ...]]:
    """The blind id and the anchors in a file; none is verified. Raises :class:`HeadsError`."""
    try:
        if not data.startswith(ANCHORS_MAGIC):
            raise HeadsError("This is no file of anchors.")
        found: _Anchors = canon.unpack(
            data[len(ANCHORS_MAGIC) :], _Anchors, max_size=MAX_ANCHORS_SIZE
        )
    except canon.CanonError as problem:
        raise HeadsError("These anchors cannot be read: {why}", why=str(problem)) from None
    return found.blind_id, found.anchors


def _parsed(statement: bytes) -> tuple[Signed, Heads]:
    try:
        signed = read_signed(statement, HEADS_KIND)
        heads: Heads = canon.unpack(signed.body, Heads)
    except (SignedError, canon.CanonError):
        raise _not_signed() from None
    return signed, heads


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def _not_signed() -> HeadsError:
    return HeadsError("This root of heads is damaged, or not signed by the hall it names.")
