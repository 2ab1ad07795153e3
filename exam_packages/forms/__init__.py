"""Forms: fixed selections and orders of questions, drawn with a seed.

``draw`` takes one from a test as its author wrote it, ``bank`` one or several parallel ones
from a bank by a blueprint. Both give :class:`DrawnForm`: the paper with its items, exhibits
and media, which is sealed and sent, and apart from it the answer key, which stays.

``plan`` turns a blueprint into a :mod:`problem`, which ``choose`` solves exactly;
``shortage`` says what stands in the way when there is no form. The seed is as secret as
the paper.
"""

from exam_packages.forms.bank import MAX_FORMS, Draw, draw_from_bank
from exam_packages.forms.check import check
from exam_packages.forms.draw import draw, practice
from exam_packages.forms.form import OBJECT_TYPE, STANDARD_POLICY, DrawnForm, FormsError, blobs
from exam_packages.forms.overview import overview
from exam_packages.forms.plan import History
from exam_packages.forms.statistics import Statistics, read_statistics

__all__ = [
    "MAX_FORMS",
    "OBJECT_TYPE",
    "STANDARD_POLICY",
    "Draw",
    "DrawnForm",
    "FormsError",
    "History",
    "Statistics",
    "blobs",
    "check",
    "draw",
    "draw_from_bank",
    "overview",
    "practice",
    "read_statistics",
]
