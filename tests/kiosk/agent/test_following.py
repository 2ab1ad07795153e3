"""A station follows the body's root of trust through its hall, and never back."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sitting import Agent, Site, eventually, hall_running
from small_exam import choice_item, chosen, paper

from exam_packages.attempt.acts import Respond
from exam_packages.body import Body
from exam_packages.clock import SystemClock
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import ROOT, Trust, TrustStore, sign_root
from kiosk.agent.following import PAUSE_ROUNDS, ROOTS_AT_ONCE, Follower
from kiosk.agent.inbox import Believes, Message, NotBelieved
from kiosk.ipc import messages as ipc
from provisioning import succession
from provisioning.authority import found_body
from provisioning.homes import follow_trust
from provisioning.station_home import StationHome
from sync.link import Unreachable

CLOCK = SystemClock()
VERSIONS = 6


@dataclass(frozen=True)
class Chain:
    """The roots of one body, the first at place 0, and what hostile halls could make."""

    roots: tuple[bytes, ...]
    hostile: tuple[bytes, ...]

    @property
    def digests(self) -> list[bytes]:
        return [Trust.first(root, pinned=None).digest for root in self.roots]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    body = Body(tmp_path_factory.mktemp("chain") / "body")
    found_body(body.directory, "Board", CLOCK)
    roots = [body.root_bytes()]
    first_holders = body.signing_keys(ROOT)
    for version in range(2, VERSIONS + 1):
        holder = body.holders(ROOT)[version % 3].name
        succession.rotate(body, CLOCK, replace=[holder])
        roots.append(body.root_bytes())
    other = Body(body.directory.parent / "other")
    found_body(other.directory, "Other", CLOCK)
    newest = body.trust().root
    strangers = [SigningKey.generate(pair=True) for _ in range(2)]
    hostile = [
        b"garbage",
        bytes(4096),
        roots[1][:-1],
        roots[1][:200] + b"x" + roots[1][201:],
        *(
            sign_root(msgspec.structs.replace(newest, version=version), keys)
            for version in (2, VERSIONS + 1)
            for keys in (strangers, body.signing_keys(ROOT)[:1])
        ),
        # Who was a root holder once, and is none any more.
        sign_root(msgspec.structs.replace(newest, version=VERSIONS + 1), first_holders),
        other.root_bytes(),
    ]
    return Chain(tuple(roots), tuple(hostile))


@dataclass
class Hall:
    """What a hall hands over, whatever it is asked for. A seam: the network is not under test."""

    gives: Callable[[int], bytes | None]
    asked: int = 0
    believed: list[int] = field(default_factory=list)

    def next_root(self, version: int) -> bytes:
        self.asked += 1
        data = self.gives(version)
        if data is None:
            raise Unreachable("The hall has not been reached yet.")
        return data

    def believe(self, trust: Trust) -> None:
        self.believed.append(trust.root.version)


@dataclass
class Place:
    """A station's directory of roots, and a follower over it."""

    directory: Path
    follower: Follower
    posted: list[Message]

    @classmethod
    def at(cls, directory: Path, first: bytes, hall: Hall) -> Place:
        store = TrustStore(directory)
        trust = store.install(first)
        posted: list[Message] = []
        return cls(directory, Follower(store, trust, hall, posted.append), posted)  # type: ignore[arg-type]  # the seam

    @property
    def stored(self) -> Trust:
        return TrustStore(self.directory).load()


def test_it_takes_every_root_in_its_order(chain: Chain, tmp_path: Path) -> None:
    hall = Hall(lambda version: b"".join(chain.roots[version : version + 1]))
    place = Place.at(tmp_path, chain.roots[0], hall)
    assert not place.follower.follow(1)
    assert hall.asked == 0
    assert place.follower.follow(VERSIONS)
    assert place.stored.digest == chain.digests[-1]
    assert hall.believed == [VERSIONS]
    assert [type(message) for message in place.posted] == [Believes]
    assert not place.follower.follow(VERSIONS)


def test_a_long_way_is_gone_in_steps(tmp_path: Path) -> None:
    body = Body(tmp_path / "body")
    found_body(body.directory, "Board", CLOCK)
    roots = [body.root_bytes()]
    for _ in range(ROOTS_AT_ONCE + 3):
        succession.rotate(body, CLOCK)
        roots.append(body.root_bytes())
    hall = Hall(lambda version: b"".join(roots[version : version + 1]))
    place = Place.at(tmp_path / "station", roots[0], hall)
    assert place.follower.follow(len(roots))
    assert hall.asked == ROOTS_AT_ONCE
    assert place.stored.root.version == ROOTS_AT_ONCE + 1
    assert place.follower.follow(len(roots))
    assert place.stored.digest == body.trust().digest


