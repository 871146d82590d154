"""The generated table that load is made with."""

from __future__ import annotations

import pytest

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.rehearsal import check, table


def test_a_table_meets_its_suite() -> None:
    """The same rows make the same table."""
    assert len(table(1000)) == 1000
    assert table(100).equals(table(100))
    check(table(1000))


@pytest.mark.parametrize(("column", "wrong"), [("id", 1), ("amount", -1.0), ("kind", "d")])
def test_a_row_that_breaks_it_is_seen(column: str, wrong: object) -> None:
    """Each expectation judges."""
    broken = table(1000)
    broken.loc[500, column] = wrong
    with pytest.raises(AssertionError, match="fail"):
        check(broken)


def test_a_table_that_cannot_be_checked_is_no_pass() -> None:
    """A column is missing."""
    with pytest.raises((AssertionError, MeasurementError)):
        check(table(10).drop(columns="kind"))
