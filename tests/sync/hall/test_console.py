"""The browser's listener: who may do what, and what a page may be made to do."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from sync.hall.desk import Desk, DeskError
from sync.web.pages import HEADERS
from sync.web.sessions import COOKIE, CSRF_HEADER

from .conftest import PASSWORD, Hall, run_cli


@pytest.fixture
def browser(hall: Hall) -> Iterator[httpx.Client]:
    tls = ssl.create_default_context(cafile=str(hall.home.tls_ca))
    with httpx.Client(base_url=hall.console_url, verify=tls, trust_env=False) as http:
        yield http


def sign_in(browser: httpx.Client, hall: Hall, name: str = "chief") -> str:
    """Sign in as a browser does; the token that the pages carry."""
    response = browser.post(
        "/sign-in",
        data={"name": name, "password": PASSWORD},
        headers={"Origin": hall.console_url},
    )
    assert response.status_code == 303, response.text
    page = browser.get("/board").text
    found = re.search(r'"X-CSRF-Token":"([^"]+)"', page)
    assert found
    return found[1]


PAGES = [
    "/board",
    "/board/events",
    "/plan",
    "/seat/1",
    "/seat/1/log",
    "/faults",
    "/cases",
    "/log",
    "/release",
    "/outcomes",
    "/readiness",
    "/papers",
    "/sittings",
    "/replace",
    "/halls",
    "/touches/evacuate",
]
CLOSED = [
    *PAGES,
    "/case/1",
    "/faults/1",
    "/papers/1/everything.zip",
    "/papers/1/register.pdf",
    "/roll-call",
    "/roll-call/part",
]


@pytest.mark.parametrize("path", CLOSED)
def test_no_page_shows_anything_to_someone_not_signed_in(browser: httpx.Client, path: str) -> None:
    response = browser.get(path)
    assert (response.status_code, response.headers["location"]) == (303, "/sign-in")
    assert "Candidate" not in response.text
    refused = browser.get(path, headers={"Accept": "application/json"})
    assert refused.status_code == 401


@pytest.mark.parametrize("path", ["/sign-in", "/board", "/nowhere", "/static/style.css"])
def test_every_response_is_hardened(browser: httpx.Client, path: str) -> None:
    response = browser.get(path)
    for name, value in HEADERS.items():
        assert response.headers[name] == value


@pytest.mark.parametrize("path", [path for path in PAGES if "events" not in path])
def test_pages_hold_nothing_inline_and_nothing_from_elsewhere(
    browser: httpx.Client, hall: Hall, path: str
) -> None:
    sign_in(browser, hall)
    page = browser.get(path)
    assert page.status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=\"/static/)|<style|\sstyle=|\son\w+=", page.text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page.text)


def test_the_cookie_is_for_this_site_and_no_script(browser: httpx.Client, hall: Hall) -> None:
    response = browser.post(
        "/sign-in",
        data={"name": "chief", "password": PASSWORD},
        headers={"Origin": hall.console_url},
    )
    cookie = response.headers["set-cookie"].lower()
    assert cookie.startswith(COOKIE.lower())
    for attribute in ("httponly", "secure", "samesite=strict", "path=/"):
        assert attribute in cookie
    assert "domain" not in cookie


def act(browser: httpx.Client, hall: Hall, **headers: str) -> httpx.Response:
    return browser.post(
        "/act/pause",
        data={"all": "1", "reason": "hall.noise"},
        headers={"Origin": hall.console_url, "HX-Request": "true", **headers},
    )


def test_an_act_needs_the_session_its_token_and_its_own_origin(
    browser: httpx.Client, hall: Hall
) -> None:
    assert act(browser, hall).status_code == 401
    token = sign_in(browser, hall)
    assert act(browser, hall).status_code == 403
    assert act(browser, hall, **{CSRF_HEADER: token[:-1] + "x"}).status_code == 403
    for origin in ("https://evil.example", "null", ""):
        assert act(browser, hall, **{CSRF_HEADER: token, "Origin": origin}).status_code == 403
    done = act(browser, hall, **{CSRF_HEADER: token})
    assert (done.status_code, "No exam is open" in done.text) == (200, True)


def test_signing_in_from_another_site_is_refused(browser: httpx.Client) -> None:
    response = browser.post(
        "/sign-in",
        data={"name": "chief", "password": PASSWORD},
        headers={"Origin": "https://evil.example"},
    )
    assert response.status_code == 403
    assert "set-cookie" not in response.headers


def test_signing_out_ends_the_session(browser: httpx.Client, hall: Hall) -> None:
    token = sign_in(browser, hall)
    kept = dict(browser.cookies)
    left = browser.post("/sign-out", headers={"Origin": hall.console_url, CSRF_HEADER: token})
    assert left.headers["hx-redirect"] == "/sign-in"
    browser.cookies.update(kept)  # a copy of the cookie is worth nothing any more
    assert browser.get("/board").status_code == 303


def test_an_observer_looks_on(browser: httpx.Client, hall: Hall) -> None:
    sign_in(browser, hall, "observer")
    assert '<button type="button" hx-post="/act' not in browser.get("/seat/1").text
    with hall.desk("observer") as desk:
        for name in ("admit", "pause", "resume", "stop", "allow-break", "allow-restart"):
            with pytest.raises(DeskError, match="observer"):
                desk.act(name, all="1", reason="routine.start")
        with pytest.raises(DeskError, match="observer"):
            desk.act("say", all="1", text="x", reason="routine.start")


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("admit", {"reason": "routine.start"}, "Say which candidate"),
        ("admit", {"candidate": "nobody", "reason": "routine.start"}, "no candidate nobody"),
        ("admit", {"candidate": "c-1", "reason": "routine.start"}, "no exam open"),
        ("pause", {"all": "1", "reason": "made-up"}, "one of the reasons"),
        ("pause", {"all": "1", "reason": "other"}, "needs a comment"),
        ("pause", {"all": "1", "reason": "other", "comment": "x" * 501}, "500"),
        ("add-time", {"all": "1", "reason": "other", "minutes": "soon"}, "whole number"),
        ("add-time", {"all": "1", "reason": "hall.late", "minutes": "100000"}, "1 to 240"),
        ("add-time", {"all": "1", "reason": "hall.late", "minutes": "0"}, "1 to 240"),
        ("add-time", {"all": "1", "reason": "hall.late", "minutes": "0000300"}, "1 to 240"),
        ("undo", {"reason": "staff.mistake", "deed": "9" * 30}, "Say what to undo"),
        ("seating", {"columns": "²"}, "not a whole number"),
        ("seating", {"reason": "routine.start"}, "how many places"),
        ("say", {"all": "1", "reason": "hall.late", "text": ""}, "1 to 500"),
        ("say", {"all": "1", "reason": "hall.late", "text": "\x1b[2J"}, "plain text"),
        ("let-back", {"all": "1", "reason": "routine.identity"}, "not done for all at once"),
        ("let-back", {"candidate": "c-1", "reason": "routine.identity"}, "no exam open"),
        ("dance", {"all": "1", "reason": "hall.late"}, "no such act"),
    ],
)
def test_a_wrong_act_is_refused_with_its_sentence(
    hall: Hall, name: str, fields: dict[str, str], words: str
) -> None:
    with hall.desk() as desk, pytest.raises(DeskError, match=words):
        desk.act(name, **fields)


def test_what_people_type_is_shown_as_text(
    browser: httpx.Client, hall: Hall, station: Callable[..., Any]
) -> None:
    seat = station("s3").begin("code-0001")
    seat.tick(incidents=("<script>alert(1)</script>",))
    with hall.desk() as desk:
        desk.act("say", candidate="c-1", text="Hi", reason="other", comment="<b>bold</b>")
    sign_in(browser, hall)
    page = browser.get("/seat/1").text + browser.get("/log").text + browser.get("/board").text
    assert "<script>alert" not in page
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold" in page
    assert "&lt;script&gt;alert" in page


def test_the_stream_sends_the_rows_and_then_what_changed(
    browser: httpx.Client, hall: Hall, station: Callable[..., Any]
) -> None:
    sign_in(browser, hall)
    seat = station("s4").begin("code-0005")
    seat.tick()
    told: list[dict[str, Any]] = []
    with browser.stream("GET", "/board/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: ")))
                if len(told) == 1:
                    seat.tick(answered=5)
                elif ">5 of " in told[-1]["parts"].get("seat-6", ["", ""])[1]:
                    break
    first, *later = told
    assert len(first["order"]) == 12
    assert {f"seat-{number}" for number in range(1, 13)} <= set(first["parts"])
    # Nobody sits at these seats: nothing about them changes.
    changed = {name for each in later for name in each["parts"]}
    assert not {f"seat-{number}" for number in range(7, 13)} & changed


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("fr-CA, en;q=0.5", "fr"),
        ("zh-CN", "zh-CN"),
        ("de, zh;q=0.8", "zh-CN"),
        ("de", "en"),
        ("*", "en"),
        ("", "en"),
    ],
)
def test_a_page_speaks_the_first_language_asked_for_that_it_can(
    browser: httpx.Client, asked: str, spoken: str
) -> None:
    page = browser.get("/sign-in", headers={"Accept-Language": asked})
    assert f'<html lang="{spoken}">' in page.text


def test_a_language_is_chosen_from_our_own_pages_only(browser: httpx.Client, hall: Hall) -> None:
    def choose(language: str, origin: str) -> httpx.Response:
        return browser.post("/language", data={"language": language}, headers={"Origin": origin})

    assert choose("fr", "https://evil.example").status_code == 403
    assert choose("tlh", hall.console_url).status_code == 400
    assert choose("fr", hall.console_url).status_code == 303
    assert '<html lang="fr">' in browser.get("/sign-in").text
    browser.cookies.clear()


@pytest.mark.parametrize("role", ["observer", "chief"])
def test_a_session_ends_when_its_operator_gets_another_role_or_password(
    browser: httpx.Client, hall: Hall, role: str
) -> None:
    home = hall.home.directory
    password = home / "password"
    run_cli("operator", home, "deputy", "--role", "chief", "--password-file", password)
    token = sign_in(browser, hall, "deputy")
    assert act(browser, hall, **{CSRF_HEADER: token}).status_code == 200
    run_cli("operator", home, "deputy", "--role", role, "--password-file", password)
    assert act(browser, hall, **{CSRF_HEADER: token}).status_code == 401
    assert browser.get("/board").status_code == 303


def test_guessing_passwords_is_limited(hall: Hall) -> None:
    desk = Desk(hall.home, hall.ports["console"])
    with desk:
        for _ in range(6):
            with pytest.raises(DeskError, match="do not belong together"):
                desk.sign_in("nobody", "wrong password")
        with pytest.raises(DeskError, match="wait a minute"):
            desk.sign_in("nobody", "wrong password")


@pytest.mark.parametrize("filler", [b"X-Filler: %s\r\n" % (b"x" * 7000), b"x" * 7000])
def test_an_endless_head_is_cut_off(hall: Hall, filler: bytes) -> None:
    tls = ssl.create_default_context(cafile=str(hall.home.tls_ca))
    sent = 0
    with (
        socket.create_connection(("127.0.0.1", hall.ports["console"]), timeout=15) as raw,
        tls.wrap_socket(raw, server_hostname="127.0.0.1", suppress_ragged_eofs=False) as line,
        pytest.raises(OSError) as broken,  # ssl's errors are OSErrors too
    ):
        line.sendall(b"GET / HTTP/1.1\r\nX-First: ")
        while sent < 10_000_000:
            line.sendall(filler)
            sent += len(filler)
    assert not isinstance(broken.value, TimeoutError)
