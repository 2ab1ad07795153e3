"""What the camera process may not do: reach a network, write a file, start a program.

Set once, after everything is loaded and before the first byte of a picture is read; nothing in
the process can take it back. The filter is seccomp's (Linux); where the kernel or the machine
has none of it, the process does not start.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
from typing import Final

from exam_packages.errors import ExamError

MEMORY: Final = 3 * 1024**3
"""Bytes of address space: OpenCV maps much and uses little of it."""
FILES: Final = 64

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 4, 38, 22
_SECCOMP_MODE_FILTER = 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_REFUSE = 0x00050000 | 1  # EPERM
_X32 = 0x40000000

# Numbers of the calls that are refused: socket, socketpair, connect, bind, listen,
# execve, execveat, ptrace, process_vm_readv, process_vm_writev, io_uring_setup, bpf.
_MACHINES: Final = {
    "x86_64": (0xC000003E, (41, 53, 42, 49, 50, 59, 322, 101, 310, 311, 425, 321)),
    "aarch64": (0xC00000B7, (198, 199, 203, 200, 201, 221, 281, 117, 270, 271, 425, 280)),
}


class ConfinementError(ExamError):
    """The camera process cannot be confined on this machine."""


def confine() -> None:
    """Confine this process for good. Raises :class:`ConfinementError`."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    machine = platform.machine()
    if machine not in _MACHINES:
        raise ConfinementError(
            "The camera process cannot be confined on a {machine} machine, so it does not start.",
            machine=machine,
        )
    program = _filter(*_MACHINES[machine])
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header)


def _filter(architecture: int, refused: tuple[int, ...]) -> bytes:
    """A filter that refuses these calls, and kills a process that speaks for another machine."""
    code = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # the number of the call
        (_AT_LEAST, len(refused) + 1, 0, _X32),
        *[(_EQUAL, len(refused) - at, 0, number) for at, number in enumerate(refused)],
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *each) for each in code)


def _prctl(option: int, value: int, extra: bytes | None = None) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    last = ctypes.c_char_p(extra) if extra is not None else ctypes.c_char_p(None)
    if libc.prctl(option, ctypes.c_ulong(value), last, 0, 0) != 0:
        raise ConfinementError(
            "The kernel does not let the camera process be confined: {why}.",
            why=os.strerror(ctypes.get_errno()),
        )
