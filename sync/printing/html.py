"""A document as one HTML page: no script, nothing loaded from elsewhere, printable."""

from __future__ import annotations

import functools
from pathlib import Path

import jinja2

from sync.printing.codes import matrix
from sync.printing.document import Document


def render(document: Document) -> str:
    """*document* as a page."""
    page = _environment().get_template("page.html").render(document=document, drawn=_drawn)
    return page.lstrip() + "\n"


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _drawn(holds: str) -> tuple[int, str]:
    """A QR code's side in modules, and its dark modules as the path of an SVG."""
    modules = matrix(holds)
    path = "".join(
        f"M{column} {row}h1v1h-1z"
        for row, line in enumerate(modules)
        for column, dark in enumerate(line)
        if dark
    )
    return len(modules), path
