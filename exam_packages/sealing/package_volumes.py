"""The files a package lies in: bounded reads from any of its volumes.

A volume is known by its place beside the first one (:func:`volume_name`) and by what its
header says. That name is no proof, and needs none: every byte behind it is compared with
the signed table of blobs.
"""

from __future__ import annotations

import itertools
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from exam_packages.sealing.package_format import (
    ALIGNMENT,
    FILE_MAGIC,
    MAX_HEADER_SIZE,
    VOLUME_MAGIC,
    PackageError,
    aligned,
    volume_header,
    volume_name,
)

__all__ = ["Volumes"]


class Volumes:
    """The first volume of a package, open, and the others once :meth:`join` was told of them.

    Offsets count as those of the table of blobs do. Raises :class:`PackageError` when a file
    cannot be read, or ends before it should.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as problem:
            raise _cannot(path, problem) from None
        self._files = [descriptor]  # -1 for one that is missing, or closed
        self._headers = [0]  # how long each one's header is
        self._begin = [0]  # the offset that each begins with

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every volume, the first one first."""
        return tuple(volume_name(self.path, place + 1) for place in range(len(self._files)))

    def read_header(self) -> bytes:
        """The signed object at the front of the first volume, not yet verified."""
        front = self._pread(0, 0, len(FILE_MAGIC) + 4)
        size = int.from_bytes(front[-4:], "big")
        if self._pread(0, 0, len(VOLUME_MAGIC)) == VOLUME_MAGIC:
            raise PackageError(
                "{path} is a further volume of a package; name its first one, and keep this one "
                "beside it.",
                path=str(self.path),
            )
        if front[:-4] != FILE_MAGIC:
            raise PackageError("{path} is not a package.", path=str(self.path))
        start = aligned(len(front) + size)
        if start > MAX_HEADER_SIZE:
            raise PackageError("The package {path} is damaged in its header.", path=str(self.path))
        header = self._pread(0, len(front), start - len(front))
        if len(header) < start - len(front):
            raise self._incomplete(0)
        if any(header[size:]):
            raise PackageError("The package {path} is damaged in its header.", path=str(self.path))
        self._headers = [start]
        return header[:size]

    def join(self, sizes: Sequence[int], package: bytes) -> Iterator[PackageError]:
        """Open the further volumes of the *package* (its hash), and tell what is wrong.

        *sizes* are the bytes of each volume behind its header. A volume that is missing, or
        is another one, is told and left out: reading from it raises.
        """
        self._begin = [0, *itertools.accumulate(sizes[:-1])]
        self._headers += [ALIGNMENT] * (len(sizes) - 1)
        for place, size in enumerate(sizes):
            try:
                if place:
                    self._files.append(-1)
                    self._files[place] = self._open(place, len(sizes), package)
                if os.fstat(self._files[place]).st_size != self._headers[place] + size:
                    raise self._incomplete(place)
            except PackageError as problem:
                yield problem

    def holder(self, offset: int) -> Path:
        """The volume that has what lies at *offset*."""
        return volume_name(self.path, bisect_right(self._begin, offset))

    def read(self, offset: int, length: int) -> bytes:
        """Exactly *length* bytes, all of one volume."""
        place, offset = self._place(offset)
        data = self._pread(place, offset, length)
        if len(data) < length:
            raise self._incomplete(place)
        return data

    def read_into(self, offset: int, buffer: memoryview) -> None:
        """Fill *buffer* from *offset* on, all of one volume."""
        place, offset = self._place(offset)
        try:
            while buffer:
                count = os.preadv(self._files[place], [buffer], offset)
                if not count:
                    raise self._incomplete(place)
                buffer, offset = buffer[count:], offset + count
        except OSError as problem:
            raise _cannot(volume_name(self.path, place + 1), problem) from None

    def close(self) -> None:
        """Close every volume; nothing can be read afterwards."""
        for place, descriptor in enumerate(self._files):
            self._files[place] = -1
            if descriptor >= 0:
                os.close(descriptor)

    def _place(self, offset: int) -> tuple[int, int]:
        """Which volume has the byte at *offset*, and where in its file."""
        place = bisect_right(self._begin, offset) - 1
        return place, self._headers[place] + offset - self._begin[place]

    def _open(self, place: int, count: int, package: bytes) -> int:
        path = volume_name(self.path, place + 1)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise PackageError(
                "Volume {number} of {count} is missing: copy {name} beside {path}.",
                number=place + 1,
                count=count,
                name=path.name,
                path=str(self.path),
            ) from None
        except OSError as problem:
            raise _cannot(path, problem) from None
        try:
            found = os.pread(descriptor, ALIGNMENT, 0)
        except OSError as problem:
            os.close(descriptor)
            raise _cannot(path, problem) from None
        if found != volume_header(package, place + 1):
            os.close(descriptor)
            raise PackageError(
                "{path} is not volume {number} of {count} of this package, or it is damaged at "
                "its beginning; copy the right one beside {first}.",
                path=str(path),
                number=place + 1,
                count=count,
                first=self.path.name,
            )
        return descriptor

    def _pread(self, place: int, offset: int, length: int) -> bytes:
        try:
            data = os.pread(self._files[place], length, offset)
            while len(data) < length:
                more = os.pread(self._files[place], length - len(data), offset + len(data))
                if not more:
                    break
                data += more
        except OSError as problem:
            raise _cannot(volume_name(self.path, place + 1), problem) from None
        return data

    def _incomplete(self, place: int) -> PackageError:
        return PackageError(
            "The package {path} is incomplete or has something behind its end; copy it again "
            "from where it came.",
            path=str(volume_name(self.path, place + 1)),
        )


def _cannot(path: Path, problem: OSError) -> PackageError:
    return PackageError(
        "The package {path} cannot be read: {why}.",
        path=str(path),
        why=problem.strerror or type(problem).__name__,
    )
