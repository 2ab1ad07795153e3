"""A report as one HTML page: no script, nothing loaded from elsewhere, readable in print."""

from __future__ import annotations

from pathlib import Path

import jinja2

from exam_packages.clock import SECOND
from exam_packages.verify import words
from exam_packages.verify.findings import Report, Standing, clean
from exam_packages.verify.record import moment
from exam_packages.verify.timeline import WIDTH, timeline
from exam_packages.verify.words import length


def to_page(report: Report) -> str:
    """The report as a page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: clean(value) if type(value) is str else value,
    )
    environment.filters |= {"lasting": length, "moment": moment, "clock": words.clock}
    page = environment.get_template("page.html").render(
        report=report,
        words=words,
        verdict=words.verdict(report),
        verified=moment(report.verified_s * SECOND),
        expired=report.trust_expires_s <= report.verified_s,
        Standing=Standing,
        timeline=timeline,
        width=WIDTH,
    )
    return page.lstrip() + "\n"
