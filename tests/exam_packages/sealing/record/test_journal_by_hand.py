"""A journal opened by hand: hashlib, hmac, msgpack and AES-GCM alone, from the document.

Nothing here calls our code to read; so a shortcut in it cannot change the format unseen.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
import zlib

import msgpack
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exam_packages.sealing.journal import Compartment


def lp(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def label(use: str, *fields: bytes) -> bytes:
    return b"exam-kiosk/journal/" + use.encode() + b"/v1\0" + lp(*fields)


def u64(number: int) -> bytes:
    return struct.pack(">Q", number)


def expand(key: bytes, info: bytes) -> bytes:
    """HKDF-Expand of one block, RFC 5869, 2.3."""
    return hmac.new(key, info + b"\1", "sha256").digest()


def unseal(key: bytes, use: str, sequence: int, sealed: bytes, bound: bytes) -> bytes:
    cipher = AESGCM(expand(key, label(use, u64(sequence))))
    padded = cipher.decrypt(bytes(12), sealed, bound)
    size = struct.unpack(">I", padded[:4])[0]
    assert not padded[4 + size :].strip(b"\0")
    assert len(padded) in {64 << step for step in range(16)}
    return padded[4 : 4 + size]


def test_a_journal_is_what_the_document_says(attempt):
    writer = attempt.begin()
    attempt.add(writer, b"first answer", b"second answer" * 30)
    writer.append(attempt.stamp(), b"an event", Compartment.EVENTS)
    writer.commit()
    responses = attempt.keys(attempt.people.scoring, Compartment.RESPONSES)[1]
    integrity = attempt.keys(attempt.people.integrity, Compartment.EVENTS)[1]
    keys = {2: responses[Compartment.RESPONSES], 3: integrity[Compartment.EVENTS]}

    data = b"".join(writer.frames(0))
    head = hashlib.sha256(label("genesis") + lp(attempt.blind_id)).digest()
    header = b""
    bodies, ticks = [], []
    offset, expected = 0, 0
    while offset < len(data):
        (size,) = struct.unpack_from(">I", data, offset)
        core = data[offset + 4 : offset + 4 + size]
        (crc,) = struct.unpack_from(">I", data, offset + 4 + size)
        assert crc == zlib.crc32(data[offset : offset + 4 + size])
        offset += size + 8
        sequence, compartment, stamp, body = msgpack.unpackb(core)
        expected += 1
        assert sequence == expected
        if compartment == 0:
            header = hashlib.sha256(label("header") + lp(body)).digest()
        bound = label("frame", header, u64(sequence), bytes([compartment]), head)
        boot, boottime, _, _ = msgpack.unpackb(unseal(keys[3], "stamp", sequence, stamp, bound))
        assert boot == attempt.boot
        ticks.append(boottime // 10**9)
        if compartment in keys:
            bodies.append(unseal(keys[compartment], "body", sequence, body, bound))
        head = hashlib.sha256(label("head") + lp(head, core)).digest()
    assert head == writer.head
    assert bodies == [b"first answer", b"second answer" * 30, b"an event"]
    assert ticks == [1, 2, 3, 4]


def test_a_segment_is_what_the_document_says(attempt):
    writer = attempt.begin()
    attempt.add(writer, b"answer")
    (path,) = (attempt.directory / "journal").iterdir()
    data = path.read_bytes()
    assert path.name == "000001.segment"
    assert len(data) == 1024 * 1024
    assert data[:24] == b"EXKJRNL1" + u64(1) + u64(1)
    assert data[24:28] == struct.pack(">I", zlib.crc32(data[:24]))
    run = b"".join(writer.frames(0))
    assert data[28 : 28 + len(run)] == run
    assert not data[28 + len(run) :].strip(b"\0")
