"""What the vectors say of keys that died or were kept: moves, erasures, holds, a deletion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from exam_packages.sealing.journal import Compartment, Frame, Header, epoch_header
from exam_packages.sealing.restore_keys import (
    Erasure,
    RestoreKey,
    Transfer,
    sign_erasure,
    sign_restore_key,
    sign_transfer,
)
from exam_packages.sealing.retention import (
    CAUSES,
    NO_ENTRY,
    Deletion,
    Hold,
    Kept,
    Lifting,
    Policy,
    Preservation,
    Preserved,
    PreservedAttempt,
    Sitting,
    entry_digest,
    preservation_digest,
    seal_part,
    sign_entry,
    sign_preservation,
)
from vectors.body import BLIND_ID, CENTRE, SLOT, START_S, Body, seed

RESTORE_SITTING = seed("sitting of restore keys")[:16]
END_S = START_S + 20_000
DAYS = 30
OTHER_BUNDLE = seed("another bundle of the sitting")


def statements(body: Body, package_hash: bytes) -> Iterator[tuple[str, bytes]]:
    """The hall's restore key, the move to station 2, and the hall's and its erasures."""
    yield (
        "hall.restore-key",
        sign_restore_key(
            RestoreKey(RESTORE_SITTING, body.hall.signing.key_id, body.hall.sealing.public.raw),
            body.hall.signing,
        ),
    )
    yield (
        "attempt.transfer",
        sign_transfer(
            Transfer(
                BLIND_ID,
                RESTORE_SITTING,
                body.second.signing.key_id,
                ("Ana", "Bo"),
                START_S + 1_000,
            ),
            body.hall.signing,
        ),
    )
    for name, machine, halves in (("hall", body.hall, 1), ("station-1", body.first, 2)):
        erasure = Erasure(
            sitting=RESTORE_SITTING,
            package_hash=package_hash,
            slot=SLOT,
            machine=machine.signing.key_id,
            operator="Ana",
            reason="everybody has handed in",
            keys=(body.hall.sealing.key_id,) if machine is body.hall else (),
            halves=halves,
            time_s=START_S + 9_500,
        )
        yield f"{name}.erasure", sign_erasure(erasure, machine.signing)


def register(
    body: Body, package_hash: bytes, bundle: bytes, pictures: int, frames: Sequence[bytes]
) -> Iterator[tuple[str, bytes]]:
    """A complaint that was decided, an appeal that is open, and the deletion of the rest."""
    signers, due_s = body.roots[:2], END_S + DAYS * 86_400
    held = Hold(
        1, NO_ENTRY, CAUSES["complaint"], (body.evidence.key_id,), (), "file 16", "Cy",
        START_S + 40_000,
    )  # fmt: skip
    data = sign_entry(held, signers)
    yield "1.hold", data
    lifted = Lifting(2, entry_digest(data), 1, "decided", "Cy", START_S + 50_000)
    data = sign_entry(lifted, signers)
    yield "2.lifting", data
    appeal = Hold(
        3, entry_digest(data), CAUSES["appeal"], (body.evidence.key_id,), (BLIND_ID,), "file 17",
        "Zoë Ólafsdóttir", START_S + 60_000,
    )  # fmt: skip
    data = sign_entry(appeal, signers)
    yield "3.hold", data
    sitting = Sitting(package_hash, CENTRE, SLOT)
    preservation = sign_preservation(
        Preservation(
            source=body.evidence.key_id,
            origin=body.evidence.key_id,
            sitting=sitting,
            public=body.kept.public.raw,
            attempts=(
                PreservedAttempt(
                    BLIND_ID,
                    bundle,
                    pictures,
                    tuple(
                        seal_part(
                            header.digest, header.pictures_part(body.evidence), body.kept.public
                        )
                        for header in _headers(frames)
                    ),
                ),
            ),
            time_s=due_s,
        ),
        signers,
    )
    yield "kept.preservation", preservation
    deletion = Deletion(
        number=4,
        previous=entry_digest(data),
        key=body.evidence.key_id,
        origin=body.evidence.key_id,
        sitting=sitting,
        policy=Policy(END_S, DAYS),
        bundles=(OTHER_BUNDLE,),
        pictures=7,
        preserved=(
            Preserved(
                body.kept.key_id,
                preservation_digest(preservation),
                (Kept(BLIND_ID, bundle, (3,)),),
            ),
        ),
        elsewhere=(),
        time_s=due_s + 60,
    )
    yield "4.deletion", sign_entry(deletion, signers)


def facts(body: Body) -> dict[str, Any]:
    """What a reader must find in the register."""
    return {
        "entries": ["1.hold", "2.lifting", "3.hold", "4.deletion"],
        "standing": [3],
        "destroyed": body.evidence.key_id.hex(),
        "bundles": [OTHER_BUNDLE.hex()],
        "pictures": 7,
        "due": END_S + DAYS * 86_400,
        "kept under": body.kept.key_id.hex(),
    }


def _headers(frames: Sequence[bytes]) -> list[Header]:
    return [
        epoch_header(frame)
        for frame in frames
        if Frame.parse(frame).compartment is Compartment.HEADER
    ]
