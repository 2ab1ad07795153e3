"""The desk in real Chromium, by keyboard alone, with axe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium_running, needs_chromium, no_hindrance, sync_api
from review_process import serving
from reviewed import Reviewed

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with chromium_running() as browser:
        yield browser


@pytest.fixture
def page(desk: Reviewed, chromium: Any, tmp_path: Path) -> Iterator[Any]:
    with serving(desk, "--out", tmp_path / "out", keys=desk.keys) as address:
        context = chromium.new_context(locale="en-GB", viewport={"width": 900, "height": 1000})
        page = context.new_page()
        page.set_default_timeout(30_000)
        problems: list[str] = []
        page.on("pageerror", lambda problem: problems.append(str(problem)))
        page.goto(address)
        yield page
        assert not problems
        context.close()


def no_hindrance_in_any_light(page: Any) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        no_hindrance(page)


def focused(page: Any, locator: Any) -> None:
    """Reach *locator* with the tabulator."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if locator.evaluate("each => each === document.activeElement"):
            return
    pytest.fail("the tabulator does not come there")


def opened(page: Any, name: str, within: Any) -> None:
    focused(page, within.locator("summary", has_text=name).first)
    page.keyboard.press("Enter")


def test_judged_and_held_by_keyboard(page: Any, desk: Reviewed) -> None:
    expect = sync_api.expect
    expect(page.get_by_text("This record verifies.")).to_be_visible()
    expect(page.get_by_role("img", name="Time ledger")).to_be_visible()
    opened(page, "Hold these pictures back", page.locator("#keeping"))
    focused(page, page.locator("#hold-reason"))
    page.keyboard.type("file 17")
    page.keyboard.press("Tab")
    page.keyboard.type("Ana")
    page.keyboard.press("Enter")
    expect(page.locator("#keeping")).to_contain_text("held by entry 1 of the register")

    incident = page.locator("article").first
    opened(page, "Judge this", incident)
    focused(page, incident.locator("[name=ruling]").first)
    page.keyboard.press("ArrowDown")
    focused(page, incident.locator("[name=reason]"))
    page.keyboard.type("The network")
    focused(page, incident.locator("[name=comment]"))
    page.keyboard.type("The switch had failed.")
    focused(page, incident.locator("[name=reviewer]"))
    page.keyboard.type("Sven")
    focused(page, incident.locator("button[type=submit]"))
    page.keyboard.press("Enter")
    expect(incident).to_contain_text("Judgement 1 is signed by Sven")
    expect(incident.locator(".result.good")).to_be_focused()
    expect(incident.locator(".judgements")).to_contain_text("Unfounded: The network failed")
    for each in page.locator("details").all():
        each.evaluate("each => each.open = true")
    no_hindrance_in_any_light(page)
    (judged,) = desk.open().review().read(desk.body.trust()).judgements
    assert (judged.judgement.word, judged.reviewer.name) == ("unfounded", "Sven")

    second = page.locator("article").nth(1)
    second.locator("[name=ruling]").first.check()
    second.locator("[name=reason]").select_option("other")
    second.locator("[name=reviewer]").select_option("Rosa")
    second.get_by_role("button", name="Sign and append").click()
    expect(second.locator(".problem")).to_contain_text("needs a comment")
    expect(second.locator("[name=reason]")).to_have_value("other")  # the form is as it was


def test_pictures_by_arrow_keys_covered_and_handed_on(page: Any, tmp_path: Path) -> None:
    expect = sync_api.expect
    focused(page, page.locator(".pictures a").first)
    page.keyboard.press("Enter")
    page.wait_for_url("**/picture/1")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/picture/2")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/picture/1")
    assert page.locator("#picture").evaluate("each => each.naturalWidth") == 640

    box = page.locator("#stage canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.39, box["y"] + box["height"] * 0.19)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.61, box["y"] + box["height"] * 0.61)
    page.mouse.up()
    x, y, width, height = (int(each) for each in page.input_value("#regions").split())
    assert abs(x - 390) < 5
    assert abs(y - 190) < 5
    assert abs(width - 220) < 8
    assert abs(height - 420) < 8
    page.select_option("#why", "candidate")
    page.get_by_role("button", name="Keep this choice").click()
    expect(page.locator("#result")).to_contain_text("regions covered: 1")
    no_hindrance_in_any_light(page)

    page.get_by_role("link", name="Case file").click()
    page.fill("#title", "File 17")
    page.locator("[data-none=kind-turn]").click()
    assert page.locator("#kind-turn input:checked").count() == 0
    no_hindrance_in_any_light(page)
    page.get_by_role("button", name="Write the case file").click()
    expect(page.locator("#result")).to_contain_text("The case file is written")
    page.goto((tmp_path / "out" / "case-001" / "case.html").as_uri())
    expect(page.locator("figure img")).to_be_visible()
    assert page.locator("figure img").evaluate("each => each.naturalWidth") == 640
    no_hindrance_in_any_light(page)
