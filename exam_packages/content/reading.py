"""Reading a package's blobs back into what they are. All raise ``CanonError``."""

from __future__ import annotations

from exam_packages import canon
from exam_packages.content.items import Exhibit, Item
from exam_packages.content.paper import Paper
from exam_packages.content.survey import MAX_SURVEY, Survey, unasked


def read_paper(data: bytes) -> Paper:
    """The paper in the blob ``paper``. One of another version's shape is refused whole: a
    rule that is guessed is worse than a form that is sealed again."""
    try:
        paper: Paper = canon.unpack(data, Paper)
    except canon.CanonError as problem:
        raise canon.CanonError(
            "This paper cannot be read by this version: draw and seal its form again, or use "
            "the version it was made with. ({why})",
            why=str(problem),
        ) from None
    return paper


def read_item(data: bytes) -> Item:
    """The item in a blob ``item/<id>``."""
    item: Item = canon.unpack(data, Item)
    return item


def read_exhibit(data: bytes) -> Exhibit:
    """The exhibit in a blob ``exhibit/<id>``."""
    exhibit: Exhibit = canon.unpack(data, Exhibit)
    return exhibit


def read_survey(data: bytes) -> Survey:
    """The survey in the blob ``survey``; one that breaks a bound is none."""
    survey: Survey = canon.unpack(data, Survey, max_size=MAX_SURVEY)
    if why := unasked(survey):
        raise canon.CanonError("This survey cannot be asked: {why}.", why=why)
    return survey
