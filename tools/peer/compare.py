"""Score a corpus with us and with a peer, side by side: what differs, and why.

``python tools/peer/compare.py CORPUS…`` takes folders with QTI items of any version, scores
each item's answers (``cases.json`` beside it, or made up: nothing, the correct answer, each
choice) with us and with ``@citolab/qti-components`` under Node, as a process of its own, and
prints each difference with its reason. Needs ``node`` 20 and ``npm``; the peer's packages
are installed into a scratch folder (``--scratch``), never here.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

from items import CorpusItem, Scorer, agrees, corpus  # noqa: E402
from reasons import reason  # noqa: E402

from exam_packages.errors import ExamError  # noqa: E402
from exam_packages.rules.values import Value, lexical  # noqa: E402

SCRATCH = Path(tempfile.gettempdir()) / "exam-kiosk-peer"
LEFT_OUT = ("completionStatus", "numAttempts", "duration")
"""The peer sets these by itself, however the rules go."""


class NoPeerError(Exception):
    """The peer cannot be run here; the sentence says why."""


def prepare(scratch: Path) -> Path:
    """Install the peer into *scratch*, once for each version. Raises :class:`NoPeerError`."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise NoPeerError("node and npm are not installed here.")
    scratch.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_bytes()
    known = scratch / "package.json"
    shutil.copy(HERE / "peer.mjs", scratch)
    if not (scratch / "node_modules").exists() or known.read_bytes() != wanted:
        known.write_bytes(wanted)
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"],
            cwd=scratch,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NoPeerError(f"npm could not install the peer: {done.stderr.strip()[:300]}")
    return scratch


def run_peer(scratch: Path, items: Sequence[CorpusItem], seconds: float = 0.0) -> list[dict]:
    """What the peer makes of each item's cases, in their order."""
    lines = [
        json.dumps(
            {
                "id": item.name,
                "html": item.html(),
                "cases": [_given(item, case.answers) for case in item.cases],
                "seconds": seconds,
            }
        )
        for item in items
    ]
    done = subprocess.run(
        ["node", "peer.mjs"],
        cwd=scratch,
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=False,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(items):
        raise NoPeerError(f"the peer ended after {len(answers)} items: {done.stderr[-300:]}")
    return answers


def _given(item: CorpusItem, answers: dict) -> dict:
    """Answers as the peer takes them: a text, or a list where there can be several."""
    single = {
        node.get("identifier")
        for node in item.root.children()
        if node.name == "qti-response-declaration" and node.get("cardinality") == "single"
    }
    return {
        name: (texts[0] if texts else None) if name in single else list(texts)
        for name, texts in answers.items()
    }


@dataclass(frozen=True)
class Difference:
    """One outcome of one case that comes out differently, or an item only one can score."""

    item: str
    case: str
    outcome: str
    ours: str
    theirs: str
    why: str


def compare(items: Sequence[CorpusItem], answers: Sequence[dict]) -> Iterator[Difference | None]:
    """For each case of each item: ``None`` when all outcomes agree, or the differences."""
    for item, answer in zip(items, answers, strict=True):
        try:
            scorer = Scorer.of(item)
        except ExamError as problem:
            why = str(problem).partition(">: ")[2] or str(problem)
            yield Difference(item.name, "", "", "refused", "", why)
            continue
        results = answer["results"] or [{"error": answer.get("error")}] * len(item.cases)
        for case, theirs in zip(item.cases, results, strict=True):
            differences = list(_case(item, case.name, scorer, case.answers, theirs))
            yield from differences or [None]


def _case(
    item: CorpusItem, name: str, scorer: Scorer, answers: dict, theirs: dict
) -> Iterator[Difference]:
    try:
        ours = scorer.outcomes(answers)
    except ExamError as problem:
        shown = theirs.get("error") or str(theirs.get("SCORE"))
        yield Difference(
            item.name,
            name,
            "",
            f"a person: {problem}",
            shown,
            "rules or answer that do not fit: a person decides here",
        )
        return
    if "error" in theirs:
        yield Difference(
            item.name,
            name,
            "",
            _shown(ours.get("SCORE")),
            theirs["error"],
            reason(item, "", answers, None, theirs["error"]),
        )
        return
    for outcome, value in ours.items():
        other = theirs.get(outcome)
        if outcome not in LEFT_OUT and not agrees(value, other):
            why = reason(item, outcome, answers, value, other)
            yield Difference(item.name, name, outcome, _shown(value), json.dumps(other), why)


def _shown(value: Value | None) -> str:
    return "NULL" if value is None else " ".join(lexical(value))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", nargs="+", type=Path)
    parser.add_argument("--scratch", type=Path, default=SCRATCH)
    given = parser.parse_args(arguments)
    try:
        scratch = prepare(given.scratch)
        items = [item for folder in given.corpus for item in corpus(folder)]
        answers = run_peer(scratch, items)
    except NoPeerError as problem:
        print(f"There is no peer to compare with: {problem}")
        return 2
    found = list(compare(items, answers))
    different = [each for each in found if each is not None]
    for each in different:
        print(
            f"{each.item} [{each.case}] {each.outcome}: {each.ours} | {each.theirs}\n    {each.why}"
        )
    print(f"\n{len(items)} items, {len(found) - len(different)} cases agree; the others by reason:")
    for why, count in Counter(each.why for each in different).most_common():
        print(f"{count:>6}  {why}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
