"""The readiness sheet: what must be right before a sitting begins, red until it is.

Every point is judged by a pure function of :class:`Facts`, which are what this hall can see
for itself. A red point is put right, or the chief *waives* it by name and says why; the record
of the sitting lists what was waived. Nothing is barred by a red point: the release warns.

What the hall cannot see is not on the sheet: whether each station has loaded its package and
grant is said by `exam-kiosk station check` there, and the body's opening keys are rehearsed at
the body, which seals no package without.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from importlib import metadata

import apsw
from cryptography import x509

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.language import mark
from sync.hall import seats
from sync.hall.acts import CHIEF, Operator
from sync.hall.other_halls import standby_of
from sync.hall.schema import audit
from sync.hall.service import CONTACT_NS, HallService
from sync.hall.waivers import Waiver, waivers, window
from sync.hall.wording import text
from sync.holder.store import rows
from sync.web.wire import HttpError

__all__ = ["Facts", "Point", "State", "Waiver", "facts", "judge", "sheet", "waive", "waivers"]

_MEGABYTE = 1024 * 1024
_FLOOR = 1024 * _MEGABYTE
"""Free bytes wanted whatever the roster."""
_EACH = 16 * _MEGABYTE
"""Free bytes wanted for each exam: its record and its pictures, with room to spare."""
_CLOCK_OFF_S = 2
_NAMED = 10
"""Stations that a point names at most."""


class State(Enum):
    """How a point stands."""

    GOOD = mark("good")
    RED = mark("red")
    WAIVED = mark("waived")


@dataclass(frozen=True)
class Facts:
    """What the hall sees. Times are Unix seconds.

    ``clocks_s`` are the stations' clocks less the hall's. ``ready`` counts the stations in
    contact that hold keys for this sitting, ``standby`` names the standby hall, if any;
    ``ends_s`` is when the release window ends, 0 when unknown. ``keeping`` counts the stations
    in contact that keep records of others, ``unkept`` names those in contact whose own records
    no neighbour keeps that answers.
    """

    now_s: int
    ends_s: int
    expected: int
    free: int
    clocks_s: tuple[float, ...]
    newest_s: int
    enrolment_until_s: int
    certificate_until_s: int
    keys: str
    client: tuple[int, ...]
    version: tuple[int, ...]
    stations: int
    ready: int
    neighbours: bool
    keeping: int
    unkept: tuple[str, ...]
    standby: str
    chiefs: int
    others: int
    papers: bool


@dataclass(frozen=True)
class Point:
    """One point of the sheet. ``found`` is what is, ``do`` what to do while it is red."""

    name: str
    title: str
    state: State
    found: str
    do: str = ""
    waiver: Waiver | None = None


def judge(facts: Facts) -> tuple[Point, ...]:
    """Every point, in the order people go through them. Pure."""
    return tuple(_points(facts))


def _points(f: Facts) -> Iterator[Point]:
    need = _FLOOR + f.expected * _EACH
    yield _point(
        "disk",
        mark("Disk"),
        f.free >= need,
        mark("{free} MB are free; {need} MB are wanted (exams expected: {expected}).").format(
            free=f.free // _MEGABYTE, need=need // _MEGABYTE, expected=f.expected
        ),
        mark("Make room on this machine’s disk."),
    )
    off = max((abs(each) for each in f.clocks_s), default=0.0)
    back = f.now_s < f.newest_s
    yield _point(
        "clock",
        mark("Clock"),
        off <= _CLOCK_OFF_S and not back,
        mark("This machine’s clock runs behind what was written down here before.")
        if back
        else mark(
            "Of the stations’ clocks ({count} seen) none is more than {off} s off this one."
        ).format(count=len(f.clocks_s), off=f"{off:.1f}"),
        mark("Set the clock of this machine and of the stations from one time server."),
    )
    until = min(f.enrolment_until_s, f.certificate_until_s)
    yield _point(
        "certificates",
        mark("Certificates"),
        until > max(f.now_s, f.ends_s),
        mark("This hall’s enrolment and certificate hold for {days} days.").format(
            days=max(0, until - f.now_s) // 86400
        ),
        mark("Have the certification body enrol this hall again before the sitting."),
    )
    yield _point(
        "keys",
        mark("Keys rehearsed"),
        not f.keys,
        f.keys or mark("This hall’s keys sign and open, just now."),
        mark("Do not start: call who administers this machine."),
    )
    here, wanted = (".".join(map(str, each)) for each in (f.version, f.client))
    yield _point(
        "version",
        mark("Version"),
        f.version >= f.client,
        mark("This is version {here}; the exam needs {wanted} or newer.").format(
            here=here, wanted=wanted
        ),
        mark("Install the newer version here and on the stations."),
    )
    yield _point(
        "roster",
        mark("Roster"),
        f.expected > 0,
        mark("Candidates expected: {expected}.").format(expected=f.expected),
        mark("Open the sitting with its roster."),
    )
    yield _point(
        "stations",
        mark("Stations"),
        f.ready >= f.expected > 0,
        mark(
            "Stations that answer and are ready for this sitting: {ready} (known here: "
            "{stations}); candidates expected: {expected}."
        ).format(ready=f.ready, stations=f.stations, expected=f.expected),
        mark("Switch the stations on, and look at each with `exam-kiosk station check`."),
    )
    yield _point(
        "spare",
        mark("Spare station"),
        f.ready > f.expected,
        mark("Stations ready beyond what the candidates need: {spare}.").format(
            spare=max(0, f.ready - f.expected)
        ),
        mark("Enrol one more station, switch it on, and leave it free."),
    )
    yield _point(
        "neighbour",
        mark("Neighbours"),
        f.neighbours,
        mark("Each exam has another station that keeps a part of its key.")
        if f.neighbours
        else mark("No exam could be moved: fewer than two stations are ready."),
        mark("Switch at least two stations on before the first candidate signs in."),
    )
    if f.keeping:
        names = ", ".join(f.unkept[:_NAMED]) + ("…" if len(f.unkept) > _NAMED else "")
        yield _point(
            "keepers",
            mark("Records at neighbours"),
            not f.unkept,
            mark("No other station keeps what these record: {stations}.").format(stations=names)
            if f.unkept
            else mark(
                "What each station records is kept by another one that answers it, too (stations "
                "that keep: {count})."
            ).format(count=f.keeping),
            mark(
                "Let every station keep records of others (`neighbour_port` in its settings), and "
                "let stations reach each other at that port."
            ),
        )
    yield _point(
        "standby",
        mark("Standby hall"),
        bool(f.standby),
        mark("The standby hall “{name}” answers.").format(name=f.standby)
        if f.standby
        else mark("There is no standby hall."),
        mark("Set a standby hall up, or keep a backup of this one and a second machine at hand."),
    )
    yield _point(
        "people",
        mark("People"),
        f.chiefs > 0 and f.chiefs + f.others >= 2,
        mark("Who can sign in here: chiefs {chiefs}, invigilators {others}.").format(
            chiefs=f.chiefs, others=f.others
        ),
        mark("Some acts take two people: add operators with `exam-kiosk hall operator`."),
    )
    yield _point(
        "papers",
        mark("Papers"),
        f.papers,
        mark("The papers were made for this sitting.")
        if f.papers
        else mark("The papers for this sitting were not made yet."),
        mark(
            "Make the papers on the page Papers now and print them: a printer that fails later "
            "then hinders nobody."
        ),
    )


def _point(name: str, title: str, good: bool, found: str, do: str) -> Point:
    return Point(name, title, State.GOOD if good else State.RED, found, "" if good else do)


# --- What the hall sees ------------------------------------------------------------


def sheet(hall: HallService, number: int) -> tuple[Point, ...]:
    """The sheet of an open sitting, with what was waived. Not from the event loop."""
    points = judge(facts(hall, number))
    with hall.store.reading() as connection:
        given = {waiver.point: waiver for waiver in waivers(connection, number)}
    return tuple(
        Point(each.name, each.title, State.WAIVED, each.found, each.do, given[each.name])
        if each.state is State.RED and each.name in given
        else each
        for each in points
    )


def facts(hall: HallService, number: int) -> Facts:
    """What this hall sees of itself and its stations now. Not from the event loop."""
    now_ns = hall.clock.wall_ns()
    in_contact = hall.in_contact()
    clocks = tuple(
        (link.status.wall_ns + (hall.clock.boottime_ns() - link.at_ns) - now_ns) / SECOND
        for key_id, link in list(hall.links.items())
        if key_id in in_contact and link.status is not None
    )
    with hall.store.reading() as connection:
        sitting = seats.one_sitting(connection, number)
        holding = {
            station
            for (station,) in connection.execute(
                "SELECT station FROM restore_keys WHERE sitting = ?", (sitting.restore_sitting,)
            )
        }
        roles = dict(rows(connection.execute("SELECT role, count(*) FROM operators GROUP BY role")))
        expected = connection.execute("SELECT count(*) FROM seats WHERE sitting = ?", (number,)).get
        newest_ns = connection.execute("SELECT coalesce(max(time_ns), 0) FROM audit").get
        stations = connection.execute("SELECT count(*) FROM stations").get
        papers = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM printed WHERE sitting = ?)", (number,)
        ).get
        unkept = sorted(
            seats.machine_name(connection, key_id)
            for key_id in in_contact
            if hall.keepers.get(key_id) not in in_contact
        )
        ends_s, client = window(connection, number)
        standby = standby_of(hall, connection, CONTACT_NS // 1_000_000)
    ready = holding & in_contact
    certificate = x509.load_pem_x509_certificate(hall.home.tls_cert.read_bytes())
    return Facts(
        now_s=now_ns // SECOND,
        ends_s=ends_s,
        expected=expected,
        free=shutil.disk_usage(hall.home.directory).free,
        clocks_s=clocks,
        newest_s=newest_ns // SECOND,
        enrolment_until_s=hall.enrolment.expires_s,
        certificate_until_s=int(certificate.not_valid_after_utc.timestamp()),
        keys=_rehearsed(hall),
        client=client,
        version=_version(),
        stations=stations,
        ready=len(ready),
        neighbours=len(ready) >= 2,
        keeping=len(in_contact & hall.keepers.keys()),
        unkept=tuple(unkept),
        standby=standby,
        chiefs=roles.get(CHIEF, 0),
        others=roles.get("invigilator", 0),
        papers=bool(papers),
    )


def _version() -> tuple[int, ...]:
    """Of this program: ``1.2.0rc1`` is (1, 2, 0)."""
    numbers = re.match(r"\d+(\.\d+)*", metadata.version("exam-kiosk"))
    return tuple(map(int, numbers[0].split("."))) if numbers else ()


def _rehearsed(hall: HallService) -> str:
    """What is wrong with this hall's keys; empty when they sign and open."""
    words = b"rehearsal of a hall's keys"
    try:
        enrolled = hall.enrolment
        if hall.key.key_id != enrolled.key_id or not all(
            enrolled.verify_key.verifies(algorithm, signature, words)
            for algorithm, signature in hall.key.sign(words)
        ):
            return "This hall’s signing key is not the one the body enrolled."
        if hall.sealing.open(enrolled.sealing_public.seal(words, words), words) != words:
            return "This hall’s opening key opens nothing."
    except ExamError as problem:
        return str(problem)
    return ""


# --- Waiving -----------------------------------------------------------------------


async def waive(hall: HallService, operator: Operator, number: int, point: str, why: str) -> str:
    """Waive a red point by name, for a reason; what was done. Raises :class:`HttpError`."""
    if operator.role != CHIEF:
        raise HttpError(403, "Only the chief invigilator can waive a point of the sheet.")
    why = text(why, "why this point is waived", 500)
    points = {each.name: each for each in await asyncio.to_thread(sheet, hall, number)}
    found = points.get(point)
    if found is None:
        raise HttpError(404, "The sheet has no such point.")
    if found.state is State.GOOD:
        raise HttpError(409, "“{title}” is not red; there is nothing to waive.", title=found.title)
    now_ns = hall.clock.wall_ns()

    def work(connection: apsw.Connection) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO waivers (sitting, point, found, operator, role, time_ns, why)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, point, found.found, operator.name, operator.role, now_ns, why),
        )
        audit(connection, now_ns, operator.name, f"waived: {found.title}", comment=why)

    await hall.store.awrite(work)
    return f"“{found.title}” is waived by {operator.name}."


def red(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The points that are neither good nor waived."""
    return tuple(each for each in points if each.state is State.RED)
