"""The names that QTI 3.0 files are written in."""

from __future__ import annotations

from exam_packages.formats.xml import Node, parse

QTI = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
MANIFEST = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
LOM = "http://ltsc.ieee.org/xsd/LOM"

ITEM_TYPE = "imsqti_item_xmlv3p0"
TEST_TYPE = "imsqti_test_xmlv3p0"
STIMULUS_TYPE = "imsqti_stimulus_xmlv3p0"


def parse_as(data: bytes, file: str, name: str, namespace: str = QTI) -> Node:
    """The root of *file*, which must be the element *name*. Raises ``FormatError``."""
    root = parse(data, file)
    if root.name != name or root.namespace != namespace:
        raise root.error(
            "<{wanted}> of the namespace {namespace} is expected here; QTI 3.0 is the version"
            " that is read.",
            wanted=name,
            namespace=namespace,
        )
    return root
