"""The log: RFC 6962's tree, proofs, checkpoints."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_packages.sealing.log import (
    EMPTY_ROOT,
    Checkpoint,
    LogError,
    Tree,
    checkpoint_body,
    leaf_hash,
    node_hash,
    read_checkpoint,
    sign_checkpoint,
    verify_consistency,
    verify_inclusion,
)
from exam_packages.sealing.log_entry import BUNDLE, HEADS, bundle_entry, log_entry, read_entry
from exam_packages.sealing.suite import ED25519, SigningKey, VerifyKey

# The inputs and roots that the Certificate Transparency projects test themselves with.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# Audit path of entry 5 (counted from 0) in the tree of 8, from the same tests.
PATH_5_OF_8 = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(count)]


def naive_root(hashes: list[bytes]) -> bytes:
    """MTH, word for word after RFC 6962, 2.1."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(naive_root(hashes[:split]), naive_root(hashes[split:]))


def test_roots_are_those_of_rfc_6962():
    tree = Tree()
    assert tree.root() == EMPTY_ROOT
    for place, entry in enumerate(ENTRIES):
        assert tree.append(leaf_hash(entry)) == place
    assert [tree.root(size).hex() for size in range(9)] == ROOTS


def test_an_audit_path_is_that_of_rfc_6962():
    tree = Tree(leaf_hash(entry) for entry in ENTRIES)
    assert [node.hex() for node in tree.inclusion(5)] == PATH_5_OF_8


@given(st.integers(0, 200), st.integers(0, 200))
def test_the_tree_agrees_with_the_definition(count, size):
    tree, size = Tree(leaves(count)), min(size, count)
    assert tree.root(size) == naive_root(leaves(count)[:size])


def test_every_entry_of_every_small_tree_is_proved_and_nothing_else_is():
    tree = Tree(leaves(34))
    for size in range(1, 35):
        root = tree.root(size)
        for index in range(size):
            proof = tree.inclusion(index, size)
            verify_inclusion(leaves(34)[index], index, size, proof, root)
            for other in {0, index - 1, index + 1, size - 1} - {index}:
                with pytest.raises(LogError):
                    verify_inclusion(leaves(34)[index], other, size, proof, root)


@given(st.data())
def test_an_altered_proof_proves_nothing(data):
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    tree = Tree(leaves(size))
    leaf, proof, root = leaves(size)[index], tree.inclusion(index), tree.root()
    wrong = [
        (leaf_hash(b"other"), index, size, proof, root),
        (leaf, index, size, proof, bytes(32)),
        (leaf, index, size, (*proof, bytes(32)), root),
        (leaf, size, size, proof, root),
        (leaf, -1, size, proof, root),
        (leaf, index, 0, proof, root),
        (leaf, index, size * 2 + 1, proof, root),
        (leaf, index, size, proof * 40, root) if len(proof) > 1 else (leaf, 0, 0, (), root),
    ]
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        for other in (bytes(32), b"", proof[place][:-1]):
            wrong.append((leaf, index, size, (*proof[:place], other, *proof[place + 1 :]), root))
        wrong.append((leaf, index, size, proof[:-1], root))
    for case in wrong:
        with pytest.raises(LogError):
            verify_inclusion(*case)


# The consistency proofs that the Certificate Transparency projects test themselves with.
GROWTH = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


def test_consistency_proofs_are_those_of_rfc_6962():
    tree = Tree(leaf_hash(entry) for entry in ENTRIES)
    for old, size, proof in GROWTH:
        assert [node.hex() for node in tree.consistency(old, size)] == proof
        verify_consistency(
            old,
            bytes.fromhex(ROOTS[old]),
            size,
            bytes.fromhex(ROOTS[size]),
            [bytes.fromhex(node) for node in proof],
        )


