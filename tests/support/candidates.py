"""A candidate for the rules: what they decide goes back into the ledger, as in the agent."""

from __future__ import annotations

from histories import commanded

from exam_packages.attempt import acts
from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.attempt.ledger import Ledger, account
from exam_packages.clock import SECOND, Stamp
from kiosk.agent.session import Exam, Refusal, expire, session


def at(second: float) -> Stamp:
    ns = int(second * SECOND)
    return Stamp(b"1" * 16, ns, ns, 0)


class Candidate:
    """Sits *exam*; ``second`` is the time, and is set by the test."""

    def __init__(self, exam: Exam) -> None:
        self.exam = exam
        self.ledger = Ledger()
        self.entries: list[ev.Entry] = []
        self.second = 0.0
        self.number = 0
        self.happen((ev.Opened(1, ev.START, held=False),))

    def happen(self, events: tuple[ev.Event, ...]) -> None:
        for event in events:
            entry = ev.Entry(len(self.entries) + 1, at(self.second), event)
            self.entries.append(entry)
            self.ledger = account([entry], self.ledger)

    def ask(self, asked: acts.Act | bytes) -> tuple[ev.Event, ...] | Refusal:
        decided = session(self.exam, self.ledger, at(self.second), asked)
        if not isinstance(decided, Refusal):
            self.happen(decided)
        return decided

    def order(self, what: cmd.Order) -> tuple[ev.Event, ...] | Refusal:
        self.number += 1
        return self.ask(commanded(self.number, what))

    def expire(self) -> tuple[ev.Event, ...]:
        """What time alone brings about, once."""
        events = expire(self.exam, self.ledger, at(self.second))
        self.happen(events)
        return events

    def running(self) -> Candidate:
        self.order(cmd.Admit(0))
        assert isinstance(self.ask(acts.Begin()), tuple)
        return self

    def inside(self) -> dict[str, int]:
        """The scopes the candidate is in, and what each has in all."""
        return {name: each.allowed_s for name, each in self.ledger.attempt.progress.inside.items()}

    def left(self, scope: str) -> float:
        """Seconds left now of the exam (empty), a scope or the break."""
        found = [each for each in self.ledger.countdowns if each.scope == scope]
        return found[0].left_at(int(self.second * SECOND)) / SECOND
