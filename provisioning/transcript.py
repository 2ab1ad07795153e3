"""The transcript of a key ceremony: what there is afterwards, to be read aloud and signed.

Everything in it is public. Whoever was present compares it with what they saw and with the
papers of earlier ceremonies, and signs the printout: from then on, another root of trust,
custodian or key is another than the one on paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from exam_packages.body import Body
from exam_packages.clock import SECOND, Clock
from exam_packages.custody import custodians
from exam_packages.rehearsal import rehearsals
from exam_packages.sealing.keys import is_protected
from exam_packages.sealing.survey import SURVEY_KEY_ROLE
from exam_packages.sealing.trust_root import OPENING_ROLES

__all__ = ["transcript"]

_LINE = "_" * 36


def transcript(body: Body, clock: Clock) -> str:
    """The text to sign. Raises an :class:`~exam_packages.errors.ExamError`."""
    lines = list(_facts(body, clock))
    digest = sha256("\n".join(lines).encode()).hexdigest()
    return "\n".join([*lines, *_signatures(body, digest)]) + "\n"


def _facts(body: Body, clock: Clock) -> Iterator[str]:
    trust = body.trust()
    root = trust.root
    yield f"KEY CEREMONY OF {root.body}"
    yield f"Written {_when(clock.wall_ns() // SECOND)}"
    yield ""
    yield f"Root of trust, version {root.version}, from {_when(root.issued_s)}"
    yield f"until {_when(root.expires_s)}. Digest:"
    yield f"  {trust.digest.hex()}"
    yield "TLS authority (SHA-256 of its file):"
    yield f"  {_sha256(body.tls_ca)}"
    yield ""
    yield "Who signs (threshold, holder, key id):"
    names = {identity.key_id: identity.name for identity in root.identities}
    for role in root.roles:
        for key_id in role.key_ids:
            yield f"  {role.role:<10} {role.threshold}  {names[key_id]:<14} {key_id.hex()}"
    yield ""
    yield "Who opens (role, key id):"
    for role_name in OPENING_ROLES:
        yield f"  {role_name:<10} {trust.opening(role_name).key_id.hex()}"
    if body.survey_public_path.exists():
        yield "Who reads surveys (key id; no role of the root):"
        yield f"  {SURVEY_KEY_ROLE:<10} {body.survey_public().key_id.hex()}"
    yield ""
    yield "Custodians, of whom any two recover (name, key id):"
    found = custodians(body)
    yield from (f"  {each.name:<14} {each.public.key_id.hex()}" for each in found)
    if not found:
        yield "  NONE: a key that is lost is lost."
    yield "In custody (name, SHA-256 of the file):"
    for path in sorted(body.custody.glob("*.custody")):
        yield f"  {path.stem}  {_sha256(path)}"
    yield ""
    yield "Rehearsals that count as evidence (time, what opened):"
    for each in rehearsals(body):
        opened = ", ".join(
            opened.role + (" (recovered)" if opened.recovered else "") for opened in each.opened
        )
        yield f"  {_when(each.time_s)}  {opened}"
    yield ""
    yield "Key files in this directory when this was written:"
    for path in sorted([*body.keys.glob("*.key"), *body.directory.glob(body.tls_ca_key.name)]):
        yield f"  {path.name:<24} {'passphrase' if is_protected(path) else 'UNPROTECTED'}"
    yield ""


def _signatures(body: Body, digest: str) -> Iterator[str]:
    yield "SHA-256 of everything above this line:"
    yield f"  {digest}"
    yield ""
    yield "I was present, saw these values on the screen, and compared them with this paper."
    yield "My key is on my own medium, under a passphrase that only I know."
    holders = [identity.name for identity in body.trust().root.identities]
    for who in (*holders, *OPENING_ROLES, *(each.name for each in custodians(body)), "witness"):
        yield ""
        yield f"{who:<16} name {_LINE} date ____________"
        yield f"{'':<16} signature {_LINE}"


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
