"""Texts in Markdown and in Moodle's own formats, as HTML."""

from __future__ import annotations

from html import escape

from markdown_it import MarkdownIt

from exam_packages.formats.errors import FormatError

MAX_MARKDOWN = 100_000
"""Characters of Markdown in one text."""

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def as_html(text: str, form: str) -> str:
    """*text* as HTML. *form* is Moodle's name for its format: ``html``, ``markdown``,
    ``plain``, or ``moodle``: HTML in which a new line begins a new line.

    Raises ``FormatError``.
    """
    match form:
        case "html":
            return text
        case "markdown":
            if len(text) > MAX_MARKDOWN:
                raise FormatError(
                    "A text has more than {limit} characters; make it shorter.", limit=MAX_MARKDOWN
                )
            return str(_MARKDOWN.render(text))
        case "plain":
            text = escape(text)
    return text.strip().replace("\r\n", "\n").replace("\n", "<br>\n")
