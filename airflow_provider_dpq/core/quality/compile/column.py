"""Plans of expectations about each value of a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from numbers import Number
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError, UnsupportedExpectationError
from airflow_provider_dpq.core.gate.share import Share
from airflow_provider_dpq.core.quality.compile.comparison import (
    ABSENT,
    as_column,
    comparable,
    is_number,
    member_of,
    ordered,
)
from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Join, Plan, Unexpected, planner
from airflow_provider_dpq.core.quality.compile.plausibility import share_of
from airflow_provider_dpq.core.quality.expectations import column as declared
from airflow_provider_dpq.core.quality.expectations.base import Between
from airflow_provider_dpq.core.table.cast import by_kind, cast_for, kind_of_values
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.sql.functions import characters, known
from airflow_provider_dpq.core.table.table import Table


def counted(found: Mapping[str, int], mostly: float) -> Answer:
    """Return the answer of a check that counts unexpected rows, in GX's fields.

    Args:
        found: Rows looked at (``elements``), rows that break the check (``unexpected``), and rows without a value
            (``missing``) unless missing values are what the check is about.
        mostly: Share of the rows with a value for which it must hold.
    """
    elements, unexpected, missing = found["elements"], found["unexpected"], found.get("missing")
    base = share_of(missing or 0, elements, "rows without a value").rest
    broken = share_of(unexpected, base, "rows that break a check")
    percent = broken.percent
    result: dict[str, Any] = {
        "element_count": elements,
        "unexpected_count": unexpected,
        "unexpected_percent": percent,
    }
    if missing is not None:
        result |= {
            "missing_count": missing,
            "missing_percent": Share(missing, elements).percent,
            "unexpected_percent_total": Share(unexpected, elements).percent,
            "unexpected_percent_nonmissing": percent,
        }
    return Answer(Share(broken.rest, base).reaches(mostly), result)


@planner.register
def plan_not_null(expectation: declared.ExpectColumnValuesToNotBeNull, table: Table) -> Plan:
    """No value is missing."""
    column = table.column(expectation.column)
    return _nullity(expectation, table, column, column.missing)


@planner.register
def plan_null(expectation: declared.ExpectColumnValuesToBeNull, table: Table) -> Plan:
    """Every value is missing."""
    column = table.column(expectation.column)
    return _nullity(expectation, table, column, sa.not_(column.missing))


def _nullity(expectation: declared.ColumnValues, table: Table, column: Column, bad: sa.ColumnElement[bool]) -> Plan:
    domain = Domain(table, expectation.condition)
    return Plan(
        figures={"elements": domain.count(), "unexpected": domain.count(bad)},
        read=lambda found: of_rows(counted(found, expectation.mostly), table),
        unexpected=Unexpected(domain.rows(bad), (column,)),
    )


def each_value(
    expectation: declared.ColumnValues,
    table: Table,
    column: Column,
    good: sa.ColumnElement[bool],
    join: Join | None = None,
) -> Plan:
    """Plan a check that holds or not for each value that is there; malformed text never holds.

    Args:
        expectation: The expectation.
        table: The table.
        column: Its column.
        good: Holds for a value that is as it should be.
        join: What `good` needs joined.
    """
    domain = Domain(table, expectation.condition)
    present = sa.not_(column.missing)
    bad = sa.and_(present, sa.not_(known(good)))

    def read(found: Mapping[str, Any]) -> Answer:
        unexpected = found["elements"] - found["missing"] - found["good"]
        return of_rows(counted({**found, "unexpected": unexpected}, expectation.mostly), table)

    return Plan(
        # What is good is counted, and not what is bad: it is known to be good without a look at what is unknown.
        figures={
            "elements": domain.count(),
            "missing": domain.count(column.missing),
            "good": domain.count(present, good),
        },
        joins=(join,) if join is not None else (),
        read=read,
        unexpected=Unexpected(domain.rows(bad), (column,), join=join),
    )


def of_rows(answer: Answer, table: Table) -> Answer:
    """Say of no rows what GX's SQL engine says: its SUM over nothing is nothing, not 0."""
    if table.pandas_like or answer.result["element_count"]:
        return answer
    return Answer(answer.success, {**answer.result, "unexpected_count": None})


