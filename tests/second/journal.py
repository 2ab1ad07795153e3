"""The second reader: the journal (docs/formats-journal.md), verified and opened."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgpack
from second.suite import (
    Opener,
    Refused,
    Who,
    cobblestone,
    digest,
    expand,
    field,
    hkdf,
    label,
    need,
    u32,
    u64,
    unseal,
    value,
    verified,
)

# --- Journal -----------------------------------------------------------------------


class Header:
    """An epoch header. *data* is the signed object."""

    KIND = "exam-kiosk/journal-header/v2"

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.digest = digest(label("journal", "header"), data)
        need(data.startswith(self.KIND.encode() + b"\n"), "not a header")
        body = value(field(data[len(self.KIND) + 1 :])[0], 8)
        self.context, self.wall, self.wraps, self.part, self.halves, self.neighbour = body[:6]
        self.restore, self.permit = body[6:]
        self.c = msgpack.packb(self.context)
        self.epoch = self.context[1]
        need([wrap[0] for wrap in self.wraps] == [2, 3, 4, 5], "not every compartment")

    def keys(self, opener: Opener) -> dict[int, bytes]:
        """The keys of the compartments that *opener*'s role opens."""
        found = {}
        for compartment, key_id, sealed in self.wraps:
            if key_id == opener.key_id:
                info = label("journal", "epoch-key", key_id, bytes([compartment]), self.c)
                found[compartment] = opener.open(sealed, info)
        return found

    def pictures_part(self, evidence: Opener) -> bytes:
        """What the evidence key opens of what opens this epoch's pictures."""
        key_id, sealed = self.part
        need(key_id == evidence.key_id, "another evidence key")
        return evidence.open(sealed, label("journal", "pictures-part", key_id, self.c))

    def half_1(self, hall: Opener) -> bytes:
        for key_id, sealed in self.halves:
            if key_id == hall.key_id:
                return hall.open(sealed, label("journal", "half-1", key_id, self.c))
        raise Refused("no half for this hall")

    def restored(self, half_1: bytes, half_2: bytes) -> dict[int, bytes]:
        """The keys of responses and events, from both halves."""
        key = hkdf(half_1 + half_2, b"", label("journal", "restore", self.c))
        both = unseal(key, bytes(12), self.restore, self.c)
        return {2: both[:32], 3: both[32:]}


class Journal:
    """A run of frames, its chain verified by *Verifying*, without any key."""

    def __init__(
        self,
        data: bytes,
        blind_id: bytes,
        package_hash: bytes,
        stations: dict[bytes, Who],
        halls: Sequence[Who],
    ) -> None:
        self.frames: list[tuple[int, int, bytes, bytes, Header, bytes]] = []
        self.headers: dict[int, Header] = {}
        self.words: list[list[Any]] = []
        self.head = digest(label("journal", "genesis"), blind_id)
        heads = [(0, self.head)]
        self.epoch = self.count = authority = 0
        self.station = b""
        header: Header | None = None
        for core in cores(data):
            sequence, compartment, stamp, body = value(core, 4)
            need(sequence == self.count + 1, "not the next frame")
            if compartment == 0:
                header = Header(body)
                authority = self._turn(header, blind_id, package_hash, stations, halls, authority)
            if header is None:
                raise Refused("does not begin with a header")
            if compartment == 1:
                self._word(body, blind_id, heads, halls)
            need(compartment in range(6), "an unknown compartment")
            self.frames.append((sequence, compartment, stamp, body, header, self.head))
            self.head = digest(label("journal", "head"), self.head, core)
            self.count = sequence
            heads.append((self.epoch, self.head))

    def _turn(
        self,
        header: Header,
        blind_id: bytes,
        package_hash: bytes,
        stations: dict[bytes, Who],
        halls: Sequence[Who],
        authority: int,
    ) -> int:
        """A new epoch: who writes it, whether it may."""
        named, epoch, station, sequence, previous, package, _ = header.context
        need(station in stations, "not an enrolled station")
        verified(header.data, Header.KIND, [stations[station]])
        need((named, package) == (blind_id, package_hash), "another attempt")
        need((sequence, previous) == (self.count + 1, self.head), "another history")
        need(epoch > self.epoch, "an epoch does not rise")
        permit = value(verified(header.permit, "exam-kiosk/permit/v1", halls), 3)
        need(permit[0] == header.context, "a permit for another place")
        need(permit[1] >= authority, "an authority that was replaced")
        self.epoch, self.station = epoch, station
        self.headers[epoch] = header
        return int(permit[1])

    def _word(
        self, data: bytes, blind_id: bytes, heads: list[tuple[int, bytes]], halls: Sequence[Who]
    ) -> None:
        """An acknowledgement of a known holder: signed, and of this history."""
        word = value(field(data[len("exam-kiosk/acknowledgement/v1\n") :])[0], 7)
        need(word[0] == blind_id and word[2] < len(heads), "of another record")
        for hall in halls:
            if hall.key_id == word[4]:
                verified(data, "exam-kiosk/acknowledgement/v1", [hall])
                need((word[1], word[3]) == heads[word[2]], "of another history")
                self.words.append(word)

    def opened(
        self, keys: dict[int, dict[int, bytes]]
    ) -> Iterator[tuple[int, int, list[Any] | None, bytes | None]]:
        """Sequence, compartment, stamp and body of every frame, as far as *keys* reach."""
        for sequence, compartment, stamp, body, header, previous in self.frames:
            held = keys.get(header.epoch, {})
            bound = label(
                "journal", "frame", header.digest, u64(sequence), bytes([compartment]), previous
            )
            time = plain = None
            if 3 in held:
                time = value(self._part(held[3], "stamp", sequence, stamp, bound, 64), 4)
            if compartment in held:
                plain = self._part(held[compartment], "body", sequence, body, bound, 128)
            yield sequence, compartment, time, plain

    @staticmethod
    def _part(
        key: bytes, use: str, sequence: int, sealed: bytes, bound: bytes, least: int
    ) -> bytes:
        once = expand(key, label("journal", use, u64(sequence)))
        padded = unseal(once, bytes(12), sealed, bound)
        size = int.from_bytes(padded[:4], "big")
        fits = least
        while fits < size + 4:
            fits *= 2
        need(len(padded) == fits and not padded[4 + size :].strip(b"\0"), "padding")
        return padded[4 : 4 + size]

    def picture(self, epoch: int, number: int, key: bytes, part: bytes, sealed: bytes) -> bytes:
        """Snapshot *number* of *epoch*; *key* is the epoch's key of compartment 4, *part* what
        the evidence key opened."""
        header = self.headers[epoch]
        both = hkdf(key + part, b"", label("journal", "pictures", header.c))
        once = expand(both, label("journal", "snapshot", u64(number)))
        context = label("journal", "picture", header.digest, u64(number))
        return cobblestone(once, context, sealed)


def cores(data: bytes) -> Iterator[bytes]:
    """The cores of a run of frames."""
    while data:
        core, rest = field(data)
        need(0 < len(core) <= 600 * 1024, "a frame's length")
        need(rest[:4] == u32(zlib.crc32(data[: 4 + len(core)])), "a frame's checksum")
        yield core
        data = rest[4:]
