"""Checks of figures, sets and several columns on PostgreSQL and MariaDB, by us and by Great Expectations there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import great_expectations as gx
import pytest
import sqlalchemy as sa
from great_expectations.expectations.registry import get_expectation_impl

from airflow_provider_dpq.core.quality import check
from tests.core.table.servers import own_schema
from tests.data.gx_cases import compare, enc

pytestmark = pytest.mark.service

COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "n": sa.Integer(),
    "m": sa.BigInteger(),
    "f": sa.Double(),
    "price": sa.Numeric(10, 2),
    "s": sa.String(20),
    "t": sa.String(20),
    "d": sa.Date(),
    "at": sa.DateTime(),
    "none": sa.Double(),
}
DAY, AT = date(2026, 1, 1), datetime(2026, 1, 1, 9)  # noqa: DTZ001 - the columns have no time zone
ROWS = [
    (1, 1, 0.5, "1.10", "a", "a", DAY, AT, None),
    (2, 2, 1.0, "2.20", "b", "x", DAY, AT, None),
    (2, 2**60, 1.5, "2.20", "a", None, date(2026, 1, 2), None, None),
    (4, 2**60 + 1, -1.5, "-0.01", "", "", None, None, None),
    (None, None, None, None, None, None, None, None, None),
    (7, 7, 2.0, "0.00", None, "a", DAY, AT, None),
    (10, 10, 9.75, "99.99", "ü", "ü", DAY, AT, None),
]
SETS: dict[str, list[Any]] = {
    "n": [1, 2, 2, 4],
    "m": [2**60, 1],
    "f": [0.5, 1],
    "price": [1.1, 2.2, 0],
    "s": ["a", "b", ""],
    "d": ["2026-01-01", "2026-01-02"],
    "none": [1],
}


def _declared() -> Iterator[tuple[str, dict[str, Any]]]:
    yield from _of_values()
    yield from _of_rows()
    yield "expect_table_column_count_to_equal", {"value": len(COLUMNS)}
    yield "expect_table_row_count_to_equal_other_table", {"other_table_name": "empty"}
    yield "unexpected_rows_expectation", {"unexpected_rows_query": "SELECT n, s FROM {batch} WHERE n > 2"}


def _of_values() -> Iterator[tuple[str, dict[str, Any]]]:
    for column, members in SETS.items():
        for held in ("be_in", "contain", "equal"):
            yield f"expect_column_distinct_values_to_{held}_set", {"column": column, "value_set": members}
        for part in ("non_null", "unique"):
            kind = f"expect_column_proportion_of_{part}_values_to_be_between"
            yield kind, {"column": column, "min_value": 0.5, "strict_max": True, "max_value": 1}
    for column in ("n", "s", "price"):
        common = {"column": column, "value_set": SETS[column]}
        yield "expect_column_most_common_value_to_be_in_set", common
        yield "expect_column_most_common_value_to_be_in_set", {**common, "ties_okay": True}
    quantiles = {"quantiles": [0, 0.1, 0.25, 1 / 3, 0.5, 0.9, 1], "value_ranges": [[0, 5]] * 7}
    for column in ("n", "m", "f", "price", "none"):
        yield "expect_column_quantile_values_to_be_between", {"column": column, "quantile_ranges": quantiles}
    bins = {"bins": [0, 1, 2], "weights": [0.5, 0.5]}
    for column in ("n", "f", "price", "none"):
        divergence = {"column": column, "partition_object": bins, "threshold": 1}
        yield "expect_column_kl_divergence_to_be_less_than", {**divergence, "tail_weight_holdout": 0.1}
    words = {"values": ["a", "b"], "weights": [0.75, 0.25]}
    yield (
        "expect_column_kl_divergence_to_be_less_than",
        {"column": "s", "partition_object": words, "threshold": 1, "tail_weight_holdout": 0.1},
    )
    for column in ("n", "s", "price", "d", "at"):
        for name in ("INTEGER", "integer", "VARCHAR", "VARCHAR(20)", "NUMERIC", "DATE", "TIMESTAMP", "nonsense"):
            yield "expect_column_type_to_be", {"column": column, "type_": name}


def _of_rows() -> Iterator[tuple[str, dict[str, Any]]]:
    for ignored in ("both_values_are_missing", "either_value_is_missing", "neither"):
        pair = {"ignore_row_if": ignored, "mostly": 0.5}
        yield "expect_column_pair_values_to_be_equal", {"column_A": "s", "column_B": "t", **pair}
        yield "expect_column_pair_values_to_be_equal", {"column_A": "n", "column_B": "m", **pair}
        pairs = {"value_pairs_set": [("a", "a"), (None, "a"), ("", "")]}
        yield "expect_column_pair_values_to_be_in_set", {"column_A": "s", "column_B": "t", **pairs, **pair}
    for ignored in ("all_values_are_missing", "any_value_is_missing", "never"):
        for columns in (["n", "m"], ["s", "t"], ["n", "m", "f"]):
            several = {"column_list": columns, "ignore_row_if": ignored}
            yield "expect_multicolumn_values_to_be_equal", several
            yield "expect_select_column_values_to_be_unique_within_record", several
        yield "expect_multicolumn_sum_to_equal", {"column_list": ["n", "f"], "ignore_row_if": ignored, "sum_total": 1.5}
        yield "expect_multicolumn_sum_to_equal", {"column_list": ["n", "m"], "ignore_row_if": ignored, "sum_total": 2}


def _in_decimals(declared: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments with members as decimals where Great Expectations compares decimals with them in Python.

    There a float is never equal to a decimal; here numbers are equal where their shortest decimal texts are.
    """
    kwargs = declared["kwargs"]
    if kwargs.get("column") != "price" or declared["type"] != "expect_column_most_common_value_to_be_in_set":
        return dict(kwargs)
    return kwargs | {"value_set": [Decimal(str(member)) for member in kwargs["value_set"]]}


