"""What happened in an exam, in words: its events, the orders of the hall, and why time ran or
stood from there on."""

from __future__ import annotations

from typing import Final

from exam_packages.attempt import commands as cmd
from exam_packages.attempt import events as ev
from exam_packages.attempt import liveness
from exam_packages.attempt.granting import tools_words
from exam_packages.clock import SECOND
from exam_packages.language import say
from exam_packages.sealing.correction import believed_correction
from exam_packages.verify.words import length

__all__ = ["closed", "left", "opened", "ordered", "why"]

_OPENED: Final = {
    ev.START: "The exam was opened.",
    ev.RESTART: "The exam program was started again after it had ended.",
    ev.MOVE: "Another station took over.",
}
_CLOSED: Final = {
    ev.HANDED_IN: "The candidate handed in.",
    ev.TIME_OVER: "The time was over.",
    ev.STOPPED: "An invigilator stopped the exam and handed it in.",
}
_LEFT: Final = {
    ev.STEPPED_OUT: "Left “{scope}” for now; its clock stood.",
    ev.LEFT: "Left “{scope}”; it was closed.",
    ev.SPENT: "The time of “{scope}” was over; it was closed.",
}


def opened(cause: int) -> str:
    """Why an epoch began."""
    return say(_OPENED.get(cause, "The exam was opened again."))


def closed(how: int) -> str:
    """How an attempt was closed."""
    return say(_CLOSED.get(how, "The exam was closed."))


def left(scope: str, how: int) -> str:
    """How a scope with time of its own was left."""
    return say(_LEFT.get(how, "Left “{scope}”."), scope=scope)


def why(event: ev.Event) -> str:
    """Why time runs or stands after *event*; empty where it is no event that changes it."""
    match event:
        case ev.Began():
            return say("The candidate was working.")
        case ev.Opened():
            return say("Held after a long outage, until an invigilator let it go on.")
        case ev.Reopened():
            return say("Reopened by two people; the clock stood until it was resumed.")
        case ev.Closed(how=how):
            return closed(how)
        case ev.BreakBegan(after="", stopped=False):
            return say("A break that the candidate asked for, on the exam’s time.")
        case ev.BreakBegan(stopped=True):
            return say("A break in which the exam’s clock stood.")
        case ev.BreakBegan():
            return say("A break on the exam’s time.")
        case ev.BreakOver():
            return say("The break was over, and the candidate was not back.")
        case ev.BreakEnded():
            return say("The candidate went on after a break.")
        case ev.Commanded(command=data):
            command = cmd.journaled_command(data)
            fields = {"operator": command.operator, "reason": _reason(command)}
            if isinstance(command.order, cmd.Pause):
                return say("Paused by {operator} ({reason}).", **fields)
            if isinstance(command.order, cmd.Resume):
                return say("Resumed by {operator} ({reason}).", **fields)
            if isinstance(command.order, cmd.Evacuate):
                return say("The room was evacuated by {operator} ({reason}).", **fields)
    return ""


def ordered(order: cmd.Order) -> str:
    """What was ordered."""
    match order:
        case cmd.GrantTools(tools=()):
            return say("Granted no tools any more")
        case cmd.GrantTools(tools=tools):
            return say(
                "Granted tools, where the exam lets them be: {tools}", tools=tools_words(tools)
            )
        case cmd.Spare(detectors=()):
            return say("No detector of the camera is left out any more")
        case cmd.Spare(detectors=detectors):
            left_out = ", ".join(detectors)
            return say("Detectors of the camera left out: {detectors}", detectors=left_out)
        case cmd.AskLive(prompt=prompt):
            return say("Asked for a sign of life: {words}", words=liveness.words(prompt))
        case cmd.Admit(extra_s=0):
            return say("Admitted")
        case cmd.Admit(extra_s=extra_s):
            return say("Admitted, with {time} more", time=length(extra_s * SECOND))
        case cmd.Pause():
            return say("Paused")
        case cmd.Resume():
            return say("Resumed")
        case cmd.AddTime(seconds=seconds) if seconds < 0:
            return say("Took back {time}", time=length(-seconds * SECOND))
        case cmd.AddTime(seconds=seconds):
            return say("Added {time}", time=length(seconds * SECOND))
        case cmd.Say(text=text):
            return say("Message: “{text}”", text=text)
        case cmd.EnlargeText(percent=percent):
            return say("Set the letters to {percent} %", percent=percent)
        case cmd.Correct(correction=data):
            correction = believed_correction(data)
            return say("Corrected “{item}”: {text}", item=correction.item, text=correction.text)
        case cmd.Accommodate():
            return say("Changed how the screen is read")
        case cmd.AllowBreaks(times=times):
            return say("Allowed breaks: {times}", times=times)
        case cmd.LetBack():
            return say("Let back in after a break")
        case cmd.Attend(text=text):
            return say("Answered the raised hand: “{text}”", text=text)
        case cmd.Evacuate():
            return say("Evacuated the room")
        case cmd.Return():
            return say("Ended the evacuation")
        case cmd.Replace(device=device, on=True):
            return say("Began to replace a device: {device}", device=device)
        case cmd.Replace(device=device):
            return say("Replaced a device: {device}", device=device)
        case cmd.Stop():
            return say("Stopped and handed in")


def _reason(command: cmd.Command) -> str:
    return command.reason + (f": {command.comment}" if command.comment else "")
