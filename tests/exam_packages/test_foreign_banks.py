"""Banks of other systems from end to end: told, drawn, looked at, sealed, scored.

Whoever gives the right answers gets full marks, with the paper and the key that lie at the
body after drawing.
"""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from exam_packages.body import Body
from exam_packages.cli import package
from exam_packages.clock import SECOND, SystemClock
from exam_packages.content import text
from exam_packages.content.items import Interaction, Item, Match
from exam_packages.content.values import Response
from exam_packages.sealing.package import read_paper_key
from provisioning.authority import found_body
from scoring.blind import OpenedAttempt
from scoring.forms import form_of, load_form
from scoring.score import Standing, score_attempt

EXAM_KIOSK = Path(sys.executable).with_name("exam-kiosk")
Answers = dict[str, tuple[tuple[str, ...], ...]]
"""By item, for each of its interactions, what a person chooses or types."""

GIFT = """$CATEGORY: food/cold

::choice::How warm may it be? {=5 °C ~9 °C ~12 °C}

::several::[markdown]Which are *eggs*? {~%33.33333%quail ~%33.33333%hen ~%33.33333%duck ~%-100%milk}

::typed::Capital of Italy? {=Rome =%50%Roma}

::number::How long? {#405:5}

::pairs::Pair. {=soup -> hot =milk -> cold}

::truth::Ice is cold. {T}

::menu::The river {=Tiber ~Po} is long.

::essay::Why? {}
"""
MOODLE = """<quiz>
<question type="category"><category><text>$course$/cold</text></category></question>
<question type="multichoice"><name><text>several</text></name><questiontext format="html"><text>
 <![CDATA[<p>Which are <b>eggs</b>?</p>]]></text></questiontext><single>false</single>
 <answer fraction="50"><text>quail</text></answer><answer fraction="50"><text>hen</text></answer>
 <answer fraction="-50"><text>milk</text></answer><defaultgrade>2.5</defaultgrade></question>
<question type="truefalse"><name><text>truth</text></name><questiontext><text>Ice is cold.</text>
 </questiontext><answer fraction="100"><text>true</text></answer><answer fraction="0">
 <text>false</text></answer></question>
<question type="shortanswer"><name><text>typed</text></name><questiontext><text>Capital?</text>
 </questiontext><answer fraction="100"><text>Rome</text></answer></question>
<question type="numerical"><name><text>number</text></name><questiontext><text>How long?</text>
 </questiontext><answer fraction="100"><text>405</text><tolerance>5</tolerance></answer></question>
<question type="matching"><name><text>pairs</text></name><questiontext><text>Pair.</text>
 </questiontext><subquestion><text>soup</text><answer><text>hot</text></answer></subquestion>
 <subquestion><text>milk</text><answer><text>cold</text></answer></subquestion></question>
<question type="cloze"><name><text>cloze</text></name><questiontext><text>The {1:MC:=Tiber~Po} is
 {2:NM:=405:1} km, in {1:SA:=Italy}.</text></questiontext></question>
<question type="gapselect"><name><text>gaps</text></name><questiontext><text>The [[1]] is [[2]].
 </text></questiontext><selectoption><text>sky</text><group>1</group></selectoption>
 <selectoption><text>blue</text><group>1</group></selectoption></question>
<question type="ordering"><name><text>order</text></name><questiontext><text>Order.</text>
 </questiontext><answer fraction="1"><text>wash</text></answer><answer fraction="2">
 <text>cut</text></answer><answer fraction="3"><text>cook</text></answer></question>
<question type="essay"><name><text>essay</text></name><questiontext><text>Why?</text>
 </questiontext></question></quiz>"""
AIKEN = """How warm?
A. 9 degrees
B. 5 degrees
ANSWER: B

Which is an egg?
A) quail
B) milk
ANSWER: A
"""


def _canvas(kind: str, name: str, asked: str, rules: str) -> str:
    field = (
        "<qtimetadatafield><fieldlabel>{}</fieldlabel><fieldentry>{}</fieldentry>"
        "</qtimetadatafield>"
    )
    facts = field.format("question_type", kind) + field.format("points_possible", "2.0")
    return (
        f'<item ident="{name}" title="{name}"><itemmetadata><qtimetadata>{facts}</qtimetadata>'
        '</itemmetadata><presentation><material><mattext texttype="text/html">&lt;p&gt;Asked?'
        f"&lt;/p&gt;</mattext></material>{asked}</presentation><resprocessing><outcomes><decvar"
        f' maxvalue="100" minvalue="0" varname="SCORE"/></outcomes>{rules}</resprocessing></item>'
    )


