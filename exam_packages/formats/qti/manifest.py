"""The manifest of a content package: which files are what, and what items test.

An item's competence and cognitive level are LOM classifications of its resource, with
the purposes *competency* and *educational objective*: the identifier of the last taxon
is the name that the blueprint counts. All other metadata only describes and is passed
over.
"""

from __future__ import annotations

from dataclasses import dataclass

from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti import names
from exam_packages.formats.xml import Node

FILE = "imsmanifest.xml"
PURPOSES = {"competency": "competence", "educational objective": "level"}


@dataclass(frozen=True, slots=True)
class Resource:
    """A file of the package with its QTI type; classified if it is an item."""

    type: str
    file: str
    competence: str
    level: str


def read_manifest(files: dict[str, bytes]) -> dict[str, Resource]:
    """The QTI resources of a package by file name. Raises ``FormatError``."""
    if FILE not in files:
        raise FormatError(
            "The package has no {file} at its top; pack the files, not the folder around them.",
            file=FILE,
        )
    root = names.parse_as(files[FILE], FILE, "manifest", names.MANIFEST)
    found: dict[str, Resource] = {}
    for child in root.children():
        if child.name == "resources":
            for node in child.children():
                _take(node, files, found)
        elif child.name not in ("metadata", "organizations"):
            raise child.unsupported()
    return found


def _take(node: Node, files: dict[str, bytes], found: dict[str, Resource]) -> None:
    if node.name != "resource":
        raise node.unsupported()
    given = node.attributes(identifier=None, type=None, href="")
    kinds = {"competence": "", "level": ""}
    for child in node.children():
        match child.name:
            case "metadata":
                _classify(child, kinds)
            case "file":
                _check_file(child, child.attributes(href=None)["href"], files)
            case "dependency":
                child.attributes(identifierref=None)
            case _:
                raise child.unsupported()
    if given["type"] not in (names.ITEM_TYPE, names.TEST_TYPE, names.STIMULUS_TYPE):
        if given["type"].startswith("imsqti"):
            raise node.error(
                "resources of the type {type} are not read; export the package as QTI 3.0.",
                type=given["type"][:60],
            )
        return  # a picture or another plain file
    file = given["href"]
    _check_file(node, file, files)
    if file in found:
        raise node.error("the file “{name}” is listed twice.", name=file[:80])
    found[file] = Resource(given["type"], file, kinds["competence"], kinds["level"])


def _check_file(node: Node, name: str, files: dict[str, bytes]) -> None:
    if name not in files:
        raise node.error("“{name}” is not a file of this package; add it.", name=name[:80])


def _classify(metadata: Node, kinds: dict[str, str]) -> None:
    """Take competence and level from the LOM classifications below *metadata*."""
    for lom in metadata.mixed():
        if (lom.namespace, lom.name) != (names.LOM, "lom"):
            continue
        for classification in (each for each in lom.mixed() if each.name == "classification"):
            purpose, taxon = "", ""
            for part in classification.mixed():
                if part.name == "purpose":
                    purpose = next(
                        (each.all_text() for each in part.mixed() if each.name == "value"), ""
                    )
                elif part.name == "taxonPath":
                    for each in (one for one in part.mixed() if one.name == "taxon"):
                        taxon = next(
                            (one.all_text() for one in each.mixed() if one.name == "id"), taxon
                        )
            if purpose in PURPOSES and taxon:
                kinds[PURPOSES[purpose]] = classification.identifier("taxon id", taxon)
