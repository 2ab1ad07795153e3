"""Acts: one form each, answered with a sentence (or JSON for scripts)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sync.hall import acts, claims
from sync.hall.acts import Operator, Why
from sync.hall.console.forms import number_in
from sync.hall.console.site import Site, operator
from sync.hall.service import HallService
from sync.web.pages import read_form
from sync.web.wire import HttpError

Form = dict[str, str]
Act = Callable[[HallService, Operator, str | None, Why, Form], Awaitable[str]]


def routes(site: Site) -> list[Route]:
    """The routes of the acts."""

    async def act(request: Request) -> Response:
        session = site.changing(request)
        form = await read_form(request)
        perform = ACTS.get(request.path_params["name"])
        if perform is None:
            raise HttpError(404, "There is no such act.")
        site.hall.command.check()
        why = Why(form.get("reason", ""), form.get("comment", "").strip())
        words = await perform(site.hall, operator(session), _target(form), why, form)
        return site.done(request, session, words)

    return [Route("/act/{name}", site.guarded(act), methods=["POST"])]


def _target(form: Form) -> str | None:
    """The candidate number meant, or ``None`` for all; saying neither is refused."""
    candidate = form.get("candidate", "").strip()
    if candidate:
        return candidate
    if form.get("all") == "1":
        return None
    raise HttpError(400, "Say which candidate, or all of them.")


def _one(target: str | None) -> str:
    if target is None:
        raise HttpError(400, "Say which candidate; this is not done for all at once.")
    return target


def _to(given: tuple[str, ...], done: str, nobody: str) -> str:
    if not given:
        return nobody
    whom = given[0] if len(given) == 1 else f"{len(given)} candidates"
    return f"{done} {whom}."


async def _admit(hall: HallService, who: Operator, target: str | None, why: Why, form: Form) -> str:
    given = await acts.admit(hall, who, target, why)
    return _to(given, "Admitted", "Nobody waits to be admitted.")


async def _pause(hall: HallService, who: Operator, target: str | None, why: Why, form: Form) -> str:
    return _to(await acts.pause(hall, who, target, why), "Pausing", "No exam is open.")


async def _resume(
    hall: HallService, who: Operator, target: str | None, why: Why, form: Form
) -> str:
    return _to(await acts.resume(hall, who, target, why), "Resuming", "No exam is open.")


async def _stop(hall: HallService, who: Operator, target: str | None, why: Why, form: Form) -> str:
    given = await acts.stop(hall, who, target, why)
    return _to(given, "Stopping and handing in for", "No exam is open.")


async def _add_time(
    hall: HallService, who: Operator, target: str | None, why: Why, form: Form
) -> str:
    try:
        minutes = int(form.get("minutes", "")[:6])
    except ValueError:
        raise HttpError(400, "The minutes must be a whole number.") from None
    given = await acts.add_time(hall, who, target, why, minutes)
    return _to(given, f"Adding {minutes} minutes for", "No exam is open.")


async def _say(hall: HallService, who: Operator, target: str | None, why: Why, form: Form) -> str:
    given = await acts.say(hall, who, target, why, form.get("text", ""))
    return _to(given, "Message on its way to", "No exam is open.")


async def _let_back(
    hall: HallService, who: Operator, target: str | None, why: Why, form: Form
) -> str:
    given = await acts.let_back(hall, who, _one(target), why)
    return _to(given, "Let back in:", "No exam is open.")


async def _allow_break(
    hall: HallService, who: Operator, target: str | None, why: Why, form: Form
) -> str:
    given = await acts.allow_break(hall, who, target, why)
    return _to(given, "Allowed a break:", "No exam is open.")


async def _allow_restart(
    hall: HallService, who: Operator, target: str | None, why: Why, form: Form
) -> str:
    given = await acts.allow_restart(hall, who, target, why)
    return _to(given, "May go on:", "Nobody waits to go on.")


async def _move(hall: HallService, who: Operator, target: str | None, why: Why, form: Form) -> str:
    return await acts.move(hall, who, _one(target), why, form.get("station", "").strip())


async def _reopen(
    hall: HallService, who: Operator, target: str | None, why: Why, form: Form
) -> str:
    return await acts.reopen(hall, who, _one(target), why)


async def _close(hall: HallService, who: Operator, target: str | None, why: Why, form: Form) -> str:
    await acts.close(hall, who, why, number_in(form, "sitting"))
    return (
        "The sitting is closed. What opened its exams again is deleted here, and at each station "
        "as soon as it hears of it."
    )


async def _take_in(
    hall: HallService, who: Operator, target: str | None, why: Why, form: Form
) -> str:
    taken = await claims.take_in(hall, who, target, why)
    return _to(taken, "Taken in from their stations:", "No station waits with such an exam.")


ACTS: dict[str, Act] = {
    "admit": _admit,
    "pause": _pause,
    "resume": _resume,
    "stop": _stop,
    "add-time": _add_time,
    "say": _say,
    "let-back": _let_back,
    "allow-break": _allow_break,
    "allow-restart": _allow_restart,
    "move": _move,
    "reopen": _reopen,
    "close": _close,
    "take-in": _take_in,
}
"""What an operator may do, by the last part of its address."""
