"""The page on which a case file is put together, and what each picture becomes in it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exam_packages.clock import SECOND
from exam_packages.language import SOURCE, say, speaking
from scoring.review.attempt import Attempt
from scoring.review.attempt_pages import read_review, shot
from scoring.review.casefile import COVERED, LEFT_OUT, WHOLE, WHY, Choice, Treatment, compose
from scoring.review.happenings import KINDS, Happening
from scoring.review.images import read_regions
from scoring.review.site import Fields, Site, in_thread, many, one, read_fields, whole_number
from sync.web.wire import HttpError


def routes(site: Site) -> list[Route]:
    """The routes of these pages."""

    async def show(request: Request, attempt: Attempt) -> Response:
        review, problem = await in_thread(read_review, site, attempt)
        chosen = treatments(site, attempt)
        return site.render(
            "case.html",
            site.known(request),
            attempt=attempt,
            review=review,
            review_problem=problem,
            treatments=[
                chosen.get(place, Treatment()) for place in range(1, len(attempt.shots) + 1)
            ],
            why=WHY,
            groups=groups(attempt),
        )

    async def treat(request: Request, attempt: Attempt) -> Response:
        place, _taken = shot(request, attempt)
        fields = await read_fields(request)
        what, why = one(fields, "what"), one(fields, "why")
        if what not in (LEFT_OUT, WHOLE, COVERED) or why not in WHY:
            raise HttpError(400, "Choose what the case file shows of this picture, and why.")
        regions = read_regions(one(fields, "regions")) if what == COVERED else ()
        if what == COVERED and not regions:
            raise HttpError(
                400, "Nothing is covered yet: draw on the picture, or write where to cover it."
            )
        site.desk.treatments[attempt.number, place] = Treatment(what, why, regions)
        words = {
            LEFT_OUT: say("Picture {number} is left out of the case file.", number=place),
            WHOLE: say("Picture {number} is in the case file as it is.", number=place),
            COVERED: say(
                "Picture {number} is in the case file; regions covered: {count}.",
                number=place,
                count=len(regions),
            ),
        }[what]
        return site.render("result.html", site.known(request), words_said=words, ok=True)

    async def write(request: Request, attempt: Attempt) -> Response:
        if site.desk.out is None:
            raise HttpError(
                409, "There is no place for case files; start the command with --out DIRECTORY."
            )
        choice = read_choice(await read_fields(request), treatments(site, attempt))
        out = site.desk.out

        def made() -> str:
            review = attempt.review().read(site.desk.trust)
            now_s = site.desk.clock.wall_ns() // SECOND
            with speaking(SOURCE):  # one language for all who get it, whoever made it
                case = compose(attempt, review, attempt.keeping(site.desk.body), choice, now_s)
                return str(case.write(out))

        path = await in_thread(made)
        words = say(
            "The case file is written: {path}. Look through it before you hand it on.", path=path
        )
        return site.render("result.html", site.known(request), words_said=words, ok=True)

    return [
        Route("/attempt/{number:int}/case", site.page(show), methods=["GET"]),
        Route("/attempt/{number:int}/case", site.act(write), methods=["POST"]),
        Route("/attempt/{number:int}/picture/{place:int}/treat", site.act(treat), methods=["POST"]),
    ]


def treatments(site: Site, attempt: Attempt) -> dict[int, Treatment]:
    """What was chosen so far of this attempt's pictures, by their places."""
    return {
        place: treatment
        for (number, place), treatment in site.desk.treatments.items()
        if number == attempt.number
    }


def groups(attempt: Attempt) -> dict[str, list[tuple[int, Happening]]]:
    """What happened, by kind, each with its place."""
    found: dict[str, list[tuple[int, Happening]]] = {kind: [] for kind in KINDS}
    for place, each in enumerate(attempt.happenings):
        found[each.kind].append((place, each))
    return {kind: group for kind, group in found.items() if group}


def read_choice(fields: Fields, chosen: dict[int, Treatment]) -> Choice:
    """What the form chose. Raises :class:`HttpError`."""
    title = " ".join(one(fields, "title").split())
    if not 1 <= len(title) <= 200 or not title.isprintable():
        raise HttpError(400, "Give the case file a title of one line, such as a file number.")
    why = one(fields, "why")
    if why not in WHY:
        raise HttpError(400, "Choose why the rest is left out.")
    return Choice(
        title=title,
        events=frozenset(whole_number(text) for text in many(fields, "event")),
        judgements=frozenset(whole_number(text) for text in many(fields, "judgement")),
        treatments=chosen,
        why=why,
        with_id=one(fields, "with-id") == "yes",
        with_names=one(fields, "with-names") == "yes",
        on_paper=one(fields, "on-paper") == "yes",
    )
