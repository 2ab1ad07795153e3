"""What a screen may read of the package, and when.

Practice until the exam begins; of the paper the blob ``paper`` as soon as it is released,
and questions, exhibits and media only while time runs: a pause hides them.
"""

from __future__ import annotations

from exam_packages.attempt.state import Phase
from exam_packages.content.paper import PAPER_BLOB
from exam_packages.errors import ExamError
from exam_packages.sealing.package import Part
from kiosk.agent.door import Screen
from kiosk.agent.refusals import ON_BREAK
from kiosk.agent.session import NOT_ADMITTED, NOT_BEGUN, NOT_RELEASED, OVER, PAUSED, Refusal
from kiosk.agent.station import Station
from kiosk.agent.worker import Finish, Worker
from kiosk.ipc import messages as ipc

NO_ATTEMPT = Refusal("Nobody is signed in at this station.")
PRACTICE_OVER = Refusal("The practice questions are closed.")

_CLOSED_IN = {
    Phase.WAITING: NOT_ADMITTED,
    Phase.ADMITTED: NOT_BEGUN,
    Phase.PAUSED: PAUSED,
    Phase.CLOSED: OVER,
}


def readable(station: Station, request: ipc.Read) -> Part | Refusal:
    """The part that may be read now, or why it may not."""
    if station.record is None or station.package is None:
        return NO_ATTEMPT if station.finish is None else OVER
    attempt = station.record.attempt
    phase = attempt.phase
    if request.part == ipc.PRACTICE:
        before = phase in (Phase.WAITING, Phase.ADMITTED)
        return station.package.practice if before else PRACTICE_OVER
    opened = station.package.open
    if opened is None:
        return NOT_RELEASED
    if attempt.working or request.name == PAPER_BLOB:
        return opened.part
    return ON_BREAK if phase is Phase.RUNNING else _CLOSED_IN[phase]


def answer(part: Part, request: ipc.Read) -> ipc.Data | ipc.Refused:
    """Read what was asked for. May take a while: a blob is checked whole before its first
    byte is given out."""
    length = min(max(request.length, 0), ipc.MAX_READ)
    try:
        total = part.size(request.name)
        data = part.read_range(request.name, max(request.offset, 0), length)
    except ExamError as problem:
        return ipc.Refused(request.request, problem.template, tuple(problem.fields.items()))
    return ipc.Data(request.request, total, data)


def read(station: Station, local: Worker, screen: Screen, request: ipc.Read) -> None:
    """Read what *screen* asked for beside the session thread, or say why not."""
    part = readable(station, request)
    if isinstance(part, Refusal):
        station.refuse(request.request, part)
        return

    def work() -> Finish:
        screen.tell(answer(part, request))
        return lambda: None

    local.do(work)