def test_a_hall_that_hands_over_nonsense_is_left_alone_for_a_while(
    chain: Chain, tmp_path: Path
) -> None:
    given_ = [b"nonsense"]
    hall = Hall(lambda version: given_[0] or b"".join(chain.roots[version : version + 1]))
    place = Place.at(tmp_path, chain.roots[0], hall)
    assert not place.follower.follow(1 << 60)
    assert isinstance(place.posted[0], NotBelieved)
    given_[0] = b""
    for _ in range(PAUSE_ROUNDS):
        assert not place.follower.follow(2)
    assert hall.asked == 1
    assert place.follower.follow(2)


@given(data=st.data())
@settings(max_examples=25)
def test_whatever_a_hall_hands_over_a_station_only_ever_goes_forward(
    chain: Chain, data: st.DataObject
) -> None:
    """True roots in any order, forged and broken ones, silence; restarts in between."""
    pool: Sequence[bytes | None] = (*chain.roots, *chain.hostile, b"", None)
    hall = Hall(lambda _: data.draw(st.sampled_from(pool)))
    with tempfile.TemporaryDirectory() as directory:
        place = Place.at(Path(directory), chain.roots[0], hall)
        version = 1
        for _ in range(data.draw(st.integers(1, 5))):
            before = hall.asked
            offered = data.draw(st.sampled_from([0, 1, version + 1, 1 << 62]))
            with contextlib.suppress(Unreachable):
                place.follower.follow(offered)
            assert hall.asked - before <= ROOTS_AT_ONCE
            now = place.stored
            assert now.root.version >= version
            assert now.digest == chain.digests[now.root.version - 1]
            version = now.root.version
            if data.draw(st.booleans()):  # the agent starts again
                place = Place.at(Path(directory), chain.roots[version - 1], hall)
        for earlier in chain.roots[: version - 1]:
            with pytest.raises(Exception, match="after version"):
                TrustStore(Path(directory)).install(earlier)


# --- Real processes ----------------------------------------------------------------


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own: its body's root of trust changes here."""
    items = (choice_item("one"),)
    directory = tmp_path_factory.mktemp("following")
    site = Site.found(directory, paper(items, time_limit_s=600), items, stations=3, candidates=3)
    with hall_running(site):
        yield site


def version(home: StationHome) -> int:
    return StationHome.load(home.directory).trust().root.version


def test_stations_learn_new_roots_from_their_hall_and_a_revoked_one_stops(own: Site) -> None:
    first, lost, vacant = own.stations
    with Agent(first) as staying, Agent(lost) as leaving, Agent(vacant):
        kept, gone = staying.screen(), leaving.screen()
        kept.begin(own.hall, 1)
        gone.begin(own.hall, 2)
        gone.do(Respond("one", chosen("A")))
        succession.rotate(own.body, CLOCK, replace=["root-1"])
        succession.revoke(own.body, CLOCK, [lost.enrolment_bytes])
        roots = [own.body.root_version_path(number).read_bytes() for number in (2, 3)]
        follow_trust(own.hall.home, roots)
        for home in own.stations:
            eventually(lambda home=home: version(home) == 3, "the newest root came")  # type: ignore[misc]
        eventually(lambda: gone.ended, "its screen was told to come again")
        stopped = leaving.screen()
        said = stopped.await_(ipc.Status, lambda status: "revoked" in status.trouble)
        assert said.trouble.endswith("Call an invigilator.")
        refused = stopped.ask(lambda request: ipc.SignIn(request, "CODE0003"))
        assert isinstance(refused, ipc.Refused)
        # Whoever was not revoked goes on, and the hall still takes what they do.
        assert isinstance(kept.do(Respond("one", chosen("B"))), ipc.Saved)
        saved = kept.entries[-1].sequence
        kept.await_(ipc.Status, lambda status: status.safe >= saved and status.hall)
        journal = lost.attempts.iterdir().__next__() / "journal"
        before = b"".join(path.read_bytes() for path in sorted(journal.iterdir()))
        assert leaving.end() == 0
    assert b"".join(path.read_bytes() for path in sorted(journal.iterdir())) == before
    with Agent(lost) as again:  # it does not start any more, and says why
        assert again.process.wait(30) != 0
    assert "has been revoked" in lost.directory.joinpath("agent.log").read_text()
    assert journal.exists()
