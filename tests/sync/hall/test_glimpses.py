"""Small pictures at the hall: what is taken, how much is kept, who may see it, when it is gone."""

from __future__ import annotations

import os
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.clock import SECOND
from exam_packages.content.proctoring import DETECTORS, MAX_GLIMPSE, NO_FACE
from sync.hall.glimpses import INCIDENTS, MAX_SIDE, Glimpses, measured
from sync.link import HolderRefused
from sync.messages import Glimpse

from .conftest import Hall, Station

BLIND, OTHER = b"b" * 16, b"o" * 16


def jpeg(width: int = 160, height: int = 120, *, how: tuple[int, ...] = ()) -> bytes:
    """A picture that nobody else has: noise."""
    pixels = np.frombuffer(os.urandom(12 * 9 * 3), np.uint8).reshape(9, 12, 3)
    large = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
    done, data = cv2.imencode(".jpg", large, list(how))
    assert done and len(data) <= MAX_GLIMPSE
    return bytes(data)


@given(st.integers(1, 200), st.integers(1, 200))
def test_a_plain_jpeg_is_measured(width: int, height: int) -> None:
    assert measured(jpeg(width, height)) == (width, height)


def test_what_is_no_plain_jpeg_is_not_measured() -> None:
    good = jpeg()
    frame = good.index(b"\xff\xc0")
    progressive = jpeg(how=(cv2.IMWRITE_JPEG_PROGRESSIVE, 1))
    twice = good[:frame] + good[frame : frame + 19] + good[frame:]
    empty = good[: frame + 5] + bytes(4) + good[frame + 9 :]
    for bad in (b"", b"<svg/>", good[2:], good[:-2], progressive, twice, empty, good[:frame]):
        assert measured(bad) is None


@given(st.binary(max_size=200))
def test_measuring_never_fails(data: bytes) -> None:
    measured(b"\xff\xd8" + data + b"\xff\xd9")


@given(
    st.lists(
        st.tuples(
            st.sampled_from((BLIND, OTHER)),
            st.sampled_from((b"one", b"two")),
            st.lists(st.sampled_from(DETECTORS), max_size=3, unique=True),
            st.integers(0, 3),
        ),
        max_size=40,
    )
)
def test_few_are_kept_of_each_seat_and_each_can_be_had(
    sent: list[tuple[bytes, bytes, list[str], int]],
) -> None:
    kept, now = Glimpses(), 10
    newest: dict[bytes, tuple[bytes, bytes]] = {}
    at: dict[bytes, int] = {}
    for number, (blind_id, station, signals, wait_s) in enumerate(sent):
        now += wait_s
        data = b"%d" % number
        kept.put(station, Glimpse(blind_id, data, tuple(signals)), now, now * SECOND)
        moved = newest.get(blind_id, (b"", b""))[0] != station
        if moved or now - at[blind_id] >= 1:  # another station's are not held against it
            newest[blind_id], at[blind_id] = (station, data), now
    for blind_id, (station, data) in newest.items():
        shown, incidents = kept.of(blind_id, station)
        assert shown is not None
        assert kept.data(blind_id, shown.number) == data
        assert len(incidents) <= INCIDENTS
        assert all(each.signals and kept.data(blind_id, each.number) for each in incidents)
        assert kept.of(blind_id, b"elsewhere") == (None, ())
        assert len(kept._kept[blind_id].data) <= INCIDENTS + 1
    kept.forget(BLIND)
    assert kept.of(BLIND, newest.get(BLIND, (b"", b""))[0]) == (None, ())
    kept.clear()
    assert not kept._kept


def pictures(hall: Hall, candidate: str) -> list[str]:
    """The addresses of what the board has of a candidate, the newest first."""
    with hall.desk() as desk:
        (row,) = (each for each in desk.board()["rows"] if each["candidate"] == candidate)
    shown = [*([row["seen"]] if row["seen"] else []), *row["seen_incidents"]]
    return [f"/gallery/{row['seat']}/{each['number']}" for each in shown]


def test_shown_to_those_who_may_and_gone_when_the_exam_closes(
    hall: Hall, station: Callable[..., Station]
) -> None:
    one, other = station("g1").begin("code-0000"), station("g2")
    one.add()
    one.tick()
    assert one.seat is not None
    blind_id, data = one.seat.blind_id, jpeg()
    one.client.glimpse(Glimpse(blind_id, data, (NO_FACE,)))
    address = pictures(hall, "c-0")[0]
    for role in ("chief", "invigilator"):
        with hall.desk(role) as desk:
            assert desk.download(address) == data
            response = desk._http.get(address)
            assert response.headers["cache-control"] == "no-store"
            assert response.headers["content-type"] == "image/jpeg"
            assert response.headers["x-content-type-options"] == "nosniff"
    with hall.desk("observer") as desk:
        for path in (address, "/gallery", "/board/events?view=gallery"):
            with pytest.raises(Exception, match="only look on"):
                desk.download(path)
    # Nothing of it is on the disk, in no form that a copy of the disk would show.
    middle = data[len(data) // 2 :][:64]
    for path in hall.home.directory.rglob("*"):
        assert not path.is_file() or middle not in path.read_bytes()

    large = jpeg(MAX_SIDE + 1, 20)
    for wrong, why in (
        (Glimpse(blind_id, large, ()), "at most 160 pixels"),
        (Glimpse(blind_id, b"GIF89a", ()), "plain JPEG"),
    ):
        with pytest.raises(HolderRefused, match=why):
            one.client.glimpse(wrong)
    with pytest.raises(HolderRefused, match="does not run that exam"):
        other.client.glimpse(Glimpse(blind_id, jpeg(), ()))

    one.client.hand_in(one.manifest())
    assert pictures(hall, "c-0") == []
    with hall.desk() as desk, pytest.raises(Exception, match="not kept any more"):
        desk.download(address)
    with pytest.raises(HolderRefused, match="is closed"):
        one.client.glimpse(Glimpse(blind_id, jpeg(), ()))
