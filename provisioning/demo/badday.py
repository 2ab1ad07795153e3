"""``exam-kiosk demo --bad-day``: one sitting in which everything fails that can, and its end.

Four candidates at real screens, one who does not come, a spare station, two halls, two people
at the console, and no internet. Each step says in plain words what happens, does it by the
console's own acts or by killing processes, and checks what it claims.
"""

from __future__ import annotations

import secrets
import select
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial

from provisioning.demo.auto import Seat, each
from provisioning.demo.badday_end import (
    Ending,
    check_lines,
    line_of,
    make_papers,
    red_points,
)
from provisioning.demo.badday_near import Burnt, burn
from provisioning.demo.badday_room import Room, answer, check_left, question
from provisioning.demo.candidate import Sitter
from provisioning.demo.officers import Officer, both
from provisioning.demo.processes import Children, exam_kiosk, listens, wait_until
from provisioning.demo.script import write_script
from provisioning.demo.site import OPERATOR, SECOND, Site, build, start_servers, take_command
from provisioning.demo.stages import DemoError, Stages
from provisioning.demo.terminal import Terminal

CANDIDATES = 5
"""Roster lines: the last one does not come, and that station is the spare."""
LOOK_S = 12
"""Seconds before each step in which whoever watches may read what comes, and look."""
LINGER_S = 5
"""Seconds for which a disaster stays on the console before people deal with it."""
SETTLE_MINUTES = 2
"""Given to everyone after the power cut."""
STANDBY_MINUTES = 1
"""Given to everyone by the standby, as its first order."""
_QUESTIONS = (3, 6, 9, 12)
"""Up to which question everyone has come before each disaster."""
_ALARM_AGO_S = 3
_OFF_S = 2


