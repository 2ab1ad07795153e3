"""Operators on containers and records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction

from exam_packages.rules.operands import (
    MANY,
    MAX_MEMBERS,
    Here,
    Operands,
    Operator,
    Settings,
    Work,
    expect,
    plain,
)
from exam_packages.rules.values import (
    BaseType,
    Cardinality,
    Member,
    RulesError,
    Value,
    comparable,
    single,
    truth,
)


def _container(cardinality: Cardinality) -> Operator:
    def make(operands: Operands) -> Value | None:
        values = [each for each in operands if each is not None]
        return _joined(values, cardinality, 1)

    return Operator(0, MANY, plain(make))


def _joined(values: list[Value], cardinality: Cardinality, times: int) -> Value | None:
    if not values:
        return None
    kinds = {each.base_type for each in values}
    numbers = kinds == {"integer", "float"}
    expect(len(kinds) == 1 or numbers, cardinality)
    kind: BaseType = "float" if numbers else values[0].base_type
    expect(all(each.cardinality in ("single", cardinality) for each in values), cardinality)
    if sum(len(each.members) for each in values) * times > MAX_MEMBERS:
        raise RulesError(
            "A rule makes a container of more than {limit} members.", limit=MAX_MEMBERS
        )
    members = tuple(one for each in values for one in each.members) * times
    return Value(kind, cardinality, members)


def _repeat(settings: Settings) -> Work:
    times = settings.whole("number-repeats")

    def repeat(operands: Operands, here: Here) -> Value | None:
        count = times(here)
        if count is None or count < 1:
            return None
        return _joined([each for each in operands if each is not None], "ordered", count)

    return repeat


def _size(operands: Operands) -> Value:
    value = operands[0]
    expect(value is None or value.cardinality in ("multiple", "ordered"), "container-size")
    return single("integer", Fraction(len(value.members) if value else 0))


def _index(settings: Settings) -> Work:
    position = settings.whole("n")

    def index(operands: Operands, here: Here) -> Value | None:
        value, at = operands[0], position(here)
        if value is None or at is None:
            return None
        expect(value.cardinality == "ordered", "index")
        if not 1 <= at <= len(value.members):
            return None
        return single(value.base_type, value.members[at - 1])

    return index


def _field(settings: Settings) -> Work:
    name = settings.text("field-identifier")

    def field(operands: Operands, _: Here) -> Value | None:
        value = operands[0]
        if value is None:
            return None
        expect(value.cardinality == "record", "field-value")
        for each in value.members:
            match each:
                case (str() as known, Value() as found) if known == name:
                    return found
        return None

    return field


def _member(operands: Operands) -> Value | None:
    found = _in_container(operands, "member")
    return None if found is None else truth(found[0] in found[1])


def _delete(operands: Operands) -> Value | None:
    found = _in_container(operands, "delete")
    container = operands[1]
    if found is None or container is None:
        return None
    members = tuple(one for one in found[1] if one != found[0])
    return Value(container.base_type, container.cardinality, members) if members else None


def _in_container(operands: Operands, name: str) -> tuple[Member, tuple[Member, ...]] | None:
    first, second = operands
    if first is None or second is None:
        return None
    expect(first.cardinality == "single", name)
    expect(second.cardinality in ("multiple", "ordered"), name)
    expect(comparable(first.base_type, second.base_type), name)
    return first.members[0], second.members


def _contains(operands: Operands) -> Value | None:
    first, second = operands
    if first is None or second is None:
        return None
    expect(first.cardinality in ("multiple", "ordered"), "contains")
    expect(first.cardinality == second.cardinality, "contains")
    expect(comparable(first.base_type, second.base_type), "contains")
    if first.cardinality == "multiple":
        return truth(Counter(second.members) <= Counter(first.members))
    return truth(_inside(second.members, first.members))


def _inside(part: tuple[Member, ...], whole: tuple[Member, ...]) -> bool:
    """Whether *part* is a run of *whole*; by Knuth, Morris and Pratt, in linear time."""
    borders = [0] * len(part)
    length = 0
    for at in range(1, len(part)):
        while length and part[at] != part[length]:
            length = borders[length - 1]
        length += part[at] == part[length]
        borders[at] = length
    length = 0
    for each in whole:
        while length and each != part[length]:
            length = borders[length - 1]
        length += each == part[length]
        if length == len(part):
            return True
    return False


OPERATORS: Mapping[str, Operator] = {
    "multiple": _container("multiple"),
    "ordered": _container("ordered"),
    "repeat": Operator(
        1, MANY, _repeat, frozenset({"number-repeats"}), frozenset({"number-repeats"})
    ),
    "container-size": Operator(1, 1, plain(_size)),
    "index": Operator(1, 1, _index, frozenset({"n"}), frozenset({"n"})),
    "field-value": Operator(
        1, 1, _field, frozenset({"field-identifier"}), frozenset({"field-identifier"})
    ),
    "member": Operator(2, 2, plain(_member)),
    "delete": Operator(2, 2, plain(_delete)),
    "contains": Operator(2, 2, plain(_contains)),
}
