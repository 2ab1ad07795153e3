"""Putting drawn template values into an item as written.

The values come from template processing; what stands in the item for them
(:class:`~exam_packages.content.text.Printed`, ``When``, ``WhenBlock``, formulas with
variables, choices that depend on one) gives way to what a candidate sees. The result is
an item like any other, without a trace of the template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
from lxml import etree

from exam_packages.assessment import ChoiceWhen
from exam_packages.content.items import Item
from exam_packages.content.text import Formula, Printed, Text, When, WhenBlock
from exam_packages.errors import ExamError
from exam_packages.formats.mathml import parsed
from exam_packages.formats.mathml import written as formula_text
from exam_packages.rules.numbers import written
from exam_packages.rules.values import Value

Values = Mapping[str, Value | None]

EXACT_DIGITS = 15
"""Significant digits up to which a float without a format is shown as it is: those that a
double keeps, so that no engine shows more of what an author wrote."""
MAX_SHOWN = 24
"""Characters of such a number; one with more zeros is written with a power of ten."""
FLOAT_DIGITS = 6
"""Significant digits of any other float without a format, as C's ``%g`` has them."""
_FORMAT = re.compile(r"%([-+ 0#]*)([0-9]{1,3})?(?:\.([0-9]{1,3}))?([diouxXeEfFgGrsS])")
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class TemplateError(ExamError):
    """Drawn values do not fit the item that they are for."""


def substitute(item: Item, values: Values, conditions: Sequence[ChoiceWhen] = ()) -> Item:
    """*item* with *values* in it, and without the choices whose *conditions* do not hold.

    Raises :class:`TemplateError`.
    """
    gone = {
        (each.response, each.choice)
        for each in conditions
        if _holds(values, each.variable, each.choice) != each.show
    }
    made: Item = _replaced(item, values)
    interactions = []
    for interaction in made.interactions:
        changes: dict[str, Any] = {}
        for name in ("choices", "sources", "targets"):
            if (choices := getattr(interaction, name, None)) is not None:
                kept = tuple(
                    each for each in choices if (interaction.response, each.identifier) not in gone
                )
                if not kept:
                    raise TemplateError(
                        "The drawn values leave “{item}” without a choice.", item=item.identifier
                    )
                changes[name] = kept
        interactions.append(msgspec.structs.replace(interaction, **changes))
    return msgspec.structs.replace(made, interactions=tuple(interactions))


def _replaced(thing: Any, values: Values) -> Any:
    """*thing* with everything in it that stands for a value replaced."""
    if isinstance(thing, tuple):
        found: list[Any] = []
        for each in thing:
            if isinstance(each, When | WhenBlock):
                if _holds(values, each.variable, each.value) == each.show:
                    inner = each.inlines if isinstance(each, When) else each.blocks
                    found += _replaced(inner, values)
            else:
                found.append(_replaced(each, values))
        return tuple(found)
    match thing:
        case Printed():
            return Text(printed(thing, values), 0)
        case Formula(variables=names) if names:
            return _formula(thing, values)
        case msgspec.Struct():
            return msgspec.structs.replace(
                thing,
                **{
                    name: _replaced(getattr(thing, name), values)
                    for name in thing.__struct_fields__
                },
            )
    return thing


def _holds(values: Values, variable: str, identifier: str) -> bool:
    value = _value(values, variable)
    return value is not None and identifier in value.members


def _value(values: Values, name: str) -> Value | None:
    if name not in values:
        raise TemplateError("No value was drawn for the template variable “{name}”.", name=name)
    return values[name]


def printed(place: Printed, values: Values) -> str:
    """What a printed variable shows. NULL shows nothing. Raises :class:`TemplateError`."""
    value = _value(values, place.identifier)
    if value is None:
        return ""
    members: list[Any] = list(value.members)
    if place.field:
        members = [each[1].members[0] for each in members if _is_field(each, place.field)]
    elif place.index:
        members = members[place.index - 1 : place.index]
    delimiter = place.delimiter or ";"
    if value.cardinality in ("multiple", "ordered"):
        delimiter += " "
    return delimiter.join(_shown(each, value.base_type, place) for each in members)


def _is_field(member: Any, name: str) -> bool:
    return isinstance(member, tuple) and member[0] == name and isinstance(member[1], Value)


def _shown(member: Any, base_type: str, place: Printed) -> str:
    match member:
        case bool():
            return "true" if member else "false"
        case Fraction():
            return _number(member, base_type, place)
        case str():
            return member
        case (first, second):
            return f"{_shown(first, base_type, place)} {_shown(second, base_type, place)}"
    return str(member)


def _number(value: Fraction, base_type: str, place: Printed) -> str:
    if place.format:
        return _formatted(value, place)
    if base_type == "integer" and place.base not in (0, 10):
        return _in_base(int(value), place.base)
    return _shortest(value)


def _shortest(value: Fraction) -> str:
    text = written(value)
    digits = text.lstrip("-0.").replace(".", "")
    short = "/" not in text and len(digits) <= EXACT_DIGITS and len(text) <= MAX_SHOWN
    if short or value.denominator == 1:
        return text
    text = f"{_decimal(value):.{FLOAT_DIGITS}g}"
    if "e" not in text:
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa, _, exponent = text.partition("e")
    return _powers(
        f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{exponent}"
    )


def _formatted(value: Fraction, place: Printed) -> str:
    def one(found: re.Match[str]) -> str:
        flags, width, precision, kind = found.groups()
        digits = int(precision) if precision is not None else 6
        sign = "+" if "+" in flags else " " if " " in flags else ""
        match kind:
            case "d" | "i" | "u":
                body = f"{int(value):{sign}d}"
            case "o" | "x" | "X":
                body = f"{int(value):{sign}{kind}}"
            case "r" | "R":  # QTI: significant figures
                body = f"{_decimal(value):{sign}.{max(digits, 1)}g}"
            case "s" | "S":
                body = _shortest(value)
            case _:
                body = f"{_decimal(value):{sign}.{digits}{kind}}"
        if place.power_form and "e" in body.lower():
            body = _powers(body)
        room = int(width or 0)
        if "-" in flags:
            return body.ljust(room)
        return body.zfill(room) if "0" in flags else body.rjust(room)

    return _FORMAT.sub(one, place.format).replace("%%", "%").strip()


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _powers(text: str) -> str:
    mantissa, _, exponent = text.lower().partition("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def _in_base(number: int, base: int) -> str:
    if base < 2:
        return str(number)
    digits, rest = "", abs(number)
    while rest or not digits:
        rest, digit = divmod(rest, base)
        digits = _DIGITS[digit] + digits
    return ("-" if number < 0 else "") + digits


def _formula(formula: Formula, values: Values) -> Formula:
    """The formula with the values in the place of ``<mi>`` (and ``<ci>``) that name one."""
    root = parsed(formula.mathml)
    for node in root.iter():
        name = (node.text or "").strip()
        if name in formula.variables and etree.QName(node).localname in ("mi", "ci"):
            space = etree.QName(node).namespace
            node.tag = f"{{{space}}}mn" if space else "mn"
            node.text = printed(Printed(name, "", 10, 0, ";", "", False), values)
    return Formula(etree.tostring(root, encoding="unicode"), formula_text(root).text, (), None)