@planner.register
def plan_between(expectation: declared.ExpectColumnValuesToBeBetween, table: Table) -> Plan:
    """Every value lies within bounds."""
    column = cast_for(table.column(expectation.column), expectation.min_value, expectation.max_value)
    return each_value(expectation, table, column, within(expectation, column, column.value, table))


def within(expectation: Between, column: Column, value: sa.ColumnElement[Any], table: Table) -> sa.ColumnElement[bool]:
    """Return the condition that a column's value lies within an expectation's bounds.

    Raises:
        NotScannableError: The bounds are of another type, on a source where GX decides what that means.
        MeasurementError: ``incomparable``: the same on a database.
    """
    symbols = (">" if expectation.strict_min else ">=", "<" if expectation.strict_max else "<=")
    conditions = []
    for symbol, bound in zip(symbols, (expectation.min_value, expectation.max_value), strict=True):
        if bound is None:
            continue
        condition = ordered(column, value, symbol, bound, table)
        if condition is None:
            raise refusal(table, f"{column.kind} column {column.name!r} cannot be compared with {bound!r}.")
        conditions.append(condition)
    return sa.and_(*conditions)


def refusal(table: Table, message: str) -> Exception:
    """Return why the scan cannot answer: GX can on files and frames, nobody on a database."""
    if table.pandas_like:
        return NotScannableError(message)
    return MeasurementError("incomparable", message, hint="Give arguments of the column's type.")


def refuse_malformed(column: Column, count: int | None, domain: Domain) -> None:
    """Refuse to reckon with a column that holds text that is no value of its type.

    Args:
        column: The column.
        count: How many such values there are among the rows that are looked at.
        domain: These rows.

    Raises:
        MeasurementError: ``malformed_values``.
    """
    if count and column.malformed is not None:
        raise column.malformed_values(count, sa.and_(*domain.table.filters, domain.rows(column.malformed)))


def require_files(expectation: declared.ColumnValues, table: Table) -> None:
    """Refuse on a database, before any query, what SQL engines cannot do, Great Expectations' own included.

    Raises:
        MeasurementError: ``unsupported_expectation``.
    """
    if not table.pandas_like:
        message = f"{expectation.type} cannot be evaluated on {table.subject} ({table.dialect})."
        raise UnsupportedExpectationError(
            "unsupported_expectation", message, hint="Check an export of the table as a file.", quotes_data=False
        )


def plan_unfit(expectation: declared.ColumnValues, table: Table, column: Column) -> Plan:
    """Plan the answer about a column of a file or frame that holds what the check is not about.

    It is an error, unless there is no value at all: pandas then takes the column for one of any type but text.
    """
    domain = Domain(table, expectation.condition)

    def read(found: Mapping[str, Any]) -> Answer:
        if found.get("malformed"):
            raise NotScannableError(f"pandas reads the {column.kind} column {column.name!r} as text.")
        if found["missing"] < found["elements"] or column.dtype in ("str", "string"):
            message = f"{expectation.type} is not about what the {column.native} column {column.name!r} holds."
            raise MeasurementError(
                "incomparable", message, hint="Check another column, or the column's type first.", quotes_data=False
            )
        return counted({**found, "unexpected": 0}, expectation.mostly)

    malformed = {} if column.malformed is None else {"malformed": domain.count(column.malformed)}
    return Plan(
        figures={"elements": domain.count(), "missing": domain.count(column.missing), **malformed},
        read=read,
        unexpected=Unexpected(domain.rows(sa.false()), (column,)),
    )


@planner.register
def plan_in_set(expectation: declared.ExpectColumnValuesToBeInSet, table: Table) -> Plan:
    """Every value is one of a set."""
    column = cast_for(table.column(expectation.column), *expectation.value_set)
    return each_value(expectation, table, column, _membership(column, expectation.value_set, table))


