"""Tools as an accommodation: what one candidate may use beside what the form allows all.

The body says in the form which tools may be granted at all, since a calculator can change what
an exam measures; the hall grants some of them to a candidate, by an order that is journaled. A
tool that is granted and may not be is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable

from exam_packages.content import paper
from exam_packages.content.paper import GRANT
from exam_packages.language import _


def grantable(tools: Iterable[str]) -> frozenset[str]:
    """Which tools may be granted, where a policy has *tools*."""
    return frozenset(each.removeprefix(GRANT) for each in tools if each.startswith(GRANT))


def usable(tools: Iterable[str], granted: Iterable[str]) -> frozenset[str]:
    """What a candidate may use who was *granted* some, where a policy has *tools*."""
    tools = tuple(tools)
    allowed = (each for each in tools if not each.startswith(GRANT))
    return frozenset(allowed) | (frozenset(granted) & grantable(tools))


def tool_words(tool: str) -> str:
    """What *tool* is called."""
    return {
        paper.STRIKE_OUT: _("Striking out"),
        paper.HIGHLIGHT: _("Highlighting"),
        paper.NOTES: _("Notes"),
        paper.SCRATCHPAD: _("Scratchpad"),
        paper.CALCULATOR: _("Calculator"),
        paper.SCIENTIFIC: _("Scientific calculator"),
        paper.GLOSSARY: _("Glossary"),
        paper.TRANSLATION: _("Translation of words"),
        paper.SEARCH: _("Finding words in the exhibit"),
    }.get(tool, tool)


def tools_words(tools: Iterable[str]) -> str:
    """What *tools* are called, in the order of :data:`exam_packages.content.paper.TOOLS`."""
    known = {tool: number for number, tool in enumerate(paper.TOOLS)}
    ordered = sorted(tools, key=lambda tool: (known.get(tool, len(known)), tool))
    return ", ".join(map(tool_words, ordered))
