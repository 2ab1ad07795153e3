"""Files of QTI 3.0, 2.2 and 2.1 into a bank: the one entrance to this reader.

A bank is a package with its manifest, a folder of packages, or items without any
manifest. Every file whose root is an item, a test or a stimulus is read, each for
itself; what is wrong with one is said of that one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from exam_packages.assessment import Question, Test
from exam_packages.blueprint import Blueprint, read_blueprint
from exam_packages.content.catalogs import Catalog
from exam_packages.content.items import Exhibit
from exam_packages.content.text import Block
from exam_packages.errors import ExamError
from exam_packages.formats import archive
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti import catalogs, manifest, names
from exam_packages.formats.qti.body import Body
from exam_packages.formats.qti.flow import Flow
from exam_packages.formats.qti.inlines import one_line
from exam_packages.formats.qti.item import ReadItem, read_item
from exam_packages.formats.qti.library import Library
from exam_packages.formats.qti.structure import read_structure
from exam_packages.formats.report import Bank, Change, Reading
from exam_packages.formats.xml import Node

BLUEPRINT = "blueprint.toml"
ITEM, TEST, STIMULUS = (
    "qti-assessment-item",
    "qti-assessment-test",
    "qti-assessment-stimulus",
)


def recognises(files: Mapping[str, bytes]) -> bool:
    """Whether there is anything of QTI in *files*."""
    return any(
        name.rpartition("/")[2] == manifest.FILE
        or (_is_xml(name) and names.root_name(data) in (ITEM, TEST, STIMULUS))
        for name, data in files.items()
    )


def read_bank(files: Mapping[str, bytes]) -> Bank:
    """Every item and test in *files*, each taken in or refused by itself."""
    return _Reader(files).bank()


def read_test(path: Path) -> Test:
    """The test in the package at *path*, a folder or a zip.

    A package with several tests needs a ``blueprint.toml`` that names the test and the
    practice test. Raises ``FormatError`` (or ``BlueprintError``) with file, line,
    element and advice for whatever is damaged, hostile or not supported.
    """
    return read_files(archive.load(path))


def read_files(files: Mapping[str, bytes]) -> Test:
    """The test in a package's files; see :func:`read_test`."""
    return choose(read_bank(files), files)


def choose(bank: Bank, files: Mapping[str, bytes]) -> Test:
    """The test of *bank* that a form is drawn from. Raises as :func:`read_test`."""
    blueprint = read_blueprint(files[BLUEPRINT], BLUEPRINT) if BLUEPRINT in files else None
    for refusal in bank.refused_tests.values():
        raise refusal
    tests: dict[str, Test] = {}
    for test in bank.tests:
        if test.identifier in tests:
            raise FormatError(
                "Two tests have the identifier “{test}”; rename one.", test=test.identifier
            )
        tests[test.identifier] = test
    if blueprint is None:
        if len(tests) != 1:
            raise FormatError(
                "The package has {count} tests; with other than one, add a {file} that names"
                " the test.",
                count=len(tests),
                file=BLUEPRINT,
            )
        return next(iter(tests.values()))
    return _by_blueprint(tests, blueprint)


def _by_blueprint(tests: dict[str, Test], blueprint: Blueprint) -> Test:
    for name in (blueprint.test, blueprint.practice, blueprint.survey):
        if name and name not in tests:
            raise FormatError(
                "{file} names the test “{test}”, which the package does not have.",
                file=BLUEPRINT,
                test=name,
            )
    main = tests[blueprint.test]
    return Test(
        main.identifier,
        main.title,
        main.language,
        main.time_limit_s,
        main.instructions,
        main.parts,
        main.exhibits,
        main.media,
        main.exhibit_media,
        blueprint,
        tests.get(blueprint.practice),
        main.processing,
        main.least_s,
        tests.get(blueprint.survey),
    )


