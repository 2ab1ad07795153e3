"""Whom we believe: the body's root of trust, and who may sign and open what.

The rules, after The Update Framework (TUF 1.0, 5.3):

1. The first root is fixed when a machine is provisioned, by the digest of its body.
2. A root is signed by the threshold of its own *root* role.
3. A new root is also signed by the threshold of the root before it, belongs to the same
   body, and has the next version: none is skipped.
4. The highest version seen is kept, and never lowered (:class:`TrustStore`).
5. A threshold counts identities, not signatures; no two identities share a key.
6. Whoever signs trust, packages, grants or releases signs with a pair of keys.

An enrolment record is the body's word that a machine's keys are that machine's.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from exam_packages import canon
from exam_packages.files import make_directory, write_durably
from exam_packages.sealing.keys import MACHINE, UNPROTECTED
from exam_packages.sealing.signed import Signed, read_signed, sign
from exam_packages.sealing.suite import (
    SealingPublic,
    SigningKey,
    SuiteError,
    VerifyKey,
    digest,
    label,
)
from exam_packages.sealing.trust_root import (
    CHECKPOINT,
    ENROLMENT,
    INTAKE,
    INTEGRITY,
    MAX_ROOT_SIZE,
    PACKAGER,
    REGISTRAR,
    RELEASE,
    ROOT,
    ROOT_KIND,
    SCORING,
    Identity,
    Opening,
    RoleKeys,
    RootRules,
    TrustError,
    TrustRoot,
    read_root,
    sign_root,
)

__all__ = [
    "BY_TPM",
    "CHECKPOINT",
    "ENROLMENT",
    "HALL",
    "INTAKE",
    "INTEGRITY",
    "IN_FILES",
    "PACKAGER",
    "REGISTRAR",
    "RELEASE",
    "ROOT",
    "SCORING",
    "STATION",
    "Enrolment",
    "Identity",
    "Opening",
    "RoleKeys",
    "Trust",
    "TrustError",
    "TrustRoot",
    "TrustStore",
    "read_enrolment",
    "sign_enrolment",
    "sign_root",
]

STATION: Final = 1
HALL: Final = 2
"""Kinds of machine in an enrolment."""
IN_FILES: Final = UNPROTECTED
BY_TPM: Final = MACHINE
"""How a machine keeps its keys: in files alone, or sealed by its TPM."""

ENROLMENT_KIND: Final = "exam-kiosk/enrolment/v2"
_UNREAD: Final = "The root of trust in {directory} cannot be read: {why}."
_UNWRITTEN: Final = "The root of trust in {directory} cannot be written: {why}."
_MAX_ENROLMENT_SIZE: Final = 64 * 1024


class Trust:
    """A verified root of trust."""

    def __init__(self, root: TrustRoot, body: bytes, rules: RootRules) -> None:
        self.root: Final = root
        self.digest: Final = digest(label("trust", "root"), body)
        """What a machine is pinned to when it is provisioned: 32 bytes."""
        self._rules = rules

    @classmethod
    def first(cls, data: bytes, *, pinned: bytes | None) -> Trust:
        """Believe a root because its digest is *pinned*; ``None`` trusts on first use.

        Raises :class:`TrustError` or :class:`SignedError`.
        """
        signed = read_signed(data, ROOT_KIND, max_size=MAX_ROOT_SIZE)
        trust = cls._of(signed)
        if pinned is not None and trust.digest != pinned:
            raise TrustError(
                "This root of trust is not the one this machine was told to expect: its digest "
                "is {found}, and {pinned} was expected. Compare both with the certification "
                "body by telephone before going on.",
                found=trust.digest.hex(),
                pinned=pinned.hex(),
            )
        return trust

    def update(self, data: bytes) -> Trust:
        """The root after this one: signed by the thresholds of both, one version higher.

        Raises :class:`TrustError` or :class:`SignedError`.
        """
        signed = read_signed(data, ROOT_KIND, max_size=MAX_ROOT_SIZE)
        trust = self._of(signed)
        # What it says it is comes first: of an older root one wants to hear that it is older,
        # not that signatures are missing which only the next one needs.
        if trust.root.body != self.root.body:
            raise TrustError(
                "The new root of trust belongs to “{found}”, not to “{body}”.",
                found=trust.root.body,
                body=self.root.body,
            )
        if trust.root.version != self.root.version + 1:
            raise TrustError(
                "The root of trust offered has version {found}; after version {current} only "
                "version {wanted} can be taken.",
                found=trust.root.version,
                current=self.root.version,
                wanted=self.root.version + 1,
            )
        self._rules.check(signed, ROOT)
        return trust

    def vouches(self, data: bytes) -> None:
        """Raise unless enough of this root's holders signed *data*, some other root.

        Nothing in it is decoded: for what comes over a network, before anything else is done
        with it. Raises :class:`TrustError` or :class:`SignedError`.
        """
        self._rules.check(read_signed(data, ROOT_KIND, max_size=MAX_ROOT_SIZE), ROOT)

    @classmethod
    def _of(cls, signed: Signed) -> Trust:
        root = read_root(signed.body)
        rules = RootRules(root)
        rules.check(signed, ROOT)
        return cls(root, signed.body, rules)

    def verify(
        self,
        data: bytes,
        kind: str,
        role: str,
        *,
        max_size: int = canon.MAX_SIZE,
        at_least: int = 1,
    ) -> bytes:
        """The body of the signed object *data*, when the threshold of *role* signed it.

        *at_least* identities must have signed where that is more than the threshold.
        Raises :class:`TrustError`, or :class:`SignedError` when it is not a *kind*.
        """
        signed = read_signed(data, kind, max_size=max_size)
        self._rules.signers(signed, role, at_least=max(at_least, self.threshold(role)))
        return signed.body

    def signers(
        self, data: bytes, kind: str, role: str, *, max_size: int = canon.MAX_SIZE
    ) -> tuple[bytes, frozenset[bytes]]:
        """The body of *data*, and the key ids of *role* that signed it: at least one.

        For what a threshold is counted over several objects. Raises like :meth:`verify`.
        """
        signed = read_signed(data, kind, max_size=max_size)
        return signed.body, self._rules.signers(signed, role)

    def signed_by(self, signed: Signed, role: str) -> frozenset[bytes]:
        """The key ids of *role* that signed, be it nobody."""
        return self._rules.signers(signed, role, at_least=0)

    def threshold(self, role: str) -> int:
        """How many of *role* must sign. Raises :class:`TrustError` when it names nobody."""
        return self._rules.wanted(role).threshold

    def holders(self, role: str) -> frozenset[bytes]:
        """The key ids of who signs as *role*. Raises :class:`TrustError` when nobody does."""
        return frozenset(self._rules.wanted(role).key_ids)

    def opening(self, role: str) -> SealingPublic:
        """The key to seal to for an opening role. Raises :class:`TrustError`."""
        public = self._rules.openings.get(role)
        if public is None:
            raise TrustError(
                "The root of trust has no key for the role “{role}”, so nothing can be sealed "
                "to it; get the current root from the certification body.",
                role=role,
            )
        return public

    def check_time(self, now_s: int) -> None:
        """Raise :class:`TrustError` when this root has expired at *now_s*."""
        if now_s >= self.root.expires_s:
            raise TrustError(
                "The root of trust of “{body}” has expired (version {version}); install the "
                "current one, and check this machine's clock.",
                body=self.root.body,
                version=self.root.version,
            )

    @cached_property
    def _revoked(self) -> frozenset[bytes]:
        return frozenset(self.root.revoked)

    def is_revoked(self, key_id: bytes) -> bool:
        """Whether the machine enrolled under *key_id* is no longer believed."""
        return key_id in self._revoked


class TrustStore:
    """The highest root of trust this machine has seen, in one file of a directory.

    Beside it lies each root it took, under its version, to be handed on to machines that
    have not taken it yet.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "trust-root.signed"
        self._seen: tuple[tuple[int, int], Trust] | None = None

    def current(self) -> Trust:
        """The stored root, read again only when another one was installed.

        For what runs on while roots change; the same object as long as none did. Raises
        like :meth:`load`.
        """
        try:
            found = self._path.stat()
        except OSError:
            return self.load()
        mark = (found.st_ino, found.st_mtime_ns)
        if self._seen is None or self._seen[0] != mark:
            self._seen = (mark, self.load())
        return self._seen[1]

    def load(self) -> Trust:
        """The stored root. Raises :class:`TrustError` when there is none or it is damaged."""
        try:
            with self._path.open("rb") as file:
                data = file.read(MAX_ROOT_SIZE + 1)
        except FileNotFoundError:
            raise TrustError(
                "There is no root of trust in {directory}; provision this machine first.",
                directory=str(self._directory),
            ) from None
        except OSError as problem:
            raise self._cannot(_UNREAD, problem) from None
        return Trust.first(data, pinned=None)

    def after(self, version: int) -> bytes:
        """The root that follows *version*; empty where this machine has none.

        Raises :class:`TrustError` when the disk does not give it.
        """
        for path in (self._taken(version + 1), self._path):
            try:
                with path.open("rb") as file:
                    data = file.read(MAX_ROOT_SIZE + 1)
            except FileNotFoundError:
                continue
            except OSError as problem:
                raise self._cannot(_UNREAD, problem) from None
            if Trust.first(data, pinned=None).root.version == version + 1:
                return data
        return b""

    def install(self, data: bytes, pinned: bytes | None = None) -> Trust:
        """Take the first root (checked against *pinned*), or the one after the stored one.

        Installing the stored root again changes nothing. Raises :class:`TrustError` for a
        lower version, a skipped one, or one the stored root does not vouch for.
        """
        try:
            make_directory(self._directory)
            lock = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as problem:
            raise self._cannot(_UNWRITTEN, problem) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._path.exists():
                current = self.load()
                offered = Trust.first(data, pinned=pinned)
                if offered.digest == current.digest:
                    return current
                trust = current.update(data)
            else:
                trust = Trust.first(data, pinned=pinned)
            write_durably(self._taken(trust.root.version), data)
            write_durably(self._path, data)
        except OSError as problem:
            raise self._cannot(_UNWRITTEN, problem) from None
        finally:
            os.close(lock)
        return trust

    def _taken(self, version: int) -> Path:
        return self._directory / f"root-{version}.signed"

    def _cannot(self, sentence: str, problem: OSError) -> TrustError:
        return TrustError(
            sentence,
            directory=str(self._directory),
            why=problem.strerror or type(problem).__name__,
        )


