"""Signing in and out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from exam_packages.language import whole
from sync.hall.console.site import Site, wants_json
from sync.hall.schema import audit
from sync.web.pages import read_form
from sync.web.sessions import Session, check_origin
from sync.web.wire import HttpError


def routes(site: Site) -> list[Route]:
    """The routes of this page."""

    async def show(request: Request) -> Response:
        if site.signed_in(request) is not None:
            return RedirectResponse("/board", 303)
        return site.render("sign_in.html", None, words="")

    async def enter(request: Request) -> Response:
        check_origin(request)
        form = await read_form(request)
        name = form.get("name", "")[:100].strip()
        with site.hall.store.reading() as connection:
            known = connection.execute(
                "SELECT role, password FROM operators WHERE name = ?", (name,)
            ).get
        role, stored = known if known is not None else ("", None)
        try:
            right = await site.sessions.verify(request, name, form.get("password", ""), stored)
            if not right:
                raise HttpError(403, "This name and password do not belong together; try again.")
        except HttpError as problem:
            if wants_json(request):
                raise
            return site.render(
                "sign_in.html", None, status=problem.status, words=whole(str(problem))
            )
        now_ns = site.hall.clock.wall_ns()
        await site.hall.store.awrite(lambda connection: audit(connection, now_ns, name, "sign-in"))
        response: Response = RedirectResponse("/board", 303)
        if wants_json(request):
            response = JSONResponse({})
        session = site.sessions.open(response, name, role, stored or "")
        if wants_json(request):
            # The token a script needs for its acts; pages carry it inside.
            response = _with_cookies(JSONResponse(_about(session)), response)
        return response

    async def leave(request: Request) -> Response:
        session = site.sessions.changing(request)
        now_ns = site.hall.clock.wall_ns()
        await site.hall.store.awrite(
            lambda connection: audit(connection, now_ns, session.name, "sign-out")
        )
        response = Response(status_code=204, headers={"HX-Redirect": "/sign-in"})
        site.sessions.close(request, response)
        return response

    return [
        Route("/sign-in", site.guarded(show), methods=["GET"]),
        Route("/sign-in", site.guarded(enter), methods=["POST"]),
        Route("/sign-out", site.guarded(leave), methods=["POST"]),
    ]


def _about(session: Session) -> dict[str, str]:
    return {"name": session.name, "role": session.role, "csrf": session.csrf}


def _with_cookies(response: Response, other: Response) -> Response:
    for name, value in other.raw_headers:
        if name == b"set-cookie":
            response.raw_headers.append((name, value))
    return response
