"""The packager's register: what was sealed and granted, so that nothing is done twice.

::

    register/forms/<paper digest>.use            one paper: in which package, for which window
    register/items/<paper digest>.items          the items of that paper, for their exposure
    register/grants/<package hash>/<place>-<n>.issue
                                                 issue n of the grant of one centre and sitting

Each entry is signed by the packager and appears whole, under a name that can be taken
once: of two commands at the same moment, one is refused. Entries are never changed.

**One form, one window.** The paper's key is common to all centres, so whoever sits first
could open the paper for everyone who sits later. A form is told by what its paper part
holds, not by its name; the practice part, whose key is public, may be used again.

**Exposure.** How often an item was used is counted from here: an item counts as used from
the moment a form with it is sealed, whatever becomes of the package.

**One issue counts.** A re-issue has new secrets and codes; the codes of an earlier issue
would still open its grant wherever a copy lies, and are never released.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec

from exam_packages import canon
from exam_packages.body import Body
from exam_packages.errors import ExamError
from exam_packages.files import make_directory, sync_directory, write_durably
from exam_packages.sealing.package import Blob
from exam_packages.sealing.signed import read_signed, sign
from exam_packages.sealing.suite import digest, label
from exam_packages.sealing.trust import PACKAGER, Trust

__all__ = [
    "FormUse",
    "Issue",
    "ItemUse",
    "ItemsUse",
    "RegisterError",
    "add_issue",
    "add_items",
    "add_use",
    "issues",
    "items_used",
    "newest_issue",
    "paper_digest",
    "release_check",
    "use_of_package",
    "use_of_paper",
]

USE_KIND: Final = "exam-kiosk/form-use/v1"
ITEMS_KIND: Final = "exam-kiosk/items-use/v1"
ISSUE_KIND: Final = "exam-kiosk/grant-issue/v1"

_MAX_ENTRY: Final = 64 * 1024
_MAX_ITEMS: Final = 2 * 1024 * 1024
_ISSUE_NAME = re.compile(r"([0-9a-f]{32})-([1-9][0-9]{0,9})\.issue")


class RegisterError(ExamError):
    """The register forbids this, or an entry of it cannot be believed."""


class FormUse(canon.Object):
    """Where a form's paper was used. Times are Unix seconds."""

    form: canon.Text
    paper: canon.Hash
    package_hash: canon.Hash
    window_from_s: canon.Seconds
    window_to_s: canon.Seconds
    not_before_s: canon.Seconds
    expires_s: canon.Seconds


class ItemUse(canon.Object):
    """An item as it was used; the digest of its blob tells one wording from another."""

    identifier: canon.Text
    sha256: canon.Hash


class ItemsUse(canon.Object):
    """The items of a form's paper, and the beginning of its window in Unix seconds."""

    form: canon.Text
    paper: canon.Hash
    window_from_s: canon.Seconds
    items: Annotated[tuple[ItemUse, ...], msgspec.Meta(max_length=10_000)]


class CodeFile(canon.Object):
    """Where a release code was written, and the SHA-256 of that file."""

    path: Annotated[str, msgspec.Meta(max_length=4096)]
    sha256: canon.Hash


class Issue(canon.Object):
    """One issue of a grant: its secrets only as digests, or sealed to the packager.

    ``release_check`` is a digest of R, which tells the codes of this issue from another's;
    ``kept`` is S for addenda (:func:`exam_packages.sealing.addendum.keep_secret`).
    """

    package_hash: canon.Hash
    centre: canon.Text
    slot: canon.Text
    issue: Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]
    grant_hash: canon.Hash
    release_check: canon.Hash
    kept: bytes
    code_files: Annotated[tuple[CodeFile, ...], msgspec.Meta(max_length=2)]


Entry = TypeVar("Entry", FormUse, Issue)


def paper_digest(paper: Sequence[Blob]) -> bytes:
    """32 bytes that tell a form by what its paper part holds."""
    parts: list[bytes] = []
    for blob in paper:
        parts += (blob.name.encode(), blob.media_type.encode(), blob.data)
    return digest(label("register", "paper"), *parts)


def release_check(release_secret: bytes) -> bytes:
    """What the register keeps of R: 100 random bits or more cannot be guessed back."""
    return digest(label("register", "release"), release_secret)


# --- Forms -----------------------------------------------------------------------


def use_of_paper(body: Body, paper: bytes) -> FormUse | None:
    """Where the paper with this digest was used, or none. Raises :class:`RegisterError`."""
    path = _use_path(body, paper)
    return _read(body.trust(), path, FormUse, USE_KIND) if path.exists() else None


def use_of_package(body: Body, package_hash: bytes) -> FormUse:
    """The entry of a package. Raises :class:`RegisterError` when there is none."""
    trust = body.trust()
    for path in sorted((body.register / "forms").glob("*.use")):
        try:
            entry = _read(trust, path, FormUse, USE_KIND)
        except RegisterError:
            continue  # of a packager who was replaced, as was then the package
        if entry.package_hash == package_hash:
            return entry
    raise RegisterError(
        "The package is not in the register of {directory}: it was not sealed at this desk. "
        "Seal, grant and release at one desk, so that no form is used twice.",
        directory=str(body.directory),
    )


