"""Help and display: every key, the themes, the time shown or hidden."""

from __future__ import annotations

from collections.abc import Coroutine

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from exam_packages.attempt.preferences import TEXT_SIZES
from exam_packages.language import _, in_use, languages
from kiosk.screens.base import Dialog, words
from kiosk.widgets.lines import Lines, Row, Rows
from kiosk.widgets.text import wrap

TIME, ALOUD, CALL, CLOSE = "time", "aloud", "call", "close"
SLOWER, FASTER = "slower", "faster"


def theme_names() -> dict[str, str]:
    """The themes, by what candidates call them."""
    return {
        "calm-dark": _("Calm, dark"),
        "calm-light": _("Calm, light"),
        "contrast-dark": _("High contrast, dark"),
        "contrast-light": _("High contrast, light"),
        "low-glare": _("Low glare"),
        "safe-colours": _("Safe colours, for every kind of colour vision"),
        "console": _("Console: sixteen colours, plain signs"),
    }


class DisplayRows(Rows):
    """The languages, the themes, reading aloud and the time, to choose from."""

    def rows(self, width: int) -> list[Row]:
        dialog = self.screen
        if not isinstance(dialog, HelpDialog):
            return []
        client = dialog.client
        rows = [
            _row(f"theme {name}", "●" if client.theme == name else "○", said)
            for name, said in theme_names().items()
        ]
        rows.append(_row(TIME, "☐" if client.time_hidden else "☑", _("Show the time left")))
        aloud = client.presentation.now.aloud
        rows.append(_row(ALOUD, "☑" if aloud else "☐", _("Read aloud what has the focus (F11)")))
        if aloud:
            rows.append(_row(SLOWER, "−", _("Read more slowly")))
            rows.append(_row(FASTER, "+", _("Read faster")))
        if client.letters.ours:
            rows.append(
                Row("#letters", (Content.styled(_("Size of the letters:"), "bold"),), active=False)
            )
            for percent in TEXT_SIZES:
                chosen = client.letters.percent == percent
                rows.append(_row(f"letters {percent}", "●" if chosen else "○", f"{percent} %"))
        if client.may_call:
            call = (
                _("No longer call the invigilator") if client.calling else _("Call the invigilator")
            )
            rows.append(_row(CALL, "▲" if client.calling else "△", call))
        said = _("Language of the buttons and sentences (not of the questions):")
        rows.append(Row("#", (Content.styled(said, "bold"),), active=False))
        for name, said in languages().items():
            rows.append(_row(f"language {name}", "●" if in_use() == name else "○", said))
        rows.append(_row(CLOSE, "←", _("Back (Esc or F5)")))
        return rows

    def choose(self, key: str) -> None:
        dialog = self.screen
        if isinstance(dialog, HelpDialog):
            dialog.chosen(key)


def _row(key: str, sign: str, said: str) -> Row:
    return Row(key, (Content(f"  {sign} {said}"),))


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
            ("F11", _("Read aloud; again: read all that stands here once more")),
            ("F12", _("While reading aloud: be silent")),
            ("Ctrl+↑ ↓", _("While reading aloud: faster, slower")),
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

    def tell(self) -> None:
        super().tell()
        if self.is_mounted:
            self.query_one("#display", DisplayRows).rebuild()

    def chosen(self, key: str) -> None:
        """A row was chosen."""
        presentation = self.client.presentation
        kind, _space, name = key.partition(" ")
        match kind:
            case "close":
                self.dismiss("")
            case "call":
                self.client.call()
                self.dismiss("")
            case "time":
                self.client.time_hidden = not self.client.time_hidden
                self.client.wake()
            case "aloud":
                self._choose(presentation.choose(aloud=not presentation.now.aloud))
            case "slower" | "faster":
                self._choose(presentation.choose(faster=1 if kind == FASTER else -1))
            case "theme":
                self._choose(presentation.choose(theme=name))
            case "letters":
                self._choose(presentation.enlarge(int(name)))
            case "language":
                self._choose(presentation.choose(language=name))

    def _choose(self, choice: Coroutine[None, None, None]) -> None:
        # The client's own work: a change of language ends this dialog.
        self.client.run_worker(choice, group="choose")
