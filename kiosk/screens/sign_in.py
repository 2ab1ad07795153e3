"""Signing in: the code from the admission letter, typed or held up, then the name to confirm."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from exam_packages.attempt.events import NO_CAMERA
from exam_packages.language import _, in_use, languages, say
from kiosk.screens.base import Dialog, KioskScreen, show_words, words
from kiosk.screens.scan import ScanDialog
from kiosk.screens.station_check import StationCheck
from kiosk.themes import THEMES
from kiosk.widgets.bars import Key
from kiosk.widgets.button import PushButton
from kiosk.widgets.text import harmless, plain
from kiosk.widgets.text_entry import Field

MAX_CODE = 64


def _after(language: str) -> str:
    """The language after *language*, round and round."""
    there = [*languages()]
    return there[(there.index(language) + 1) % len(there)]


class SignInScreen(KioskScreen):
    """The first thing a candidate sees."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "language", show=False),
        Binding("f3", "theme", show=False),
        Binding("f4", "scan", show=False),
        Binding("f6", "trial", show=False),
    ]

    def body(self) -> ComposeResult:
        with Vertical(classes="card"):
            yield words(_("Welcome"), classes="heading")
            yield words("", id="exam")
            yield words(_("Type the sign-in code from your admission letter, then press Enter."))
            yield Field(id="code", most=MAX_CODE)
            yield words("", id="problem", classes="problem")
            yield PushButton(_("Sign in"), id="sign-in")
            yield words("", id="camera", classes="quiet")
            yield words(_("Need help? Raise your hand."), classes="quiet")

    def keys(self) -> tuple[Key, ...]:
        keys = [
            Key("enter", _("Sign in"), "sign_in", spare=True),
            Key("f2", languages()[_after(in_use())], "language"),
            Key("f3", _("Colours"), "theme"),
        ]
        if self._sees:
            keys.append(Key("f4", _("Camera"), "scan"))
        help_, *others = super().keys()
        return (*keys, help_, Key("f6", _("Try it"), "trial"), *others)

    @property
    def _sees(self) -> bool:
        """Whether a letter can be held up to a camera here."""
        status = self.client.view.status
        return status is not None and status.camera != NO_CAMERA

    async def action_theme(self) -> None:
        """On to the next colours."""
        names = [theme.name for theme in THEMES]
        following = (names.index(self.client.theme) + 1) % len(names)
        await self.client.presentation.choose(theme=names[following])

    def action_trial(self) -> None:
        """Try screen, keys, camera and sound."""
        if not isinstance(self.app.screen, Dialog):
            self.app.push_screen(StationCheck())

    def action_scan(self) -> None:
        """Read the code from the letter with the camera: what it holds counts as typed."""

        def read(code: str | None) -> None:
            if code:
                self._enter(code[:MAX_CODE])

        if self._sees and not isinstance(self.app.screen, Dialog):
            self.app.push_screen(ScanDialog(), read)

    async def action_language(self) -> None:
        """On to the next language; the key's label is its own name for itself."""
        await self.client.presentation.choose(language=_after(in_use()))

    def on_mount(self) -> None:
        super().on_mount()
        show_words(self, "#problem", "")

    def on_screen_suspend(self) -> None:
        """Forget what was typed, for the next candidate; behind a dialog it stays."""
        if not isinstance(self.app.screen, Dialog):
            self.query_one("#code", Field).value = ""
            show_words(self, "#problem", "")

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self.query_one("#code").focus()

    def tell(self) -> None:
        super().tell()
        if self.is_mounted:
            welcome = self.client.view.welcome
            exam = harmless(welcome.exam) if welcome is not None else ""
            show_words(self, "#exam", exam or _("No exam is open at this station yet."))
            held = _("Or F4: hold the letter’s square before the camera.")
            show_words(self, "#camera", held if self._sees else "")

    @on(Input.Submitted, "#code")
    @on(PushButton.Pressed, "#sign-in")
    def action_sign_in(self) -> None:
        code = self.query_one("#code", Field).value.strip()
        if not code:
            show_words(self, "#problem", _("Please type your sign-in code first."))
            self.query_one("#code").focus()
            return
        self._enter(code)

    def _enter(self, code: str) -> None:
        self.run_worker(self._sign_in(code), exclusive=True)

    async def _sign_in(self, code: str) -> None:
        show_words(self, "#problem", _("One moment …"))
        problem = await self.client.agent.sign_in(code)
        show_words(self, "#problem", harmless(problem))
        self.query_one("#code").focus()


class ConfirmScreen(KioskScreen):
    """Is this you?"""

    def body(self) -> ComposeResult:
        with Vertical(classes="card"):
            yield words(_("Is this you?"), classes="heading")
            yield Static("", id="name", markup=False)
            yield words("", id="number", classes="quiet")
            with Horizontal(classes="buttons"):
                yield PushButton(_("Yes, this is me"), id="yes")
                yield PushButton(_("No, this is somebody else"), id="no")
            yield words("", id="problem", classes="problem")

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        show_words(self, "#problem", "")
        self.query_one("#yes").focus()

    def tell(self) -> None:
        super().tell()
        named = self.client.view.named
        if named is not None and self.is_mounted:
            self.query_one("#name", Static).update(plain(named.name, "bold"))
            number = say("Candidate number {number}", number=harmless(named.candidate))
            show_words(self, "#number", number)

    @on(PushButton.Pressed)
    def _pressed(self, event: PushButton.Pressed) -> None:
        show_words(self, "#problem", _("One moment …"))
        self.run_worker(self._confirm(event.button.id == "yes"), exclusive=True)

    async def _confirm(self, yes: bool) -> None:
        problem = await self.client.agent.confirm(yes)
        if not yes and not problem:
            self.client.announce("An invigilator has been told, and will come to you.")
        show_words(self, "#problem", harmless(problem))
