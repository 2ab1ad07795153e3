"""What the agent keeps for others: this station's keys, and the packages it may open.

The paper's key comes from a grant and the release secret together. It lives in memory
only: after a restart the hall sends the secret again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from exam_packages.content.items import Item
from exam_packages.content.paper import PAPER_BLOB, Paper, item_blob
from exam_packages.content.reading import read_item, read_paper
from exam_packages.errors import ExamError
from exam_packages.sealing.addendum import Addendum, read_addendum
from exam_packages.sealing.grant import Grant, read_grant
from exam_packages.sealing.machine_secret import MachineSecret
from exam_packages.sealing.package import Package, Part
from exam_packages.sealing.suite import SealingKey, SealingPublic, SigningKey, check_library
from exam_packages.sealing.trust import INTEGRITY, REGISTRAR, SCORING, Enrolment, Trust
from kiosk.agent.surveying import Asked, asked
from provisioning.station_home import StationHome
from sync.messages import Release

MAX_GRANT = 16 * 1024 * 1024


class CustodyError(ExamError):
    """This station does not have what the sitting needs."""


class Items(Mapping[str, Item]):
    """The items of an open paper, read and decoded when first asked for."""

    def __init__(self, paper: Paper, part: Part) -> None:
        self._names = tuple(reference.identifier for reference in paper.references())
        self._part = part
        self._read: dict[str, Item] = {}

    def __getitem__(self, identifier: str) -> Item:
        if identifier not in self._read:
            if identifier not in self._names:
                raise KeyError(identifier)
            self._read[identifier] = read_item(self._part.read(item_blob(identifier)))
        return self._read[identifier]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class OpenPaper:
    """A paper that its release opened."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.paper = read_paper(part.read(PAPER_BLOB))
        self.items = Items(self.paper, part)

    @cached_property
    def survey(self) -> Asked | None:
        """The survey asked afterwards. Raises an :class:`ExamError` for one that is damaged."""
        return asked(self.part)


class SittingPackage:
    """The package of one sitting, with the grant that opens it once it is released.

    *addendum* names this station where *grant* does not.
    """

    def __init__(
        self,
        package: Package,
        grant: Grant,
        machine: SealingKey,
        addendum: Addendum | None = None,
    ) -> None:
        self._package = package
        self._grant = grant
        self._machine = machine
        self._addendum = addendum
        self.practice = package.practice()
        self.open: OpenPaper | None = None

    @property
    def package_hash(self) -> bytes:
        return self._package.package_hash

    @property
    def exam(self) -> str:
        """The exam's name, as candidates read it."""
        return self._package.core.exam

    @property
    def slot(self) -> str:
        return self._grant.slot

    @property
    def evidence_key(self) -> SealingPublic:
        """What this sitting's pictures are sealed to, so that they can be destroyed in time."""
        return self._grant.evidence_key

    def fits(self, release: Release) -> bool:
        """Whether *release* is this package's, for this sitting and issue of the grant."""
        return (release.package_hash, release.slot, release.release_id) == (
            self._grant.package_hash,
            self._grant.slot,
            self._grant.release_id,
        )

    def release(self, secret: bytes) -> None:
        """Open the paper. Raises an :class:`ExamError` when it does not open."""
        if self.open is None:
            self.open = OpenPaper(self._package.paper(self._paper_key(secret)))

    def _paper_key(self, secret: bytes) -> bytes:
        if self._addendum is not None:
            return self._addendum.open(self._grant, self._machine, secret)
        return self._grant.open(self._machine, secret)

    def close(self) -> None:
        """Let go of the paper and its key."""
        self.open = None
        self._package.close()


class Custody:
    """A station's own keys and papers. Raises :class:`ExamError` when one does not hold."""

    def __init__(self, home: StationHome) -> None:
        check_library()
        self.signing: SigningKey = home.signing_key()
        self.sealing: SealingKey = home.sealing_key()
        self.restore_keys = home.restore_keys()
        self.secret: MachineSecret | None = home.secret
        self.trust: Trust = home.trust()
        self.enrolment: Enrolment = home.enrolment()
        if self.enrolment.key_id != self.signing.key_id:
            raise CustodyError(
                "The enrolment in {path} belongs to another machine than the keys beside it.",
                path=str(home.enrolment_path),
            )
        self.openings = _openings(self.trust)
        self._packages = home.packages

    def believe(self, trust: Trust) -> None:
        """Judge by a newer root of trust from now on. Raises a ``TrustError``, and changes
        nothing, when it names no keys to seal results to."""
        self.openings, self.trust = _openings(trust), trust

    @property
    def revoked(self) -> bool:
        """Whether the certification body believes this station no more."""
        return self.trust.is_revoked(self.enrolment.key_id)

    def sitting_package(
        self, package_hash: bytes, slot: str, *, now_s: int | None
    ) -> SittingPackage:
        """The package the hall's sitting is about, and this centre's grant for it.

        Give *now_s* to start, leave it out to resume: expiry bars only starting. Raises
        :class:`CustodyError` when either is not on this station, or the error of the file
        that was meant and does not hold.
        """
        package = self._package(package_hash, now_s)
        try:
            grant = self._grant(package_hash, slot, now_s)
            return SittingPackage(package, grant, self.sealing, self._addendum(grant))
        except ExamError:
            package.close()
            raise

    def _package(self, package_hash: bytes, now_s: int | None) -> Package:
        problem: ExamError | None = None
        for path in sorted(self._packages.glob("*.package")):
            try:
                package = Package.open(path, self.trust, now_s=now_s)
            except ExamError as found:
                problem = found  # told only when no other file is the one we need
                continue
            if package.package_hash == package_hash:
                return package
            package.close()
        raise problem or CustodyError(
            "The package of this sitting is not on this station; put it there with "
            "“exam-kiosk station load”."
        )

    def _grant(self, package_hash: bytes, slot: str, now_s: int | None) -> Grant:
        problem: ExamError | None = None
        found: list[Grant] = []
        for path in sorted(self._packages.glob("*.grant")):
            try:
                grant = read_grant(_read_bounded(path), self.trust, now_s=now_s)
            except ExamError as why:
                problem = why
                continue
            place = (grant.package_hash, grant.slot, grant.centre)
            if place == (package_hash, slot, self.enrolment.centre):
                found.append(grant)
        if found:
            return max(found, key=lambda grant: grant.issue)
        raise problem or CustodyError(
            "The grant of centre “{centre}” for this sitting ({slot}) is not on this station; "
            "put it there with “exam-kiosk station load”.",
            centre=self.enrolment.centre,
            slot=slot,
        )

    def _addendum(self, grant: Grant) -> Addendum | None:
        """What names this station in *grant*, where the grant itself does not.

        None when nothing does: opening then says so.
        """
        if grant.has(self.enrolment.key_id):
            return None
        problem: ExamError | None = None
        for path in sorted(self._packages.glob("*.addendum")):
            try:
                addendum = read_addendum(_read_bounded(path), self.trust)
            except ExamError as why:
                problem = why
                continue
            if (addendum.grant_hash, addendum.share.machine) == (
                grant.hash,
                self.enrolment.key_id,
            ):
                return addendum
        if problem is not None:
            raise problem
        return None


def _openings(trust: Trust) -> dict[str, SealingPublic]:
    return {role: trust.opening(role) for role in (SCORING, INTEGRITY, REGISTRAR)}


def _read_bounded(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_GRANT + 1)
    except OSError as problem:
        raise CustodyError(
            "The file {path} cannot be read: {why}.",
            path=str(path),
            why=problem.strerror or type(problem).__name__,
        ) from None
