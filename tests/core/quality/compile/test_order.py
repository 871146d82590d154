"""The order of values, against pandas' own differences."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer, found

ORDERS = ("increasing", "decreasing")
INFINITY = float("inf")
NUMBERS = [3.0, None, 3.0, 2.0, 5.0, None, 5.0, -INFINITY, -INFINITY, INFINITY, INFINITY]
FRAME = pd.DataFrame({"n": NUMBERS, "part": ["a", "b"] * 5 + ["a"]}, index=[f"row {i}" for i in range(len(NUMBERS))])


@pytest.mark.parametrize("rising", [True, False])
@pytest.mark.parametrize("strictly", [True, False])
def test_values_out_of_order_are_those_that_pandas_finds(rising: bool, strictly: bool) -> None:
    """Missing values are passed over, and the difference of equal infinities is held against nobody."""
    kind = f"column_values_to_be_{'increasing' if rising else 'decreasing'}"
    result = found(FRAME, kind, column="n", strictly=strictly, options={"result_format": "COMPLETE"})
    steps = FRAME["n"].dropna().diff() * (1 if rising else -1)
    broken = steps[(steps <= 0) if strictly else (steps < 0)]
    assert result["unexpected_index_list"] == list(broken.index)
    assert result["missing_count"] == 2


def test_order_is_of_the_rows_that_the_condition_keeps() -> None:
    """A value is compared with the one before it among the rows that are looked at."""
    result = found(FRAME, "column_values_to_be_increasing", column="n", row_condition="part == 'a'")
    kept = FRAME["n"][FRAME["part"] == "a"].dropna()
    assert result["unexpected_count"] == int((kept.diff() < 0).sum())
    partition = found(FRAME, "column_values_to_be_increasing", column="n", options={"partition": {"part": "a"}})
    assert partition["partial_unexpected_index_list"] == result["partial_unexpected_index_list"]


def test_unsigned_numbers_are_compared_as_numbers() -> None:
    """That pandas' difference of two of them is never negative does not make a falling column a rising one."""
    frame = pd.DataFrame({"n": pd.Series([3, 2, 1], dtype="uint8")})
    assert answer(frame, "column_values_to_be_increasing", column="n").success is False
    assert answer(frame, "column_values_to_be_decreasing", column="n", strictly=True).success is True


def test_large_integers_are_compared_exactly() -> None:
    """Two whole numbers that are one as floating numbers are told apart."""
    frame = pd.DataFrame({"n": [2**53, 2**53 + 1, 2**62, -(2**62)]})
    result = found(frame, "column_values_to_be_increasing", column="n", strictly=True)
    assert result["partial_unexpected_list"] == [-(2**62)]


def test_malformed_value_is_out_of_order_and_passed_over(tmp_path: Path) -> None:
    """Text late in a CSV column of numbers breaks the order itself, and not that of the value after it."""
    lines = ["n", *map(str, range(30_000)), "x", "30001", "29999"]
    (tmp_path / "data.csv").write_text("\n".join(lines))
    result = found(tmp_path / "data.csv", "column_values_to_be_increasing", column="n")
    assert result["partial_unexpected_list"] == ["x", 29999]
    assert result["partial_unexpected_index_list"] == [30_000, 30_002]


def test_dates_in_files_are_ordered_as_dates(tmp_path: Path) -> None:
    """ISO dates in CSV, and dates in Parquet, follow the calendar."""
    days = pd.to_datetime(["2026-01-31", "2026-02-01", "2025-12-31"])
    pd.DataFrame({"d": days.strftime("%Y-%m-%d")}).to_csv(tmp_path / "d.csv", index=False)
    pd.DataFrame({"d": days.date}).to_parquet(tmp_path / "d.parquet")
    for name in ("d.csv", "d.parquet"):
        result = answer(tmp_path / name, "column_values_to_be_increasing", column="d")
        assert (result.evaluated_by, result.result["partial_unexpected_list"]) == ("scan", ["2025-12-31"])


def test_text_has_no_order() -> None:
    """Nobody can subtract texts, so that Great Expectations is not asked."""
    result = answer(FRAME, "column_values_to_be_increasing", column="part")
    assert result.error is not None
    assert (result.error.reason, result.evaluated_by) == ("incomparable", "scan")


def test_rows_of_a_database_have_no_order() -> None:
    """The check is refused by its name, and the table is not read for it."""
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    FRAME.to_sql("t", database, index=False)
    asked: list[str] = []
    sa.event.listen(database, "before_cursor_execute", lambda *event: asked.append(event[2]))
    suite = [{"type": f"expect_column_values_to_be_{kind}", "kwargs": {"column": "n"}} for kind in ORDERS]
    for result in check("t", suite, connection=database).results:
        assert result.error is not None
        assert result.error.reason == "unsupported_expectation"
        assert result.type in result.error.message
    assert not any('"n"' in statement for statement in asked)
