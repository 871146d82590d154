"""Plans of expectations about the different values of a column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

import sqlalchemy as sa
from pydantic import JsonValue

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.compile.column import refuse_malformed
from airflow_provider_dpq.core.quality.compile.comparison import ABSENT, as_column, coerced, member_of
from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Plan, planner
from airflow_provider_dpq.core.quality.compile.plausibility import require_figure
from airflow_provider_dpq.core.quality.expectations import membership as declared
from airflow_provider_dpq.core.quality.result_format import MOST_VALUES, ResultFormat
from airflow_provider_dpq.core.quality.rows import shown_value
from airflow_provider_dpq.core.table.cast import are_texts, cast_for
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.instant import read_moment
from airflow_provider_dpq.core.table.jsonable import jsonable
from airflow_provider_dpq.core.table.sql.functions import known as holds
from airflow_provider_dpq.core.table.sql.moment import in_kind
from airflow_provider_dpq.core.table.sql.number import plain
from airflow_provider_dpq.core.table.table import Table

_MOST: Final = 20
"""Most values in a list of missing or unexpected ones, as in Great Expectations."""


@planner.register
def plan_in_set(expectation: declared.ExpectColumnDistinctValuesToBeInSet, table: Table) -> Plan:
    """Every value is one of a set."""
    return _plan(_Held(expectation, table), inside=True)


@planner.register
def plan_contain_set(expectation: declared.ExpectColumnDistinctValuesToContainSet, table: Table) -> Plan:
    """Every member of a set appears among the values."""
    return _plan(_Held(expectation, table), contained=True)


@planner.register
def plan_equal_set(expectation: declared.ExpectColumnDistinctValuesToEqualSet, table: Table) -> Plan:
    """The values are the members of a set and no others."""
    return _plan(_Held(expectation, table), inside=True, contained=True)


class _Held:
    """The different values of a column, held against a set as the table's reference does."""

    def __init__(self, expectation: declared.DistinctValues, table: Table) -> None:
        self.table = table
        column = read_column(table, expectation.column)
        if expectation.value_set and all(isinstance(member, date) for member in expectation.value_set):
            column = table.column(expectation.column)  # pandas has texts there, of which no day is one
        self.column = cast_for(column, *expectation.value_set)
        if self.column.decode is not None and self.column.kind is Kind.STRING and not are_texts(expectation.value_set):
            raise NotScannableError(f"Column {self.column.name!r} and the set hold values of several types.")
        self.declared: Sequence[Any] = expectation.value_set
        self.members: Sequence[Any] = expectation.value_set
        if table.pandas_like:
            self.declared = _different(self.declared)
            self.members = _different([coerced(self.column, member) for member in self.declared])
            wanted = [member_of(self.column, member) for member in self.members]
            self.wanted = [member for member in wanted if member is not ABSENT]
        else:
            fitted = _fitted(self.column, self.declared, table)
            self.declared = [member for member, _ in fitted]
            self.members = [value if isinstance(value, date) else member for member, value in fitted]
            self.wanted = [value for _, value in fitted if value is not ABSENT]
        self.domain = Domain(table, expectation.condition)
        self.present = sa.not_(self.column.missing)
        value = self.column.value
        # Beside a NULL in the set nothing would be outside of it, whatever the column holds.
        known = [member for member in self.wanted if not isinstance(member, sa.sql.elements.Null)]
        # What cannot be compared with the members is none of them.
        self.outside = sa.not_(holds(value.in_(known))) if known else sa.true()
        self.within = value.in_(self.wanted)
        self.malformed = sa.false() if self.column.malformed is None else self.column.malformed

    def fetch(self, *where: sa.ColumnElement[bool], most: int | None = None) -> list[Any]:
        """Return the different values for which conditions hold, in order where there is a limit."""
        query = self.domain.select(self.column.shown.label("value"), where=(self.present, *where)).distinct()
        query = query if most is None else query.order_by(sa.literal_column("1")).limit(most)
        return [shown_value(self.table, self.column, value) for (value,) in self.table.fetch(query)]

    def list_unexpected(self, found: Mapping[str, Any]) -> list[JsonValue]:
        """Return the first values that no member is equal to."""
        if not found["unexpected"] + found.get("malformed", 0):
            return []
        values = self.fetch(self.outside, sa.not_(self.malformed), most=_MOST)
        if found.get("malformed"):
            texts = self.domain.select(self.column.written.label("value"), where=(self.malformed,)).distinct()
            found_texts = self.table.fetch(texts.order_by(sa.literal_column("1")).limit(_MOST))
            values += [shown_value(self.table, self.column, None, text) for (text,) in found_texts]
        return [jsonable(value) for value in values[:_MOST]]

    def missing(self, found: Mapping[str, Any]) -> int:
        """Return how many members no value is equal to."""
        return len(self.members if found["values"] else self.declared) - (found.get("found") or 0)

    def list_missing(self, found: Mapping[str, Any]) -> list[JsonValue]:
        """Return the first members that no value is equal to."""
        if not self.missing(found):
            return []
        there = self.fetch(self.within) if found.get("found") else []
        members = self.members if found["values"] else self.declared
        known = [self._alike(value) for value in there]
        return [jsonable(member) for member in members if self._alike(member) not in known][:_MOST]

    def _alike(self, value: Any) -> Any:
        """Return a value or a member as Python compares it with others."""
        if isinstance(value, str) and self.column.kind.temporal:
            value = read_moment(value) or value
        if isinstance(value, date) and self.column.kind.temporal and self.column.dtype is None:
            return in_kind(self.column.kind, value)
        return plain(value)


