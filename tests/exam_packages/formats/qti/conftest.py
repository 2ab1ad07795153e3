"""A small QTI package as text, for tests to bend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from exam_packages.assessment import Question, Test
from exam_packages.formats.qti.names import QTI
from exam_packages.formats.qti.reader import read_bank, read_files
from exam_packages.formats.report import Bank

MANIFEST = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
ITEM_TYPE = "imsqti_item_xmlv3p0"
TEST_TYPE = "imsqti_test_xmlv3p0"
STIMULUS_TYPE = "imsqti_stimulus_xmlv3p0"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x04\0\0\0\x03"
TEMPLATE = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/"

DECLARATION = """
<qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="identifier">
  <qti-correct-response><qti-value>a</qti-value></qti-correct-response>
</qti-response-declaration>"""
OUTCOME = '<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>'
BODY = """
<qti-choice-interaction response-identifier="RESPONSE">
  <qti-simple-choice identifier="a">A</qti-simple-choice>
  <qti-simple-choice identifier="b">B</qti-simple-choice>
</qti-choice-interaction>"""
PROCESSING = f'<qti-response-processing template="{TEMPLATE}match_correct.xml"/>'
SECTION = """
<qti-assessment-section identifier="s" title="S" visible="true">
  <qti-assessment-item-ref identifier="i" href="items/i.xml"/>
</qti-assessment-section>"""


@dataclass
class Package:
    """The pieces of a package with one test of one item; change them, then read."""

    declarations: str = DECLARATION
    outcome: str = OUTCOME
    stimulus: str = ""
    body: str = BODY
    processing: str = PROCESSING
    item_attributes: str = 'time-dependent="false" adaptive="false"'
    sections: str = SECTION
    test: str = '<qti-time-limits max-time="60"/>'
    after: str = ""
    part: str = 'navigation-mode="linear" submission-mode="simultaneous"'
    part_start: str = ""
    resources: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    def item(self) -> str:
        return (
            f'<qti-assessment-item xmlns="{QTI}" identifier="i" title="I" xml:lang="en"'
            f" {self.item_attributes}>\n{self.declarations}\n{self.outcome}\n{self.stimulus}\n"
            f"<qti-item-body>{self.body}</qti-item-body>\n{self.processing}\n"
            "</qti-assessment-item>"
        )

    def all_files(self) -> dict[str, bytes]:
        resources = (
            f'<resource identifier="t" type="{TEST_TYPE}" href="test.xml"/>'
            f'<resource identifier="i" type="{ITEM_TYPE}" href="items/i.xml"/>'
            f'<resource identifier="e" type="{STIMULUS_TYPE}" href="e.xml"/>{self.resources}'
        )
        test = (
            f'<qti-assessment-test xmlns="{QTI}" identifier="t" title="T" xml:lang="en">'
            f'{self.test}<qti-test-part identifier="p" {self.part}>{self.part_start}'
            f"{self.sections}</qti-test-part>{self.after}</qti-assessment-test>"
        )
        stimulus = (
            f'<qti-assessment-stimulus xmlns="{QTI}" identifier="e" title="E">'
            "<qti-stimulus-body><p>Exhibit</p></qti-stimulus-body></qti-assessment-stimulus>"
        )
        manifest = (
            f'<manifest xmlns="{MANIFEST}" identifier="m"><resources>{resources}</resources>'
            "</manifest>"
        )
        made = {
            "imsmanifest.xml": manifest.encode(),
            "test.xml": test.encode(),
            "items/i.xml": self.item().encode(),
            "e.xml": stimulus.encode(),
            "media/p.png": PNG,
        }
        return made | self.files

    def read(self) -> Test:
        return read_files(self.all_files())

    def bank(self) -> Bank:
        return read_bank(self.all_files())

    def question(self) -> Question:
        return next(self.read().references()).question


@pytest.fixture
def package() -> Callable[..., Package]:
    return Package
