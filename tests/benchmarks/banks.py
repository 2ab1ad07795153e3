"""How fast foreign banks are read: `python tests/benchmarks/banks.py`.

Reads a large bank of each format, and beside it what is cheapest on the same bytes: lxml
parsing the XML and nothing more, the csv module, or splitting a text at its empty lines. The
ratio is the price of questions that are checked, scored once, and safe to show. Doubled banks
show that the work grows with the file.
"""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from banks_at_random import FILES, READERS

COUNT = 500

_ITEM = {
    "gift": "::Question {n}::How cold is it?\n{{=cold#yes ~%-50%warm ~hot}}\n\n",
    "aiken": "How cold is it, {n}?\nA. cold\nB. warm\nC. hot\nANSWER: A\n\n",
    "moodle": (
        "<question type='multichoice'><name><text>Question {n}</text></name>"
        "<questiontext format='html'><text><![CDATA[<p>How <b>cold</b> is it?</p>]]></text>"
        "</questiontext><defaultgrade>1.0</defaultgrade><single>true</single>"
        "<answer fraction='100' format='html'><text><![CDATA[<p>cold</p>]]></text></answer>"
        "<answer fraction='-50' format='html'><text><![CDATA[<p>warm</p>]]></text></answer>"
        "<answer fraction='0' format='html'><text><![CDATA[<p>hot</p>]]></text></answer>"
        "</question>"
    ),
    "markdown": "---\nid: q{n}\n---\nHow *cold* is it?\n\n- [x] cold\n- [ ] warm\n- [ ] hot\n\n",
    "table": "q{n},How *cold* is it?,A,cold,warm,hot\n",
}
_AROUND = {"moodle": ("<quiz>", "</quiz>"), "table": ("id,question,correct,a,b,c\n", "")}


def bank(name: str, count: int) -> bytes:
    before, after = _AROUND.get(name, ("", ""))
    return (before + "".join(_ITEM[name].format(n=n) for n in range(count)) + after).encode()


def bare(name: str, data: bytes) -> object:
    if name == "moodle":
        return etree.fromstring(data)
    if name == "table":
        return list(csv.reader(io.StringIO(data.decode())))
    return [paragraph.split("\n") for paragraph in data.decode().split("\n\n")]


def seconds(work: Callable[[], object]) -> float:
    """The best of three runs, so a busy machine disturbs less."""
    found = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> None:
    print(f"{'format':10}{'items/s':>10}{'bare items/s':>14}{'ratio':>8}{'x2':>7}")
    for name in FILES:
        if name not in _ITEM:
            continue
        data, twice = bank(name, COUNT), bank(name, 2 * COUNT)
        assert len(READERS[name](data).questions()) == COUNT
        ours = seconds(lambda: READERS[name](data))  # noqa: B023 - run at once
        double = seconds(lambda: READERS[name](twice))  # noqa: B023
        least = seconds(lambda: bare(name, data))  # noqa: B023
        print(
            f"{name:10}{COUNT / ours:>10,.0f}{COUNT / least:>14,.0f}{ours / least:>8.1f}"
            f"{double / ours:>7.2f}"
        )


if __name__ == "__main__":
    main()
