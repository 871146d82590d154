"""The columns of two tables that are held against each other, and what counts as the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.gate.share import exact
from airflow_provider_dpq.core.quality.compile.column import refuse_malformed
from airflow_provider_dpq.core.quality.compile.plan import Domain
from airflow_provider_dpq.core.table.form import Comparable, Compared, Form, common_form, comparable_columns
from airflow_provider_dpq.core.table.table import Table

_NOISE: Final = 1e-15
"""A difference of floating numbers is wrong by no more than this share of the larger."""
_DECIMAL: Final = sa.Numeric(37, 20)
_SINGLE: Final = 1e-5
"""Relative difference of floating numbers of four bytes that says nothing: some databases send six digits of them."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How different two values may be and still be the same.

    Attributes:
        absolute: Of numbers, in their unit.
        relative: Of numbers, as a share of the other table's.
        seconds: Of times.
    """

    absolute: float = 0.0
    relative: float = 0.0
    seconds: float = 0.0

    @property
    def nanoseconds(self) -> int:
        """Of times, in whole nanoseconds."""
        return math.floor(exact(self.seconds) * 10**9)


@dataclass(frozen=True, slots=True)
class Pair:
    """A column here and the one of the other table that it is held against.

    Attributes:
        here: The column of the table.
        there: The column of the other table.
        form: What both are turned into.
    """

    here: Comparable
    there: Comparable
    form: Form

    @property
    def holds_texts(self) -> bool:
        """Whether a side may hold text that is no value of its kind, and is the same as the same text there."""
        return any(_is_of_text(side) for side in (self.here, self.there))

    @property
    def name(self) -> str:
        """The column's name here."""
        return self.here.name

    def relative(self, tolerance: Tolerance) -> float:
        """The relative tolerance of this pair: numbers of four bytes are never the same to the last digit."""
        return (
            max(tolerance.relative, _SINGLE)
            if self.here.column.single or self.there.column.single
            else tolerance.relative
        )

    def differs(
        self, here: sa.ColumnElement[Any], there: sa.ColumnElement[Any], tolerance: Tolerance
    ) -> sa.ColumnElement[bool]:
        """Return the condition in DuckDB that two values in the form are not the same; two missing ones are."""
        distinct = here.is_distinct_from(there)
        relative = self.relative(tolerance)
        if self.form.numeric and (tolerance.absolute or relative):
            close = _are_close(here, there, tolerance.absolute, relative, self.form)
        elif self.form.temporal and tolerance.seconds:
            close = sa.func.abs(here - there) <= tolerance.nanoseconds
        else:
            return distinct
        return sa.and_(distinct, sa.not_(sa.func.coalesce(close, sa.false())))


def _is_of_text(comparable: Comparable) -> bool:
    return comparable.column.malformed is not None and comparable.column.raw is not None


def misfit_text(comparable: Comparable) -> sa.ColumnElement[Any]:
    """Return the text that is no value of a column's kind; NULL of any other value."""
    column = comparable.column
    if column.malformed is None or column.raw is None:
        return sa.cast(sa.null(), sa.String())
    return sa.case((column.malformed, column.raw))


def _are_close(
    here: sa.ColumnElement[Any], there: sa.ColumnElement[Any], absolute: float, relative: float, form: Form
) -> sa.ColumnElement[bool]:
    """Return the condition in DuckDB that two numbers differ by no more than is allowed, of whatever size they are.

    Floating numbers do not tell a difference of whole ones beyond 2**53, nor that 1.1 and 1 differ by 0.1 exactly:
    where they are near what is allowed, the difference is that of the decimal texts.
    """
    a: sa.ColumnElement[float] = sa.cast(here, sa.Double())
    b: sa.ColumnElement[float] = sa.cast(there, sa.Double())
    allowed = sa.func.greatest(absolute, relative * sa.func.abs(b))
    if form is Form.INTEGER:
        near: sa.ColumnElement[bool] = sa.func.abs(here - there) <= allowed
        return near
    x, y = (sa.try_cast(sa.cast(side, sa.String()), _DECIMAL) for side in (here, there))
    apart = sa.func.abs(a - b)
    within = sa.func.coalesce(sa.func.abs(x - y), apart) <= allowed
    wide = sa.func.greatest(sa.func.abs(a), sa.func.abs(b)) * _NOISE
    close = sa.case((apart + wide <= allowed, sa.true()), (apart - wide > allowed, sa.false()), else_=within)
    return sa.and_(sa.func.isfinite(a), sa.func.isfinite(b), close)


def pair_columns(
    table: Table, other: Table, names: Iterable[str], names_there: Mapping[str, str], compared: Compared
) -> list[Pair]:
    """Pair columns of two tables.

    Args:
        table: The table.
        other: The other table.
        names: Names of the table's columns.
        names_there: Names in the other table where they differ, as both tables write them.
        compared: What of them is compared.

    Raises:
        MeasurementError: ``missing_column``, or ``incomparable`` where two columns hold different kinds of values.
    """
    pairs = []
    for name in names:
        named = table.column(name).name
        here, there = comparable_columns(table, name, other, names_there.get(named, name), compared)
        pairs.append(Pair(here, there, common_form(here, there)))
    return pairs


def common_columns(table: Table, other: Table, mapped: Mapping[str, str]) -> dict[str, str]:
    """Return the names of the columns that both tables have, in the table's order, and what the other one calls them.

    A name in another case is the same one where neither table has two of them.

    Args:
        table: The table.
        other: The other table.
        mapped: Names in the other table where they differ.
    """
    here, there = _by_case(table), _by_case(other)
    found = {}
    for name in table.columns:
        case = name.casefold()
        alike = there.get(case, []) if len(here[case]) == 1 else []
        if name in mapped or name in other.columns:
            found[name] = mapped.get(name, name)
        elif len(alike) == 1:
            found[name] = alike[0]
    return found


def _by_case(table: Table) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in table.columns:
        found.setdefault(name.casefold(), []).append(name)
    return found


def misfits(domain: Domain, columns: Sequence[Comparable]) -> list[int]:
    """Count in each column the text that is no value of the type as which it is compared."""
    found = [comparable.column.malformed for comparable in columns]
    counts = [domain.count(malformed) for malformed in found if malformed is not None]
    row = iter(domain.table.fetch(domain.select(*counts))[0] if counts else ())
    return [0 if malformed is None else int(next(row)) for malformed in found]


def require_values(domain: Domain, columns: Sequence[Comparable]) -> None:
    """Refuse text that is no value of the type as which its column is compared: it is neither a value nor missing.

    Raises:
        MeasurementError: ``malformed_values``.
    """
    for comparable, count in zip(columns, misfits(domain, columns), strict=True):
        refuse_malformed(comparable.column, count, domain)
