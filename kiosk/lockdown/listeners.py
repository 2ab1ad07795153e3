"""Where keys come from: pynput, with one listener for each keyboard.

Each listener turns what it hears into a :class:`~kiosk.lockdown.signals.Key` in the very call
that hears it; a character never leaves that call, and in the kernel's backend there is none.

pynput is never waited for (``wait()`` may not return with the uinput backend), and never told
to suppress: that would block everything, and fails open. Whether a listener hears anything is
proved by a key that :meth:`Listening.sing` generates *in the watched device itself*, one that
means nothing to any program.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol, TypeAlias

from exam_packages.errors import ExamError
from kiosk.lockdown.signals import KERNEL_KEYS, X_KEYS, Key, Source

Heard: TypeAlias = Callable[[str, Key | None, bool], None]
"""Told of each key: which keyboard, what the key does, whether it went down. A key of ``None``
is the generated one."""

_HARMLESS: Final = (240, *range(194, 182, -1))
"""Key codes that mean nothing: KEY_UNKNOWN, else F24 down to F13. The first the device has."""
_EV_SYN, _EV_KEY = 0, 1


class ListenerError(ExamError):
    """Keys cannot be watched here."""


class Listening(Protocol):
    """Something that hears one keyboard."""

    @property
    def alive(self) -> bool: ...
    def sing(self) -> bool:
        """Generate the harmless key. Whether that could be tried at all."""
        ...

    def close(self) -> None: ...


class Ears(Protocol):
    """A backend: what it is, and how it hears a keyboard."""

    source: Source

    def listen(self, keyboard: str, heard: Heard) -> Listening:
        """Hear *keyboard* from now on. Raises :class:`ListenerError`."""
        ...


def kernel() -> Ears:
    """The kernel's keyboards, for root. Raises :class:`ListenerError` when that cannot be."""
    try:
        importlib.import_module("evdev")
    except ImportError:
        raise ListenerError(
            "The key-watch needs the Python package evdev, which is not installed: install "
            "Debian’s “python3-evdev”, or a compiler and the kernel’s headers before “pip "
            "install evdev”."
        ) from None
    return _Kernel(_pynput("uinput"))


def x_server() -> Ears:
    """The keys of an X server. Raises :class:`ListenerError` when there is none."""
    return _XServer(_pynput("xorg"))


def _pynput(backend: str) -> Any:
    os.environ["PYNPUT_BACKEND_KEYBOARD"] = backend
    os.environ["PYNPUT_BACKEND_MOUSE"] = "dummy"  # no mouse is watched
    try:
        return importlib.import_module("pynput.keyboard")
    except Exception as problem:  # it raises what its display library raises
        raise ListenerError(
            "pynput cannot watch keys with its backend “{backend}” ({why}). “uinput” needs root "
            "and the program dumpkeys of Debian’s package kbd; “xorg” needs a running X server.",
            backend=backend,
            why=str(problem).strip().splitlines()[0][:200] if str(problem).strip() else "unknown",
        ) from None


class _Kernel:
    source = Source.KERNEL

    def __init__(self, keyboard: Any) -> None:
        self._keyboard = keyboard

    def listen(self, keyboard: str, heard: Heard) -> Listening:
        return _KernelListener(self._keyboard, keyboard, heard)


class _KernelListener:
    """One keyboard of the kernel, such as ``/dev/input/event3``."""

    def __init__(self, pynput: Any, path: str, heard: Heard) -> None:
        evdev = importlib.import_module("evdev")
        try:
            # A device of its own for the generated key: the listener's belongs to its thread.
            self._device = evdev.InputDevice(path)
            known = set(self._device.capabilities().get(_EV_KEY, ()))
            self._canary = next((code for code in _HARMLESS if code in known), None)
            self._listener = self._made(pynput, path, heard)
        except OSError as problem:
            raise ListenerError(
                "The keyboard {path} cannot be watched: {why}.",
                path=path,
                why=problem.strerror or str(problem),
            ) from None
        self._listener.start()

    def _made(self, pynput: Any, path: str, heard: Heard) -> Any:
        canary = self._canary

        class Listener(pynput.Listener):  # type: ignore[misc]  # it has no types
            """pynput's, without the keyboard layout: a code is all that is heard."""

            def _handle_message(self, event: Any) -> None:
                if event.code == canary:
                    heard(path, None, event.value != 0)
                else:
                    heard(path, KERNEL_KEYS.get(event.code, Key.TYPED), event.value != 0)

            def _run(self) -> None:
                with contextlib.suppress(OSError, ValueError):  # unplugged, or closed by us
                    super()._run()

        return Listener(uinput_device_paths=[path])

    @property
    def alive(self) -> bool:
        return bool(self._listener.is_alive())

    def sing(self) -> bool:
        if self._canary is None:
            return False
        try:
            for value in (1, 0):
                self._device.write(_EV_KEY, self._canary, value)
                self._device.write(_EV_SYN, 0, 0)
        except OSError:
            return False
        return True

    def close(self) -> None:
        self._listener.stop()
        with contextlib.suppress(OSError):
            self._device.close()


class _XServer:
    source = Source.X_SERVER

    def __init__(self, keyboard: Any) -> None:
        self._keyboard = keyboard

    def listen(self, keyboard: str, heard: Heard) -> Listening:
        return _XListener(self._keyboard, keyboard, heard)


class _XListener:
    """All keyboards of an X server: it joins them before anybody is told."""

    def __init__(self, pynput: Any, name: str, heard: Heard) -> None:
        display = importlib.import_module("Xlib.display")
        self._lock = threading.Lock()
        self._display = display.Display()
        self._canary = _unmapped(self._display)

        functions: set[int] = set()

        def told(key: Any, down: bool) -> None:
            code = getattr(getattr(key, "value", key), "vk", None) or 0
            kind = X_KEYS.get(code, Key.TYPED)
            if kind is Key.FUNCTION:
                if down:
                    functions.add(code)
                elif code in functions:
                    functions.discard(code)
                else:
                    # A server that obeys Ctrl+Alt+F3 itself tells that F3 went up, and no more.
                    heard(name, Key.CONSOLE, True)
                    kind = Key.CONSOLE
            heard(name, None if kind is Key.UNMAPPED else kind, down)

        self._listener = pynput.Listener(
            on_press=lambda key: told(key, True), on_release=lambda key: told(key, False)
        )
        self._listener.start()

    @property
    def alive(self) -> bool:
        return bool(self._listener.is_alive())

    def sing(self) -> bool:
        xtest = importlib.import_module("Xlib.ext.xtest")
        if self._canary is None or not self._display.has_extension("XTEST"):
            return False
        try:
            with self._lock:
                for kind in (2, 3):  # KeyPress, KeyRelease
                    xtest.fake_input(self._display, kind, self._canary)
                self._display.sync()
        except Exception:  # python-xlib raises many when the server is gone
            return False
        return True

    def close(self) -> None:
        with contextlib.suppress(Exception):  # as above
            self._listener.stop()
        with contextlib.suppress(Exception):
            self._display.close()


def _unmapped(display: Any) -> int | None:
    """A key of the server to which no symbol belongs."""
    info = display.display.info
    first, last = info.min_keycode, info.max_keycode
    symbols: Iterable[Iterable[int]] = display.get_keyboard_mapping(first, last - first + 1)
    codes = [first + at for at, each in enumerate(symbols) if not any(each)]
    return codes[-1] if codes else None
