"""Drawing a form from a test: QTI selection and ordering, with a recorded seed.

The same test and seed give the same form on every machine and Python version: see
:mod:`exam_packages.forms.lots`. A test with a blueprint is drawn again, with lots of its
own for each try, until a choice keeps the blueprint: so each choice that keeps it is as
likely as any other. Where none of :data:`MAX_TRIES` does, the exact search of
:mod:`exam_packages.forms.sections` finds one, or proves that there is none; it prefers no
choice on purpose, but does not make them equally likely.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from exam_packages.assessment import Member, QuestionReference, SectionPlan, Test
from exam_packages.blueprint import Blueprint
from exam_packages.content.paper import GRANT, Policy
from exam_packages.forms.check import check_entries
from exam_packages.forms.choose import Undecided
from exam_packages.forms.form import (
    STANDARD_POLICY,
    Chosen,
    DrawnForm,
    FormsError,
    check_names,
    entry,
    make_form,
)
from exam_packages.forms.lots import Lots
from exam_packages.forms.sections import find
from exam_packages.forms.statistics import Statistics
from exam_packages.forms.survey import survey_of

MAX_TRIES: Final = 1000


def draw(
    test: Test,
    seed: bytes,
    *,
    policy: Policy = STANDARD_POLICY,
    statistics: Statistics | None = None,
) -> DrawnForm:
    """Draw the form of *test* that *seed* stands for.

    When no form keeps the test's blueprint, or none was found, the first try is given:
    :func:`exam_packages.forms.check` says what is wrong with it. Raises
    :class:`FormsError` when the test has names a package cannot carry, no time limit, or a
    section that selects more questions than it has.
    """
    if not test.time_limit_s:
        raise FormsError("The test “{test}” has no time limit; give it one.", test=test.identifier)
    return _draw(test, seed, _allowing(test, policy), statistics or {})


def practice(test: Test, seed: bytes, *, policy: Policy = STANDARD_POLICY) -> DrawnForm | None:
    """Draw the practice form of *test*; ``None`` when it has none. A limit of 0 is none."""
    if test.practice is None:
        return None
    return _draw(test.practice, seed, _allowing(test, policy), {})


def _allowing(test: Test, policy: Policy) -> Policy:
    """*policy* with what the blueprint of *test* says of small pictures and of tools: those that
    all have, and those that it lets be granted."""
    blueprint = test.blueprint
    if blueprint is None:
        return policy
    camera = msgspec.structs.replace(policy.proctoring, live_s=blueprint.live_s)
    tools = policy.tools if blueprint.tools is None else blueprint.tools
    granted = tuple(GRANT + each for each in blueprint.grantable if each not in tools)
    return msgspec.structs.replace(policy, tools=(*tools, *granted), proctoring=camera)


def _draw(test: Test, seed: bytes, policy: Policy, statistics: Statistics) -> DrawnForm:
    check_names(test)
    for limit in test.unkept():
        raise FormsError(
            "The test “{test}” has a {limit}, which stations of this version cannot keep to;"
            " leave it out.",
            test=test.identifier,
            limit=limit,
        )
    lots = Lots(seed)
    chosen = _choose(test, lots)
    if test.blueprint is not None and not _keeps(test, chosen, test.blueprint, statistics):
        for again in _tries(test, seed):
            another = _choose(test, again)
            if _keeps(test, another, test.blueprint, statistics):
                lots, chosen = again, another
                break
        else:
            chosen = _exactly(test, test.blueprint, statistics, lots) or chosen
    return make_form(test, chosen, lots, policy, survey_of(test))


def _exactly(test: Test, blueprint: Blueprint, statistics: Statistics, lots: Lots) -> Chosen | None:
    """A choice that keeps *blueprint*, searched; ``None`` without one, or where the search
    cannot tell."""
    try:
        names = find(test, blueprint, statistics, lots)
    except Undecided:
        return None
    if names is None:
        return None
    found = _choose(test, lots, names)
    return found if _keeps(test, found, blueprint, statistics) else None


def _tries(test: Test, seed: bytes) -> Iterator[Lots]:
    """Lots for more tries, where the test leaves something to choose."""
    if any(_selects(plan) for part in test.parts for plan in part.sections):
        for number in range(1, MAX_TRIES):
            yield Lots(seed, f"draw/{number}")


def _selects(plan: SectionPlan) -> bool:
    return plan.select is not None or any(
        _selects(member) for member in plan.members if isinstance(member, SectionPlan)
    )


def _keeps(test: Test, chosen: Chosen, blueprint: Blueprint, statistics: Statistics) -> bool:
    entries = [
        entry(plan, each)
        for part in test.parts
        for plan in part.sections
        for each in chosen[plan.identifier]
    ]
    return not check_entries(blueprint, entries, statistics)


def _choose(test: Test, lots: Lots, names: frozenset[str] | None = None) -> Chosen:
    return {
        plan.identifier: _select(plan, lots, names) for part in test.parts for plan in part.sections
    }


def _select(plan: SectionPlan, lots: Lots, names: frozenset[str] | None) -> list[QuestionReference]:
    """QTI selection, then ordering; required members are always drawn, fixed ones stay put.

    With *names* the selection is made: those are drawn.
    """
    where = f"section/{plan.identifier}"
    indices = list(range(len(plan.members)))
    if names is not None:
        indices = [at for at in indices if _is_drawn(plan.members[at], names)]
    elif plan.select is not None:
        required = [at for at in indices if plan.members[at].required]
        others = [at for at in indices if not plan.members[at].required]
        free = plan.select - len(required)
        if not 0 <= free <= len(others):
            raise FormsError(
                "The section “{section}” selects {select} of {count} members, of which"
                " {required} are required; that cannot be.",
                section=plan.identifier,
                select=plan.select,
                count=len(indices),
                required=len(required),
            )
        indices = sorted(required + lots.shuffled(others, f"{where}/select")[:free])
    if plan.shuffle:
        fixed = [plan.members[at].fixed for at in indices]
        indices = lots.rearranged(indices, fixed, f"{where}/order")
    chosen: list[QuestionReference] = []
    for at in indices:
        member = plan.members[at]
        chosen += _select(member, lots, names) if isinstance(member, SectionPlan) else [member]
    return chosen


def _is_drawn(member: Member, names: frozenset[str]) -> bool:
    return isinstance(member, SectionPlan) or member.question.item.identifier in names
