"""The desk as a process: who is let in, what is refused, what is never written."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from review_process import command, serving
from reviewed import SECRET_ANSWER, SECRET_NAME, Reviewed, drawn

from exam_packages.holds import register
from scoring.review.judging import ReviewFile

JUDGED = {
    "entry": "71",
    "ruling": "unfounded",
    "reason": "technical.network",
    "comment": "The switch had failed.\nNobody could help it.",
    "reviewer": "Rosa",
    "picture": "2",
}


class Browser(httpx.Client):
    """A browser that was let in, as far as HTTP goes."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.site = address.partition("/enter/")[0]
        super().__init__(base_url=self.site, trust_env=False, timeout=60)

    def enter(self) -> httpx.Response:
        response = self.get(self.address)
        name, _, rest = response.headers.get("set-cookie", "").partition("=")
        if name:  # of a cookie that is “secure”, which browsers give to a loopback address too
            self.headers["Cookie"] = f"{name}={rest.partition(';')[0]}"
            page = self.get("/attempt/1").text
            (self.csrf,) = re.findall(r'"X-CSRF-Token":"([^"]+)"', page)
        return response

    def act(self, path: str, **fields: str) -> httpx.Response:
        headers = {"Origin": self.site, "X-CSRF-Token": self.csrf, "HX-Request": "true"}
        return self.post(path, data=fields, headers=headers)


@pytest.fixture
def browser(desk: Reviewed, tmp_path: Path) -> Iterator[Browser]:
    with (
        serving(desk, "--out", tmp_path / "out", keys=desk.keys) as address,
        Browser(address) as client,
    ):
        client.enter()
        yield client


def test_the_address_is_good_once(reviewed: Reviewed) -> None:
    with serving(reviewed) as address, Browser(address) as first, Browser(address) as second:
        assert second.get("/attempt/1").status_code == 401
        assert second.get(f"{second.site}/enter/guessed").status_code == 403
        assert first.enter().headers["location"] == "/"
        assert first.get("/").headers["location"] == "/attempt/1"
        assert second.enter().status_code == 403
        assert second.get("/attempt/1/picture/1/whole").status_code == 401
        assert first.get("/attempt/1", headers={"Host": "evil.example"}).status_code == 400
        for path in ("/attempt/2", "/attempt/1/picture/3", "/attempt/1/picture/0/whole"):
            assert first.get(path).status_code == 404
        page = first.get("/attempt/1")
        assert page.headers["cache-control"] == "no-store"
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert "Nobody sits here with a key" in page.text
        assert SECRET_ANSWER not in page.text
        assert SECRET_NAME not in page.text
        picture = first.get("/attempt/1/picture/1/whole")
        assert picture.headers["content-type"] == "image/jpeg"
        assert picture.headers["cache-control"] == "no-store"
        assert picture.content == drawn(1)
        answer = first.act("/attempt/1/case", title="File 17", why="matter")
        assert "--out DIRECTORY" in answer.text


def test_no_picture_is_on_disk_in_clear(browser: Browser, desk: Reviewed, tmp_path: Path) -> None:
    for path in ("whole", "small"):
        assert browser.get(f"/attempt/1/picture/1/{path}").status_code == 200
    jpeg = drawn(1)[:400]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if jpeg in path.read_bytes()]


def test_only_our_own_page_may_act(browser: Browser, desk: Reviewed) -> None:
    own = {"Origin": browser.site, "X-CSRF-Token": browser.csrf}
    for headers in ({}, {**own, "Origin": "http://evil.example"}, {**own, "X-CSRF-Token": "x"}):
        for act in ("judge", "hold", "case", "picture/1/treat"):
            answer = browser.post(f"/attempt/1/{act}", data=JUDGED, headers=headers)
            assert answer.status_code == 403, act
    assert not desk.bundle.with_suffix(".review").exists()
    assert not register(desk.body).entries


def test_a_judgement_is_signed_and_shown(browser: Browser, desk: Reviewed) -> None:
    answer = browser.act("/attempt/1/judge", **JUDGED)
    assert answer.status_code == 200
    assert "Judgement 1 is signed by Rosa" in answer.text
    browser.act("/attempt/1/judge", **{**JUDGED, "ruling": "founded", "corrects": "1"})
    page = browser.get("/attempt/1").text
    assert "(corrected since)" in page
    assert "takes the place of judgement 1" in page
    assert "The switch had failed.\nNobody could help it." in page
    attempt = desk.open()
    (stands,) = attempt.review().read(desk.body.trust()).standing()
    assert stands.judgement.word == "founded"
    assert stands.judgement.pictures == (attempt.shots[1].digest,)


