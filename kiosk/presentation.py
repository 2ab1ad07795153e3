"""How the screen is shown and read: language, theme, reading aloud.

Before an attempt is open a choice holds here; then it is an act, so it is in the record, and
what the record says holds: on this screen, on one that comes back, at another station.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from exam_packages import language
from exam_packages.attempt.acts import Enlarge, Prefer
from exam_packages.attempt.preferences import FASTEST, SLOWEST, TEXT_SIZES, UNSAID, Preferences
from exam_packages.attempt.state import Phase
from kiosk.screens.base import fits
from kiosk.session.letters import USUAL
from kiosk.speech.reader import Reader
from kiosk.themes import CONSOLE, DEFAULT, THEMES
from kiosk.themes.signs import PlainSigns

if TYPE_CHECKING:
    from kiosk.client import Client

PACE_STEP = 20
"""Words per minute."""


class Presentation:
    """Shows *client* as its candidate prefers; *own* is the station's language."""

    def __init__(self, client: Client, own: str) -> None:
        self.now = UNSAID
        self.signs = PlainSigns()
        self.reader = Reader(client)
        self._client = client
        self._own = own
        self._drawn = language.SOURCE
        self._recorded: Preferences | None = None
        self._offered = False
        self._told_letters: int | None = None
        language.use(own)
        client.theme = DEFAULT

    def redrawn(self) -> bool:
        """Whether the language changed since this was last asked: screens must be made anew."""
        before, self._drawn = self._drawn, language.in_use()
        return before != self._drawn

    async def choose(
        self,
        *,
        language: str | None = None,
        theme: str | None = None,
        aloud: bool | None = None,
        faster: int = 0,
    ) -> None:
        """The candidate chose."""
        now = self.now
        pace = min(max(now.pace + faster * PACE_STEP, SLOWEST), FASTEST)
        wanted = Preferences(
            now.language if language is None else language,
            now.theme if theme is None else theme,
            now.aloud if aloud is None else aloud,
            pace,
        )
        attempt = self._client.view.attempt
        recorded = attempt is not None and attempt.phase is not Phase.CLOSED
        if not (recorded and await self._client.act(Prefer(wanted))):
            self._show(wanted)  # else the record tells it back

    async def follow(self) -> None:
        """Show what the record says; tell it what was chosen before there was one."""
        await self._follow_letters()
        attempt = self._client.view.attempt
        if attempt is None:
            self._recorded, self._offered = None, False
        elif attempt.preferences is not None and attempt.preferences != self._recorded:
            self._recorded = attempt.preferences
            self._show(attempt.preferences)
        elif attempt.preferences is None and self.now != UNSAID and not self._offered:
            self._offered = True
            await self.choose()

    async def enlarge(self, percent: int) -> None:
        """The candidate chose letters of another size."""
        attempt = self._client.view.attempt
        recorded = attempt is not None and attempt.phase is not Phase.CLOSED
        if not (recorded and await self._client.act(Enlarge(percent))):
            await self._client.enlarge(percent)  # else the record tells it back

    async def _follow_letters(self) -> None:
        """Have the letters that the record says; tell it those chosen before there was one."""
        attempt, letters = self._client.view.attempt, self._client.letters
        if not letters.ours:
            wanted = attempt.text_percent if attempt is not None else None
            if wanted not in (None, self._told_letters):
                self._client.announce(
                    "Letters of {percent} % were granted. The letters are this terminal’s own: "
                    "call the invigilator, who can set them.",
                    percent=wanted,
                )
            self._told_letters = wanted
            return
        if not fits(self._client.size) and letters.percent != USUAL:
            await self.enlarge(max(each for each in TEXT_SIZES if each < letters.percent))
            return  # larger than this window can show the exam in
        if attempt is None or not self._client.view.settled:
            return
        if attempt.text_percent is not None:
            await self._client.enlarge(attempt.text_percent)
        elif letters.percent != USUAL and attempt.phase is not Phase.CLOSED:
            await self._client.act(Enlarge(letters.percent))

    def forget(self) -> None:
        """Another candidate may come."""
        self._recorded, self._offered = None, False
        if self.now != UNSAID:
            self._show(UNSAID)

    def silenced(self) -> None:
        """There is no voice here."""
        self.now = replace(self.now, aloud=False)

    def _show(self, preferences: Preferences) -> None:
        client = self._client
        self.now = preferences
        known = {theme.name for theme in THEMES}
        client.theme = preferences.theme if preferences.theme in known else DEFAULT
        self.signs.enabled = client.theme == CONSOLE
        wanted = preferences.language
        language.use(wanted if wanted in language.languages() else self._own)
        self.reader.pace = preferences.pace
        self.reader.turn(preferences.aloud)
        client.wake()
