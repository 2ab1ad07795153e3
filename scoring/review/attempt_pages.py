"""The pages to look at: the attempts, one attempt, one picture of it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from exam_packages.clock import SECOND
from exam_packages.errors import ExamError
from exam_packages.pictures import Taken
from exam_packages.sealing.retention import CAUSES
from exam_packages.sealing.review import Review
from scoring.review import ledger
from scoring.review.attempt import Attempt
from scoring.review.casefile import WHY, Treatment
from scoring.review.happenings import SOURCES
from scoring.review.images import media_type, thumbnail, written_regions
from scoring.review.site import Site, in_thread, whole_number
from sync.web.wire import HttpError


def routes(site: Site) -> list[Route]:
    """The routes of these pages."""

    async def enter(request: Request) -> Response:
        return site.enter(request.path_params["link"])

    async def attempts(request: Request) -> Response:
        session = site.known(request)
        if len(site.desk.attempts) == 1:
            return RedirectResponse("/attempt/1", 303)
        return site.render("attempts.html", session)

    async def look(request: Request, attempt: Attempt) -> Response:
        return site.render(
            "attempt.html", site.known(request), **await in_thread(about, site, attempt)
        )

    async def picture(request: Request, attempt: Attempt) -> Response:
        place, taken = shot(request, attempt)
        problem = ""
        try:
            media_type(await in_thread(opened, attempt, taken))
        except ExamError as why:
            problem = str(why)
        times = attempt.record.times
        treatment = site.desk.treatments.get((attempt.number, place), Treatment())
        return site.render(
            "picture.html",
            site.known(request),
            attempt=attempt,
            place=place,
            taken=taken,
            problem=problem,
            wall_ns=times.wall_ns.get(taken.entry) if times is not None else None,
            treatment=treatment,
            regions=written_regions(treatment.regions),
            why=WHY,
            sources=SOURCES,
        )

    async def image(request: Request, attempt: Attempt) -> Response:
        _place, taken = shot(request, attempt)
        data = await in_thread(opened, attempt, taken)
        return Response(data, media_type=media_type(data))

    async def small(request: Request, attempt: Attempt) -> Response:
        _place, taken = shot(request, attempt)
        data = await in_thread(lambda: thumbnail(opened(attempt, taken)))
        return Response(data, media_type="image/jpeg")

    return [
        Route("/enter/{link}", site.guarded(enter)),
        Route("/", site.guarded(attempts)),
        Route("/attempt/{number:int}", site.page(look)),
        Route("/attempt/{number:int}/picture/{place:int}", site.page(picture)),
        Route("/attempt/{number:int}/picture/{place:int}/whole", site.page(image)),
        Route("/attempt/{number:int}/picture/{place:int}/small", site.page(small)),
    ]


def about(site: Site, attempt: Attempt) -> dict[str, Any]:
    """What the page of one attempt shows."""
    desk = site.desk
    times = attempt.record.times
    keeping, keeping_problem = None, ""
    try:
        keeping = attempt.keeping(desk.body)
    except ExamError as problem:
        keeping_problem = str(problem)
    review, review_problem = read_review(site, attempt)
    pictures_problem = attempt.unopened
    if attempt.pictures is not None and attempt.shots:
        try:
            attempt.pictures.check()
        except ExamError as problem:
            pictures_problem = str(problem)
    return {
        "attempt": attempt,
        "blocks": ledger.blocks(times) if times is not None else (),
        "legend": ledger.legend(times) if times is not None else (),
        "width": ledger.WIDTH,
        "keeping": keeping,
        "keeping_problem": keeping_problem,
        "review": review,
        "review_problem": review_problem,
        "pictures_problem": pictures_problem,
        "causes": tuple(CAUSES),
        "now_s": desk.clock.wall_ns() // SECOND,
        "places": {taken.digest: place for place, taken in enumerate(attempt.shots, 1)},
    }


def read_review(site: Site, attempt: Attempt) -> tuple[Review, str]:
    """The judgements so far; and what is wrong with their file, if anything."""
    try:
        return attempt.review().read(site.desk.trust), ""
    except ExamError as problem:
        return Review(), str(problem)


def shot(request: Request, attempt: Attempt) -> tuple[int, Taken]:
    """The place and picture that an address names. Raises :class:`HttpError`."""
    place = whole_number(str(request.path_params["place"]))
    if not 1 <= place <= len(attempt.shots):
        raise HttpError(404, "This record names no picture {number}.", number=place)
    return place, attempt.shots[place - 1]


def opened(attempt: Attempt, taken: Taken) -> bytes:
    """The picture, in memory. Raises an :class:`~exam_packages.errors.ExamError`."""
    if attempt.pictures is None:
        raise HttpError(409, "The pictures of this record do not open: {why}", why=attempt.unopened)
    return attempt.pictures.open(taken)
