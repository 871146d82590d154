"""What a check asks of its table, and how it reads the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from pydantic import JsonValue

from airflow_provider_dpq.core.gate.report import Problem
from airflow_provider_dpq.core.quality.compile.condition import selection
from airflow_provider_dpq.core.quality.condition import Condition
from airflow_provider_dpq.core.quality.expectations.base import Expectation
from airflow_provider_dpq.core.quality.result_format import ResultFormat
from airflow_provider_dpq.core.table.column import Column
from airflow_provider_dpq.core.table.sql.functions import count_if
from airflow_provider_dpq.core.table.table import Table

if TYPE_CHECKING:
    from airflow_provider_dpq.core.quality.result_format import ResultFormat


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check found.

    Attributes:
        success: Whether it held; None where what was measured cannot decide.
        result: What was observed, in GX's field names.
        undecided: Why it cannot be decided.
        rows: Rows that the check's own row condition left it; None where it has none, or where `result` counts them.
        doubt: Why its success may say less than was meant; empty where it says what it seems to.
        part: What a figure adds to that of a whole of which this table is a part, exactly, as `merge.exactly` writes
            numbers; empty where the parts of a table are not put together from it.
    """

    success: bool | None
    result: dict[str, JsonValue]
    undecided: Problem | None = None
    rows: int | None = None
    doubt: str = ""
    part: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Join:
    """Another table's keys, joined to the scan row by row."""

    keys: sa.FromClause
    on: sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Unexpected:
    """The rows that break a check.

    Attributes:
        predicate: Holds for them.
        columns: The columns whose values are shown, in order.
        shape: How a row's values are written: ``value`` (one column), ``list`` (a pair) or ``mapping`` (by name).
        join: What the predicate needs joined.
        order: What to order the rows by on a database; files and frames have an order of their own.
        complete: Whether the predicate holds for all of them, or only for some that can be shown.
        names_values: Whether the predicate names values that rows hold, so that a query of it shows them.
        first: Returns for the first few rows, as many as given, what finds them sooner; None where nothing does.
    """

    predicate: sa.ColumnElement[bool]
    columns: tuple[Column, ...]
    shape: str = "value"
    join: Join | None = None
    order: sa.ColumnElement[Any] | None = None
    complete: bool = True
    names_values: bool = False
    first: Callable[[int], Unexpected] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a check is answered.

    Attributes:
        read: Turns the figures, by name, into the answer; it may ask the table for more.
        figures: Aggregates that ride on the shared scan.
        queries: Selections of one figure each that need a scan of their own.
        joins: What the aggregates need joined to the shared scan.
        unexpected: The rows that break the check, where it is about rows.
        describe: Fields of the result that depend on the result format, from the figures.
        procedure: For a check that no aggregate can answer: measures in a way of its own and returns figures, which
            `read` gets beside the others.
        samples: Returns the fields that show what broke the check, where that is not rows of the table alone.
        by: Who evaluates it, for the result.
    """

    read: Callable[[Mapping[str, Any]], Answer]
    figures: Mapping[str, sa.ColumnElement[Any]] = field(default_factory=dict)
    queries: Mapping[str, sa.Select[Any]] = field(default_factory=dict)
    joins: tuple[Join, ...] = ()
    unexpected: Unexpected | None = None
    describe: Callable[[Mapping[str, Any], ResultFormat], Mapping[str, JsonValue]] | None = None
    procedure: Callable[[], Mapping[str, Any]] | None = None
    samples: Callable[[ResultFormat], dict[str, JsonValue]] | None = None
    by: str = "scan"


@singledispatch
def planner(expectation: Expectation, table: Table) -> Plan:
    """Return how an expectation is answered on a table; each kind of expectation registers its own planners.

    Raises:
        NotScannableError: Only Great Expectations can answer it.
        MeasurementError: It cannot be answered: a missing column, a regular expression that is none.
    """
    message = f"{type(expectation).__name__} has no planner."
    raise NotImplementedError(message)


class Domain:
    """The rows of a table that one check looks at.

    Args:
        table: The table.
        condition: The check's row condition; None for all rows.

    Raises:
        MeasurementError: ``missing_column``, or ``malformed_values``: the condition cannot be read in each row.
        NotScannableError: The condition compares what SQL would compare otherwise than pandas.
    """

    def __init__(self, table: Table, condition: Condition | None) -> None:
        self.table = table
        self.condition = None if condition is None else selection(table, condition)

    def count(self, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        """Count the rows for which all conditions hold."""
        every = self._with(conditions)
        return count_if(sa.and_(*every)) if every else sa.func.count()

    def values(self, expression: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Return an expression that is NULL outside of the domain."""
        return expression if self.condition is None else sa.case((self.condition, expression))

    def select(self, *columns: sa.ColumnElement[Any], where: tuple[sa.ColumnElement[bool], ...] = ()) -> sa.Select[Any]:
        """Select from the domain's rows."""
        return sa.select(*columns).select_from(self.table.rows()).where(*self.table.filters, *self._with(where))

    def rows(self, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        """Return the condition that a row is of the domain and all `conditions` hold."""
        return sa.and_(sa.true(), *self._with(conditions))

    def _with(self, conditions: tuple[sa.ColumnElement[bool], ...]) -> tuple[sa.ColumnElement[bool], ...]:
        return conditions if self.condition is None else (self.condition, *conditions)
