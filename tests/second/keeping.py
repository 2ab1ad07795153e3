"""The second reader: statements about keys, and the register of holds (both documents)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from second.suite import Opener, Refused, Who, digest, field, label, need, value, verified

Verify = Callable[[bytes, str, str, int], bytes]
"""A signed object by a role, and by at least so many of its people: its body."""

ROOT_KINDS = {"hold": (8, 1), "lifting": (6, 2), "deletion": (11, 2)}
"""How many fields an entry has, and how many root holders sign it at least."""


def announced(data: bytes, name: str) -> bytes:
    """The body of a signed object of this kind, not verified."""
    kind = f"exam-kiosk/{name}/v1\n".encode()
    need(data.startswith(kind), f"no {name}")
    return field(data[len(kind) :])[0]


def restore_key(data: bytes, machines: dict[bytes, Who]) -> list[Any]:
    return _by_itself(data, "restore-key", 3, 1, machines)


def erasure(data: bytes, machines: dict[bytes, Who]) -> list[Any]:
    return _by_itself(data, "erasure", 9, 3, machines)


def _by_itself(
    data: bytes, name: str, count: int, place: int, machines: dict[bytes, Who]
) -> list[Any]:
    """A statement of the machine that its field *place* names."""
    found: list[Any] = value(announced(data, name), count)
    need(found[place] in machines, "no enrolled machine")
    verified(data, f"exam-kiosk/{name}/v1", [machines[found[place]]])
    return found


def transfer(data: bytes, halls: Sequence[Who]) -> list[Any]:
    found: list[Any] = value(verified(data, "exam-kiosk/transfer/v1", halls), 5)
    need(len(set(found[3]) - {""}) == 2, "two people")
    return found


class Register:
    """The entries of a register, in order; each by root holders, each naming the one before."""

    def __init__(self, entries: Sequence[bytes], verify: Verify) -> None:
        self.entries: list[tuple[str, list[Any]]] = []
        previous = bytes(32)
        for number, data in enumerate(entries, 1):
            name = next((each for each in ROOT_KINDS if _is(data, each)), "")
            need(name, "no entry of a register")
            count, people = ROOT_KINDS[name]
            body = value(verify(data, f"exam-kiosk/{name}/v1", "root", people), count)
            need(body[:2] == [number, previous], "another entry before this one")
            self.entries.append((name, body))
            previous = digest(label("retention", "entry"), data)
        lifted = {body[2] for name, body in self.entries if name == "lifting"}
        self.standing = [
            body[0] for name, body in self.entries if name == "hold" and body[0] not in lifted
        ]
        self.deletions = [body for name, body in self.entries if name == "deletion"]


def preserved(data: bytes, verify: Verify, key: Opener) -> dict[bytes, bytes]:
    """What opens the epochs that were preserved, by their headers' hashes."""
    kind = "exam-kiosk/preservation/v1"
    _, _, _, public, attempts, _ = value(verify(data, kind, "root", 1), 6)
    need(digest(label("key", "sealing"), public)[:16] == key.key_id, "another key")
    found = {}
    for _, _, _, epochs in attempts:
        for header, (key_id, sealed) in epochs:
            need(key_id == key.key_id, "sealed to another key")
            found[header] = key.open(sealed, label("evidence", "part", key_id, header))
    return found


def preservation_digest(data: bytes) -> bytes:
    return digest(label("retention", "preservation"), data)


def _is(data: bytes, name: str) -> bool:
    try:
        announced(data, name)
    except Refused:
        return False
    return True
