"""The people at the console: each signs in under their own name and does what forms do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from provisioning.demo.processes import PATIENCE_S, wait_until
from provisioning.demo.stages import DemoError
from sync.hall.desk import Desk, DeskError
from sync.hall.home import HallHome


class Officer:
    """One person, signed in at one hall at a time."""

    def __init__(self, name: str, password: Path) -> None:
        self.name = name
        self.password = password.read_text(encoding="ascii").strip()
        self._desk: Desk | None = None

    def sign_in(self, hall: Path) -> None:
        """Sign in at the hall in this home, and leave the one before."""
        self.leave()
        home = HallHome.load(hall)
        desk = Desk(home, home.console_port)
        try:
            desk.sign_in(self.name, self.password)
        except DeskError:
            desk.__exit__()
            raise
        self._desk = desk

    def leave(self) -> None:
        """Go away from the console."""
        if self._desk is not None:
            self._desk.__exit__()
            self._desk = None

    def act(self, act: str, reason: str, **fields: str) -> str:
        """Do an act; what the hall says of it. Raises :class:`DemoError`."""
        try:
            return self._at().act(act, reason=reason, **fields)
        except DeskError as why:
            raise DemoError(
                "{name} could not do “{act}”: {why}", name=self.name, act=act, why=str(why)
            ) from None

    def refused(self, act: str, reason: str, words: str, **fields: str) -> None:
        """Try an act that the hall must refuse with *words*."""
        try:
            said = self._at().act(act, reason=reason, **fields)
        except DeskError as why:
            if words in str(why):
                return
            said = str(why)
        raise DemoError(
            "“{act}” had to be refused with “{words}”; the hall said: {said}",
            act=act,
            words=words,
            said=said,
        )

    def look(self, path: str) -> Any:
        """A page of the console as data. Raises :class:`DemoError`."""
        try:
            return self._at().look(path)
        except DeskError as why:
            raise DemoError("{why}", why=str(why)) from None

    def rows(self) -> dict[str, dict[str, Any]]:
        """The board's rows by candidate number."""
        return {row["candidate"]: row for row in self.look("/board")["rows"]}

    def wait_rows(
        self,
        candidates: list[str],
        test: Callable[[dict[str, Any]], bool],
        words: str,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Wait until the board's rows of all these candidates fulfil a test."""

        def seen() -> bool:
            rows = self.rows()
            return all(test(rows[candidate]) for candidate in candidates)

        wait_until(seen, words, patience_s)

    def _at(self) -> Desk:
        if self._desk is None:
            raise DemoError("{name} is not signed in at any hall.", name=self.name)
        return self._desk


def both(first: Officer, second: Officer, act: str, reason: str, **fields: str) -> str:
    """An act that takes two people; what the hall said to the second.

    Raises :class:`DemoError` when one person was enough.
    """
    proposed = first.act(act, reason, **fields)
    done = second.act(act, reason, **fields)
    if done == proposed:
        raise DemoError(
            "“{act}” takes two people; the hall said to both: {said}", act=act, said=done
        )
    return done
