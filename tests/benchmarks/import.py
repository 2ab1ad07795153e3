"""How fast items are imported: `python tests/benchmarks/import.py [FOLDER]`.

Reads every item of the sample exam, or of FOLDER, again and again, and beside it does
what no reader can do without: lets lxml parse the same files and walks over their
elements once. The ratio is the price of meaning, bounds and the answer key's trial run.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree

from exam_packages.formats import archive
from exam_packages.formats.qti import names
from exam_packages.formats.qti.reader import ITEM, read_bank
from exam_packages.samples import FOOD_SAFETY

SECONDS = 3.0


def rate(work: Callable[[], object]) -> float:
    """Runs of *work* in a second: the best of five slices, so a busy machine disturbs less."""
    best = 0.0
    for _ in range(5):
        runs, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < SECONDS / 5:
            work()
            runs += 1
        best = max(best, runs / spent)
    return best


def main(folder: Path) -> None:
    files = archive.load(folder)
    items = [data for data in files.values() if names.root_name(data) == ITEM]
    parser = etree.XMLParser(resolve_entities=False, no_network=True)

    def bare() -> None:
        for data in items:
            for _ in etree.fromstring(data, parser).iter():
                pass

    whole = rate(lambda: read_bank(files)) * len(items)
    engine = rate(bare) * len(items)
    print(f"{len(items)} items, {sum(map(len, items)) // 1024} KiB of XML")
    print(f"imported:     {whole:10,.0f} items in a second")
    print(f"lxml alone:   {engine:10,.0f} items in a second")
    print(f"ratio:        {engine / whole:10.1f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOOD_SAFETY)