class BadDay:
    """The sitting, from the readiness sheet to the signed report."""

    def __init__(self, site: Site, stages: Stages, *, watched: bool) -> None:
        self._site = site
        self._stages = stages
        self._watched = watched
        self._burnt: Burnt | None = None

    def run(self) -> None:
        """Run every step. Raises :class:`DemoError` at the first that does not hold."""
        site, stages = self._site, self._stages
        stages.title("Setting up")
        build(site, stages)
        with Children(site.logs) as children, ExitStack() as terminals:
            start_servers(site, children, stages)
            room = Room(site, children, Officer(OPERATOR, site.password), _second(site, terminals))
            terminals.callback(room.chief.leave)
            self._say_console(room, site.console_port)
            self._seat(room, terminals)
            self._before(room)
            self._begin(room)
            self._station_dies(room, terminals)
            self._evacuate(room)
            self._power_cut(room)
            self._illness(room)
            self._suspicion(room)
            self._hall_dies(room)
            self._hand_in(room)
            ill = room.seats[3]
            added_s = [
                60 * (SETTLE_MINUTES + (0 if seat is ill else STANDBY_MINUTES))
                for seat in room.seats
            ]
            rescued = (room.seats[1], self._burnt.turn) if self._burnt is not None else None
            ending = Ending(site, stages, room.chief, room.second, room.seats, added_s, rescued)
            ending.run(children.named("intake"), self._step)

    # --- What is said to whoever watches ---

    @contextmanager
    def _step(self, title: str, words: str) -> Iterator[None]:
        """One step: what comes is said, and there is time to look where somebody watches."""
        self._stages.title(title)
        self._stages.note(words)
        if self._watched:
            self._stages.note(f"(Enter, or {LOOK_S} seconds)")
            if select.select([sys.stdin], [], [], LOOK_S)[0]:
                sys.stdin.readline()
        yield

    def _linger(self) -> None:
        """Leave what the console shows now as it is for a while, where somebody watches."""
        if self._watched:
            time.sleep(LINGER_S)

    def _say_console(self, room: Room, port: int) -> None:
        stages = self._stages
        stages.title("The console, to look on beside this")
        stages.note(f"https://127.0.0.1:{port}   (your browser will not know the certificate:")
        stages.note(f"it is the demo's own, signed by {self._site.hall / 'enrolment' / 'ca.crt'})")
        for officer, role in ((room.chief, "chief"), (room.second, "invigilator")):
            stages.note(f"name {officer.name:<8} password {officer.password}   ({role})")

    # --- Before ---

    def _seat(self, room: Room, terminals: ExitStack) -> None:
        site = self._site
        with self._stages.stage("Five stations are on; one of them is the spare") as stage:
            for offset, candidate in enumerate(site.candidates):
                home = site.station(candidate.station)
                agent = room.children.add(f"agent-{candidate.station}", "agent", home)
                room.agents.append(agent)
                terminal = Terminal([exam_kiosk(), "screen", str(home), "--once"])
                terminals.callback(terminal.stop)
                terminal.start()
                if offset == CANDIDATES - 1:
                    room.spare = terminal
                    continue
                turns = write_script(site.body, site.form, candidate.number, offset)
                sitter = Sitter(candidate.name, candidate.code, terminal, turns)
                room.seats.append(Seat(candidate, sitter, agent, candidate.station))
            stage.figure = "screens in pseudo-terminals"
        room.chief.sign_in(site.hall)
        room.second.sign_in(site.hall)

    def _before(self, room: Room) -> None:
        site, stages = self._site, self._stages
        with self._step(
            "Before the day: the readiness sheet",
            "Every point must be right, or the chief waives it by name and says why.",
        ):
            with stages.stage("The papers are made, in case a printer fails later") as stage:
                stage.figure = make_papers(site, site.hall, "papers-before")
            with stages.stage("All points are right but one: no station is left over"):
                wait_until(
                    lambda: red_points(room.chief) == ["spare"], "other points are red, or none is"
                )
            with stages.stage("The chief waives it by name") as stage:
                room.second.refused(
                    "waive", "routine.start", "Only the chief", point="spare", why="because"
                )
                absent = site.candidates[-1].name
                why = f"{absent} has said that they do not come: their station is the spare."
                stage.figure = room.chief.act("waive", "routine.start", point="spare", why=why)
                if red_points(room.chief):
                    raise DemoError("The sheet is still red after the waiver.")

    def _begin(self, room: Room) -> None:
        site, stages, seats = self._site, self._stages, room.seats
        with self._step(
            "The start: two codes by two people, and the internet goes off",
            "Neither person can open the exam alone. From here on the body cannot be reached.",
        ):
            with stages.stage("Four candidates sign in, and are admitted"):
                each(seats, lambda seat: seat.sitter.sign_in())
                room.chief.act("admit", "routine.identity", all="1")
                each(seats, lambda seat: seat.sitter.wait_admitted())
            with stages.stage("The internet is off: the intake does not answer"):
                room.children.named("intake").kill()
                wait_until(lambda: not listens(site.intake_port), "the intake still answers")
            codes = [path.read_text(encoding="ascii").strip() for path in
                     (site.codes, site.second_codes)]  # fmt: skip
            with stages.stage("The chief types one code: nothing opens"):
                room.chief.act("release", "routine.start", code=codes[0])
                if room.chief.look("/board")["released"]:
                    raise DemoError("One code of two has opened the exam.")
                room.chief.refused("release", "routine.start", "another person", code=codes[1])
            with stages.stage("The second person types the other: it opens"):
                room.second.act("release", "routine.start", code=codes[1])
                each(seats, lambda seat: seat.sitter.wait_released())
            with stages.stage(f"All begin, and answer up to question {_QUESTIONS[0]}"):
                each(seats, lambda seat: seat.sitter.begin())
                answer(seats, 0, _QUESTIONS[0])

    # --- The day ---

    def _station_dies(self, room: Room, terminals: ExitStack) -> None:
        stages, seat = self._stages, room.seats[1]
        spare = room.spare
        assert spare is not None  # noqa: S101  _seat made it
        with self._step(
            f"A station burns while no hall answers: {seat.candidate.name} goes on at the spare",
            "Its neighbour has what no hall has. Two people name the candidate; the hall chooses.",
        ):
            room.all_safe([seat])
            self._burnt = burn(room, stages, seat, room.seats[2], _QUESTIONS[0])
            left_s = self._burnt.left_s
            turn = question([seat], _QUESTIONS[0] + 1)
            with stages.stage("The exam is moved by two people") as stage:
                began = time.monotonic()
                fields = {"candidate": seat.candidate.number}
                both(room.chief, room.second, "replace-station", "technical.station", **fields)
                seat.sitter.terminal = spare
                seat.sitter.come_back(turn)
                stage.figure = f"{time.monotonic() - began:.1f} s from the first act, all answers"
            room.agents.remove(seat.agent)
            seat.agent = room.agents[-1]
            seat.station = self._site.candidates[-1].station
            with stages.stage("The time that was left is left") as stage:
                stage.figure = f"{left_s} s before, {check_left(seat, left_s)} s now"
            with stages.stage(f"All answer up to question {_QUESTIONS[1]}"):
                others = [each for each in room.seats if each is not seat]
                answer(others, _QUESTIONS[0], _QUESTIONS[1])
                answer([seat], _QUESTIONS[0] + 1, _QUESTIONS[1])

    def _evacuate(self, room: Room) -> None:
        stages, seats, chief, second = self._stages, room.seats, room.chief, room.second
        lost = seats[2]
        with self._step(
            "The fire alarm: the room is evacuated",
            "One person is enough to send all out. Nobody goes on before each one was called.",
        ):
            with stages.stage("Every screen says: leave the room now"):
                chief.act("evacuate", "hall.alarm", ago=str(_ALARM_AGO_S))
                each(seats, lambda seat: seat.sitter.terminal.wait("Leave the room now"))
            self._linger()
            with stages.stage("Ending it is refused while somebody was not called"):
                chief.refused("end-evacuation", "hall.alarm", "not called yet")
            with stages.stage("The roll is called outside: one is missing") as stage:
                for seat in seats:
                    word = "missing" if seat is lost else "present"
                    second.act(word, "hall.alarm", candidate=seat.candidate.number)
                roll = chief.look("/roll-call")["roll_call"]
                present = {line["candidate"]: line["present"] for line in roll["lines"]}
                if present != {seat.candidate.number: seat is not lost for seat in seats}:
                    raise DemoError("The roll-call says otherwise: {roll}", roll=str(present))
                stage.figure = f"{len(seats) - 1} present, {lost.candidate.name} missing"
            self._linger()
            here = [seat for seat in seats if seat is not lost]
            turn = question(seats, _QUESTIONS[1])
            with stages.stage("Two people end it: those present run on, the missing one waits"):
                both(chief, second, "end-evacuation", "hall.alarm")
                each(here, lambda seat: seat.sitter.come_back(turn))
                chief.wait_rows(
                    room.numbers([lost]), lambda row: row["state"] == "Paused", "one waits"
                )
            with stages.stage(f"{lost.candidate.name} comes back, and runs on"):
                second.act("resume", "hall.alarm", candidate=lost.candidate.number)
                lost.sitter.come_back(turn)
            with stages.stage(f"All answer up to question {_QUESTIONS[2]}"):
                answer(seats, _QUESTIONS[1], _QUESTIONS[2])

    def _power_cut(self, room: Room) -> None:
        site, stages, seats = self._site, self._stages, room.seats
        with self._step(
            "The light goes out: everything is off at once",
            "Both halls, all agents and all screens are killed (SIGKILL), and started again.",
        ):
            room.all_safe(seats)
            turn = question(seats, _QUESTIONS[2])
            before = {seat.candidate.number: seat.sitter.time_left_s() for seat in seats}
            halls = [room.children.named("hall"), room.children.named("standby")]
            with stages.stage("Everything is off") as stage:
                with ThreadPoolExecutor() as pool:
                    dying = [child.kill for child in (*halls, *room.agents)]
                    dying += [terminal.kill for terminal in room.terminals]
                    for done in [pool.submit(kill) for kill in dying]:
                        done.result()
                stage.figure = f"{len(dying)} processes"
                time.sleep(_OFF_S)
            with stages.stage("Power is back: every exam waits for people"):
                boot = secrets.token_hex(16)
                for child in halls:
                    child.start()
                for agent in room.agents:
                    agent.switch_on(boot)
                for terminal in room.terminals:
                    terminal.start()
                halls[0].ready(lambda: listens(site.console_port) and listens(site.station_port))
                room.chief.sign_in(site.hall)
                room.second.sign_in(site.hall)
                room.chief.wait_rows(
                    room.numbers(), lambda row: row["waits_restart"], "the stations ask"
                )
            self._linger()
            with stages.stage("Two people let all go on in one act") as stage:
                began = time.monotonic()
                both(
                    room.chief, room.second, "power-cut", "technical.power",
                    minutes=str(SETTLE_MINUTES),
                )  # fmt: skip
                each(seats, lambda seat: seat.sitter.come_back(turn))
                stage.figure = f"{time.monotonic() - began:.1f} s until every answer was back"
            with stages.stage("The time that was left is left, and the minutes besides") as stage:
                for seat in seats:
                    left_s = before[seat.candidate.number] + 60 * SETTLE_MINUTES
                    check_left(seat, left_s)
                stage.figure = f"{SETTLE_MINUTES} minutes for each"
            with stages.stage(f"All answer up to question {_QUESTIONS[3]}"):
                answer(seats, _QUESTIONS[2], _QUESTIONS[3])

    def _illness(self, room: Room) -> None:
        stages, seat = self._stages, room.seats[3]
        number = {"candidate": seat.candidate.number}
        with self._step(
            f"{seat.candidate.name} is taken ill",
            "Paused first. Who does not come back is stopped by two people, and may sit again.",
        ):
            with stages.stage("The clock stands, the questions are hidden"):
                seat.sitter.see_all_saved_and_still()
                room.chief.act("pause", "candidate.ill", **number)
                room.chief.wait_rows(
                    room.numbers([seat]), lambda row: row["state"] == "Paused", "the pause"
                )
            left_ms = room.chief.rows()[seat.candidate.number]["left_ms"]
            seat.left_s = left_ms // 1000
            self._linger()
            with stages.stage("Two people stop and hand in what is there") as stage:
                both(room.chief, room.second, "stop", "candidate.ill", **number)
                seat.code = stage.figure = seat.sitter.see_code()
                room.chief.wait_rows(
                    room.numbers([seat]), lambda row: row["handed_in"], "the hand-in at the hall"
                )
            with stages.stage("The line closes as ill: the body is asked for a re-sit"):
                room.second.act("outcome", "candidate.ill", outcome="ill", **number)
                check_lines(room.chief, {seat.candidate.number: ("ill", "resit")})

    def _suspicion(self, room: Room) -> None:
        stages, seat = self._stages, room.seats[2]
        number = {"candidate": seat.candidate.number}
        with self._step(
            f"A suspicion about {seat.candidate.name}",
            "Nothing ends: what was seen is stated, the candidate may reply, the result waits.",
        ):
            with stages.stage("The invigilator states what was seen"):
                statement = "At question 12 a folded sheet of paper lay under the keyboard."
                room.second.act("suspect", "candidate.conduct", statement=statement, **number)
                row = room.chief.rows()[seat.candidate.number]
                if (row["result"], row["state"]) != ("hold", "Working"):
                    raise DemoError(
                        "The exam had to go on with its result held: {row}", row=str(row)
                    )
            with stages.stage("The candidate's own words are written down"):
                (case,) = line_of(room.chief, seat.candidate.number)["statements"]
                room.second.act(
                    "reply", "candidate.conduct", case=str(case["number"]),
                    reply="It was the sheet for rough work that I was given this morning.",
                )  # fmt: skip

    def _hall_dies(self, room: Room) -> None:
        site, stages = self._site, self._stages
        working = room.working()
        with self._step(
            "The hall dies for good; the standby takes over",
            "The chief's key, kept apart from every hall, gives command to the second hall.",
        ):
            with stages.stage("The hall is killed, and stays dead"):
                room.all_safe(working)
                room.children.named("hall").kill()
                wait_until(lambda: not listens(site.station_port), "the hall still listens")
            with stages.stage("The chief gives command to the standby") as stage:
                stage.figure = take_command(site).rpartition("(")[2].rstrip(").\n")
                for officer in (room.chief, room.second):
                    officer.sign_in(site.second_hall)
            self._say_console(room, site.standby_console_port)
            with stages.stage("It knows all that was said, and everyone is there"):
                ill = room.seats[3].candidate.number
                check_lines(room.chief, {ill: ("ill", "resit")})
                room.chief.wait_rows(
                    room.numbers(working), lambda row: row["state"] == "Working", "all at work"
                )
            with stages.stage("Its first order: a minute more for everyone") as stage:
                before = [seat.sitter.time_left_s() for seat in working]
                room.chief.act("add-time", "technical.hall", all="1", minutes=str(STANDBY_MINUTES))
                for seat, left_s in zip(working, before, strict=True):
                    wait_until(partial(_has_more, seat, left_s), "the minute has not come")
                stage.figure = f"{len(working)} screens show it"
            last = len(working[0].sitter.turns)
            with stages.stage(f"They answer up to question {last}, without that hall"):
                answer(working, _QUESTIONS[3], last)

    def _hand_in(self, room: Room) -> None:
        working = room.working()

        def hand_in(seat: Seat) -> None:
            seat.left_s, looked = seat.sitter.time_left_s(), time.monotonic()
            seat.code = seat.sitter.hand_in()
            seat.left_ago_s = time.monotonic() - looked

        with self._stages.stage("They hand in, and get their codes") as stage:
            each(working, hand_in)
            room.chief.wait_rows(
                room.numbers(working), lambda row: row["handed_in"], "the hand-ins at the hall"
            )
            stage.figure = working[0].code


def _has_more(seat: Seat, left_s: int) -> bool:
    return seat.sitter.time_left_s() > left_s


def _second(site: Site, ending: ExitStack) -> Officer:
    officer = Officer(SECOND, site.second_password)
    ending.callback(officer.leave)
    return officer
