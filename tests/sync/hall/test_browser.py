"""The console in real Chromium: every act by its form, the keyboard alone, axe on every page."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium_running, needs_chromium, no_hindrance
from playwright.sync_api import Browser, Page, expect

from exam_packages.attempt.commands import (
    Accommodate,
    AddTime,
    Admit,
    AskLive,
    Attend,
    Correct,
    Evacuate,
    GrantTools,
    Pause,
    Replace,
    Resume,
    Return,
    Say,
    Spare,
    Stop,
)
from exam_packages.attempt.events import RESTART
from exam_packages.clock import SECOND
from exam_packages.content.proctoring import NO_FACE
from exam_packages.sealing.correction import Correction, sign_correction
from exam_packages.sealing.trust import PACKAGER
from sync.hall import arrived_corrections
from sync.hall.home import HallHome
from sync.hall.schema import open_store
from sync.messages import Glimpse

from .conftest import CLOCK, PASSWORD, Hall, Site, Station
from .test_glimpses import jpeg

pytestmark = needs_chromium

TABLET = {"width": 800, "height": 1280}
"""A tablet of ten inches, held upright."""
WIDE = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with chromium_running() as browser:
        yield browser


@pytest.fixture(scope="module")
def fresh(site: Site) -> HallHome:
    """A hall that was never started, to be copied."""
    return site.hall("browsed", 6)


class Console:
    """A hall of its own, with people at its console and stations in its room."""

    def __init__(self, hall: Hall, chromium: Browser, make: Callable[..., Station]) -> None:
        self.hall = hall
        self._chromium = chromium
        self._make = make
        self._contexts: list[Any] = []

    def sit(self, count: int) -> list[Station]:
        seats = [self._make(f"b{n}", self.hall).begin(f"code-{n:04}") for n in range(count)]
        for seat in seats:
            seat.tick()
        return seats

    def open(self, name: str = "chief", path: str = "/board", **options: Any) -> Page:
        """A browser of its own in which *name* signed in."""
        options = {"viewport": WIDE, "locale": "en-GB", **options}
        context = self._chromium.new_context(ignore_https_errors=True, **options)
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(self.hall.console_url + "/sign-in")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/board")
        if path != "/board":
            page.goto(self.hall.console_url + path)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def console(
    fresh: HallHome, chromium: Browser, station: Callable[..., Station], tmp_path: Path
) -> Iterator[Console]:
    home = tmp_path / "hall"
    shutil.copytree(fresh.directory, home)
    hall = Hall(HallHome.load(home))
    hall.start()
    console = Console(hall, chromium, station)
    yield console
    console.close()
    hall.stop()


def done(page: Page, words: str) -> None:
    """The act was done, and the live region says so."""
    expect(page.locator("#result")).to_contain_text(words, timeout=15_000)


def act(page: Page, name: str, **fields: str | bool) -> None:
    """Fill the form of one act on a seat's page and send it, by the keyboard."""
    form = page.locator(f'form[hx-post="/act/{name}"]')
    page.locator(f"#act-{name} summary").press("Enter")
    for field, value in fields.items():
        control = form.locator(f"[name={field}]")
        if isinstance(value, bool):
            control.press("Space")
        elif control.evaluate("each => each.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    form.locator("button[type=submit]").press("Enter")


def orders(seat: Station, **said: Any) -> list[Any]:
    return [command.order for command, _ in seat.tick(**said).commands]


def test_every_act_on_one_seat(console: Console) -> None:
    one, two = console.sit(2)
    page = console.open(path="/seat/1")
    opened = "each => each.forEach(one => { one.name = ''; one.open = true; })"
    page.locator("details.act").evaluate_all(opened)
    no_hindrance(page)
    page.reload()
    act(page, "admit")
    done(page, "Admitted c-0.")
    act(page, "say", text="Hello there")
    done(page, "Message on its way to c-0.")
    act(page, "attend", text="I come.")
    done(page, "Answered c-0.")
    act(page, "pause", reason="candidate.ill", comment="Feels faint")
    done(page, "Pausing c-0.")
    act(page, "resume")
    done(page, "Resuming c-0.")
    act(page, "add-time", minutes="4")
    done(page, "Adding 4 minutes for c-0.")
    act(page, "replace", device="keyboard", minutes="10")
    done(page, "watched by people")
    act(page, "accommodate", language="fr", theme="contrast-light", aloud=True)
    done(page, "Changing how the screen is read")
    act(page, "grant-tools", **{"tool-calculator": True, "tool-glossary": True})
    done(page, "Granting Calculator, Glossary to c-0")
    act(page, "report", question="3", remark="The table is cut off.")
    done(page, "question 3 is signed")
    act(page, "suspect", statement="Notes in the sleeve.")
    done(page, "its result is held")
    act(page, "allow-restart")
    done(page, "May go on: c-0.")
    given = orders(one)
    assert [type(order) for order in given] == [
        Admit, Say, Attend, Pause, Resume, AddTime, Replace, Accommodate,
        GrantTools,
    ]  # fmt: skip
    # The history beside it was read anew, with role, reason and comment.
    expect(page.locator("#facts")).to_contain_text("Feels faint")
    expect(page.locator("#facts")).to_contain_text("4 minutes were given.")
    expect(page.locator("#facts")).to_contain_text("Suspicion")
    page.goto(console.hall.console_url + "/seat/2")
    act(page, "admit-provisionally", statement="The picture is another's.")
    done(page, "Admitted provisionally")
    assert orders(two) == [Admit(0)]


def test_pictures_of_the_room_at_a_tablet_and_in_the_dark(console: Console) -> None:
    one, two, three = console.sit(3)
    for seat, signals in ((one, ()), (two, (NO_FACE, "of-another-version"))):
        assert seat.seat is not None
        seat.client.glimpse(Glimpse(seat.seat.blind_id, jpeg(), signals))
    two.tick(phase="running", incidents=("No face is to be seen in the camera’s picture.",))
    three.tick(phase="running")
    page = console.open(path="/gallery", viewport=TABLET, color_scheme="dark")
    figures = page.locator("#glimpse-2 figure")
    expect(figures).to_have_count(1)
    expect(figures.first).to_contain_text("No face is to be seen")
    expect(page.locator("#glimpse-3")).to_contain_text("No picture")
    loaded = "each => each.complete && each.naturalWidth === 160"
    for image in page.locator("img").all():
        page.wait_for_function(loaded, arg=image.element_handle())
    no_hindrance(page)
    page.goto(console.hall.console_url + "/seat/2")
    expect(page.locator("#glimpse-2 img")).to_have_count(1)
    no_hindrance(page)
    act(page, "spare", **{f"spare-{NO_FACE}": True})
    done(page, "Left out for c-1: no face is to be seen.")
    act(page, "ask-live")
    done(page, "Asked of c-1: “Please")
    page.reload()
    box = page.locator(f"[name=spare-{NO_FACE}]")
    expect(box).to_be_checked()
    act(page, "spare", **{f"spare-{NO_FACE}": True})
    done(page, "All signals of the camera are used again for c-1.")
    given = orders(two)
    assert given[0] == Spare((NO_FACE,))
    assert isinstance(given[1], AskLive)
    assert given[2] == Spare(())
    watcher = console.open("observer", "/seat/2")
    expect(watcher.locator("img")).to_have_count(0)
    expect(watcher.locator('a[href="/gallery"]')).to_have_count(0)


def test_a_correction_that_came_is_handed_on_at_the_faulty_questions(
    console: Console, site: Site
) -> None:
    (one,) = console.sit(1)
    said = Correction(site.package_hash, "q7", "Read 5 °C for 50 °C.", CLOCK.wall_ns() // SECOND)
    signed = sign_correction(said, [site.body.signing_key(PACKAGER)])
    store = open_store(console.hall.home.directory)
    try:
        store.write(
            lambda connection: arrived_corrections.keep(
                connection, signed, site.body.trust(), CLOCK.wall_ns()
            )
        )
    finally:
        store.close()
    page = console.open()
    page.get_by_text("waits to be handed on").press("Enter")
    page.wait_for_url("**/faults")
    no_hindrance(page)
    act(console.open("invigilator", "/seat/1"), "admit")
    page.locator('form[hx-post="/act/correct-arrived"] button').press("Enter")
    done(page, "The correction of “q7” is on its way")
    assert Correct(signed) in orders(one)


def test_a_power_cut_is_over_in_one_act_of_two_people(console: Console) -> None:
    (one,) = console.sit(1)
    with pytest.raises(Exception, match="must allow it"):
        one.restart(RESTART, boot=b"\x07" * 16)
    for who, words in (("invigilator", "A second person"), ("chief", "May go on: c-0.")):
        page = console.open(who)
        page.locator('button[hx-get="/touches/power-cut"]').press("Enter")
        expect(page.locator("#touches")).to_contain_text("Touches 1 exam: c-0")
        page.fill("#settle", "5")
        no_hindrance(page)
        page.locator("#touches button[type=submit]").press("Enter")
        done(page, words)
    one.restart(RESTART)
    assert orders(one) == [AddTime(300), Resume()]


@pytest.mark.parametrize(
    "name",
    [
        "refuse",
        pytest.param("stop", marks=pytest.mark.slow),
        pytest.param("do-not-count", marks=pytest.mark.slow),
    ],
)
def test_what_is_grave_takes_two_people_at_two_browsers(console: Console, name: str) -> None:
    (one,) = console.sit(1)
    for who, words in (("invigilator", "A second person"), ("chief", "")):
        page = console.open(who, "/seat/1")
        act(page, name)
        done(page, words or "Done.")
    assert orders(one) == [Stop()]


@pytest.mark.slow
def test_a_refused_act_says_why_where_acts_are_answered(console: Console) -> None:
    console.sit(1)
    spare = console._make("b5", console.hall)
    spare.tick()
    page = console.open("invigilator", "/seat/1")
    act(page, "move", station="b5")
    done(page, "Not done. The station “b5” is not ready for this sitting yet")


def test_acts_on_everyone_say_whom_they_touch_and_can_be_undone(console: Console) -> None:
    one, two = console.sit(2)
    page = console.open()

    def everyone(name: str, **fields: str) -> None:
        page.locator(f'button[hx-get="/touches/{name}"]').press("Enter")
        form = page.locator(f'#touches form[hx-post="/act/{name}"]')
        expect(form.locator("h3")).to_be_focused()
        expect(form).to_contain_text("Touches")
        for field, value in fields.items():
            form.locator(f"[name={field}]").fill(value)
        no_hindrance(page)
        form.locator("button[type=submit]").press("Enter")

    everyone("admit")
    done(page, "Admitted 2 candidates.")
    everyone("pause")
    done(page, "Pausing 2 candidates.")
    expect(page.locator("#touches")).to_be_empty()
    page.locator("#deeds button").first.press("Enter")
    done(page, "Undone for 2 candidates.")
    everyone("add-time", minutes="3")
    done(page, "Adding 3 minutes for 2 candidates.")
    everyone("say", text="Five more minutes of quiet, please.")
    done(page, "Message on its way to 2 candidates.")
    everyone("resume")
    done(page, "Resuming 2 candidates.")
    everyone("allow-restart")
    done(page, "Nobody waits to go on.")
    everyone("stop")
    done(page, "A second person")
    page.locator('button[hx-get="/touches/stop"]').press("Enter")
    page.locator("[data-clear]").press("Enter")
    expect(page.locator("#touches")).to_be_empty()
    assert [type(order) for order in orders(one)] == [
        Admit, Pause, Resume, AddTime, Say, Resume,
    ]  # fmt: skip
    two.tick()


def test_an_evacuation_and_its_roll_call(console: Console) -> None:
    one, two = console.sit(2)
    chief, other = console.open("chief"), console.open("invigilator")
    other.locator('button[hx-get="/touches/evacuate"]').press("Enter")
    other.locator("#ago").select_option("60")
    no_hindrance(other)
    other.locator("#touches button[type=submit]").press("Enter")
    for page in (chief, other):  # both consoles are locked to the roll-call by themselves
        page.wait_for_url("**/roll-call", timeout=15_000)
        no_hindrance(page)
    chief.goto(console.hall.console_url + "/board")
    chief.wait_for_url("**/roll-call")
    assert isinstance(orders(one)[0], Evacuate)
    orders(two)
    chief.locator("#present-1").press("Enter")
    done(chief, "c-0 is present.")
    expect(chief.locator("tr.done")).to_contain_text("c-0")
    chief.locator("#missing-2").press("Enter")
    done(chief, "c-1 is missing.")
    chief.get_by_role("button", name="End the evacuation").press("Enter")
    done(chief, "A second person")
    no_hindrance(chief)
    other.reload()
    other.get_by_role("button", name="End the evacuation").press("Enter")
    other.wait_for_url("**/board", timeout=15_000)
    assert orders(one) == [Return(), Resume()]
    assert orders(two) == [Return()]


def test_a_case_from_the_statement_to_its_settling(console: Console) -> None:
    console.sit(1)
    page = console.open(path="/seat/1")
    act(page, "suspect", statement="A note under the keyboard.")
    done(page, "Written down.")
    page.goto(console.hall.console_url + "/cases")
    no_hindrance(page)
    page.get_by_role("link", name="Suspicion").press("Enter")
    page.fill("#reply", "It is my timetable.")
    no_hindrance(page)
    page.get_by_role("button", name="Write it down").press("Enter")
    done(page, "reply is written down")
    page.select_option("#result-of", "score")
    page.fill("#verdict", "A timetable indeed.")
    page.get_by_role("button", name="Settle it").press("Enter")
    done(page, "settled")
    page.reload()
    expect(page.locator("dl.facts")).to_contain_text("It is my timetable.")
    no_hindrance(page)


def test_the_plan_of_the_room_and_the_faulty_questions(console: Console) -> None:
    (one,) = console.sit(1)
    one.tick(reports=(2,))
    page = console.open("invigilator", "/plan")
    page.fill("#columns", "3")
    no_hindrance(page)
    page.get_by_role("button", name="Seat them").press("Enter")
    done(page, "6 candidates have a place.")
    page.reload()
    expect(page.locator("#place-1")).to_contain_text("Waits to be admitted")
    no_hindrance(page)
    page.goto(console.hall.console_url + "/faults")
    expect(page.locator("tbody th")).to_have_text("2")
    no_hindrance(page)


def test_a_hand_is_announced_waits_and_leads_to_its_answer(console: Console) -> None:
    (one,) = console.sit(1)
    page = console.open("invigilator")
    page.wait_for_selector("body[data-updated]")
    one.tick(calling=True)
    expect(page.locator("#news")).to_contain_text("Seat 1 raises a hand.", timeout=15_000)
    page.locator("#hand-1").press("Enter")
    expect(page.locator("#attend-text")).to_be_focused()
    no_hindrance(page)


def test_the_focus_and_what_is_typed_stay_while_rows_change(console: Console) -> None:
    one, two = console.sit(2)
    page = console.open()
    page.wait_for_selector("body[data-updated]")
    page.focus("#open-1")
    two.tick(calling=True)  # another order of the rows
    one.tick(phase="running", answered=3)
    expect(page.locator("#seat-1")).to_contain_text("3 of 24", timeout=15_000)
    expect(page.locator("#open-1")).to_be_focused()
    page.fill("#search", "c-1")
    one.tick(phase="running", answered=4)
    expect(page.locator("#seat-1")).to_contain_text("4 of 24", timeout=15_000)
    expect(page.locator("#seat-1")).to_be_hidden()
    expect(page.locator("#seat-2")).to_be_visible()
    expect(page.locator("[data-shown]")).to_have_text("1 of 6 shown")
    page.fill("#search", "")
    page.select_option("#show", "alarm lost waits")
    expect(page.locator("#seat-3")).to_be_hidden()
    assert page.locator("[role=status]").count() == 1


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [
        pytest.param("dark", TABLET, id="dark-tablet"),
        pytest.param("light", TABLET, id="light-tablet", marks=pytest.mark.slow),
        pytest.param("dark", WIDE, id="dark-wide", marks=pytest.mark.slow),
        pytest.param("light", WIDE, id="light-wide", marks=pytest.mark.slow),
    ],
)
def test_every_page_reads_well(console: Console, scheme: str, viewport: dict[str, int]) -> None:
    one, two, three = console.sit(3)
    page = console.open(color_scheme=scheme, viewport=viewport)
    with console.hall.desk() as desk:
        desk.act("admit", candidate="c-0", reason="routine.identity")
        desk.act("seating", columns="3")
    one.tick(phase="running", answered=5, left_ms=200_000, running=True, calling=True)
    two.tick(phase="waiting")
    three.tick(phase="paused", left_ms=900_000)
    for path in ("/board", "/plan", "/seat/1", "/faults", "/cases", "/log", "/release"):
        page.goto(console.hall.console_url + path)
        no_hindrance(page)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} is wider than the screen"


def test_the_language_is_the_browsers_or_the_one_chosen(console: Console) -> None:
    page = console.open(locale="fr-FR")
    assert page.locator("html").get_attribute("lang") == "fr"
    page.select_option("#language", "zh_CN")
    page.locator(".language button").press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    page.goto(console.hall.console_url + "/log")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.select_option("#language", "en")
    page.locator(".language button").press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.slow
def test_who_may_not_act_sees_no_form(console: Console) -> None:
    console.sit(1)
    page = console.open("observer", "/seat/1")
    assert page.locator("details.act").count() == 0
    no_hindrance(page)
    page.goto(console.hall.console_url + "/board")
    assert page.locator("button[hx-get]").count() == 0
