"""Help and display: every key, the themes, the time shown or hidden."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from exam_packages.language import _
from kiosk.screens.base import Dialog, words
from kiosk.widgets.lines import Lines, Row, Rows
from kiosk.widgets.text import wrap

TIME, CALL, CLOSE = "time", "call", "close"


def _theme_names() -> dict[str, str]:
    return {
        "calm-dark": _("Calm, dark"),
        "calm-light": _("Calm, light"),
        "contrast-dark": _("High contrast, dark"),
        "contrast-light": _("High contrast, light"),
    }


class DisplayRows(Rows):
    """The themes and the time, to choose from."""

    def rows(self, width: int) -> list[Row]:
        rows = []
        for name, words_ in _theme_names().items():
            mark = "●" if self.app.theme == name else "○"
            rows.append(Row(name, (Content(f"  {mark} {words_}"),)))
        hidden = getattr(self.app, "time_hidden", False)
        mark = "☐" if hidden else "☑"
        rows.append(Row(TIME, (Content(f"  {mark} " + _("Show the time left")),)))
        if isinstance(self.screen, HelpDialog) and self.screen.client.may_call:
            calling = self.screen.client.calling
            call = _("No longer call the invigilator") if calling else _("Call the invigilator")
            rows.append(Row(CALL, (Content(f"  {'▲' if calling else '△'} {call}"),)))
        rows.append(Row(CLOSE, (Content("  ← " + _("Back (Esc or F5)")),)))
        return rows

    def choose(self, key: str) -> None:
        dialog = self.screen
        if isinstance(dialog, HelpDialog):
            dialog.chosen(key)
            self.rebuild()


class KeyTable(Lines):
    """What each key does."""

    def build(self, width: int) -> list[Content]:
        lines = []
        for key, does in (
            ("F2", _("All questions: what is answered, flagged, unseen; go to any")),
            ("F3", _("Flag this question to come back to it, or take the flag off")),
            ("F4", _("Show or hide the exhibit that belongs to the question")),
            ("F5", _("This page")),
            ("F6", _("Tools: notes, scratchpad, and what else this exam allows")),
            ("F7", _("Show a picture as large as the screen: + − enlarge it, arrows move over it")),
            ("F8  F9", _("Back to the question before; on to the next")),
            ("F10", _("Review and hand in (it asks twice)")),
            ("Tab", _("On to the next answer or button; Shift+Tab goes back")),
            ("↑ ↓  Space", _("Move in a list; choose")),
            ("A B C …", _("Choose by letter")),
            ("PgUp PgDn", _("Scroll a long question")),
            ("Ctrl+Z", _("Undo in a long text; Ctrl+C, Ctrl+X, Ctrl+V copy, cut, paste")),
        ):
            lines += wrap(Content(does), width, Content.styled(key.ljust(12), "bold $mark"))
        return lines


class HelpDialog(Dialog):
    """Opened with F5 anywhere."""

    BINDINGS = [("f5", "leave", "")]  # noqa: RUF012 - Textual's own way

    def body(self) -> ComposeResult:
        yield words(_("Help and display"), classes="heading")
        with VerticalScroll(can_focus=False):
            yield DisplayRows(id="display")
            yield KeyTable(id="key-table")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#display").focus()

    def chosen(self, key: str) -> None:
        """A row was chosen."""
        if key == CLOSE:
            self.dismiss("")
        elif key == CALL:
            self.client.call()
            self.dismiss("")
        elif key == TIME:
            self.client.time_hidden = not self.client.time_hidden
            self.client.wake()
        else:
            self.client.theme = key
