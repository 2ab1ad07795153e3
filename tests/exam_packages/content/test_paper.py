"""A paper of another shape is refused in words that say what to do."""

from __future__ import annotations

import pytest
from small_exam import choice_item, paper

from exam_packages import canon
from exam_packages.content.reading import read_paper


def test_a_paper_is_read_as_it_was_written() -> None:
    made = paper((choice_item("one"),))
    assert read_paper(canon.pack(made)) == made


def test_a_paper_from_before_there_were_tools_is_refused_whole() -> None:
    value = canon.decode(canon.pack(paper((choice_item("one"),))))
    assert isinstance(value, list) and isinstance(value[-1], list)
    value[-1].pop()  # the policy's tools
    with pytest.raises(canon.CanonError, match="draw and seal its form again"):
        read_paper(canon.encode(value))