def _fitted(column: Column, members: Sequence[Any], table: Table) -> list[tuple[Any, Any]]:
    """Return the members of a set, each with what a database compares a column with for it."""
    return [(m, sa.null() if m is None else as_column(column, m, table)) for m in members]


def _different(members: Sequence[Any]) -> list[Any]:
    try:
        return list(dict.fromkeys(members))
    except TypeError as error:
        raise NotScannableError("value_set has members that cannot be told apart.") from error


def _plan(held: _Held, *, inside: bool = False, contained: bool = False) -> Plan:
    domain, column = held.domain, held.column
    figures = {"values": domain.count(held.present)}
    queries = {}
    if column.malformed is not None:
        bad = sa.case((column.malformed, column.written))
        figures["malformed"] = sa.func.count(sa.distinct(domain.values(bad)))
    if inside:
        other = sa.case((sa.and_(held.present, held.outside), column.value))
        figures["unexpected"] = sa.func.count(sa.distinct(domain.values(other)))
    if contained and held.wanted:
        there = domain.select(column.value.label("value"), where=(held.present, held.within)).distinct()
        queries["found"] = sa.select(sa.func.count()).select_from(there.subquery("there"))

    def read(found: Mapping[str, Any]) -> Answer:
        others = found["unexpected"] + found.get("malformed", 0) if inside else 0
        counts = {"unexpected_count": others} if inside else {}
        counts |= {"missing_count": held.missing(found)} if contained else {}
        return Answer(not any(counts.values()), {"observed_value": None, **counts})

    def describe(found: Mapping[str, Any], wanted: ResultFormat) -> Mapping[str, JsonValue]:
        lists: dict[str, JsonValue] = {}
        if not wanted.partial_unexpected_count:
            return lists
        if inside and not wanted.exclude_unexpected_values:
            lists["partial_unexpected_list"] = held.list_unexpected(found)
        if contained:
            lists["partial_missing_list"] = held.list_missing(found)
        return lists

    return Plan(figures=figures, queries=queries, read=read, describe=describe)


def read_column(table: Table, name: str) -> Column:
    """Return a column as pandas reads it, where pandas is the reference: dates in CSV are text.

    Raises:
        MeasurementError: ``missing_column``.
        NotScannableError: pandas tells apart what SQL does not.
    """
    column = table.column(name)
    if not table.pandas_like:
        return column
    if column.kind is Kind.OTHER:
        raise NotScannableError(f"Values of the {column.native} column {column.name!r} cannot be told apart exactly.")
    if column.raw is None or column.text is None or column.kind.numeric or column.kind is Kind.BOOLEAN:
        return column
    if column.decode is not None:
        return column  # values of several types, which are no texts
    text = column.text
    return replace(column, kind=Kind.STRING, value=text, shown=text, key=text, raw=None, malformed=None)