@planner.register
def plan_not_in_set(expectation: declared.ExpectColumnValuesToNotBeInSet, table: Table) -> Plan:
    """No value is one of a set."""
    members = [member for member in expectation.value_set if member is not None]
    try:
        column = table.column(expectation.column)
    except NotScannableError as error:
        held = table.types_held(expectation.column)
        if held and members and not any(_may_be_of(type_, member) for type_ in held for member in members):
            error.doubt = _judges_nothing(f"values of the type {' and '.join(sorted(one.__name__ for one in held))}")
        raise
    held_in_words = "texts" if column.kind is Kind.STRING else f"values of the type {column.kind.value}"
    doubt = _judges_nothing(held_in_words)
    if table.pandas_like and members and not any(_may_equal(column, member) for member in members):
        plan = each_value(expectation, table, column, sa.true())
        return replace(plan, read=lambda found: replace(plan.read(found), doubt=doubt))
    cast = cast_for(column, *expectation.value_set)
    plan = each_value(expectation, table, cast, sa.not_(_membership(cast, expectation.value_set, table)))
    if table.dialect in ("mysql", "mariadb") and column.kind is Kind.STRING and any(map(_is_number, members)):
        return replace(plan, read=lambda found: replace(plan.read(found), doubt=_BY_DIGITS))
    if table.pandas_like or not members or any(_may_equal_there(column, member, table) for member in members):
        return plan
    # SQLite keeps any value in any column: one that is none of the column's type may be in the set.
    odd = {} if column.malformed is None else {"odd": Domain(table, expectation.condition).count(column.malformed)}
    return replace(
        plan,
        figures={**plan.figures, **odd},
        read=lambda found: replace(plan.read(found), doubt="" if found.get("odd") else doubt),
    )


_BY_DIGITS: Final = "the set holds numbers and the column texts, compared as written: 7 is not found in the text 7.0"


def _is_number(member: Any) -> bool:
    return isinstance(member, Number) and not isinstance(member, bool)


def _judges_nothing(held: str) -> str:
    return f"judges nothing: the column holds {held}, and the set has none"


_FAMILIES: Final = ((Number, "number"), (Decimal, "number"), (str, "text"), (date, "moment"))


def _may_be_of(type_: type, member: Any) -> bool:
    """Whether a value of a type of Python could be equal to a member of a set; pandas reads texts beside moments."""
    here, there = (
        next((name for base, name in _FAMILIES if issubclass(one, base)), None) for one in (type_, type(member))
    )
    return None in (here, there) or here == there or {here, there} == {"text", "moment"}


def _may_equal_there(column: Column, member: Any, table: Table) -> bool:
    """Whether a value of a database could be equal to a member of a set, but for one of another type than its column.

    What other databases do not compare they refuse.
    """
    if table.dialect in ("mariadb", "mysql"):
        return (column.kind.numeric and not isinstance(member, str)) or as_column(column, member, table) is not ABSENT
    if table.dialect != "sqlite" or column.kind in (Kind.STRING, Kind.OTHER):
        return True
    if isinstance(member, str):
        return column.kind.temporal or is_number(member)
    return isinstance(member, date) is column.kind.temporal


def _may_equal(column: Column, member: Any) -> bool:
    """Whether a value of a column of a file or frame could be equal to a member of a set, by the kinds of both."""
    if column.native.startswith("ENUM"):
        return isinstance(member, str)
    if column.kind is Kind.OTHER or isinstance(member, (time, timedelta)):
        return True
    if column.kind is Kind.STRING and not isinstance(member, str):
        kind = kind_of_values([member])
        cast = column if kind is None else column.cast_to(kind)
        return cast is not column and not isinstance(cast.value, sa.sql.elements.Null)
    if isinstance(member, str):
        return column.kind is Kind.STRING or column.kind.temporal
    if isinstance(member, date):  # pandas tells a day from a moment, and a moment with a zone from one without
        return column.kind.temporal and (column.dtype is None or comparable(column, member))
    return column.kind.numeric or (column.kind is Kind.BOOLEAN and member in (0, 1))


