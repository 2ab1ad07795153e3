"""Passphrases as commands get them: from files, or asked for on the terminal.

Never from an argument or an environment variable, which other users and child processes
can see. One command may need the keys of several people: every file given is tried, then
whoever sits at the terminal is asked, by the name of the key file.
"""

from __future__ import annotations

import getpass
import os
import stat
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from exam_packages.sealing.protection import MAX_PASSPHRASE, Passphrase, PassphraseError

__all__ = ["Passphrases", "media_option", "passphrase_option", "read_passphrase_file"]

MIN_LENGTH: Final = 12
"""Characters that a new passphrase has at least."""
_TRIES: Final = 3


class Passphrases:
    """The passphrases of one command, each given once.

    *ask* puts a prompt before a person and returns the answer, unseen on the screen;
    without it, and without a terminal, only the files count.
    """

    def __init__(
        self, files: Sequence[Path] = (), *, ask: Callable[[str], str] | None = None
    ) -> None:
        self._known = [Passphrase(read_passphrase_file(path)) for path in files]
        self._ask = ask or (_ask_terminal if sys.stdin is not None and sys.stdin.isatty() else None)

    def for_key(self, path: Path) -> Iterator[Passphrase]:
        """What to try on the key file at *path*: what is known, then what people type."""
        yield from tuple(self._known)
        if self._ask is None:
            return
        for _ in range(_TRIES):
            typed = Passphrase(self._ask(f"Passphrase of {path}: "))
            self._known.append(typed)
            yield typed
            self._known.remove(typed)  # asked for the next one: it did not open the file

    def new(self, what: str) -> Passphrase:
        """A passphrase for *what* is about to be written: of the first file, or typed twice.

        Raises :class:`PassphraseError` when there is none, or it is too short.
        """
        if self._known:
            return self._known[0]
        if self._ask is None:
            raise PassphraseError(
                "{what} is kept under a passphrase; give the file that holds it with "
                "--passphrase-file, or run the command at a terminal, where it asks.",
                what=what,
            )
        text = self._ask(f"New passphrase for {what} (at least {MIN_LENGTH} characters): ")
        if text != self._ask("The same again: "):
            raise PassphraseError("The two passphrases differ; nothing was written.")
        typed = Passphrase(_long_enough(text))
        self._known.append(typed)
        return typed


def read_passphrase_file(path: Path) -> str:
    """The passphrase in *path*: its one line. Raises :class:`PassphraseError`."""
    try:
        # Not to hang on a pipe that nobody writes to.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(MAX_PASSPHRASE + 2) if stat.S_ISREG(mode) else b""
    except OSError as problem:
        raise PassphraseError(
            "The passphrase file {path} cannot be read: {why}.",
            path=str(path),
            why=problem.strerror or type(problem).__name__,
        ) from None
    if stat.S_IMODE(mode) & 0o077:
        raise PassphraseError(
            "The passphrase file {path} can be read by other users of this machine; find out "
            "who read it, then run: chmod 600 {path}",
            path=str(path),
        )
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = ""
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.isprintable() or not text or len(data) > MAX_PASSPHRASE + 1:
        raise PassphraseError(
            "The passphrase file {path} must hold one line of text, of at most {limit} bytes.",
            path=str(path),
            limit=MAX_PASSPHRASE,
        )
    return _long_enough(text)


def passphrase_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option ``--passphrase-file``; the command gets ``passphrases``."""

    def gather(_: click.Context, __: click.Parameter, files: tuple[Path, ...]) -> Passphrases:
        return Passphrases(files)

    return click.option(
        "--passphrase-file",
        "passphrases",
        type=click.Path(path_type=Path, dir_okay=False),
        multiple=True,
        callback=gather,
        help="Holds a passphrase of the keys, mode 0600. Several people: once for each. "
        "Default: asked on the terminal.",
    )(command)


media_option = click.option(
    "--key",
    "media",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    multiple=True,
    help="A holder's key file on their own medium, called as the root of trust calls them, like "
    "root-2.key. Several: once for each.",
)


def _long_enough(text: str) -> str:
    if len(text) < MIN_LENGTH:
        raise PassphraseError(
            "A passphrase has at least {least} characters; five or six words that nobody would "
            "put together are good.",
            least=MIN_LENGTH,
        )
    return text


def _ask_terminal(prompt: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except (getpass.GetPassWarning, EOFError):
            raise PassphraseError("No passphrase was given.") from None
