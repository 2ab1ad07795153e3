"""Items every string of which means harm, of every kind that a station shows."""

from __future__ import annotations

from exam_packages.content import items as it
from exam_packages.content import text as rich

HOSTILE = [
    "[@click=app.quit]leave[/]",
    "stray [/b] and [/] and [bold",
    "\x1b[2J\x1b]52;c;aGk=\x07\x1b]0;title\x07\x9b31m",
    "right\u202eto\u2066left\u200b\u200d\ufeff hidden \u00ad\U000e0041",
    "Z" + "\u0301" * 200,
    "line\rfeed\vtab\tform\f\x00\x7f",
    "[link=http://example.org]x[/link] $mark {fields} %s",
]


def hostile_item(words: str) -> it.Item:
    run_ = rich.Text(words, 0)
    choices = (it.SimpleChoice("a", (run_,), 1), it.SimpleChoice("b", (run_,), 0))
    block = rich.Paragraph((run_, rich.Picture(words, words, 9, 9)))
    body: tuple[rich.Block, ...] = (
        block,
        rich.Heading(1, (run_,)),
        rich.Listing(True, ((block,), (rich.Listing(False, ((block,),)),))),
        rich.Table(words, ((rich.Cell(True, (run_,), 1, 1), rich.Cell(False, (run_,), 1, 1)),)),
        rich.Preformatted(words),
        rich.Quotation((block,)),
        rich.Paragraph((rich.Gap("T"), rich.Gap("I"))),
    )
    return it.Item(
        "x",
        words,
        "en",
        body,
        (
            it.TextEntry("T", 5, "", words, False),
            it.InlineChoice("I", choices),
            it.Choice("C", (block,), choices, 0, 1),
            it.Order("O", (block,), choices, 0, 0),
            it.Match("M", (block,), choices, choices, 0, 0),
            it.ExtendedText("E", (block,), 5, words, 0, 0, 1, "", False),
        ),
        (),
        (),
    )


def hostile_kinds(words: str) -> list[it.Item]:
    """One item of each further kind, every string of which is *words*: a dozen of them."""
    run_ = rich.Text(words, 0)
    drawn = rich.Formula(words, words, (), rich.Picture("chart.png", words, 64, 32))
    formulas = (rich.Formula(words, words, (), None), drawn)
    block = rich.Paragraph((run_, rich.Ruby((run_,), words), *formulas))
    prompt: tuple[rich.Block, ...] = (
        block,
        rich.Numbered((words, "2."), ((block,), (block,))),
        rich.Definitions((rich.Definition(((run_,),), (block,)),)),
        rich.Figure((block,), (run_,)),
        rich.Details((run_,), (block,)),
    )
    choices = tuple(it.SimpleChoice(name, (run_,), 1) for name in "ab")
    picture = rich.Picture("chart.png", words, 64, 32)
    areas = (
        it.Area("a", "rect", (0, 0, 30, 20), words, 1),
        it.Area("b", "poly", (30, 0, 60, 0, 60, 30), "", 1),
        it.Area("c", "circle", (999_999, 999_999, 999_999), words, 0),
        it.Area("d", "default", (), words, 0),
    )
    gaps = (rich.Paragraph((run_, rich.Blank("g"), run_, rich.Blank("h"))),)
    hot = (rich.Paragraph((rich.HotWords("v", (run_,)), rich.HotWords("w", (run_,)))),)
    kinds: list[it.Interaction] = [
        it.Associate("R", prompt, choices, 0, 0),
        it.GapMatch("R", prompt, choices, gaps, ("g", "h"), 0, 0),
        it.Hottext("R", prompt, hot, ("v", "w"), 0, 0),
        it.Slider("R", prompt, "-999999999999999999", "1", "0.1", True, True, True),
        it.Hotspot("R", prompt, picture, areas, 0, 0),
        it.GraphicOrder("R", prompt, picture, areas, 1, 2),
        it.GraphicAssociate("R", prompt, picture, areas, 0, 0),
        it.GraphicGapMatch("R", prompt, choices, picture, areas, 0, 0),
        it.SelectPoint("R", prompt, picture, 0, 0),
        it.PositionObject("R", picture, picture, (1, 1), 0, 0),
        it.ExtendedText("R", prompt, 2, words, 9, 2, 0, "x+", True),
    ]
    return [
        it.Item(f"k{n}", words, "en", (block, rich.Slot("R")), (each,), (), ())
        for n, each in enumerate(kinds)
    ]
