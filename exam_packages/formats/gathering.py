"""What every reader of a foreign bank shares: names, notes, pictures, and that one bad
item never spoils the others."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from exam_packages.assessment import Question
from exam_packages.content.items import Exhibit
from exam_packages.content.text import Picture
from exam_packages.errors import ExamError
from exam_packages.formats import media
from exam_packages.formats.errors import FormatError
from exam_packages.formats.formulas import pictured
from exam_packages.formats.media import Taken
from exam_packages.formats.qti.inlines import printable
from exam_packages.formats.report import Bank, Change, Reading
from exam_packages.rules.numbers import written
from exam_packages.rules.right import falls_short

MAX_ITEMS = 20_000
MAX_MEDIA = 256 * 1024 * 1024
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


class Notes:
    """What was taken in differently, each thing told once."""

    def __init__(self) -> None:
        self._found: dict[str, Change] = {}

    def add(self, template: str, **fields: str | int) -> None:
        change = Change(template, **fields)
        self._found.setdefault(str(change), change)

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(self._found.values())


@dataclass
class Pictures:
    """The pictures of a bank, by media names made from what they show.

    So two pictures that happen to be named alike stay two, and one that is used twice is
    kept once.
    """

    media: dict[str, bytes] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    """How pictures that were taken since are not what was handed in."""
    _total: int = 0

    def take(self, name: str, data: bytes) -> tuple[str, int, int]:
        """The media name, width and height of a picture. Raises ``FormatError``."""
        taken = media.picture(f"“{name[:80]}”", data)
        found, data = taken.facts, taken.data
        self._tell(taken)
        kept = f"{hashlib.sha256(data).hexdigest()[:16]}.{_ENDINGS[found.media_type]}"
        self._store(kept, data)
        return kept, found.width, found.height

    def formula(self, source: str, text: str) -> Picture | None:
        """The picture of a formula in MathML, for which *text* stands; none if it cannot be
        drawn. Raises ``FormatError``."""
        if (drawn := pictured(source, text)) is None:
            return None
        self._store(drawn[0].media, drawn[1])
        return drawn[0]

    def _store(self, name: str, data: bytes) -> None:
        if name not in self.media:
            self._total += len(data)
            if self._total > MAX_MEDIA:
                raise FormatError(
                    "The pictures of the bank have more than {limit} MB; split the bank.",
                    limit=MAX_MEDIA // 2**20,
                )
            self.media[name] = data

    def keep(self, path: str, data: bytes) -> tuple[str, int, int]:
        """:meth:`take` for a picture that keeps its file's name. Raises ``FormatError``."""
        name = path.rpartition("/")[2]
        taken = media.picture(path, data)
        found, data = taken.facts, taken.data
        if taken.change:
            self._tell(taken)
            name = f"{name.rpartition('.')[0] or name}.png"
        if self.media.setdefault(name, data) != data:
            raise FormatError(
                "Two pictures are named “{name}”, in different folders; rename one.", name=name
            )
        return name, found.width, found.height

    def _tell(self, taken: Taken) -> None:
        if taken.change:
            self.changes.append(taken.change)

    def encoded(self, name: str, text: str) -> tuple[str, int, int]:
        """:meth:`take` for a picture in base64."""
        if len(text) > media.MAX_SIZE * 3 // 2:
            raise FormatError(
                "The picture “{name}” is larger than {limit} MB; make it smaller.",
                name=name[:80],
                limit=media.MAX_SIZE // 2**20,
            )
        try:
            data = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise FormatError(
                "The picture “{name}” is damaged; put it into the question again.", name=name[:80]
            ) from None
        return self.take(name, data)

    def address(self, source: str) -> tuple[str, int, int]:
        """A picture that a text names by its address alone: inside it, or nowhere."""
        found = re.match(
            r"data:image/[a-z0-9.+-]{1,40}(?:;charset=[a-z0-9-]+)?;base64,",
            source[:80],
            re.IGNORECASE,
        )
        if found:
            return self.encoded("data", source[found.end() :])
        raise FormatError(
            "The picture “{name}” is not in the bank; put the picture itself into it.",
            name=source[:120],
        )


class Gathering:
    """Collects the items of one bank."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.pictures = Pictures()
        self.exhibits: dict[str, Exhibit] = {}
        self.exhibit_media: dict[str, frozenset[str]] = {}
        self._readings: list[Reading] = []
        self._names: set[str] = set()
        self._counts: dict[str, int] = {}

    def item(
        self, file: str, name: str, title: str, make: Callable[[str, Notes], Question]
    ) -> None:
        """Take in one item. *make* gets its identifier, and raises what refuses it."""
        notes = Notes()
        identifier = self._free(name or title)
        title = printable(" ".join(title[:1000].split()))[:200]
        try:
            question = make(identifier, notes)
            if found := falls_short(question.item, question.key):
                notes.add(
                    "The right answer earns {got} of {most} points, so no blueprint lets a form"
                    " have the question; give one answer all points.",
                    got="no" if found.score is None else written(found.score),
                    most=question.key.max_score,
                )
            while self.pictures.changes:
                notes.add("{change}", change=self.pictures.changes.pop(0))
        except ExamError as problem:
            self.pictures.changes.clear()
            self.refuse(file, identifier, title, problem)
            return
        self._add(Reading(file, identifier, title, question, notes.changes))

    def has(self, identifier: str) -> bool:
        """Whether an item was given this identifier, or one like it."""
        return identifier.casefold() in self._names

    def refuse(self, file: str, identifier: str, title: str, problem: ExamError) -> None:
        """An item that cannot be taken in, and why."""
        self._add(Reading(file, identifier, title, None, (), problem))

    def _add(self, reading: Reading) -> None:
        if len(self._readings) >= MAX_ITEMS:
            raise FormatError("The bank has more than {limit} items; split it.", limit=MAX_ITEMS)
        self._readings.append(reading)

    def bank(self) -> Bank:
        return Bank(
            self.kind,
            tuple(self._readings),
            exhibits=self.exhibits,
            media=self.pictures.media,
            exhibit_media=self.exhibit_media,
        )

    def _free(self, wanted: str) -> str:
        """An identifier like *wanted* that no other item has."""
        name = slug(wanted) or "item"
        base = name[:56]
        key = base.casefold()  # so that no series of names is counted through twice
        while name.casefold() in self._names:
            self._counts[key] = self._counts.get(key, 1) + 1
            name = f"{base}-{self._counts[key]}"
        self._names.add(name.casefold())
        return name


def slug(text: str) -> str:
    """*text* as an identifier: letters, digits and dashes; empty when nothing is left."""
    plain = unicodedata.normalize("NFKD", text[:400]).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", plain).strip("-.")[:60].rstrip("-.")


def decoded(data: bytes, file: str) -> str:
    """The characters of a text file in UTF-8, or in UTF-16 with its mark."""
    form = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(form)
    except UnicodeDecodeError:
        raise FormatError("{file} is not a text in UTF-8; save it as UTF-8.", file=file) from None