@pytest.mark.skipif("MERKLE" not in os.environ, reason="MERKLE names no checkout")
def test_the_published_cases_of_others_are_judged_alike():
    """``MERKLE``: the testdata directory of https://github.com/transparency-dev/merkle."""
    data = Path(os.environ["MERKLE"])
    count = 0
    for kind in ("consistency", "inclusion"):
        for path in (data / kind).rglob("*.json"):
            case = json.loads(path.read_bytes())
            if case.get("size1") == 0 < case["size2"]:
                continue  # C2SP's tlog-witness lets every log continue the empty one
            proof = [base64.b64decode(one) for one in case["proof"] or ()]
            roots = {name: base64.b64decode(case[name] or "") for name in case if "root" in name}
            try:
                if kind == "consistency":
                    verify_consistency(
                        case["size1"], roots["root1"], case["size2"], roots["root2"], proof
                    )
                else:
                    leaf = base64.b64decode(case["leafHash"] or "")
                    verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, roots["root"])
                accepted = True
            except LogError:
                accepted = False
            assert accepted is not case["wantErr"], (path, case["desc"])
            count += 1
    assert count > 180


def naive_growth(old: int, hashes: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF, word for word after RFC 6962, 2.1.2."""
    if old == len(hashes):
        return [] if whole else [naive_root(hashes)]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    if old <= split:
        return [*naive_growth(old, hashes[:split], whole), naive_root(hashes[split:])]
    return [*naive_growth(old - split, hashes[split:], False), naive_root(hashes[:split])]


@given(st.data())
def test_a_consistency_proof_is_that_of_the_definition(data):
    size = data.draw(st.integers(1, 150))
    old = data.draw(st.integers(1, size))
    tree = Tree(leaves(size))
    proof = tree.consistency(old)
    assert list(proof) == naive_growth(old, leaves(size), True)
    verify_consistency(old, tree.root(old), size, tree.root(), proof)


def test_every_small_log_continues_every_smaller_one_and_no_other():
    tree, other = Tree(leaves(20)), Tree([leaf_hash(b"changed"), *leaves(20)[1:]])
    for size in range(20 + 1):
        for old in range(size + 1):
            proof = tree.consistency(old, size)
            verify_consistency(old, tree.root(old), size, tree.root(size), proof)
            if old:
                with pytest.raises(LogError):
                    verify_consistency(old, other.root(old), size, tree.root(size), proof)
            if old not in (0, size):
                with pytest.raises(LogError):
                    verify_consistency(
                        old, tree.root(old), size, other.root(size), other.consistency(old, size)
                    )
                for wrong in (old - 1, old + 1):
                    with pytest.raises(LogError):
                        verify_consistency(wrong, tree.root(old), size, tree.root(size), proof)


@given(st.data())
def test_an_altered_consistency_proof_proves_nothing(data):
    size = data.draw(st.integers(2, 100))
    old = data.draw(st.integers(1, size - 1))
    tree = Tree(leaves(size))
    first, root, proof = tree.root(old), tree.root(), tree.consistency(old)
    place = data.draw(st.integers(0, len(proof) - 1))
    wrong = [
        (old, first, size, root, proof[:-1]),
        (old, first, size, root, (*proof, bytes(32))),
        (old, first, size, root, (bytes(32), *proof)),
        (old, first, size, root, proof * 65),
        (old, bytes(32), size, root, proof),
        (old, first, size, bytes(32), proof),
        (old, root, size, first, proof),
        (size, first, old, root, proof),
        (old, first, size * 2 + 1, root, proof),
        (-1, first, size, root, proof),
        (0, first, size, root, proof),
        (0, EMPTY_ROOT, size, root, proof),
        (old, first, size, root, ()),
    ]
    for other in (bytes(32), b"", proof[place][:-1]):
        wrong.append((old, first, size, root, (*proof[:place], other, *proof[place + 1 :])))
    for case in wrong:
        with pytest.raises(LogError):
            verify_consistency(*case)


def test_there_is_no_entry_outside_the_log():
    tree = Tree(leaves(3))
    for call in (
        lambda: tree.inclusion(3),
        lambda: tree.inclusion(-1),
        lambda: tree.root(4),
        lambda: tree.consistency(4),
        lambda: tree.consistency(-1),
    ):
        with pytest.raises(LogError):
            call()
    with pytest.raises(ValueError, match="32 bytes"):
        tree.append(b"short")


def test_entries_of_bundles_are_told_from_others():
    assert bundle_entry(bytes(32)) != bytes(32)
    assert bundle_entry(bytes(32)).startswith(b"exam-kiosk/log/bundle/v1\0")


@given(st.sampled_from([BUNDLE, HEADS, "deletion"]), st.lists(st.binary(max_size=99), max_size=4))
def test_an_entry_reads_back_as_it_was_made(kind, fields):
    made = log_entry(kind, *fields)
    found = read_entry(made)
    assert (found.kind, found.fields) == (kind, tuple(fields))
    for wrong in (made[:-1], made + b"x", b"x" + made, made[1:]):
        try:
            assert log_entry(read_entry(wrong).kind, *read_entry(wrong).fields) == wrong
        except LogError:
            continue


@pytest.mark.parametrize("data", [b"", b"exam-kiosk/log/v1\0", b"exam-kiosk/log/Bad/v1\0", b"\xff"])
def test_what_is_no_entry_is_refused(data):
    with pytest.raises(LogError):
        read_entry(data)
    with pytest.raises(LogError, match="65535"):
        log_entry(BUNDLE, bytes(65_535))


# --- Checkpoints -------------------------------------------------------------------

KEY = SigningKey(bytes(range(32)))
BODY = checkpoint_body("body.example/log", 8, bytes.fromhex(ROOTS[8]))


def test_a_checkpoint_is_read_as_it_was_signed():
    text = sign_checkpoint(BODY, KEY)
    assert text.splitlines()[:2] == ["body.example/log", "8"]
    found = read_checkpoint(text, KEY.public)
    assert found == Checkpoint("body.example/log", 8, bytes.fromhex(ROOTS[8]))


def test_the_note_s_key_name_is_that_of_the_published_format():
    """The key and note in the documentation of Go's golang.org/x/mod/sumdb/note."""
    from exam_packages.sealing.log import _note_key_id

    blob = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    key = VerifyKey(blob[1:])
    assert _note_key_id("PeterNeumann", key).hex() == "c74f20a3"
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    signature = base64.b64decode(
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    )
    assert signature[:4].hex() == "c74f20a3"
    assert key.verifies(ED25519, signature[4:], text.encode())


def test_witnesses_may_sign_beside_the_log():
    text = sign_checkpoint(BODY, KEY)
    blob = base64.b64encode(bytes(76)).decode()
    assert read_checkpoint(text + f"— witness.example {blob}\n", KEY.public).size == 8


def test_every_change_of_a_checkpoint_is_refused():
    text = sign_checkpoint(BODY, KEY)
    for place in range(len(text)):
        for other in ("", "A", "\n", "é"):
            if text[place] != other:
                with pytest.raises(LogError):
                    read_checkpoint(text[:place] + other + text[place + 1 :], KEY.public)
    for wrong in ("", BODY, text + "x", text[:-1], text.replace("\n", "\r\n"), text * 200):
        with pytest.raises(LogError):
            read_checkpoint(wrong, KEY.public)
    with pytest.raises(LogError):
        read_checkpoint(text, SigningKey(bytes(32)).public)


@given(st.text(max_size=300))
def test_any_text_is_no_checkpoint(text):
    with pytest.raises(LogError):
        read_checkpoint(text, KEY.public)


@pytest.mark.parametrize("origin", ["", "two words", "plus+sign", "line\nbreak", "x" * 201])
def test_a_log_s_name_is_one_word(origin):
    with pytest.raises(LogError):
        checkpoint_body(origin, 1, bytes(32))


def test_only_a_checkpoint_is_signed():
    for wrong in ("hello\n", BODY + "more\n", BODY[:-1], BODY.replace("8", "08")):
        with pytest.raises(LogError):
            sign_checkpoint(wrong, KEY)
    with pytest.raises(LogError):
        checkpoint_body("log", -1, bytes(32))
