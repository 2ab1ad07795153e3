"""Frames between screen and agent: whole, bounded, and of the agreed kinds only."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.attempt import acts
from exam_packages.attempt.events import Beat, Entry, Moved
from exam_packages.clock import Stamp
from exam_packages.content.values import Response
from kiosk.ipc import messages as ipc
from kiosk.ipc.channel import MAX_FRAME, Channel, ChannelError, frame, parse, short_path

texts = st.text(max_size=20)
numbers = st.integers(0, 2**40)
members = st.lists(texts, max_size=3).map(tuple)
responses = st.lists(st.builds(Response, texts, members), max_size=3).map(tuple)
some_acts = st.one_of(
    st.just(acts.Begin()),
    st.builds(acts.Move, texts),
    st.builds(acts.Respond, texts, responses),
    st.builds(acts.Flag, texts, st.booleans()),
)
from_screen = st.one_of(
    st.builds(ipc.Hello, numbers),
    st.builds(ipc.SignIn, numbers, texts),
    st.builds(ipc.Confirm, numbers, st.booleans()),
    st.builds(ipc.Do, numbers, some_acts),
    st.builds(ipc.Read, numbers, numbers, texts, numbers, numbers),
    st.builds(ipc.Leave, numbers),
    st.builds(ipc.Focus, st.booleans()),
)
stamps = st.builds(Stamp, st.binary(min_size=16, max_size=16), numbers, numbers, numbers)
entries = st.builds(Entry, numbers, stamps, st.one_of(st.just(Beat()), st.builds(Moved, texts)))
from_agent = st.one_of(
    st.builds(ipc.Welcome, numbers, texts, texts, texts),
    st.builds(ipc.Happened, st.lists(entries, max_size=5).map(tuple), st.booleans()),
    st.builds(
        ipc.Refused,
        numbers,
        texts,
        st.lists(st.tuples(texts, st.one_of(texts, numbers)), max_size=3).map(tuple),
    ),
    st.builds(ipc.Data, numbers, numbers, st.binary(max_size=100)),
    st.builds(ipc.Finished, numbers, texts, st.booleans(), st.booleans()),
    st.just(ipc.Vacant()),
)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Channel[ipc.FromScreen]]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, Channel(theirs, ipc.FromScreen)


@given(from_screen)
def test_what_a_screen_says_arrives_as_said(message: ipc.FromScreen) -> None:
    assert parse(frame(message)[4:], ipc.FromScreen) == message


@given(from_agent)
def test_what_the_agent_says_arrives_as_said(message: ipc.FromAgent) -> None:
    assert parse(frame(message)[4:], ipc.FromAgent) == message


@given(st.binary(max_size=200))
def test_anything_else_is_our_error(data: bytes) -> None:
    try:
        parse(data, ipc.FromScreen)
    except ChannelError:
        return
    assert frame(parse(data, ipc.FromScreen))[4:] == data


def test_a_message_in_many_pieces(ends: tuple[socket.socket, Channel[ipc.FromScreen]]) -> None:
    sock, channel = ends
    said = ipc.SignIn(1, "CODE0001")

    def dribble() -> None:
        for byte in frame(said) + frame(said):
            sock.send(bytes([byte]))

    thread = threading.Thread(target=dribble)
    thread.start()
    assert channel.receive() == said
    assert channel.receive() == said
    thread.join()


def test_a_message_larger_than_a_packet(
    ends: tuple[socket.socket, Channel[ipc.FromScreen]],
) -> None:
    """SOCK_SEQPACKET would fail at 220 KB."""
    sock, channel = ends
    other: Channel[ipc.FromAgent] = Channel(sock, ipc.FromAgent)
    data = ipc.Data(1, 2**20, bytes(2**20))
    thread = threading.Thread(target=channel.send, args=(data,))
    thread.start()
    assert other.receive() == data
    thread.join()


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"\0\0\0\0",  # nothing
        (MAX_FRAME + 1).to_bytes(4, "big"),  # too long, refused before it is read
        b"\xff\xff\xff\xff",
        frame(ipc.Vacant()),  # the agent's word in the screen's mouth
        b"\0\0\0\1\xc1",  # no msgpack at all
        frame(ipc.Hello(1))[:-1],  # cut short
    ],
)
def test_bounds_before_work(
    ends: tuple[socket.socket, Channel[ipc.FromScreen]], bytes_sent: bytes
) -> None:
    sock, channel = ends
    sock.sendall(bytes_sent)
    sock.shutdown(socket.SHUT_WR)
    with pytest.raises(ChannelError):
        channel.receive()


def test_a_message_too_long_is_not_sent() -> None:
    with pytest.raises(ChannelError):
        frame(ipc.Data(1, MAX_FRAME, bytes(MAX_FRAME)))


def test_closing_wakes_who_waits(ends: tuple[socket.socket, Channel[ipc.FromScreen]]) -> None:
    _, channel = ends
    raised: list[ChannelError] = []

    def wait() -> None:
        try:
            channel.receive()
        except ChannelError as problem:
            raised.append(problem)

    thread = threading.Thread(target=wait)
    thread.start()
    channel.close()
    thread.join(10)
    assert raised


def test_a_socket_path_longer_than_an_address(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / "agent.sock"
    deep.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        with short_path(deep) as name:
            server.bind(name)
        server.listen()
        assert deep.is_socket()
        with short_path(deep) as name:
            client.connect(name)
