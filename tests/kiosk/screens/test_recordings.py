"""Recordings at the candidate's screen, through the real player; the device is a pipe that takes
no more than the test reads, so that a sound is in its middle for as long as the test wants."""

from __future__ import annotations

import asyncio
import os
import shutil
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from exam_packages.attempt import events as ev
from exam_packages.attempt.commands import Admit, Pause, Resume
from exam_packages.content import items as it
from exam_packages.content import text as rich
from kiosk import playing
from kiosk.ipc.messages import SILENT, SOUNDS, UNHEARD
from kiosk.media.tone import wav
from kiosk.view import Stage

pytestmark = pytest.mark.skipif(
    shutil.which("sox") is None or shutil.which("aplay") is None, reason="no player here"
)
SHORT = wav(array("h", bytes(2 * 22_050)))
"""One second."""
LONG = wav(array("h", bytes(2 * 22_050 * 60)))


class Device:
    """The reading end of a pipe that stands for a sound card."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.name = f"file:{path},raw"
        self._reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def take(self, most: int = 1 << 20) -> int:
        """Let it sound as far as it has come."""
        taken = 0
        while taken < most:
            try:
                data = os.read(self._reader, 65_536)
            except BlockingIOError:
                break
            if not data:
                break
            taken += len(data)
        return taken

    def close(self) -> None:
        os.close(self._reader)


@pytest.fixture
def device(tmp_path: Path) -> Any:
    made = Device(tmp_path / "device")
    yield made
    made.close()


def form(forms: Any, data: bytes, **options: Any) -> Any:
    bell = rich.Recording("bell.wav", "audio/wav", "What the guide says")
    given = {"least": 0, "most": 2, "auto": False, "loop": False} | options
    media = it.Media("S", (), bell, given["least"], given["most"], given["auto"], given["loop"])
    choice = it.Choice("R", (), forms.choices("Left", "Right"), 0, 1)
    body = (forms.para("Where does the group go?"), rich.Slot("S"), rich.Slot("R"))
    two = it.Item("two", "T", "en", (bell, rich.Slot("R")), (choice,), (), ())
    one = it.Item("one", "O", "en", body, (media, choice), (), ())
    made = forms.form({"one": one, "two": two})
    made.media["bell.wav"] = data
    return made


def plays(s: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for entry in s.agent.entries:
        match entry.event:
            case ev.Played(number=number, from_ms=from_ms):
                found.append(("played", number, from_ms))
            case ev.Heard(number=number, how=how) if how != ev.GOES_ON:
                found.append(("heard", number, how))
            case ev.Noticed(code=code):
                found.append((code,))
            case _:
                pass
    return found


@asynccontextmanager
async def sounding(sit: Any, made: Any, device: Device) -> AsyncIterator[Any]:
    """An exam at its first question, with the player on *device*."""
    async with sit(made, sound="null") as s:
        await s.begin()
        s.client.sounds.speaker.device = device.name
        await s.until(lambda: "0:00 /" in s.text(), "the recording is read")
        yield s


async def until_at(s: Any, device: Device, second: int) -> None:
    def there() -> bool:
        now = s.client.sounds._now
        if now is not None and now.at_ms // 1000 < second:
            device.take(65_536)
        return now is not None and now.at_ms // 1000 >= second

    await s.until(there, f"second {second}")


def test_a_recording_is_played_as_often_as_allowed(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(form(forms, SHORT)) as s:
            await s.begin()
            await s.until(lambda: "0:00 / 0:01" in s.text(), "its length")
            assert "it can be begun 2 more times" in s.words()
            for number in (1, 2):
                await s.press("space")
                await s.until(lambda n=number: plays(s)[-1:] == [("heard", n, ev.HEARD_ALL)], "end")
            await s.until(lambda: "Played as often as allowed" in s.text(), "no more")
            assert s.responses("one") == {"S": ("2",), "R": ()}
            assert not await s.client.exam.play(
                "one", s.client.stages.screen(Stage.EXAM).item.interactions[0]
            )
            assert "as often as this question allows" in s.client.notice
            await s.press("tab", "b")
            await s.saved()
            assert s.responses("one") == {"S": ("2",), "R": ("b",)}

    asyncio.run(walk())


def test_stopping_moving_on_and_a_pause_cost_nothing(sit: Any, forms: Any, device: Device) -> None:
    async def walk() -> None:
        async with sounding(sit, form(forms, LONG, most=1), device) as s:
            await s.press("space")
            await until_at(s, device, 7)
            assert "■ Stop" in s.text()
            await s.press("space")
            await s.until(lambda: plays(s)[-1:] == [("heard", 1, ev.STOPPED_AT)], "stopped")
            await s.until(lambda: "Go on playing" in s.text(), "it can go on")
            assert "0:0" in s.text() and "Played as often" not in s.text()

            await s.press("space")
            await until_at(s, device, 12)
            await s.press("f9")
            await s.at("two")
            await s.until(lambda: not s.client.sounds.speaker.sounds, "silence elsewhere")
            await s.press("f8")
            await s.at("one")

            await s.press("space")
            await until_at(s, device, 20)
            s.agent.order(Pause())
            await s.until(lambda: plays(s)[-1:] == [("heard", 1, ev.STOPPED_AT)], "paused")
            await s.stage(Stage.PAUSED)
            await s.until(lambda: not s.client.sounds.speaker.sounds, "silence in a pause")
            s.agent.order(Resume())
            await s.stage(Stage.EXAM)
            await s.at("one")
            await s.until(lambda: "Go on playing" in s.text(), "it can go on")
            began = [each for each in plays(s) if each[0] == "played"]
            assert [number for _word, number, _from in began] == [1, 1, 1]
            assert began[1][2] >= 7_000 and began[2][2] >= 12_000
            assert (playing.CUT,) not in plays(s)  # nobody was cut: all of it was told

    asyncio.run(walk())


def test_a_crash_in_the_middle_gives_no_free_play_and_takes_none(
    sit: Any, forms: Any, device: Device
) -> None:
    async def walk() -> None:
        async with sounding(sit, form(forms, LONG, most=1), device) as s:
            await s.press("space")
            await s.until(lambda: plays(s) == [("played", 1, 0)], "in the journal")
            await until_at(s, device, 7)
            await s.until(lambda: s.agent.ledger.attempt.plays["one", "S"].at_ms > 0, "told")
            before = list(s.agent.entries)
            await s.agent.stop()  # the agent is killed; what the screen says now reaches nobody
            await s.until(lambda: not s.client.sounds.speaker.sounds, "silence without an agent")
            s.agent.entries = before
            await s.agent.start()
            await s.stage(Stage.EXAM)
            await s.at("one")
            await s.press("space")
            await s.until(lambda: plays(s)[-1][0] == "played", "it goes on")
            noticed, going_on = plays(s)[-2:]
            assert noticed == (playing.CUT,)
            assert going_on[1] == 1 and 4_000 <= going_on[2] <= 7_500
            await s.press("space")

    asyncio.run(walk())


def test_one_that_begins_by_itself_and_goes_round(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(form(forms, SHORT, auto=True, loop=True, most=3)) as s:
            await s.begin()
            await s.until(lambda: plays(s)[-1:] == [("heard", 3, ev.HEARD_ALL)], "three times")
            await s.press("f9")
            await s.at("two")
            await s.press("space")  # a recording in a text: free, and no event
            await s.until(lambda: not s.client.sounds.speaker.sounds, "over")
            assert len(plays(s)) == 6

    asyncio.run(walk())


def test_the_sound_is_tried_before_the_time_runs(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(form(forms, SHORT)) as s:
            await s.sign_in()
            await s.until(lambda: "try the sound: F7" in s.words(), "the rule")
            await s.until(lambda: s.agent.sound == [SOUNDS], "the agent was told")
            await s.press("f7")
            await s.until(lambda: "Play three notes" in s.text(), "the check")
            await s.press("space")
            await s.until(lambda: s.agent.sound == [SOUNDS] * 2, "it sounded")
            assert "three rising notes" in s.words()
            await s.press("right")
            assert s.client.sounds.speaker.volume == 80
            await s.press("end", "space")
            await s.until(lambda: s.agent.sound[-1] == UNHEARD, "told")
            assert "that you hear nothing" in s.client.notice

    asyncio.run(walk())


def test_no_sound_is_said_before_the_exam_and_costs_no_play(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        async with sit(form(forms, SHORT), sound="no-such-device") as s:
            s.agent.open()
            s.agent.release()
            s.agent.order(Admit(0))
            await s.stage(Stage.READY)
            await s.until(lambda: "does not work. Tell an invigilator" in s.words(), "said")
            await s.until(lambda: s.agent.sound == [SILENT], "the agent was told")
            await s.client.begin()
            await s.stage(Stage.EXAM)
            await s.at("one")
            await s.press("space")
            await s.until(lambda: plays(s)[-1:] == [("heard", 1, ev.STOPPED_AT)], "it failed")
            await s.until(lambda: "Go on playing" in s.text(), "nothing was lost")

    asyncio.run(walk())


def test_nothing_is_read_aloud_over_a_recording(sit: Any, forms: Any, device: Device) -> None:
    async def walk() -> None:
        async with sounding(sit, form(forms, LONG, most=1), device) as s:
            reader = s.client.presentation.reader
            said: list[Any] = []
            reader.voice.say = reader.voice.add = lambda pieces, _pace: said.extend(pieces)
            s.client.presentation.now = replace(s.client.presentation.now, aloud=True)
            reader.turn(True)
            s.client.wake()
            await s.until(lambda: said, "the question is read")
            await s.press("space")
            said.clear()
            await until_at(s, device, 4)
            assert said == []
            await s.press("space")
            await s.until(lambda: any("Go on playing" in each.text for each in said), "afterwards")

    asyncio.run(walk())


def test_the_practice_counts_by_the_same_rules(sit: Any, forms: Any) -> None:
    async def walk() -> None:
        made = form(forms, SHORT, most=1)
        async with sit(made) as s:
            s.agent._blobs[1] = made.blobs()  # the practice has the same questions
            await s.sign_in()
            await s.until(lambda: s.client.practice is not None, "the practice")
            await s.client.practise()
            await s.at("one")
            await s.press("space")
            await s.until(lambda: "Played as often as allowed" in s.text(), "once")
            assert s.client.practice.responses("one")[0].members == ("1",)
            assert plays(s) == []

    asyncio.run(walk())
