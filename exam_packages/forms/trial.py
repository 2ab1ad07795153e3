"""Practice for every kind of interaction that a form uses.

A body writes practice questions, or it does not; either way nobody should meet a kind of
question for the first time against the clock. For each kind that the forms of a draw use and
the body's own practice lacks, one neutral item is added: about fruit and numbers, about nothing
that an exam asks. All forms of one draw get the same, so practice tells nobody which is theirs;
it tells which kinds of questions there are, before the release, as a body's own practice would.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from PIL import Image, ImageDraw

from exam_packages import language
from exam_packages.content import items as it
from exam_packages.content.moving import UNBOUND
from exam_packages.content.paper import NONLINEAR, ItemReference, Section, TestPart
from exam_packages.content.text import (
    Blank,
    Block,
    Gap,
    HotWords,
    Inline,
    Paragraph,
    Picture,
    Slot,
    Text,
)
from exam_packages.forms.form import DrawnForm
from exam_packages.language import _
from exam_packages.rules.key import AnswerKey

PREFIX: Final = "practice-of-"
SHAPES, DOT = "practice-shapes.png", "practice-dot.png"
_R: Final = "RESPONSE"
_SIZE: Final = (240, 80)


def with_every_kind(forms: Sequence[DrawnForm], trial: DrawnForm | None) -> DrawnForm | None:
    """*trial* with an item for each kind that *forms* use and it lacks; ``None`` when there is
    nothing to practise."""
    wanted = dict.fromkeys(kind for form in forms for kind in _kinds(form))
    has = _kinds(trial) if trial is not None else ()
    missing = [kind for kind in wanted if kind not in has and kind in _MAKE]
    if not missing:
        return trial
    first = trial or forms[0]
    with language.speaking(_ours(first.paper.language)):
        made = [_item(kind, first.paper.language) for kind in missing]
        title = _("How to answer")
    references = tuple(ItemReference(each.identifier, each.title) for each in made)
    section = Section("practice-kinds", title, (), references)
    part = TestPart("practice-kinds", NONLINEAR, (section,))
    pictures = {each.media for item in made for each in _pictures(item)}
    media = {name: _drawn(name) for name in sorted(pictures)}
    items = {each.identifier: each for each in made}
    if trial is None:
        paper = msgspec.structs.replace(
            first.paper,
            form="practice",
            time_limit_s=0,
            instructions=(),
            parts=(part,),
            moving=UNBOUND,
        )
        key = AnswerKey(paper.form, paper.title, "0", (), ())
        return DrawnForm(paper, items, {}, media, key)
    paper = msgspec.structs.replace(trial.paper, parts=(*trial.paper.parts, part))
    return DrawnForm(paper, trial.items | items, trial.exhibits, trial.media | media, trial.key)


def _kinds(form: DrawnForm) -> tuple[type[it.Interaction], ...]:
    """The kinds of interactions in a form, in the order they come."""
    return tuple(
        dict.fromkeys(
            type(interaction)
            for reference in form.paper.references()
            for interaction in form.items[reference.identifier].interactions
        )
    )


def _ours(code: str) -> str:
    """The language of ours that an exam's language code names; English where there is none."""
    code = code.replace("-", "_")
    names = language.languages()
    return code if code in names else next((n for n in names if n.split("_")[0] == code[:2]), "en")


def _item(kind: type[it.Interaction], code: str) -> it.Item:
    said, interaction, inline = _MAKE[kind]()
    name = kind.__name__
    place: Block = Paragraph((Text(said + " ", 0), Gap(_R))) if inline else Slot(_R)
    body: tuple[Block, ...] = (place,) if inline else (_line(said), place)
    return it.Item(PREFIX + name.lower(), _("How to answer"), code, body, (interaction,), (), ())


def _line(words: str) -> Block:
    return Paragraph((Text(words, 0),))


def _fruit(most: int = 1) -> tuple[it.SimpleChoice, ...]:
    names = (_("Apple"), _("Banana"), _("Cherry"))
    return tuple(
        it.SimpleChoice(letter, (Text(name, 0),), most)
        for letter, name in zip("ABC", names, strict=True)
    )


def _colours() -> tuple[it.SimpleChoice, ...]:
    names = (_("Green"), _("Yellow"), _("Red"))
    return tuple(
        it.SimpleChoice(letter, (Text(name, 0),), 0)
        for letter, name in zip("XYZ", names, strict=True)
    )


def _shapes() -> Picture:
    return Picture(SHAPES, _("Three squares in a row"), *_SIZE)


def _areas(most: int = 1) -> tuple[it.Area, ...]:
    names = (_("Left square"), _("Middle square"), _("Right square"))
    return tuple(
        it.Area(letter, "rect", (20 + 80 * n, 20, 60 + 80 * n, 60), name, most)
        for n, (letter, name) in enumerate(zip("ABC", names, strict=True))
    )


