"""The errors of every reader: which file, which line, what is wrong, what to do."""

from __future__ import annotations

from exam_packages.errors import ExamError


class FormatError(ExamError):
    """Something that was handed in cannot be read, or is not supported."""
