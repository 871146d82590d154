"""Regions of pages that a program writes."""

from __future__ import annotations

import pytest

from docs._generate.order import write
from docs._generate.region import fill
from docs._generate.snippet import include

PAGE = "Before.\n<!-- make docs: old words -->\nstale\n<!-- end -->\nAfter.\n"


def test_a_region_is_written_anew_and_the_rest_stays() -> None:
    """Only what lies between the two comments changes, and a second time nothing does."""
    filled = fill(PAGE, lambda order: f"new {order}\n\n")
    assert filled == "Before.\n<!-- make docs: old words -->\nnew old words\n<!-- end -->\nAfter.\n"
    assert fill(filled, lambda order: f"new {order}") == filled


@pytest.mark.parametrize("page", [PAGE.replace("<!-- end -->", ""), PAGE.replace("<!-- make docs: old words -->", "")])
def test_a_comment_without_its_counterpart_is_refused(page: str) -> None:
    """A page whose comments do not pair is not written to."""
    with pytest.raises(ValueError, match="end"):
        fill(page, lambda _: "")


def test_unknown_words_are_refused() -> None:
    """A misspelt order does not leave a region as it was."""
    with pytest.raises(ValueError, match="Nobody writes 'matrics'"):
        write("matrics quality")


def test_a_part_that_a_file_does_not_mark_is_refused() -> None:
    """A snippet whose marks were removed from the file is an error, not an empty block."""
    with pytest.raises(ValueError, match="does not mark exactly one part 'nothing'"):
        include("dags/flights_quality.py", "nothing")
