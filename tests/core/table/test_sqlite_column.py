"""Columns of SQLite, which keeps any value in any column: what is none of its type is counted, and never compared."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer

COLUMNS = {"id": "integer", "n": "numeric", "r": "real", "i": "integer"}
NUMBERS = ("n", "r", "i")
BETWEEN: Mapping[str, Any] = {"column_A": "n", "column_B": "id", "ignore_row_if": "either_value_is_missing"}
CHECKS: list[tuple[str, dict[str, Any]]] = [
    *[
        (f"expect_{kind}", {"column": name, **kwargs})
        for name in NUMBERS
        for kind, kwargs in (
            ("column_values_to_be_between", {"min_value": 0}),
            ("column_values_to_be_between", {"max_value": 100}),
            ("column_values_to_be_between", {"min_value": 1.5, "strict_min": True}),
            ("column_values_to_be_in_set", {"value_set": [5, 7.5, 1.5]}),
            ("column_values_to_not_be_in_set", {"value_set": [1.5]}),
            ("column_distinct_values_to_be_in_set", {"value_set": [5, 7.5, 1.5]}),
            ("column_values_to_not_be_null", {}),
            ("column_values_to_be_unique", {}),
        )
    ],
    *[("expect_row_condition_to_hold", {"expression": f"{name} > 0"}) for name in NUMBERS],
    *[("expect_row_condition_to_hold", {"expression": f"{name} + 1 > 0"}) for name in NUMBERS],
    ("expect_column_pair_values_a_to_be_greater_than_b", dict(BETWEEN)),
    ("expect_column_pair_values_a_to_be_greater_than_b", {**BETWEEN, "or_equal": True}),
    ("expect_column_pair_values_to_be_in_set", {**BETWEEN, "value_pairs_set": [[5, 1], [7.5, 3]]}),
    (
        "expect_column_pair_values_to_be_equal",
        {"column_A": "n", "column_B": "r", "ignore_row_if": "either_value_is_missing"},
    ),
    (
        "expect_multicolumn_sum_to_equal",
        {"column_list": ["n", "id"], "sum_total": 2, "ignore_row_if": "any_value_is_missing"},
    ),
    ("expect_multicolumn_values_to_be_equal", {"column_list": ["n", "r"], "ignore_row_if": "any_value_is_missing"}),
    (
        "expect_select_column_values_to_be_unique_within_record",
        {"column_list": ["n", "r"], "ignore_row_if": "any_value_is_missing"},
    ),
]
ROWS: list[tuple[Any, ...]] = [(1, 5, 5, 5), (2, "abc", "abc", "abc"), (3, 7.5, 7.5, 1.5), (4, None, None, None)]


@pytest.fixture
def database() -> sa.Engine:
    """A database whose columns of numbers hold a text, and one of whole numbers a fraction."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.begin() as connection:
        described = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        connection.exec_driver_sql(f"CREATE TABLE t ({described}, d date, m datetime, b boolean, name string)")
        connection.exec_driver_sql("INSERT INTO t (id, n, r, i) VALUES (?, ?, ?, ?)", ROWS)
        connection.exec_driver_sql(
            "UPDATE t SET d = '2024-01-01', m = '2024-01-01T00:00:00', b = 1, name = 'a' WHERE id = 1"
        )
        connection.exec_driver_sql("UPDATE t SET d = '2024-02-31', m = 'soon', b = 'yes', name = 7 WHERE id = 2")
    return engine


def test_misfits_are_counted_as_those_of_a_csv_file(database: sa.Engine, tmp_path: Path) -> None:
    """Every check of rows counts a text among numbers as the same check of the same rows in CSV does."""
    lines = [",".join(COLUMNS), *(",".join("" if value is None else str(value) for value in row) for row in ROWS)]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    suite = [{"type": kind, "kwargs": kwargs} for kind, kwargs in CHECKS]
    here = check("t", suite, connection=database).results
    there = check(str(tmp_path / "t.csv"), suite).results
    counts = [
        [None if one.error else (one.success, one.result.get("unexpected_count")) for one in found]
        for found in (here, there)
    ]
    assert None not in counts[0]
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        *product(("max", "min", "mean", "sum", "median", "stdev"), NUMBERS),
        *product(("max", "min"), ("d", "m")),
    ],
)
def test_figure_of_a_column_with_misfits_is_an_error(database: sa.Engine, kind: str, column: str) -> None:
    """No figure is told of it."""
    bound = 0 if column in NUMBERS else "2000-01-01"
    found = answer(
        "t", f"column_{kind}_to_be_between", column=column, min_value=bound, options={"connection": database}
    )
    assert found.error is not None
    assert found.error.reason == "malformed_values"