def add_use(body: Body, use: FormUse) -> None:
    """Enter a form's use. Raises :class:`RegisterError` when it was used before."""
    data = sign(USE_KIND, canon.pack(use), [body.signing_key(PACKAGER)])
    _claim(
        _use_path(body, use.paper),
        data,
        "The form “{name}” was sealed in another package at the same moment; that package "
        "stands, and this one is not to be used.",
        use.form,
    )


def _use_path(body: Body, paper: bytes) -> Path:
    return body.register / "forms" / f"{paper.hex()}.use"


# --- Exposure --------------------------------------------------------------------


def add_items(body: Body, use: ItemsUse) -> None:
    """Enter the items of a paper, before its use. Raises :class:`RegisterError` as there."""
    data = sign(ITEMS_KIND, canon.pack(use), [body.signing_key(PACKAGER)])
    _claim(
        body.register / "items" / f"{use.paper.hex()}.items",
        data,
        "The form “{name}” was sealed in another package before, or at the same moment; draw "
        "another form with another seed.",
        use.form,
    )


def items_used(body: Body) -> tuple[ItemsUse, ...]:
    """The items of every paper that was sealed here. Raises :class:`RegisterError`.

    Entries of a packager who was replaced since count as well: exposure only ever keeps
    items out.
    """
    found = []
    for path in sorted((body.register / "items").glob("*.items")):
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_ITEMS + 1)
            signed = read_signed(data, ITEMS_KIND, max_size=_MAX_ITEMS)
            use: ItemsUse = canon.unpack(signed.body, ItemsUse, max_size=_MAX_ITEMS)
        except (ExamError, OSError) as problem:
            raise _unbelievable(path, problem) from None
        if _use_path(body, use.paper).exists():  # else sealing broke off: it was not used
            found.append(use)
    return tuple(found)


# --- Grants ----------------------------------------------------------------------


def issues(body: Body, package_hash: bytes) -> tuple[Issue, ...]:
    """Every issue of every grant of a package. Raises :class:`RegisterError`."""
    trust = body.trust()
    return tuple(
        _read(trust, path, Issue, ISSUE_KIND)
        for path in sorted(_grants(body, package_hash).glob("*.issue"))
        if _ISSUE_NAME.fullmatch(path.name)
    )


def newest_issue(body: Body, package_hash: bytes, centre: str, slot: str) -> Issue | None:
    """The issue that counts for a centre and sitting, or none. Raises :class:`RegisterError`."""
    place = _place(centre, slot)
    numbers = [
        int(found[2])
        for path in _grants(body, package_hash).glob(f"{place}-*.issue")
        if (found := _ISSUE_NAME.fullmatch(path.name))
    ]
    if not numbers:
        return None
    path = _issue_path(body, package_hash, centre, slot, max(numbers))
    return _read(body.trust(), path, Issue, ISSUE_KIND)


def add_issue(body: Body, issue: Issue) -> None:
    """Enter an issue. Raises :class:`RegisterError` when its number was taken meanwhile."""
    data = sign(ISSUE_KIND, canon.pack(issue), [body.signing_key(PACKAGER)])
    _claim(
        _issue_path(body, issue.package_hash, issue.centre, issue.slot, issue.issue),
        data,
        "Another grant for “{name}” was made at the same moment; look at it, and repeat the "
        "command if this one is still needed.",
        issue.centre,
    )


def _grants(body: Body, package_hash: bytes) -> Path:
    return body.register / "grants" / package_hash.hex()


def _issue_path(body: Body, package_hash: bytes, centre: str, slot: str, issue: int) -> Path:
    return _grants(body, package_hash) / f"{_place(centre, slot)}-{issue}.issue"


def _place(centre: str, slot: str) -> str:
    """A file name for a centre and sitting, whatever they are called."""
    return digest(label("register", "place", centre.encode(), slot.encode())).hex()[:32]


# --- Entries ---------------------------------------------------------------------


def _read(trust: Trust, path: Path, kind: type[Entry], signed_as: str) -> Entry:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_ENTRY + 1)
        body = trust.verify(data, signed_as, PACKAGER, max_size=_MAX_ENTRY)
        entry: Entry = canon.unpack(body, kind, max_size=_MAX_ENTRY)
    except (ExamError, OSError) as problem:
        raise _unbelievable(path, problem) from None
    return entry


def _unbelievable(path: Path, problem: Exception) -> RegisterError:
    return RegisterError(
        "The register's entry {path} cannot be believed: {why} What it stands for counts as "
        "used; bring the entry back from a copy.",
        path=str(path),
        why=str(problem),
    )


def _claim(path: Path, data: bytes, taken: str, name: str) -> None:
    """Write the entry *path* durably, once. Raises :class:`RegisterError` when it is taken."""
    make_directory(path.parent, mode=0o700)
    draft = path.with_name(f".{secrets.token_hex(8)}")
    write_durably(draft, data, mode=0o600)
    try:
        os.link(draft, path)  # refuses a name that exists, where a rename would replace it
    except FileExistsError:
        raise RegisterError(taken, name=name) from None
    finally:
        draft.unlink(missing_ok=True)
    sync_directory(path.parent)
