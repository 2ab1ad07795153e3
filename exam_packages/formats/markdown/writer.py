"""Questions as our Markdown, as far as it can carry them.

What was written is read again, and only a question that is the same stays: the form has no
word for choices with names of their own, for instance, or for two bounds of a score.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from exam_packages.assessment import Question
from exam_packages.content.items import (
    Choice,
    ExtendedText,
    InlineChoice,
    Interaction,
    Match,
    Order,
    SimpleChoice,
    TextEntry,
)
from exam_packages.formats.errors import FormatError
from exam_packages.formats.markdown.reader import read_markdown
from exam_packages.formats.markdown.text_writer import blocks, inlines
from exam_packages.formats.report import Bank, Change
from exam_packages.rules.declarations import ResponseDeclaration
from exam_packages.rules.expressions import Apply, BaseValue, Expression, Variable
from exam_packages.rules.key import Condition, Rule, SetOutcome
from exam_packages.rules.numbers import exact, written

FILE = "bank.md"


def write_markdown(bank: Bank) -> tuple[dict[str, bytes], list[Change]]:
    """The files of *bank*, and what could not be carried, each with what to do."""
    exhibits = {name: _exhibit(bank, name) for name in bank.exhibits}
    files: dict[str, bytes] = dict(bank.media)
    kept, left = [], []
    for question in bank.questions():
        name = question.item.identifier
        try:
            text = _question(question)
            shown = [exhibits[each] for each in question.item.exhibits]
            again = read_markdown({FILE: "\n".join([*shown, text]).encode(), **bank.media})
        except FormatError as problem:
            left.append(Change("{name} was not written: {why}", name=name, why=str(problem)))
            continue
        if again.questions() == (question,):
            kept.append(text)
        else:
            left.append(
                Change(
                    "{name} was not written: Markdown cannot carry all of it; export it as QTI.",
                    name=name,
                )
            )
    files[FILE] = "\n".join([*exhibits.values(), *kept]).encode()
    return files, left


def _exhibit(bank: Bank, name: str) -> str:
    exhibit = bank.exhibits[name]
    return _entry({"exhibit": name, "title": exhibit.title}, blocks(exhibit.body, str))


def _entry(fields: dict[str, str], text: str) -> str:
    lines = [f"{name}: {value}" for name, value in fields.items() if value]
    return "\n".join(["---", *lines, "---", text, ""])


def _question(question: Question) -> str:
    item, key = question.item, question.key
    writer = _Writer(question)
    text = blocks(item.body, writer.place)
    choices = [each for each in item.interactions if isinstance(each, Choice)]
    most = {each.max_choices for each in choices}
    fields = {
        "id": item.identifier,
        "title": item.title,
        "language": item.language,
        "competence": question.competence,
        "level": question.level,
        "points": "" if key.max_score == "1" else key.max_score,
        "shuffle": "yes" if question.shuffles else "",
        "choose": "".join({0: "any", 1: "one"}.get(each, str(each)) for each in most),
        "exhibits": " ".join(item.exhibits),
    }
    if not writer.chosen or _usual(writer, most):
        fields["choose"] = ""
    return _entry(fields, text)


def _usual(writer: _Writer, most: set[int]) -> bool:
    """Whether the number of right choices says how many may be chosen."""
    return most == {1 if writer.chosen == 1 else 0}


class _Writer:
    """Writes the interactions of a question where they stand."""

    def __init__(self, question: Question) -> None:
        self._interactions = {each.response: each for each in question.item.interactions}
        self._declared = {each.identifier: each for each in question.key.responses}
        self._rules = question.key.processing
        self._scale = next(_divisors(question.key.processing), Fraction(1))
        self.chosen = 0

    def place(self, response: str) -> str:
        interaction = self._interactions[response]
        declared = self._declared[response]
        match interaction:
            case Choice(choices=choices):
                boxes = self._boxes(choices, declared)
                self.chosen = sum(1 for box in boxes if box != " " and not box.startswith("-"))
                return "\n".join(
                    f"- [{box}] {_line(choice)}" for box, choice in zip(boxes, choices, strict=True)
                )
            case Order(choices=choices):
                return "\n".join(
                    f"{number}. [ ] {_line(choice)}" for number, choice in enumerate(choices, 1)
                )
            case Match():
                return _match(interaction, declared)
            case ExtendedText(expected_lines=lines):
                return "{essay}" if lines == 15 else f"{{essay {lines}}}"
            case InlineChoice(choices=choices):
                boxes = self._boxes(choices, declared)
                menu = [
                    f"[{box}] {_line(choice)}" for box, choice in zip(boxes, choices, strict=True)
                ]
                return "{" + " | ".join(menu) + "}"
            case TextEntry():
                return self._typed(interaction, declared)
        raise _unknown(interaction)

    def _boxes(self, choices: tuple[SimpleChoice, ...], declared: ResponseDeclaration) -> list[str]:
        if declared.mapping is None:
            return ["x" if each.identifier in declared.correct else " " for each in choices]
        worth = {
            entry.member: exact(entry.value) / self._scale for entry in declared.mapping.entries
        }
        return [
            written(worth[each.identifier]) if each.identifier in worth else " " for each in choices
        ]

    def _typed(self, interaction: TextEntry, declared: ResponseDeclaration) -> str:
        if declared.base_type == "float":
            spans = list(_spans(self._rules, interaction.response))
            alone = len(self._interactions) == len({worth for worth, _ in spans}) == 1
            numbers = [text if alone else f"[{worth}] {text}" for worth, text in spans]
            return "{# " + " | ".join(numbers) + "}"
        if declared.mapping is None or not declared.mapping.entries:
            raise _unknown(interaction)
        entries = declared.mapping.entries
        sign = "==" if entries[0].case_sensitive else "="
        answers = [
            f"[{written(exact(entry.value) / self._scale)}] {_answer(entry.member)}"
            for entry in entries
        ]
        if len({entry.value for entry in entries}) == 1 and len(self._interactions) == 1:
            answers = [_answer(entry.member) for entry in entries]
        return "{" + sign + " " + " | ".join(answers) + "}"


def _unknown(interaction: Interaction) -> FormatError:
    return FormatError(
        "Markdown has no form for an answer of this kind ({kind}).", kind=type(interaction).__name__
    )


def _line(choice: SimpleChoice) -> str:
    return inlines(choice.body, str).replace("\\\n", "<br>")


def _answer(text: str) -> str:
    return "".join(f"\\{char}" if char in "|}\\[" else char for char in text)


def _match(interaction: Match, declared: ResponseDeclaration) -> str:
    head = ["", *(_line(target) for target in interaction.targets)]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for source in interaction.sources:
        boxes = [
            "[x]" if f"{source.identifier} {target.identifier}" in declared.correct else "[ ]"
            for target in interaction.targets
        ]
        lines.append("| " + " | ".join([_line(source), *boxes]) + " |")
    return "\n".join(lines)


def _divisors(rules: tuple[Rule, ...]) -> Iterator[Fraction]:
    """What the rules divide points by, so that thirds stay thirds."""
    for rule in rules:
        if isinstance(rule, Condition):
            for inside in (*(branch.rules for branch in rule.branches), rule.otherwise):
                yield from _divisors(inside)
        elif isinstance(rule, SetOutcome):
            match rule.expression:
                case Apply(operator="divide", operands=(_, BaseValue(text=text))):
                    yield exact(text)


def _spans(rules: tuple[Rule, ...], response: str) -> Iterator[tuple[str, str]]:
    """The numbers that are right for *response*, after what each is worth."""
    for rule in rules:
        for branch in rule.branches if isinstance(rule, Condition) else ():
            ends = [exact(each.text) for each in _numbers(branch.condition)]
            if response not in _variables(branch.condition) or not 0 < len(ends) <= 2:
                continue
            (setting,) = (each for each in branch.rules if isinstance(each, SetOutcome))
            middle = sum(ends, Fraction(0)) / len(ends)
            text = written(middle)
            if ends[0] != ends[-1]:
                text += f" ± {written(ends[-1] - middle)}"
            yield written(_value(setting.expression)), text


def _variables(expression: Expression) -> set[str]:
    if isinstance(expression, Variable):
        return {expression.identifier}
    operands = expression.operands if isinstance(expression, Apply) else ()
    return {name for each in operands for name in _variables(each)}


def _numbers(expression: Expression) -> Iterator[BaseValue]:
    if isinstance(expression, BaseValue):
        yield expression
    elif isinstance(expression, Apply):
        for operand in expression.operands:
            yield from _numbers(operand)


def _value(expression: Expression) -> Fraction:
    numbers = [exact(each.text) for each in _numbers(expression)]
    return numbers[0] / numbers[1] if len(numbers) == 2 else numbers[0]
