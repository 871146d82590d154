"""Checks of each value on PostgreSQL and MariaDB, by us and by Great Expectations' SQL engine side by side."""

from __future__ import annotations

from collections.abc import Iterator
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
    "f": sa.Double(),
    "price": sa.Numeric(10, 2),
    "s": sa.String(20),
    "b": sa.Boolean(),
    "none": sa.Double(),
}
ROWS = [
    (1, 0.1, "1.10", "apple", True, None),
    (2, 0.2, "2.20", "a_b", False, None),
    (3, 0.3, "3.30", "50%", True, None),
    (4, -1.5, "-0.01", "", None, None),
    (5, 1e6, "99999.99", "grün", True, None),
    (None, None, None, None, None, None),
    (90, 2.5, "1.00", "Apple\n", False, None),
]
LIKE = ["a%", "%", "a!_b", "", "A%", "____", "%!%"]


def _declared() -> Iterator[tuple[str, dict[str, Any]]]:
    values = "expect_column_values_to_"
    for pattern in LIKE:
        yield f"{values}match_like_pattern", {"column": "s", "like_pattern": pattern}
        yield f"{values}not_match_like_pattern", {"column": "s", "like_pattern": pattern, "escape": "!", "mostly": 0.5}
    for match_on in ("any", "all"):
        yield f"{values}match_like_pattern_list", {"column": "s", "like_pattern_list": LIKE[:3], "match_on": match_on}
        yield f"{values}match_regex_list", {"column": "s", "regex_list": ["^a", "p+"], "match_on": match_on}
    yield f"{values}not_match_like_pattern_list", {"column": "s", "like_pattern_list": LIKE[:3]}
    yield f"{values}not_match_regex_list", {"column": "s", "regex_list": ["^a", "p+"]}
    yield f"{values}match_like_pattern", {"column": "n", "like_pattern": "1%"}
    yield f"{values}match_regex_list", {"column": "n", "regex_list": ["1"]}
    yield "expect_column_value_lengths_to_equal", {"column": "s", "value": 5}
    yield "expect_column_value_lengths_to_equal", {"column": "s", "value": 0, "mostly": 1 / 6}
    for column in COLUMNS:
        for method in ("iqr", "std"):
            yield f"{values}not_be_outliers", {"column": column, "method": method}
        yield f"{values}not_be_outliers", {"column": column, "multiplier": 0, "mostly": 0.5}
        for double_sided in (True, False):
            scores = {"column": column, "threshold": 0.3, "double_sided": double_sided}
            yield "expect_column_value_z_scores_to_be_less_than", scores
    condition = {"row_condition": 'col("n") > 1', "condition_parser": "great_expectations"}
    yield f"{values}not_be_outliers", {"column": "n", "method": "std", "multiplier": 1, **condition}


def _on_purpose(dialect: str, declared: dict[str, Any], table: str) -> bool:
    """Whether answers differ on purpose: lengths are characters, not bytes, and text is no number without rows too."""
    of_length = declared["type"] == "expect_column_value_lengths_to_equal" and dialect == "mysql"
    return of_length or (declared["kwargs"]["column"], table, dialect) == ("s", "empty", "postgresql")


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


@pytest.mark.filterwarnings("ignore::great_expectations.datasource.fluent.interfaces.GxDatasourceWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("table", ["filled", "empty"])
def test_values_are_judged_as_great_expectations_judges_them_there(server: sa.Engine, table: str) -> None:
    """What the server can say about values is what Great Expectations' SQL engine makes it say, errors included."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    url = server.url.render_as_string(hide_password=False)
    batch = context.data_sources.add_sql("server", connection_string=url).add_table_asset(table, table_name=table)
    definition = batch.add_batch_definition_whole_table("whole")
    suite = [{"type": kind, "kwargs": kwargs} for kind, kwargs in _declared()]
    differences = []
    for declared, result in zip(suite, check(table, suite, connection=server).results, strict=True):
        expectation = get_expectation_impl(declared["type"])(**declared["kwargs"])
        theirs = definition.get_batch().validate(expectation, result_format="SUMMARY").to_json_dict()
        problems = [one for one in theirs["exception_info"].values() if isinstance(one, dict)]
        answer = {"success": theirs["success"], "result": theirs["result"]}
        if any(problem["raised_exception"] for problem in problems):
            answer = {"exception": problems[0]["exception_message"]}
        mine = {"exception": result.error.message} if result.error else {}
        mine |= {"success": result.success, "result": enc.jsonable(dict(result.result))}
        found = compare.diff(mine, answer)
        if "exception" in mine and "exception" not in answer:
            found.append(f"{mine['exception']} against {answer}")
        if not _on_purpose(server.dialect.name, declared, table):
            differences += [(declared, one) for one in found]
    assert differences == []
