"""The interactions: what a question asks a candidate to do, in QTI 3's terms.

Each type is one kind of QTI interaction. None has a place for a correct answer, a
mapping or a score. ``response`` names the response variable that the answer goes to;
``prompt`` is what the question says of this interaction in particular. Where there is a
most, 0 means: any number. What an answer is made of (the members of a
:class:`~exam_packages.content.values.Response`) stands with each kind.
"""

from __future__ import annotations

from typing import TypeAlias

from exam_packages.canon import Object
from exam_packages.content.text import Block, Inline, Picture, Recording


class SimpleChoice(Object):
    """One thing that can be chosen, ordered or matched.

    ``match_max`` bounds how often it may be matched (0: any number of times).
    """

    identifier: str
    body: tuple[Inline, ...]
    match_max: int


class Choice(Object, tag=1):
    """qti-choice-interaction: one (``max_choices`` 1) or several. Members: identifiers."""

    response: str
    prompt: tuple[Block, ...]
    choices: tuple[SimpleChoice, ...]
    min_choices: int
    max_choices: int


class TextEntry(Object, tag=2):
    """qti-text-entry-interaction: a short answer inside a line of text. Member: the text.

    ``pattern`` is an XML Schema style pattern the whole answer must match, or empty;
    ``numeric`` says that the declaration's base type is a number.
    """

    response: str
    expected_length: int
    pattern: str
    placeholder: str
    numeric: bool


class ExtendedText(Object, tag=3):
    """qti-extended-text-interaction: a longer answer in the candidate's own words, or
    several separate ones (``max_strings`` other than 1). Members: the texts.

    ``expected_lines`` and ``expected_length`` (characters) say how much room to offer;
    ``pattern`` and ``numeric`` are as for :class:`TextEntry`.
    """

    response: str
    prompt: tuple[Block, ...]
    expected_lines: int
    placeholder: str
    expected_length: int
    min_strings: int
    max_strings: int
    pattern: str
    numeric: bool


class InlineChoice(Object, tag=4):
    """qti-inline-choice-interaction: one choice from a menu inside a line of text."""

    response: str
    choices: tuple[SimpleChoice, ...]


class Order(Object, tag=5):
    """qti-order-interaction: put the choices in order. Members: identifiers, in order.

    With both bounds 0 all choices are ordered; else only so many of them are picked.
    """

    response: str
    prompt: tuple[Block, ...]
    choices: tuple[SimpleChoice, ...]
    min_choices: int
    max_choices: int


class Match(Object, tag=6):
    """qti-match-interaction: pair members of the first set with members of the second.

    Members: ``"source target"``.
    """

    response: str
    prompt: tuple[Block, ...]
    sources: tuple[SimpleChoice, ...]
    targets: tuple[SimpleChoice, ...]
    min_associations: int
    max_associations: int


class Associate(Object, tag=7):
    """qti-associate-interaction: pair members of one set. Members: ``"one other"``, in
    either order."""

    response: str
    prompt: tuple[Block, ...]
    choices: tuple[SimpleChoice, ...]
    min_associations: int
    max_associations: int


class GapMatch(Object, tag=8):
    """qti-gap-match-interaction: put choices into the blanks of a text.

    ``body`` holds the :class:`~exam_packages.content.text.Blank` places, which ``gaps``
    names in reading order; a gap takes one choice. Members: ``"choice gap"``.
    """

    response: str
    prompt: tuple[Block, ...]
    choices: tuple[SimpleChoice, ...]
    body: tuple[Block, ...]
    gaps: tuple[str, ...]
    min_associations: int
    max_associations: int


class Hottext(Object, tag=9):
    """qti-hottext-interaction: choose words of a text where they stand.

    ``body`` holds the :class:`~exam_packages.content.text.HotWords`, which ``words``
    names in reading order. Members: identifiers.
    """

    response: str
    prompt: tuple[Block, ...]
    body: tuple[Block, ...]
    words: tuple[str, ...]
    min_choices: int
    max_choices: int


class Slider(Object, tag=10):
    """qti-slider-interaction: pick a number. Member: the number.

    ``lower``, ``upper`` and ``step`` are exact numbers as text. ``step_label`` asks for
    a label at every step; ``reverse`` puts the upper bound first.
    """

    response: str
    prompt: tuple[Block, ...]
    lower: str
    upper: str
    step: str
    step_label: bool
    vertical: bool
    reverse: bool


class Area(Object):
    """A place on a picture, in the picture's pixels.

    ``shape`` is ``rect`` (left, top, right, bottom), ``circle`` (centre, radius),
    ``poly`` (points), ``ellipse`` (centre, horizontal and vertical radius) or
    ``default`` (the whole picture). ``label`` is what it is called (QTI hotspot-label),
    for candidates who do not see the picture.
    """

    identifier: str
    shape: str
    coordinates: tuple[int, ...]
    label: str
    match_max: int


class Hotspot(Object, tag=11):
    """qti-hotspot-interaction: choose areas of a picture. Members: identifiers."""

    response: str
    prompt: tuple[Block, ...]
    picture: Picture
    areas: tuple[Area, ...]
    min_choices: int
    max_choices: int


class GraphicOrder(Object, tag=12):
    """qti-graphic-order-interaction: put areas of a picture in order, as :class:`Order`."""

    response: str
    prompt: tuple[Block, ...]
    picture: Picture
    areas: tuple[Area, ...]
    min_choices: int
    max_choices: int


class GraphicAssociate(Object, tag=13):
    """qti-graphic-associate-interaction: pair areas of a picture, as :class:`Associate`."""

    response: str
    prompt: tuple[Block, ...]
    picture: Picture
    areas: tuple[Area, ...]
    min_associations: int
    max_associations: int


class GraphicGapMatch(Object, tag=14):
    """qti-graphic-gap-match-interaction: put choices on areas of a picture.

    Members: ``"choice area"``.
    """

    response: str
    prompt: tuple[Block, ...]
    choices: tuple[SimpleChoice, ...]
    picture: Picture
    areas: tuple[Area, ...]
    min_associations: int
    max_associations: int


class SelectPoint(Object, tag=15):
    """qti-select-point-interaction: point at places of a picture. Members: ``"x y"``."""

    response: str
    prompt: tuple[Block, ...]
    picture: Picture
    min_choices: int
    max_choices: int


class PositionObject(Object, tag=16):
    """qti-position-object-interaction: put copies of a small picture on the stage.

    ``centre`` is the point of the small picture that counts. Members: ``"x y"`` of it,
    in the stage's pixels.
    """

    response: str
    stage: Picture
    picture: Picture
    centre: tuple[int, ...]
    min_choices: int
    max_choices: int


class Media(Object, tag=17):
    """qti-media-interaction: play a recording. Member: how often it was played."""

    response: str
    prompt: tuple[Block, ...]
    recording: Recording
    min_plays: int
    max_plays: int
    autostart: bool
    loop: bool


Interaction: TypeAlias = (
    Choice
    | TextEntry
    | ExtendedText
    | InlineChoice
    | Order
    | Match
    | Associate
    | GapMatch
    | Hottext
    | Slider
    | Hotspot
    | GraphicOrder
    | GraphicAssociate
    | GraphicGapMatch
    | SelectPoint
    | PositionObject
    | Media
)
