"""How a candidate may move through a paper, and how time binds: limits, session control, breaks.

A paper that says nothing here (:data:`UNBOUND`) has the test's own time, navigation by part,
and no breaks.
"""

from __future__ import annotations

from typing import Final

from exam_packages.canon import Object

ANY_NUMBER: Final = 0
"""As a number of attempts: as many as there is time for."""


class Limit(Object):
    """Time of its own for a test part, a section or an item: its *scope*.

    ``scope`` is ``part/<identifier>``, ``section/<identifier>`` or ``item/<identifier>``;
    ``items`` are all items in it, in the order of the form. ``least_s`` must pass in it before
    it may be left, ``most_s`` is when it closes (QTI time-limits, seconds; 0: none). A part or
    a section is entered once: leaving it closes it. In a nonlinear part the clock of an item
    stands while another is in front.
    """

    scope: str
    title: str
    items: tuple[str, ...]
    least_s: int
    most_s: int


class Control(Object):
    """QTI item session control of *items*, where it is not the usual one.

    ``individual``: each item is submitted by itself, at most ``attempts`` times; after the last
    it can be looked at only with ``review``. Without ``skipping`` an item must be answered
    before it is submitted, left for good, or handed in. With ``valid`` only an answer that
    is complete can be submitted.
    """

    items: tuple[str, ...]
    individual: bool
    attempts: int
    skipping: bool
    review: bool
    valid: bool


class Break(Object):
    """A break that comes by itself on going beyond the item ``after``: what lies before it is
    closed then.

    It is ``length_s`` long. ``stopped``: the exam's clock stands meanwhile, and runs when the
    break is over; without, the break is on the exam's time. ``identity``: an invigilator lets
    the candidate back in.
    """

    after: str
    length_s: int
    stopped: bool
    identity: bool


class Leave(Object):
    """Breaks that a candidate may take by asking, on the exam's time: how many, and how long."""

    times: int
    length_s: int
    identity: bool


class Moving(Object):
    """All of it. ``least_s`` is the time before which nobody may hand in; ``limits`` stand from
    the outermost to the innermost; ``breaks`` in the order of the form."""

    least_s: int
    limits: tuple[Limit, ...]
    controls: tuple[Control, ...]
    breaks: tuple[Break, ...]
    leave: Leave


NO_LEAVE: Final = Leave(0, 600, True)
"""Nobody may go by asking; when an invigilator allows it, it is for so long."""
UNBOUND: Final = Moving(0, (), (), (), NO_LEAVE)
"""Nothing beyond the test's own time and the navigation of its parts."""
USUAL: Final = Control((), False, 1, True, True, False)
"""What holds for an item that no control names."""
