"""The blueprint: what a form must have, and how one is drawn from a bank.

It lies beside the test or the bank as ``blueprint.toml``::

    version = "1"                        # of the scheme
    test = "food-safety-inspector-1"     # the test it is for
    practice = "food-safety-practice"    # the test that candidates try first; may be left out
    survey = "food-safety-survey"        # the test they may be asked afterwards; may be left out
    cut_score = 21                       # points a candidate needs, weights applied

    [counts.temperature]                 # a competence, and its cognitive levels
    recall = 2
    apply = 2

``docs/forms.md`` describes the whole of it: weights, points, enemies, versions, exposure,
bounds on statistics, and the layout of a form that comes from a bank.
:func:`exam_packages.forms.check` holds a form against it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias, TypeVar

from exam_packages.content.paper import TOOLS
from exam_packages.content.proctoring import LEAST_LIVE_S, MOST_LIVE_S
from exam_packages.errors import ExamError
from exam_packages.rules.numbers import number, written

MAX_SIZE = 256 * 1024
MAX_COUNT = 10_000
MAX_MINUTES = 24 * 60
MAX_BREAKS = 20
ALL_LEVELS: Final = "*"
"""In ``points``: every level of the competence together."""
FACILITY, DISCRIMINATION, TIME = "facility", "discrimination", "time_s"
POINTS = "points"
STATISTICS: Final = (FACILITY, DISCRIMINATION, TIME)
"""What may be known of an item: :mod:`exam_packages.forms.statistics`."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

T = TypeVar("T")
Kind: TypeAlias = tuple[str, str]
"""A competence and a cognitive level."""


class BlueprintError(ExamError):
    """A blueprint that cannot be meant."""


@dataclass(frozen=True, slots=True)
class Range:
    """From ``low`` to ``high``, both included."""

    low: Fraction
    high: Fraction

    def holds(self, value: Fraction) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        if self.low == self.high:
            return written(self.low)
        return f"{written(self.low)} to {written(self.high)}"