class _Reader:
    """Reads one set of files; each item and stimulus once, however often it is used."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._library = Library(files)
        self._resources: dict[str, manifest.Resource] = {}
        self._readings: dict[str, Reading] = {}
        self._stimuli: dict[str, tuple[Exhibit, tuple[Change, ...]]] = {}
        self._exhibits: dict[str, Exhibit] = {}
        self._exhibit_media: dict[str, frozenset[str]] = {}

    def bank(self) -> Bank:
        tests: list[Test] = []
        refused: dict[str, ExamError] = {}
        changes: dict[str, tuple[Change, ...]] = {}
        self._read_manifests(refused)
        roots = dict(self._roots())
        for file, name in roots.items():
            if name in (ITEM, ""):
                self._reading(file)
        for resource in self._resources.values():
            if resource.file not in self._files:
                self._missing(resource, refused)
        for file in (each for each, name in roots.items() if name == TEST):
            try:
                test, said = self._test(file)
            except (ExamError, RecursionError) as problem:
                refused[file] = _told(file, problem)
            else:
                tests.append(test)
                changes[file] = said
        return Bank(
            " and ".join(sorted({names.version(self._files[file]) for file in roots}) or ["QTI"]),
            tuple(self._readings.values()),
            tuple(tests),
            refused,
            self._exhibits,
            self._library.media,
            self._exhibit_media,
            changes,
        )

    def _roots(self) -> Iterator[tuple[str, str]]:
        """The files to read with the names of their roots; no name: no XML, it seems."""
        order = [name for name in self._resources if name in self._files]
        order += sorted(self._files)
        for file, data in {name: self._files[name] for name in order}.items():
            listed = file in self._resources
            if _is_leftover(file):
                continue
            if data[:4] == b"PK\3\4" and file.lower().endswith(".zip"):
                problem = FormatError(
                    "{file} is a package inside the bank; import it by itself.", file=file
                )
                self._readings[file] = Reading(file, "", "", None, (), problem)
                continue
            if not (listed or _is_xml(file)) or file.rpartition("/")[2] == manifest.FILE:
                continue
            name = names.root_name(data)
            if name in (ITEM, TEST, STIMULUS) or not name or (listed and name != "html"):
                yield file, name if name in (TEST, STIMULUS) else ITEM if name == ITEM else ""

    def _read_manifests(self, refused: dict[str, ExamError]) -> None:
        for file, data in self._files.items():
            if file.rpartition("/")[2] == manifest.FILE:
                try:
                    self._resources |= manifest.read_manifest(data, file)
                except ExamError as problem:
                    refused[file] = problem

    def _missing(self, resource: manifest.Resource, refused: dict[str, ExamError]) -> None:
        problem = FormatError(
            "The manifest lists “{file}”, which is not there; add it.", file=resource.file[:120]
        )
        if resource.kind == "item":
            self._readings[resource.file] = Reading(resource.file, "", "", None, (), problem)
        else:
            refused[resource.file] = problem

    def _reading(self, file: str) -> Reading:
        if file not in self._readings:
            self._readings[file] = self._read(file)
        return self._readings[file]

    def _read(self, file: str) -> Reading:
        root: Node | None = None
        try:
            root = names.parse_as(self._files[file], file, ITEM)
            read = read_item(self._library, root, self._stimulus)
        except (ExamError, RecursionError) as problem:
            name, title = (root.get("identifier"), root.get("title")) if root else ("", "")
            return Reading(file, name or "", title or "", None, (), _told(file, problem))
        if read.key is None:
            exhibits = (*read.item.exhibits, self._information(file, read))
            name, title = read.item.identifier, read.item.title
            return Reading(file, name, title, None, read.changes, None, exhibits)
        resource = self._resources.get(file)
        question = Question(
            read.item,
            read.key,
            read.shuffles,
            read.media,
            resource.competence if resource else "",
            resource.level if resource else "",
            read.conditions,
            read.templates,
        )
        return Reading(file, read.item.identifier, read.item.title, question, read.changes)

    def _test(self, file: str) -> tuple[Test, tuple[Change, ...]]:
        read = read_structure(self._library, file, self._question)
        test = Test(
            read.identifier,
            read.title,
            read.language,
            read.time_limit_s,
            read.instructions,
            read.parts,
            self._exhibits,
            self._library.media,
            self._exhibit_media,
            None,
            None,
            read.processing,
            read.least_s,
        )
        return test, read.changes

    def _information(self, file: str, read: ReadItem) -> str:
        """The exhibit that an item becomes which asks nothing, by its name."""
        item = read.item
        name = self._exhibit_name(item.identifier, file)
        self._exhibits[name] = Exhibit(name, item.title or name, item.body, item.catalogs)
        self._exhibit_media[name] = read.media
        return name

    def _exhibit_name(self, identifier: str, file: str) -> str:
        if identifier in self._exhibits:  # another package of the bank has one of this name
            return f"{identifier[:55]}-{hashlib.sha256(file.encode()).hexdigest()[:8]}"
        return identifier

    def _question(self, node: Node, href: str, identifier: str) -> Question | tuple[str, ...]:
        """The item that a reference names, under the reference's identifier: one name for
        one question, in the paper, the key and the journal. The names of exhibits, where the
        item asks nothing."""
        reading = self._reading(self._library.resolve(node, href))
        if reading.exhibits:
            return reading.exhibits
        if reading.question is None:
            raise reading.refusal or node.unsupported()
        question = reading.question
        if question.item.identifier == identifier:
            return question
        return Question(
            msgspec.structs.replace(question.item, identifier=identifier),
            msgspec.structs.replace(question.key, item=identifier),
            question.shuffles,
            question.media,
            question.competence,
            question.level,
            question.conditions,
            question.templates,
        )

    def _stimulus(self, node: Node, href: str) -> Exhibit:
        file = self._library.resolve(node, href)
        if file not in self._stimuli:
            self._stimuli[file] = self._read_stimulus(file)
        exhibit, changes = self._stimuli[file]
        node.tell(changes)
        return exhibit

    def _read_stimulus(self, file: str) -> tuple[Exhibit, tuple[Change, ...]]:
        root = names.parse_as(self._files[file], file, STIMULUS)
        given = root.attributes(identifier=None, title="")
        body = Body(self._library)
        body.take = Flow(body, {}).take
        blocks: tuple[Block, ...] | None = None
        found: list[Catalog] = []
        for child in root.children():
            match child.name:
                case "qti-stimulus-body" if blocks is None:
                    child.attributes()
                    blocks = body.blocks(child)
                case "qti-catalog-info":
                    found += catalogs.read(body, child)
                case "qti-stylesheet":
                    child.change("the style sheet was left out.")
                case _:
                    raise child.unsupported()
        if blocks is None:
            raise root.error("the <qti-stimulus-body> is missing.")
        identifier = self._exhibit_name(root.identifier("identifier", given["identifier"]), file)
        exhibit = Exhibit(identifier, one_line(given["title"]) or identifier, blocks, tuple(found))
        self._exhibits[identifier] = exhibit
        self._exhibit_media[identifier] = frozenset(body.media)
        return exhibit, tuple(root.changes)


def _is_xml(file: str) -> bool:
    return file.lower().endswith((".xml", ".qti"))


def _is_leftover(file: str) -> bool:
    """Whether a machine put *file* beside another one, for itself."""
    parts = file.split("/")
    return parts[-1].startswith("._") or "__MACOSX" in parts


def _told(file: str, problem: ExamError | RecursionError) -> ExamError:
    if isinstance(problem, ExamError):
        return problem
    return FormatError("{file} nests too deeply; split it.", file=file)