class Enrolment(canon.Object):
    """The body's word that these keys are those of this machine of this centre.

    ``kind`` is STATION or HALL; ``tls_certificate`` is DER; ``equipment`` is the hash of
    the equipment report (32 bytes), or empty when the machine was not hardware-checked.
    ``protection`` is how the machine said, when it was enrolled, that it keeps its keys: the
    number of its key files, IN_FILES or BY_TPM.
    """

    machine: canon.Text
    kind: Annotated[int, msgspec.Meta(ge=STATION, le=HALL)]
    centre: canon.Text
    ed25519: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    sealing: bytes
    tls_certificate: Annotated[bytes, msgspec.Meta(max_length=16 * 1024)]
    issued_s: canon.Seconds
    expires_s: canon.Seconds
    equipment: Annotated[bytes, msgspec.Meta(max_length=32)]
    protection: Literal[0, 2]

    @property
    def verify_key(self) -> VerifyKey:
        """The key that checks the machine's signatures."""
        return VerifyKey(self.ed25519, b"")

    @property
    def key_id(self) -> bytes:
        """16 bytes that name the machine everywhere: the id of its signing key."""
        return self.verify_key.key_id

    @property
    def keys_words(self) -> str:
        """How the machine keeps its keys, for people. It says so itself: nothing proves it."""
        return "TPM-backed, as it says" if self.protection == BY_TPM else "in files"

    @property
    def sealing_public(self) -> SealingPublic:
        """The key to seal to for this machine."""
        return SealingPublic(self.sealing)


