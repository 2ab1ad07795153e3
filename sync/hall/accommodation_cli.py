"""``exam-kiosk hall act grant-tools``: tools for one candidate."""

from __future__ import annotations

import click

from exam_packages.content.paper import TOOLS
from sync.hall.desk import Desk
from sync.hall.reasons import REASONS


@click.command("grant-tools")
@click.argument("candidate")
@click.argument("tools", nargs=-1, type=click.Choice(TOOLS))
@click.option(
    "--reason",
    type=click.Choice([code for group in REASONS.values() for code in group]),
    default="candidate.accommodation",
    show_default=True,
)
@click.option("--comment", default="")
@click.pass_obj
def grant_tools(
    desk: Desk, candidate: str, tools: tuple[str, ...], reason: str, comment: str
) -> None:
    """Let CANDIDATE use TOOLS beside the exam's own, where the exam lets them be granted.

    What was granted before and is not named is taken back.
    """
    fields = {f"tool-{tool}": "1" for tool in tools}
    click.echo(
        desk.act("grant-tools", candidate=candidate, reason=reason, comment=comment, **fields)
    )


COMMANDS = (grant_tools,)
