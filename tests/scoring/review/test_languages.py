"""The desk's pages in every language, through the same catalogues as the console."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from review_process import serving
from reviewed import Reviewed

import scoring.review
from exam_packages.language import _, languages, speaking

TEMPLATES = Path(scoring.review.__file__).parent
HANDED_ON = "casefile.html"
"""What is handed on to others is in English, whoever made it."""
EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
SPOKEN = ("alt", "aria-label", "label", "placeholder", "title")
"""Attributes that people read or hear."""


class Words(HTMLParser):
    """Words of a template that stand in it and are not asked of a catalogue."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag == "code"
        self.found += [value for name, value in attrs if name in SPOKEN and self._words(value)]

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag == "code"

    def handle_data(self, data: str) -> None:
        if not self._code and self._words(data):
            self.found.append(data.strip())

    @staticmethod
    def _words(text: str | None) -> bool:
        return bool(re.search(r"[A-Za-z]{2}", text or ""))


@pytest.mark.parametrize(
    "name", sorted({path.name for path in TEMPLATES.glob("*.html")} - {HANDED_ON})
)
def test_every_word_of_a_page_is_asked_of_a_catalogue(name: str) -> None:
    words = Words()
    words.feed(EXPRESSION.sub("", (TEMPLATES / name).read_text(encoding="utf-8")))
    assert words.found == []


def test_the_browser_or_the_reader_chooses_the_language(reviewed: Reviewed) -> None:
    with serving(reviewed) as address, httpx.Client(trust_env=False, timeout=60) as client:
        site = address.partition("/enter/")[0]
        session = client.get(address).headers["set-cookie"].partition(";")[0]

        def page(**headers: str) -> str:
            return client.get(f"{site}/attempt/1", headers={"Cookie": session, **headers}).text

        for language in languages():
            tag = language.replace("_", "-")
            found = page(**{"Accept-Language": tag})
            assert f'<html lang="{tag}">' in found
            with speaking(language):
                assert _("Skip to the content") in found
        choose = {"language": "fr"}
        assert client.post(f"{site}/language", data=choose).status_code == 403
        origin = {"Origin": site}
        refused = client.post(f"{site}/language", data={"language": "xx"}, headers=origin)
        assert refused.status_code == 400
        chosen = client.post(f"{site}/language", data=choose, headers=origin)
        cookie = chosen.headers["set-cookie"].partition(";")[0]
        assert '<html lang="fr">' in page(Cookie=f"{session}; {cookie}")
