"""A file system for SQLite that keeps what a power cut could leave of its files.

:class:`Recorder` is installed as SQLite's default; every write, truncation and sync goes to
the real file and into a list. :meth:`Recorder.states` then gives, for each moment of that
list, states that a disk which owes nothing to anyone may have: what was synced, and of what
was written since nothing, all, or every second write. SQLite makes its shared memory anew.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw


@dataclass
class _File:
    """One file's synced bytes, and the writes since."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Offset and bytes; None truncates to the offset."""

    def left(self, keep: str) -> bytes:
        """What is left when of the pending writes none, ``all`` or ``half`` lasted."""
        data = bytearray(self.durable)
        for place, write in enumerate(self.pending):
            if keep == "all" or (keep == "half" and place % 2):
                _apply(data, *write)
        return bytes(data)

    def sync(self) -> None:
        for write in self.pending:
            _apply(self.durable, *write)
        self.pending.clear()


def _apply(data: bytearray, offset: int, written: bytes | None) -> None:
    if written is None:
        del data[offset:]
        return
    if len(data) < offset:
        data.extend(bytes(offset - len(data)))
    data[offset : offset + len(written)] = written


class Recorder(apsw.VFS):
    """SQLite's default file system while :meth:`installed`."""

    def __init__(self) -> None:
        self.base = apsw.vfs_names()[0]
        super().__init__("recorder", self.base)
        self.operations: list[tuple[str, str, int, bytes]] = []

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        apsw.set_default_vfs("recorder")
        try:
            yield
        finally:
            apsw.set_default_vfs(self.base)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return _Recorded(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self.operations.append((os.path.basename(filename), "delete", 0, b""))  # noqa: PTH119

    def states(self, before: dict[str, bytes]) -> Iterator[tuple[int, str, dict[str, bytes]]]:
        """Each moment, what of the unsynced lasted, and the files then; *before* is what lay
        there, synced, when recording began."""
        files = {name: _File(bytearray(data)) for name, data in before.items()}
        for moment, (name, kind, offset, data) in enumerate(list(self.operations), 1):
            file = files.setdefault(name, _File())
            match kind:
                case "write":
                    file.pending.append((offset, data))
                case "truncate":
                    file.pending.append((offset, None))
                case "sync":
                    file.sync()
                case "delete":
                    files.pop(name, None)
            for keep in ("none", "half", "all"):
                yield moment, keep, {each: found.left(keep) for each, found in files.items()}


class _Recorded(apsw.VFSFile):
    def __init__(self, recorder: Recorder, name: Any, flags: list[int]) -> None:
        self._recorder = recorder
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self._name = Path(path).name
        super().__init__(recorder.base, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._recorder.operations.append((self._name, "write", offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._recorder.operations.append((self._name, "truncate", newsize, b""))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._recorder.operations.append((self._name, "sync", 0, b""))
