"""The case file on paper: its words, without the pictures, which are files beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exam_packages.language import _
from exam_packages.verify.findings import clean
from sync.printing.document import Block, Document, Facts, Heading, Points, Table, Text


def paper(case: Mapping[str, Any]) -> bytes:
    """The PDF of a case file's values.

    Raises :class:`~sync.printing.fonts.FontError` when this machine cannot print a character.
    """
    document = Document(clean(case["title"]), tuple(_blocks(case)), clean(case["body"]))
    from sync.printing import fonts, pdf  # costs a third of a second: for who prints alone

    return pdf.render(document, fonts.find(document.characters()))


def _blocks(case: Mapping[str, Any]) -> Iterator[Block]:
    yield Heading(clean(case["title"]))
    yield Text(_clean(case["verdict"], " ", case["stands"]))
    facts = [(each["label"], clean(each["value"])) for each in case["facts"]]
    yield Facts((*facts, (_("Root of trust"), case["trust"]), (_("Made"), case["made"])))
    if case["times"] is not None:
        yield Heading(_("Time"))
        yield Table(
            (_("From"), _("To"), _("Length"), _("What")),
            tuple(
                (each["from"], each["to"], each["length"], each["words"])
                for each in case["times"]["spans"]
            ),
        )
        yield Facts(tuple((each["label"], each["value"]) for each in case["times"]["sums"]))
    if case["judgements"]:
        yield Heading(_("Judgements"))
        yield Table(
            (_("No."), _("Entry"), _("Judgement"), _("Reason"), _("By")),
            tuple(_judgement(each) for each in case["judgements"]),
            (1, 1, 3, 5, 4),
        )
    if case["events"]:
        yield Heading(_("Events"))
        yield Table(
            (_("When"), _("Entry"), _("What")),
            tuple(
                (each["time"], _entry(each), _clean(each["words"], "\n", each["detail"]))
                for each in case["events"]
            ),
            (4, 1, 9),
        )
    if case["pictures"]:
        yield Heading(_("Pictures"))
        yield Table(
            (_("Picture"), _("Entry"), _("Here"), _("In the journal as")),
            tuple(
                (
                    str(each["number"]),
                    str(each["entry"]),
                    each["file"] or clean(each["why_words"]),
                    f"{each['digest'][:32]}\n{each['digest'][32:]}",
                )
                for each in case["pictures"]
            ),
            (1, 1, 4, 6),
        )
    yield Heading(_("What was left out"))
    yield Table(
        (_("What"), _("How many"), _("Why")),
        tuple(
            (clean(each["what"]), str(each["count"]), clean(each["why"]))
            for each in case["left_out"]
        ),
        (4, 1, 4),
    )
    yield Heading(_("What the verifier found"))
    yield Points(tuple(_clean(each["standing"], ": ", each["words"]) for each in case["findings"]))


def _judgement(each: Mapping[str, Any]) -> tuple[str, ...]:
    stands = "" if each["stands"] else _("corrected since")
    return (
        str(each["number"]),
        _entry(each),
        _clean(each["words"], "\n", stands),
        _clean(each["reason_words"], "\n", " ".join(each["comment"].split())),
        _clean(each["reviewer"], "\n", each["said"]),
    )


def _entry(each: Mapping[str, Any]) -> str:
    return str(each["entry"]) if each["entry"] else "–"


def _clean(*parts: str) -> str:
    """*parts* as one text; line ends are ours alone."""
    return "".join(part if part == "\n" else clean(part) for part in parts).strip()
