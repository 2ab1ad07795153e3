"""Papers and the sitting report: each by itself, or everything by one button; notes."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile

import apsw
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exam_packages.sitting_words import as_json
from sync.hall import notes, reporting, seats
from sync.hall.console.forms import moment_in, number_in, when
from sync.hall.console.site import Site, operator, wants_json
from sync.hall.papers import PAPERS
from sync.hall.roles import check_may
from sync.hall.wording import name_of, named
from sync.printing import html
from sync.web.pages import read_form
from sync.web.sessions import Session
from sync.web.wire import HttpError

_TYPES = {"pdf": "application/pdf", "html": "text/html; charset=utf-8", "json": "application/json"}


def routes(site: Site) -> list[Route]:
    """The routes of this page."""

    async def show(request: Request, session: Session) -> Response:
        with site.hall.store.reading() as connection:
            sittings = _sittings(connection)
            written = {number: notes.notes(connection, number) for number, *_ in sittings}
        if wants_json(request):
            return JSONResponse([{"sitting": each[0], "title": each[1]} for each in sittings])
        return site.render(
            "papers.html",
            session,
            sittings=sittings,
            written=written,
            papers=[(name, title) for name, (title, _) in PAPERS.items()],
            kinds=[(name_of(each), each.words) for each in notes.NoteKind],
            when=when,
        )

    async def one(request: Request, session: Session) -> Response:
        check_may(operator(session), "print")
        number = request.path_params["sitting"]
        name, kind = request.path_params["name"], request.path_params["kind"]
        known = name == "report" or name in PAPERS
        if kind not in _TYPES or not known or (kind == "json" and name != "report"):
            raise HttpError(404, "There is no such paper.")
        data = await asyncio.to_thread(_paper, site, number, name, kind)
        # A page carries its own style, which this site's pages must not: it is saved first.
        how = "inline" if kind == "pdf" else "attachment"
        return Response(
            data,
            media_type=_TYPES[kind],
            headers={"Content-Disposition": f'{how}; filename="{name}-{number}.{kind}"'},
        )

    async def everything(request: Request, session: Session) -> Response:
        check_may(operator(session), "print")
        number = request.path_params["sitting"]
        made = await asyncio.to_thread(reporting.files, site.hall, number)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in made.items():
                archive.writestr(name, data)
        return Response(
            packed.getvalue(),
            media_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="sitting-{number}.zip"'},
        )

    async def sign(request: Request) -> Response:
        session = site.changing(request)
        number = number_in(await read_form(request), "sitting")
        words = await reporting.sign(site.hall, operator(session), number or 0)
        return site.done(request, session, words)

    async def note(request: Request) -> Response:
        session = site.changing(request)
        form = await read_form(request)
        number = number_in(form, "sitting")
        if number is None:
            with site.hall.store.reading() as connection:
                number = seats.one_sitting(connection).id
        words = await reporting.note(
            site.hall,
            operator(session),
            number,
            named(notes.NoteKind, form.get("kind", "incident"), "kinds of note"),
            words=form.get("words", ""),
            candidate=form.get("candidate", "").strip(),
            writer=form.get("writer", "").strip(),
            happened_s=moment_in(form, "happened"),
            paper=form.get("paper", "").strip(),
        )
        return site.done(request, session, words)

    return [
        Route("/papers", site.page(show), methods=["GET"]),
        Route("/papers/{sitting:int}/everything.zip", site.page(everything), methods=["GET"]),
        Route("/papers/{sitting:int}/{name}.{kind}", site.page(one), methods=["GET"]),
        Route("/act/sign-report", site.guarded(sign), methods=["POST"]),
        Route("/act/note", site.guarded(note), methods=["POST"]),
    ]


def _sittings(connection: apsw.Connection) -> list[tuple[int, str, str, bool, int]]:
    """The newest sittings: number, title, slot, whether closed, how many signed."""
    return [
        (number, title, slot, bool(closed), signed)
        for number, title, slot, closed, signed in connection.execute(
            "SELECT id, title, slot, closed_ns IS NOT NULL,"
            " (SELECT count(*) FROM signers WHERE sitting = sittings.id)"
            " FROM sittings ORDER BY id DESC LIMIT 20"
        )
    ]


def _paper(site: Site, sitting: int, name: str, kind: str) -> bytes:
    if kind == "json":
        with site.hall.store.reading() as connection:
            record, _ = reporting.sitting_record(connection, site.hall, sitting)
        return json.dumps(as_json(record), ensure_ascii=False, indent=2).encode()
    document = reporting.one(site.hall, sitting, name)
    if kind == "html":
        return html.render(document).encode()
    from sync.printing import fonts, pdf  # costs a third of a second: for who prints alone

    return pdf.render(document, fonts.find(document.characters()))
