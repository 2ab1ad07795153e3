"""The chain of judgements: every one in its place, signed by whom it names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from exam_packages.errors import ExamError
from exam_packages.sealing.review import (
    FIRST,
    Judged,
    Judgement,
    Review,
    Reviewer,
    ReviewError,
    follow,
    judgement_digest,
    read_review,
    read_reviewer,
    sign_judgement,
    sign_reviewer,
)
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import Trust, TrustError

KEYS = tuple(SigningKey(bytes([n]) * 32, bytes([n + 1]) * 32) for n in (50, 60))
NAMES = ("Rosa", "Sven")
Said = tuple[int, dict[str, Any]]


class Body:
    """A body with two reviewers."""

    def __init__(self, people: Any) -> None:
        self.trust = Trust.first(people.signed_root(), pinned=None)
        self.appointments = tuple(
            sign_reviewer(
                Reviewer(name, key.public.ed25519, key.public.mldsa65, 7), people.roots[:2]
            )
            for name, key in zip(NAMES, KEYS, strict=True)
        )

    def judgement(self, number: int, previous: bytes, who: int, **fields: Any) -> Judgement:
        plain = Judgement(
            number, previous, b"b" * 32, b"a" * 16, 71, 1, "pictures.show", "", (), 0,
            self.appointments[who], 1_800_000_000,
        )  # fmt: skip
        return replace(plain, **fields)

    def chain(self, *said: Said) -> list[bytes]:
        """Judgements one after the other: by whom, and how each differs from a plain one."""
        made: list[bytes] = []
        for who, fields in said:
            previous = judgement_digest(made[-1]) if made else FIRST
            plain = self.judgement(len(made) + 1, previous, who, **fields)
            made.append(sign_judgement(plain, KEYS[who]))
        return made

    def read(self, *parts: bytes) -> Review:
        return read_review(b"".join(parts), self.trust)

    def as_far(self, data: bytes) -> list[Judged]:
        """The judgements that stand before the damage."""
        found = []
        try:
            for each in follow(data, self.trust):
                found.append(each)
        except ExamError:
            pass
        return found


@pytest.fixture(scope="module")
def body(people: Any) -> Body:
    return Body(people)


_SAID = st.tuples(
    st.integers(0, 1),
    st.fixed_dictionaries(
        {
            "entry": st.integers(0, 2**63 - 1),
            "ruling": st.integers(1, 3),
            "reason": st.sampled_from(["other", "pictures.show", "record.other-cause"]),
            "comment": st.text(
                st.characters(categories=["L", "N", "P", "S"], include_characters="\n "),
                max_size=60,
            ).filter(lambda text: text.replace("\n", " ").isprintable()),
            "pictures": st.lists(st.binary(min_size=32, max_size=32), max_size=3).map(tuple),
            "time_s": st.integers(0, 1 << 40),
        }
    ),
)


@settings(max_examples=20, deadline=None)
@given(st.lists(_SAID, max_size=4))
def test_what_was_said_is_read_again(body: Body, said: list[Said]) -> None:
    review = body.read(*body.chain(*said))
    assert [each.reviewer.name for each in review.judgements] == [NAMES[who] for who, _ in said]
    for (_, fields), each in zip(said, review.judgements, strict=True):
        assert {name: getattr(each.judgement, name) for name in fields} == fields
    assert review.standing() == review.judgements


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_nothing_is_altered_unseen(body: Body, data: st.DataObject) -> None:
    """One byte changed, cut or put in: what came before stands, and no more."""
    parts = body.chain((0, {}), (1, {"ruling": 2}))
    whole = b"".join(parts)
    place = data.draw(st.integers(0, len(whole) - 1))
    how = data.draw(st.sampled_from(["flip", "cut", "put in"]))
    if how == "flip":
        flipped = bytes([whole[place] ^ data.draw(st.integers(1, 255))])
        damaged = whole[:place] + flipped + whole[place + 1 :]
    elif how == "cut":
        damaged = whole[:place]
    else:
        damaged = whole[:place] + data.draw(st.binary(min_size=1, max_size=5)) + whole[place:]
    if how != "cut" or place not in (0, len(parts[0])):  # cut between two: nobody can tell
        with pytest.raises(ExamError):
            read_review(damaged, body.trust)
    stands = [each.data for each in body.as_far(damaged)]
    assert stands == parts[: len(stands)]
    assert len(stands) == (place >= len(parts[0]))


@given(st.binary(max_size=300))
def test_noise_is_no_review(body: Body, noise: bytes) -> None:
    if noise:
        with pytest.raises(ExamError):
            read_review(noise, body.trust)


def test_none_is_taken_out_exchanged_or_doubled(body: Body) -> None:
    one, two, three = body.chain((0, {}), (1, {}), (0, {"ruling": 3}))
    for parts in ((two, three), (one, three), (one, three, two), (one, one)):
        with pytest.raises(ReviewError, match="does not follow the one before it"):
            body.read(*parts)
    other = body.chain((1, {"ruling": 2}))[0]
    with pytest.raises(ReviewError, match="does not follow"):
        body.read(other, two)


def test_all_are_about_one_attempt(body: Body) -> None:
    parts = body.chain((0, {}), (1, {"bundle_hash": b"c" * 32}))
    with pytest.raises(ReviewError, match="about another attempt"):
        body.read(*parts)


def test_a_correction_takes_the_place_of_ones_own(body: Body) -> None:
    review = body.read(*body.chain((0, {}), (1, {}), (0, {"corrects": 1}), (0, {"corrects": 3})))
    assert [each.judgement.number for each in review.standing()] == [2, 4]
    assert len(review.of(71)) == 4


@pytest.mark.parametrize(
    "said",
    [
        ((0, {}), (1, {"corrects": 1})),  # another's
        ((0, {}), (0, {"corrects": 1, "entry": 98})),  # about something else
        ((0, {}), (0, {"corrects": 1}), (0, {"corrects": 1})),  # corrected already
        ((0, {"corrects": 1}),),  # itself
        ((0, {"corrects": 9}),),  # of the future
    ],
)
def test_no_other_correction_is_believed(body: Body, said: tuple[Said, ...]) -> None:
    with pytest.raises(ReviewError, match="is not one of the same reviewer"):
        body.read(*body.chain(*said))


def test_a_judgement_is_signed_by_whom_it_names(body: Body) -> None:
    forged = sign_judgement(body.judgement(1, FIRST, 0), KEYS[1])
    with pytest.raises(ReviewError, match="not signed by “Rosa”"):
        body.read(forged)


def test_a_reviewer_is_appointed_by_root_holders(body: Body, people: Any) -> None:
    key = KEYS[0].public
    rosa = Reviewer("Rosa", key.ed25519, key.mldsa65, 7)
    assert read_reviewer(sign_reviewer(rosa, people.roots[:2]), body.trust) == rosa
    for keys in (people.roots[:1], [people.packager], [KEYS[0]]):
        alone = sign_reviewer(rosa, keys)
        with pytest.raises(TrustError):
            read_reviewer(alone, body.trust)
        with pytest.raises(TrustError):
            body.read(sign_judgement(body.judgement(1, FIRST, 0, reviewer=alone), KEYS[0]))


@pytest.mark.parametrize(
    "fields",
    [
        {"ruling": 4},
        {"reason": "Pictures"},
        {"reason": "a.b\n"},
        {"comment": "x" * 2001},
        {"comment": "turn \u202e the writing"},
        {"entry": -1},
        {"pictures": (b"short",)},
        {"pictures": (bytes(32),) * 51},
    ],
)
def test_what_is_out_of_bounds_is_not_signed(body: Body, fields: dict[str, Any]) -> None:
    with pytest.raises(ExamError):
        sign_judgement(body.judgement(1, FIRST, 0, **fields), KEYS[0])
