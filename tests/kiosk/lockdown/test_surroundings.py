"""What is told of a change around a station."""

from __future__ import annotations

from dataclasses import replace

from exam_packages.clock import SECOND
from kiosk.lockdown.surroundings import Surroundings, since, standing
from provisioning.devices.keyboards import KeyboardIdentity
from provisioning.devices.usb import UsbDevice

OWN = KeyboardIdentity("0003", "046d:c31c", "")
OTHER = KeyboardIdentity("0003", "1234:5678", "")
QUIET = Surroundings(
    keyboards=(OWN,),
    virtual_keyboards=0,
    usb=frozenset(),
    screens=frozenset({"card0-HDMI-A-1"}),
    clients=1,
    traced=False,
    wall_ns=1_000 * SECOND,
    boottime_ns=10 * SECOND,
)


def _codes(before: Surroundings, now: Surroundings) -> list[str]:
    return [signal.code for signal in since(before, now)]


def test_a_quiet_station_says_nothing() -> None:
    later = replace(QUIET, wall_ns=QUIET.wall_ns + SECOND, boottime_ns=QUIET.boottime_ns + SECOND)
    assert _codes(QUIET, later) == []
    assert list(standing(QUIET, None)) == []
    assert list(standing(QUIET, (OWN,))) == []


def test_a_second_keyboard_also_one_of_the_same_make() -> None:
    for another in (OWN, OTHER):
        two = replace(QUIET, keyboards=(OWN, another))
        (signal,) = since(QUIET, two)
        assert signal == (
            "keyboard-second",
            f"Another keyboard was plugged in: {another.ids}.",
        )
        assert _codes(two, QUIET) == ["keyboard-gone"]
        assert [each.code for each in standing(two, None)] == ["keyboard-second"]
        assert [each.code for each in standing(two, (OWN,))] == ["keyboard-other"]
    assert list(standing(two, (OWN, OTHER))) == []


def test_an_enrolled_keyboard_that_is_not_there() -> None:
    exchanged = replace(QUIET, keyboards=(OTHER,))
    codes = [each.code for each in standing(exchanged, (OWN,))]
    assert codes == ["keyboard-other", "keyboard-gone"]


def test_devices_screens_programs_and_debuggers_that_come() -> None:
    stick = UsbDevice("1-2", "0781:5567", ("storage",))
    busy = replace(
        QUIET,
        virtual_keyboards=1,
        usb=frozenset({stick}),
        screens=QUIET.screens | {"card0-DP-1"},
        clients=2,
        traced=True,
    )
    told = dict(since(QUIET, busy))
    assert set(told) == {
        "keyboard-virtual", "usb-new", "screen-second", "screen-copy", "debugger",
    }  # fmt: skip
    assert told["usb-new"] == "A USB device was plugged in: 0781:5567 (storage) at port 1-2."
    assert _codes(busy, busy) == []  # once
    assert _codes(busy, QUIET) == ["usb-gone"]
    assert {each.code for each in standing(busy, None)} == set(told) - {"usb-new"}


def test_a_clock_that_is_steered_is_none_that_jumps() -> None:
    def after(wall_s: float) -> Surroundings:
        wall_ns = QUIET.wall_ns + int(wall_s * SECOND)
        return replace(QUIET, wall_ns=wall_ns, boottime_ns=QUIET.boottime_ns + 2 * SECOND)

    assert _codes(QUIET, after(2.5)) == []
    assert _codes(QUIET, after(4)) == []
    (forward,) = since(QUIET, after(62))
    assert forward.words == "The station’s clock was put forward by 60 s or more."
    (back,) = since(QUIET, after(-3598))
    assert back.words == "The station’s clock was put back by 3600 s or more."
    slept = replace(after(602), boottime_ns=QUIET.boottime_ns + 602 * SECOND)
    assert _codes(QUIET, slept) == []  # both clocks count a suspended machine
