"""Items that ask nothing: pages of information, which become exhibits.

A station shows an exhibit beside a question. So what such an item says stands beside the
questions that follow it in its section, until the next one of its kind; at the end of a
section, where none follows, beside those of the next section. In a section that is mixed
it stands beside all questions.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from exam_packages.assessment import Member, QuestionReference, SectionPlan


class Information:
    """The exhibits that stand beside what follows, while a test is read in its order."""

    def __init__(self) -> None:
        self.waiting: tuple[str, ...] = ()
        """What no question has followed yet."""
        self._shown: tuple[str, ...] = ()
        self._depth = 0

    def add(self, exhibits: tuple[str, ...], depth: int) -> None:
        """*exhibits* stand here, in a section of this *depth*."""
        self.waiting += exhibits
        self._depth = depth

    def beside(self, reference: QuestionReference) -> QuestionReference:
        """*reference*, with what stands before it."""
        if self.waiting:
            self._shown, self.waiting = self.waiting, ()
        return _with(reference, self._shown)

    def close(self, depth: int) -> None:
        """A section of this *depth* ends."""
        if depth <= self._depth:
            self._shown = ()


def beside_all(members: list[Member], exhibits: tuple[str, ...]) -> list[Member]:
    """*members*, with *exhibits* beside every question in them."""
    return [
        replace(each, members=tuple(beside_all([*each.members], exhibits)))
        if isinstance(each, SectionPlan)
        else _with(each, exhibits)
        for each in members
    ]


def _with(reference: QuestionReference, exhibits: tuple[str, ...]) -> QuestionReference:
    if not exhibits:
        return reference
    item = reference.question.item
    both = tuple(dict.fromkeys((*item.exhibits, *exhibits)))
    item = msgspec.structs.replace(item, exhibits=both)
    return replace(reference, question=replace(reference.question, item=item))