def _labels(name: str, *words: str, before: str = "") -> str:
    stem = f"<material><mattext>{before}</mattext></material>" if before else ""
    labels = "".join(
        f'<response_label ident="{word}1"><material><mattext>{word}</mattext></material>'
        "</response_label>"
        for word in words
    )
    return (
        f'<response_lid ident="{name}">{stem}<render_choice>{labels}</render_choice></response_lid>'
    )


def _if(condition: str, worth: int = 100, action: str = "Set") -> str:
    return (
        f"<respcondition><conditionvar>{condition}</conditionvar><setvar action='{action}'"
        f" varname='SCORE'>{worth}</setvar></respcondition>"
    )


CANVAS = (
    '<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2"><assessment ident="a"'
    ' title="Quiz"><section ident="root">'
    + _canvas(
        "multiple_choice_question",
        "choice",
        _labels("response1", "warm", "cold"),
        _if("<varequal respident='response1'>cold1</varequal>"),
    )
    + _canvas(
        "multiple_answers_question",
        "several",
        _labels("response1", "quail", "hen", "milk"),
        _if(
            "<and><varequal respident='response1'>quail1</varequal><varequal"
            " respident='response1'>hen1</varequal><not><varequal respident='response1'>milk1"
            "</varequal></not></and>"
        ),
    )
    + _canvas(
        "short_answer_question",
        "typed",
        "<response_str ident='response1'><render_fib/></response_str>",
        _if("<varequal respident='response1'>Rome</varequal>"),
    )
    + _canvas(
        "matching_question",
        "pairs",
        _labels("response_1", "hot", "cold", before="soup")
        + _labels("response_2", "hot", "cold", before="milk"),
        _if("<varequal respident='response_1'>hot1</varequal>", 50, "Add")
        + _if("<varequal respident='response_2'>cold1</varequal>", 50, "Add"),
    )
    + "</section></assessment></questestinterop>"
)
MARKDOWN = """---
id: several
points: 3
---
Which are **eggs**?

- [x] quail
- [x] hen
- [ ] milk

---
id: gaps
points: 3
---
{== Rome | [0.5] Roma} is on the {[x] Tiber | [ ] Po}, {# 405 ± 5} km long.

---
id: order
---
1. [ ] wash
2. [ ] cut
3. [ ] cook

---
id: pairs
points: 2
---
|      | cold | hot |
|------|------|-----|
| soup | [ ]  | [x] |
| milk | [x]  | [ ] |

---
id: essay
---
Why?

{essay 8}
"""
CSV = """id,question,correct,points,a,b,c
choice,How warm?,B,,9 °C,5 °C,12 °C
several,Which are eggs?,A;C,2.5,quail,milk,hen
typed,Capital of Italy?,Rome | Roma,,,,
number,How long?,# 405 ± 5,,,,
essay,Why?,essay,,,,
"""


def _workbook() -> bytes:
    rows = [line.split(",") for line in CSV.splitlines()]
    cells = "".join(
        f'<row r="{y}">'
        + "".join(
            f'<c r="{chr(65 + x)}{y}" t="inlineStr"><is><t>{word}</t></is></c>'
            for x, word in enumerate(row)
        )
        + "</row>"
        for y, row in enumerate(rows, 1)
    )
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {space} xmlns:r="{office}"><sheets><sheet name="s" sheetId="1" r:id="r1"/>'
            "</sheets></workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
            "</Relationships>",
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f"<worksheet {space}><sheetData>{cells}</sheetData></worksheet>",
        )
    return made.getvalue()


