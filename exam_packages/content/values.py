"""Responses as they are given and kept (QTI: response variables).

A :class:`Response` answers one interaction. Its members are QTI's lexical forms:
an identifier, a string, ``"source target"`` for a directed pair. Order matters where
the interaction's cardinality is *ordered*, and is canonical (sorted) where it is
*multiple*. No members means: nothing answered.
"""

from __future__ import annotations

from exam_packages.canon import Object

MAX_TEXT = 30_000
"""Characters in one typed answer: a screen stays quick up to here."""
MAX_MEMBERS = 256


class Response(Object):
    """The answer to the interaction *identifier* of one item."""

    identifier: str
    members: tuple[str, ...]


def answered(responses: tuple[Response, ...]) -> bool:
    """Whether anything at all was answered."""
    return any(response.members for response in responses)
