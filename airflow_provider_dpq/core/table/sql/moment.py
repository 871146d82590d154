"""Days, moments and instants held against each other: a day is the moment at which it begins, in UTC.

A moment without a time zone is one of UTC where it is compared with one that has a zone. What is compared is brought to
the kind of the column, so that every engine compares two values of one kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.instant import instant
from airflow_provider_dpq.core.table.table import Table

_BEYOND: Final = re.compile(r"(?P<early>-|.*\(?BC\)?$|0000-00-00)|(?P<late>infinity$|\d{5,}-)", re.IGNORECASE)


def beyond_python(text: str) -> int:
    """Return 1 where a text names a moment later than all that Python has, -1 where an earlier one, else 0."""
    match = _BEYOND.match(text)
    return 0 if match is None else -1 if match["early"] else 1


def are_comparable(column: Column, value: Any) -> bool:
    """Whether a column is compared with a day or moment."""
    return isinstance(value, date) and column.kind.temporal


def in_kind(kind: Kind, value: date) -> date | None:
    """Return a day or moment as one of a column's kind; None where no value of that kind is equal to it."""
    moment = instant(value)
    if kind is Kind.TIMESTAMP_TZ:
        return moment
    if kind is Kind.TIMESTAMP:
        return moment.replace(tzinfo=None)
    return moment.date() if moment.timetz() == _MIDNIGHT else None


_MIDNIGHT: Final = datetime(1970, 1, 1, tzinfo=UTC).timetz()
_OF_DAYS: Final[Mapping[str, str]] = {">=": ">", ">": ">", "<=": "<=", "<": "<="}
"""How a day compares with the day of a moment after midnight where it compares so with the moment."""


def limit(kind: Kind, symbol: str, bound: date) -> tuple[str, date]:
    """Return a comparison with a bound as one with a bound of a column's kind.

    Args:
        kind: `Kind.DATE`, `Kind.TIMESTAMP` or `Kind.TIMESTAMP_TZ`.
        symbol: ``<``, ``<=``, ``>`` or ``>=``.
        bound: A day or moment.
    """
    fitting = in_kind(kind, bound)
    return (_OF_DAYS[symbol], instant(bound).date()) if fitting is None else (symbol, fitting)


def alike(columns: tuple[Column, ...], table: Table) -> tuple[sa.ColumnElement[Any], ...]:
    """Return values of several columns of days or moments as ones of one kind, which SQL compares."""
    kinds = {column.kind for column in columns}
    if len(kinds) == 1 or table.dialect == "spark":  # which compares them so itself
        return tuple(column.value for column in columns)
    zoned = Kind.TIMESTAMP_TZ in kinds
    return tuple(in_common(column.value, column.kind, zoned=zoned) for column in columns)


def in_common(value: sa.ColumnElement[Any], kind: Kind, *, zoned: bool) -> sa.ColumnElement[Any]:
    """Return a day or moment as a moment, without a zone or in UTC."""
    moment: sa.ColumnElement[Any] = day_start(value) if kind is Kind.DATE else value
    return in_utc(moment) if zoned and kind is not Kind.TIMESTAMP_TZ else moment


class day_start(FunctionElement[datetime]):  # noqa: N801 - named as a SQL function
    """The moment at which a day begins."""

    type = sa.DateTime()
    inherit_cache = True
    name = "day_start"


class in_utc(FunctionElement[datetime]):  # noqa: N801 - named as a SQL function
    """The instant at which clocks in UTC show a moment."""

    type = sa.DateTime(timezone=True)
    inherit_cache = True
    name = "in_utc"


class canonical(FunctionElement[datetime]):  # noqa: N801 - named as a SQL function
    """A moment that SQLite keeps as text, in the one form in which texts of moments are in their order."""

    type = sa.DateTime()
    inherit_cache = True
    name = "canonical"


def _only(element: FunctionElement[Any], compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


@compiles(day_start)
def _day_start(element: day_start, compiler: Any, **kw: Any) -> str:
    return f"CAST({_only(element, compiler, **kw)} AS TIMESTAMP)"


@compiles(day_start, "mysql")
@compiles(day_start, "mariadb")
def _day_start_mysql(element: day_start, compiler: Any, **kw: Any) -> str:
    return f"CAST({_only(element, compiler, **kw)} AS DATETIME(6))"


@compiles(day_start, "sqlite")
@compiles(canonical, "sqlite")
def _canonical(element: FunctionElement[Any], compiler: Any, **kw: Any) -> str:
    text = _only(element, compiler, **kw)
    clock = f"substr({text}, 1, 10) || ' ' || substr({text}, 12)"
    form = "'%Y-%m-%d %H:%M:%f'"
    forms = {
        f"typeof({text}) <> 'text'": text,
        f"{text} GLOB '????-??-??'": f"{text} || ' 00:00:00.000000'",
        f"{text} GLOB '????-??-??[ T]??:??'": f"{clock} || ':00.000000'",
        f"{text} GLOB '????-??-??[ T]??:??:??'": f"{clock} || '.000000'",
        f"{text} GLOB '*[Zz+]*' OR {text} GLOB '*:*-*'": f"coalesce(strftime({form}, {text}) || '000', {text})",
        f"{text} GLOB '????-??-??[ T]??:??:??.*'": f"substr({clock} || '000000', 1, 26)",
    }
    cases = " ".join(f"WHEN {condition} THEN {value}" for condition, value in forms.items())
    return f"(CASE {cases} ELSE {text} END)"


@compiles(canonical)
def _as_it_is(element: canonical, compiler: Any, **kw: Any) -> str:
    return _only(element, compiler, **kw)


@compiles(in_utc, "mysql")
@compiles(in_utc, "mariadb")
def _in_utc_mysql(element: in_utc, compiler: Any, **kw: Any) -> str:
    return _only(element, compiler, **kw)  # which have no type of instants: they are told by the clocks of UTC


@compiles(in_utc)
def _in_utc(element: in_utc, compiler: Any, **kw: Any) -> str:
    return f"timezone('UTC', {_only(element, compiler, **kw)})"
