"""Admission letters: one page for each candidate, in the language granted to them.

A letter holds the sign-in code, in letters and as a QR code of the same letters, so it is
made from the roster where the roster is made: what a hall keeps of a code is its digest, and
makes no letter.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exam_packages import language
from exam_packages.attempt.granting import tools_words
from exam_packages.language import _, ngettext, say
from exam_packages.sealing.codes import ALPHABET
from sync.hall.roster import Line, normalised
from sync.printing.document import (
    Block,
    Code,
    Document,
    Facts,
    Heading,
    NewPage,
    Points,
    Text,
)

_GROUP: Final = 4
_DRAWN: Final = 12
"""Characters of a code that is drawn: sixty bits, and a station may guess ten times a minute."""


@dataclass(frozen=True)
class Occasion:
    """What all letters of a sitting say. Empty: not said. ``rules`` are the body's own, in
    place of those that always hold."""

    exam: str
    title: str
    place: str
    when: str = ""
    body: str = ""
    rules: tuple[str, ...] = ()


def draw_code() -> str:
    """A new sign-in code at random."""
    return "".join(secrets.choice(ALPHABET) for _place in range(_DRAWN))


def spelled(code: str) -> str:
    """A code as it is printed: capitals, in groups."""
    text = normalised(code).upper()
    return "-".join(text[place : place + _GROUP] for place in range(0, len(text), _GROUP))


def letters(lines: Sequence[Line], occasion: Occasion) -> Document:
    """All letters of a sitting, in the order of the roster, as one document."""
    before = language.in_use()
    blocks: list[Block] = []
    try:
        for line in lines:
            language.use(line.granted.language or before)
            if blocks:
                blocks.append(NewPage())
            blocks += _letter(line, occasion)
    finally:
        language.use(before)
    return Document(
        say("Admission letters: {title}", title=occasion.title),
        tuple(blocks),
        footer=occasion.body or occasion.title,
        language=before,
    )


def _letter(line: Line, occasion: Occasion) -> list[Block]:
    facts = [
        (_("Candidate"), line.name),
        (_("Candidate number"), line.candidate),
        (_("Exam"), occasion.exam),
        (_("Sitting"), occasion.title),
        (_("When"), occasion.when),
        (_("Place"), occasion.place),
    ]
    blocks: list[Block] = [
        Heading(_("Admission letter")),
        Facts(tuple(fact for fact in facts if fact[1])),
        Heading(_("Your sign-in code"), 2),
        Code(spelled(line.code)),
        Text(
            _(
                "At your station, type this code, or press F4 there and hold this page before the "
                "camera. Dashes and capitals do not matter. Whoever has the code can sign in as "
                "you: keep this letter to yourself, and bring it with you."
            )
        ),
    ]
    if granted := _granted(line):
        blocks += [Heading(_("Granted to you"), 2), Points(granted)]
    blocks += [Heading(_("Rules"), 2), Points(occasion.rules or _rules())]
    return blocks


def _granted(line: Line) -> tuple[str, ...]:
    said = []
    if line.extra_s:
        minutes = -(-line.extra_s // 60)
        said.append(ngettext("{n} minute more time", "{n} minutes more time", minutes))
    if line.granted.language:
        names = language.languages()
        name = names.get(line.granted.language, line.granted.language)
        said.append(say("The screen speaks {language}", language=name))
    if line.granted.theme:
        said.append(say("Colours of the screen: {theme}", theme=line.granted.theme))
    if line.granted.aloud:
        said.append(_("The questions are read aloud to you"))
    if line.tools:
        said.append(
            say(
                "On the screen, where the exam lets it be granted: {tools}",
                tools=tools_words(line.tools),
            )
        )
    if line.others:
        said.append(
            say("To be arranged by the centre: {supports}", supports=", ".join(line.others))
        )
    return tuple(said)


def _rules() -> tuple[str, ...]:
    return (
        _("Bring a valid identity card with a photograph: the invigilator compares it with you."),
        _("Come in good time: the invigilators say until when you may still begin."),
        _("Telephones, watches, notes and bags stay outside the room, switched off."),
        _("Do not talk with other candidates. Raise your hand if you need anything."),
        _(
            "The station keeps your answers, when you gave them, and pictures of its camera where "
            "one is in use. It is sealed; only the certification body can open it."
        ),
        _(
            "If the station fails, stay where you are: every answer that was saved is kept, and "
            "the time is given back."
        ),
        _("At the end you get a hand-in code. With it you can prove what you handed in."),
    )
