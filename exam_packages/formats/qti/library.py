"""The files of a bank, and the pictures and recordings that its items show."""

from __future__ import annotations

import base64
import binascii
import hashlib
import posixpath
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from exam_packages.formats import media as kinds
from exam_packages.formats.errors import FormatError
from exam_packages.formats.qti.names import XINCLUDE, parse_qti
from exam_packages.formats.xml import Node

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_DATA = re.compile(r"data:[a-z]+/[a-z0-9.+-]+(?:;charset=[a-z0-9-]+)?;base64,", re.IGNORECASE)
MAX_INCLUDES = 32
"""Inclusions in one body, however they nest: each costs the reading of a file."""


@dataclass
class Library:
    """The files of a package, and what was shown from it.

    ``media`` maps the names that bodies use to the bytes of pictures and recordings.
    """

    files: Mapping[str, bytes]
    media: dict[str, bytes] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _pictures: dict[str, kinds.Taken] = field(default_factory=dict)

    def resolve(self, node: Node, href: str) -> str:
        """The file that *href* names from *node*'s file. Raises ``FormatError``."""
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|/", href):
            plain = href.partition("#")[0]
            for way in (plain, urllib.parse.unquote(plain)):
                path = posixpath.normpath(posixpath.join(posixpath.dirname(node.file), way))
                if path in self.files:
                    return path
        raise node.error(
            "“{href}” is not a file of this package; put it in the package.", href=href[:120]
        )

    def picture(self, node: Node, href: str) -> tuple[str, int, int]:
        """The media name, width and height of a picture. Raises ``FormatError``."""
        return self._picture(node, *self._content(node, href))

    def drawing(self, node: Node) -> tuple[str, int, int]:
        """The same of an SVG that stands in the text itself. Raises ``FormatError``."""
        data = etree.tostring(node.element, with_tail=False)
        return self._picture(node, f"inline-{hashlib.sha256(data).hexdigest()[:16]}", data)

    def _picture(self, node: Node, path: str, data: bytes) -> tuple[str, int, int]:
        if path not in self._pictures:
            try:
                taken = kinds.picture(path, data)
            except FormatError as problem:
                raise node.error("{why}", why=str(problem)) from None
            self._pictures[path] = taken
            self.media[self._name(path, taken.facts.media_type)] = taken.data
        found = self._pictures[path]
        if found.change:
            node.change("{change}", change=found.change)
        return self._names[path], found.facts.width, found.facts.height

    def recording(self, node: Node, href: str) -> tuple[str, str]:
        """The media name and type of a recording. Raises ``FormatError``."""
        path, data = self._content(node, href)
        try:
            kind = kinds.recording(path, data).media_type
        except FormatError as problem:
            raise node.error("{why}", why=str(problem)) from None
        self.media[self._name(path, kind)] = data
        return self._names[path], kind

    def included(self, node: Node, number: int) -> Node:
        """The root of the file that an XInclude element names. Raises ``FormatError``."""
        href = node.get("href") or ""
        if number > MAX_INCLUDES or not href or node.get("xpointer") or node.get("parse") == "text":
            raise node.error("this inclusion is not supported; put the content itself here.")
        path = self.resolve(node, href)
        root = parse_qti(self.files[path], path)
        root.changes = node.changes
        if root.namespace == XINCLUDE:
            return self.included(root, number + 1)
        return root

    def _content(self, node: Node, href: str) -> tuple[str, bytes]:
        if head := _DATA.match(href):
            try:
                data = base64.b64decode(href[head.end() :], validate=False)
            except (binascii.Error, ValueError):
                raise node.error("the picture in the text itself is damaged.") from None
            return f"inline-{hashlib.sha256(data).hexdigest()[:16]}", data
        path = self.resolve(node, href)
        return path, self.files[path]

    def _name(self, path: str, media_type: str) -> str:
        """A name for *path* in a package, which no other file has in any case of its letters."""
        if path not in self._names:
            name = posixpath.basename(path)
            if not _NAME.fullmatch(name):
                name = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[-60:].lstrip("_.-")
            ending = {"image/png": ".png"}.get(media_type, "")
            if ending and not name.lower().endswith(ending):
                name = name.rpartition(".")[0] or name
                name += ending
            if not _NAME.fullmatch(name) or name.casefold() in self._taken:
                name = f"{hashlib.sha256(path.encode()).hexdigest()[:12]}-{name[-51:]}"
            self._names[path] = name
            self._taken.add(name.casefold())
        return self._names[path]
