"""Distinct values: each judged once, a page at a time, and the refused ones kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.table.column import KEY, named
from airflow_provider_dpq.core.table.open import open_table
from airflow_provider_dpq.core.table.reading import Reading
from airflow_provider_dpq.core.table.references import References
from airflow_provider_dpq.core.table.scan import Limits
from airflow_provider_dpq.core.table.table import Table


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """A hundred thousand rows of ten thousand texts, and some without one."""
    path = tmp_path / "data.parquet"
    text = "CASE WHEN i % 1000 = 999 THEN NULL ELSE 'é' || (i % 10000) END"
    duckdb.connect().execute(f"COPY (SELECT {text} AS s FROM range(100000) t(i)) TO '{path}'")
    return open_table(path, None, References({}, Limits(), Reading()))


def _grouped(table: Table) -> sa.Select[tuple[str, int]]:
    return sa.select(named("s"), sa.func.count()).select_from(table.rows()).group_by(named("s"))


def test_each_value_is_judged_once_and_its_rows_are_counted(table: Table) -> None:
    """However many pages there are, no value is seen twice, and one that is none is refused unseen."""
    seen: list[str] = []

    def holds(page: Sequence[str]) -> list[bool]:
        seen.extend(page)
        return [not value.endswith("7") for value in page]

    with table:
        values = table.distinct()
        assert values.judge(_grouped(table), holds) == 10_000 + 100
        assert len(seen) == len(set(seen)) == 9_990
        refused = [value for (value,) in table.fetch(sa.select(values.refused.c[KEY]).where(sa.true())) if value]
    assert sorted(refused) == sorted(value for value in seen if value.endswith("7"))


def test_two_checks_keep_their_refused_values_apart(table: Table) -> None:
    """Each check has tables of its own."""
    with table:
        first, second = table.distinct(), table.distinct()
        first.judge(_grouped(table), lambda page: [value != "é1" for value in page])
        second.judge(_grouped(table), lambda page: [value != "é2" for value in page])
        kept = [table.fetch(sa.select(one.refused.c[KEY])) for one in (first, second)]
    assert [sorted(value for (value,) in values if value) for values in kept] == [["é1"], ["é2"]]


def test_what_is_raised_about_a_value_ends_the_judging(table: Table) -> None:
    """The error comes out as it is, and the table can be read on."""

    def holds(page: Sequence[str]) -> list[bool]:
        raise MeasurementError("malformed_values", "no")

    with table:
        with pytest.raises(MeasurementError, match="no"):
            table.distinct().judge(_grouped(table), holds)
        assert table.fetch(sa.select(sa.func.count()).select_from(table.rows())) == [(100_000,)]
