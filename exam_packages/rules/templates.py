"""Template processing: an item's variables, drawn when the form is drawn.

Never on a station: a candidate gets an item whose numbers are drawn already, and the
answer key has the correct responses that go with them. Everything comes from the source
of chance that is handed in, so the same seed draws the same item again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from exam_packages.rules.declarations import TemplateDeclaration
from exam_packages.rules.expressions import Environment, fitted
from exam_packages.rules.key import ItemKey, Rule
from exam_packages.rules.operands import Source
from exam_packages.rules.running import program
from exam_packages.rules.values import RulesError, Value, lexical

MAX_TRIES = 100
"""How often the variables are drawn anew for a constraint, as QTI proposes."""


@dataclass(frozen=True, slots=True)
class Templates:
    """What an item says about its template variables (qti-template-declaration,
    qti-template-processing)."""

    declarations: tuple[TemplateDeclaration, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class DrawnTemplates:
    """``values`` are those of the template variables, for the body of the item; ``key`` is
    the item's key with the values, and with the correct responses and defaults that the
    rules set."""

    values: Mapping[str, Value | None]
    key: ItemKey


class _Again(Exception):
    """A constraint does not hold: from the start, please."""


@dataclass
class _Drawing(Environment):
    correct: dict[str, Value | None] = field(default_factory=dict)
    defaults: dict[str, Value | None] = field(default_factory=dict)
    tries: int = MAX_TRIES

    def begin(self) -> None:
        self.correct.clear()
        self.defaults.clear()
        for name, declared in self.templates.items():
            self.values[name] = declared.default_value()

    def set_outcome(self, name: str, value: Value | None) -> None:
        raise RulesError("A template rule sets the outcome “{name}”.", name=name)

    def set_template(self, name: str, value: Value | None) -> None:
        if name not in self.templates:
            raise RulesError("There is no template variable “{name}”.", name=name)
        declared = self.templates[name]
        self.values[name] = fitted(name, declared.base_type, declared.cardinality, value)

    def set_correct(self, name: str, value: Value | None) -> None:
        declared = self.response(name)
        self.correct[name] = fitted(name, declared.base_type, declared.cardinality, value)

    def set_default(self, name: str, value: Value | None) -> None:
        declared = self.responses.get(name) or self.outcomes.get(name)
        if declared is None:
            raise RulesError("There is no response or outcome “{name}”.", name=name)
        self.defaults[name] = fitted(name, declared.base_type, declared.cardinality, value)

    def constrain(self, holds: bool) -> None:
        if holds or not self.tries:
            return
        self.tries -= 1
        if self.tries:
            raise _Again
        # QTI: past the last try the defaults are taken, and the rules go on from here.
        self.begin()


def draw_templates(templates: Templates, key: ItemKey, lots: Source) -> DrawnTemplates:
    """Draw the template variables of the item that *key* is for.

    Raises :class:`RulesError` where a rule cannot be followed.
    """
    run = program(templates.rules)
    here = _Drawing(
        {each.identifier: each for each in key.responses},
        {each.identifier: each for each in key.outcomes},
        {},
        {each.identifier: each for each in templates.declarations},
        lots,
    )
    while True:
        here.begin()
        try:
            run(here)
            break
        except _Again:
            continue
    drawn = tuple(
        msgspec.structs.replace(each, default=lexical(here.values[each.identifier]))
        for each in templates.declarations
    )
    changed = msgspec.structs.replace(
        key,
        responses=tuple(
            msgspec.structs.replace(
                each,
                correct=_texts(here.correct, each.identifier, each.correct),
                default=_texts(here.defaults, each.identifier, each.default),
            )
            for each in key.responses
        ),
        outcomes=tuple(
            msgspec.structs.replace(
                each, default=_texts(here.defaults, each.identifier, each.default)
            )
            for each in key.outcomes
        ),
        templates=drawn,
    )
    values = {each.identifier: here.values[each.identifier] for each in templates.declarations}
    return DrawnTemplates(values, changed)


def _texts(
    changed: Mapping[str, Value | None], name: str, before: tuple[str, ...]
) -> tuple[str, ...]:
    return lexical(changed[name]) if name in changed else before
