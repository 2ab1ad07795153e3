"""What interactions ask of the response declarations they are bound to."""

from __future__ import annotations

from collections.abc import Mapping

from exam_packages.content.values import MAX_MEMBERS
from exam_packages.formats.xml import Node
from exam_packages.rules.declarations import ResponseDeclaration


class Responses:
    """The declarations of one item. *drawn* are those whose correct response a template
    sets, so that the declared one means nothing."""

    def __init__(self, declarations: Mapping[str, ResponseDeclaration]) -> None:
        self._declarations = declarations

    def of(self, name: str) -> ResponseDeclaration:
        return self._declarations[name]

    def correct(self, name: str) -> tuple[str, ...]:
        return self._declarations[name].correct

    def declared(
        self,
        node: Node,
        given: dict[str, str],
        base_type: str,
        cardinality: str = "multiple",
        *others: str,
    ) -> str:
        """The response that the interaction *node* is bound to, declared as it needs.

        *base_type* and *others* are the base types it can have. A *cardinality* of
        ``multiple`` allows ``single`` for one choice only; ``any`` allows all but record.
        """
        name = given["response_identifier"]
        declaration = self._declarations.get(name)
        if declaration is None:
            raise node.error("the response “{name}” is not declared; declare it.", name=name[:80])
        fitting = {
            "multiple": ("multiple", "single"),
            "any": ("single", "multiple", "ordered"),
        }.get(cardinality, (cardinality,))
        if declaration.base_type not in (base_type, *others) or (
            declaration.cardinality not in fitting
        ):
            raise node.error(
                "the response “{name}” is declared {given}; this interaction needs {wanted}.",
                name=name,
                given=f"{declaration.cardinality} {declaration.base_type}",
                wanted=f"{' or '.join(fitting)} {' or '.join((base_type, *others))}",
            )
        return name

    def bounds(
        self, node: Node, name: str, given: dict[str, str], what: str, there: int
    ) -> tuple[int, int]:
        """The least and the most of *what* (``choices``, ``associations``) in an answer; a
        most of 0 is none. *there* is how many there can be at all."""
        least = node.number(f"min-{what}", given[f"min_{what}"] or "0", 1_000_000)
        most = node.number(f"max-{what}", given[f"max_{what}"] or "0", 1_000_000)
        if self.of(name).cardinality == "single" and most != 1:
            node.change("its response is single, so one of the {what} can be given.", what=what)
            most = 1
        if least > min(most or there, there):
            raise node.error("min-{what} is more than an answer can have; correct it.", what=what)
        return least, 0 if most >= there and most != 1 else min(most, MAX_MEMBERS)

    def check(self, node: Node, name: str, known: set[str]) -> None:
        """Whether what is declared of the answer can be chosen. Raises ``FormatError``."""
        for member in self.correct(name):
            if member not in known:
                raise node.error(
                    "the correct response of “{name}” is “{member}”, which is not here.",
                    name=name,
                    member=member[:80],
                )
        for member in _mapped(self.of(name)):
            if member not in known:
                self._unused(node, name, member)

    def check_pairs(self, node: Node, name: str, firsts: set[str], seconds: set[str]) -> None:
        """As :meth:`check`, for pairs of one of *firsts* and one of *seconds*."""
        for member in self.correct(name):
            if not self._pairs(name, member, firsts, seconds):
                raise node.error(
                    "the correct response of “{name}” pairs “{pair}”, which cannot be paired here.",
                    name=name,
                    pair=member[:80],
                )
        for member in _mapped(self.of(name)):
            if not self._pairs(name, member, firsts, seconds):
                self._unused(node, name, member)

    def _pairs(self, name: str, member: str, firsts: set[str], seconds: set[str]) -> bool:
        two = member.split()
        return len(two) == 2 and two[0] in firsts and two[1] in seconds

    def _unused(self, node: Node, name: str, member: str) -> None:
        node.change(
            "the mapping of “{name}” has a row for “{member}”, which no answer can be.",
            name=name,
            member=member[:80],
        )


def _mapped(declaration: ResponseDeclaration) -> tuple[str, ...]:
    mapping = declaration.mapping
    return tuple(entry.member for entry in mapping.entries) if mapping else ()
