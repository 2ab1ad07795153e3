"""The pages about outcomes, readiness, papers and sittings in real Chromium, with axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chromium import chromium_running, needs_chromium, no_hindrance, sync_api

from .conftest import PASSWORD, Hall, Site, Station, run_cli

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with chromium_running() as browser:
        yield browser


@pytest.fixture
def open_page(hall: Hall, chromium: Any) -> Iterator[Callable[..., Any]]:
    contexts: list[Any] = []

    def make(name: str, path: str) -> Any:
        context = chromium.new_context(
            ignore_https_errors=True, locale="en-GB", viewport={"width": 800, "height": 1280}
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(hall.console_url + "/sign-in")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/board")
        page.goto(hall.console_url + path)
        return page

    yield make
    for context in contexts:
        context.close()


def done(page: Any, words: str) -> None:
    sync_api.expect(page.locator("#result")).to_contain_text(words)


def test_a_sheet_papers_and_outcomes_by_their_forms(
    hall: Hall, site: Site, station: Callable[..., Station], open_page: Callable[..., Any]
) -> None:
    page = open_page("chief", "/readiness")
    sync_api.expect(page.get_by_role("heading", name="Readiness", exact=True)).to_be_visible()
    page.select_option("#point-1", "standby")
    page.fill("#why-1", "A second machine stands ready.")
    page.get_by_role("button", name="Waive it as chief").click()
    done(page, "is waived by chief")
    page.reload()
    sync_api.expect(page.locator("tbody")).to_contain_text("Waived by chief")
    no_hindrance(page)

    page.goto(hall.console_url + "/papers")
    no_hindrance(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Everything in one file").click()
    assert download.value.suggested_filename == "sitting-1.zip"
    page.fill("#words", "Fire bell, two minutes.")
    page.fill("#paper", "evacuation roll")
    page.fill("#writer", "P. Rocha")
    page.get_by_role("button", name="Write it down").click()
    done(page, "marked transcribed")
    page.reload()
    sync_api.expect(page.locator("main")).to_contain_text("transcribed by chief")

    seat = station("s1").begin("code-0000")
    seat.tick()
    with hall.desk("invigilator") as desk:
        desk.act("suspect", candidate="c-0", statement="Spoke.", reason="candidate.conduct")
    page.goto(hall.console_url + "/outcomes")
    no_hindrance(page)
    sync_api.expect(page.get_by_role("link", name="Suspected misconduct")).to_be_visible()
    page.select_option("#candidate", "c-1")
    page.select_option("#outcome", "withdrawn")
    page.get_by_role("button", name="Close the line").click()
    done(page, "Withdrawn")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Absent: all who did not come").click()
    done(page, "Absent: c-2")

    page.goto(hall.console_url + "/replace")
    no_hindrance(page)
    page.get_by_role("button", name="Let this exam go on at a spare").click()
    done(page, "No spare station is ready")

    seat.client.hand_in(seat.manifest())
    page.goto(hall.console_url + "/sittings")
    no_hindrance(page)
    page.locator("summary").click()
    page.get_by_role("button", name="Close the sitting").click()
    done(page, "The sitting is closed")
    page.goto(hall.console_url + "/papers")
    page.get_by_role("button", name="Sign the report as chief").click()
    done(page, "A second person signs")
    no_hindrance(page)


def test_an_observer_sees_and_can_do_nothing(
    hall: Hall, site: Site, open_page: Callable[..., Any]
) -> None:
    for path in ("/readiness", "/papers", "/outcomes", "/sittings", "/replace"):
        page = open_page("observer", path)
        assert page.locator("main form, main button").count() == 0
        no_hindrance(page)
    page.goto(hall.console_url + "/papers/1/register.pdf")
    assert "observer" in page.content()


def test_two_sittings_on_one_page(
    hall: Hall, site: Site, open_page: Callable[..., Any], station: Callable[..., Station]
) -> None:
    station("s1")
    home = hall.home.directory
    for place in range(2):
        other = site.another(f"Exam {place}", f"2026-11-23/{place}")
        roster = home / f"roster-{place}.csv"
        roster.write_text(f"candidate,name,code,extra_minutes\nn-{place},Name,codes-{place},0\n")
        rules = home / "rules.toml"
        rules.write_text('confirm = true\nlanguage = "English"\n')
        run_cli(
            "sitting", home, "--package", other.package, "--grant", other.grant,
            "--roster", roster, "--title", f"Sitting {place}", "--rules", rules,
        )  # fmt: skip
    page = open_page("invigilator", "/sittings")
    page.get_by_role("button", name="Yes, this is the exam").first.click()
    done(page, "Confirmed")
    page.reload()
    sync_api.expect(page.locator("main")).to_contain_text("1 of 2 have confirmed: invigilator")
    page.select_option("#sitting", label="Sitting 1")
    page.get_by_role("button", name="Keep it").click()
    done(page, "is kept for Sitting 1")
    no_hindrance(page)
    page.goto(hall.console_url + "/release")
    no_hindrance(page)
