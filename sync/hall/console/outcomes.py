"""How the roster's lines end: the page, and the acts on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exam_packages.language import say
from sync.hall import line_acts, outcomes, seats
from sync.hall.acts import Operator
from sync.hall.console.forms import Form, candidate_in, number_in, when, why_in
from sync.hall.console.site import Site, operator, wants_json
from sync.hall.outcomes import Outcome, RosterLine, Verdict
from sync.hall.service import HallService
from sync.hall.statements import Statement
from sync.hall.wording import name_of
from sync.web.pages import read_form
from sync.web.sessions import Session

Act = Callable[[HallService, Operator, Form], Awaitable[str]]


def routes(site: Site) -> list[Route]:
    """The routes of this page."""

    async def show(request: Request, session: Session) -> Response:
        found = await asyncio.to_thread(_sittings, site.hall)
        if wants_json(request):
            return JSONResponse(
                [
                    {
                        "sitting": sitting.id,
                        "title": sitting.title,
                        "lines": [as_json(line) for line in lines],
                    }
                    for sitting, lines in found
                ]
            )
        return site.render(
            "outcomes.html",
            session,
            found=found,
            outcomes=[(name_of(each), each.words) for each in Outcome],
            verdicts=[(name_of(each), each.words) for each in Verdict],
            rules=outcomes.RULES,
        )

    def doing(act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            session = site.changing(request)
            words = await act(site.hall, operator(session), await read_form(request))
            return site.done(request, session, words)

        return site.guarded(endpoint)

    return [
        Route("/outcomes", site.page(show), methods=["GET"]),
        *(Route(f"/act/{name}", doing(act), methods=["POST"]) for name, act in ACTS.items()),
    ]


def _sittings(hall: HallService) -> list[tuple[seats.Sitting, tuple[RosterLine, ...]]]:
    with hall.store.reading() as connection:
        sittings = seats.open_sittings(connection)
        return [(each, outcomes.lines(connection, each.id)) for each in sittings]


def as_json(line: RosterLine) -> dict[str, object]:
    """A line for scripts."""
    closed = line.closed
    return {
        "seat": line.seat.line,
        "candidate": line.seat.candidate,
        "outcome": name_of(closed.outcome) if closed else "",
        "verdict": name_of(closed.verdict) if closed else "",
        "operator": closed.operator if closed else "",
        "second": closed.second if closed else "",
        "statements": [_statement(each) for each in line.statements],
    }


def _statement(statement: Statement) -> dict[str, object]:
    return {
        "number": statement.id,
        "kind": name_of(statement.kind),
        "words": statement.words,
        "operator": statement.operator,
        "seen": when(statement.seen_s),
        "reply": name_of(statement.reply),
        "reply_words": statement.reply_words,
        "stands": statement.stands,
        "settled_by": statement.settled_by,
        "settled_why": statement.settled_why,
    }


async def _outcome(hall: HallService, who: Operator, form: Form) -> str:
    outcome = outcomes.outcome_named(form.get("outcome", ""))
    verdict = outcomes.verdict_named(form.get("verdict", ""))
    return await line_acts.close_line(hall, who, candidate_in(form), why_in(form), outcome, verdict)


async def _back(hall: HallService, who: Operator, form: Form) -> str:
    return await line_acts.open_again(hall, who, candidate_in(form), why_in(form))


async def _absent(hall: HallService, who: Operator, form: Form) -> str:
    with hall.store.reading() as connection:
        sitting = seats.one_sitting(connection, number_in(form, "sitting"))
    given = await line_acts.absent(hall, who, why_in(form), sitting.id)
    if not given:
        return say("No line is open whose exam nobody opened.")
    names = ", ".join(given[:5])
    if given[5:]:
        return say("Absent: {names} and {count} more.", names=names, count=len(given) - 5)
    return say("Absent: {names}.", names=names)


ACTS: dict[str, Act] = {
    "outcome": _outcome,
    "outcome-back": _back,
    "absent": _absent,
}
