"""MathML as a line of readable Unicode text.

``<msup><mi>x</mi><mn>2</mn></msup>`` becomes x², a fraction of two short terms a/b, a root
√(x + 1). What stands above or below something else and has no such character is written
in one line with ``^``, ``_`` and brackets, and a matrix row by row; the writer says so
(``exact`` is false then), so that an author can look at it.

The line is **enough** as long as no brackets that its author did not write stand in one
another, and nothing is in it that has no line: a matrix, a binomial, an enclosure, letters
of another kind. (a + b)/(2c) and x^(n + 1) are read without doubt;
(−b ± √(b² − 4ac))/(2a) is not, and becomes a picture as well
(:mod:`exam_packages.formats.formulas`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from exam_packages.formats.xml import split_name

MATHML = "http://www.w3.org/1998/Math/MathML"
_OWN = (MATHML, "http://www.imsglobal.org/xsd/imsqtiasi_v3p0")
MAX_LENGTH = 2_000
"""Characters of one formula's text: more is no line that a person reads."""

_SUPERS = dict(zip("0123456789+-−=()nix*′″", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱˣ*′″", strict=True)) | dict(
    zip("abcdefghjklmoprstuvwyz", "ᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷʸᶻ", strict=True)
)
_SUBS = dict(
    zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True)
)
_ACCENTS = {
    "¯": "\u0304",
    "ˉ": "\u0304",
    "‾": "\u0304",
    "_": "\u0304",
    "^": "\u0302",
    "ˆ": "\u0302",
    "~": "\u0303",
    "˜": "\u0303",
    "→": "\u20d7",
    "⃗": "\u20d7",
    "˙": "\u0307",
    ".": "\u0307",
    "¨": "\u0308",
}
_SPACED = frozenset("+-−±∓×÷=≠<>≤≥≈≡∼≅∝∈∉⊂⊆∪∩∧∨→⇒⇔↔⋅·*:∣")
_OPEN, _CLOSE = "\ue000", "\ue001"
"""Stand for brackets that the line needs and its author did not write."""
_INVISIBLE = re.compile("[\u2061-\u2064\u200b\ufeff\ue000\ue001]")
_SMALL = re.escape("".join([*_SUPERS.values(), *_SUBS.values()])) + "\u0300-\u036f\u20d7"
_ATOM = re.compile(
    rf"[√∛∜]?([0-9][0-9.,]*|.|"
    rf"[({_OPEN}][^(){_OPEN}{_CLOSE}]*[){_CLOSE}]|\[[^\[\]]*\])[{_SMALL}]*"
)
"""What needs no brackets around it: a number, a letter, a bracket, each with scripts."""
_SETS = dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True))
_LARGE = frozenset("∑∏∫∬∭∮⋃⋂")


@dataclass(frozen=True, slots=True)
class Written:
    """A formula in one line. Without ``exact``, one line could not say all of it as well
    as two dimensions do; without ``enough``, a person would have to guess."""

    text: str
    exact: bool
    enough: bool


def source(math: etree._Element) -> str:
    """*math* as its author wrote it, in MathML's namespace and without prefixes, so that it
    is the same wherever it is written again."""
    return etree.tostring(_plain(math, None), encoding="unicode")


def _plain(node: etree._Element, parent: etree._Element | None) -> etree._Element:
    namespace, name = split_name(str(node.tag))
    # Authors forget the namespace; it is then that of the item around.
    tag = str(node.tag) if namespace and namespace not in _OWN else f"{{{MATHML}}}{name}"
    if parent is None:
        default: Any = {None: MATHML}  # lxml-stubs know no default namespace
        made = etree.Element(tag, nsmap=default)
    else:
        made = etree.SubElement(parent, tag)
        made.tail = node.tail
    made.text = node.text
    for key, value in node.attrib.items():
        made.set(key, value)
    for child in node:
        _plain(child, made)
    return made


def parsed(source: str | bytes) -> etree._Element:
    """The element of MathML that is at hand as XML. Raises lxml's ``XMLSyntaxError``."""
    return etree.fromstring(source, etree.XMLParser(resolve_entities=False, no_network=True))


def written(math: etree._Element) -> Written:
    """*math*, a MathML element, as text."""
    writer = _Writer()
    text = re.sub(r"\s+", " ", writer.element(math)).strip()
    enough = writer.enough and not re.search(f"{_OPEN}[^{_CLOSE}]*{_OPEN}", text)
    text = text.replace(_OPEN, "(").replace(_CLOSE, ")")
    if len(text) > MAX_LENGTH:
        return Written(text[:MAX_LENGTH] + "…", False, False)
    return Written(text, writer.exact, enough)


