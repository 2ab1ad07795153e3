"""The import report as one HTML page: no script, nothing loaded from elsewhere, readable in
print and by a screen reader."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

from exam_packages.formats import told
from exam_packages.formats.report import Bank, Verdict
from exam_packages.language import ngettext, say


def to_page(bank: Bank, name: str) -> str:
    """The report of the import of *bank*, which was found at *name*."""
    items, tests = told.items(bank), told.tests(bank)
    page = _template().render(
        name=told.safe(name),
        format=bank.format,
        items=items,
        tests=tests,
        counts=told.counts(items),
        waiting=sum(1 for each in items if each.waits),
        test_counts=told.counts(tests),
        Verdict=Verdict,
        say=say,
        ngettext=ngettext,
    )
    return page.lstrip() + "\n"


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")
