"""Banks that others made: each item is taken or refused in a sentence, and nothing breaks.

None of them is part of this project. Every folder in the one that ``EXAM_KIOSK_CORPORA``
names, or in ``../shared/corpora``, is read where it is there.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exam_packages import canon
from exam_packages.content.reading import read_item
from exam_packages.formats import told
from exam_packages.formats.page import to_page
from exam_packages.formats.qti.reader import read_bank, read_files, recognises
from exam_packages.formats.qti.writer import whole_bank, write_test
from exam_packages.formats.report import Bank, Reading, Verdict

ROOT = Path(__file__).parents[4]
CORPORA = Path(os.environ.get("EXAM_KIOSK_CORPORA") or ROOT.parent / "shared" / "corpora")


def files(folder: Path) -> dict[str, bytes]:
    """All files, whatever the bounds of a bank: a corpus is many banks."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and ".git" not in path.parts
    }


@pytest.mark.skipif(not CORPORA.is_dir(), reason="no corpora are here")
def test_every_item_of_a_corpus_is_taken_or_refused_in_a_sentence() -> None:
    for folder in (each for each in sorted(CORPORA.iterdir()) if each.is_dir()):
        found = files(folder)
        if not recognises(found):
            continue
        bank = read_bank(found)
        items = told.items(bank)
        assert items, folder.name
        for reading, said in zip(bank.readings, items, strict=True):
            assert (said.verdict is Verdict.REFUSED) is (reading.refusal is not None)
            assert all(line and line == told.safe(line) for line in said.lines)
            if reading.question is not None:
                assert reading.question.media <= set(bank.media)
                item = reading.question.item
                assert read_item(canon.pack(item)) == item
                assert comes_back(reading, bank)
        assert to_page(bank, folder.name)


def comes_back(reading: Reading, bank: Bank) -> bool:
    """Whether the question is the same after it was written and read."""
    question = reading.question
    assert question is not None
    exhibits = question.item.exhibits
    shown = question.media.union(*(bank.exhibit_media[each] for each in exhibits))
    alone = Bank(
        "test",
        (reading,),
        exhibits={name: bank.exhibits[name] for name in exhibits},
        media={name: bank.media[name] for name in shown},
    )
    test = read_files(write_test(whole_bank(alone)))
    (reference,) = test.references()
    return reference.question == question and test.exhibits == alone.exhibits