def leave_malformed(column: Column, found: Mapping[str, Any], domain: Domain) -> None:
    """Leave a CSV column that pandas would read as text, for a value that is none of its type, to pandas.

    Raises:
        NotScannableError: There is such a value among those counted as ``malformed``.
        MeasurementError: ``malformed_values``: the same in a database.
    """
    if not domain.table.pandas_like:
        refuse_malformed(column, found.get("malformed"), domain)
    elif found.get("malformed"):
        message = f"Column {column.name!r} has {found['malformed']} values that are no {column.kind}."
        raise NotScannableError(message)


@planner.register
def plan_most_common(expectation: declared.ExpectColumnMostCommonValueToBeInSet, table: Table) -> Plan:
    """The most common value, or with `ties_okay` one of those that are equally common, is one of a set."""
    column = read_column(table, expectation.column).as_stored()
    domain = Domain(table, expectation.condition)
    members = {plain(member) for member in _different(expectation.value_set)}
    if not table.pandas_like and column.kind.temporal:
        members = {_in_kind_of(column, member) for member in members}
    counts = {} if column.malformed is None else {"malformed": domain.count(column.malformed)}
    counts["values"] = domain.count(column.value.is_not(None))

    most = _most_common(column, domain)

    def fetch(query: sa.Select[Any]) -> list[Any]:
        return [_moment_of(value, column) for (value,) in table.fetch(query.limit(MOST_VALUES + 1))]

    def among(values: Sequence[Any]) -> bool:
        if any(isinstance(value, (list, dict)) for value in values):
            message = f"Column {column.name!r} ({column.native}) holds values of several parts, which no set has."
            raise MeasurementError(
                "incomparable", message, hint="Check one part of them in a query.", quotes_data=False
            )
        return not members.isdisjoint(plain(value) for value in values)

    def read(found: Mapping[str, Any]) -> Answer:
        leave_malformed(column, found, domain)
        values = fetch(sa.select(most.c.shown).where(most.c.copies == most.c.most).order_by(most.c.value))
        require_figure(values or None, found["values"])
        hits = among(values)
        fitted = [(member_of(column, m) if table.pandas_like else as_column(column, m, table)) for m in members]
        wanted = [value for value in fitted if value is not ABSENT]
        if expectation.ties_okay and not hits and wanted and len(values) > MOST_VALUES:
            held = (most.c.copies == most.c.most, most.c.value.in_(wanted))
            hits = among(fetch(sa.select(most.c.shown).where(*held)))
        success = hits and (bool(expectation.ties_okay) or len(values) == 1)
        return Answer(success, {"observed_value": [_written(value, column, table) for value in values[:MOST_VALUES]]})

    return Plan(figures=counts, read=read)


def _in_kind_of(column: Column, member: Any) -> Any:
    """Return a member that is or names a day or moment as one of a column's kind, if there is one."""
    found = read_moment(member) or member if isinstance(member, str) else member
    return (in_kind(column.kind, found) or member) if isinstance(found, date) else member


def _most_common(column: Column, domain: Domain) -> sa.Subquery:
    """Select each value with the number of its ``copies``, and the ``most`` copies that there are of any."""
    counted = domain.select(
        column.value.label("value"),
        column.shown.label("shown"),
        sa.func.count().label("copies"),
        where=(sa.not_(column.missing),),
    )
    groups = counted.group_by(column.value, column.shown).subquery("counted")
    return sa.select(groups, sa.func.max(groups.c.copies).over().label("most")).subquery("most")


def _moment_of(value: Any, column: Column) -> Any:
    """Return a value as Python compares it; pandas hands over moments in UTC without saying so."""
    if column.kind is Kind.TIMESTAMP_TZ and isinstance(value, int):
        return datetime(1970, 1, 1) + timedelta(microseconds=value)  # noqa: DTZ001 - as above
    return value


def _written(value: Any, column: Column, table: Table) -> JsonValue:
    """Write a value as Great Expectations does: moments of pandas as numpy does, to the dtype's unit."""
    if not table.pandas_like or not isinstance(value, datetime):
        return jsonable(value)
    import numpy as np

    if getattr(value, "nanosecond", 0):
        return str(np.datetime64(cast("Any", value).value, "ns"))
    unit = re.search(r"\[(s|ms|us|ns)", column.dtype or "")
    return str(np.datetime64(value).astype(f"datetime64[{unit[1] if unit else 'us'}]"))
