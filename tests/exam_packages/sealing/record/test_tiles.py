"""The log as tiles: C2SP's paths and shapes, and readers who believe none of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.sealing.log import (
    Checkpoint,
    LogError,
    Tree,
    checkpoint_body,
    leaf_hash,
    sign_checkpoint,
)
from exam_packages.sealing.log_files import LogDirectory, LogMissing
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.tiles import (
    ENTRIES,
    WIDTH,
    Place,
    Tiles,
    TileTree,
    join_entries,
    parse_place,
    places,
    split_entries,
)

LARGE = 70_000  # the example of the specification
ENTRY = [b"entry %d" % number for number in range(LARGE)]
TREE = Tree(leaf_hash(entry) for entry in ENTRY)


def given_tile(place: Place) -> bytes:
    """A tile word for word after the specification: MTH over 256**l entries for each hash."""
    span = range(place.number * WIDTH, place.number * WIDTH + place.width)
    if place.level == ENTRIES:
        return join_entries([ENTRY[number] for number in span])
    return b"".join(TREE.node(8 * place.level, number) for number in span)


def head(size: int) -> Checkpoint:
    return Checkpoint("log", size, TREE.root(size))


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (Place(0, 0, 256), "tile/0/000"),
        (Place(0, 1234067, 256), "tile/0/x001/x234/067"),
        (Place(1, 273, 112), "tile/1/273.p/112"),
        (Place(63, 1000, 1), "tile/63/x001/000.p/1"),
        (Place(ENTRIES, 5, 255), "tile/entries/005.p/255"),
    ],
)
def test_paths_are_those_of_the_specification(place, path):
    assert place.path == path
    assert parse_place(path) == place


@given(st.integers(-1, 63), st.integers(0, 10**15), st.integers(1, 256))
def test_every_path_reads_back(level, number, width):
    place = Place(level, number, width)
    assert parse_place(place.path) == place


@pytest.mark.parametrize(
    "path",
    [
        "", "tile/0/0", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/x000/000",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000/", "/tile/0/000",
        "tile/0/001/000", "tile/0/000.p/999", "tile/entries/x/000", "tile/0/٠٠٠", "tile/0/../000",
        "tile/0/" + "x001/" * 9 + "000",
    ],
)  # fmt: skip
def test_what_is_no_path_is_refused(path):
    with pytest.raises(LogError):
        parse_place(path)


def test_a_log_of_seventy_thousand_has_the_tiles_of_the_specifications_example():
    found = list(places(LARGE))
    by = {level: [place for place in found if place.level == level] for level in (ENTRIES, 0, 1, 2)}
    assert len(by[0]) == len(by[ENTRIES]) == 274
    assert by[0][-1].width == 112
    assert [place.width for place in by[1]] == [256, 17]
    assert [place.width for place in by[2]] == [1]
    assert len(found) == 274 * 2 + 3
    at_256 = [(place.level, place.width) for place in places(256)]
    assert at_256 == [(ENTRIES, 256), (0, 256), (1, 1)]


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_what_is_new_since_a_smaller_log_is_what_that_had_not(a, b):
    before, size = sorted((a, b))
    assert set(places(size, before)) == set(places(size)) - set(places(before))


@given(st.integers(0, LARGE), st.integers(0, LARGE), st.integers(0, LARGE))
def test_proofs_from_tiles_are_those_of_the_tree(size, old, index):
    tiles = TileTree(head(size), given_tile)
    assert tiles.root() == TREE.root(size)
    assert tiles.consistency(min(old, size)) == TREE.consistency(min(old, size), size)
    if index < size:
        assert tiles.inclusion(index) == TREE.inclusion(index, size)
        number = index // WIDTH
        found = tiles.entries(number)
        assert found == tuple(ENTRY[number * WIDTH : min(size, (number + 1) * WIDTH)])


@given(st.integers(1, 3000), st.data())
def test_no_altered_tile_is_believed(size, data):
    altered = data.draw(st.sampled_from(sorted(places(size))))
    whole = given_tile(altered)
    at = data.draw(st.integers(0, len(whole) - 1))
    wrong = data.draw(
        st.sampled_from([whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], whole[:-1], b""])
    )

    def fetch(place: Place) -> bytes:
        return wrong if place == altered else given_tile(place)

    with pytest.raises(LogError):
        everything(TileTree(head(size), fetch))


def everything(tree: TileTree) -> None:
    for place in places(len(tree)):
        assert tree.verified(place) == given_tile(place)


def test_another_root_is_not_made_by_these_tiles():
    with pytest.raises(LogError, match="do not make the root"):
        TileTree(Checkpoint("log", 300, bytes(32)), given_tile)
    with pytest.raises(LogError, match="no such tile"):
        TileTree(head(300), given_tile).verified(Place(0, 1, 45))
    # Who believes the tiles finds the same hashes without that.
    assert Tiles(300, given_tile).root() == TREE.root(300)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_entry_bundles_read_back(entries):
    data = join_entries(entries)
    assert split_entries(data, len(entries)) == tuple(entries)
    for wrong, count in ((data + b"x", len(entries)), (data, len(entries) + 1)):
        with pytest.raises(LogError):
            split_entries(wrong, count)


def test_a_log_in_a_directory_grows_by_new_files_alone(tmp_path):
    directory, key = LogDirectory(tmp_path / "log"), SigningKey(bytes(32))

    def write(size: int) -> int:
        text = sign_checkpoint(checkpoint_body("log", size, TREE.root(size)), key)
        count = directory.write(head(size), text, TileTree(head(size), given_tile).verified)
        assert directory.checkpoint() == text
        return count

    assert write(300) == len(list(places(300)))
    assert write(300) == 0
    assert write(600) == len(list(places(600, 300)))
    for size in (300, 600):  # partial tiles of the older head are still there
        everything(TileTree(head(size), directory.tile))
    with pytest.raises(LogMissing, match=r"has no tile/0/009"):
        directory.tile(Place(0, 9, 256))
    (tmp_path / "log/tile/0/000").write_bytes(bytes(9000))
    with pytest.raises(LogMissing, match="too long"):
        directory.tile(Place(0, 0, 256))
