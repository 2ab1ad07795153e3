"""What sounds at this screen: the recordings of its questions, and the trial sound.

A recording sounds only while its question is the one on the screen. For a media interaction
the agent is asked before each play, and told how far it came: see
:mod:`exam_packages.attempt.plays`. A recording in a text may be played freely and is no event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exam_packages.attempt.events import GOES_ON, HEARD_ALL, STOPPED_AT
from exam_packages.attempt.plays import TOLD_MS, left
from exam_packages.content import text as rich
from exam_packages.content.items import Item, Media
from exam_packages.errors import ExamError
from exam_packages.recordings import sound
from kiosk.ipc.messages import SILENT, SOUNDS, UNHEARD, SoundTried
from kiosk.media.speaker import DEVICE, NO_PLAYER, NO_SOUND, End, Ended, Speaker
from kiosk.media.tone import silence, trial
from kiosk.widgets.recording import Told

if TYPE_CHECKING:
    from kiosk.client import Client
    from kiosk.course import Course


@dataclass
class Now:
    """What is being played: where it stands, and how far it is."""

    part: int
    item: str
    recording: rich.Recording
    interaction: Media | None
    at_ms: int


class Sounds:
    """The sound of *client*, on the ALSA device *device*."""

    def __init__(self, client: Client, device: str = DEVICE) -> None:
        self.speaker = Speaker(device)
        self.needed = False
        """Whether the questions of this candidate have recordings, as far as is known."""
        self.works: bool | None = None
        """Whether the device works; ``None``: it was not tried yet."""
        self._client = client
        self._now: Now | None = None
        self._stopped: dict[tuple[int, str, str], int] = {}
        self._looked: set[int] = set()

    @property
    def sounding(self) -> bool:
        """Whether a recording plays."""
        return self._now is not None

    # What the questions ask for.

    def told(
        self, course: Course, item: str, recording: rich.Recording, interaction: Media | None
    ) -> Told:
        """How a recording stands, for its widget."""
        length = self._client.library.length_ms(course.part, recording.media)
        now = self._now
        here = (course.part, item, recording.media)
        same = now is not None and (now.part, now.item, now.recording.media) == here
        if now is not None and same and now.interaction == interaction:
            playing, at_ms, more, unfinished = True, now.at_ms, None, False
        else:
            playing, at_ms, more = False, self._stopped.get(here, 0), None
            unfinished = at_ms > 0
        if interaction is not None:
            play = course.playing(item, interaction.response)
            more = left(play, interaction.max_plays)
            if not playing:
                unfinished = play.unfinished
                at_ms = play.at_ms if unfinished else 0
        return Told(playing, at_ms, length, more, unfinished, self.speaker.volume)

    def toggle(
        self, course: Course, item: str, recording: rich.Recording, interaction: Media | None
    ) -> None:
        """Play, or stop what is being played."""
        if self._now is not None:
            self.speaker.stop()
            return
        self._client.run_worker(self._play(course, item, recording, interaction), group="sound")

    def louder(self, steps: int) -> None:
        self.speaker.louder(steps)
        self._client.wake()

    def begin(self, course: Course, item: Item) -> None:
        """A question came: what its author wishes to start by itself does, the first time."""
        for each in item.interactions:
            if isinstance(each, Media) and each.autostart and self._now is None:
                if course.playing(item.identifier, each.response).number == 0:
                    self.toggle(course, item.identifier, each.recording, each)
                return

    def follow(self, shown: tuple[int, str] | None) -> None:
        """*shown* is the question in front of the candidate: nothing else may sound."""
        now = self._now
        if now is not None and (now.part, now.item) != shown:
            self.speaker.stop()

    async def _play(
        self, course: Course, item: str, recording: rich.Recording, interaction: Media | None
    ) -> None:
        client = self._client
        if self._now is not None:
            return  # the one before is still falling silent
        if not self.speaker.able:
            self._fails(NO_PLAYER)
            return
        client.presentation.reader.voice.stop()
        self._now = now = Now(course.part, item, recording, interaction, 0)
        try:
            facts, data = await client.library.recording(course.part, recording.media)
            while True:
                from_ms = now.at_ms = self._from(course, now)
                if interaction is not None and not await course.play(item, interaction):
                    return
                if client.in_front() != (now.part, now.item):  # left while the agent was asked
                    ended = Ended(End.STOPPED, from_ms)
                else:
                    teller = self._teller(course, now)
                    ended = await self.speaker.play(data, facts, from_ms, teller)
                await self._ended(course, now, ended)
                loops = interaction is not None and interaction.loop
                more = self.told(course, item, recording, interaction).left
                if ended.how is not End.OVER or not loops or more == 0:
                    return
        except ExamError as problem:
            client.announce(problem.template, **problem.fields)
        finally:
            self._now = None
            client.wake()

    def _from(self, course: Course, now: Now) -> int:
        if now.interaction is None:
            return self._stopped.get((now.part, now.item, now.recording.media), 0)
        play = course.playing(now.item, now.interaction.response)
        return play.at_ms if play.unfinished else 0

    def _teller(self, course: Course, now: Now) -> Callable[[int], None]:
        last = now.at_ms

        def told(at_ms: int) -> None:
            nonlocal last
            if at_ms // 1000 != now.at_ms // 1000:
                self._client.wake()
            now.at_ms = at_ms
            if now.interaction is not None and at_ms - last >= TOLD_MS:
                last = at_ms
                place = now.item, now.interaction.response
                self._client.run_worker(course.heard(*place, at_ms, GOES_ON), group="heard")

        return told

    async def _ended(self, course: Course, now: Now, ended: Ended) -> None:
        over = ended.how is End.OVER
        self._stopped[now.part, now.item, now.recording.media] = 0 if over else ended.at_ms
        if now.interaction is not None:
            how = HEARD_ALL if over else STOPPED_AT
            await course.heard(now.item, now.interaction.response, ended.at_ms, how)
        if ended.how is End.FAILED:
            self._fails(NO_SOUND)

    # Trying it.

    def look(self, course: Course) -> None:
        """See whether the questions of *course* have recordings, and whether they would sound:
        before the time runs, not at the first of them."""
        if course.part not in self._looked:
            self._looked.add(course.part)
            self._client.run_worker(self._look(course), group="look")

    async def _look(self, course: Course) -> None:
        library = self._client.library
        try:
            for reference in course.paper.references():
                item = await library.item(course.part, reference.identifier)
                parts = [item, *[await library.exhibit(course.part, e) for e in item.exhibits]]
                if any(isinstance(part, rich.Recording) for part in rich.walk(tuple(parts))):
                    break
            else:
                return
        except ExamError:
            self._looked.discard(course.part)  # lost: looked at again when it is back
            return
        self.needed = True
        if self.works is None:
            await self.sounds(silence())
        self._client.wake()

    async def sounds(self, data: bytes | None = None) -> bool:
        """Play the trial sound, or *data*; whether the device took it."""
        if not self.speaker.able:
            self._fails(NO_PLAYER)
            return False
        data = data or trial()
        ended = await self.speaker.play(data, sound("trial", data), 0, lambda _at: None)
        if ended.how is End.FAILED:
            self._fails(NO_SOUND)
        else:
            self.works = True
            self._client.agent.tell(SoundTried(SOUNDS))
        return ended.how is not End.FAILED

    def unheard(self) -> None:
        """The device works, and the candidate hears nothing."""
        self._client.agent.tell(SoundTried(UNHEARD))

    def _fails(self, sentence: str) -> None:
        if self.works is not False:
            self._client.agent.tell(SoundTried(SILENT))
        self.works = False
        self._client.announce(sentence)

    def forget(self) -> None:
        """Another candidate may come."""
        self.speaker.stop()
        self.needed = False
        self.works = None
        self._stopped.clear()
        self._looked.clear()
