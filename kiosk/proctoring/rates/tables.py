"""The measurements as tables of Markdown, between two marks in a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from exam_packages.files import write_durably
from kiosk.proctoring.rates.faces import PicturesError
from kiosk.proctoring.rates.measure import Counted, Filmed

BEGIN: Final = "<!-- rates: {name}: made by `exam-kiosk proctoring rates`, not by hand -->"
END: Final = "<!-- end of rates: {name} -->"


def counted(rows: Iterable[Counted]) -> str:
    """Single frames: how many faces were counted."""
    lines = ["| condition | n | none | one | several |", "|---|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row.name} | {row.one.n} | {row.none} | {row.one} | {row.more} |")
    return "\n".join(lines)


def filmed(rows: Iterable[Filmed]) -> str:
    """Films: what was rightly and what was wrongly raised."""
    lines = ["| film | n | raised, as it should be | raised, but wrong |", "|---|---|---|---|"]
    for row in rows:
        right = "; ".join(f"{code}: {rate}" for code, rate in row.right.items()) or "—"
        wrong = "; ".join(f"{code}: {rate}" for code, rate in row.wrong.items()) or "none"
        lines.append(f"| {row.name} | {row.n} | {right} | {wrong} |")
    return "\n".join(lines)


def put(path: Path, tables: Sequence[tuple[str, str]]) -> None:
    """Put each (name, table) between its marks in the document *path*.

    Raises :class:`PicturesError` when the document has no place for one.
    """
    text = path.read_text(encoding="utf-8")
    for name, table in tables:
        first, last = BEGIN.format(name=name), END.format(name=name)
        before, mark, rest = text.partition(first)
        _, end, after = rest.partition(last)
        if not mark or not end:
            raise PicturesError(
                "The document {path} has no place for the table “{name}”; it begins with the "
                "line {first} and ends with {last}",
                path=str(path),
                name=name,
                first=first,
                last=last,
            )
        text = f"{before}{first}\n\n{table}\n\n{last}{after}"
    write_durably(path, text.encode())
