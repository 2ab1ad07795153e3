"""The candidate's client over a paper in memory, with a banner that says so."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from exam_packages.language import _
from kiosk.client import Client
from kiosk.preview.agent import Parts, PreviewAgent


class Preview(Client):
    """Shows a paper; Ctrl+Q ends it at any moment."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "end_preview", show=False, priority=True)
    ]

    def __init__(self, parts: Parts) -> None:
        super().__init__(Path())
        self._parts = parts

    async def connect(self) -> PreviewAgent:
        return PreviewAgent(self._parts)

    def status_parts(self) -> list[Content]:
        """The banner, where a candidate reads what is saved."""
        words = _("Preview: nothing is kept or scored, and no clock runs. Ctrl+Q ends it.")
        return [Content.styled(words, "bold $attention")]

    def action_end_preview(self) -> None:
        self.exit()
