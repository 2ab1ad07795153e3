"""The lines that are always there: title and time above, keys and safety below.

Stock footers leak with every change of focus (Textual #6666), so the keys have a bar of
our own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widgets import Static

from kiosk.widgets.text import Flow, fit, pad

_NAMES = {
    "escape": "Esc",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


@dataclass(frozen=True)
class Key:
    """A key, what it does here, and the action it runs."""

    key: str
    label: str
    action: str
    spare: bool = False
    """Left out where there is no room: the help page has it too."""

    @property
    def shown(self) -> str:
        return key_name(self.key)


def key_name(key: str) -> str:
    """What stands on a key that Textual calls *key*."""
    return _NAMES.get(key, key.capitalize())


class Bar(Static):
    """One line, or a few, on the bar's ground; repainted only when it changes."""

    DEFAULT_CSS = """
    Bar { height: 1; width: 1fr; background: $bar; color: $bar-ink; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", markup=False, id=id)
        self._shown: Content | None = None

    def show(self, content: Content) -> None:
        if self._shown is None or not self._shown.is_same(content):
            self._shown = content
            self.update(content, layout=False)


class TitleBar(Bar):
    """Where the candidate is, and the time left: two lines, text left and right."""

    DEFAULT_CSS = """
    TitleBar { height: 2; }
    """

    def tell(self, *lines: tuple[Content, Content]) -> None:
        """Show lines of a left and a right part; the left one gives way."""
        width = self.content_size.width or 78
        drawn = []
        for left, right in lines:
            room = max(1, width - right.cell_length - 2)
            if left.cell_length > room:
                left = left.truncate(room, ellipsis=True)
            drawn.append(pad(left, width - right.cell_length) + right)
        self.show(Content("\n").join(drawn))


class KeyBar(Bar):
    """The keys that do something here. They can be clicked too."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys: tuple[Key, ...] = ()
        self._drawn: tuple[Key, ...] = ()
        self._ends: list[int] = []

    def tell(self, *keys: Key) -> None:
        if keys == self._keys:
            return
        self._keys = keys
        self._ends = []
        content = Content("")
        room = self.content_size.width or 78
        whole = sum(cell_len(f"{key.shown} {key.label}") for key in keys)
        while whole + len(keys) - 1 > room and any(key.spare for key in keys):
            spare = [key for key in keys if key.spare][-1]
            keys = tuple(key for key in keys if key is not spare)
            whole -= cell_len(f"{spare.shown} {spare.label}")
        at = 0
        while whole + len(keys) - 1 > room and at < len(keys):  # what it does, F5 tells
            whole -= cell_len(keys[at].label) + 1
            keys = (*keys[:at], replace(keys[at], label=""), *keys[at + 1 :])
            at += 1
        self._drawn = keys
        wide = "  " if whole + 2 * (len(keys) - 1) <= room else " "
        for key in keys:
            gap = wide if content else ""
            content += Content.assemble(
                gap, (key.shown, "bold reverse"), f" {key.label}" if key.label else ""
            )
            self._ends.append(content.cell_length)
        self.show(content)

    def on_resize(self) -> None:
        keys, self._keys = self._keys, ()
        self.tell(*keys)

    async def on_click(self, event: events.Click) -> None:
        event.stop()
        for key, end in zip(self._drawn, self._ends, strict=True):
            if event.x - self.styles.gutter.left < end:
                await self.app.run_action(key.action, self.screen)
                return


class StatusBar(Bar):
    """What is saved, what is safe, whether a camera runs: always visible, always true."""

    def tell(self, *parts: Content) -> None:
        self.show(Content("  ").join(parts))


class Notice(Static):
    """One line that comes when there is something to say, and goes again."""

    DEFAULT_CSS = """
    Notice { height: auto; max-height: 3; width: 1fr; padding: 0 1; display: none;
             background: $attention; color: $ground; text-style: bold; }
    Notice.-shown { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", markup=False, id=id)
        self.words = ""

    def say(self, words: str) -> None:
        """Show *words*, or nothing."""
        if words == self.words:
            return
        self.words = words
        self.update(Flow(fit(words, 400)))
        self.set_class(bool(words), "-shown")
