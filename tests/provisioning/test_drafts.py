"""The next root of trust is signed at desks that share nothing but a draft."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from exam_packages.body import Body, BodyError
from exam_packages.clock import SystemClock
from exam_packages.sealing.keys import protect_again, read_signing_key
from exam_packages.sealing.protection import Passphrase
from exam_packages.sealing.signed import SignedError, sign
from exam_packages.sealing.suite import SigningKey
from exam_packages.sealing.trust import ROOT, Trust, TrustError
from exam_packages.sealing.trust_root import ROOT_KIND, sign_root
from provisioning import cli, drafts, succession
from provisioning.authority import enrol, found_body
from provisioning.homes import new_station

CLOCK = SystemClock()


@dataclass(frozen=True)
class Desk:
    """What one root holder has: their key, the root of today, and what was sent to them."""

    directory: Path

    @property
    def key(self) -> Path:
        return self.directory / "root.key"

    def sign(self, draft: Path) -> Path:
        out = self.directory / "signed.draft"
        said = run(
            cli.body, "trust", "sign", draft, "--trust", self.directory / "root.trust",
            "--key", self.key, "--passphrase-file", self.directory / "phrase", "--out", out,
            "--yes",
        )  # fmt: skip
        assert "Version 2 of the root of trust of “Board”" in said
        return out


def run(group: object, *arguments: object, answer: str | None = None) -> str:
    result = CliRunner().invoke(group, [str(each) for each in arguments], input=answer)  # type: ignore[arg-type]  # click's groups
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def phrase(directory: Path, words: str) -> Path:
    path = directory / "phrase"
    path.write_text(f"{words}\n")
    path.chmod(0o600)
    return path


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("body")
    found_body(directory, "Board", CLOCK)
    return directory


@pytest.fixture
def body(founded: Path, tmp_path: Path) -> Body:
    return Body(shutil.copytree(founded, tmp_path / "body"))


def holder(body: Body, name: str, tmp_path: Path) -> Desk:
    """The desk of a root holder, to whom their key was handed out."""
    desk = tmp_path / name
    desk.mkdir()
    shutil.copy(body.root_path, desk / "root.trust")
    shutil.move(body.keys / f"{name}.key", desk / "root.key")
    phrase(desk, f"the passphrase of {name}")
    protect_again(desk / "root.key", None, Passphrase(f"the passphrase of {name}"))
    return Desk(desk)


def test_two_root_holders_sign_at_two_desks(body: Body, tmp_path: Path) -> None:
    first, second = (holder(body, name, tmp_path) for name in ("root-1", "root-2"))
    (body.keys / "root-3.key").unlink()
    draft = tmp_path / "2.draft"
    with pytest.raises(BodyError, match="--draft"):
        succession.rotate(body, CLOCK)
    said = run(cli.body, "trust", "rotate", body.directory, "--draft", draft)
    assert "signed by 0 of the 2" in said
    once = first.sign(draft)
    with pytest.raises(TrustError, match="1 of the 2"):
        succession.install(body, once.read_bytes())
    with pytest.raises(TrustError, match="1 of the 2"):  # signing twice is signing once
        succession.install(body, first.sign(once).read_bytes())
    assert body.trust().root.version == 1
    whole = second.sign(once)
    said = run(cli.body, "trust", "install", body.directory, whole)
    assert body.trust().digest.hex() in said
    assert body.trust().root.version == 2
    assert body.root_version_path(2).read_bytes() == whole.read_bytes()


def test_a_new_root_holder_makes_the_key_at_their_own_desk(body: Body, tmp_path: Path) -> None:
    first, second = (holder(body, name, tmp_path) for name in ("root-1", "root-2"))
    (body.keys / "root-3.key").unlink()  # lost
    desk = tmp_path / "newcomer"
    desk.mkdir()
    words = phrase(desk, "the passphrase of a newcomer")
    shutil.copy(body.root_path, desk / "root.trust")
    record, draft = desk / "me.holder", tmp_path / "2.draft"
    said = run(
        cli.body, "trust", "holder", desk / "root.key", "--out", record,
        "--passphrase-file", words,
    )  # fmt: skip
    key_id = read_signing_key(
        desk / "root.key", lambda _: [Passphrase("the passphrase of a newcomer")]
    ).key_id
    assert key_id.hex() in said
    run(
        cli.body, "trust", "rotate", body.directory, "--newcomer", "root-3", record,
        "--draft", draft,
    )  # fmt: skip
    assert not list(body.keys.glob("root-3*"))
    whole = second.sign(first.sign(Desk(desk).sign(draft)))
    trust = succession.install(body, whole.read_bytes())
    names = {each.key_id: each.name for each in trust.root.identities}
    assert names[key_id] == "root-3-v2"
    # From now on the newcomer is one of the two: with a key on their own medium.
    later = tmp_path / "3.draft"
    media = ("--key", desk / "root-3-v2.key", "--passphrase-file", words)
    shutil.copy(desk / "root.key", desk / "root-3-v2.key")
    said = run(cli.body, "trust", "rotate", body.directory, "--draft", later, *media)
    assert "signed by 1 of the 2" in said


def test_a_root_is_made_with_keys_on_separate_media(body: Body, tmp_path: Path) -> None:
    media = []
    (body.keys / "root-3.key").unlink()
    for number in (1, 2):
        medium = tmp_path / f"medium-{number}"
        medium.mkdir()
        media += ["--key", shutil.move(body.keys / f"root-{number}.key", medium)]
    words = phrase(tmp_path, "seven quiet otters count")
    request = new_station(tmp_path / "s1", "s1", "C1", "https://127.0.0.1:1")
    enrol(body, request, CLOCK)
    (record,) = body.enrolments.glob("*.enrolment")
    with pytest.raises(BodyError, match="the keys of 1 are here"):
        run(cli.body, "trust", "revoke", body.directory, record, *media[:2])
    run(cli.body, "trust", "revoke", body.directory, record, *media, "--passphrase-file", words)
    assert len(body.trust().root.revoked) == 1
    assert all(Path(path).exists() for path in media[1::2])  # media are not ours to delete


def test_what_would_change_is_read_before_it_is_signed(body: Body, tmp_path: Path) -> None:
    desk = holder(body, "root-1", tmp_path)
    request = new_station(tmp_path / "s1", "s1", "C1", "https://127.0.0.1:1")
    enrol(body, request, CLOCK)
    (record,) = body.enrolments.glob("*.enrolment")
    made, machines = succession.revoked(body, CLOCK, [record.read_bytes()])
    words = drafts.look(body.trust(), succession.draft(body, made)).changes
    assert f"The machine {machines[0].key_id.hex()} is revoked." in words
    made, _ = succession.rotated(body, CLOCK, replace=["packager"], remove=["release-2"])
    draft = tmp_path / "2.draft"
    draft.write_bytes(succession.draft(body, made))
    changes = drafts.look(body.trust(), draft.read_bytes()).changes
    for words_of in ("“packager” ", "“packager-v2” ", "“release-2” "):
        assert any(words_of in change for change in changes), changes
    asked = CliRunner().invoke(
        cli.body,
        [
            *("trust", "sign", str(draft), "--trust", str(desk.directory / "root.trust")),
            *("--key", str(desk.key), "--out", str(tmp_path / "out")),
            *("--passphrase-file", str(desk.directory / "phrase")),
        ],
        input="n\n",
    )
    assert asked.exit_code == 1
    assert "“release-2”" in asked.output
    assert not (tmp_path / "out").exists()
    lower = [msgspec.structs.replace(each, threshold=1) for each in made.roles]
    openings = tuple(reversed(made.openings))
    sly = msgspec.structs.replace(made, roles=tuple(lower), openings=openings)
    changes = drafts.look(body.trust(), succession.draft(body, sly)).changes
    assert "The threshold of the role “root” becomes 1; it was 2." in changes
    assert "The keys that open results change." in changes


def test_what_is_no_draft_of_the_next_root_is_not_signed(body: Body) -> None:
    before = body.trust()
    keys = body.signing_keys(ROOT)
    made, _ = succession.rotated(body, CLOCK)
    good = succession.draft(body, made)
    for wrong in (
        body.root_bytes(),
        sign_root(msgspec.structs.replace(made, version=3), keys),
        sign_root(msgspec.structs.replace(made, body="Another"), keys),
    ):
        with pytest.raises(BodyError, match="next one here"):
            drafts.sign_draft(before, wrong, keys)
    with pytest.raises(TrustError):
        drafts.sign_draft(before, sign(ROOT_KIND, b"\xc0", keys), keys)
    with pytest.raises(SignedError):
        drafts.sign_draft(before, good[:-1], keys)
    with pytest.raises(BodyError, match="belongs to no root holder"):
        drafts.sign_draft(before, good, [SigningKey.generate(pair=True)])
    assert drafts.look(before, good).enough
    assert succession.install(body, good).root.version == 2
    assert Trust.first(body.root_bytes(), pinned=None).root.version == 2


def test_a_newcomer_proves_that_they_hold_the_key(body: Body, tmp_path: Path) -> None:
    key, other = SigningKey.generate(pair=True), SigningKey.generate(pair=True)
    record = drafts.holder_record(key)
    assert drafts.read_holder(record) == key.public
    stolen = sign(
        "exam-kiosk/holder/v1",
        drafts.canon.pack(drafts.Holder(key.public.ed25519, key.public.mldsa65)),
        [other],
    )
    for wrong in (stolen, record[:-1], b"", body.root_bytes()):
        with pytest.raises(SignedError):
            drafts.read_holder(wrong)
    with pytest.raises(BodyError, match="no pair"):
        drafts.read_holder(drafts.holder_record(SigningKey.generate(pair=False)))
    with pytest.raises(BodyError, match="use --replace"):
        succession.rotated(body, CLOCK, newcomers={"enrolment": key.public})
    with pytest.raises(BodyError, match="named twice"):
        succession.rotated(body, CLOCK, replace=["root-1"], newcomers={"root-1": key.public})
    assert not list(body.keys.glob("*-v2*"))
