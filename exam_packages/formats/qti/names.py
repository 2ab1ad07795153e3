"""The names that QTI files are written in, and the one set of names they are read by.

QTI 2.0, 2.1 and 2.2 call things as QTI 3 does, in another spelling: ``choiceInteraction``
is ``qti-choice-interaction``, ``responseIdentifier`` is ``response-identifier``. A file of
those versions, or one that forgot its namespace, is renamed while it is parsed, so that
every reader behind this module sees QTI 3 only.
"""

from __future__ import annotations

import re
from functools import cache

from lxml import etree

from exam_packages.formats.xml import Node, parse

QTI = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
XHTML = "http://www.w3.org/1999/xhtml"
MATHML = "http://www.w3.org/1998/Math/MathML"
SVG = "http://www.w3.org/2000/svg"
SSML = ("http://www.w3.org/2001/10/synthesis", "http://www.w3.org/2010/10/synthesis")
XINCLUDE = "http://www.w3.org/2001/XInclude"

_OLD = re.compile(
    r"http://www\.imsglobal\.org/xsd/(imsqti(asi)?_v2p[0-2]|imsqti_(item|test|stimulus)_v2p[0-2]"
    r"|imsqtiv2p[12](p1)?_html5_v1p0|imsqti_v3p0|apip/apipv1p0/qti[a-z]+/imsqti_v2p[12])|"
)
"""Namespaces whose names are QTI's in the older spelling; also none at all."""
VERSIONS = {"v2p0": "QTI 2.0", "v2p1": "QTI 2.1", "v2p2": "QTI 2.2"}

_LISTED = """
    assessmentItem itemBody responseDeclaration outcomeDeclaration templateDeclaration
    contextDeclaration correctResponse defaultValue value mapping mapEntry areaMapping
    areaMapEntry matchTable matchTableEntry interpolationTable interpolationTableEntry
    stylesheet assessmentStimulusRef assessmentStimulus stimulusBody catalogInfo catalog card
    cardEntry htmlContent fileHref resourceIcon companionMaterialsInfo

    prompt choiceInteraction simpleChoice orderInteraction associateInteraction
    simpleAssociableChoice matchInteraction simpleMatchSet gapMatchInteraction gap gapText
    gapImg inlineChoiceInteraction inlineChoice textEntryInteraction
    extendedTextInteraction hottextInteraction hottext hotspotInteraction hotspotChoice
    associableHotspot graphicOrderInteraction graphicAssociateInteraction
    graphicGapMatchInteraction selectPointInteraction positionObjectStage
    positionObjectInteraction sliderInteraction mediaInteraction drawingInteraction
    uploadInteraction endAttemptInteraction customInteraction portableCustomInteraction
    infoControl printedVariable templateBlock templateInline feedbackBlock feedbackInline
    modalFeedback testFeedback rubricBlock contentBody

    templateProcessing setTemplateValue setDefaultValue setCorrectResponse templateCondition
    templateIf templateElseIf templateElse templateConstraint exitTemplate
    responseProcessing responseProcessingFragment responseCondition responseIf responseElseIf
    responseElse setOutcomeValue lookupOutcomeValue exitResponse
    outcomeProcessing outcomeProcessingFragment outcomeCondition outcomeIf outcomeElseIf
    outcomeElse exitTest

    baseValue variable default correct mapResponse mapResponsePoint null randomInteger
    randomFloat testVariables outcomeMaximum outcomeMinimum numberCorrect numberIncorrect
    numberPresented numberResponded numberSelected
    multiple ordered containerSize isNull index fieldValue random member delete contains
    substring not and or anyN match stringMatch patternMatch equal equalRounded inside lt gt
    lte gte durationLT durationGTE sum product subtract divide power integerDivide
    integerModulus truncate round roundTo integerToFloat customOperator mathOperator
    mathConstant statsOperator max min gcd lcm repeat

    assessmentTest testPart assessmentSection assessmentSectionRef assessmentItemRef
    selection ordering adaptiveSelection timeLimits itemSessionControl preCondition branchRule
    weight variableMapping templateDefault
"""
_ELEMENTS = frozenset(_LISTED.split())
"""What QTI names itself; any other element of a 2.x file is XHTML and keeps its name."""

_OURS = f"{{{QTI}}}"
_SPECIAL = {"durationLT": "qti-duration-lt", "durationGTE": "qti-duration-gte"}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@cache
def element_name(tag: str) -> str:
    """The QTI 3 tag (``{namespace}name``) of the element with this *tag*."""
    namespace, _, name = tag.rpartition("}")
    namespace = namespace.removeprefix("{")
    if namespace == XHTML:
        return f"{{{QTI}}}{name}"
    if not _OLD.fullmatch(namespace):
        return tag
    if name in _ELEMENTS:
        name = _SPECIAL.get(name) or "qti-" + _CAMEL.sub("-", name).lower()
    return f"{{{QTI}}}{name}"


@cache
def attribute_name(name: str) -> str:
    """The QTI 3 name of an attribute without a namespace: ``maxChoices``, ``max-choices``."""
    return _CAMEL.sub("-", name).lower()


def rename(element: etree._Element) -> None:
    """Give *element*, if it is QTI or XHTML, its QTI 3 name and those of its attributes."""
    tag = str(element.tag)
    name = element_name(tag)
    if name != tag:
        element.tag = name
    if name.startswith(_OURS):
        for key in element.keys():  # noqa: SIM118  # attributes change while we look
            if not str(key).startswith("{") and not str(key).islower():
                value = element.attrib.pop(key)
                element.set(attribute_name(str(key)), value)


def version(data: bytes) -> str:
    """Which QTI a file says it is written in, for people; from its first bytes."""
    found = re.search(rb"imsqti[a-z_]*(v2p[0-2])[\"'/_]", data[:4096])
    return VERSIONS[found[1].decode()] if found else "QTI 3.0"


def root_name(data: bytes) -> str:
    """The QTI 3 name of the root of an XML file, seen without parsing it; empty when there
    is none in its first bytes."""
    head = data[:65536]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "replace").encode()
    at = 0
    while found := _NEXT.search(head, at):
        skip = next((end for start, end in _SKIPPED if head.startswith(start, found.start())), b"")
        if not skip:
            name = _NAME.match(head, found.start())
            return element_name(name[1].decode()).rpartition("}")[2] if name else ""
        at = head.find(skip, found.start())
        if at < 0:
            return ""
    return ""


_NEXT = re.compile(rb"<")
_SKIPPED = ((b"<?", b"?>"), (b"<!--", b"-->"), (b"<!", b">"))
_NAME = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")


def parse_qti(data: bytes, file: str) -> Node:
    """The root of a QTI *file* in QTI 3's names. Raises ``FormatError``."""
    return parse(data, file, rename)


def parse_as(data: bytes, file: str, name: str) -> Node:
    """The root of *file*, which must be QTI's element *name*. Raises ``FormatError``."""
    root = parse_qti(data, file)
    if root.name != name or root.namespace != QTI:
        raise root.error(
            "<{wanted}> of QTI 3.0, 2.2 or 2.1 is expected here, in its namespace {namespace}.",
            wanted=name,
            namespace=QTI,
        )
    return root
