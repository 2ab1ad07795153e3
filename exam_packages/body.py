"""The body's own directory: its root of trust, its roles' keys, its forms and packages.

::

    trust/root.trust              the newest signed root of trust; root-<version>.trust: each
                                  one after the first, for machines to follow
    keys/<holder>.key             signing keys, under the names the root of trust gives their
                                  holders (root-1, packager, …), and the sealing keys of the
                                  opening roles
    keys/<packager>-sealing.key   what the packager keeps for addenda is sealed to it
    keys/survey.key               opens feedback surveys; survey.public is its public half,
                                  which the packager puts into packages
    tls-ca.key, tls-ca.crt        the TLS authority of the body's machines
    enrolments/                   the enrolment records this body has signed
    forms/<form>/                 a drawn form: paper/, practice/, answer.key, draw.key, paper.key
    packages/ grants/ codes/      what was sealed, for whom, and the release codes
    custodians/ custody/          who keeps, and what two of them recover: exam_packages.custody
    rehearsals/                   when opening was rehearsed: exam_packages.rehearsal
    register/                     what was sealed and granted: exam_packages.register
    evidence/                     keys of sittings' pictures: exam_packages.evidence
    retention/                    holds and certificates of deletion: exam_packages.holds

One directory is one desk. A body with several people gives each role's key file to the
person who holds the role; every command needs only the files of the role it acts in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from exam_packages.errors import ExamError
from exam_packages.passphrases import Passphrases
from exam_packages.rules.key import AnswerKey, read_answer_key
from exam_packages.sealing.keys import Unlock, read_key_file, read_sealing_key, read_signing_key
from exam_packages.sealing.protection import Passphrase
from exam_packages.sealing.suite import SealingKey, SealingPublic, SigningKey
from exam_packages.sealing.survey import SURVEY_KEY_ROLE
from exam_packages.sealing.trust import PACKAGER, Identity, Trust

TLS_KEY_KIND: Final = "tls-authority"
"""The kind of the TLS authority's key file: a P-256 private number, 32 bytes."""

PAPER_PART, PRACTICE_PART = "paper", "practice"
"""The parts of a drawn form that a package seals, by the names of their directories."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class BodyError(ExamError):
    """A body's directory lacks what is asked of it."""


