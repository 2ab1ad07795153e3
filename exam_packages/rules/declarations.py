"""What an item declares about its variables: types, correct answers, mappings.

All numbers are kept in the text an author wrote (exactly; see
:mod:`exam_packages.rules.numbers`), so a key is canonical without floats.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property

from exam_packages.canon import Object
from exam_packages.rules import shapes
from exam_packages.rules.numbers import exact
from exam_packages.rules.values import (
    NUMERIC,
    BaseType,
    Cardinality,
    Member,
    RulesError,
    Value,
    bind,
    constant,
    member,
    numeric_record,
    single,
)

__all__ = [
    "NUMERIC",
    "AreaEntry",
    "AreaMapping",
    "LookupTable",
    "MapEntry",
    "Mapping",
    "OutcomeDeclaration",
    "ResponseDeclaration",
    "TableEntry",
    "TemplateDeclaration",
]


class MapEntry(Object):
    """One row of a mapping: this member is worth that number."""

    member: str
    value: str
    case_sensitive: bool


class Mapping(Object):
    """qti-mapping. ``lower`` and ``upper`` are numbers, or empty: no bound."""

    lower: str
    upper: str
    default: str
    entries: tuple[MapEntry, ...]

    def bounded(self, total: Fraction) -> Fraction:
        return _bounded(total, self.lower, self.upper)


class AreaEntry(Object):
    """One area of an area mapping: a QTI shape, its coordinates, what it is worth."""

    shape: str
    coordinates: tuple[int, ...]
    value: str


class AreaMapping(Object):
    """qti-area-mapping, bounds as in :class:`Mapping`."""

    lower: str
    upper: str
    default: str
    entries: tuple[AreaEntry, ...]

    def bounded(self, total: Fraction) -> Fraction:
        return _bounded(total, self.lower, self.upper)

    def total(self, points: tuple[Member, ...]) -> Fraction:
        """The worth of *points*: each area counts once, a point outside all by default."""
        hit: set[int] = set()
        total = Fraction(0)
        for point in dict.fromkeys(points):
            match point:
                case (Fraction() as x, Fraction() as y):
                    pass
                case _:
                    raise RulesError("An area map needs points.")
            for index, area in enumerate(self.entries):
                if shapes.inside(area.shape, area.coordinates, int(x), int(y)):
                    if index not in hit:
                        hit.add(index)
                        total += exact(area.value)
                    break
            else:
                total += exact(self.default)
        return total


class ResponseDeclaration(Object, dict=True):
    """qti-response-declaration. No ``correct`` members: none declared; nor ``default``.

    What is declared is made ready once, when it is first asked for.
    """

    identifier: str
    base_type: BaseType
    cardinality: Cardinality
    correct: tuple[str, ...]
    mapping: Mapping | None
    areas: AreaMapping | None
    default: tuple[str, ...] = ()

    def bind(self, members: tuple[str, ...]) -> Value | None:
        """The value of a response's members. Raises :class:`RulesError`."""
        if self.cardinality == "record":
            return numeric_record(members[0]) if len(members) == 1 else None
        return bind(self.base_type, self.cardinality, members)

    def right(self) -> tuple[str, ...]:
        """The correct response as a candidate gives it: of a record, what they type."""
        if self.cardinality != "record":
            return self.correct
        fields = {name: text for name, _, text in (each.split(" ", 2) for each in self.correct)}
        for name in ("stringValue", "floatValue", "integerValue"):
            if name in fields:
                return (fields[name],)
        return ()

    def correct_value(self) -> Value | None:
        return self._correct

    def default_value(self) -> Value | None:
        return self._default

    def mapping_table(self) -> _Table:
        return self._table

    @cached_property
    def _correct(self) -> Value | None:
        return constant(self.base_type, self.cardinality, self.correct)

    @cached_property
    def _default(self) -> Value | None:
        return constant(self.base_type, self.cardinality, self.default)

    @cached_property
    def _table(self) -> _Table:
        if self.mapping is None:
            raise RulesError("The response “{name}” has no mapping.", name=self.identifier)
        return _Table(self.base_type, self.mapping)


class TableEntry(Object):
    """A row of a lookup table. ``included``: the source value itself belongs to it."""

    source: str
    target: str
    included: bool


class LookupTable(Object):
    """qti-match-table, or (``interpolates``) qti-interpolation-table.

    A match table takes the first row whose source is the value, an interpolation table
    the first whose source is not above it. ``default`` is empty when there is none.
    """

    interpolates: bool
    default: str
    entries: tuple[TableEntry, ...]

    def look_up(self, value: Value | None) -> str:
        """The text of the target, empty for NULL. Raises :class:`RulesError`."""
        if value is None:
            return self.default
        number = value.members[0]
        if not isinstance(number, Fraction) or value.cardinality != "single":
            raise RulesError("A lookup table needs a single number.")
        for entry in self.entries:
            source = exact(entry.source)
            if number == source and (entry.included or not self.interpolates):
                return entry.target
            if number > source and self.interpolates:
                return entry.target
        return self.default


class OutcomeDeclaration(Object, dict=True):
    """qti-outcome-declaration. ``default`` has no members when none is declared, and
    ``minimum`` and ``maximum`` (normal-minimum, normal-maximum) are empty then."""

    identifier: str
    base_type: BaseType
    cardinality: Cardinality
    default: tuple[str, ...]
    minimum: str = ""
    maximum: str = ""
    table: LookupTable | None = None

    def default_value(self) -> Value | None:
        """The declared default; numbers start at 0 without one, as QTI says."""
        return self._default

    @cached_property
    def _default(self) -> Value | None:
        value = constant(self.base_type, self.cardinality, self.default)
        if value is None and self.cardinality == "single" and self.base_type in NUMERIC:
            return single(self.base_type, Fraction(0))
        return value


class TemplateDeclaration(Object, dict=True):
    """qti-template-declaration. In a drawn item, ``default`` is the value drawn."""

    identifier: str
    base_type: BaseType
    cardinality: Cardinality
    default: tuple[str, ...]

    def default_value(self) -> Value | None:
        return self._default

    @cached_property
    def _default(self) -> Value | None:
        return constant(self.base_type, self.cardinality, self.default)


class _Table:
    """A mapping made ready for look-ups; what it does not name has the default."""

    def __init__(self, base_type: BaseType, mapping: Mapping) -> None:
        self._exact: dict[Member, Fraction] = {}
        self._folded: dict[str, Fraction] = {}
        self._default = exact(mapping.default)
        for entry in mapping.entries:
            key = member(base_type, entry.member)
            if key is None:
                raise RulesError(
                    "The mapping has “{text}”, which is not a value of the type {type}.",
                    text=entry.member[:60],
                    type=base_type,
                )
            if isinstance(key, str) and base_type == "string" and not entry.case_sensitive:
                self._folded.setdefault(key.casefold(), exact(entry.value))
            else:
                self._exact.setdefault(key, exact(entry.value))

    def get(self, key: Member) -> Fraction:
        if key in self._exact:
            return self._exact[key]
        if isinstance(key, str):
            return self._folded.get(key.casefold(), self._default)
        return self._default


def _bounded(total: Fraction, lower: str, upper: str) -> Fraction:
    if upper:
        total = min(total, exact(upper))
    if lower:
        total = max(total, exact(lower))
    return total
