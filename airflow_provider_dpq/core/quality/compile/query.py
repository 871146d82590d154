"""Plans of expectations about what a query of the user's own finds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cmp_to_key
from typing import Any, Final

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.share import Share
from airflow_provider_dpq.core.quality.compile.plan import Answer, Plan, planner
from airflow_provider_dpq.core.quality.expectations import query as declared
from airflow_provider_dpq.core.quality.result_format import MOST_VALUES, ResultFormat
from airflow_provider_dpq.core.table.jsonable import jsonable
from airflow_provider_dpq.core.table.other import open_other
from airflow_provider_dpq.core.table.table import Table

_MOST: Final = 100_000
"""Most rows of a query that are compared."""

_Rows = Counter[tuple[Any, ...]]


@planner.register
def plan_unexpected_rows(expectation: declared.UnexpectedRowsExpectation, table: Table) -> Plan:
    """A query finds no rows."""
    query = _filled(expectation.unexpected_rows_query, table)

    def measure() -> Mapping[str, Any]:
        _, ((count,),) = table.ask(f"SELECT count(*) FROM (\n{query}\n) AS dpq_query", 1)  # noqa: S608 - the user's own
        return {"count": count}

    def describe(_: Mapping[str, Any], wanted: ResultFormat) -> Mapping[str, JsonValue]:
        if wanted.level != "COMPLETE" or wanted.exclude_unexpected_values:
            return {}
        names, rows = table.ask(query, wanted.most(MOST_VALUES) or 0)
        return {"details": {"unexpected_rows": [jsonable(dict(zip(names, row, strict=True))) for row in rows]}}

    return Plan(
        read=lambda found: Answer(found["count"] == 0, {"observed_value": found["count"]}),
        procedure=measure,
        describe=describe,
    )


def _filled(template: str, table: Table) -> str:
    """Return a query with the table's rows in the place of ``{batch}``, under a name unless the query joins them."""
    batch = f"({table.batch()})"
    return template.format(batch=batch if re.search(r"\bJOIN\b", template, re.IGNORECASE) else f"{batch} AS subselect")


@planner.register
def plan_match_comparison(expectation: declared.ExpectQueryResultsToMatchComparison, table: Table) -> Plan:
    """A query finds the same rows as another one does elsewhere."""
    found: dict[str, tuple[Sequence[str], _Rows]] = {}

    def measure() -> Mapping[str, Any]:
        base = table.ask(_filled(expectation.base_query, table), _MOST + 1)
        comparison = expectation.comparison_query.rstrip("; \t\r\n\x0b\x0c")
        other = open_other(table, comparison, expectation.comparison_data_source_name)
        found["base"], found["other"] = _counted(base), _counted(other.ask(comparison, _MOST + 1))
        (_, rows), (_, others) = found["base"], found["other"]
        most = max(rows.total(), others.total())
        return {"rows": most, "matching": (rows & others).total()}

    def read(figures: Mapping[str, Any]) -> Answer:
        most, matching = figures["rows"], figures["matching"]
        percent = Share(most - matching, most).percent or 0.0
        result: dict[str, JsonValue] = {"unexpected_count": most - matching, "unexpected_percent": percent}
        return Answer(Share(matching, most).reaches(expectation.mostly), result)

    def describe(_: Mapping[str, Any], wanted: ResultFormat) -> Mapping[str, JsonValue]:
        if wanted.level != "COMPLETE" or wanted.exclude_unexpected_values:
            return {}
        (names, rows), (other_names, others) = found["base"], found["other"]
        limit = wanted.most(MOST_VALUES)
        missing, unexpected = _listed(other_names, others - rows, limit), _listed(names, rows - others, limit)
        return {"details": {"missing_rows": missing, "unexpected_rows": unexpected}}

    return Plan(read=read, procedure=measure, describe=describe)


def _counted(asked: tuple[Sequence[str], Sequence[tuple[Any, ...]]]) -> tuple[Sequence[str], _Rows]:
    """Count equal rows.

    Raises:
        MeasurementError: ``too_many_rows``, or ``incomparable``: a value is equal to no other.
    """
    names, rows = asked
    if len(rows) > _MOST:
        message = f"A query found more than {_MOST} rows to compare."
        raise MeasurementError(
            "too_many_rows", message, hint="Compare counts and sums, or reconcile the tables.", quotes_data=False
        )
    try:
        return names, Counter(rows)
    except TypeError as error:
        message = f"A query found values that cannot be compared: {error}."
        raise MeasurementError("incomparable", message, hint="Cast them to text in the query.") from error


def _listed(names: Sequence[str], rows: _Rows, limit: int | None) -> list[JsonValue]:
    every = list(rows.elements())
    try:
        every.sort(key=cmp_to_key(_compare))
    except TypeError:  # values of one column that Python does not order: they stay as they were found
        every = list(rows.elements())
    return [jsonable(dict(zip(names, row, strict=True))) for row in every[:limit]]


def _compare(a: tuple[Any, ...], b: tuple[Any, ...]) -> int:
    """Order rows, missing values first."""
    for x, y in zip(a, b, strict=False):
        if x != y:
            return -1 if x is None or (y is not None and x < y) else 1
    return len(a) - len(b)
