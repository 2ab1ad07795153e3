"""AfA PNP files as offices export them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exam_packages.attempt.preferences import NOTHING, Accommodation
from exam_packages.formats.errors import FormatError
from sync.hall.profile import read_profile
from sync.hall.roster import Profile

NAMESPACE = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imsafa3p0pnp_v1p0"


def _read(inner: str) -> Profile:
    text = f'<access-for-all-pnp xmlns="{NAMESPACE}">{inner}</access-for-all-pnp>'
    return read_profile(text.encode(), "ada.xml")


def test_everything_a_station_can_do_is_granted() -> None:
    assert _read("") == Profile(NOTHING)
    assert _read(
        '<language-of-interface xml:lang="fr-CA"/><spoken/>'
        "<invert-display-polarity><foreground>#FFFFFF</foreground>"
        "<background>#101010</background></invert-display-polarity>"
        "<additional-testing-time><time-multiplier>1.5</time-multiplier>"
        "</additional-testing-time>"
    ) == Profile(Accommodation("fr", "contrast-dark", True), Decimal("1.5"))
    assert _read("<high-contrast/>").granted.theme == "contrast-light"
    assert _read('<language-of-interface xml:lang="zh-CN"/>').granted.language == "zh_CN"
    minutes = (
        "<additional-testing-time><fixed-minutes>7.5</fixed-minutes></additional-testing-time>"
    )
    assert _read(minutes).minutes == 8
    assert _read(
        '<calculator-on-screen calculator-type="scientific"/><glossary-on-screen/>'
        '<keyword-translation xml:lang="fr"/><note-taking-on-screen/>'
        "<activate-as-option-set><glossary-on-screen/></activate-as-option-set>"
    ) == Profile(
        NOTHING,
        tools=frozenset(
            {"scientific-calculator", "glossary", "keyword-translation", "notes", "scratchpad"}
        ),
    )
    assert _read("<calculator-on-screen/>").tools == {"calculator"}


def test_nothing_else_is_passed_over_in_silence_and_nothing_barred_is_granted() -> None:
    asked = _read(
        '<calculator-on-screen calculator-type="graphing"/><glossary-on-screen/>'
        '<sign-language/><braille/><language-of-interface xml:lang="tlh"/><spoken/>'
        "<activate-at-initialization-set><spoken/></activate-at-initialization-set>"
        "<prohibit-set><spoken/><braille/><glossary-on-screen/></prohibit-set>"
    )
    assert asked == Profile(
        NOTHING, others=("calculator-on-screen", "sign-language", "language-of-interface")
    )


@pytest.mark.parametrize(
    ("inner", "words"),
    [
        ("<additional-testing-time/>", "one kind of additional time"),
        ("<additional-testing-time><unlimited/></additional-testing-time>", "without a limit"),
        (
            "<additional-testing-time><time-multiplier>0.5</time-multiplier>"
            "</additional-testing-time>",
            "multiplied by 1 to 10",
        ),
        (
            "<additional-testing-time><fixed-minutes>1e9</fixed-minutes></additional-testing-time>",
            "must be a number",
        ),
        ("some words", "only elements may stand"),
    ],
)
def test_a_mistake_is_named(inner: str, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        _read(inner)


def test_another_file_is_refused() -> None:
    with pytest.raises(FormatError, match="no profile"):
        read_profile(b"<pnp/>", "ada.xml")
    with pytest.raises(FormatError, match="DOCTYPE"):
        read_profile(b"<!DOCTYPE a><access-for-all-pnp/>", "ada.xml")