def sign_enrolment(enrolment: Enrolment, keys: Sequence[SigningKey]) -> bytes:
    """Sign an enrolment with the keys of the role *enrolment*. Raises :class:`TrustError`."""
    body = canon.pack(enrolment)
    _read_enrolment(body)
    return sign(ENROLMENT_KIND, body, keys)


def read_enrolment(data: bytes, trust: Trust, *, now_s: int | None) -> Enrolment:
    """Verify and read an enrolment; with *now_s*, also that it is valid then.

    Raises :class:`TrustError` (not signed by the role *enrolment*, expired, revoked) or
    :class:`SignedError`.
    """
    enrolment = _read_enrolment(
        trust.verify(data, ENROLMENT_KIND, ENROLMENT, max_size=_MAX_ENROLMENT_SIZE)
    )
    if trust.is_revoked(enrolment.key_id):
        raise TrustError(
            "The machine “{machine}” of centre “{centre}” has been revoked by the "
            "certification body; enrol it again with new keys.",
            machine=enrolment.machine,
            centre=enrolment.centre,
        )
    if now_s is not None and now_s >= enrolment.expires_s:
        raise TrustError(
            "The enrolment of the machine “{machine}” of centre “{centre}” has expired; enrol "
            "it again, and check this machine's clock.",
            machine=enrolment.machine,
            centre=enrolment.centre,
        )
    return enrolment


def _read_enrolment(body: bytes) -> Enrolment:
    try:
        enrolment: Enrolment = canon.unpack(body, Enrolment, max_size=_MAX_ENROLMENT_SIZE)
        _ = enrolment.sealing_public
    except (canon.CanonError, SuiteError) as problem:
        raise TrustError("The enrolment is not valid: {why}", why=str(problem)) from None
    if len(enrolment.equipment) not in (0, 32):
        raise TrustError(
            "The enrolment is not valid: its equipment report hash has a wrong length."
        )
    return enrolment
