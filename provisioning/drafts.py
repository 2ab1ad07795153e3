"""A draft of the next root of trust, on its way from one root holder's desk to another's.

A draft is a root of trust that too few have signed yet. At each desk it is compared with the
root that is believed there, and what it would change is said in sentences, so that nobody
signs what they did not read. Whoever makes a key for a role at a desk of their own sends its
public half as a *holder's record*, signed with that key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from exam_packages import canon
from exam_packages.body import BodyError
from exam_packages.sealing.signed import read_signed, sign, sign_too, verify
from exam_packages.sealing.suite import SigningKey, SuiteError, VerifyKey
from exam_packages.sealing.trust import ROOT, Trust, TrustRoot
from exam_packages.sealing.trust_root import MAX_ROOT_SIZE, ROOT_KIND, RootRules, read_root

__all__ = [
    "MAX_RECORD",
    "Count",
    "Standing",
    "holder_record",
    "look",
    "read_holder",
    "root_holders",
    "sign_draft",
]

MAX_RECORD: Final = 16 * 1024
"""Bytes of a holder's record."""

_HOLDER_KIND: Final = "exam-kiosk/holder/v1"


@dataclass(frozen=True)
class Count:
    """How many root holders signed, and how many must."""

    count: int
    needed: int


@dataclass(frozen=True)
class Standing:
    """What a draft would change, and who signed it: of the root before, and of its own."""

    root: TrustRoot
    before: Count
    after: Count
    changes: tuple[str, ...]

    @property
    def enough(self) -> bool:
        return all(each.count >= each.needed for each in (self.before, self.after))


def look(before: Trust, data: bytes) -> Standing:
    """What the draft *data* of the next root is, to whoever believes *before*.

    Raises an :class:`~exam_packages.errors.ExamError` when it is not the next root.
    """
    packed = read_signed(data, ROOT_KIND, max_size=MAX_ROOT_SIZE)
    root = read_root(packed.body)
    rules = RootRules(root)
    if (root.body, root.version) != (before.root.body, before.root.version + 1):
        raise BodyError(
            "This draft is version {found} of the root of trust of “{of}”; the next one here is "
            "version {wanted} of “{body}”.",
            found=root.version,
            of=root.body,
            wanted=before.root.version + 1,
            body=before.root.body,
        )
    after = rules.wanted(ROOT)
    return Standing(
        root,
        Count(len(before.signed_by(packed, ROOT)), before.threshold(ROOT)),
        Count(len(rules.signers(packed, ROOT, at_least=0)), after.threshold),
        tuple(_changes(before.root, root)),
    )


def sign_draft(before: Trust, data: bytes, keys: Sequence[SigningKey]) -> tuple[bytes, Standing]:
    """The draft *data* with the signatures of *keys* beside those it has, and how it stands.

    Raises an :class:`~exam_packages.errors.ExamError`, also when a key is no root holder's.
    """
    entitled = root_holders(before.root) | root_holders(look(before, data).root)
    for key in keys:
        if key.key_id not in entitled:
            raise BodyError(
                "The key {key_id} belongs to no root holder, neither of this root nor of the next.",
                key_id=key.key_id.hex(),
            )
    signed_too = sign_too(data, ROOT_KIND, keys, max_size=MAX_ROOT_SIZE)
    return signed_too, look(before, signed_too)


def root_holders(root: TrustRoot) -> frozenset[bytes]:
    """The key ids of the root holders that *root* names."""
    return frozenset(key_id for each in root.roles if each.role == ROOT for key_id in each.key_ids)


def _changes(before: TrustRoot, after: TrustRoot) -> Iterator[str]:
    """What a root holder must know before they sign, a sentence each."""
    until = datetime.fromtimestamp(after.expires_s, UTC).strftime("%Y-%m-%d")
    yield f"Version {after.version} of the root of trust of “{after.body}”, valid until {until}."
    names = {each.key_id: each.name for root in (before, after) for each in root.identities}
    roles = {
        root.version: {(each.role, key_id) for each in root.roles for key_id in each.key_ids}
        for root in (before, after)
    }
    for words, found in (
        ("loses", roles[before.version] - roles[after.version]),
        ("gets", roles[after.version] - roles[before.version]),
    ):
        for role, key_id in sorted(found):
            yield f"“{names[key_id]}” ({key_id.hex()}) {words} the role “{role}”."
    thresholds = {
        root.version: {each.role: each.threshold for each in root.roles} for root in (before, after)
    }
    for role in sorted({*thresholds[before.version], *thresholds[after.version]}):
        was, now = (thresholds[root.version].get(role, 0) for root in (before, after))
        if was != now:
            yield f"The threshold of the role “{role}” becomes {now}; it was {was}."
    if before.openings != after.openings:
        yield "The keys that open results change."
    for key_id in sorted(set(after.revoked) - set(before.revoked)):
        yield f"The machine {key_id.hex()} is revoked."
    for key_id in sorted(set(before.revoked) - set(after.revoked)):
        yield f"The machine {key_id.hex()} is believed again, which no root should do."


# --- Keys made at a desk of their own ----------------------------------------------


class Holder(canon.Object):
    """The public keys of somebody who is to hold a role: a pair."""

    ed25519: bytes
    mldsa65: bytes


def holder_record(key: SigningKey) -> bytes:
    """The record of whoever holds *key*, signed with it."""
    return sign(_HOLDER_KIND, canon.pack(Holder(key.public.ed25519, key.public.mldsa65)), [key])


def read_holder(data: bytes) -> VerifyKey:
    """The key in a holder's record; that it is the right person's is for people to compare.

    Raises :class:`BodyError` or :class:`~exam_packages.sealing.signed.SignedError`.
    """
    try:
        body = read_signed(data, _HOLDER_KIND, max_size=MAX_RECORD).body
        record: Holder = canon.unpack(body, Holder, max_size=MAX_RECORD)
        key = VerifyKey(record.ed25519, record.mldsa65)
    except (canon.CanonError, SuiteError) as problem:
        raise BodyError("The holder's record is not valid: {why}", why=str(problem)) from None
    if not key.mldsa65:
        raise BodyError("The holder's record is not valid: it names no pair of keys.")
    verify(data, _HOLDER_KIND, [key], max_size=MAX_RECORD)
    return key
