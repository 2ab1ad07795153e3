"""A fault of the screen: what is told of it, and to whom.

The candidate reads one sentence. The agent is told the kind of the fault and where in the
program it was, and keeps that sealed with the record. Nobody is told a value: messages of
exceptions and local variables hold questions and answers.
"""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from pathlib import Path
from typing import Final

from exam_packages.language import _

STATUS: Final = 70
"""Exit status after a fault of the screen itself (EX_SOFTWARE)."""
MOST_PLACES: Final = 16


def sentence() -> str:
    """What the candidate reads."""
    return _(
        "The screen stopped by a fault of its own. Every saved answer is safe; the screen "
        "starts again by itself."
    )


def trace(fault: BaseException) -> str:
    """The kinds of *fault* and of its causes, each with its innermost places, one line."""
    parts = []
    seen: set[int] = set()
    at: BaseException | None = fault
    while at is not None and id(at) not in seen and len(seen) < MOST_PLACES:
        seen.add(id(at))
        places = []
        step = at.__traceback__
        while step is not None:
            code = step.tb_frame.f_code
            places.append(f"{Path(code.co_filename).name}:{step.tb_lineno} {code.co_name}")
            step = step.tb_next
        where = " < ".join(places[: -MOST_PLACES - 1 : -1]) or "an unknown place"
        parts.append(f"{type(at).__name__} in {where}")
        at = at.__cause__ or at.__context__
    return "; after ".join(parts)


def silence() -> None:
    """Nothing but :func:`sentence` is ever written to the candidate's terminal.

    Python would print traces of threads and forgotten tasks, warnings, and what libraries
    log, with values in them.
    """
    logging.getLogger().addHandler(logging.NullHandler())
    warnings.simplefilter("ignore")
    sys.excepthook = lambda *_: None
    sys.unraisablehook = lambda _: None
    threading.excepthook = lambda _: None
