"""``exam-kiosk hall act``: what is said about how roster lines end."""

from __future__ import annotations

import click

from sync.hall.desk import Desk
from sync.hall.line_acts import IDENTITY
from sync.hall.outcomes import Outcome, Verdict
from sync.hall.reasons import REASONS
from sync.hall.statements import StatementKind
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


@click.command()
@click.argument("candidate")
@click.option(
    "--kind", type=click.Choice([name_of(each) for each in StatementKind]), default="suspicion"
)
@click.option("--words", required=True, help="What was seen.")
@click.option("--witness", default="", help="Who saw it, if not the operator.")
@click.option("--paper", default="", help="The paper it is typed in from.")
@click.option("--reason", default="candidate.conduct", show_default=True)
@_comment
@click.pass_obj
def statement(
    desk: Desk,
    candidate: str,
    kind: str,
    words: str,
    witness: str,
    paper: str,
    reason: str,
    comment: str,
) -> None:
    """Write down what was seen of CANDIDATE. The exam goes on; the result is held."""
    fields = {"kind": kind, "words": words, "witness": witness, "paper": paper}
    click.echo(desk.act("statement", candidate=candidate, reason=reason, comment=comment, **fields))


@click.command()
@click.argument("number", type=int)
@click.option("--words", default="", help="What the candidate says.")
@click.option("--declined", is_flag=True, help="The candidate does not wish to reply.")
@click.pass_obj
def reply(desk: Desk, number: int, words: str, declined: bool) -> None:
    """Write down the candidate's reply to statement NUMBER."""
    fields = {"statement": str(number), "words": words, "declined": "1" if declined else ""}
    click.echo(desk.act("reply", **fields))


@click.command("lift")
@click.argument("number", type=int)
@click.option("--words", required=True, help="Why it was a mistake.")
@click.pass_obj
def lift(desk: Desk, number: int, words: str) -> None:
    """Take statement NUMBER back as a mistake (the chief); it is kept."""
    click.echo(desk.act("lift-statement", statement=str(number), words=words))


@click.command()
@click.argument("candidate")
@click.argument("choice", type=click.Choice(IDENTITY))
@click.option("--words", default="", help="What does not match.")
@click.option("--reason", default="routine.identity", show_default=True)
@_comment
@click.pass_obj
def identity(
    desk: Desk, candidate: str, choice: str, words: str, reason: str, comment: str
) -> None:
    """Decide on a person who does not match their papers."""
    fields = {"candidate": candidate, "choice": choice, "words": words}
    click.echo(desk.act("identity", reason=reason, comment=comment, **fields))


COMMANDS = (outcome, outcome_back, absent, statement, reply, lift, identity)