@dataclass(frozen=True)
class Body:
    """Paths of a body's directory, and what lies under them, read on demand.

    Its key files are opened, and new ones written, under *passphrases*; without them only
    files without protection are. *media* are key files that holders brought on media of their
    own, under the names the root of trust gives them; they stay there.
    """

    directory: Path
    passphrases: Passphrases | None = field(default=None, repr=False, compare=False)
    media: tuple[Path, ...] = ()

    @property
    def unlock(self) -> Unlock | None:
        """What opens this body's protected key files."""
        return None if self.passphrases is None else self.passphrases.for_key

    def new_passphrase(self, what: str) -> Passphrase | None:
        """What to write a new key file of this body under; *what* names it, to be typed for."""
        return None if self.passphrases is None else self.passphrases.new(what)

    @property
    def root_path(self) -> Path:
        return self.directory / "trust" / "root.trust"

    def root_version_path(self, version: int) -> Path:
        """The root of trust of one version after the first, for machines to follow."""
        return self.root_path.with_name(f"root-{version}.trust")

    @property
    def keys(self) -> Path:
        return self.directory / "keys"

    @property
    def tls_ca(self) -> Path:
        return self.directory / "tls-ca.crt"

    @property
    def tls_ca_key(self) -> Path:
        return self.directory / "tls-ca.key"

    @property
    def register(self) -> Path:
        return self.directory / "register"

    @property
    def custodians(self) -> Path:
        return self.directory / "custodians"

    @property
    def custody(self) -> Path:
        return self.directory / "custody"

    @property
    def rehearsals(self) -> Path:
        return self.directory / "rehearsals"

    @property
    def evidence(self) -> Path:
        return self.directory / "evidence"

    @property
    def retention(self) -> Path:
        return self.directory / "retention"

    @property
    def enrolments(self) -> Path:
        return self.directory / "enrolments"

    @property
    def packages(self) -> Path:
        return self.directory / "packages"

    @property
    def grants(self) -> Path:
        return self.directory / "grants"

    @property
    def codes(self) -> Path:
        return self.directory / "codes"

    def root_bytes(self) -> bytes:
        """The signed root of trust. Raises :class:`BodyError`."""
        try:
            return self.root_path.read_bytes()
        except FileNotFoundError:
            raise BodyError(
                "{directory} is not a body's directory; make one with `exam-kiosk body init`.",
                directory=str(self.directory),
            ) from None

    def trust(self) -> Trust:
        """The root of trust: a body believes its own."""
        return Trust.first(self.root_bytes(), pinned=None)

    def signing_key(self, role: str) -> SigningKey:
        """The signing key of *role*, of the first holder whose key lies here.

        Raises :class:`BodyError` when there is none, or it is not the key it should be.
        """
        return self._signing_key(role, self._present(role)[0])

    def signing_keys(self, role: str) -> tuple[SigningKey, ...]:
        """The signing keys of *role* that lie here, in the order of the root of trust.

        Raises :class:`BodyError` when there is none, or one is not the key it should be.
        """
        return tuple(self._signing_key(role, holder) for holder in self._present(role))

    def present_keys(self, role: str) -> tuple[SigningKey, ...]:
        """Like :meth:`signing_keys`, but nothing where there is none."""
        return tuple(
            self._signing_key(role, holder)
            for holder in self.holders(role)
            if self._signing_path(holder).exists()
        )

    def _present(self, role: str) -> list[Identity]:
        """The holders of *role* whose key files lie here; others keep theirs elsewhere."""
        found = [each for each in self.holders(role) if self._signing_path(each).exists()]
        if not found:
            raise BodyError(
                "No key of the role “{role}” lies in {directory}; whoever holds the role must do "
                "this, or bring the key file.",
                role=role,
                directory=str(self.keys),
            )
        return found

    def _signing_path(self, holder: Identity) -> Path:
        name = f"{holder.name}.key"
        brought = (path for path in self.media if path.name == name)
        return next(brought, self.keys / name)

    def _signing_key(self, role: str, holder: Identity) -> SigningKey:
        path = self._signing_path(holder)
        key = read_signing_key(path, self.unlock)
        if key.key_id != holder.key_id:
            raise BodyError(
                "The key in {path} is not the one that the root of trust names for “{role}”; "
                "put the right key file there.",
                path=str(path),
                role=role,
            )
        return key

    def holders(self, role: str) -> tuple[Identity, ...]:
        """Who may sign as *role*, in the order of the root of trust."""
        root = self.trust().root
        named = {identity.key_id: identity for identity in root.identities}
        return tuple(
            named[key_id] for each in root.roles if each.role == role for key_id in each.key_ids
        )

    def keeping_key(self) -> SealingKey:
        """The packager's own sealing key: opens what was kept for addenda."""
        return read_sealing_key(self.keeping_path(self.holders(PACKAGER)[0].name), self.unlock)

    def keeping_path(self, packager: str) -> Path:
        """Where the sealing key of the *packager* with this name lies."""
        return self.keys / f"{packager}-sealing.key"

    def opening_key(self, role: str) -> SealingKey:
        """The private key that opens what is sealed to *role*."""
        return read_sealing_key(self.opening_path(role), self.unlock)

    def opening_path(self, role: str) -> Path:
        """Where the private key of the opening *role* lies."""
        return self.keys / f"{role}.key"

    @property
    def survey_public_path(self) -> Path:
        """The public half of the key that opens feedback surveys."""
        return self.opening_path(SURVEY_KEY_ROLE).with_suffix(".public")

    def survey_public(self) -> SealingPublic:
        """What feedback surveys are sealed to. Raises :class:`BodyError` when there is none."""
        try:
            return SealingPublic(self.survey_public_path.read_bytes())
        except FileNotFoundError:
            raise BodyError(
                "This exam asks a feedback survey, and {path} is missing, the public half of the "
                "key that opens what is said; make the key with `exam-kiosk body survey-key`, or "
                "bring the file from whoever keeps it.",
                path=str(self.survey_public_path),
            ) from None

    def tls_secret(self) -> bytes:
        """The private number of the TLS authority's key: 32 bytes."""
        (secret,) = read_key_file(self.tls_ca_key, TLS_KEY_KIND, (32,), unlock=self.unlock)
        return secret

    def form_directory(self, form: str) -> Path:
        """Where the form with this id lies, or will lie. Raises :class:`BodyError`."""
        if not _NAME.fullmatch(form):
            raise BodyError("“{form}” cannot be the name of a form.", form=form[:100])
        return self.directory / "forms" / form

    def answer_key(self, form: str) -> AnswerKey:
        """The answer key of *form*. Raises :class:`BodyError`."""
        path = self.form_directory(form) / "answer.key"
        try:
            return read_answer_key(path.read_bytes())
        except FileNotFoundError:
            raise BodyError(
                "There is no form “{form}” in {directory}; draw it with `exam-kiosk package draw`.",
                form=form,
                directory=str(self.directory),
            ) from None
