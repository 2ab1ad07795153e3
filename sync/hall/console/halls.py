"""The halls of this centre and what is safe where: command, exams to take in, a stick."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exam_packages.language import mark, ngettext, say
from exam_packages.sealing.mandate import MAX_MANDATE
from sync.hall import by_stick, claims, safety, taking_over
from sync.hall.console.site import Site, operator, wants_json
from sync.hall.other_halls import relation
from sync.hall.roles import CHIEF, check_may
from sync.hall.safety import Where
from sync.hall.service import CONTACT_NS, HallService
from sync.stick import Stick
from sync.web.pages import read_form, read_upload
from sync.web.sessions import Session
from sync.web.wire import HttpError

_ROOTS = (Path("/media"), Path("/run/media"), Path("/mnt"))
"""Where an operating system puts removable media; the settings may name others."""
_MOST = 20
WORDS = {
    Where.NOWHERE: mark("Nothing recorded yet"),
    Where.HALL: mark("Safe in the hall"),
    Where.STICK: mark("Written to a stick"),
    Where.BODY: mark("Safe at the body"),
}


def routes(site: Site) -> list[Route]:
    """The routes of this page."""

    async def show(request: Request, session: Session) -> Response:
        with site.hall.store.reading() as connection:
            halls = relation(site.hall, connection)
            waiting = claims.waiting(connection)
            safe = safety.where(connection)
        media = await asyncio.to_thread(sticks, site.hall)
        counts = Counter(each.where for each in safe)
        if wants_json(request):
            return JSONResponse(
                {
                    "mine": halls.mine,
                    "waiting": waiting,
                    "safe": {each.candidate: each.where.value for each in safe},
                    "sticks": [str(path) for path in media],
                }
            )
        return site.render(
            "halls.html",
            session,
            halls=halls,
            contact_ms=CONTACT_NS // 1_000_000,
            waiting=waiting,
            safe=safe,
            counts=[(WORDS[where], counts[where]) for where in Where],
            words=WORDS,
            media=media,
        )

    async def take(request: Request) -> Response:
        """Also where this hall does not command: the act of command makes it so."""
        session = site.changing(request, beside=True)
        if session.role != CHIEF:
            raise HttpError(403, "Only the chief invigilator can bring an act of command.")
        _form, data = await read_upload(request, "mandate", MAX_MANDATE)
        return site.done(request, session, await taking_over.take_command(site.hall, data))

    async def export(request: Request) -> Response:
        session = site.changing(request)
        path = await _stick(request, session)
        hall = site.hall

        def work() -> str:
            done = by_stick.export(hall.home, hall.store, Stick.at(path), time.time_ns())
            return say(
                "{exams} exams and {pictures} pictures are on {medium}. Take it to the body, and "
                "bring it back for the receipts.",
                exams=done.exams,
                pictures=done.pictures,
                medium=path.name,
            )

        return site.done(request, session, await asyncio.to_thread(work))

    async def receipts(request: Request) -> Response:
        session = site.changing(request)
        path = await _stick(request, session)
        hall = site.hall

        def work() -> str:
            done = by_stick.take_receipts(hall.home, hall.store, Stick.at(path), time.time_ns())
            words = say(
                "{taken} receipts taken, {known} known before, {strange} not for exams of this "
                "hall.",
                taken=done.taken,
                known=done.known,
                strange=done.strange,
            )
            if done.corrections:
                words += " " + ngettext(
                    "{n} correction of a question came with them: hand it on from the board.",
                    "{n} corrections of questions came with them: hand them on from the board.",
                    done.corrections,
                )
            return words

        return site.done(request, session, await asyncio.to_thread(work))

    async def _stick(request: Request, session: Session) -> Path:
        check_may(operator(session), "export")
        wanted = (await read_form(request)).get("medium", "")
        for path in await asyncio.to_thread(sticks, site.hall):
            if str(path) == wanted:
                return path
        raise HttpError(404, "No such stick is plugged into this hall; look at the list again.")

    return [
        Route("/halls", site.page(show), methods=["GET"]),
        Route("/act/take-command", site.guarded(take), methods=["POST"]),
        Route("/act/export", site.guarded(export), methods=["POST"]),
        Route("/act/receipts", site.guarded(receipts), methods=["POST"]),
    ]


def sticks(hall: HallService) -> list[Path]:
    """The directories of removable media that this hall can write to: mounted under the places
    of the operating system, or of the settings (``media``). Nothing else is written to."""
    own = hall.home.media
    if own:
        plugged = [path for root in own for path in sorted(root.glob("*")) if path.is_dir()]
    else:
        deep = [
            path for root in _ROOTS for each in ("*", "*/*") for path in sorted(root.glob(each))
        ]
        plugged = [path for path in deep if path.is_mount()]
    writable = [path for path in plugged if not path.is_symlink() and os.access(path, os.W_OK)]
    return writable[:_MOST]
