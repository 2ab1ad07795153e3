"""The one root of every error a person may read.

An error carries a message *template* (which is its gettext message id) and the
fields that fill it, so that each language can say it. Every family states how a
command that meets it ends. Fields are for people: names, numbers, paths; never a
key, an answer or a candidate's words.
"""

from __future__ import annotations

from typing import ClassVar


class ExamError(Exception):
    """Something a person must know: what happened, where, and what to do.

    ``template`` is a full sentence with ``{fields}``; ``fields`` fill it.
    """

    exit_status: ClassVar[int] = 1

    def __init__(self, template: str, /, **fields: str | int) -> None:
        self.template = template
        self.fields = fields
        super().__init__(template)

    def __str__(self) -> str:
        return self.template.format(**self.fields)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.template, self.fields))


def _rebuild(kind: type[ExamError], template: str, fields: dict[str, str | int]) -> ExamError:
    return kind(template, **fields)


class UsageError(ExamError):
    """The command was asked for something that cannot be meant."""

    exit_status = 2
