"""Template declarations and template processing as written."""

from __future__ import annotations

from collections.abc import Sequence

from exam_packages.formats.qti.declarations import read_type, read_values
from exam_packages.formats.qti.expressions import Place
from exam_packages.formats.qti.rules import read_rules
from exam_packages.formats.xml import Node
from exam_packages.rules.declarations import TemplateDeclaration
from exam_packages.rules.key import Rule
from exam_packages.rules.running import program
from exam_packages.rules.templates import Templates
from exam_packages.rules.values import RulesError


def read_template(node: Node) -> TemplateDeclaration:
    """A qti-template-declaration. Raises ``FormatError``."""
    given = node.attributes(
        identifier=None,
        cardinality=None,
        base_type="",
        math_variable="false",
        param_variable="false",
    )
    base_type, cardinality = read_type(node, given["base_type"], given["cardinality"])
    default: tuple[str, ...] = ()
    for child in node.children():
        if child.name != "qti-default-value":
            raise child.unsupported()
        child.attributes(interpretation="")
        default = read_values(child, base_type, cardinality)
    for name in ("math_variable", "param_variable"):
        node.truth(name.replace("_", "-"), given[name])
    identifier = node.identifier("identifier", given["identifier"])
    return TemplateDeclaration(identifier, base_type, cardinality, default)


def read_template_processing(
    node: Node | None, declarations: Sequence[TemplateDeclaration]
) -> Templates:
    """A qti-template-processing, which may be missing, with the variables that it sets.

    Raises ``FormatError``.
    """
    rules: tuple[Rule, ...] = ()
    if node is not None:
        node.attributes()
        rules = read_rules(node.children(), Place.TEMPLATE)
        try:
            program(rules)
        except RulesError as problem:
            raise node.error("{why}", why=str(problem)) from None
    return Templates(tuple(declarations), rules)