@dataclass(frozen=True, slots=True)
class Exposure:
    """How often an item may be used.

    In at most ``most`` windows, and in at most the share ``rate`` of all windows, rounded
    up; of the windows of the last ``days``, the one that is drawn for included. ``None``:
    no limit.
    """

    most: int | None = None
    rate: Fraction | None = None
    days: int | None = None

    def uses_left(self, uses: int, windows: int, forms: int) -> int:
        """In how many of *forms* new ones an item may be that was in *uses* of *windows*."""
        left = forms
        if self.most is not None:
            left = min(left, self.most - uses)
        if self.rate is not None:
            share = self.rate * (windows + forms)
            left = min(left, -(-share.numerator // share.denominator) - uses)
        return max(0, left)


@dataclass(frozen=True, slots=True)
class Group:
    """A section of a form from a bank: the competences it holds, and its own minutes (0:
    none)."""

    title: str
    competences: tuple[str, ...]
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class PlannedBreak:
    """A break after a test part or section: how long, whether the clock stands meanwhile, and
    whether an invigilator lets the candidate back in."""

    after: str
    minutes: int
    stopped: bool
    identity: bool


@dataclass(frozen=True, slots=True)
class PlannedLeave:
    """Breaks that a candidate may take by asking, on the exam's time."""

    times: int
    minutes: int
    identity: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """How a form from a bank looks. ``instructions`` are paragraphs; without ``sections``
    all questions are one."""

    title: str
    language: str
    minutes: int
    linear: bool
    instructions: tuple[str, ...]
    sections: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Blueprint:
    """``counts`` maps (competence, cognitive level) to a number of questions.

    ``weights`` are the weights of each item of a kind (1 where it is left out), ``points``
    the points that a kind has together, weights applied. ``items`` bounds the statistics
    of each item, ``form`` those of the whole form. Of each list of ``versions``, oldest
    first, the newest that is there is drawn. Two forms of one draw share at most
    ``overlap`` items beside the ``required`` ones. ``tools`` are what the candidate may use
    (:data:`exam_packages.content.paper.TOOLS`); ``None``: the usual ones. ``grantable`` are
    those that one candidate may be granted beside them. ``breaks`` come by
    themselves, ``leave`` is by asking. ``survey`` names the test of the feedback survey.
    ``live_s``, unless it is 0, are the seconds between two small pictures of a candidate that the
    invigilators see.
    """

    version: str
    test: str
    practice: str
    cut_score: str
    counts: Mapping[Kind, int]
    weights: Mapping[Kind, str] = field(default_factory=dict)
    points: Mapping[Kind, Range] = field(default_factory=dict)
    enemies: tuple[frozenset[str], ...] = ()
    versions: tuple[tuple[str, ...], ...] = ()
    required: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    exposure: Exposure = Exposure()  # frozen, so it can be shared
    overlap: int = 0
    items: Mapping[str, Range] = field(default_factory=dict)
    form: Mapping[str, Range] = field(default_factory=dict)
    layout: Layout | None = None
    tools: tuple[str, ...] | None = None
    grantable: tuple[str, ...] = ()
    breaks: tuple[PlannedBreak, ...] = ()
    leave: PlannedLeave | None = None
    survey: str = ""
    live_s: int = 0


def read_blueprint(data: bytes, file: str = "blueprint.toml") -> Blueprint:
    """Read a blueprint from TOML. Raises :class:`BlueprintError`."""
    if len(data) > MAX_SIZE:
        raise BlueprintError(
            "{file} is larger than {limit} bytes; a blueprint is short.", file=file, limit=MAX_SIZE
        )
    try:
        table = tomllib.loads(data.decode("utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as problem:
        raise BlueprintError(
            "{file} is not TOML: {why}. Correct it there.", file=file, why=str(problem)[:200]
        ) from None
    top = _Table(table, "", file)
    blueprint = Blueprint(
        version=top.name("version", "1"),
        test=top.name("test"),
        practice=top.name("practice", ""),
        cut_score=top.cut_score(),
        counts=top.kinds("counts", _Table.count, MAX_COUNT),
        weights=top.kinds("weights", _Table.weight),
        points=top.kinds("points", _Table.range),
        enemies=tuple(frozenset(group) for group in top.lists("enemies")),
        versions=top.lists("versions"),
        required=frozenset(top.names("required")),
        forbidden=frozenset(top.names("forbidden")),
        exposure=_exposure(top.table("exposure")),
        overlap=top.count("overlap", MAX_COUNT, 0),
        items=_ranges(top.table("items"), STATISTICS),
        form=_ranges(top.table("form"), (POINTS, *STATISTICS)),
        layout=_layout(top.table("layout")) if "layout" in table else None,
        tools=_tools(top, "tools") if "tools" in table else None,
        grantable=_tools(top, "grantable_tools"),
        breaks=tuple(_break(each) for each in top.tables("breaks")),
        leave=_leave(top.table("leave")) if "leave" in table else None,
        survey=top.name("survey", ""),
        live_s=_live(top) if "live_pictures" in table else 0,
    )
    top.close()
    _check(blueprint, file)
    return blueprint


def _tools(table: _Table, key: str) -> tuple[str, ...]:
    named = table.names(key)
    if not set(named) <= set(TOOLS):
        raise table.wrong(key, f"a list of some of these: {', '.join(TOOLS)}")
    return tuple(each for each in TOOLS if each in named)


def _live(table: _Table) -> int:
    seconds = table.count("live_pictures", MOST_LIVE_S)
    if 0 < seconds < LEAST_LIVE_S:
        raise table.wrong("live_pictures", f"0, or {LEAST_LIVE_S} to {MOST_LIVE_S} seconds")
    return seconds


def _break(table: _Table) -> PlannedBreak:
    clock = table.text("clock", "stopped")
    if clock not in ("stopped", "running"):
        raise table.wrong("clock", "“stopped” or “running”")
    found = PlannedBreak(
        table.name("after"), table.minutes(), clock == "stopped", table.truth("identity", True)
    )
    table.close()
    return found


def _leave(table: _Table) -> PlannedLeave:
    found = PlannedLeave(
        table.count("times", MAX_BREAKS), table.minutes(), table.truth("identity", True)
    )
    table.close()
    return found


def _exposure(table: _Table) -> Exposure:
    rate = table.number("rate") if "rate" in table.values else None
    if rate is not None and not 0 < rate <= 1:
        raise table.wrong("rate", "a share above 0 and up to 1, for instance 0.25")
    found = Exposure(
        table.count("most", MAX_COUNT) if "most" in table.values else None,
        rate,
        table.count("days", 100_000) if "days" in table.values else None,
    )
    table.close()
    return found


def _ranges(table: _Table, known: tuple[str, ...]) -> dict[str, Range]:
    found = {name: table.range(name) for name in known if name in table.values}
    table.close()
    return found


def _layout(table: _Table) -> Layout:
    groups = []
    for each in table.tables("sections"):
        own = each.count("minutes", MAX_MINUTES, 0)
        groups.append(Group(each.text("title"), each.names("competences"), own))
        each.close()
    navigation = table.text("navigation", "nonlinear")
    if navigation not in ("linear", "nonlinear"):
        raise table.wrong("navigation", "“linear” or “nonlinear”")
    minutes = table.minutes()
    found = Layout(
        table.text("title"),
        table.text("language"),
        minutes,
        navigation == "linear",
        table.texts("instructions"),
        tuple(groups),
    )
    table.close()
    return found


def _check(blueprint: Blueprint, file: str) -> None:
    """What no single line shows."""
    for key, table in (("weights", blueprint.weights), ("points", blueprint.points)):
        for competence, level in table:
            known = [kind for kind in blueprint.counts if kind[0] == competence]
            whole = key == "points" and level == ALL_LEVELS
            if not known or not (whole or (competence, level) in known):
                raise BlueprintError(
                    "{file} gives {key} for “{level}” of “{competence}”, of which it counts no"
                    " questions; correct one of the two.",
                    file=file,
                    key=key,
                    level=level,
                    competence=competence,
                )
    both = blueprint.required & blueprint.forbidden
    if both:
        raise BlueprintError(
            "{file} both requires and forbids the item “{item}”; remove it from one list.",
            file=file,
            item=min(both),
        )
    if blueprint.layout is not None and blueprint.layout.sections:
        placed = [name for group in blueprint.layout.sections for name in group.competences]
        counted = {competence for competence, _ in blueprint.counts}
        if len(set(placed)) != len(placed) or set(placed) != counted:
            wrong = sorted(set(placed) ^ counted) or sorted(
                name for name in set(placed) if placed.count(name) > 1
            )
            raise BlueprintError(
                "{file} must put each competence that it counts into one section of its layout;"
                " look at “{competence}”.",
                file=file,
                competence=wrong[0],
            )


class _Table:
    """A TOML table that must be read whole: what was not asked for is an error."""

    def __init__(self, values: dict[str, object], path: str, file: str) -> None:
        self.values = values
        self._path = path
        self._file = file
        self._asked: set[str] = set()

    def wrong(self, key: str, wanted: str) -> BlueprintError:
        return BlueprintError(
            "{file} needs “{key}” as {wanted}.", file=self._file, key=self._at(key), wanted=wanted
        )

    def close(self) -> None:
        """Raise :class:`BlueprintError` for what nothing asked for."""
        unknown = sorted(set(self.values) - self._asked)
        if unknown:
            raise BlueprintError(
                "{file} has “{key}”, which a blueprint does not know; correct or remove it.",
                file=self._file,
                key=self._at(unknown[0])[:100],
            )

    def name(self, key: str, default: str | None = None) -> str:
        value = self._get(key, default)
        if isinstance(value, str) and (_NAME.fullmatch(value) or value == default):
            return value
        raise self.wrong(key, "a name in quotes, of letters, digits, dots and dashes")

    def text(self, key: str, default: str | None = None) -> str:
        value = self._get(key, default)
        if isinstance(value, str) and value.strip() and value.isprintable() and len(value) <= 200:
            return value
        raise self.wrong(key, "one line of text in quotes")

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._get(key, [])
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        raise self.wrong(key, "a list of texts in quotes")

    def names(self, key: str) -> tuple[str, ...]:
        found = self._names(self._get(key, []))
        if found is None:
            raise self.wrong(key, 'a list of names, for instance ["freezing", "probe-2"]')
        return found

    def lists(self, key: str) -> tuple[tuple[str, ...], ...]:
        value = self._get(key, [])
        found = [self._names(each) for each in value] if isinstance(value, list) else [None]
        lists = tuple(each for each in found if each is not None and len(each) > 1)
        if len(lists) != len(found):
            raise self.wrong(key, 'a list of lists of two names or more, like [["a", "b"]]')
        return lists

    def count(self, key: str, most: int, default: int | None = None) -> int:
        value = self._get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
            return value
        raise self.wrong(key, f"a whole number up to {most}")

    def minutes(self) -> int:
        found = self.count("minutes", MAX_MINUTES)
        if not found:
            raise self.wrong("minutes", "a whole number of minutes above 0")
        return found

    def truth(self, key: str, default: bool) -> bool:
        value = self._get(key, default)
        if isinstance(value, bool):
            return value
        raise self.wrong(key, "true or false")

    def number(self, key: str) -> Fraction:
        value = _exact(self._get(key, None))
        if value is None:
            raise self.wrong(key, "a number")
        return value

    def weight(self, key: str) -> str:
        value = self.number(key)
        if value < 0:
            raise self.wrong(key, "a number from 0 on")
        return written(value)

    def cut_score(self) -> str:
        value = _exact(self._get("cut_score", None))
        if value is None or value < 0:
            raise self.wrong(
                "cut_score", "a number of points from 0 on, for instance cut_score = 21"
            )
        return written(value)

    def range(self, key: str) -> Range:
        value = self._get(key, None)
        ends = value if isinstance(value, list) else [value, value]
        low, high = (_exact(end) for end in ends) if len(ends) == 2 else (None, None)
        if low is None or high is None or low > high:
            raise self.wrong(key, "a number, or as [lowest, highest]")
        return Range(low, high)

    def table(self, key: str) -> _Table:
        value = self._get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, f"a table: [{self._at(key)}]")
        return _Table(value, self._at(key), self._file)

    def tables(self, key: str) -> list[_Table]:
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.wrong(key, f"tables: [[{self._at(key)}]]")
        return [_Table(each, self._at(key), self._file) for each in value]

    def kinds(self, key: str, read: Callable[..., T], *more: int) -> dict[Kind, T]:
        """A table of competences, each a table of levels."""
        found: dict[Kind, T] = {}
        for competence in self.table(key).values:
            levels = self.table(key).table(competence)
            found |= {(competence, level): read(levels, level, *more) for level in levels.values}
        return found

    def _get(self, key: str, default: object) -> object:
        self._asked.add(key)
        return self.values.get(key, default)

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _names(self, value: object) -> tuple[str, ...] | None:
        good = isinstance(value, list) and all(
            isinstance(each, str) and _NAME.fullmatch(each) for each in value
        )
        if not good or not isinstance(value, list) or len(set(value)) != len(value):
            return None
        return tuple(value)


def _exact(value: object) -> Fraction | None:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return number(str(value))
    return None
