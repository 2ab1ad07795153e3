"""A small bank of each foreign format, and its reader: where attacks on them begin."""

from __future__ import annotations

from collections.abc import Callable

from exam_packages.errors import ExamError
from exam_packages.formats.aiken import read_aiken
from exam_packages.formats.canvas.reader import read_canvas
from exam_packages.formats.gift.reader import read_gift
from exam_packages.formats.markdown.reader import read_markdown
from exam_packages.formats.moodle.reader import read_moodle
from exam_packages.formats.report import Bank
from exam_packages.formats.table.reader import read_table

SEEDS: dict[str, bytes] = {
    "gift": (
        b"$CATEGORY: a/b\n\n// [id:x] [tag:y]\n::t::[html]<p>q</p> {=%50%a#f ~%-33.333%b =c"
        b"####g}\n\n"
        b"t \\(x^2\\) {T}\n\nn {#=1..2 =%50%3:0.5}\n\n"
        b"m {=a -> b =c -> d}\n\n[markdown]*w* {=a\\=b} x\n\n{TRUE#a#b}\n"
    ),
    "aiken": b"Q?\nA. a\nB) b\nANSWER: B\n\nR?\nA. a\nANSWER: A\n",
    "moodle": (
        b"<quiz><question type='category'><category><text>a/b</text></category></question>"
        b"<question type='cloze'><questiontext format='html'><text><![CDATA[<p>a {1:SA:=b~%50%c#d}"
        b"{2:NM:=1:0.1}{1:MC:=x~y}{1:MR:=x~=y}</p>]]></text></questiontext></question>"
        b"<question type='multichoice'><single>false</single><questiontext><text>q"
        b"&lt;math&gt;&lt;mi&gt;x&lt;/mi&gt;&lt;/math&gt; $$\\sqrt{x}$$</text></questiontext>"
        b"<answer fraction='100'><text>a</text></answer></question>"
        b"<question type='gapselect'><questiontext><text>a [[1]]</text></questiontext>"
        b"<selectoption><text>x</text></selectoption></question></quiz>"
    ),
    "canvas": (
        b"<questestinterop><assessment ident='a'><section><item ident='i'><itemmetadata>"
        b"<qtimetadata><qtimetadatafield><fieldlabel>question_type</fieldlabel>"
        b"<fieldentry>multiple_choice_question</fieldentry></qtimetadatafield></qtimetadata>"
        b"</itemmetadata><presentation><material><mattext texttype='text/html'>&lt;p&gt;q"
        b"</mattext></material><response_lid ident='r'><render_choice><response_label ident='1'>"
        b"<material><mattext>a</mattext></material></response_label></render_choice>"
        b"</response_lid></presentation><resprocessing><respcondition><conditionvar>"
        b"<varequal respident='r'>1</varequal></conditionvar><setvar>100</setvar></respcondition>"
        b"</resprocessing></item></section></assessment></questestinterop>"
    ),
    "markdown": (
        b"---\nid: a\npoints: 2\n---\n# H\n\nText {= b | [0.5] c} {# 1 +- 2} {[x] d | [ ] e}\n\n"
        b"- [x] f\n- [ ] g\n\n1. [ ] h\n2. [ ] i\n\n| | j |\n|-|-|\n| k | [x] |\n\n"
        b"---\nexhibit: l\n---\n> m\n"
    ),
    "table": b"id,question,correct,a,b\nx,Which?,A,y,z\nw,How?,# 1..2,,\n",
}
"""One bank of each format, with much of its grammar."""

FILES = {
    "gift": "bank.gift",
    "aiken": "bank.aiken",
    "moodle": "bank.xml",
    "canvas": "bank.xml.qti",
    "markdown": "bank.md",
    "table": "bank.csv",
}


_READ = {
    "gift": read_gift,
    "aiken": read_aiken,
    "moodle": read_moodle,
    "canvas": read_canvas,
    "markdown": read_markdown,
    "table": read_table,
}


def reader(name: str) -> Callable[[bytes], Bank]:
    return lambda data: _READ[name]({FILES[name]: data})


READERS: dict[str, Callable[[bytes], Bank]] = {name: reader(name) for name in FILES}


def read_any(name: str, data: bytes) -> None:
    """Read *data* by the reader *name*; only our own refusals may leave it, well said."""
    try:
        bank = READERS[name](data)
    except ExamError as problem:
        assert str(problem)
        return
    for reading in bank.readings:
        assert reading.question or str(reading.refusal)
        assert all(str(change) for change in reading.changes)
