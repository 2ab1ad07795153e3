"""What reviewers do: judge an incident, hold back pictures."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exam_packages.language import say
from scoring.review.attempt import Attempt
from scoring.review.attempt_pages import about
from scoring.review.judging import Said
from scoring.review.keeping import hold_attempt
from scoring.review.site import Site, in_thread, many, one, read_fields, whole_number
from sync.web.wire import HttpError


def routes(site: Site) -> list[Route]:
    """The routes of these acts."""

    async def judge(request: Request, attempt: Attempt) -> Response:
        fields = await read_fields(request)
        entry = whole_number(one(fields, "entry"))
        if entry and entry not in {each.entry for each in attempt.incidents}:
            raise HttpError(404, "Entry {entry} of this record holds no incident.", entry=entry)
        places = [whole_number(text) for text in many(fields, "picture")]
        if any(not 1 <= place <= len(attempt.shots) for place in places):
            raise HttpError(404, "This record names no such picture.")
        said = Said(
            entry=entry,
            ruling=one(fields, "ruling"),
            reason=one(fields, "reason"),
            comment=one(fields, "comment"),
            pictures=tuple(attempt.shots[place - 1].digest for place in places),
            corrects=whole_number(one(fields, "corrects") or "0"),
        )
        by = site.desk.reviewer(one(fields, "reviewer"))
        desk = site.desk
        judged = await in_thread(attempt.review().append, said, by, desk.trust, desk.clock)
        words = say(
            "Judgement {number} is signed by {name} and appended.",
            number=judged.judgement.number,
            name=by.name,
        )
        return site.render(
            "judgements.html",
            site.known(request),
            entry=entry,
            words_said=words,
            **await in_thread(about, site, attempt),
        )

    async def hold(request: Request, attempt: Attempt) -> Response:
        fields = await read_fields(request)
        made = await in_thread(
            lambda: hold_attempt(
                site.desk.body,
                site.desk.clock,
                one(fields, "cause"),
                attempt.record.evidence_keys,
                attempt.record.blind_id,
                reason=one(fields, "reason"),
                by=one(fields, "by"),
            )
        )
        words = say(
            "The pictures of this attempt are held by entry {number} of the register.",
            number=", ".join(str(each.number) for each in made),
        )
        return site.render(
            "keeping.html",
            site.known(request),
            words_said=words,
            **await in_thread(about, site, attempt),
        )

    return [
        Route("/attempt/{number:int}/judge", site.act(judge), methods=["POST"]),
        Route("/attempt/{number:int}/hold", site.act(hold), methods=["POST"]),
    ]
