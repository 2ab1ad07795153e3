"""The words people read, through gettext: English is the source, catalogues the rest.

``_`` marks and translates a whole sentence; :func:`say` also fills its ``{fields}``.
Catalogues lie in ``exam_packages/locale`` as ``<language>/LC_MESSAGES/exam-kiosk.mo``, made
from the ``.po`` beside each by ``make catalogues``; a language without one reads English.
``docs/translating.md`` says how to add one.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from string import Formatter

DOMAIN = "exam-kiosk"
LOCALE = Path(__file__).parent / "locale"
SOURCE = "en"
"""The language the program is written in: it needs no catalogue."""
MAX_SENTENCE = 600
"""Characters of a sentence that :func:`whole` tries to recognise."""
LEAST_TEMPLATE = 24
"""Characters of a template that is long enough to be recognised for sure."""

_catalogue: gettext.NullTranslations = gettext.NullTranslations()
_language = SOURCE
_here: ContextVar[str | None] = ContextVar("language", default=None)
"""The language of what is being done now, where one process speaks to several people."""


def use(language: str) -> None:
    """Speak *language* (such as ``fr`` or ``zh_CN``) from now on; English if we cannot."""
    global _catalogue, _language
    _language = language if language in languages() else SOURCE
    _catalogue = _open(_language)


def in_use() -> str:
    """The language spoken now."""
    return _here.get() or _language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak *language* inside the ``with``, here and in what is awaited there; English if we
    cannot."""
    token = _here.set(language if language in languages() else SOURCE)
    try:
        yield
    finally:
        _here.reset(token)


@cache
def languages() -> Mapping[str, str]:
    """The languages there are, each under its own name, English first."""
    found = {path.parent.parent.name for path in LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")}
    own = mark("English")  # translators: the name of your language, in your language
    return {SOURCE: own, **{name: _open(name).gettext(own) for name in sorted(found)}}


@cache
def _open(language: str) -> gettext.NullTranslations:
    if language == SOURCE:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALE, languages=[language], fallback=True)


def _spoken() -> gettext.NullTranslations:
    here = _here.get()
    return _catalogue if here is None else _open(here)


def _(message: str) -> str:
    """*message* in the language in use."""
    return _spoken().gettext(message) if message else ""


def mark(message: str) -> str:
    """*message* as it is: marked for the catalogues, translated where it is shown."""
    return message


def ngettext(one: str, many: str, number: int) -> str:
    """The form of a message that fits *number*, with ``{n}`` filled."""
    return _spoken().ngettext(one, many, number).format(n=number)


def say(template: str, /, **fields: str | int) -> str:
    """Translate *template* and fill its fields; the sentence in the field ``why`` as well.

    A translation whose fields do not fit is answered by the English source, and a
    source whose fields do not fit by itself, unfilled: a sentence with a hole is
    better than none at all.
    """
    why = fields.get("why")
    if isinstance(why, str):
        fields["why"] = whole(why)
    for text in (_(template), template):
        try:
            return text.format(**fields)
        except (KeyError, IndexError, ValueError, AttributeError):
            continue
    return template


def whole(sentence: str) -> str:
    """A sentence that another process has filled already, in the language in use.

    It is recognised by its template. One that is no sentence of ours stays as it is.
    """
    if not sentence or len(sentence) > MAX_SENTENCE or in_use() == SOURCE:
        return sentence
    translated = _(sentence)
    if translated != sentence:
        return translated
    for template, pattern in _templates(in_use()):
        found = pattern.fullmatch(sentence)
        if found is not None:
            return say(template, **found.groupdict())
    return sentence


@cache
def _templates(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The templates of a catalogue that can be recognised, the longest first, with how each
    reads when it is filled. One that is little but a field would recognise everything."""
    catalogue = _open(language)
    messages = getattr(catalogue, "_catalog", {})  # gettext has no public way to list them
    found = []
    for template in messages:
        if isinstance(template, str) and "{" in template and len(template) >= LEAST_TEMPLATE:
            found.append((template, re.compile(_pattern(template), re.DOTALL)))
    return tuple(sorted(found, key=lambda each: -len(each[0])))


def _pattern(template: str) -> str:
    seen: set[str] = set()
    pattern = ""
    for literal, name, _spec, _conversion in Formatter().parse(template):
        pattern += re.escape(literal)
        if name is not None:
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
            seen.add(name)
    return pattern