_GIFT_ANSWERS: Answers = {
    "choice": (("5 °C",),),
    "several": (("quail", "hen", "duck"),),
    "typed": (("rome",),),
    "number": (("409.5",),),
    "pairs": (("soup > hot", "milk > cold"),),
    "truth": (("True",),),
    "menu": (("Tiber",),),
}
_TABLE_ANSWERS: Answers = {
    "choice": (("5 °C",),),
    "several": (("quail", "hen"),),
    "typed": (("Roma",),),
    "number": (("400",),),
}
BANKS: dict[str, tuple[bytes, str, Answers, str]] = {
    "bank.gift": (GIFT.encode(), "cold", _GIFT_ANSWERS, "8"),
    "bank.xml": (
        MOODLE.encode(),
        "cold",
        {
            "several": (("quail", "hen"),),
            "truth": (("True",),),
            "typed": (("ROME",),),
            "number": (("405",),),
            "pairs": (("soup > hot", "milk > cold"),),
            "cloze": (("Tiber",), ("404",), ("Italy",)),
            "gaps": (("sky",), ("blue",)),
            "order": (("wash", "cut", "cook"),),
        },
        "13.5",
    ),
    "bank.txt": (AIKEN.encode(), "", {"line-1": (("5 degrees",),), "line-6": (("quail",),)}, "2"),
    "canvas.xml": (
        CANVAS.encode(),
        "",
        {
            "choice": (("cold",),),
            "several": (("quail", "hen"),),
            "typed": (("Rome",),),
            "pairs": (("soup > hot", "milk > cold"),),
        },
        "8",
    ),
    "bank.md": (
        MARKDOWN.encode(),
        "",
        {
            "several": (("quail", "hen"),),
            "gaps": (("Rome",), ("Tiber",), ("410",)),
            "order": (("wash", "cut", "cook"),),
            "pairs": (("milk > cold", "soup > hot"),),
        },
        "10",
    ),
    "bank.csv": (CSV.encode(), "", _TABLE_ANSWERS, "6.5"),
    "bank.xlsx": (_workbook(), "", _TABLE_ANSWERS, "6.5"),
}


def blueprint(competence: str, count: int) -> str:
    return (
        f'test = "short"\ncut_score = 1\n[counts."{competence}"]\n"" = {count}\n'
        '[layout]\ntitle = "Short"\nlanguage = "en"\nminutes = 10\n'
    )


def run(*arguments: object) -> str:
    done = CliRunner().invoke(package, [str(each) for each in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def members(interaction: Interaction, words: tuple[str, ...]) -> tuple[str, ...]:
    """What the screen makes of the choices that a person sees as *words*."""
    ends = (
        (interaction.sources, interaction.targets)
        if isinstance(interaction, Match)
        else (getattr(interaction, "choices", ()),)
    )
    names = {text.plain_inlines(each.body): each.identifier for end in ends for each in end}
    if not names:
        return words
    return tuple(" ".join(names[part] for part in word.split(" > ")) for word in words)


def given(item: Item, words: tuple[tuple[str, ...], ...]) -> tuple[Response, ...]:
    return tuple(
        Response(each.response, members(each, word))
        for each, word in zip(item.interactions, words, strict=True)
    )


@pytest.mark.parametrize("name", sorted(BANKS))
def test_right_answers_to_a_foreign_bank_get_full_marks(name: str, tmp_path: Path) -> None:
    data, competence, answers, most = BANKS[name]
    bank, plan = tmp_path / name, tmp_path / "plan.toml"
    bank.write_bytes(data)
    found_body(tmp_path / "body", "Board", SystemClock())
    body = Body(tmp_path / "body")

    said = run("import", bank, "--report", tmp_path / "report.html")
    assert "refused" not in said
    count = data.count(b"essay") and 1
    plan.write_text(blueprint(competence, len(answers) + count))
    drawn = run("draw", bank, "--body", body.directory, "--blueprint", plan)
    (form,) = (word for word in drawn.split() if word.startswith("short-"))
    start = SystemClock().wall_ns() // SECOND
    window = [datetime.fromtimestamp(start + each, UTC).isoformat() for each in (60, 3600)]
    run(
        *("seal", form, "--body", body.directory, "--out", tmp_path / "exam.package"),
        *("--from", window[0], "--to", window[1]),
    )

    sealed = read_paper_key(body.form_directory(form) / "paper.key").package_hash
    scoring = load_form(body, form_of(body, sealed))
    right = {item: given(scoring.items[item], words) for item, words in answers.items()}
    full = score_attempt(scoring, OpenedAttempt("a", bytes(32), right, 1, ()))
    assert full.total is not None
    assert full.total.pending == ()
    assert full.total.max_score == Fraction(most)
    assert full.total.score == Fraction(most) - count
    assert full.standing is Standing.REACHES


def test_a_foreign_bank_can_be_looked_at(tmp_path: Path) -> None:
    bank, plan = tmp_path / "bank.gift", tmp_path / "plan.toml"
    bank.write_text(GIFT, encoding="utf-8")
    plan.write_text(blueprint("cold", 8))
    done = subprocess.run(
        [EXAM_KIOSK, "package", "preview", bank, "--blueprint", plan, "--seed", "s", "--text"],
        capture_output=True,
        text=True,
        check=True,
    )
    shown = done.stdout
    assert "Which are eggs?" in shown
    assert "12 °C" in shown
