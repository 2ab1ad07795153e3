"""The rules of sitting an exam: the single place where they decide. No I/O, no clock.

Given the paper, what has happened and what is asked, each function says what happens
now, as events, or why it does not, as a :class:`Refusal`. In words:

1.  An invigilator admits; only then may the candidate practise or begin.
2.  An exam begins when its paper is released, once, and with a camera where the policy
    demands one. Time runs from then on.
    Accepting its rules is recorded when the candidate does; the screen asks for it first.
3.  While it runs, the candidate moves, answers, flags, and leaves workings beside the
    answers: with the tools that the form allows, within bounds. While it is paused: nothing.
4.  Where the candidate may be, and what is closed, is told by
    :mod:`exam_packages.attempt.moving`; what happens on the way, and in breaks, by
    :mod:`kiosk.agent.stepping`.
5.  An answer must be one that its question could have produced. What it says is not
    looked at.
6.  What changes nothing is no event.
7.  When the time is over, the attempt closes by itself; what comes later is refused. When
    that of a part, section or item is, it closes, and the candidate goes on.
8.  Commands come in the order of (authority, number). One that was obeyed before is
    harmless, also when it comes again.
9.  “Stop and hand in” closes from every state.
10. The invigilator can be called, and how the screen is read chosen, from the beginning to the
    end, also in a pause.
11. Recordings are played as :mod:`kiosk.playing` says: only those of the question on the
    screen, while the exam runs. How far one was heard is taken down in a pause too.
12. While the room is evacuated, nothing begins; what ran since the alarm is given back.
13. Of the tools that were granted, those count that the form lets be granted.
14. A camera that is being replaced does not keep an exam from beginning: people watch.
15. After the end, nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from exam_packages.attempt import acts, commands
from exam_packages.attempt import events as ev
from exam_packages.attempt.granting import grantable, usable
from exam_packages.attempt.ledger import Kind, Ledger
from exam_packages.attempt.moving import Map, map_of
from exam_packages.attempt.plays import played
from exam_packages.attempt.preferences import TEXT_SIZES, Preferences
from exam_packages.attempt.state import Attempt, Phase, rules_digest
from exam_packages.attempt.workings import (
    MAX_NOTE,
    MAX_REPORT,
    MAX_RUNS,
    MAX_SCRATCHPAD,
    Runs,
    Working,
    add,
)
from exam_packages.clock import SECOND, Stamp
from exam_packages.content.items import Item, Media, problem, unordered
from exam_packages.content.paper import (
    CAMERA_REQUIRED,
    HIGHLIGHT,
    NOTES,
    SCRATCHPAD,
    STRIKE_OUT,
    Paper,
    exhibit_blob,
    item_blob,
)
from exam_packages.content.striking import strikable
from exam_packages.content.values import Response
from kiosk import playing
from kiosk.agent import stepping
from kiosk.agent.refusals import CLOSED, ELSEWHERE, ON_BREAK
from kiosk.agent.refusals import NO_SUCH_ITEM as NO_SUCH_ITEM
from kiosk.agent.refusals import NOT_IN_TURN as NOT_IN_TURN
from kiosk.agent.refusals import NOT_RELEASED as NOT_RELEASED
from kiosk.agent.refusals import Refusal as Refusal
from kiosk.agent.stepping import Events as Events
from kiosk.agent.stepping import close as close
from kiosk.agent.stepping import conclude as conclude

MAX_GRANT_S = 24 * 3600
"""Seconds that one command may give or take: more is a slip of the hand."""
MAX_BREAKS = 100
"""Breaks that one command may allow."""
MAX_WORD = 1 << 20
"""The number of a word in a text is below this."""


@dataclass(frozen=True)
class Exam:
    """What the rules need to know beside the attempt itself.

    ``paper`` is ``None`` until the release opened it; ``practice`` says whether there are
    practice questions; ``camera`` is the source in use, one of the kinds in
    :mod:`exam_packages.attempt.events`. ``items`` may read an item when it is asked for.
    ``unwatched`` says that the station must watch its keys, and does not.
    """

    paper: Paper | None = None
    items: Mapping[str, Item] = field(default_factory=dict)
    practice: bool = False
    camera: int = ev.NO_CAMERA
    unwatched: bool = False


OVER = Refusal("This exam is finished; nothing can be changed any more.")
TIME_OVER = Refusal("The time is over.")
NOT_ADMITTED = Refusal("Please wait until the invigilator admits you.")
NOT_BEGUN = Refusal("The exam has not begun yet.")
ALREADY_BEGUN = Refusal("The exam has already begun.")
NO_PRACTICE = Refusal("This exam has no practice questions.")
NO_QUESTIONS = Refusal("This exam has no questions; call the invigilator.")
PAUSED = Refusal("The exam is paused; the clock stands still. The invigilator will resume it.")
CAMERA_MISSING = Refusal(
    "This exam may only begin with a working camera, and none works here; call the invigilator."
)
EVACUATED = Refusal("The room is being left; the exam begins when everybody is back.")
NO_SUCH_DEVICE = Refusal("There is no such device.")
KEYS_UNWATCHED = Refusal(
    "This exam may only begin while the keys of this station are watched, and they are not; call "
    "the invigilator."
)
NO_SUCH_DISPLAY = Refusal("The screen cannot be shown in that way.")
NOT_ALLOWED = Refusal("This exam does not allow this tool.")
NO_SUCH_CHOICE = Refusal("There is no such choice in this question.")
NO_SUCH_TEXT = Refusal("Only the texts of the question on the screen can be highlighted.")
NO_SUCH_RECORDING = Refusal("There is no such recording in the question on the screen.")
ALL_PLAYED = Refusal("This recording has been played as often as this question allows.")
NEVER_GRANTED = Refusal("This exam does not let such a tool be granted to a candidate.")
TOO_MANY_RUNS = Refusal("There are too many highlights in this text; take some back first.")


def session(exam: Exam, ledger: Ledger, now: Stamp, asked: acts.Act | bytes) -> Events | Refusal:
    """What happens when a candidate's act, or a verified signed command, arrives *now*.

    The caller verified the command's signature, attempt and epoch. An empty result says
    that it was granted and changes nothing.
    """
    attempt = ledger.attempt
    if attempt.phase is Phase.CLOSED:
        return OVER
    if isinstance(asked, bytes):
        return _order(exam, ledger, now, asked)
    if isinstance(asked, acts.Prefer):
        return _prefer(attempt, asked.preferences)
    if isinstance(asked, acts.Enlarge):
        return _enlarge(attempt, asked.percent)
    if time_is_over(ledger, now):
        return TIME_OVER
    match asked:
        case acts.Practise():
            return _practise(exam, attempt)
        case acts.Accept():
            return _accept(exam, attempt)
        case acts.Begin():
            return _begin(exam, attempt)
        case acts.Call(on=on):
            return () if on == attempt.calling else (ev.Called(on),)
        case acts.Hear(item=item, response=response, at_ms=at_ms, how=how):
            return playing.heard(attempt.plays, item, response, at_ms, how)
        case _:
            return _work(exam, ledger, now, asked)


def time_is_over(ledger: Ledger, now: Stamp) -> bool:
    """Whether the clock ran out while it was running."""
    countdown = ledger.countdown
    return countdown is not None and countdown.running and countdown.left_at(now.boottime_ns) == 0


def expire(exam: Exam, ledger: Ledger, now: Stamp) -> Events:
    """What the passing of time alone brings about: an end, or nothing."""
    if time_is_over(ledger, now):
        return close(ledger.attempt, ev.TIME_OVER)
    if exam.paper is None:
        return ()
    return stepping.run_out(map_of(exam.paper), ledger, now)


def reopen(attempt: Attempt, epoch: int, cause: int, outage_ns: int, limit_s: int) -> ev.Opened:
    """How an epoch opens: with the clock held when the outage was longer than the policy
    gives back without a person deciding."""
    begun = attempt.phase in (Phase.RUNNING, Phase.PAUSED)
    return ev.Opened(epoch, cause, begun and outage_ns > limit_s * 1_000_000_000)


def _prefer(attempt: Attempt, preferences: Preferences) -> Events | Refusal:
    if not preferences.sound:
        return NO_SUCH_DISPLAY
    return () if preferences == attempt.preferences else (ev.Preferred(preferences),)


def _enlarge(attempt: Attempt, percent: int) -> Events | Refusal:
    if percent not in TEXT_SIZES:
        return NO_SUCH_DISPLAY
    return () if percent == attempt.text_percent else (ev.Enlarged(percent),)


def _practise(exam: Exam, attempt: Attempt) -> Events | Refusal:
    if attempt.evacuated:
        return EVACUATED
    match attempt.phase:
        case Phase.WAITING:
            return NOT_ADMITTED
        case Phase.ADMITTED if not exam.practice:
            return NO_PRACTICE
        case Phase.ADMITTED:
            return () if attempt.practising else (ev.Practised(),)
        case _:
            return ALREADY_BEGUN


def _accept(exam: Exam, attempt: Attempt) -> Events | Refusal:
    if attempt.phase is Phase.WAITING:
        return NOT_ADMITTED
    if attempt.phase is not Phase.ADMITTED:
        return ALREADY_BEGUN
    if exam.paper is None:
        return NOT_RELEASED
    rules = rules_digest(exam.paper)
    return () if rules == attempt.accepted else (ev.Accepted(rules),)


def _begin(exam: Exam, attempt: Attempt) -> Events | Refusal:
    if attempt.phase is Phase.WAITING:
        return NOT_ADMITTED
    if attempt.phase is not Phase.ADMITTED:
        return ALREADY_BEGUN
    if attempt.evacuated:
        return EVACUATED
    if exam.paper is None:
        return NOT_RELEASED
    references = exam.paper.references()
    if not references:
        return NO_QUESTIONS
    watched = exam.camera != ev.NO_CAMERA or commands.CAMERA in attempt.replaced
    if exam.paper.policy.camera == CAMERA_REQUIRED and not watched:
        return CAMERA_MISSING
    if exam.unwatched:
        return KEYS_UNWATCHED
    allowed_s = max(0, exam.paper.time_limit_s + attempt.extra_s)
    first = references[0].identifier
    entered = map_of(exam.paper).entered(replace(attempt, allowed_s=allowed_s), first)
    return (ev.Began(allowed_s), *entered, ev.Moved(first))


def _work(
    exam: Exam,
    ledger: Ledger,
    now: Stamp,
    act: acts.Move
    | acts.Respond
    | acts.Flag
    | acts.HandIn
    | acts.Work
    | acts.Submit
    | acts.TakeBreak
    | acts.ComeBack
    | acts.Play,
) -> Events | Refusal:
    attempt = ledger.attempt
    if attempt.phase is Phase.PAUSED:
        return PAUSED
    if attempt.phase is not Phase.RUNNING:
        return NOT_BEGUN
    if exam.paper is None or attempt.place is None:
        return NOT_RELEASED
    if stepping.spent(ledger, now):
        return TIME_OVER
    paper = map_of(exam.paper)
    if isinstance(act, acts.ComeBack):
        return stepping.come_back(paper, attempt)
    if attempt.progress.rest is not None:
        return ON_BREAK
    match act:
        case acts.Move(item=item):
            return stepping.move(paper, exam.items, ledger, now, item)
        case acts.Submit(item=item):
            return stepping.submit(paper, attempt, exam.items.get(item), item)
        case acts.TakeBreak():
            return stepping.take_break(paper, attempt)
        case acts.Respond(item=item, responses=responses):
            refusal = _closed_to(paper, attempt, item)
            return refusal or _respond(exam.items[item], attempt, responses)
        case acts.Flag(item=item, on=on):
            refusal = _closed_to(paper, attempt, item)
            if refusal is not None:
                return refusal
            return () if on == (item in attempt.flags) else (ev.Flagged(item, on),)
        case acts.Work(what=what):
            refusal = _unfit(exam, paper, attempt, attempt.place, what)
            if refusal is not None:
                return refusal
            return () if add(attempt.workings, what) == attempt.workings else (what,)
        case acts.Play(item=item, response=response):
            if item != attempt.place:
                return NO_SUCH_RECORDING
            refusal = _closed_to(paper, attempt, item)
            return refusal or _play(exam.items[item], attempt, response)
        case acts.HandIn():
            refusal = stepping.held(paper, ledger, now, None)
            return refusal or close(attempt, ev.HANDED_IN)


def _unfit(exam: Exam, paper: Map, attempt: Attempt, place: str, what: Working) -> Refusal | None:
    """Why *what* cannot stand beside the answers, if it cannot."""
    tools = usable(paper.paper.policy.tools, attempt.tools)
    match what:
        case ev.StruckOut(item=item, response=response, choice=choice):
            if STRIKE_OUT not in tools:
                return NOT_ALLOWED
            refusal = _closed_to(paper, attempt, item)
            if refusal is not None:
                return refusal
            interaction = exam.items[item].interaction(response)
            return None if strikable(interaction, choice) else NO_SUCH_CHOICE
        case ev.Noted(item=item, text=text):
            if NOTES not in tools:
                return NOT_ALLOWED
            return _closed_to(paper, attempt, item) or _too_long(text, MAX_NOTE)
        case ev.Jotted(text=text):
            return _too_long(text, MAX_SCRATCHPAD) if SCRATCHPAD in tools else NOT_ALLOWED
        case ev.Highlighted(blob=blob, runs=runs):
            if HIGHLIGHT not in tools:
                return NOT_ALLOWED
            exhibits = [exhibit_blob(each) for each in exam.items[place].exhibits]
            if blob not in (item_blob(place), *exhibits):
                return NO_SUCH_TEXT
            return None if _in_order(runs) else TOO_MANY_RUNS
        case ev.Reported(item=item, words=words):
            return _closed_to(paper, attempt, item) or _too_long(words, MAX_REPORT)


def _too_long(text: str, most: int) -> Refusal | None:
    if len(text) <= most:
        return None
    return Refusal("This is too long to be kept: at most {most} characters.", (("most", most),))


def _in_order(runs: Runs) -> bool:
    """Whether *runs* are a few, in the order of the text, and none touches another."""
    ends = [end for run in runs for end in run]
    apart = all(first <= last for first, last in runs) and all(
        before[1] + 1 < after[0] for before, after in pairwise(runs)
    )
    return len(runs) <= MAX_RUNS and apart and all(0 <= end < MAX_WORD for end in ends)


def _closed_to(paper: Map, attempt: Attempt, item: str) -> Refusal | None:
    """Why *item* cannot be answered or flagged now, if it cannot."""
    if item not in paper:
        return NO_SUCH_ITEM
    if paper.closed(attempt, item):
        return CLOSED
    return None if paper.answerable(attempt, item) else ELSEWHERE


def _play(item: Item, attempt: Attempt, response: str) -> Events | Refusal:
    interaction = playing.media(item, response)
    if interaction is None:
        return NO_SUCH_RECORDING
    begun = playing.begin(attempt.plays, item.identifier, interaction)
    if begun is None:
        return ALL_PLAYED
    standing = attempt.responses.get(item.identifier, ())
    after = replace(attempt, plays=played(attempt.plays, begun[-1]))
    counted = _respond(item, after, standing)
    return counted if isinstance(counted, Refusal) else (*begun, *counted)


def _respond(item: Item, attempt: Attempt, responses: tuple[Response, ...]) -> Events | Refusal:
    given = {response.identifier: response for response in responses}
    if len(given) != len(responses) or any(item.interaction(name) is None for name in given):
        return Refusal(
            "The answer does not belong to this question ({why}); call the invigilator.",
            (("why", "a part that the question does not have"),),
        )
    standing = []
    for interaction in item.interactions:
        response = given.get(interaction.response, Response(interaction.response, ()))
        if isinstance(interaction, Media):  # counted here, whatever the screen says
            response = playing.counted(attempt.plays, item.identifier, interaction)
        why = problem(interaction, response)
        if why is not None:
            return Refusal(
                "The answer does not belong to this question ({why}); call the invigilator.",
                (("why", why),),
            )
        if unordered(interaction):  # the order of ticking is no answer
            response = Response(response.identifier, tuple(sorted(response.members)))
        standing.append(response)
    whole = tuple(standing)
    before = attempt.responses.get(item.identifier)
    if whole == before or (before is None and not any(each.members for each in whole)):
        return ()
    return (ev.Responded(item.identifier, whole),)


def _order(exam: Exam, ledger: Ledger, now: Stamp, signed: bytes) -> Events | Refusal:
    attempt = ledger.attempt
    command = commands.journaled_command(signed)
    if (command.authority, command.number) <= (attempt.authority, attempt.command):
        return ()
    match command.order:
        case commands.Admit(extra_s=seconds) | commands.AddTime(seconds=seconds):
            if abs(seconds) > MAX_GRANT_S:
                return Refusal(
                    "The hall granted {seconds} seconds at once; at most {limit} are allowed.",
                    (("seconds", seconds), ("limit", MAX_GRANT_S)),
                )
            return (ev.Commanded(signed),)
        case commands.Accommodate(granted=granted) if not granted.sound:
            return NO_SUCH_DISPLAY
        case commands.GrantTools(tools=tools) if _never_granted(exam, tools):
            return NEVER_GRANTED
        case commands.AllowBreaks(times=times) if abs(times) > MAX_BREAKS:
            return Refusal("The hall allowed {times} breaks at once.", (("times", times),))
        case commands.LetBack() if exam.paper is not None:
            return (ev.Commanded(signed), *stepping.allowed_back(map_of(exam.paper), attempt))
        case commands.EnlargeText(percent=percent) if percent not in TEXT_SIZES:
            return NO_SUCH_DISPLAY
        case commands.Evacuate(alarm_ns=alarm_ns) if attempt.phase is Phase.RUNNING:
            given_s = _ran_since(ledger, now, alarm_ns)
            credit = (ev.GivenBack(given_s),) if given_s else ()
            return (ev.Commanded(signed), *credit)
        case commands.Replace(device=device) if device not in commands.DEVICES:
            return NO_SUCH_DEVICE
        case commands.Stop():
            return (ev.Commanded(signed), *close(attempt, ev.STOPPED))
        case _:
            return (ev.Commanded(signed),)


def _never_granted(exam: Exam, tools: Iterable[str]) -> bool:
    """Whether the form, once it is open, lets any of *tools* neither be used nor granted."""
    if exam.paper is None:
        return False
    own = exam.paper.policy.tools
    return not set(tools) <= grantable(own) | set(own)


def _ran_since(ledger: Ledger, now: Stamp, wall_ns: int) -> int:
    """The seconds the clock ran since *wall_ns*, begun ones counted: never more than it ran.

    The hall's clock told when that was and this machine's tells what is now: stations follow
    the hall's clock, and one that differs by two seconds is an alarm on the board.
    """
    ran_ns = ledger.total_ns(Kind.RUNNING)
    if ledger.last is not None and ledger.last.boot == now.boot:
        ran_ns += now.boottime_ns - ledger.last.boottime_ns
    since_ns = min(now.wall_ns - wall_ns, ran_ns, MAX_GRANT_S * SECOND)
    return max(0, -(-since_ns // SECOND))