@pytest.fixture(scope="module", params=["postgres_url", "mysql_url"])
def server(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A schema with a table of every kind of column, and one without rows."""
    with own_schema(request.getfixturevalue(request.param)) as engine:
        tables = sa.MetaData()
        filled, _ = (
            sa.Table(name, tables, *(sa.Column(column, kind) for column, kind in COLUMNS.items()))
            for name in ("filled", "empty")
        )
        tables.create_all(engine)
        with engine.begin() as connection:
            connection.execute(filled.insert(), [dict(zip(COLUMNS, row, strict=True)) for row in ROWS])
        yield engine


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("table", ["filled", "empty"])
def test_figures_are_judged_as_great_expectations_judges_them_there(server: sa.Engine, table: str) -> None:
    """What the server can say about a column or a row is what Great Expectations' SQL engine makes it say."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    url = server.url.render_as_string(hide_password=False)
    batch = context.data_sources.add_sql("server", connection_string=url).add_table_asset(table, table_name=table)
    definition = batch.add_batch_definition_whole_table("whole")
    suite = [{"type": kind, "kwargs": kwargs} for kind, kwargs in _declared()]
    differences = []
    for declared, result in zip(
        suite, check(table, suite, connection=server, result_format="COMPLETE").results, strict=True
    ):
        expectation = get_expectation_impl(declared["type"])(**_in_decimals(declared))
        theirs = definition.get_batch().validate(expectation, result_format="COMPLETE").to_json_dict()
        information = theirs["exception_info"]
        problems = [information] if "raised_exception" in information else list(information.values())
        raised = [problem["exception_message"] for problem in problems if problem["raised_exception"]]
        answer = {"exception": raised[0]} if raised else {"success": theirs["success"]}
        answer["result"] = enc.jsonable(theirs["result"])
        if declared["kwargs"].get("column") == "price":
            # It counts no member as missing that the database finds, and lists the floats that are no decimals.
            answer["result"].pop("partial_missing_list", None)
        mine = {"exception": result.error.message} if result.error else {}
        mine |= {"success": result.success, "result": enc.jsonable(dict(result.result))}
        found = compare.diff(mine, answer)
        if "exception" in mine and "exception" not in answer:
            found.append(f"{mine['exception']} against {answer}")
        differences += [(server.dialect.name, declared, one) for one in found]
    assert differences == []


@pytest.mark.parametrize("members", [[0.5, 1, None], [None]])
def test_null_in_a_set_lets_no_other_value_pass(server: sa.Engine, members: list[Any]) -> None:
    """`NOT IN` beside a NULL is never true: Great Expectations would pass here whatever the column holds."""
    kinds = ("expect_column_distinct_values_to_be_in_set", "expect_column_distinct_values_to_equal_set")
    suite = [{"type": kind, "kwargs": {"column": "f", "value_set": members}} for kind in kinds]
    outside = len({f for _, _, f, *_ in ROWS} - {None, *members})
    for result in check("filled", suite, connection=server).results:
        assert (result.success, result.result["unexpected_count"]) == (False, outside)
