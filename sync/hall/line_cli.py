"""``exam-kiosk hall act``: what is said about how roster lines end."""

from __future__ import annotations

import click

from sync.hall.desk import Desk
from sync.hall.outcomes import Outcome, Verdict
from sync.hall.reasons import REASONS
from sync.hall.wording import name_of

_reason = click.option(
    "--reason",
    type=click.Choice([code for group in REASONS.values() for code in group]),
    default="routine.end",
    show_default=True,
)
_comment = click.option("--comment", default="")
_sitting = click.option(
    "--sitting", default="", help="Which sitting, by its number, where several are open."
)


@click.command()
@click.argument("candidate")
@click.argument("outcome", type=click.Choice([name_of(each) for each in Outcome]))
@click.option(
    "--verdict",
    type=click.Choice([name_of(each) for each in Verdict]),
    default=None,
    help="In place of the outcome's default; the chief only.",
)
@_reason
@_comment
@click.pass_obj
def outcome(
    desk: Desk, candidate: str, outcome: str, verdict: str | None, reason: str, comment: str
) -> None:
    """Say how the line of CANDIDATE ended."""
    fields = {"candidate": candidate, "outcome": outcome, "verdict": verdict or ""}
    click.echo(desk.act("outcome", reason=reason, comment=comment, **fields))


@click.command("outcome-back")
@click.argument("candidate")
@_reason
@_comment
@click.pass_obj
def outcome_back(desk: Desk, candidate: str, reason: str, comment: str) -> None:
    """Take back what was said about how the line of CANDIDATE ended."""
    click.echo(desk.act("outcome-back", candidate=candidate, reason=reason, comment=comment))


@click.command()
@_sitting
@_reason
@_comment
@click.pass_obj
def absent(desk: Desk, sitting: str, reason: str, comment: str) -> None:
    """Close as absent every line whose exam nobody opened."""
    click.echo(desk.act("absent", sitting=sitting, reason=reason, comment=comment))


COMMANDS = (outcome, outcome_back, absent)
