"""A disk whose power can be cut: what programs wrote under a directory, and what of it lasts.

:class:`CutDisk` watches every call that changes something under its directory while
:meth:`CutDisk.watching`. The calls are really made, so programs read what they wrote, as
from the page cache. Beside that it keeps what is *durable*, by the rules of a disk that
owes nothing to anyone:

* Bytes last once their file was synced. Of sectors written since, each may last or not.
* A sync that failed leaves those sectors as they are, lasting or not, and calls them
  clean: a later sync of the same file that succeeds does nothing for them.
* Names (of files made, replaced, removed, and of directories) last once their directory
  was synced; before that each may last or not.

A power cut stops the program in the middle: after any byte of a write, or before any other
call. :meth:`CutDisk.cut` then leaves on the real disk one of the states that may be left.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest import mock

SECTOR: Final = 512

Fate = Callable[[], bool]
"""Decides, for each thing that is not durable, whether it lasts."""

State = dict[str, bytes | None]
"""Files by name with their bytes; None is a directory. A directory comes before its files."""


class PowerCut(BaseException):
    """The power is gone: no line of the program runs after this."""


@dataclass
class _File:
    """One file's bytes: as programs see them, and what lasts for certain."""

    now: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    dirty: set[int] = field(default_factory=set)
    """Sectors written since the last sync."""
    orphaned: set[int] = field(default_factory=set)
    """Sectors whose sync failed: no sync will ever be asked for them again."""

    def write(self, offset: int, data: bytes) -> None:
        end = offset + len(data)
        if len(self.now) < end:
            self.now.extend(bytes(end - len(self.now)))
        self.now[offset:end] = data
        touched = range(offset // SECTOR, -(-end // SECTOR))
        self.dirty.update(touched)
        self.orphaned.difference_update(touched)

    def sync(self) -> None:
        for sector in self.dirty:
            self._keep(self.durable, sector)
        self.dirty.clear()

    def fail(self) -> None:
        self.orphaned |= self.dirty
        self.dirty.clear()

    def left(self, fate: Fate) -> bytes:
        kept = bytearray(self.durable)
        for sector in sorted(self.dirty | self.orphaned):
            if fate():
                self._keep(kept, sector)
        return bytes(kept)

    def _keep(self, kept: bytearray, sector: int) -> None:
        place = slice(sector * SECTOR, min((sector + 1) * SECTOR, len(self.now)))
        if len(kept) < place.stop:
            kept.extend(bytes(place.stop - len(kept)))
        kept[place] = self.now[place]


_DIRECTORY: Final = _File()


class CutDisk:
    """Everything under *root*, which must be empty."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fuse: int | None = None
        """What may still happen before the power goes: bytes written, and other calls."""
        self.spent = 0
        """What has happened so far, in the same measure."""
        self.fail_syncs = 0
        """How many of the next syncs fail."""
        self.fail_write_after: int | None = None
        """Bytes of the next write that are taken before it fails."""
        self.full = False
        """Whether no file may grow."""
        self.probe: Callable[[], None] | None = None
        """Called where the power may go: after each byte written, and before each other call."""
        self._dead = False
        self._names: dict[str, _File] = {}
        self._lasting: dict[str, _File] = {}
        self._open: dict[int, _File] = {}
        self._where: dict[int, str] = {}
        self._real = {name: getattr(os, name) for name in _WATCHED}

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the calls of this process, and end them when the power goes."""
        calls = {name: getattr(self, f"_{name}_") for name in _WATCHED}
        with mock.patch.multiple(os, **calls):
            yield

    def fdatasync(self, descriptor: int) -> None:
        """What a program calls that keeps its own reference to ``os.fdatasync``."""
        self._fsync_(descriptor)

    def left(self, under: Path, fate: Fate) -> State:
        """One of the states that a power cut now may leave under the directory *under*."""
        top = str(under)
        names = {name for name in self._names | self._lasting if _within(name, top)}
        state: State = {}
        for name in sorted(names):  # a directory before what is in it
            now, lasting = self._names.get(name), self._lasting.get(name)
            chosen = now if now is lasting or fate() else lasting
            parent = _parent(name)
            if chosen is not None and (parent in state or parent not in names):
                state[name] = None if chosen is _DIRECTORY else chosen.left(fate)
        return state

    def cut(self, under: Path, fate: Fate) -> None:
        """Leave under *under* what a power cut may leave, and switch the power on again."""
        self.put_back(under, self.left(under, fate))
        self.fuse, self._dead, self.fail_syncs, self.fail_write_after = None, False, 0, None

    def copy(self, under: Path) -> State:
        """What programs see under *under* now."""
        return {
            name: None if file is _DIRECTORY else bytes(file.now)
            for name, file in sorted(self._names.items())
            if _within(name, str(under))
        }

    def put_back(self, under: Path, state: State) -> None:
        """Have exactly *state* under *under*, all of it durable; ``{}`` is a new, empty disk."""
        for names in (self._names, self._lasting):
            for name in [name for name in names if _within(name, str(under))]:
                del names[name]
        if under.exists():
            shutil.rmtree(under)
        self._real["mkdir"](under)
        for name, data in state.items():
            if data is None:
                self._real["mkdir"](name)
                file = _DIRECTORY
            else:
                Path(name).write_bytes(data)
                file = _File(bytearray(data), bytearray(data))
            self._names[name] = self._lasting[name] = file

    def damage(self, path: Path, offset: int, data: bytes) -> None:
        """The disk itself loses what it had at *offset*: *data* stands there, for good."""
        file = self._names[str(path)]
        for held in (file.now, file.durable):
            held[offset : offset + len(data)] = data[: max(0, len(held) - offset)]
        path.write_bytes(file.now)

    # --- The calls ---

    def _spend(self) -> None:
        """One call that changes something; the power may go before it."""
        if self._dead or self.fuse == 0:
            self._dead = True
            raise PowerCut
        if self.probe is not None:
            self.probe()
        if self.fuse is not None:
            self.fuse -= 1
        self.spent += 1

    def _own(self, path: Any) -> str | None:
        name = os.fspath(path)
        return name if isinstance(name, str) and _within(name, str(self.root)) else None

    def _open_(self, path: Any, flags: int, mode: int = 0o777, **options: Any) -> int:
        name = self._own(path)
        if name is None or flags & os.O_DIRECTORY:
            descriptor = int(self._real["open"](path, flags, mode, **options))
            self._open.pop(descriptor, None)
            self._where.pop(descriptor, None)
            if name is not None:
                self._where[descriptor] = name
            return descriptor
        new = bool(flags & os.O_CREAT) and name not in self._names
        if new:
            self._spend()
            if self.full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        descriptor = int(self._real["open"](path, flags, mode, **options))
        if new:
            self._names[name] = _File()
        self._where.pop(descriptor, None)
        if name in self._names:
            self._open[descriptor] = self._names[name]
        return descriptor

    def _close_(self, descriptor: int) -> None:
        self._open.pop(descriptor, None)
        self._where.pop(descriptor, None)
        self._real["close"](descriptor)

    def _pwrite_(self, descriptor: int, data: Any, offset: int) -> int:
        file = self._open.get(descriptor)
        if file is None:
            return int(self._real["pwrite"](descriptor, data, offset))
        if self._dead:
            raise PowerCut
        data = bytes(data)
        if self.full and offset + len(data) > len(file.now):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        problem: BaseException | None = None
        if self.fail_write_after is not None and self.fail_write_after < len(data):
            data = data[: self.fail_write_after]
            problem = OSError(errno.EIO, os.strerror(errno.EIO))
            self.fail_write_after = None
        if self.fuse is not None:
            if len(data) > self.fuse:
                data = data[: self.fuse]
                problem = PowerCut()
                self._dead = True
            self.fuse -= len(data)
        self.spent += len(data)
        if self.probe is not None:
            for place in range(len(data)):
                file.write(offset + place, data[place : place + 1])
                self.probe()
        file.write(offset, data)
        self._real["pwrite"](descriptor, data, offset)
        if problem is not None:
            raise problem
        return len(data)

    def _write_(self, descriptor: int, data: Any) -> int:
        file = self._open.get(descriptor)
        if file is None:
            return int(self._real["write"](descriptor, data))
        return self._pwrite_(descriptor, data, len(file.now))  # files here are written once

    def _fsync_(self, descriptor: int) -> None:
        directory = self._where.get(descriptor)
        file = self._open.get(descriptor)
        if directory is None and file is None:
            self._real["fsync"](descriptor)
            return
        self._spend()
        if self.fail_syncs:
            self.fail_syncs -= 1
            if file is not None:
                file.fail()
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if file is not None:
            file.sync()
        else:
            self._sync_names(str(directory))

    def _fdatasync_(self, descriptor: int) -> None:
        self._fsync_(descriptor)

    def _sync_names(self, directory: str) -> None:
        for name in self._names | self._lasting:
            if _parent(name) == directory:
                if name in self._names:
                    self._lasting[name] = self._names[name]
                else:
                    del self._lasting[name]

    def _replace_(self, source: Any, target: Any, **options: Any) -> None:
        name, new = self._own(source), self._own(target)
        if name is not None and new is not None:
            self._spend()
            self._names[new] = self._names.pop(name)
        self._real["replace"](source, target, **options)

    def _link_(self, source: Any, target: Any, **options: Any) -> None:
        name, new = self._own(source), self._own(target)
        if name is not None and new is not None:
            self._spend()
        self._real["link"](source, target, **options)
        if name is not None and new is not None:
            self._names[new] = self._names[name]

    def _unlink_(self, path: Any, **options: Any) -> None:
        name = self._own(path)
        if name in self._names:
            self._spend()
            del self._names[name]
        self._real["unlink"](path, **options)

    def _mkdir_(self, path: Any, mode: int = 0o777, **options: Any) -> None:
        name = self._own(path)
        if name is not None:
            self._spend()
        self._real["mkdir"](path, mode, **options)
        if name is not None:
            self._names[name] = _DIRECTORY


_WATCHED: Final = (
    "open", "close", "write", "pwrite", "fsync", "fdatasync", "replace", "link", "unlink", "mkdir"
)  # fmt: skip


def _parent(name: str) -> str:
    return name.rpartition(os.sep)[0]


def _within(name: str, top: str) -> bool:
    return name.startswith(top + os.sep)
