"""Columns as checks see them: what they hold, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError

POSITION: Final = "dpq:position"
"""Name of the row's position in selections that ask for it; no name that a table would have."""

KEY: Final = "dpq__key"
"""Name of the one column of another table's keys; no name that a table would have, in letters that BigQuery takes."""


class Kind(StrEnum):
    """What a column holds, as far as checks must know."""

    INTEGER = "integer"
    FLOAT = "float"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    STRING = "string"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMP_TZ = "timestamp with time zone"
    OTHER = "other"

    @property
    def numeric(self) -> bool:
        """Whether arithmetic works on it."""
        return self in (Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL)

    @property
    def temporal(self) -> bool:
        """Whether it holds days or moments."""
        return self in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_TZ)

    @property
    def family(self) -> str:
        """What it can be compared with: numbers, days and moments, or only its like."""
        return "number" if self.numeric else "moment" if self.temporal else self.value


@dataclass(frozen=True, slots=True)
class Column:
    """A column as checks see it.

    Attributes:
        name: Its name.
        kind: What it holds.
        native: The type's name in its source: a pandas dtype, a DuckDB or database type.
        dtype: The pandas dtype, for pandas frames.
        value: The typed value; NULL where it is missing (floating NaN included) or malformed.
        shown: The value as it is fetched.
        key: What tells values apart when they are grouped.
        missing: Whether there is no value.
        raw: The text that the value is read from; None for typed sources.
        malformed: Whether there is text that is no value of the column's type; None for typed sources.
        text: The value as text, as pandas would write it; None where that differs from what SQL can say.
        type: The database's own type, for tables of a database.
        read_as: Returns the same column of text cast to a kind, for checks that need one; None for typed sources.
        read_as_moments: Returns it cast to the widest kind of days and moments that it holds; None as `read_as` is.
        prevailing: Returns the kind that most values of a column of text have; None for typed sources.
        misfit: Says where the first row stands for which a condition holds, for columns with malformed text.
        decode: Returns the value of Python that what is fetched as `raw` stands for; None where it is that value.
        single: Whether it holds floating numbers of four bytes: 0.1 is another number there than in eight.
    """

    name: str
    kind: Kind
    native: str
    value: sa.ColumnElement[Any]
    shown: sa.ColumnElement[Any]
    key: sa.ColumnElement[Any]
    missing: sa.ColumnElement[bool]
    raw: sa.ColumnElement[str] | None = None
    malformed: sa.ColumnElement[bool] | None = None
    text: sa.ColumnElement[str] | None = None
    dtype: str | None = None
    type: Any = None
    read_as: Callable[[Kind], Column] | None = None
    read_as_moments: Callable[[], Column] | None = None
    prevailing: Callable[[], Kind | None] | None = None
    misfit: Callable[[sa.ColumnElement[bool]], str | None] | None = None
    decode: Callable[[Any], Any] | None = None
    single: bool = False

    @property
    def noun(self) -> str:
        """What its values are, for people."""
        return "number" if self.kind in (Kind.FLOAT, Kind.DECIMAL) else self.kind.value

    def malformed_values(self, count: int, where: sa.ColumnElement[bool]) -> MeasurementError:
        """Return the error that a column holds text that is no value of its type.

        Args:
            count: How many such values are looked at.
            where: Holds for the rows with one.
        """
        noun = "value that is" if count == 1 else "values that are"
        message = f"Column {self.name!r} has {count:,} {noun} no {self.noun}"
        place = None if self.misfit is None else self.misfit(where)
        message += "." if place is None else f", the first in {place}."
        hint = "Mend them, or name them as null values."
        return MeasurementError("malformed_values", message, hint=hint, quotes_data=False)

    @property
    def written(self) -> sa.ColumnElement[Any]:
        """The text that the value is read from; what is fetched for it where it is read from none."""
        return self.shown if self.raw is None else self.raw

    def as_stored(self) -> Column:
        """Return a column of SQLite with the values that stand there, whatever their types; any other as it is."""
        return self if self.malformed is None or self.raw is not None else replace(self, value=self.key, malformed=None)

    def as_text(self) -> Column:
        """Return a column of a text file as the texts that stand there; any other as it is."""
        if self.raw is None:
            return self
        raw: sa.ColumnElement[Any] = self.raw
        return Column(self.name, Kind.STRING, "str", raw, raw, raw, raw.is_(None), text=raw)

    def cast_to(self, kind: Kind) -> Column:
        """Return a column of text cast to numbers, to days and moments of any kind, or to truth values."""
        if self.read_as is None:
            return self
        if kind.temporal and self.read_as_moments is not None:
            return self.read_as_moments()
        return self.read_as(Kind.FLOAT if kind.numeric else kind)

    def alike(self, other: Column) -> tuple[Column, Column]:
        """Return this column and another one as they can be compared, which no value that is none of its kind changes.

        A text is cast to the kind of the other's values where most of its own are of it, or where the other has types
        of its own. Two texts are cast where most values of both are of one kind. Else both are texts.
        """
        if Kind.STRING not in (self.kind, other.kind):
            return self, other
        if self.kind is not Kind.STRING:
            second, first = other.alike(self)
            return first, second
        most = None if self.prevailing is None else self.prevailing()
        if other.kind is Kind.STRING:
            others = None if other.prevailing is None else other.prevailing()
            both = most is not None and others is not None and most.family == others.family
            return (self.cast_to(most), other.cast_to(others)) if both and most and others else (self, other)
        castable = self.read_as is not None and other.kind is not Kind.OTHER
        if castable and (other.raw is None or (most is not None and most.family == other.kind.family)):
            return self.cast_to(other.kind), other
        return (self, other) if other.raw is None else (self, other.as_text())

    @property
    def textual(self) -> bool:
        """Whether its values are text where Great Expectations looks at them: pandas reads dates in CSV as text."""
        return self.kind is Kind.STRING or (
            self.raw is not None and not self.kind.numeric and self.kind is not Kind.BOOLEAN
        )


def named(name: str, type_: Any = None) -> sa.ColumnClause[Any]:
    """Return a reference to a column by name, always quoted."""
    column = sa.column(sa.quoted_name(name, quote=True), type_)
    column.key = "value"  # parameters are named after it: SQLAlchemy cannot name one after a column with a line break
    return column
