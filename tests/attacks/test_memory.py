"""Hostile bytes within the bounds of size use bounded memory: measured, not believed.

Each reader meets every attack in a process of its own, which knows its highest memory.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

MIB = 1024 * 1024

_PROGRAM = """
import resource, sys
from exam_packages import canon
from exam_packages.errors import ExamError
from exam_packages.sealing import bundle, grant, journal_format, package_format, signed, trust_root

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

def array(member, count):
    return b"\\xdd" + count.to_bytes(4, "big") + member * count

def wide(size):
    "Many arrays of as many empty arrays as may be: one byte each here, 56 in memory."
    each = min(1_000_000, size // 2 - 16)
    return array(array(b"\\x90", each), size // each)

def deep(size):
    return b"\\x91" * (size - 1) + b"\\xc0"

def bushy(size):
    "Thirty levels of pairs, each a list of its own."
    tree = b"\\x90"
    while len(tree) * 2 < size:
        tree = b"\\x92" + tree + tree
    return tree

def liar(size):
    "Announces four thousand million members, again and again."
    return b"\\xdd\\xff\\xff\\xff\\xff" * (size // 5)

def small_numbers(size):
    return array(b"\\x00", size - 5)

def texts(size):
    return array(b"\\xa1a", size // 2 - 5)

READERS = {
    "bundle": (8 * 2**20, lambda data: bundle.read_answers(
        b"EXKBNDL1" + len(data).to_bytes(4, "big") + data)),
    "first root": (3 * 2**20, lambda data: trust_root.read_root(data)),
    "signatures": (256 * 1024, lambda data: signed.read_signed(
        b"exam-kiosk/grant/v2\\n" + bytes(4) + len(data).to_bytes(4, "big") + data,
        "exam-kiosk/grant/v2")),
    "grant": (16 * 2**20, lambda data: canon.unpack(data, grant.Grant)),
    "package table": (16 * 2**20, lambda data: package_format.decode_body(data)),
    "volumes table": (16 * 2**20, lambda data: package_format.decode_body(
        data, package_format.VOLUMES_KIND)),
    "package index": (16 * 2**20, lambda data: package_format.decode_index(
        len(data).to_bytes(4, "big") + data, ())),
    "header": (600 * 1024, lambda data: journal_format.parse_header(
        b"exam-kiosk/journal-header/v2\\n" + len(data).to_bytes(4, "big") + data
        + bytes([0, 0, 0, 1, 0x90]))),
}

size, read = READERS[sys.argv[1]]
for shape in (wide, deep, bushy, liar, small_numbers, texts):
    data = shape(size)
    assert len(data) <= size
    before = peak()
    try:
        read(data)
    except ExamError:
        pass
    else:
        raise SystemExit(f"{shape.__name__} was accepted")
    print(shape.__name__, peak() - before)
"""

READERS = (
    "bundle",
    "first root",
    "signatures",
    "grant",
    "package table",
    "volumes table",
    "package index",
    "header",
)


@pytest.mark.parametrize("reader", READERS)
def test_memory_stays_bounded(reader: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, reader], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    grown = {line.split()[0]: int(line.split()[1]) for line in done.stdout.splitlines()}
    assert len(grown) == 6
    # What comes in is 16 MiB at most; a copy or two of it may be made.
    assert max(grown.values()) < 48 * MIB, grown
