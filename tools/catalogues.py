"""Make the catalogues of every language from the sentences in the program.

Run by ``make catalogues``. What a candidate or an invigilator can read is gathered from the
rooms in :data:`SOURCES`: calls of gettext, and the templates of errors and refusals. New sentences
are added to each ``exam-kiosk.po``, sentences that are gone leave it, and the ``.mo`` beside
it, which the program reads, is written anew. What is not translated yet is counted.

``python tools/catalogues.py LANGUAGE`` begins the catalogue of another language.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "exam_packages" / "locale"
NAME = "LC_MESSAGES/exam-kiosk.po"
SOURCES = (
    "kiosk",
    "exam_packages/language.py",
    "exam_packages/attempt",
    "exam_packages/content",
    "exam_packages/sitting_words.py",
    "exam_packages/sealing/journal_files.py",
    "exam_packages/sealing/journal_writer.py",
    "exam_packages/verify",
    "sync/link.py",
    "sync/hall",
    "sync/web",
    "scoring/review",
)
"""Where a sentence comes from that a candidate, an invigilator or a reviewer can read."""
NOT = {
    "kiosk/cli.py",
    "kiosk/app.py",
    "kiosk/agent/clearing.py",
    "kiosk/agent/shelf.py",
    "kiosk/agent/main.py",
    "kiosk/preview/cli.py",
    "kiosk/preview/pictures.py",
    "sync/hall/cli.py",
    "sync/hall/desk.py",
    "sync/hall/home.py",
    "sync/hall/main.py",
    "scoring/review/cli.py",
    "exam_packages/verify/cli.py",
}
"""Commands at a shell, whose words only an operator reads."""
CALLS = {
    "_": (1,),
    "say": (1,),
    "mark": (1,),
    "announce": (1,),
    "ngettext": (1, 2),
    "Refusal": (1,),
    "HttpError": (2,),
}
_ERROR = re.compile(r"class (\w+)\((?:ExamError|\w+Error|HolderRefused)\)")
_HEADERS = {
    "Language",
    "Plural-Forms",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
}
_DULL = {"{why}", ""}
_EXTRACTORS = {".py": "python", ".html": "jinja2.ext:babel_extract"}


def files() -> Iterator[Path]:
    """The files to read, in a fixed order."""
    for source in SOURCES:
        path = ROOT / source
        found = [*path.rglob("*.py"), *path.rglob("*.html")]
        for each in sorted(found) if path.is_dir() else [path]:
            if str(each.relative_to(ROOT)) not in NOT:
                yield each


def calls() -> dict[str, tuple[int, ...]]:
    """What is called with a sentence: our own functions, and every class of errors."""
    found = dict(CALLS)
    for room in ("exam_packages", "sync", "kiosk"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for name in _ERROR.findall(path.read_text(encoding="utf-8")):
                found.setdefault(name, (1,))
    return found


def extract() -> Catalog:
    """Every sentence, with the file it stands in and what its author tells translators."""
    catalogue = Catalog(project="Exam Kiosk", charset="utf-8")
    keywords = calls()
    for path in files():
        found = extract_from_file(
            _EXTRACTORS[path.suffix], str(path), keywords=keywords, comment_tags=["translators:"]
        )
        for _line, message, comments, _context in found:
            if message not in _DULL:
                where = [(str(path.relative_to(ROOT)), None)]
                catalogue.add(message, locations=where, auto_comments=comments)
    for message in catalogue:
        message.flags.discard("python-format")
    return catalogue


class Book(Catalog):
    """A catalogue without dates and versions: made again, it is the same file."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [(name, value) for name, value in super().mime_headers if name in _HEADERS]


def renew(path: Path, sentences: Catalog) -> tuple[Catalog, bytes, bytes]:
    """The catalogue in *path* with the sentences as they are now; its ``.po`` and ``.mo``."""
    with path.open("rb") as file:
        before = read_po(file, locale=path.parent.parent.name)
    comment = f"# Exam Kiosk in {Locale.parse(path.parent.parent.name).english_name}."
    book = Book(locale=before.locale, charset="utf-8", header_comment=comment, fuzzy=False)
    for each in sentences:
        if each.id:
            known = before.get(each.id)
            told = known.string if known is not None else ""
            book.add(each.id, told, each.locations, auto_comments=each.auto_comments)
    for each in book:
        each.flags.discard("python-format")
    text, compiled = io.BytesIO(), io.BytesIO()
    write_po(text, book, width=96, include_lineno=False, sort_output=True)
    write_mo(compiled, book)
    return book, text.getvalue(), compiled.getvalue()


def begin(language: str) -> None:
    """An empty catalogue for *language*."""
    path = LOCALE / language / NAME
    if path.exists():
        raise SystemExit(f"{path} is there already")
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, Catalog(locale=Locale.parse(language), charset="utf-8"))


def main() -> None:
    for language in sys.argv[1:]:
        begin(language)
    sentences = extract()
    for path in sorted(LOCALE.glob(f"*/{NAME}")):
        catalogue, text, compiled = renew(path, sentences)
        path.write_bytes(text)
        path.with_suffix(".mo").write_bytes(compiled)
        missing = sum(1 for each in catalogue if each.id and not _told(each.string))
        print(f"{path.parent.parent.name}: {len(catalogue)} sentences, {missing} not translated")


def _told(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    main()