def _membership(column: Column, members: list[Any], table: Table) -> sa.ColumnElement[bool]:
    """Whether the value is among the members; a missing member is none, and types are told apart."""
    present = [member for member in members if member is not None]
    parts = by_kind(column, present)
    if len(parts) > 1:
        return sa.or_(sa.false(), *(known(_membership(part, among, table)) for part, among in parts))
    moments = column.raw is not None and column.kind.temporal and all(isinstance(member, date) for member in present)
    if table.pandas_like and not _reads_moments(column) and not moments:
        value, kept = _pandas_members(column, present)
    else:
        fitted = (as_column(column, member, table) for member in present)
        value, kept = column.value, [member for member in fitted if member is not ABSENT]
    held = value.in_(kept) if kept else sa.false()
    return known(held) if table.dialect in ("mysql", "mariadb") else held  # a text that is no day is NULL there


def _reads_moments(column: Column) -> bool:
    """Whether texts in a set are days or moments: of files and frames that have a type for them, but for pandas'."""
    return column.kind.temporal and column.dtype is None and column.raw is None


def _pandas_members(column: Column, members: list[Any]) -> tuple[sa.ColumnElement[Any], list[Any]]:
    """Return what to compare and with which members, as pandas' ``isin`` does: text is never a number."""
    texts = [member for member in members if isinstance(member, str)]
    if column.kind is Kind.STRING:
        return column.value, texts
    if column.textual and column.text is not None:
        return column.text, texts
    others = [member for member in members if not isinstance(member, str)]
    if not (column.kind.numeric or len(others) == len(members)) or not all(comparable(column, m) for m in others):
        message = f"value_set has members that the {column.kind} column {column.name!r} cannot hold."
        raise NotScannableError(message)
    if column.kind.numeric and not column.single:
        others = [fitting for fitting in (member_of(column, m) for m in others) if fitting is not ABSENT]
    return column.value, others


def text_of(column: Column, table: Table) -> sa.ColumnElement[str]:
    """Return a column's values as text.

    Raises:
        NotScannableError: pandas writes them as SQL does not.
    """
    if column.text is not None:
        return column.text
    if table.pandas_like:
        raise NotScannableError(f"The text of the {column.kind} column {column.name!r} is pandas' own.")
    return column.value  # whether it has a length or is text is for the database to say, as in GX


@planner.register
def plan_lengths(expectation: declared.ExpectColumnValueLengthsToBeBetween, table: Table) -> Plan:
    """Every value has a number of characters within bounds."""
    column = table.column(expectation.column)
    text = text_of(column, table)
    holds = _within(expectation, characters(text))
    if table.pandas_like:
        # A character is one to four bytes, which DuckDB need not count: most texts need no look at their characters.
        holds = sa.case((_within(expectation, sa.func.strlen(text), bytes_each=4), sa.true()), else_=holds)
    return each_value(expectation, table, column, holds)


def _within(
    expectation: declared.ExpectColumnValueLengthsToBeBetween, length: sa.ColumnElement[int], bytes_each: int = 1
) -> sa.ColumnElement[bool]:
    """Return whether a length, where it is in bytes of `bytes_each` to a character at most, is surely within bounds."""
    conditions = []
    if expectation.min_value is not None:
        low = expectation.min_value * bytes_each
        conditions.append(length > low if expectation.strict_min else length >= low)
    if expectation.max_value is not None:
        high = expectation.max_value
        conditions.append(length < high if expectation.strict_max else length <= high)
    return sa.and_(*conditions)


@planner.register
def plan_length(expectation: declared.ExpectColumnValueLengthsToEqual, table: Table) -> Plan:
    """Every value has a given number of characters."""
    column = table.column(expectation.column)
    return each_value(expectation, table, column, characters(text_of(column, table)) == expectation.value)
