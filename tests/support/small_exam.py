"""A small exam, made of the project's own types: quick to seal and to sit."""

from __future__ import annotations

from exam_packages import canon
from exam_packages.content.items import Choice, ExtendedText, Item, SimpleChoice
from exam_packages.content.moving import UNBOUND, Moving
from exam_packages.content.paper import (
    CAMERA_IF_PRESENT,
    NONLINEAR,
    TOOLS,
    ItemReference,
    Paper,
    Policy,
    Section,
    TestPart,
)
from exam_packages.content.proctoring import STANDARD_PROCTORING, Proctoring
from exam_packages.content.text import Paragraph, Slot, Text
from exam_packages.content.values import Response
from exam_packages.sealing.package import Blob

OBJECT_TYPE = "application/vnd.exam-kiosk"


def choice_item(identifier: str, *, most: int = 1) -> Item:
    """An item with one choice interaction ``RESPONSE`` and the choices A, B, C."""
    choices = tuple(SimpleChoice(name, (Text(f"Answer {name}", 0),), 0) for name in "ABC")
    return Item(
        identifier,
        f"Question {identifier}",
        "en",
        (Paragraph((Text("Which one?", 0),)), Slot("RESPONSE")),
        (Choice("RESPONSE", (), choices, 0, most),),
        (),
        (),
    )


def essay_item(identifier: str) -> Item:
    return Item(
        identifier,
        f"Question {identifier}",
        "en",
        (Paragraph((Text("Say why.", 0),)), Slot("RESPONSE")),
        (ExtendedText("RESPONSE", (), 5, "", 0, 0, 1, "", False),),
        (),
        (),
    )


def paper(
    items: tuple[Item, ...],
    *,
    time_limit_s: int = 600,
    navigation: int = NONLINEAR,
    camera: int = CAMERA_IF_PRESENT,
    snapshot_interval_s: int = 2,
    outage_limit_s: int = 120,
    parts: tuple[TestPart, ...] = (),
    moving: Moving = UNBOUND,
    proctoring: Proctoring = STANDARD_PROCTORING,
) -> Paper:
    """A paper of *items* in one part and section, or of the *parts* given."""
    references = tuple(ItemReference(item.identifier, item.title) for item in items)
    one = TestPart("part", navigation, (Section("section", "Section", (), references),))
    return Paper(
        "small-form",
        "Small exam",
        "en",
        time_limit_s,
        (),
        parts or (one,),
        Policy((300, 60), outage_limit_s, camera, snapshot_interval_s, TOOLS, proctoring),
        moving,
    )


def blobs(of: Paper, items: tuple[Item, ...]) -> list[Blob]:
    """What a package seals of them."""
    sealed = [Blob("paper", OBJECT_TYPE, canon.pack(of))]
    sealed += [Blob(f"item/{item.identifier}", OBJECT_TYPE, canon.pack(item)) for item in items]
    return sealed


def chosen(*members: str) -> tuple[Response, ...]:
    return (Response("RESPONSE", members),)
