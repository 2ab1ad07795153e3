"""Every reader of item banks, each with an example: what strangers' files go through.

A reader here returns when it read *data* or told, in sentences, why not; any other error
that leaves it is a finding.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import cache

from lxml import etree

from exam_packages.formats import archive, media, told
from exam_packages.formats.formulas import pictured
from exam_packages.formats.mathml import source, written
from exam_packages.formats.page import to_page
from exam_packages.formats.qti.reader import choose, read_bank
from exam_packages.formats.report import Bank
from exam_packages.samples import FOOD_SAFETY

ITEM = b"""<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p2" identifier="i"
  title="I" adaptive="false" timeDependent="false" xml:lang="en">
<responseDeclaration identifier="R" cardinality="multiple" baseType="directedPair">
  <correctResponse><value>a g</value></correctResponse>
  <mapping defaultValue="0"><mapEntry mapKey="a g" mappedValue="1"/></mapping>
</responseDeclaration>
<responseDeclaration identifier="S" cardinality="single" baseType="point">
  <areaMapping><areaMapEntry shape="circle" coords="3,4,5" mappedValue="1"/></areaMapping>
</responseDeclaration>
<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"
  normalMaximum="1"/>
<itemBody><h2>A <b>title</b></h2>
<table><caption>c</caption><tr><td colspan="2" rowspan="2">x</td></tr><tr><th>y</th></tr></table>
<ol start="4" type="i"><li value="7">z<ul><li/></ul></li></ol>
<dl><dt>t</dt><dd>d</dd></dl><pre> <textEntryInteraction responseIdentifier="T"/> </pre>
<math xmlns="http://www.w3.org/1998/Math/MathML"><mfrac><mi>a</mi><msqrt><mn>2</mn></msqrt>
  </mfrac></math>
<ruby>b<rt>r</rt></ruby><figure><img src="data:image/png;base64,AAAA" alt=""/><figcaption>f
  </figcaption></figure>
<gapMatchInteraction responseIdentifier="R" shuffle="false"><prompt>p</prompt>
  <gapText identifier="a" matchMax="1">A</gapText><p>in <gap identifier="g"/></p>
</gapMatchInteraction>
<rubricBlock view="scorer">r</rubricBlock>
<feedbackBlock identifier="f" outcomeIdentifier="F" showHide="show">f</feedbackBlock>
</itemBody>
<responseProcessing><setOutcomeValue identifier="SCORE"><mapResponse identifier="R"/>
</setOutcomeValue></responseProcessing></assessmentItem>"""


def _tell(bank: Bank) -> None:
    told.to_text(bank).encode()
    to_page(bank, "bank").encode()
    told.to_json(bank).encode()


def item(data: bytes) -> None:
    _tell(read_bank({"i.xml": data}))


def test_file(data: bytes) -> None:
    _read(_sample() | {"test.xml": data})


def manifest(data: bytes) -> None:
    _read(_sample() | {"imsmanifest.xml": data})


def stimulus(data: bytes) -> None:
    _read(_sample() | {"stimuli/harbour-kitchen.xml": data})


def package(data: bytes) -> None:
    _read(archive.load_zip(data))


def formula(data: bytes) -> None:
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return
    if sum(1 for _ in root.iter()) < 1_000 and len(str(root)) < 10_000:
        found = written(root)
        found.text.encode("utf-8", "surrogatepass")
        if not found.enough:
            pictured(source(root), found.text)


def picture(data: bytes) -> None:
    media.picture("a.svg", data)


def _read(files: dict[str, bytes]) -> None:
    bank = read_bank(files)
    _tell(bank)
    choose(bank, files)


@cache
def _sample() -> dict[str, bytes]:
    """The sample package without most of its items, so that reading is quick."""
    return {
        path.relative_to(FOOD_SAFETY).as_posix(): path.read_bytes()
        for path in sorted(FOOD_SAFETY.rglob("*"))
        if path.suffix in (".xml", ".toml") and path.parent.name != "items"
    } | {"items/practice-choice.xml": (FOOD_SAFETY / "items/practice-choice.xml").read_bytes()}


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in _sample().items():
            made.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


MATHML = (
    b"<math><mmultiscripts><mi>U</mi><mprescripts/><mn>92</mn><mn>238</mn></mmultiscripts>"
    b"<mo>=</mo><munderover><mo>&#8721;</mo><mi>i</mi><mi>n</mi></munderover><mfenced><mi>x</mi>"
    b"<mroot><mi>y</mi><mn>3</mn></mroot></mfenced></math>"
)

SVG = (
    b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 20'><style>.a{fill:url(#g)}</style>"
    b"<linearGradient id='g'><stop offset='1' stop-color='red'/></linearGradient><g id='b'>"
    b"<path class='a' d='M0 0L9 9Z'/></g><use href='#b' x='9'/><clipPath id='c'><circle r='4'/>"
    b"</clipPath><text clip-path='url(#c)' font-family='serif' y='9'>x<tspan>y</tspan></text></svg>"
)

BANK_READERS: dict[str, tuple[Callable[[bytes], None], bytes]] = {
    "QTI item": (item, ITEM),
    "QTI test": (test_file, _sample()["test.xml"]),
    "QTI manifest": (manifest, _sample()["imsmanifest.xml"]),
    "QTI stimulus": (stimulus, _sample()["stimuli/harbour-kitchen.xml"]),
    "QTI package": (package, _zip()),
    "MathML": (formula, MATHML),
    "SVG": (picture, SVG),
}
