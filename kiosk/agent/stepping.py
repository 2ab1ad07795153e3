"""What happens on the way: scopes entered and left, their time running out, breaks.

The decisions of :mod:`kiosk.agent.session` that need the map of the paper. Pure, like it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exam_packages.attempt import events as ev
from exam_packages.attempt.ledger import Ledger
from exam_packages.attempt.moving import Map
from exam_packages.attempt.progress import BREAK, Step, advance, let_back
from exam_packages.attempt.state import Attempt, responses_digest
from exam_packages.clock import SECOND, Stamp
from exam_packages.content.items import Item, complete
from exam_packages.content.values import Response, answered
from kiosk.agent.refusals import (
    CLOSED,
    EMPTY,
    INCOMPLETE,
    NO_BREAK,
    NO_LEAVE,
    NO_SUCH_ITEM,
    NOT_IN_TURN,
    NOT_SUBMITTED,
    Refusal,
    too_early,
    unanswered,
)

Events = tuple[ev.Event, ...]


def move(
    paper: Map, items: Mapping[str, Item], ledger: Ledger, now: Stamp, item: str
) -> Events | Refusal:
    """The candidate wants to go to *item*."""
    attempt = ledger.attempt
    if item not in paper:
        return NO_SUCH_ITEM
    if attempt.place is None or item == attempt.place:
        return ()
    if not paper.way(attempt.place, item):
        return NOT_IN_TURN
    if not paper.visible(attempt, item):
        return CLOSED
    here = paper.places[attempt.place]
    given = attempt.responses.get(attempt.place, ())
    submits = here.linear and here.control.individual and answered(given)
    if submits and here.control.valid and not whole(items[attempt.place], given):
        return INCOMPLETE
    return held(paper, ledger, now, item) or cross(paper, attempt, item)


def held(paper: Map, ledger: Ledger, now: Stamp, there: str | None) -> Refusal | None:
    """Why the candidate cannot go *there* yet (``None``: cannot hand in yet)."""
    attempt = ledger.attempt
    least = [(limit.scope, limit.least_s) for limit, _ in paper.left(attempt, there)]
    if there is None:
        least.append(("", paper.paper.moving.least_s))
    left = max((s * SECOND - ledger.used_at(scope, now) for scope, s in least if s), default=0)
    if left > 0:
        return too_early(left)
    missing = paper.required(attempt, there)
    if missing:
        return unanswered([paper.places[each].index + 1 for each in missing])
    return None


def cross(paper: Map, attempt: Attempt, there: str) -> Events:
    """The way from where the candidate is to *there*, which begins with a break when one lies
    between."""
    here = attempt.place
    rest = paper.next_break(attempt, here, there) if here is not None else None
    if rest is not None:
        beyond = paper.order[paper.places[rest.after].index + 1]
        left = _left(paper, attempt, beyond)
        began = ev.BreakBegan(rest.after, rest.length_s, rest.stopped, rest.identity)
        return (*left, began)
    left = _left(paper, attempt, there)
    return (*left, *paper.entered(_after(attempt, left), there), ev.Moved(there))


def run_out(paper: Map, ledger: Ledger, now: Stamp) -> Events:
    """What the end of a scope's time brings about, or of a break's; or nothing."""
    attempt = ledger.attempt
    for countdown in ledger.deadlines:
        if not countdown.scope or countdown.left_at(now.boottime_ns):
            continue
        if countdown.scope == BREAK:
            return (ev.BreakOver(),)
        spent = _spend(paper, attempt, countdown.scope)
        after = _after(attempt, spent)
        if after.progress.rest is not None:  # where the candidate goes shows after the break
            return spent
        return (*spent, *_resettle(paper, after))
    return ()


def spent(ledger: Ledger, now: Stamp) -> bool:
    """Whether the time of a scope is over that is not closed yet."""
    return any(
        each.scope not in ("", BREAK) and not each.left_at(now.boottime_ns)
        for each in ledger.deadlines
    )


def submit(paper: Map, attempt: Attempt, item: Item | None, name: str) -> Events | Refusal:
    """The candidate submits the item *name*."""
    if item is None or name not in paper:
        return NO_SUCH_ITEM
    control = paper.places[name].control
    if not control.individual:
        return NOT_SUBMITTED
    if not paper.answerable(attempt, name):
        return CLOSED
    given = attempt.responses.get(name, ())
    if not answered(given):
        return () if control.skipping else EMPTY
    if control.valid and not whole(item, given):
        return INCOMPLETE
    return (ev.Submitted(name),)


def whole(item: Item, given: tuple[Response, ...]) -> bool:
    """Whether every part of *item* has an answer that satisfies its minimum."""
    standing = {response.identifier: response for response in given}
    return all(
        complete(each, standing.get(each.response, Response(each.response, ())))
        for each in item.interactions
    )


def take_break(paper: Map, attempt: Attempt) -> Events | Refusal:
    """The candidate wants to go on a break."""
    leave = paper.paper.moving.leave
    if attempt.progress.asked >= leave.times + attempt.progress.granted:
        return NO_LEAVE
    return (ev.BreakBegan("", leave.length_s, False, leave.identity),)


def come_back(paper: Map, attempt: Attempt) -> Events | Refusal:
    """The candidate is back."""
    rest = attempt.progress.rest
    if rest is None:
        return NO_BREAK
    if rest.open:
        return _go_on(paper, attempt)
    return () if rest.returned else (ev.Returned(),)


def allowed_back(paper: Map, attempt: Attempt) -> Events:
    """What follows when an invigilator has seen who is there."""
    rest = attempt.progress.rest
    if rest is None or not rest.returned:
        return ()
    return _go_on(paper, replace(attempt, progress=let_back(attempt.progress)))


def close(attempt: Attempt, how: int) -> Events:
    """The end of an attempt, and its conclusion for the scoring desk."""
    return (ev.Closed(how), conclude(attempt))


def conclude(attempt: Attempt) -> ev.Concluded:
    """The last record of the responses."""
    return ev.Concluded(attempt.recorded, responses_digest(attempt.responses))


def _go_on(paper: Map, attempt: Attempt) -> Events:
    ended = ev.BreakEnded()
    return (ended, *_resettle(paper, _after(attempt, (ended,))))


def _resettle(paper: Map, attempt: Attempt) -> Events:
    """Where a candidate goes whose question is closed: on, or out when nothing is open."""
    here = attempt.place
    if here is None or paper.visible(attempt, here):
        return ()
    there = paper.onward(attempt)
    return close(attempt, ev.TIME_OVER) if there is None else cross(paper, attempt, there)


def _spend(paper: Map, attempt: Attempt, scope: str) -> tuple[Step, ...]:
    """The end of the time of *scope*, and of what was entered in it."""
    here = attempt.place
    limits = paper.places[here].limits if here is not None else ()
    names = [limit.scope for limit in limits if limit.scope in attempt.progress.inside]
    inner = names[names.index(scope) + 1 :] if scope in names else []
    return (*(ev.Left(name, ev.LEFT) for name in reversed(inner)), ev.Left(scope, ev.SPENT))


def _left(paper: Map, attempt: Attempt, there: str) -> tuple[Step, ...]:
    return tuple(ev.Left(limit.scope, how) for limit, how in paper.left(attempt, there))


def _after(attempt: Attempt, steps: tuple[Step, ...]) -> Attempt:
    progress = attempt.progress
    for each in steps:
        progress = advance(progress, each)
    return replace(attempt, progress=progress)
