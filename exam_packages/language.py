"""The words people read, through gettext: English is the source, catalogues the rest.

``_`` marks and translates a whole sentence; :func:`say` also fills its ``{fields}``.
Catalogues lie in ``exam_packages/locale`` as ``<language>/LC_MESSAGES/exam-kiosk.mo``;
a language without one reads English.
"""

from __future__ import annotations

import gettext
from pathlib import Path

DOMAIN = "exam-kiosk"
LOCALE = Path(__file__).parent / "locale"

_catalogue: gettext.NullTranslations = gettext.NullTranslations()


def use(language: str) -> None:
    """Speak *language* (such as ``fr`` or ``zh_CN``) from now on; English if we cannot."""
    global _catalogue
    _catalogue = gettext.translation(DOMAIN, LOCALE, languages=[language], fallback=True)


def _(message: str) -> str:
    """*message* in the language in use."""
    return _catalogue.gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    """The form of a message that fits *number*, with ``{n}`` filled."""
    return _catalogue.ngettext(one, many, number).format(n=number)


def say(template: str, /, **fields: str | int) -> str:
    """Translate *template* and fill its fields.

    A translation whose fields do not fit is answered by the English source, and a
    source whose fields do not fit by itself, unfilled: a sentence with a hole is
    better than none at all.
    """
    for text in (_(template), template):
        try:
            return text.format(**fields)
        except (KeyError, IndexError, ValueError, AttributeError):
            continue
    return template
