"""The manifest of a content package: which files are what, and what items test.

An item's competence and cognitive level are LOM classifications of its resource, with
the purposes *competency* and *educational objective*: the identifier of the last taxon
is the name that the blueprint counts. All other metadata only describes and is passed
over, and so is what a manifest lists that is neither item, test nor stimulus.
"""

from __future__ import annotations

import posixpath
import re
import urllib.parse
from dataclasses import dataclass

from exam_packages.formats.xml import Node, parse

FILE = "imsmanifest.xml"
PURPOSES = {
    "competency": "competence",
    "educational objective": "level",
    "educationalObjective": "level",
}
_TYPE = re.compile(r"imsqti_(?:apip)?(item|test|stimulus)_xmlv(2p[012]|3p0)")


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that a manifest lists as *kind* (``item``, ``test``, ``stimulus``)."""

    kind: str
    file: str
    competence: str
    level: str


def read_manifest(data: bytes, file: str) -> dict[str, Resource]:
    """The QTI resources in the manifest *file*, by the names of their files, which may not
    be there. Raises ``FormatError``."""
    root = parse(data, file)
    if root.name != "manifest":
        raise root.error("<manifest> is expected here.")
    found: dict[str, Resource] = {}
    for resources in (child for child in root.mixed() if child.name == "resources"):
        folder = posixpath.join(posixpath.dirname(file), resources.base)
        for node in resources.mixed():
            kind = _TYPE.fullmatch(node.get("type") or "")
            if node.name != "resource" or kind is None:
                continue
            href = urllib.parse.unquote(node.get("href") or _first_file(node))
            path = posixpath.normpath(posixpath.join(folder, node.base, href))
            found[path] = Resource(kind[1], path, **_classified(node))
    return found


def _first_file(node: Node) -> str:
    return next((child.get("href") or "" for child in node.mixed() if child.name == "file"), "")


def _classified(resource: Node) -> dict[str, str]:
    """Competence and level from the LOM classifications of *resource*."""
    kinds = {"competence": "", "level": ""}
    for metadata in (child for child in resource.mixed() if child.name == "metadata"):
        for lom in metadata.mixed():
            if lom.name == "lom":
                for each in (child for child in lom.mixed() if child.name == "classification"):
                    _classify(each, kinds)
    return kinds


def _classify(classification: Node, kinds: dict[str, str]) -> None:
    purpose, taxon = "", ""
    for part in classification.mixed():
        if part.name == "purpose":
            purpose = next((each.all_text() for each in part.mixed() if each.name == "value"), "")
        elif part.name == "taxonPath":
            for each in (one for one in part.mixed() if one.name == "taxon"):
                taxon = next((one.all_text() for one in each.mixed() if one.name == "id"), taxon)
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", taxon).strip("-")[:64]
    if purpose in PURPOSES and name:
        kinds[PURPOSES[purpose]] = name
