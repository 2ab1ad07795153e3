"""A redacted case file: only what was chosen, and everything that was left out on a list."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from pathlib import Path

import pytest
from centre import CLOCK
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from reviewed import SECRET_ANSWER, SECRET_NAME, Reviewed, drawn

from exam_packages.sealing.journal_keys import blob_digest
from exam_packages.sealing.review import Review
from scoring.review.attempt import Attempt
from scoring.review.casefile import (
    COVERED,
    LEFT_OUT,
    WHOLE,
    CaseFile,
    Choice,
    Treatment,
    compose,
)
from scoring.review.images import (
    ImageError,
    Region,
    covered,
    media_type,
    read_regions,
    thumbnail,
    written_regions,
)
from scoring.review.judging import Said

NOW_S = 1_800_000_000
FACE = Region(390, 190, 220, 420)


@pytest.fixture(scope="module")
def attempt(reviewed: Reviewed) -> Attempt:
    return reviewed.open()


def choice(*events: int, treatments: dict[int, Treatment] | None = None, **more: bool) -> Choice:
    return Choice(
        "File 17",
        frozenset(events),
        frozenset({1}),
        treatments or {},
        **more,  # type: ignore[arg-type]
    )


def made(reviewed: Reviewed, attempt: Attempt, chosen: Choice) -> CaseFile:
    review = attempt.review().read(reviewed.body.trust())
    return compose(attempt, review, attempt.keeping(reviewed.body), chosen, NOW_S)


def places(attempt: Attempt, kind: str) -> list[int]:
    return [place for place, each in enumerate(attempt.happenings) if each.kind == kind]


def test_only_what_was_chosen_is_in_it(reviewed: Reviewed, attempt: Attempt) -> None:
    case = made(reviewed, attempt, choice(*places(attempt, "incident")))
    assert [each["words"] for each in case.values["events"]] == [
        "The hall does not answer; the exam goes on.",
        "The hall answers again.",
    ]
    assert not case.pictures
    left = {each["what"]: each for each in case.values["left_out"]}
    assert left["Events: Acts of invigilators"]["count"] == 4
    assert left["Pictures themselves"]["count"] == 2
    assert "Events: Incidents" not in left
    for text in (case.page(), case.json()):
        assert "asked to leave the room" not in text
        assert "Went to" not in text


def test_nobody_is_named_unless_asked_for(reviewed: Reviewed, attempt: Attempt) -> None:
    acts = places(attempt, "command")
    treatments = {place: Treatment(WHOLE) for place in (1, 2)}
    case = made(reviewed, attempt, choice(*acts, treatments=treatments))
    ids = (
        attempt.record.blind_id.hex(),
        attempt.subject.bundle_hash.hex(),
        attempt.subject.facts["code"],
        attempt.record.package_hash.hex(),
    )
    for text in (case.page(), case.json()):
        assert not [each for each in (*ids, "Ana", "exam.bundle") if each in text]
        assert "Invigilator 1, Break: asked to leave the room" in text
        assert SECRET_ANSWER not in text
        assert SECRET_NAME not in text
    named = made(reviewed, attempt, choice(*acts, with_id=True, with_names=True))
    for each in (*ids, "Ana"):
        assert each in named.json()


def test_every_picture_keeps_its_digest(reviewed: Reviewed, attempt: Attempt) -> None:
    treatments = {1: Treatment(COVERED, "candidate", (FACE,))}
    case = made(reviewed, attempt, choice(treatments=treatments))
    first, second = case.values["pictures"]
    sealed = {each.digest.hex() for each in attempt.shots}
    assert {first["digest"], second["digest"]} == sealed
    bundle = reviewed.bundle.read_bytes()
    size = attempt.shots[1].size
    assert blob_digest(bundle[-size:]).hex() == second["digest"]  # as a third party would
    assert (first["shown"], first["why"], first["covered"]) == (COVERED, "candidate", 1)
    assert (second["shown"], second["file"]) == (LEFT_OUT, "")
    data = case.pictures[first["file"]]
    assert hashlib.sha256(data).hexdigest() == first["file_sha256"]


def test_what_is_covered_is_gone(reviewed: Reviewed, attempt: Attempt) -> None:
    case = made(reviewed, attempt, choice(treatments={1: Treatment(COVERED, "others", (FACE,))}))
    (data,) = case.pictures.values()
    assert b"SERIAL-OF-THE-CAMERA" in drawn(1)
    assert b"SERIAL-OF-THE-CAMERA" not in data
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
        face = image.crop((width * 2 // 5, height // 5, width * 3 // 5, height * 3 // 5))
        assert all(high - low < 12 for low, high in face.getextrema())
        assert image.getpixel((width // 2, height * 3 // 4)) != face.getpixel((5, 5))


def test_a_whole_picture_is_the_same_but_for_its_file(reviewed: Reviewed, attempt: Attempt) -> None:
    case = made(reviewed, attempt, choice(treatments={2: Treatment(WHOLE)}))
    (data,) = case.pictures.values()
    assert b"SERIAL" not in data
    with Image.open(io.BytesIO(data)) as mine, Image.open(io.BytesIO(drawn(2))) as theirs:
        for at in ((10, 200), (320, 200), (320, 400)):
            here, there = mine.getpixel(at), theirs.getpixel(at)
            assert all(abs(a - b) < 12 for a, b in zip(here, there, strict=True))


def test_judgements_are_chosen_one_by_one(desk: Reviewed) -> None:
    attempt, (rosa, sven) = desk.open(), desk.seated()
    file, trust = attempt.review(), desk.body.trust()
    for by in (rosa, sven):
        said = Said(71, "founded", "record.shows", f"Seen by {by.name[::-1]}.")
        file.append(said, by, trust, CLOCK)
    case = made(desk, attempt, choice())
    (judgement,) = case.values["judgements"]
    assert (judgement["ruling"], judgement["reviewer"]) == ("founded", "Reviewer 1")
    assert "neVS"[::-1] not in case.page()
    left = {each["what"]: each["count"] for each in case.values["left_out"]}
    assert left["Judgements"] == 1


def test_a_destroyed_picture_is_on_the_list(desk: Reviewed) -> None:
    attempt = desk.open()
    desk.destroy()
    case = made(desk, attempt, choice(treatments={1: Treatment(WHOLE)}))
    assert not case.pictures
    first, second = case.values["pictures"]
    assert first["why"] == "destroyed"
    assert "entry 1 of the register" in first["why_words"]
    assert second["why"] == "matter"


def test_it_is_written_for_its_owner_alone(
    reviewed: Reviewed, attempt: Attempt, tmp_path: Path
) -> None:
    case = made(reviewed, attempt, choice(treatments={1: Treatment(WHOLE)}))
    one, two = case.write(tmp_path / "out"), case.write(tmp_path / "out")
    assert (one.name, two.name) == ("case-001", "case-002")
    names = sorted(path.name for path in one.iterdir())
    assert names == ["case.html", "case.json", "picture-0001.jpg"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (one, *one.iterdir()))
    values = json.loads((one / "case.json").read_text())
    assert values["format"] == "exam-kiosk/case-file/v1"
    assert values["proven"]
    page = (one / "case.html").read_text()
    assert "<script" not in page
    assert 'src="picture-0001.jpg"' in page


def test_on_paper_stands_the_same(desk: Reviewed, tmp_path: Path) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    if shutil.which("fc-match") is None:
        pytest.skip("no fonts are found on this machine")
    attempt, (rosa, _) = desk.open(), desk.seated()
    said = Said(71, "founded", "record.shows", "Seen by both.\nAnd twice.")
    attempt.review().append(said, rosa, desk.body.trust(), CLOCK)
    chosen = choice(*places(attempt, "incident"), treatments={1: Treatment(WHOLE)}, on_paper=True)
    path = made(desk, attempt, chosen).write(tmp_path / "out") / "case.pdf"
    document = pdfium.PdfDocument(path)
    words = "".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    plain = " ".join(words.split())
    for each in ("File 17", "The hall does not answer", "Founded", "Seen by both.", "Reviewer 1"):
        assert each in plain
    assert attempt.shots[0].digest.hex()[:32] in plain
    assert attempt.record.blind_id.hex() not in plain


def test_a_record_that_does_not_verify_says_so(desk: Reviewed) -> None:
    data = bytearray(desk.bundle.read_bytes())
    data[-1] ^= 1
    desk.bundle.write_bytes(data)
    attempt = desk.open()
    case = compose(attempt, Review(), attempt.keeping(desk.body), choice(), NOW_S)
    assert not case.values["proven"]
    assert "does not verify" in case.page()


# --- Pictures ----------------------------------------------------------------------


def test_a_small_picture_is_small() -> None:
    with Image.open(io.BytesIO(thumbnail(drawn(1, (1920, 1080))))) as image:
        assert image.size == (320, 180)
    assert media_type(drawn(1)) == "image/jpeg"


@given(st.binary(max_size=200))
def test_noise_is_no_picture(noise: bytes) -> None:
    for look in (media_type, thumbnail, lambda data: covered(data, ())):
        with pytest.raises(ImageError):
            look(noise)


def test_half_a_picture_is_none() -> None:
    data = drawn(1)
    for end in (30, len(data) // 2):
        with pytest.raises(ImageError):
            covered(data[:end], ())


def test_a_picture_too_large_is_not_decoded() -> None:
    out = io.BytesIO()
    Image.new("1", (8000, 8000)).save(out, "PNG")
    with pytest.raises(ImageError, match="more than"):
        thumbnail(out.getvalue())


_THOUSANDTHS = st.integers(0, 999)


@given(st.lists(st.builds(Region, _THOUSANDTHS, _THOUSANDTHS, st.just(1), st.just(1)), max_size=50))
def test_regions_are_read_as_they_are_written(regions: list[Region]) -> None:
    assert read_regions(written_regions(tuple(regions))) == tuple(regions)


def test_a_region_ends_with_the_picture() -> None:
    assert read_regions("900 0 500 1000; 1 2 3 4") == (
        Region(900, 0, 100, 1000),
        Region(1, 2, 3, 4),
    )
    for wrong in ("1 2 3", "a b c d", "0 0 0 5", "1000 0 1 1", "-1 0 5 5", "0 0 1 1\n" * 51):
        with pytest.raises(ImageError):
            read_regions(wrong)
