"""The interactions that are answered by typing."""

from __future__ import annotations

import re
from collections.abc import Callable

from exam_packages.content import patterns
from exam_packages.content.items import ExtendedText, Interaction, TextEntry
from exam_packages.content.values import MAX_MEMBERS
from exam_packages.formats.qti import choices
from exam_packages.formats.qti.body import Body
from exam_packages.formats.qti.inlines import one_line
from exam_packages.formats.qti.responses import Responses
from exam_packages.formats.xml import Node
from exam_packages.rules.declarations import NUMERIC

MOST = 1_000_000
_ANCHORED = re.compile(r"\^(.*[^\\])\$", re.DOTALL)
"""A pattern as nearly everyone but XML Schema writes it."""


class Texts:
    """Reads text interactions of one item; ``readers`` are by element name."""

    def __init__(self, body: Body, responses: Responses) -> None:
        self._body = body
        self._responses = responses
        self.readers: dict[str, Callable[[Node], Interaction]] = {
            "qti-text-entry-interaction": self._entry,
            "qti-extended-text-interaction": self._extended,
        }

    def _entry(self, node: Node) -> TextEntry:
        given = node.attributes(
            response_identifier=None,
            expected_length="0",
            pattern_mask="",
            placeholder_text="",
            format="plain",
            base="10",
            string_identifier="",
        )
        name = self._responses.declared(node, given, "string", "text", "integer", "float")
        self._plain(node, given)
        if node.children():
            raise node.children()[0].unsupported()
        return TextEntry(
            name,
            node.number("expected-length", given["expected_length"] or "0", MOST),
            given["pattern_mask"],
            one_line(given["placeholder_text"]),
            self._responses.of(name).base_type in NUMERIC,
        )

    def _extended(self, node: Node) -> ExtendedText:
        given = node.attributes(
            response_identifier=None,
            expected_lines="0",
            expected_length="0",
            placeholder_text="",
            pattern_mask="",
            format="plain",
            base="10",
            string_identifier="",
            min_strings="0",
            max_strings="",
        )
        name = self._responses.declared(node, given, "string", "any", "integer", "float")
        self._plain(node, given)
        prompt, rest = choices.prompt(self._body, node)
        if rest:
            raise rest[0].unsupported()
        declared = self._responses.of(name)
        most = 1
        if declared.cardinality not in ("single", "record"):
            most = node.number("max-strings", given["max_strings"] or "0", MAX_MEMBERS)
        least = node.number("min-strings", given["min_strings"], most or MAX_MEMBERS)
        return ExtendedText(
            name,
            prompt,
            node.number("expected-lines", given["expected_lines"] or "0", MOST),
            one_line(given["placeholder_text"]),
            node.number("expected-length", given["expected_length"] or "0", MOST),
            least,
            most,
            given["pattern_mask"],
            declared.base_type in NUMERIC,
        )

    def _plain(self, node: Node, given: dict[str, str]) -> None:
        """What both kinds of text ask beside their room."""
        if given["base"] != "10" or given["string_identifier"]:
            raise node.error(
                "only numbers to the base 10 are read, and no second variable for the text."
            )
        mask = given["pattern_mask"]
        if (anchored := _ANCHORED.fullmatch(mask)) and not _alternates(anchored[1]):
            given["pattern_mask"] = anchored[1]
            node.change(
                "“^” and “$” around the pattern {mask} were left out: the whole answer must match"
                " in any case.",
                mask=mask[:80],
            )
        if given["format"] != "plain":
            node.change("the text is typed plain, not as {format}.", format=given["format"][:20])
        try:
            patterns.compiled(given["pattern_mask"])
        except patterns.PatternError as problem:
            raise node.error("pattern-mask: {why}", why=str(problem)) from None


def _alternates(pattern: str) -> bool:
    """Whether there is a choice outside of all brackets, so that an anchor is of one side."""
    depth = 0
    for sign in re.sub(r"\\.|\[[^\]]*\]", "", pattern, flags=re.DOTALL):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth <= 0:
            return True
    return False
