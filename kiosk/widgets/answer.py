"""What the widgets that take an answer have in common."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message

from exam_packages.content import text as rich
from exam_packages.content.items import Interaction
from exam_packages.content.values import Response
from kiosk.widgets.lines import Row, Rows
from kiosk.widgets.text import block_lines


class Answered(Message):
    """The answer to *interaction* is now *members*. ``typed``: more keys may follow soon.

    The interaction itself goes along, so that a word that comes late, from a widget that
    shows another question by now, is not taken for an answer to that one.
    """

    def __init__(
        self, interaction: Interaction, members: tuple[str, ...], *, typed: bool = False
    ) -> None:
        super().__init__()
        self.interaction = interaction
        self.response = Response(interaction.response, members)
        self.typed = typed


class AnswerRows(Rows):
    """An interaction answered by choosing rows; its prompt and a hint stand around them."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: Interaction | None = None
        self.title = ""
        self.prompt: tuple[rich.Block, ...] = ()

    def start(self, interaction: Interaction, title: str, prompt: tuple[rich.Block, ...]) -> None:
        """Begin to show another interaction."""
        self.loaded = interaction
        self.title = title
        self.prompt = prompt
        self.cursor = None

    def tell(self, *members: str) -> None:
        """Say that the answer now is *members*."""
        if self.loaded is not None:
            self.post_message(Answered(self.loaded, members))

    def head(self, width: int) -> list[Row]:
        """The rows above the choices: the gap's label, the prompt."""
        lines: list[Content] = []
        if self.title:
            lines.append(Content.styled(self.title, "bold $mark"))
        if self.prompt:
            lines.extend(block_lines(self.prompt, width))
        return [Row("", (*lines, Content("")), active=False)] if lines else []

    @staticmethod
    def hint(*sentences: str, width: int = 0) -> Row:
        """A quiet line beneath the choices; more than one where *width* is given and short."""
        lines: list[str] = []
        for sentence in sentences:
            longer = f"{lines[-1]} · {sentence}" if lines else f"  {sentence}"
            if lines and width and cell_len(longer) > width:
                lines.append(f"  {sentence}")
            else:
                lines[-1:] = [longer]
        drawn = (Content.styled(line, "$quiet") for line in lines)
        return Row("?", (Content(""), *drawn), active=False)