def test_refusals_are_sentences(browser: Browser, desk: Reviewed) -> None:
    for changes, why in (
        ({"entry": "5"}, "holds no incident"),
        ({"entry": "x"}, "not a whole number"),
        ({"reviewer": "Tom"}, "No reviewer “Tom” sits at this desk"),
        ({"picture": "9"}, "names no such picture"),
        ({"reason": "other", "comment": ""}, "needs a comment"),
    ):
        answer = browser.act("/attempt/1/judge", **{**JUDGED, **changes})
        assert answer.status_code >= 400
        assert why in answer.text
    assert not desk.bundle.with_suffix(".review").exists()


def test_a_hold_and_what_destruction_leaves(browser: Browser, desk: Reviewed) -> None:
    assert "No hold stands." in browser.get("/attempt/1").text
    answer = browser.act("/attempt/1/hold", cause="appeal", reason="file 17", by="Ana")
    assert "held by entry 1 of the register" in answer.text
    assert "Entry 1: appeal, file 17 (Ana" in browser.get("/attempt/1").text
    for path in desk.body.retention.glob("*.entry"):
        path.unlink()  # as if it had never been held
    desk.destroy()
    page = browser.get("/attempt/1").text
    assert "These pictures were destroyed." in page
    assert "The certificate names this attempt." in page
    assert "<img" not in page
    gone = browser.get("/attempt/1/picture/1/whole")
    assert gone.status_code == 409
    assert "which entry 1 of the register certifies" in gone.text
    assert "entry 1 of the register" in browser.get("/attempt/1/picture/1").text


def test_a_case_file_as_it_was_chosen(browser: Browser, desk: Reviewed, tmp_path: Path) -> None:
    treat = "/attempt/1/picture/1/treat"
    assert "Nothing is covered yet" in browser.act(treat, what="covered", why="others").text
    answer = browser.act(treat, what="covered", why="others", regions="390 190 220 420\r\n0 0 5 5")
    assert "regions covered: 2" in answer.text
    assert "390 190 220 420\n0 0 5 5<" in browser.get("/attempt/1/picture/1").text
    assert "regions covered: 2" in browser.get("/attempt/1/case").text
    assert browser.act("/attempt/1/case", title="", why="matter").status_code == 400
    answer = browser.act("/attempt/1/case", title="File 17", why="matter", event="3")
    assert "The case file is written" in answer.text
    (case,) = (tmp_path / "out").iterdir()
    assert (case / "picture-0001.jpg").is_file()
    assert "File 17" in (case / "case.html").read_text()


def test_damage_is_said_on_top(desk: Reviewed) -> None:
    data = bytearray(desk.bundle.read_bytes())
    data[len(data) // 4] ^= 1
    desk.bundle.write_bytes(data)
    file = ReviewFile.beside(desk.bundle, desk.bundle_hash, b"a" * 16)
    file.path.write_bytes(b"exam-kiosk/judgement/v1\nnone")
    with serving(desk) as address, Browser(address) as client:
        client.enter()
        page = client.get("/attempt/1").text
    top = page.partition('id="keeping"')[0]
    assert "This record does not verify." in top
    assert "The judgements beside this bundle do not verify." in top


def test_a_reviewer_is_appointed_under_a_passphrase(desk: Reviewed, tmp_path: Path) -> None:
    phrase, key = tmp_path / "phrase", tmp_path / "tom.key"
    phrase.write_text("six plain words nobody puts together\n")
    phrase.chmod(0o600)
    options = ("--reviewer-key", key, "--passphrase-file", phrase)
    arguments = ("appoint", desk.body.directory, "Tom", *options)
    done = subprocess.run(command(*arguments), capture_output=True, text=True, check=True)
    assert "“Tom” may judge" in done.stdout
    with (
        serving(desk, "--passphrase-file", phrase, keys=[key]) as address,
        Browser(address) as client,
    ):
        client.enter()
        answer = client.act("/attempt/1/judge", **{**JUDGED, "reviewer": "Tom"})
        assert "is signed by Tom" in answer.text
