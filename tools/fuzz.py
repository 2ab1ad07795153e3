"""Fuzz one reader of bytes from outside: nothing but our own error may leave it.

``python tools/fuzz.py grant [libFuzzer options] [CORPUS…]``; without a name, it lists the
readers. Needs atheris (``pip install atheris``), which is no dependency of this project.
Where no corpus is named, one is begun in a temporary directory with the published vector.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]


def target(name: str) -> Callable[[bytes], None]:
    """One reader, whose refusals are no findings."""
    from exam_packages.errors import ExamError

    read, _ = readers()[name]

    def one_input(data: bytes) -> None:
        try:
            read(data)
        except ExamError as problem:
            str(problem)  # its sentence is filled in without another error

    return one_input


def readers() -> dict[str, tuple[Callable[[bytes], object], bytes]]:
    """Every reader by its name, with an example that it reads."""
    import banks_at_random as banks
    from bank_readers import BANK_READERS
    from readers import READERS

    foreign = {f"bank: {name}": (read, banks.SEEDS[name]) for name, read in banks.READERS.items()}
    return READERS | BANK_READERS | foreign


def names() -> list[str]:
    return sorted(readers())


def main(arguments: Sequence[str]) -> int:
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed here; install it with: pip install atheris")
        return 2
    import atheris

    with atheris.instrument_imports(include=["exam_packages", "msgpack", "msgspec"]):
        known = names()
        if not arguments or arguments[0] not in known:
            print("Name one reader:", ", ".join(known))
            return 2
        one_input = target(arguments[0])
    options = list(arguments[1:])
    if not any(not option.startswith("-") for option in options):
        corpus = Path(tempfile.mkdtemp(prefix="fuzz-"))
        (corpus / "vector").write_bytes(readers()[arguments[0]][1])
        options.append(str(corpus))
    atheris.Setup([sys.argv[0], *options], one_input)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
