"""A QTI 3.0 package into a test: the one entrance to this reader."""

from __future__ import annotations

from pathlib import Path

from exam_packages.assessment import Question, Test
from exam_packages.blueprint import Blueprint, read_blueprint
from exam_packages.content.items import Exhibit
from exam_packages.formats import archive
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti import names
from exam_packages.formats.qti.body import Body, Library
from exam_packages.formats.qti.item import read_item
from exam_packages.formats.qti.manifest import Resource, read_manifest
from exam_packages.formats.qti.structure import read_structure
from exam_packages.formats.xml import Node

BLUEPRINT = "blueprint.toml"


def read_test(path: Path) -> Test:
    """The test in the package at *path*, a folder or a zip.

    A package with several tests needs a ``blueprint.toml`` that names the test and the
    practice test. Raises ``FormatError`` (or ``BlueprintError``) with file, line,
    element and advice for whatever is damaged, hostile or not supported.
    """
    return read_files(archive.load(path))


def read_files(files: dict[str, bytes]) -> Test:
    """The test in a package's files; see :func:`read_test`."""
    blueprint = read_blueprint(files[BLUEPRINT], BLUEPRINT) if BLUEPRINT in files else None
    resources = read_manifest(files)
    tests: dict[str, Test] = {}
    for resource in resources.values():
        if resource.type == names.TEST_TYPE:
            test = _Package(files, resources).test(resource.file)
            if test.identifier in tests:
                raise FormatError(
                    "Two tests have the identifier “{test}”; rename one.", test=test.identifier
                )
            tests[test.identifier] = test
    return _choose(tests, blueprint)


def _choose(tests: dict[str, Test], blueprint: Blueprint | None) -> Test:
    if blueprint is None:
        if len(tests) != 1:
            raise FormatError(
                "The package has {count} tests; with other than one, add a {file} that names"
                " the test.",
                count=len(tests),
                file=BLUEPRINT,
            )
        return next(iter(tests.values()))
    for name in (blueprint.test, blueprint.practice):
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
    )


class _Package:
    """Reads one test of a package, with the items and stimuli that it refers to."""

    def __init__(self, files: dict[str, bytes], resources: dict[str, Resource]) -> None:
        self._library = Library(files)
        self._resources = resources
        self._stimuli: dict[str, Exhibit] = {}
        self._exhibits: dict[str, Exhibit] = {}
        self._exhibit_media: dict[str, frozenset[str]] = {}

    def test(self, file: str) -> Test:
        read = read_structure(self._library, file, self._question)
        return Test(
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
        )

    def _question(self, node: Node, href: str, identifier: str) -> Question:
        file = self._file(node, href, names.ITEM_TYPE)
        read = read_item(self._library, file, self._stimulus)
        if read.item.identifier != identifier:
            # One name for one question everywhere: in the paper, the key and the journal.
            raise node.error(
                "the reference is “{reference}” and its item is “{item}”; give both one"
                " identifier.",
                reference=identifier,
                item=read.item.identifier,
            )
        kind = self._resources[file]
        return Question(read.item, read.key, read.shuffles, read.media, kind.competence, kind.level)

    def _stimulus(self, node: Node, href: str) -> Exhibit:
        file = self._file(node, href, names.STIMULUS_TYPE)
        if file not in self._stimuli:
            self._stimuli[file] = self._read_stimulus(file)
        return self._stimuli[file]

    def _read_stimulus(self, file: str) -> Exhibit:
        root = names.parse_as(self._library.files[file], file, "qti-assessment-stimulus")
        given = root.attributes(identifier=None, title=None, tool_name="", tool_version="")
        children = root.children()
        if len(children) != 1 or children[0].name != "qti-stimulus-body":
            raise root.error("one <qti-stimulus-body> is expected here, and nothing else.")
        children[0].attributes()
        body = Body(self._library)
        identifier = root.identifier("identifier", given["identifier"])
        exhibit = Exhibit(identifier, given["title"], body.blocks(children[0]))
        if identifier in self._exhibits:
            raise root.error("two stimuli are named “{name}”; rename one.", name=identifier)
        self._exhibits[identifier] = exhibit
        self._exhibit_media[identifier] = frozenset(body.media)
        return exhibit

    def _file(self, node: Node, href: str, kind: str) -> str:
        file = self._library.resolve(node, href)
        resource = self._resources.get(file)
        if resource is None or resource.type != kind:
            raise node.error(
                "“{href}” is not listed in the manifest as {kind}; list it there.",
                href=href[:120],
                kind=kind,
            )
        return file