class _Writer:
    def __init__(self) -> None:
        self.exact = True
        self.enough = True

    def lost(self) -> None:
        """Something is in the formula that has no line."""
        self.exact = self.enough = False

    def element(self, node: etree._Element) -> str:
        children = list(node)
        name = split_name(str(node.tag))[1]
        match name, len(children):
            case (("mi" | "mn" | "mtext" | "ms" | "mo" | "mglyph"), _):
                return self.token(node)
            case "mspace", _:
                return " "
            case (("annotation" | "annotation-xml" | "none" | "mprescripts"), _):
                return ""
            case (("semantics" | "maction"), _):
                return self.element(children[0]) if children else ""
            case "mfrac", 2:
                return self.fraction(node, *map(self.element, children))
            case "msqrt", _:
                return "√" + self.group(self.row(children))
            case "mroot", 2:
                return self.root(*map(self.element, children))
            case "msup", 2:
                return self.scripted(children[0], "", self.element(children[1]))
            case "msub", 2:
                return self.scripted(children[0], self.element(children[1]), "")
            case "msubsup", 3:
                return self.scripted(children[0], *map(self.element, children[1:]))
            case "munder", 2:
                return self.scripted(children[0], self.element(children[1]), "")
            case "mover", 2:
                return self.over(*children)
            case "munderover", 3:
                return self.scripted(children[0], *map(self.element, children[1:]))
            case "mmultiscripts", _:
                return self.multiscripts(children)
            case "mfenced", _:
                return self.fenced(node, children)
            case "mtable", _:
                self.lost()
                return "[" + "; ".join(map(self.element, children)) + "]"
            case (("mtr" | "mlabeledtr"), _):
                return ", ".join(map(self.element, children))
            case (("math" | "mrow" | "mstyle" | "mpadded" | "merror" | "mtd"), _):
                return self.row(children) if children else (node.text or "").strip()
        # menclose, mphantom, elementary layouts, and what MathML does not know.
        self.lost()
        return self.row(children) if children else (node.text or "").strip()

    def token(self, node: etree._Element) -> str:
        text = _INVISIBLE.sub("", "".join(str(part) for part in node.itertext()))
        if split_name(str(node.tag))[1] == "mtext":
            return text.replace("\n", " ")
        text = text.strip()
        variant = node.get("mathvariant", "normal")
        if variant == "double-struck" and text in _SETS:
            return _SETS[text]
        if variant not in ("normal", "italic", "bold"):
            self.lost()
        return {"-": "−", "*": "∗"}.get(text, text)

    def row(self, nodes: list[etree._Element]) -> str:
        found, before = "", ""
        for node in nodes:
            part = self.element(node)
            operator = split_name(str(node.tag))[1] == "mo"
            if operator and part in _SPACED and re.search(r"[^\s(\ue000\[{,=<>+−×÷]\s*$", found):
                part = f" {part} "
            elif operator and part == ",":
                part = ", "
            elif (before[-1:].isalpha() and part[:1].isalpha() and len(before + part) > 2) or (
                part and found[-1:] and before[:1] in _LARGE
            ):
                part = " " + part  # sin x, ∑ᵢ x
            found, before = found + part, part.strip() or before
        return found

    def group(self, text: str) -> str:
        return text if _ATOM.fullmatch(text) else f"{_OPEN}{text}{_CLOSE}"

    def fraction(self, node: etree._Element, above: str, below: str) -> str:
        if node.get("linethickness") in ("0", "0pt", "0px"):
            self.lost()
            return f"({above} over {below})"
        if not (_ATOM.fullmatch(above) and _ATOM.fullmatch(below)):
            self.exact = False
        return f"{self.group(above)}/{self.group(below)}"

    def root(self, base: str, degree: str) -> str:
        sign = {"2": "√", "3": "∛", "4": "∜"}.get(degree)
        if sign is None:
            sign = self.raised(degree) + "√"
        return sign + self.group(base)

    def raised(self, text: str) -> str:
        return self.small(text, _SUPERS, "^")

    def lowered(self, text: str) -> str:
        return self.small(text, _SUBS, "_")

    def small(self, text: str, characters: dict[str, str], mark: str) -> str:
        text = text.strip()
        tight = text.replace(" ", "")
        if all(char in characters for char in tight):
            return "".join(characters[char] for char in tight)
        self.exact = False
        return mark + self.group(text)

    def scripted(self, base: etree._Element, below: str, above: str) -> str:
        shown = self.element(base)
        if split_name(str(base.tag))[1] not in ("mi", "mn", "mo", "mtext", "mfenced"):
            shown = self.group(shown)
        return (
            shown + (self.lowered(below) if below else "") + (self.raised(above) if above else "")
        )

    def over(self, base: etree._Element, accent: etree._Element) -> str:
        shown, mark = self.element(base), self.element(accent)
        if mark in _ACCENTS and len(shown) == 1:
            return shown + _ACCENTS[mark]
        if mark in ("¯", "ˉ", "‾", "_", "―"):
            return "".join(char + "\u0305" for char in shown)
        return self.scripted(base, "", mark)

    def multiscripts(self, children: list[etree._Element]) -> str:
        if not children:
            return ""
        before = False
        parts = {False: "", True: ""}
        scripts = children[1:]
        while scripts:
            if split_name(str(scripts[0].tag))[1] == "mprescripts":
                before, scripts = True, scripts[1:]
                continue
            below, above = (self.element(each) for each in (*scripts[:2], *scripts[:1])[:2])
            above = above if len(scripts) > 1 else ""
            low, high = (
                (self.lowered(below) if below else ""),
                (self.raised(above) if above else ""),
            )
            parts[before] += high + low if before else low + high
            scripts = scripts[2:]
        return parts[True] + self.element(children[0]) + parts[False]

    def fenced(self, node: etree._Element, children: list[etree._Element]) -> str:
        separators = node.get("separators", ",").split() or [""]
        found = ""
        for number, child in enumerate(children):
            if number:
                mark = separators[min(number - 1, len(separators) - 1)]
                found += mark + (" " if mark else "")
            found += self.element(child)
        return node.get("open", "(") + found + node.get("close", ")")
