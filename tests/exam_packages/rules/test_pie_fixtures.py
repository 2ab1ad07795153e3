"""Every expected score of pie-qti's conformance fixtures: it agrees, or the table says why not.

The fixtures are not in this repository. They are read from the folder that
``EXAM_KIOSK_CORPORA`` names, which has ``pie-qti`` in it, or from ``../shared/corpora``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "tools" / "peer"))

from items import CorpusItem, Scorer, agrees, corpus  # noqa: E402

from exam_packages.errors import ExamError  # noqa: E402

CORPORA = Path(os.environ.get("EXAM_KIOSK_CORPORA", ROOT.parent / "shared" / "corpora"))
FIXTURES = CORPORA / "pie-qti/packages/item-player/tests/conformance/fixtures"

NO_OUTCOME_PROCESSING = (
    "an item has no outcome processing in QTI, only a test does; without it the outcomes are"
    " what response processing left"
)
ONLY_ELSE = "qti-response-condition must begin with qti-response-if; here it has only an else"
DEFAULT_ATTRIBUTE = "an outcome's default is an element in QTI, not the attribute defaultValue"
SET_RESPONSE = "QTI has no rule that sets the candidate's response"
NOT_BOOLEAN = "a condition must be boolean in QTI; numbers, texts and containers are not truths"
TABLE_AS_EXPRESSION = (
    "a lookup table belongs to an outcome's declaration in QTI and is no expression, and an"
    " interpolation table takes the first entry that is not above, without a line between two"
)

DEVIATIONS: dict[str, tuple[int, str]] = {
    "baseTypes_all": (2, DEFAULT_ATTRIBUTE),
    "contains_multiple": (4, "both operands of contains must be containers of one cardinality"),
    "isNull_isNotNull": (2, "QTI has no isNotNull"),
    "mapResponse_bounds_default_duplicates": (
        1,
        "mapResponse counts a value that a container has twice only once",
    ),
    "mapResponse_mapEntry_caseSensitive_override": (
        4,
        "case-sensitivity is said by each mapEntry in QTI, not by the mapping",
    ),
    "mapResponse_mapping_caseSensitive_defaultValue": (
        2,
        "case-sensitivity is said by each mapEntry in QTI, not by the mapping",
    ),
    "mapResponse_multiple_cardinality": (1, ONLY_ELSE),
    "mapping_bounds_upperLower": (1, ONLY_ELSE),
    "outcomeProcessing_derive_percent_passfail": (2, NO_OUTCOME_PROCESSING),
    "outcomeProcessing_exitTest": (1, NO_OUTCOME_PROCESSING),
    "outcomeProcessing_outcomeCondition_equal": (1, NO_OUTCOME_PROCESSING),
    "outcomeProcessing_outcomeCondition_toBoolean": (2, NO_OUTCOME_PROCESSING),
    "outcomeProcessing_outcomeProcessingFragment": (1, NO_OUTCOME_PROCESSING),
    "positionObject_mapResponse_wrong": (
        2,
        "mapResponse needs a mapping, and the response declares none: it is no 0 but a mistake",
    ),
    "responseProcessing_anyN_allN": (4, "QTI has no allN"),
    "responseProcessing_containerSize_index": (2, ONLY_ELSE),
    "responseProcessing_customOperator": (1, "a custom operator is refused, not taken for NULL"),
    "responseProcessing_default_expression": (1, SET_RESPONSE),
    "responseProcessing_deleteValue_repeat": (2, SET_RESPONSE),
    "responseProcessing_equalRounded_tolerance": (6, DEFAULT_ATTRIBUTE),
    "responseProcessing_inside_duration_statsOperator": (
        1,
        "multiple leaves NULLs out, so the mean of 1 and NULL is 1; and it takes one base type",
    ),
    "responseProcessing_lookupTable_interpolationTable": (4, TABLE_AS_EXPRESSION),
    "responseProcessing_lookupTable_matchTable": (3, TABLE_AS_EXPRESSION),
    "responseProcessing_mapOutcome_basic": (4, "an outcome has no mapping in QTI"),
    "responseProcessing_mathOperator_integerUtils": (1, ONLY_ELSE),
    "responseProcessing_misc_math_string_stats": (1, ONLY_ELSE),
    "responseProcessing_notEqual_basic": (3, "QTI has no notEqual"),
    "responseProcessing_patternMatch_caseSensitive": (
        3,
        "patternMatch has its pattern in an attribute, and tells upper from lower case always",
    ),
    "responseProcessing_preCondition": (2, "a precondition belongs to a test, not to an item"),
    "responseProcessing_random_lookupOutcomeValue": (2, "a score is never drawn by chance"),
    "responseProcessing_record_fieldValue": (1, "QTI has no operator that makes a record"),
    "responseProcessing_responseCondition_toBoolean": (2, NOT_BOOLEAN),
    "responseProcessing_responseProcessingFragment": (1, DEFAULT_ATTRIBUTE),
    "responseProcessing_setDefaultValue": (1, SET_RESPONSE),
    "responseProcessing_setResponseValue_setDefaultValue": (4, SET_RESPONSE),
    "responseProcessing_template_match_nothing": (2, "QTI has no template match_nothing"),
    "responseProcessing_xiInclude": (1, DEFAULT_ATTRIBUTE),
    "templateProcessing_templateCondition_toBoolean": (1, NOT_BOOLEAN),
    "templateProcessing_templateConstraint": (1, NO_OUTCOME_PROCESSING),
}
"""For each fixture with cases that come out differently: how many, and why we do not follow."""

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="pie-qti's fixtures are not here")


def deviating(item: CorpusItem) -> int:
    """How many of the fixture's cases do not have the outcomes that are expected of them."""
    try:
        scorer = Scorer.of(item)
    except ExamError:
        return len(item.cases)
    count = 0
    for case in item.cases:
        try:
            outcomes = scorer.outcomes(case.answers)
        except ExamError:
            count += 1
            continue
        count += not all(agrees(outcomes.get(name), value) for name, value in case.expected.items())
    return count


def test_every_case_agrees_or_is_explained() -> None:
    fixtures = list(corpus(FIXTURES))
    assert (len(fixtures), sum(len(each.cases) for each in fixtures)) == (90, 267)
    found = {each.name: count for each in fixtures if (count := deviating(each))}
    assert found == {name: count for name, (count, _) in DEVIATIONS.items()}
