"""The way home, by commands: intake, log, receipts, the scoring desk."""

from __future__ import annotations

import json
from pathlib import Path

import apsw

from provisioning.demo.processes import command
from provisioning.demo.site import Site
from provisioning.demo.stages import DemoError, Stages
from sync.hall.schema import DATABASE


def taken_in(site: Site) -> int:
    """How many bundles the intake has given receipts for."""
    found: dict[str, int] = json.loads(command("intake", "status", site.intake, "--json"))
    return found["bundles"]


def sign_log(site: Site) -> str:
    """Sign the log where the checkpoint key lies; what the command said."""
    said = site.with_keys("intake", "checkpoint", site.intake, "--body", site.body.directory)
    return said.partition(", root")[0].strip()


def verify_receipt(site: Site, code: str) -> str:
    """Fetch the receipt for a hand-in code; verify it, and its place in the log."""
    out = site.directory / "receipts"
    said = command("intake", "receipt", site.intake, code, "--out", out).splitlines()
    if len(said) < 2 or not Path(said[1]).is_file():
        raise DemoError("The log does not cover the receipt: {said}", said=" ".join(said))
    verified = command(
        *("intake", "verify-receipt", said[0], "--trust", site.body.root_path),
        *("--code", code, "--proof", said[1]),
    )
    entry, _, rest = verified.splitlines()[-1].partition(" of the log ")
    return f"{entry.removeprefix('It is ')} of {rest.rpartition(' with ')[2].rstrip('.')}"


def answers(site: Site) -> Path:
    """Where the scoring desk's share of the bundles lies."""
    return site.directory / "answers"


def results(site: Site) -> Path:
    """Where the scores and the report lie."""
    return site.directory / "results" / site.form


def score(site: Site) -> str:
    """Hand the answers to the scoring desk and score them; the desk's table."""
    command("intake", "export", site.intake, "--out", answers(site))
    return site.with_keys(
        *("score", answers(site), "--body", site.body.directory),
        *("--out", site.directory / "results"),
    )


def surveys_at(hall: Path) -> int:
    """How many sealed surveys the hall in *hall* keeps."""
    database = apsw.Connection(str(hall / DATABASE), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return int(database.execute("SELECT count(*) FROM surveys").get)
    finally:
        database.close()


def surveys(site: Site) -> tuple[Path, Path]:
    """Hand the surveys to whoever keeps their key, who opens and counts them: where they lie
    sealed, and where the counts do."""
    sealed, opened = site.directory / "surveys", site.directory / "survey-counts"
    command("intake", "surveys", site.intake, "--out", sealed)
    site.with_keys(
        *("body", "surveys", site.body.directory, sealed),
        *("--out", opened, "--least", "1"),
    )
    return sealed, opened


def say_where(site: Site, stages: Stages) -> None:
    """Where everything of the demo lies."""
    stages.title("Where everything lies")
    for path, words in (
        (results(site) / "report.html", "the score report"),
        (results(site) / "results.json", "the same for programs"),
        (site.directory / "receipts", "receipts and their proofs"),
        (site.directory / "stations", "stations, with journals and pictures, sealed"),
        (site.hall, "the hall"),
        (site.intake, "the intake and its log"),
        (site.body.directory, "the body, with its keys"),
        (site.logs, "what the processes said"),
    ):
        stages.note(f"{path}   {words}")
