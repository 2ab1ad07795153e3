"""The page of halls and copies in real Chromium, with axe: every act on it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium_running, needs_chromium, no_hindrance, sync_api

from exam_packages.clock import SECOND
from exam_packages.sealing.mandate import Mandate, sign_mandate
from exam_packages.sealing.suite import SigningKey
from provisioning import chiefs
from sync.hall.home import HallHome

from .conftest import CLOCK, PASSWORD, Hall, Site, Station

pytestmark = needs_chromium


@pytest.fixture
def hall(site: Site, tmp_path: Path) -> Iterator[Hall]:
    """A hall with a stick plugged in."""
    home = site.hall(f"hall-{tmp_path.name[-20:]}", 3)
    (tmp_path / "media" / "STICK").mkdir(parents=True)
    with home.settings_path.open("a") as settings:
        settings.write(f'media = ["{tmp_path}/media"]\n')
    running = Hall(HallHome.load(home.directory))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def page(hall: Hall) -> Iterator[Any]:
    with chromium_running() as browser:
        context = browser.new_context(
            ignore_https_errors=True, locale="en-GB", viewport={"width": 800, "height": 1280}
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(hall.console_url + "/sign-in")
        page.fill("#name", "chief")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/board")
        yield page


def test_taking_in_a_stick_and_an_act_of_command(
    hall: Hall, site: Site, station: Callable[..., Station], page: Any, tmp_path: Path
) -> None:
    seat, lost = station("s1", hall), station("s2", hall)
    seat.begin("code-0001").tick()
    seat.client.hand_in(seat.manifest())
    lost.client.claim(secrets.token_bytes(16), "c-2")
    expect = sync_api.expect
    page.goto(hall.console_url + "/board")
    no_hindrance(page)
    page.get_by_role("link", name="1 exam waits at a station").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Halls and copies")
    expect(page.get_by_text("This hall is in command; there is no other one.")).to_be_visible()
    expect(page.get_by_role("row", name="c-1")).to_contain_text("Safe in the hall")
    page.get_by_text("Bring an act of command").click()
    no_hindrance(page)
    result = page.locator("#result")
    page.get_by_role("button", name="Take in c-2").press("Enter")
    expect(result).to_contain_text("Taken in from their stations: c-2")
    page.get_by_role("button", name="Write the exams").press("Enter")
    expect(result).to_contain_text("1 exams and 0 pictures are on STICK")
    assert list((tmp_path / "media" / "STICK").rglob("manifest*"))
    page.get_by_role("button", name="Take the receipts").press("Enter")
    expect(result).to_contain_text("0 receipts taken")
    page.reload()
    expect(page.get_by_role("row", name="c-1")).to_contain_text("Written to a stick")
    expect(page.get_by_text("Exams that wait to be taken in")).to_have_count(0)

    chief = SigningKey.generate(pair=False)
    request = chiefs.request_chief(chief, "Ana Chief", "C1")
    now_s = CLOCK.wall_ns() // SECOND
    _, record = chiefs.name_chief(site.body, request, now_s)
    own = hall.home.enrolment().key_id
    act = Mandate("C1", 1, own, record, "technical.hall", "", now_s)
    for name, data in (("forged", b"nothing"), ("signed", sign_mandate(act, chief))):
        (tmp_path / name).write_bytes(data)
        details = page.get_by_text("Bring an act of command")
        if not page.locator("#mandate").is_visible():
            details.click()
        page.set_input_files("#mandate", tmp_path / name)
        page.get_by_role("button", name="Bring it").press("Enter")
        if name == "forged":
            expect(result.locator(".bad")).to_be_visible()
        else:
            expect(result).to_contain_text("This hall commands now")


def test_a_stick_is_one_that_is_plugged_in(hall: Hall, page: Any) -> None:
    page.goto(hall.console_url + "/halls")
    option = page.locator("#medium option")
    option.evaluate("each => each.value = '/etc'")
    page.get_by_role("button", name="Write the exams").press("Enter")
    sync_api.expect(page.locator("#result")).to_contain_text("No such stick is plugged")
    page.goto(hall.console_url + "/faults")
    no_hindrance(page)
    sync_api.expect(page.locator("#correction")).to_be_visible()
