"""What all screens share: the bars, the notice, and what to do in a terminal too small."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual._styles_cache import StylesCache
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static

from exam_packages.language import _, say
from kiosk.widgets.bars import Bar, Key, KeyBar, Notice, StatusBar, TitleBar
from kiosk.widgets.text import Flow, plain

if TYPE_CHECKING:
    from kiosk.client import Client

LEAST_WIDTH, LEAST_HEIGHT = 60, 20
USUAL_WIDTH = 80
"""80 by 24 is what all is laid out for; this much is left of a small display in large letters."""
WIDE = 110
"""From here on lists have room for longer titles."""


def fits(size: Size) -> bool:
    """Whether the exam can be shown in a window of *size*."""
    return size.width >= LEAST_WIDTH and size.height >= LEAST_HEIGHT


# At once, before the next key is given to anybody: keys typed right after Tab belong to
# where it leads, and without priority they would still go to where it came from.
_MOVE: list[BindingType] = [
    Binding("tab", "app.focus_next", show=False, priority=True),
    Binding("shift+tab", "app.focus_previous", show=False, priority=True),
]


_EMPTY = (Content(""), Content(""))


class _TooSmall:
    """Shared by screens and dialogs: below 60×20 one sentence stands instead."""

    _focused: Widget | None = None
    """What had the focus before the window became too small: what is hidden loses it."""

    def watch_size(self, size: events.Resize) -> None:
        screen = cast("Screen[object]", self)
        small = not fits(size.size)
        screen.set_class(size.size.width < USUAL_WIDTH, "-tight")
        screen.set_class(size.size.width >= WIDE, "-wide")
        if small and not screen.has_class("-small"):
            self._focused = screen.focused
        elif self._focused is not None and not small:
            screen.call_after_refresh(screen.set_focus, self._focused)
            self._focused = None
        screen.set_class(small, "-small")
        if small:
            words = say(
                "This window is too small for the exam: {width}×{height}. "
                "Please make it at least {least_width}×{least_height}. Nothing is lost.",
                width=size.size.width,
                height=size.size.height,
                least_width=LEAST_WIDTH,
                least_height=LEAST_HEIGHT,
            )
            screen.query_one("#small", Static).update(Content(words))


class KioskScreen(Screen[None], _TooSmall, inherit_bindings=False):
    """A stage of the exam: title above, keys and safety below, its own body between."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_MOVE,
        Binding("f5", "help", show=False),
        Binding("pageup", "scroll_page(-1)", show=False),
        Binding("pagedown", "scroll_page(1)", show=False),
    ]
    ALLOW_SELECT = False
    AUTO_FOCUS = ""

    @property
    def client(self) -> Client:
        """The app, by its own type."""
        return cast("Client", self.app)

    def body(self) -> ComposeResult:
        """The widgets between the bars."""
        yield from ()

    def title_lines(self) -> list[tuple[Content, Content]]:
        """The two lines above: left and right."""
        welcome = self.client.view.welcome
        if welcome is None:
            return [(Content.styled("Exam Kiosk", "bold"), Content("")), _EMPTY]
        exam = plain(welcome.exam or _("No exam is open here yet"), "bold")
        person = self.client.view.person
        who = plain(person.name) if person is not None else Content("")
        place = plain(f"{welcome.centre} · {welcome.station}")
        return [(exam, place), (who, Content(""))]

    def keys(self) -> tuple[Key, ...]:
        """The keys that do something on this screen."""
        return (Key("f5", _("Help"), "help"), Key("f11", _("Read aloud"), "app.read_aloud"))

    def compose(self) -> ComposeResult:
        yield TitleBar(id="title")
        yield Notice(id="notice")
        with Vertical(id="body"):
            yield from self.body()
        yield KeyBar(id="keys")
        yield StatusBar(id="status")
        yield Static("", id="small", markup=False)

    def on_mount(self) -> None:
        self.tell()

    def on_screen_resume(self) -> None:
        self.tell()

    def on_resize(self, event: events.Resize) -> None:
        self.watch_size(event)
        self.call_after_refresh(self.tell)

    def tell(self) -> None:
        """Show what the view now says. Called after each change, and every second."""
        if not self.is_mounted:
            return
        self.client.tell_bars(self, self.title_lines(), self.keys())

    def paint_together(self) -> None:
        """Show all that has changed, within the bars and between them, in the next frame. Textual
        tells a screen of a change once the widget that changed is idle; by then a frame may have
        been painted without it."""
        self._layout_required = True
        self._dirty_widgets.update(self.query_children(Bar))

    def pane(self) -> Widget | None:
        """What Page Up and Page Down scroll."""
        return None

    def action_help(self) -> None:
        self.client.open_help()

    def action_scroll_page(self, step: int) -> None:
        pane = self.pane()
        if pane is not None:
            pane.scroll_relative(y=step * max(1, pane.size.height - 2), animate=False)


class Dialog(ModalScreen[str], _TooSmall, inherit_bindings=False):
    """A question or a message in front of a stage. Its result is the answer's name."""

    told = ""
    """What the last key brought, in words, for who does not see it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_MOVE,
        Binding("escape", "leave", show=False),
    ]
    ALLOW_SELECT = False
    AUTO_FOCUS = ""

    @property
    def client(self) -> Client:
        """The app, by its own type."""
        return cast("Client", self.app)

    def body(self) -> ComposeResult:
        """The widgets of the dialog."""
        yield from ()

    def compose(self) -> ComposeResult:
        yield TitleBar(id="title")
        yield Notice(id="notice")
        with Vertical(id="body"), Vertical(id="dialog"):
            yield from self.body()
        yield KeyBar(id="keys")
        yield StatusBar(id="status")
        yield Static("", id="small", markup=False)

    def keys(self) -> tuple[Key, ...]:
        """The keys that do something in this dialog."""
        return (Key("tab", _("Next"), "app.focus_next"), Key("escape", _("Go back"), "leave"))

    def on_mount(self) -> None:
        self.tell()

    def on_unmount(self) -> None:
        """Let go of what was painted.

        Textual remembers colours by widget, the 1,024 latest, and with each of them all it
        ever painted: some 0.8 MB for every dialog that was opened.
        """
        StylesCache.get_inner_outer.cache_clear()

    def on_resize(self, event: events.Resize) -> None:
        self.watch_size(event)
        self.call_after_refresh(self.tell)

    def tell(self) -> None:
        """Show what the view now says: time and safety stay in sight."""
        if self.is_mounted:
            self.client.tell_bars(self, self.client.stage_screen.title_lines(), self.keys())

    def action_leave(self) -> None:
        self.dismiss("")

    def dismiss(self, result: str | None = None) -> AwaitComplete:
        """Leave, once. The stock one takes whatever is on top off the stack: with keys that
        came too fast, the question itself, and in the end the screen stops."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Pane(Dialog):
    """A tool in the corner: the question stays in sight behind it."""


def words(text: str, *, id: str | None = None, classes: str = "words") -> Static:
    """A paragraph of our own words."""
    return Static(Flow(text), markup=False, id=id, classes=classes)


def show_words(screen: Widget, selector: str, text: str) -> None:
    """Change a paragraph made by :func:`words`, and hide it when it is empty."""
    paragraph = screen.query_one(selector, Static)
    paragraph.display = bool(text)
    if str(paragraph.content) != text:
        paragraph.update(Flow(text))
