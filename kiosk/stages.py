"""Which screen belongs to which stage, made in the language in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kiosk.screens.base import Dialog, KioskScreen
from kiosk.screens.before import BeforeScreen
from kiosk.screens.exam import ExamScreen
from kiosk.screens.finished import FinishedScreen
from kiosk.screens.interlude import InterludeScreen
from kiosk.screens.rest import BreakScreen
from kiosk.screens.sign_in import ConfirmScreen, SignInScreen
from kiosk.screens.survey import SurveyScreen
from kiosk.view import Stage

if TYPE_CHECKING:
    from kiosk.client import Client


class Stages:
    """The screens of *client*. ``None`` is the stage of practice, which the agent has not."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._screens: dict[Stage | None, KioskScreen] = {}

    @property
    def wanted(self) -> Stage | None:
        """The stage the view is at."""
        stage = self._client.view.stage
        return None if stage is Stage.READY and self._client.practising else stage

    def screen(self, stage: Stage | None) -> KioskScreen:
        """The screen of *stage*."""
        return self._screens[stage]

    def furnish(self) -> None:
        """Make the screens."""
        self._client.presentation.redrawn()
        interlude = InterludeScreen()
        before = BeforeScreen()
        exam = ExamScreen(practice=False)
        self._screens = {
            Stage.STARTING: interlude,
            Stage.LOST: interlude,
            Stage.PAUSED: interlude,
            Stage.EVACUATED: interlude,
            Stage.CLOSING: interlude,
            Stage.SIGN_IN: SignInScreen(),
            Stage.CONFIRM: ConfirmScreen(),
            Stage.WAITING: before,
            Stage.READY: before,
            Stage.EXAM: exam,
            Stage.BREAK: BreakScreen(),
            Stage.FINISHED: FinishedScreen(),
            Stage.SURVEY: SurveyScreen(),
            None: ExamScreen(practice=True),
        }
        for screen in dict.fromkeys(self._screens.values()):
            self._client.install_screen(screen, f"stage-{id(screen)}")

    async def refurnish(self) -> None:
        """Make the screens anew: their words are in another language now."""
        old = list(dict.fromkeys(self._screens.values()))
        self.furnish()
        await self.bring(self.screen(self.wanted))
        for screen in old:
            self._client.uninstall_screen(screen)
            if screen.is_running:
                await screen.remove()

    async def bring(self, wanted: KioskScreen) -> None:
        """Have the screen *wanted* in front, and no dialog of another one."""
        client = self._client
        while len(client.screen_stack) > 1 and isinstance(client.screen, Dialog):
            await client.pop_screen()
        if isinstance(client.screen, KioskScreen):
            await client.switch_screen(wanted)
        else:
            await client.push_screen(wanted)
