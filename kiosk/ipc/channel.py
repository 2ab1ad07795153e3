"""Frames between two processes of one machine: u32 big-endian length, canonical message.

A stream socket, not SOCK_SEQPACKET, whose packets cannot grow to a package's blobs.
Everything received is bounded before it is read and typed before it is used.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from exam_packages import canon
from exam_packages.errors import ExamError

MAX_FRAME = 4 * 1024 * 1024
"""Bytes of one message: a replay or a read is cut into several."""

_LENGTH = 4
_ADDRESS = 107

Incoming = TypeVar("Incoming")


class ChannelError(ExamError):
    """The other process is gone, or does not speak our language."""


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name for the socket at *path* that fits into a socket address (108 bytes)."""
    if len(os.fsencode(path)) <= _ADDRESS:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def listen(listener: socket.socket, path: Path, *, backlog: int, group: int | None = None) -> None:
    """Have *listener* take connections at *path*, where what lay before is removed: those of
    this user alone, and of *group*. Raises :class:`OSError`."""
    path.unlink(missing_ok=True)
    mask = os.umask(0o177)
    try:
        with short_path(path) as name:
            listener.bind(name)
    finally:
        os.umask(mask)
    if group is not None:
        os.chown(path, -1, group)
        path.chmod(0o660)
    listener.listen(backlog)


def frame(message: msgspec.Struct) -> bytes:
    """*message* as the bytes that go over the socket."""
    body = canon.pack(message)
    if len(body) > MAX_FRAME:
        raise ChannelError(
            "A message of {size} bytes is too long for the connection between screen and agent; "
            "at most {limit} are allowed.",
            size=len(body),
            limit=MAX_FRAME,
        )
    return len(body).to_bytes(_LENGTH, "big") + body


def body_length(prefix: bytes) -> int:
    """The length that four bytes announce. Raises :class:`ChannelError` beyond the bound."""
    length = int.from_bytes(prefix, "big")
    if not 0 < length <= MAX_FRAME:
        raise ChannelError(
            "The other process announced a message of {size} bytes; at most {limit} are allowed.",
            size=length,
            limit=MAX_FRAME,
        )
    return length


def parse(body: bytes, kind: Any) -> Any:
    """The message in *body*, one of *kind*. Raises :class:`ChannelError` for anything else."""
    try:
        return canon.unpack(body, kind, max_size=MAX_FRAME)
    except canon.CanonError as problem:
        raise ChannelError(
            "The other process sent something that is no message: {why}", why=str(problem)
        ) from None


class Channel(Generic[Incoming]):
    """A blocking connection that receives messages of one union and sends any."""

    def __init__(self, sock: socket.socket, incoming: Any) -> None:
        self._sock = sock
        self._incoming = incoming

    def send(self, message: msgspec.Struct) -> None:
        """Raises :class:`ChannelError` when the other end is gone."""
        try:
            self._sock.sendall(frame(message))
        except OSError as problem:
            raise _gone(problem) from None

    def receive(self) -> Incoming:
        """Wait for the next message. Raises :class:`ChannelError` when there will be none."""
        length = body_length(self._exactly(_LENGTH))
        message: Incoming = parse(self._exactly(length), self._incoming)
        return message

    def close(self) -> None:
        """End the connection; a thread that waits in :meth:`receive` wakes with an error."""
        with contextlib.suppress(OSError):  # the other end was faster
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()

    def _exactly(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            try:
                part = self._sock.recv(min(count - len(parts), 1 << 18))
            except OSError as problem:
                raise _gone(problem) from None
            if not part:
                raise ChannelError("The connection between screen and agent has ended.")
            parts += part
        return bytes(parts)


def _gone(problem: OSError) -> ChannelError:
    return ChannelError(
        "The connection between screen and agent broke ({why}).",
        why=problem.strerror or type(problem).__name__,
    )