Made = tuple[str, it.Interaction, bool]
"""What to do, in words; the interaction; whether it stands inside a line."""


def _choice() -> Made:
    return _("Practice: choose as many as you like."), it.Choice(_R, (), _fruit(), 0, 0), False


def _text_entry() -> Made:
    return _("Practice: type any word here:"), it.TextEntry(_R, 12, "", "", False), True


def _extended() -> Made:
    field = it.ExtendedText(_R, (), 3, "", 0, 0, 1, "", False)
    return _("Practice: write a sentence or two about anything."), field, False


def _inline() -> Made:
    return _("Practice: choose from the menu:"), it.InlineChoice(_R, _fruit()), True


def _order() -> Made:
    said = _("Practice: put these in any order you like.")
    return said, it.Order(_R, (), _fruit(), 0, 0), False


def _match() -> Made:
    said = _("Practice: give each fruit a colour.")
    return said, it.Match(_R, (), _fruit(), _colours(), 0, 0), False


def _associate() -> Made:
    said = _("Practice: make a pair of any two.")
    return said, it.Associate(_R, (), _fruit(), 0, 1), False


def _gap_match() -> Made:
    inlines: tuple[Inline, ...] = (
        Text(_("I like this best:") + " ", 0),
        Blank("G1"),
        Text(" " + _("and then this:") + " ", 0),
        Blank("G2"),
    )
    gaps = it.GapMatch(_R, (), _fruit(), (Paragraph(inlines),), ("G1", "G2"), 0, 0)
    return _("Practice: put a word into each gap."), gaps, False


def _hottext() -> Made:
    words = (
        HotWords("H1", (Text(_("an apple"), 0),)),
        Text(", ", 0),
        HotWords("H2", (Text(_("a banana"), 0),)),
        Text(", ", 0),
        HotWords("H3", (Text(_("a cherry"), 0),)),
    )
    text = it.Hottext(_R, (), (Paragraph(words),), ("H1", "H2", "H3"), 0, 1)
    return _("Practice: choose one of the underlined words."), text, False


def _slider() -> Made:
    slider = it.Slider(_R, (), "0", "10", "1", False, False, False)
    return _("Practice: set any number."), slider, False


def _hotspot() -> Made:
    said = _("Practice: choose any square of the picture.")
    return said, it.Hotspot(_R, (), _shapes(), _areas(), 0, 1), False


def _graphic_order() -> Made:
    said = _("Practice: put the squares in any order.")
    return said, it.GraphicOrder(_R, (), _shapes(), _areas(), 0, 0), False


def _graphic_associate() -> Made:
    said = _("Practice: join any two squares.")
    return said, it.GraphicAssociate(_R, (), _shapes(), _areas(2), 0, 1), False


def _graphic_gap_match() -> Made:
    said = _("Practice: put a word on each square.")
    return said, it.GraphicGapMatch(_R, (), _fruit(), _shapes(), _areas(), 0, 0), False


def _select_point() -> Made:
    said = _("Practice: point at any place of the picture.")
    return said, it.SelectPoint(_R, (), _shapes(), 0, 1), False


def _position() -> Made:
    dot = Picture(DOT, _("A dot"), 12, 12)
    said = _("Practice: put the dot anywhere on the picture.")
    return said, it.PositionObject(_R, _shapes(), dot, (6, 6), 0, 1), False


_MAKE: Final[dict[type[it.Interaction], Callable[[], Made]]] = {
    it.Choice: _choice,
    it.TextEntry: _text_entry,
    it.ExtendedText: _extended,
    it.InlineChoice: _inline,
    it.Order: _order,
    it.Match: _match,
    it.Associate: _associate,
    it.GapMatch: _gap_match,
    it.Hottext: _hottext,
    it.Slider: _slider,
    it.Hotspot: _hotspot,
    it.GraphicOrder: _graphic_order,
    it.GraphicAssociate: _graphic_associate,
    it.GraphicGapMatch: _graphic_gap_match,
    it.SelectPoint: _select_point,
    it.PositionObject: _position,
}


def _pictures(item: it.Item) -> list[Picture]:
    found = []
    for interaction in item.interactions:
        for name in ("picture", "stage"):
            picture = getattr(interaction, name, None)
            if isinstance(picture, Picture):
                found.append(picture)
    return found


def _drawn(name: str) -> bytes:
    """A picture of ours."""
    if name == DOT:
        image = Image.new("RGB", (12, 12), "white")
        ImageDraw.Draw(image).ellipse((1, 1, 10, 10), fill=(0, 80, 160))
    else:
        image = Image.new("RGB", _SIZE, "white")
        pen = ImageDraw.Draw(image)
        for area in _areas():
            pen.rectangle(area.coordinates, fill=(200, 215, 235), outline=(0, 40, 120), width=3)
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()
