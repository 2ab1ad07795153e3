"""The candidate's tools: what they show is what is kept, and it survives the screen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.widgets import Input, TextArea

from exam_packages import language
from exam_packages.attempt import acts
from exam_packages.attempt import events as ev
from exam_packages.attempt.commands import GrantTools, Pause, Resume
from exam_packages.content import items as it
from exam_packages.content import text as rich
from exam_packages.content.catalogs import Card, Catalog
from exam_packages.content.paper import TOOLS
from kiosk.client import Client
from kiosk.screens.calculator import CalculatorPane
from kiosk.screens.exhibit import ExhibitSheet, SearchPane, places
from kiosk.screens.glossary import GlossaryPane
from kiosk.screens.highlight import HighlightPane
from kiosk.screens.notes import NotePane
from kiosk.screens.report import ReportPane
from kiosk.screens.tools import ToolsPane
from kiosk.view import Stage


def run(coroutine: Any) -> None:
    asyncio.run(coroutine)


def line_of(sitting: Any, words: str) -> int:
    return next(y for y, line in enumerate(sitting.text().splitlines()) if words in line)


async def tool(sitting: Any, letter: str, pane: type[Any] | None = None) -> None:
    """Open a tool by its letter."""
    await sitting.press("f6")
    await sitting.until(lambda: isinstance(sitting.client.screen, ToolsPane), "tools")
    await sitting.press(letter)
    if pane is not None:
        await sitting.until(lambda: isinstance(sitting.client.screen, pane), str(pane))
        await sitting.pilot.pause()


def workings(sitting: Any) -> Any:
    """What the agent recorded."""
    return sitting.agent.ledger.attempt.workings


# --- Striking out --------------------------------------------------------------------


def test_a_choice_is_struck_out_and_the_strike_is_taken_back(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("down", "down", "-")
            await s.saved()
            assert workings(s).struck == {("choice", "R", "c")}
            assert "C ✕ In the door" in s.text()
            assert s.responses("choice") == {}
            await s.press("-")
            await s.saved()
            assert not workings(s).struck
            await s.press("-", "up", "-", "ctrl+z")
            await s.saved()
            assert workings(s).struck == {("choice", "R", "c")}
            await s.press("ctrl+z")
            await s.saved()
            assert not workings(s).struck
            assert "✕" not in s.text()

    run(walk())


def test_the_answer_is_never_struck_out_and_an_answer_takes_the_strike_off(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("b", "-")
            await s.saved()
            assert not workings(s).struck
            assert "take it back before you strike it out" in s.words()
            await s.press("down", "-", "c")
            await s.saved()
            assert s.responses("choice") == {"R": ("c",)}
            assert not workings(s).struck

    run(walk())


def test_a_strike_by_mouse_is_the_right_button(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.pilot.click(offset=(20, line_of(s, "In the door")), button=3)
            await s.saved()
            assert workings(s).struck == {("choice", "R", "c")}
            assert s.responses("choice") == {}

    run(walk())


def test_nothing_is_struck_out_where_the_form_does_not_allow_it(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(forms.form(tools=())) as s:
            await s.begin()
            assert "strikes out" not in s.text()
            await s.press("-")
            await s.pilot.click(offset=(20, line_of(s, "In the door")), button=3)
            await s.press("f6")
            assert "Call the invigilator" in s.text()
            assert "Scratchpad" not in s.text()
            assert not workings(s).struck

    run(walk())


# --- Notes ---------------------------------------------------------------------------


def test_a_note_is_saved_within_a_second_and_shown_by_a_sign(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await tool(s, "n", NotePane)
            await s.press(*"top")
            assert "raw chicken" in s.text()  # the question stays in sight
            assert workings(s).notes == {}
            s.clock.turn(1)
            await s.saved()
            assert workings(s).notes == {"choice": "top"}
            await s.press("escape")
            assert "✎ note" in s.text()
            await s.press("f2")
            assert "✎ Question about choice" in s.text()
            await s.press("escape")
            await tool(s, "n", NotePane)
            await s.press("backspace", "backspace", "backspace")
            s.clock.turn(1)
            await s.saved()
            assert workings(s).notes == {}

    run(walk())


def test_the_scratchpad_is_one_for_all_questions(sit: Any) -> None:
    async def walk() -> None:
        async with sit(size=(120, 36)) as s:
            await s.begin()
            await tool(s, "s", NotePane)
            await s.press(*"12", "enter", *"34", "f6")
            await s.press("f9")
            await s.at("multiple")
            assert workings(s).scratchpad == "12\n34"  # every move saves what was typed
            await tool(s, "s", NotePane)
            assert s.client.screen.query_one(TextArea).text == "12\n34"
            await s.press("escape", "f10")
            assert "The scratchpad has notes" in s.words()

    run(walk())


def test_a_note_is_bounded_and_harmless(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await tool(s, "n", NotePane)
            area = s.client.screen.query_one(TextArea)
            area.insert("\x1b[2J" + "x" * 5000)
            await s.pilot.pause()
            s.clock.turn(1)
            await s.saved()
            note = workings(s).notes["choice"]
            assert len(note) == 2000
            assert "\x1b" not in note
            assert "This is full" in s.text()

    run(walk())


def test_all_of_it_comes_back_to_a_new_screen(sit: Any, clock: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.press("-")
            await tool(s, "n", NotePane)
            await s.press(*"abc", "escape")
            await tool(s, "s", NotePane)
            await s.press(*"xyz", "escape")
            await s.client.saver.flush()
            second = Client(s.client._socket, clock=clock)
            async with second.run_test(size=(80, 24)):
                s.client = second
                await s.stage(Stage.EXAM)
                await s.at("choice")
                assert "A ✕ On the top shelf" in s.text()
                assert second.exam is not None
                assert second.exam.workings == workings(s)
                assert second.exam.workings.scratchpad == "xyz"

    run(walk())


def test_a_pause_closes_the_pane_and_keeps_what_was_typed(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await tool(s, "n", NotePane)
            await s.press(*"abc")
            s.agent.order(Pause())
            await s.stage(Stage.PAUSED)
            assert "abc" not in s.text()
            s.agent.order(Resume())
            await s.stage(Stage.EXAM)
            s.clock.turn(1)
            await s.saved()
            assert workings(s).notes == {"choice": "abc"}

    run(walk())


def test_practice_has_the_tools_and_nothing_of_it_leaves_the_screen(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.sign_in()
            await s.until(lambda: s.client.practice is not None)
            await s.client.practise()
            await s.shown()
            await s.at("try")
            await s.press("-")
            assert "A ✕ Apple" in s.text()
            await tool(s, "n", NotePane)
            await s.press(*"abc", "escape")
            assert "✎ note" in s.text()
            await s.press("f6")
            assert "Report a fault" not in s.text()
            assert not [act for act in s.agent.acts if isinstance(act, acts.Work)]

    run(walk())


@pytest.mark.parametrize("keys", ["nnnn", "n", "iiii", "Look at the log again", "h h h"])
def test_keys_that_come_too_fast_open_one_tool_and_end_nothing(sit: Any, keys: str) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            for key in ["f6", *keys]:  # all of them before the screen has drawn anything
                name = {" ": "space"}.get(key, key)
                s.client.post_message(events.Key(name, key if len(key) == 1 else None))
            await s.pilot.pause(0.2)
            assert s.client.return_code is None
            await s.press("escape", "escape", "escape", "escape")
            await s.until(lambda: s.client.screen is s.client.stage_screen, "the question")
            await s.press("f9")
            await s.at("multiple")

    run(walk())


def test_behind_a_tool_the_question_stays_as_it_was(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(text_form(forms), size=(80, 24)) as s:
            await s.begin()
            await s.press("down", "-")
            await tool(s, "n", NotePane)
            await s.pilot.pause(0.2)
            assert "› B ✕ Cellar" in s.text()
            await s.press(*"abc", "escape")
            assert "› B ✕ Cellar" in s.text()
            await s.press("f4", "pagedown")
            top = s.client.screen.query_one("#exhibit").scroll_y
            assert top > 0
            await s.press("f6", "escape")
            assert s.client.screen.query_one("#exhibit").scroll_y == top

    run(walk())


# --- Report, call --------------------------------------------------------------------


def test_a_report_is_sent_only_with_the_button(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await tool(s, "r", ReportPane)
            await s.press(*"no", "escape")
            assert not workings(s).reported
            await tool(s, "r", ReportPane)
            await s.press(*"typo", "tab", "enter")
            await s.until(lambda: workings(s).reported == {"choice": "typo"})
            await s.until(lambda: "Reported: question 1." in s.text())
            await tool(s, "r", ReportPane)
            assert s.client.screen.query_one(TextArea).text == "typo"

    run(walk())


def test_the_invigilator_is_called_and_the_call_taken_back(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await tool(s, "i")
            await s.until(lambda: "▲ Invigilator called" in s.text())
            assert s.agent.ledger.attempt.calling
            s.agent.order(Pause())
            await s.stage(Stage.PAUSED)
            await s.press("f5")
            await s.until(lambda: "No longer call" in s.text())
            await s.press("end", *["up"] * (len(language.languages()) + 1), "enter")
            await s.until(lambda: not s.agent.ledger.attempt.calling)
            assert [e.event for e in s.agent.entries if isinstance(e.event, ev.Called)] == [
                ev.Called(True),
                ev.Called(False),
            ]

    run(walk())


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_every_key_is_in_sight(sit: Any, size: tuple[int, int]) -> None:
    async def walk() -> None:
        async with sit(size=size) as s:
            await s.begin()
            await s.press("f9")
            await s.at("multiple")
            await s.press("f3")
            await s.until(lambda: "Unflag" in s.text())
            bar = s.text().splitlines()[-2]
            for key in ("F2", "F3", "F4 Exhibit", "F5", "F6 Tools", "F8", "F9", "F10 Hand in"):
                assert key in bar

    run(walk())


# --- Calculator ----------------------------------------------------------------------


def test_a_result_goes_into_the_gap_the_cursor_was_in(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("gaps")
            await s.at("gaps")
            await tool(s, "c", CalculatorPane)
            await s.press(*"1/3", "enter", *"*3", "enter")
            assert "ans *3 = 1" in s.words()
            assert "1/3 ≈ 0.333333333333" in s.words()
            await s.press(*"60+3", "f4")
            await s.until(lambda: "(1) 63 °C" in s.text())
            s.clock.turn(1)
            await s.saved()
            assert s.responses("gaps")["T"] == ("63",)
            await tool(s, "c", CalculatorPane)  # the tape is still there
            await s.press("up", "up")
            assert s.client.screen.query_one(Input).value == "ans *3"
            await s.press("f4")  # computed again first: 63 × 3
            s.clock.turn(1)
            await s.saved()
            assert s.responses("gaps")["T"] == ("189",)

    run(walk())


def test_the_calculator_by_mouse(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await tool(s, "c", CalculatorPane)
            for key in ("[√]", "[9]", "[+]", "[4]", "[1]", "[←]", "[=]"):
                line = line_of(s, key)
                column = s.text().splitlines()[line].index(key)
                await s.pilot.click(offset=(column + 1, line))
                await s.pilot.pause()
            assert "√9+4 = 7" in s.words()

    run(walk())


def test_what_has_no_result_is_told_and_stays_to_be_corrected(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await tool(s, "c", CalculatorPane)
            await s.press(*"1/0", "enter")
            assert "Nothing can be divided by 0." in s.words()
            await s.press("backspace", *"4", "enter")
            assert "1/4 = 0.25" in s.words()
            assert "divided by 0" not in s.words()
            await s.press("f3", *"sin(π/2)", "enter")
            assert "radians" in s.text()
            assert "sin(π/2) = 1" in s.words()

    run(walk())


def test_a_basic_calculator_has_no_functions(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(forms.form(tools=("calculator",))) as s:
            await s.begin()
            await tool(s, "c", CalculatorPane)
            assert "[sin]" not in s.text()
            await s.press(*"2^3", "enter")
            assert "“^” is not known here." in s.words()

    run(walk())


# --- Words and texts -----------------------------------------------------------------


def text_form(forms: Any, tools: tuple[str, ...] = TOOLS) -> Any:
    """One question with terms, and an exhibit of several pages."""

    def card(support: str, language: str, words: str) -> Card:
        return Card(support, language, (forms.para(words),), "", ())

    catalogs = (
        Catalog(
            "cross",
            (
                card("glossary-on-screen", "", "Traces of one food in another."),
                card("keyword-translation", "fr", "contact croisé"),
                card("spoken", "", "not for the eye"),
            ),
        ),
        Catalog("said", (card("spoken", "", "only to be heard"),)),
    )
    body = (
        forms.para(
            "Where is ",
            rich.Term("cross", (rich.Text("cross-contact", rich.BOLD),)),
            " most likely? Think of ",
            rich.Term("said", (rich.Text("allergens", 0),)),
            ". Then choose.",
        ),
        rich.Slot("R"),
    )
    item = it.Item(
        "term",
        "A question with a term",
        "en",
        body,
        (it.Choice("R", (), forms.choices("Kitchen", "Cellar"), 0, 1),),
        ("plan",),
        catalogs,
    )
    form = forms.form({"term": item}, tools=tools)
    lines = [f"Line {n}: keep the cold room below 5 °C, and log it daily." for n in range(40)]
    lines[33] = "Here the Probe Thermo­meter was off by 2 °C; call Straße 7."
    plan = it.Exhibit("plan", "HACCP plan", tuple(map(forms.para, lines)), ())
    form.exhibits["plan"] = plan
    return form


def test_terms_are_marked_and_opened_as_the_form_allows(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(text_form(forms)) as s:
            await s.begin()
            assert "cross-contact* most" in s.words()
            assert "allergens." in s.words()  # nothing of it can be read
            await tool(s, "g", GlossaryPane)
            shown = s.words()
            assert "Meaning Traces of one food in another." in shown
            assert "Translation (fr) contact croisé" in shown
            assert "not for the eye" not in shown
        async with sit(text_form(forms, ("glossary",))) as s:
            await s.begin()
            await tool(s, "g", GlossaryPane)
            assert "Traces of one food" in s.words()
            assert "contact croisé" not in s.words()
        async with sit(text_form(forms, ())) as s:
            await s.begin()
            assert "cross-contact most" in s.words()
            await s.press("f6")
            assert "What a word means" not in s.words()

    run(walk())


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_words_are_found_in_the_exhibit(sit: Any, forms: Any, size: tuple[int, int]) -> None:
    async def walk() -> None:
        async with sit(text_form(forms), size=size) as s:
            await s.begin()
            await tool(s, "f", SearchPane)
            field = s.client.screen.query_one(Input)
            field.value = "THERMOMETER was off"
            await s.pilot.pause()
            await s.until(lambda: "1 of 1" in s.words())
            await s.until(lambda: "call Straße 7" in s.words(), "scrolled to")
            field.value = "log i"
            await s.press("end", "t")
            assert "1 of 39" in s.words()
            await s.press("up")
            assert "39 of 39" in s.words()
            await s.press("enter")
            assert "1 of 39" in s.words()
            await s.press("x")
            assert "does not stand in the exhibit" in s.words()
            await s.press("escape")
            sheet = s.client.screen.query_one(ExhibitSheet)
            assert not sheet.places

    run(walk())


lines_of_text = st.lists(st.text("aB ßİ温度", max_size=6), max_size=6)


@given(lines_of_text, st.text("aB ßİ温度", max_size=4))
def test_a_find_stands_where_it_says(lines: list[str], query: str) -> None:
    wanted = "".join(query.split()).lower()
    for place in places(lines, query):
        found = "".join(lines[y][first:end] for y, first, end in place)
        assert "".join(found.split()).lower() == wanted


@pytest.mark.parametrize(
    ("lines", "query", "wanted"),
    [
        (["  冷藏室的温", "  度是五度。"], "温度", [((0, 6, 7), (1, 2, 3))]),
        (["at 5\u00a0°C or below"], "5 °C", [((0, 3, 7),)]),
        (["the cold", "room"], "cold room", [((0, 4, 8), (1, 0, 4))]),
        (["the cold", "room"], "coldroom", []),
    ],
)
def test_a_find_goes_over_the_end_of_a_line(
    lines: list[str], query: str, wanted: list[object]
) -> None:
    assert places(lines, query) == wanted


def test_words_and_sentences_are_highlighted_and_taken_off(
    sit: Any, forms: Any, clock: Any
) -> None:
    async def walk() -> None:
        async with sit(text_form(forms), size=(120, 36)) as s:
            await s.begin()
            await tool(s, "h", HighlightPane)
            await s.press("right", "space", "right", "right", "space")
            await s.saved()
            assert workings(s).highlights == {"item/term": ((1, 3),)}
            await s.press("down", "down", "enter")
            await s.saved()
            assert workings(s).highlights == {"item/term": ((1, 3), (9, 10))}
            await s.press("up", "up", "right", "delete")
            await s.saved()
            assert workings(s).highlights == {"item/term": ((9, 10),)}
            await s.press("f4", "right", "enter")
            await s.saved()
            assert workings(s).highlights["exhibit/plan"] == ((0, 12),)
            await s.press("space", "escape")
            assert isinstance(s.client.screen, HighlightPane)  # only the beginning is taken back
            await s.press("escape")
            line = "Line 0: keep the cold room below 5 °C, and log"
            assert marked(s) == {"Then choose.", line, "it daily."}
            second = Client(s.client._socket, clock=clock)
            async with second.run_test(size=(120, 36)):
                s.client = second
                await s.stage(Stage.EXAM)
                await s.at("term")
                assert "Then choose." in marked(s)

    run(walk())


def test_a_tool_granted_in_the_middle_of_the_exam_is_there_at_once(sit: Any, forms: Any) -> None:
    tools = ("notes", "grant:calculator", "grant:glossary", "grant:strike-out")

    async def walk() -> None:
        async with sit(text_form(forms, tools)) as s:
            await s.begin()
            assert "cross-contact most" in s.words()
            assert "strikes out" not in s.text()
            s.agent.order(GrantTools(("calculator", "glossary", "strike-out")))
            told = "More tools are behind F6 now: Striking out, Calculator, Glossary."
            await s.until(lambda: told in s.words(), "told")
            await s.until(lambda: "cross-contact* most" in s.words(), "its terms are marked")
            await s.press("-")
            await s.saved()
            assert workings(s).struck == {("term", "R", "a")}
            await tool(s, "c", CalculatorPane)
            await s.press("escape")
            s.agent.order(GrantTools(("calculator",)))
            await s.until(lambda: "were taken back" in s.words(), "told")
            await s.until(lambda: "cross-contact most" in s.words(), "no terms any more")
            assert "✕" not in s.text()
            assert workings(s).struck  # in the record it stands

    run(walk())


def marked(sitting: Any) -> set[str]:
    """The words on the screen that are drawn as highlights."""
    colour = sitting.client.theme_variables["attention"].lower()
    found = set()
    for strip in sitting.client.screen._compositor.render_strips():
        run_ = [
            part.text
            for part in strip
            if part.style and part.style.bgcolor and part.style.bgcolor.name.lower() == colour
        ]
        if text := "".join(run_).strip():
            found.add(text)
    return found


def test_where_nothing_can_be_struck_out_it_is_said(sit: Any) -> None:
    async def walk() -> None:
        async with sit() as s:
            await s.begin()
            await s.client.exam.go("order")
            await s.at("order")
            await s.press("-")
            await s.until(lambda: "nothing can be struck out" in s.words())
            await s.client.exam.go("essay")
            await s.at("essay")
            await s.press("-")
            s.clock.turn(2)
            s.client._tick()
            await s.saved()
            assert s.responses("essay") == {"R": ("-",)}

    asyncio.run(walk())
