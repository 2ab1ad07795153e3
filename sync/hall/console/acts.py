"""Acts: one form each, answered with a sentence (or JSON for scripts)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exam_packages.attempt.granting import tools_words
from exam_packages.attempt.preferences import Accommodation
from exam_packages.content.paper import TOOLS
from exam_packages.content.proctoring import DETECTORS
from exam_packages.content.signals import WHAT
from exam_packages.language import _, mark, ngettext, say, whole
from sync.hall import acts, camera_acts, cases, claims, emergencies, faults, grave, undoing
from sync.hall.acts import Operator, Why
from sync.hall.console.forms import MAX_DIGITS, Form, number_in, why_in
from sync.hall.console.site import Site, operator
from sync.hall.service import HallService
from sync.web.pages import read_form
from sync.web.wire import HttpError

Act = Callable[[HallService, Operator, Why, Form], Awaitable[str]]
Given = tuple[str, ...] | None
"""To whom an act was done; ``None`` where it was proposed only."""


def routes(site: Site) -> list[Route]:
    """The routes of the acts."""

    async def act(request: Request) -> Response:
        session = site.changing(request)
        form = await read_form(request)
        perform = ACTS.get(request.path_params["name"])
        if perform is None:
            raise HttpError(404, "There is no such act.")
        words = await perform(site.hall, operator(session), why_in(form), form)
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


def _one(form: Form) -> str:
    target = _target(form)
    if target is None:
        raise HttpError(400, "Say which candidate; this is not done for all at once.")
    return target


def _number(form: Form, name: str, words: str, default: str = "") -> int:
    text = form.get(name, default)
    try:
        if len(text) > MAX_DIGITS:
            raise ValueError
        return int(text)
    except ValueError:
        raise HttpError(400, words) from None


def _minutes(form: Form, default: str = "") -> int:
    return _number(form, "minutes", mark("The minutes must be a whole number."), default)


def _whom(given: tuple[str, ...]) -> str:
    return given[0] if len(given) == 1 else ngettext("{n} candidate", "{n} candidates", len(given))


PROPOSED = mark("Proposed. A second person must do the same, signed in with their own name.")


def _to(given: Given, done: str, nobody: str, **fields: str | int) -> str:
    """What was done and to whom; that nobody was there; or that it was proposed."""
    if given is None:
        return say(PROPOSED)
    return say(done, whom=_whom(given), **fields) if given else say(nobody)


def _to_one_or_all(
    do: Callable[[HallService, Operator, str | None, Why], Awaitable[Given]],
    done: str,
    nobody: str,
) -> Act:
    """An act that takes nothing but to whom it is done."""

    async def perform(hall: HallService, who: Operator, why: Why, form: Form) -> str:
        return _to(await do(hall, who, _target(form), why), done, nobody)

    return perform


async def _add_time(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    share = form.get("percent", "").strip()
    if share:
        percent = _number(form, "percent", mark("The percentage must be a whole number."))
        minutes = await asyncio.to_thread(acts.share_of_left, hall, _one(form), percent)
    else:
        minutes = _minutes(form)
    given = await acts.add_time(hall, who, _target(form), why, minutes)
    return _to(
        given,
        mark("Adding {minutes} minutes for {whom}."),
        mark("No exam is open."),
        minutes=minutes,
    )


async def _say(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    given = await acts.say(hall, who, _target(form), why, form.get("text", ""))
    return _to(given, mark("Message on its way to {whom}."), mark("No exam is open."))


async def _attend(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    given = await acts.attend(hall, who, _one(form), why, form.get("text", ""))
    return _to(given, mark("Answered {whom}."), mark("No exam is open."))


async def _accommodate(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    granted = Accommodation(
        form.get("language", ""), form.get("theme", ""), form.get("aloud") == "1"
    )
    words = mark("Say how large the letters are, in percent.")
    percent = _number(form, "text_size", words, "0")
    given = await acts.accommodate(hall, who, _one(form), why, granted, percent)
    return _to(given, mark("Changing how the screen is read for {whom}."), mark("No exam is open."))


async def _grant_tools(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    tools = tuple(tool for tool in TOOLS if form.get(f"tool-{tool}") == "1")
    given = await acts.grant_tools(hall, who, _one(form), why, tools)
    if not tools:
        return _to(given, mark("Taking back the tools of {whom}."), mark("No exam is open."))
    return _to(
        given,
        mark("Granting {tools} to {whom}, where the exam lets it be."),
        mark("No exam is open."),
        tools=tools_words(tools),
    )


async def _replace(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    device, minutes = form.get("device", ""), _minutes(form, "0")
    given = await acts.replace(hall, who, _one(form), why, device, minutes)
    if not minutes:
        return _to(
            given, mark("The device of {whom} counts as working again."), mark("No exam is open.")
        )
    return _to(
        given,
        mark("The exam of {whom} goes on, watched by people, for {minutes} minutes."),
        mark("No exam is open."),
        minutes=minutes,
    )


async def _spare(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    detectors = [name for name in DETECTORS if form.get(f"spare-{name}") == "1"]
    given = await camera_acts.spare(hall, who, _one(form), why, detectors)
    done = (
        mark("Left out for {whom}: {what}.")
        if detectors
        else mark("All signals of the camera are used again for {whom}.")
    )
    what = "; ".join(_(WHAT[name]) for name in detectors)
    return say(done, whom=_whom(given), what=what)


async def _ask_live(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    candidate = _one(form)
    asked = await camera_acts.ask_live(hall, who, candidate, why)
    return say("Asked of {whom}: “{prompt}”", whom=candidate, prompt=_(asked))


async def _let_back(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    given = await acts.let_back(hall, who, _one(form), why)
    return _to(given, mark("Let back in: {whom}."), mark("No exam is open."))


async def _move(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    return whole(await acts.move(hall, who, _one(form), why, form.get("station", "").strip()))


async def _reopen(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    return whole(await acts.reopen(hall, who, _one(form), why))


async def _do_not_count(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    done = await grave.do_not_count(hall, who, _one(form), why)
    return say("The result does not count.") if done else say(PROPOSED)


async def _refuse(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    done = await grave.refuse(hall, who, _one(form), why)
    return say("Admission is refused.") if done else say(PROPOSED)


async def _suspect(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    await cases.suspect(hall, who, _one(form), why, form.get("statement", ""))
    return say("Written down. The exam goes on, and its result is held.")


async def _admit_provisionally(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    await cases.admit_provisionally(hall, who, _one(form), why, form.get("statement", ""))
    return say("Admitted provisionally. The result is held until the identity is settled.")


async def _reply(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    declined = form.get("declined") == "1"
    words = form.get("reply", "")
    await cases.reply(hall, who, _case(form), why, words, declined=declined)
    return say("The candidate’s reply is written down.")


async def _settle(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    result, verdict = form.get("result", ""), form.get("verdict", "")
    await cases.settle(hall, who, _case(form), why, result, verdict)
    return say("The case is settled.")


def _case(form: Form) -> int:
    return _number(form, "case", mark("Say which case."))


async def _report(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    question = _number(form, "question", mark("Say which question, by its number."))
    await faults.report(hall, who, _one(form), why, question, form.get("remark", ""))
    return say("The report of question {question} is signed for the body.", question=question)


async def _evacuate(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    ago_s = _number(form, "ago", mark("Say how many seconds ago the alarm went off."), "0")
    given = await emergencies.evacuate(hall, who, why, ago_s)
    return say("Every screen says now: leave the room ({count} exams).", count=len(given))


async def _roll_call(present: bool, hall: HallService, who: Operator, why: Why, form: Form) -> str:
    candidate = _one(form)
    await emergencies.call(hall, who, candidate, why, present=present)
    done = mark("{whom} is present.") if present else mark("{whom} is missing.")
    return say(done, whom=candidate)


async def _end_evacuation(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    given = await emergencies.end_evacuation(hall, who, why)
    return _to(
        given, mark("The evacuation is over; running on: {whom}."), mark("The evacuation is over.")
    )


async def _power_cut(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    given = await emergencies.power_cut(hall, who, why, _minutes(form, "0"))
    return _to(given, mark("May go on: {whom}."), mark("No exam is interrupted."))


async def _undo(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    given = await undoing.undo(hall, who, _number(form, "deed", mark("Say what to undo.")), why)
    return _to(
        given, mark("Undone for {whom}."), mark("Nobody was left for whom it could be undone.")
    )


async def _close(hall: HallService, who: Operator, why: Why, form: Form) -> str:
    await acts.close(hall, who, why, number_in(form, "sitting"))
    return say(
        "The sitting is closed. What opened its exams again is deleted here, and at each station "
        "as soon as it hears of it."
    )


ACTS: dict[str, Act] = {
    "admit": _to_one_or_all(
        acts.admit, mark("Admitted {whom}."), mark("Nobody waits to be admitted.")
    ),
    "admit-provisionally": _admit_provisionally,
    "refuse": _refuse,
    "pause": _to_one_or_all(
        acts.pause, mark("Pausing {whom}."), mark("No exam is open that could be paused.")
    ),
    "resume": _to_one_or_all(
        acts.resume, mark("Resuming {whom}."), mark("No exam is open that could be resumed.")
    ),
    "stop": _to_one_or_all(
        acts.stop, mark("Stopping and handing in for {whom}."), mark("No exam is open.")
    ),
    "do-not-count": _do_not_count,
    "add-time": _add_time,
    "say": _say,
    "let-back": _let_back,
    "allow-break": _to_one_or_all(
        acts.allow_break, mark("Allowed a break: {whom}."), mark("No exam is open.")
    ),
    "attend": _attend,
    "spare": _spare,
    "ask-live": _ask_live,
    "accommodate": _accommodate,
    "grant-tools": _grant_tools,
    "replace": _replace,
    "report": _report,
    "allow-restart": _to_one_or_all(
        acts.allow_restart, mark("May go on: {whom}."), mark("Nobody waits to go on.")
    ),
    "move": _move,
    "reopen": _reopen,
    "suspect": _suspect,
    "reply": _reply,
    "settle": _settle,
    "evacuate": _evacuate,
    "present": partial(_roll_call, True),
    "missing": partial(_roll_call, False),
    "end-evacuation": _end_evacuation,
    "power-cut": _power_cut,
    "undo": _undo,
    "close": _close,
    "take-in": _to_one_or_all(
        claims.take_in,
        mark("Taken in from their stations: {whom}."),
        mark("No station waits with such an exam."),
    ),
}
"""What an operator may do, by the last part of its address."""
