"""A blueprint as TOML, whole: what :func:`exam_packages.blueprint.read_blueprint` reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from exam_packages.blueprint import Blueprint, Kind, Layout, Range
from exam_packages.rules.numbers import written


def write_blueprint(blueprint: Blueprint) -> bytes:
    """The file of *blueprint*."""
    lines = [f"version = {_text(blueprint.version)}", f"test = {_text(blueprint.test)}"]
    if blueprint.practice:
        lines.append(f"practice = {_text(blueprint.practice)}")
    if blueprint.survey:
        lines.append(f"survey = {_text(blueprint.survey)}")
    lines.append(f"cut_score = {blueprint.cut_score}")
    for name, lists in (
        ("enemies", map(sorted, blueprint.enemies)),
        ("versions", blueprint.versions),
    ):
        if found := ", ".join(map(_list, lists)):
            lines.append(f"{name} = [{found}]")
    for name, names in (("required", blueprint.required), ("forbidden", blueprint.forbidden)):
        if names:
            lines.append(f"{name} = {_list(sorted(names))}")
    if blueprint.overlap:
        lines.append(f"overlap = {blueprint.overlap}")
    if blueprint.tools is not None:
        lines.append(f"tools = {_list(blueprint.tools)}")
    if blueprint.grantable:
        lines.append(f"grantable_tools = {_list(blueprint.grantable)}")
    if blueprint.live_s:
        lines.append(f"live_pictures = {blueprint.live_s}")
    lines += _kinds("counts", blueprint.counts)
    lines += _kinds("weights", blueprint.weights)
    lines += _kinds("points", {kind: _range(each) for kind, each in blueprint.points.items()})
    exposure = {
        "most": blueprint.exposure.most,
        "rate": None if blueprint.exposure.rate is None else written(blueprint.exposure.rate),
        "days": blueprint.exposure.days,
    }
    lines += _table("exposure", exposure)
    lines += _table("items", {name: _range(each) for name, each in blueprint.items.items()})
    lines += _table("form", {name: _range(each) for name, each in blueprint.form.items()})
    if blueprint.layout is not None:
        lines += _layout(blueprint.layout)
    for each in blueprint.breaks:
        lines += ["", "[[breaks]]", f"after = {_text(each.after)}", f"minutes = {each.minutes}"]
        lines.append(f"clock = {_text('stopped' if each.stopped else 'running')}")
        lines.append(f"identity = {_truth(each.identity)}")
    if blueprint.leave is not None:
        leave = blueprint.leave
        lines += ["", "[leave]", f"times = {leave.times}", f"minutes = {leave.minutes}"]
        lines.append(f"identity = {_truth(leave.identity)}")
    return ("\n".join(lines) + "\n").encode()


def _kinds(name: str, values: Mapping[Kind, object]) -> Iterable[str]:
    for competence in dict.fromkeys(each for each, _ in values):
        yield from _table(
            f"{name}.{_text(competence)}",
            {_text(level): value for (of, level), value in values.items() if of == competence},
        )


def _table(name: str, values: Mapping[str, object]) -> list[str]:
    found = [f"{key} = {value}" for key, value in values.items() if value is not None]
    return ["", f"[{name}]", *found] if found else []


def _layout(layout: Layout) -> list[str]:
    lines = _table(
        "layout",
        {
            "title": _text(layout.title),
            "language": _text(layout.language),
            "minutes": layout.minutes,
            "navigation": _text("linear" if layout.linear else "nonlinear"),
            "instructions": _list(layout.instructions),
        },
    )
    for group in layout.sections:
        lines += ["", "[[layout.sections]]", f"title = {_text(group.title)}"]
        lines.append(f"competences = {_list(group.competences)}")
        if group.minutes:
            lines.append(f"minutes = {group.minutes}")
    return lines


def _truth(said: bool) -> str:
    return "true" if said else "false"


def _range(bound: Range) -> str:
    return f"[{written(bound.low)}, {written(bound.high)}]"


def _list(names: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, names))}]"


def _text(text: str) -> str:
    """A text as TOML: its quoted strings are JSON's."""
    return json.dumps(text, ensure_ascii=False)