@pytest.mark.parametrize("column", [*NUMBERS, "d"])
def test_condition_on_a_column_with_misfits_chooses_no_rows(database: sa.Engine, column: str) -> None:
    """A text is greater than every number to SQLite; a condition that cannot read it is refused."""
    bound = "'2000-01-01'" if column == "d" else "6"
    kwargs = {"value": 1, "row_condition": f"{column} > {bound}", "condition_parser": "pandas"}
    found = answer("t", "table_row_count_to_equal", **kwargs, options={"connection": database})
    assert found.error is not None
    assert found.error.reason == "malformed_values"


def test_text_may_be_expected_in_a_column_of_numbers(database: sa.Engine) -> None:
    """A set that names texts is held against what stands there: SQLite makes numbers of columns that are of none."""
    for column, members in (("n", [5, 7.5, "abc"]), ("name", ["a", 7])):
        found = answer(
            "t", "column_values_to_be_in_set", column=column, value_set=members, options={"connection": database}
        )
        assert found.error is None
        assert found.success


def test_days_and_truths_that_are_none_are_unexpected(database: sa.Engine) -> None:
    """They are shown as they stand; a moment is one in each of the forms that SQLite reads."""
    seen = []
    for kind, kwargs in (
        ("column_values_to_be_between", {"column": "d", "min_value": "2000-01-01"}),
        ("column_values_to_be_between", {"column": "m", "min_value": "2000-01-01T00:00:00"}),
        ("column_values_to_be_in_set", {"column": "m", "value_set": ["2024-01-01 00:00:00"]}),
        ("column_values_to_be_in_set", {"column": "b", "value_set": [True, False]}),
        ("row_condition_to_hold", {"expression": "b = true"}),
    ):
        found = answer("t", kind, **kwargs, options={"connection": database})
        assert found.error is None
        seen.append(found.result["partial_unexpected_list"])
    assert seen == [["2024-02-31"], ["soon"], ["soon"], ["yes"], [{"b": "yes"}]]


def test_moments_are_grouped_whatever_form_they_are_in() -> None:
    """A moment with a T and one with a space are one moment, in sets, pairs and where no value may appear twice."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (m datetime)")
        connection.exec_driver_sql("INSERT INTO t VALUES ('2024-01-01 00:00:00'), ('2024-01-01T00:00:00.000')")
    found = answer("t", "column_values_to_be_unique", column="m", options={"connection": engine})
    assert found.result["unexpected_count"] == 2
    assert len(found.result["partial_unexpected_list"]) == 2


@pytest.mark.parametrize(
    ("column", "type_", "kept"), [("n", "number", False), ("i", "integer", False), ("id", "integer", True)]
)
def test_contract_looks_at_the_values(database: sa.Engine, column: str, type_: str, kept: bool) -> None:
    """A declared type says nothing of what SQLite keeps."""
    contract = {"columns": [{"name": column, "type": type_}]}
    found = answer("t", "table_to_match_contract", contract=contract, options={"connection": database})
    assert found.error is None
    assert found.success is kept


def test_fraction_among_whole_numbers_is_no_multiple_and_no_integer(database: sa.Engine) -> None:
    """SQLite would take the remainder of its whole part."""
    kwargs = {"column": "i", "multiple_of": 1}
    found = answer("t", "column_values_to_be_multiples", **kwargs, options={"connection": database})
    assert found.result["unexpected_count"] == 2
    contract = {"columns": [{"name": "i", "type": "integer"}]}
    found = answer("t", "table_to_match_contract", contract=contract, options={"connection": database})
    assert found.result["details"]["mismatched"][0]["found"] == "2 values that are none"


@pytest.mark.parametrize("value", ["0.10000000000001", str(2**53 + 1)])
def test_decimal_number_has_all_its_digits(value: str) -> None:
    """Neither ten digits behind the point are all of a number's, nor those of a floating one."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n numeric(38, 20))")
        connection.exec_driver_sql(f"INSERT INTO t VALUES ({value})")
    near = [round(float(value), 10) if "." in value else 2**53]
    for kind in ("column_most_common_value", "column_distinct_values", "column_values"):
        found = answer("t", f"{kind}_to_be_in_set", column="n", value_set=near, options={"connection": engine})
        assert found.error is None
        assert not found.success, kind
        whole = [float(value) if "." in value else int(value)]
        assert answer("t", f"{kind}_to_be_in_set", column="n", value_set=whole, options={"connection": engine}).success


def test_misfits_are_no_references(database: sa.Engine, tmp_path: Path) -> None:
    """A text among keys is looked up as it stands within one database, and is unknown to a file's numbers."""
    with database.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE keys (k numeric)")
        connection.exec_driver_sql("INSERT INTO keys VALUES (5), (7.5), ('abc')")
    (tmp_path / "keys.csv").write_text("k\n5\n7.5\n", encoding="utf-8")
    options = {"connection": database, "references": {"file": str(tmp_path / "keys.csv")}}
    for other, unexpected in (("keys", 0), ("file", 1)):
        kwargs = {"column": "n", "other_table": other, "other_column": "k"}
        found = answer("t", "column_values_to_exist_in_other_table", **kwargs, options=options)
        assert found.result["unexpected_count"] == unexpected
