"""What each dialect lacks, and the words of the warehouses' dialects; the other forms stand beside the functions.

This is the one place that says which function a dialect lacks: planning reads it, and the documentation does. A
planner may ask `has` and go another way; what a plan then still uses and the dialect lacks is refused before any
query runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.functions import FunctionElement

from airflow_provider_dpq.core.errors import UnsupportedExpectationError
from airflow_provider_dpq.core.quality.compile.plan import Plan
from airflow_provider_dpq.core.table.sql.functions import (
    characters,
    exact_integer,
    exact_text,
    finite,
    known,
    matches,
    median,
    seconds_between,
    stdev,
    without_nan,
)

_NO_MEDIAN: Final = "it has no exact median among its aggregate functions"
_NO_QUANTILE: Final = "it has no exact quantile among its aggregate functions"
_NEITHER: Final = {"median": _NO_MEDIAN, "quantile": _NO_QUANTILE}

LACKING: Final[Mapping[str, Mapping[str, str]]] = {
    "bigquery": _NEITHER,
    "databricks": {},
    "duckdb": {},
    "mariadb": _NEITHER,
    "mssql": {"matches": "SQL Server has regular expressions since 2025 only", **_NEITHER},
    "mysql": _NEITHER,
    "postgresql": {},
    "redshift": dict.fromkeys(("median", "quantile"), "a statement may hold those of one column only"),
    "snowflake": {},
    "spark": {},
    "sqlite": {"stdev": "it has no standard deviation", **_NEITHER},
    "trino": _NEITHER,
}
"""For each dialect the names of the functions that it lacks, and why. Of other dialects nothing is known."""


def has(dialect: str, function: type[FunctionElement[Any]]) -> bool:
    """Whether a dialect has a function of `functions`; one that nothing is known of is asked."""
    return getattr(function, "name", None) not in LACKING.get(dialect, {})


def refuse_lacking(plan: Plan, expectation: str, dialect: str) -> None:
    """Refuse a plan that uses what its dialect lacks.

    Args:
        plan: The plan.
        expectation: The type of the expectation that it answers.
        dialect: Name of the dialect.

    Raises:
        MeasurementError: ``unsupported_expectation``.
    """
    lacking = LACKING.get(dialect)
    if not lacking:
        return
    for element in _elements(plan):
        for part in visitors.iterate(element):
            if isinstance(part, FunctionElement) and (name := getattr(part, "name", None)) in lacking:
                message = f"{expectation} cannot be evaluated on {dialect}: {lacking[str(name)]}."
                hint = "Check other columns, or an export as a file."
                raise UnsupportedExpectationError("unsupported_expectation", message, hint=hint, quotes_data=False)


def _elements(plan: Plan) -> Iterator[Any]:
    yield from plan.figures.values()
    yield from plan.queries.values()
    joins = list(plan.joins)
    if plan.unexpected is not None:
        yield plan.unexpected.predicate
        joins += [plan.unexpected.join] if plan.unexpected.join is not None else []
    for join in joins:
        yield join.keys
        yield join.on


@compiles(known, "mssql")
def _known_case(element: known, compiler: Any, **kw: Any) -> str:
    """Say it for SQL Server, which knows no truth values outside of conditions."""
    (condition,) = element.clauses
    if isinstance(condition, (sa.False_, sa.True_)):
        return "1" if isinstance(condition, sa.True_) else "0"
    return f"CASE WHEN ({compiler.process(sa.and_(sa.true(), condition), **kw)}) THEN 1 ELSE 0 END"


@compiles(matches, "databricks")
@compiles(matches, "trino")
def _matches_like(element: matches, compiler: Any, **kw: Any) -> str:
    return f"regexp_like({compiler.process(element.clauses, **kw)})"


@compiles(matches, "bigquery")
def _matches_contains(element: matches, compiler: Any, **kw: Any) -> str:
    return f"regexp_contains({compiler.process(element.clauses, **kw)})"


@compiles(matches, "snowflake")
def _matches_count(element: matches, compiler: Any, **kw: Any) -> str:
    # Its REGEXP_LIKE and RLIKE want the whole text to match.
    return f"(regexp_count({compiler.process(element.clauses, **kw)}) > 0)"


@compiles(characters, "snowflake")
@compiles(characters, "trino")
def _characters_length(element: characters, compiler: Any, **kw: Any) -> str:
    return f"length({compiler.process(element.clauses, **kw)})"


@compiles(characters, "mssql")
def _characters_len(element: characters, compiler: Any, **kw: Any) -> str:
    # LEN leaves blanks at the end out.
    return f"(len({compiler.process(element.clauses, **kw)} + N'.') - 1)"


@compiles(stdev, "mssql")
def _stdev(element: stdev, compiler: Any, **kw: Any) -> str:
    return f"stdev({compiler.process(element.clauses, **kw)})"


@compiles(median, "databricks")
@compiles(median, "snowflake")
def _median(element: median, compiler: Any, **kw: Any) -> str:
    return f"median({compiler.process(element.clauses, **kw)})"


@compiles(without_nan, "redshift")
@compiles(without_nan, "snowflake")
def _without_nan_null(element: without_nan, compiler: Any, **kw: Any) -> str:
    return f"nullif({compiler.process(element.clauses, **kw)}, {_FLOAT['NaN']})"


@compiles(finite, "redshift")
@compiles(finite, "snowflake")
def _finite_null(element: finite, compiler: Any, **kw: Any) -> str:
    value = compiler.process(element.clauses, **kw)
    return f"nullif(nullif(nullif({value}, {_FLOAT['NaN']}), {_FLOAT['inf']}), {_FLOAT['-inf']})"


_FLOAT: Final = {name: f"CAST('{name}' AS FLOAT)" for name in ("NaN", "inf", "-inf")}
_IS_NAN: Final = {"bigquery": "is_nan({0})", "trino": "is_nan({0})", "databricks": "isnan({0})"}
_IS_INFINITE: Final = {
    "bigquery": "is_inf({0})",
    "trino": "is_infinite({0})",
    "databricks": "abs({0}) = double('Infinity')",
}


@compiles(without_nan, "bigquery")
@compiles(without_nan, "databricks")
@compiles(without_nan, "trino")
def _without_nan_case(element: without_nan, compiler: Any, **kw: Any) -> str:
    value = compiler.process(element.clauses, **kw)
    return f"CASE WHEN {_IS_NAN[compiler.dialect.name].format(value)} THEN NULL ELSE {value} END"


@compiles(finite, "bigquery")
@compiles(finite, "databricks")
@compiles(finite, "trino")
def _finite_case(element: finite, compiler: Any, **kw: Any) -> str:
    value, name = compiler.process(element.clauses, **kw), compiler.dialect.name
    odd = f"{_IS_NAN[name].format(value)} OR {_IS_INFINITE[name].format(value)}"
    return f"CASE WHEN {odd} THEN NULL ELSE {value} END"


@compiles(exact_text, "mssql")
def _exact_text(element: exact_text, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)} COLLATE Latin1_General_BIN2)"


@compiles(exact_integer, "bigquery")
@compiles(exact_integer, "databricks")
@compiles(exact_integer, "mssql")
@compiles(exact_integer, "redshift")
@compiles(exact_integer, "snowflake")
@compiles(exact_integer, "trino")
def _exact_integer(element: exact_integer, compiler: Any, **kw: Any) -> str:
    wide = "BIGNUMERIC" if compiler.dialect.name == "bigquery" else "DECIMAL(38, 0)"
    return f"CAST({compiler.process(element.clauses, **kw)} AS {wide})"


_SECONDS: Final = {
    "bigquery": "(timestamp_diff(timestamp({1}), timestamp({0}), MICROSECOND) / 1e6)",
    "databricks": "(timestampdiff(MICROSECOND, {0}, {1}) / 1e6)",
    "mssql": "(datediff_big(microsecond, {0}, {1}) / 1e6)",
    "redshift": "(datediff(microsecond, {0}, {1}) / 1e6)",
    "snowflake": "(timestampdiff(microsecond, {0}, {1}) / 1e6)",
    "trino": "(date_diff('millisecond', {0}, {1}) / 1e3)",
}


@compiles(seconds_between, "bigquery")
@compiles(seconds_between, "databricks")
@compiles(seconds_between, "mssql")
@compiles(seconds_between, "redshift")
@compiles(seconds_between, "snowflake")
@compiles(seconds_between, "trino")
def _seconds_between(element: seconds_between, compiler: Any, **kw: Any) -> str:
    start, end = (compiler.process(moment, **kw) for moment in element.clauses)
    return _SECONDS[compiler.dialect.name].format(start, end)
