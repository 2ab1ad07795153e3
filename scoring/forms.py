"""Forms as the desk scores them, found in the body's directory by the package sat."""

from __future__ import annotations

from exam_packages.body import Body
from exam_packages.content.items import Item
from exam_packages.content.paper import PAPER_BLOB, item_blob
from exam_packages.content.reading import read_item
from exam_packages.errors import ExamError
from exam_packages.sealing.keys import KeyFileError
from exam_packages.sealing.package import read_paper_key
from scoring.score import ScoringForm

__all__ = ["FormError", "form_of", "load_form"]


class FormError(ExamError):
    """The form that was sat is not in the body's directory, or not whole."""


def form_of(body: Body, package_hash: bytes) -> str:
    """The id of the form sealed in the package with this hash. Raises :class:`FormError`."""
    for path in sorted((body.directory / "forms").glob("*/paper.key")):
        try:
            if read_paper_key(path).package_hash == package_hash:
                return path.parent.name
        except KeyFileError:
            continue  # not readable by this desk: it is not the form that is sought
    raise FormError(
        "No form in {directory} was sealed as the package {hash}; these attempts belong to "
        "another body's directory.",
        directory=str(body.directory),
        hash=package_hash.hex(),
    )


def load_form(body: Body, form: str) -> ScoringForm:
    """The items and the answer key of *form*. Raises an :class:`ExamError`."""
    key = body.answer_key(form)
    directory = body.form_directory(form) / PAPER_BLOB
    items: dict[str, Item] = {}
    for entry in key.entries:
        path = directory / item_blob(entry.key.item)
        try:
            items[entry.key.item] = read_item(path.read_bytes())
        except OSError as problem:
            raise FormError(
                "The item “{item}” of the form “{form}” cannot be read from {path}: {why}.",
                item=entry.key.item,
                form=form,
                path=str(path),
                why=problem.strerror or type(problem).__name__,
            ) from None
    return ScoringForm(items, key)
