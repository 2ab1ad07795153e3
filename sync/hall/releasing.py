"""Releasing the exam: codes that people type, or the body's signed release. One path to R.

Where a package takes two codes, two operators type one each, under their own names, in any
order; one of them is the chief. The first code waits in this process's memory only: it
opens nothing alone, and is typed again after the hall was restarted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import apsw

from exam_packages.clock import SECOND
from exam_packages.language import mark
from exam_packages.sealing.release import ReleaseError, read_code, read_release, release_secret
from sync.hall import readiness, room, seats
from sync.hall.acts import CHIEF, INVIGILATOR, Operator, Why
from sync.hall.reasons import check_reason
from sync.hall.roles import check_may
from sync.hall.schema import audit
from sync.hall.service import HallService
from sync.web.wire import HttpError

_NOT_CHIEF = "Only the chief invigilator can release the exam."


@dataclass(frozen=True)
class _Typed:
    """A code that waits for the other one."""

    operator: Operator
    code: bytes = field(repr=False)


class Releasing:
    """Releases at one hall. Used from the event loop alone, so nothing comes in between."""

    def __init__(self, hall: HallService) -> None:
        self._hall = hall
        self._typed: dict[tuple[int, int], _Typed] = {}  # by sitting and number

    def waiting(self, sitting: int) -> dict[int, str]:
        """The codes of *sitting* that are in, by number, with who typed them."""
        return {
            number: typed.operator.name
            for (where, number), typed in sorted(self._typed.items())
            if where == sitting
        }

    async def type_code(self, operator: Operator, text: str, why: Why) -> str:
        """Take one code as it was typed; what was done, in a sentence.

        Raises a ``ReleaseError`` that says which group to check, or :class:`HttpError` when
        it is too early, or this operator may not type it.
        """
        sittings = self._sittings()
        check_reason(why.reason, why.comment)
        sitting, number, code = self._read(sittings, text)
        if operator.role not in ((CHIEF,) if sitting.codes == 1 else (CHIEF, INVIGILATOR)):
            raise HttpError(403, _NOT_CHIEF)
        self._check_time(sitting)
        self._check_confirmed(sitting)
        others = [
            typed.operator
            for (where, place), typed in self._typed.items()
            if where == sitting.id and place != number
        ]
        if any(other.name.casefold() == operator.name.casefold() for other in others):
            raise HttpError(
                403,
                "You typed the other code of this exam; this one is for another person, who signs "
                "in under their own name.",
            )
        if others and CHIEF not in {operator.role, *(other.role for other in others)}:
            raise HttpError(403, "One of the two people who release must be the chief invigilator.")
        self._typed[sitting.id, number] = _Typed(operator, code)
        codes = [
            typed.code for (where, _), typed in sorted(self._typed.items()) if where == sitting.id
        ]
        if len(codes) < sitting.codes:
            await self._write_down(operator, f"release, code {number}", why)
            return mark(
                "Code {number} is in. The other code is still needed: another operator signs in "
                "and types it."
            ).format(number=number)
        self._typed = {
            place: typed for place, typed in self._typed.items() if place[0] != sitting.id
        }
        return await self._release(sitting, operator, codes, "release", why)

    async def take(self, operator: Operator, data: bytes, why: Why) -> str:
        """Take the body's signed release; what was done, in a sentence.

        Raises a ``ReleaseError``, ``TrustError`` or ``SignedError`` when it is not signed as
        it must be or not valid now, or :class:`HttpError` when it is not for this sitting.
        """
        if operator.role != CHIEF:
            raise HttpError(403, _NOT_CHIEF)
        check_reason(why.reason, why.comment)
        sittings = self._sittings()
        if len(sittings) == 1:
            self._check_time(sittings[0])
        now_s = self._hall.clock.wall_ns() // SECOND
        release = read_release(data, self._hall.trust, now_s=now_s)
        about = (release.package_hash, release.slot)
        sitting = next((each for each in sittings if (each.package_hash, each.slot) == about), None)
        if sitting is None:
            raise HttpError(
                409,
                "This release is for another exam or sitting ({slot}) than the one that is open "
                "here.",
                slot=release.slot,
            )
        self._check_time(sitting)
        self._check_confirmed(sitting)
        if release.release_id != sitting.release_id:
            raise HttpError(
                409,
                "This release is for another issue of the grant than the one this sitting was "
                "opened with; ask the certification body for the release of the newest issue.",
            )
        if release.codes != sitting.codes:
            raise HttpError(
                409,
                "This exam is released with {wanted} codes, and the release holds {found}; ask "
                "the certification body for a correct one.",
                wanted=sitting.codes,
                found=release.codes,
            )
        codes = release.open(self._hall.sealing)
        return await self._release(sitting, operator, codes, "release online", why)

    async def confirm(self, operator: Operator, number: int, words: str) -> str:
        """Take that *operator* confirms exam, form and language in these words, which are what
        the page showed. Raises :class:`HttpError` when they are not what is open here."""
        check_may(operator, "confirm-exam")
        now_ns = self._hall.clock.wall_ns()

        def work(connection: apsw.Connection) -> int:
            sitting = seats.one_sitting(connection, number)
            wanted = room.exam_in_words(sitting.exam, room.rules_of(connection, number))
            if " ".join(words.split()).casefold() != wanted.casefold():
                raise HttpError(
                    409,
                    "The exam that is open here is “{wanted}”. If another is to be sat, do not "
                    "release; tell the chief invigilator.",
                    wanted=wanted,
                )
            room.confirm(connection, number, operator.name, wanted, now_ns)
            self._audit(connection, operator, "exam confirmed", Why("routine.start", wanted))
            return len(room.confirmations(connection, number))

        count = await self._hall.store.awrite(work)
        if count > 1:
            return mark("Confirmed.")
        return mark("Confirmed. A second person confirms under their own name.")

    async def _release(
        self, sitting: seats.Sitting, operator: Operator, codes: Sequence[bytes], act: str, why: Why
    ) -> str:
        """The one way to R, whichever way its codes came."""
        secret = release_secret(codes, sitting.package_hash, sitting.slot, sitting.release_id)
        points = await asyncio.to_thread(readiness.sheet, self._hall, sitting.id)

        def work(connection: apsw.Connection) -> None:
            connection.execute(
                "UPDATE sittings SET secret = ? WHERE id = ? AND closed_ns IS NULL",
                (secret, sitting.id),
            )
            self._audit(connection, operator, act, why)

        await self._hall.store.awrite(work)
        with self._hall.store.reading() as connection:
            rules = room.rules_of(connection, sitting.id)
        now_s = self._hall.clock.wall_ns() // SECOND
        red = len(readiness.red(points))
        if room.begins_in_s(rules, now_s):
            words = mark(
                "The exam is released; every station can open it at {time}, when all begin "
                "together."
            )
            if red:
                words = mark(
                    "The exam is released; every station can open it at {time}, when all begin "
                    "together. Points that are red on the readiness sheet: {red}. Look at it now."
                )
        elif red:
            words = mark(
                "The exam is released; every station can open it from now on. Points that are red "
                "on the readiness sheet: {red}. Look at it now."
            )
        else:
            words = mark("The exam is released; every station can open it from now on.")
        return words.format(time=room.clock(rules.start_s), red=red)

    async def _write_down(self, operator: Operator, act: str, why: Why) -> None:
        await self._hall.store.awrite(
            lambda connection: self._audit(connection, operator, act, why)
        )

    def _audit(self, connection: apsw.Connection, operator: Operator, act: str, why: Why) -> None:
        now_ns = self._hall.clock.wall_ns()
        audit(connection, now_ns, operator.name, act, reason=why.reason, comment=why.comment)

    def _sittings(self) -> tuple[seats.Sitting, ...]:
        with self._hall.store.reading() as connection:
            sittings = seats.open_sittings(connection)
        if not sittings:
            raise HttpError(409, "No sitting is open in this hall.")
        return sittings

    def _check_confirmed(self, sitting: seats.Sitting) -> None:
        with self._hall.store.reading() as connection:
            rules = room.rules_of(connection, sitting.id)
            said = room.confirmations(connection, sitting.id)
        refused = room.release(rules, sitting.exam, said)
        if refused is not None:
            raise refused

    def _check_time(self, sitting: seats.Sitting) -> None:
        early_s = sitting.not_before_s - self._hall.clock.wall_ns() // SECOND
        if early_s > 0:
            raise HttpError(
                409,
                "It is too early: this exam may be released in {minutes} minutes. If that is "
                "wrong, check this machine’s clock.",
                minutes=early_s // 60 + 1,
            )

    def _read(
        self, sittings: Sequence[seats.Sitting], text: str
    ) -> tuple[seats.Sitting, int, bytes]:
        """Which code of which sitting this is, and its bits: its check characters say so.

        A code that is none of them is explained as the first one that is still missing.
        """
        wanted = sorted(
            (
                (number in self.waiting(each.id), each.secret is not None, place, number)
                for place, each in enumerate(sittings)
                for number in range(1, each.codes + 1)
            ),
        )
        problem: ReleaseError | None = None
        for _, _, place, number in wanted:
            each = sittings[place]
            try:
                return each, number, read_code(text, each.package_hash, each.slot, number)
            except ReleaseError as why:
                problem = problem or why
        assert problem is not None  # noqa: S101  a sitting has at least one code
        raise problem
