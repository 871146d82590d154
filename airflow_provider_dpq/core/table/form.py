"""The form in which values of two sources are compared: the same value is the same there, whatever engine held it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.table.cast import cast_to_figures
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.instant import of_nanoseconds
from airflow_provider_dpq.core.table.sql.functions import exact_text, widened
from airflow_provider_dpq.core.table.sql.number import plain, shortest_text
from airflow_provider_dpq.core.table.table import Table


class Form(StrEnum):
    """What values are turned into before they are compared.

    Integers and booleans (which some databases keep as integers) become integers, floating numbers stay, other exact
    numbers become the digits that they are written with; where only one side is floating, both become their shortest
    decimal text. Texts stay as they are. Days and times become nanoseconds since 1970: of the wall clock where neither
    side has a time zone, else of UTC.
    """

    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    NUMBER = "number"
    TEXT = "text"
    MOMENT = "moment"
    INSTANT = "instant"

    @property
    def numeric(self) -> bool:
        """Whether differences of two values mean something in the values' own unit."""
        return self in (Form.INTEGER, Form.DECIMAL, Form.FLOAT, Form.NUMBER)

    @property
    def temporal(self) -> bool:
        """Whether values are nanoseconds."""
        return self in (Form.MOMENT, Form.INSTANT)


@dataclass(frozen=True, slots=True)
class Comparable:
    """A column whose values can be compared with those of another source.

    Attributes:
        name: Its name.
        kind: What it holds, as its engine keeps it.
        native: The type's name in its source.
        value: The value as it is brought into DuckDB: what a database returns for it, without a rule of collation.
        column: The column itself.
    """

    name: str
    kind: Kind
    native: str
    value: sa.ColumnElement[Any]
    column: Column

    @property
    def fine(self) -> bool:
        """Whether it holds moments finer than microseconds."""
        return is_fine(self.column)


class Compared(StrEnum):
    """What of two columns is compared."""

    VALUES = "values"
    KEYS = "keys"
    """Values that name rows: a text that is no value of their kind names one, too, so that all are texts beside it."""
    FIGURES = "figures"
    """How many there are, their sum and their bounds, of which texts have none."""


def comparable_columns(
    table: Table, name: str, other: Table, name_there: str, compared: Compared = Compared.VALUES
) -> tuple[Comparable, Comparable]:
    """Return columns of two tables as something to be compared.

    Args:
        table: The table.
        name: Its column.
        other: The other table.
        name_there: The column there.
        compared: What of them is compared.

    Raises:
        MeasurementError: ``missing_column``.
    """
    own, others = table.column(name), other.column(name_there)
    here, there = cast_to_figures(own, others) if compared is Compared.FIGURES else own.alike(others)
    written = all(column.raw is not None or column.read_as is not None for column in (own, others))
    if compared is Compared.KEYS and written and (here.malformed is not None or there.malformed is not None):
        here, there = own.as_text(), others.as_text()
    return _comparable(here, table), _comparable(there, other)


def _comparable(column: Column, table: Table) -> Comparable:
    """Return a column as something to be compared.

    Raises:
        MeasurementError: ``incomparable``: a database holds moments finer than what is brought from it.
    """
    kind, value = column.kind, column.value
    if is_fine(column) and not table.pandas_like:
        message = f"Column {column.name!r} ({column.native}) holds moments finer than microseconds."
        raise MeasurementError("incomparable", message, hint="Cast it to TIMESTAMP in a query.", quotes_data=False)
    if isinstance(column.type, sa.types.Uuid):
        kind = Kind.STRING
    elif kind is Kind.DECIMAL and table.dialect == "sqlite":
        kind, value = Kind.FLOAT, sa.type_coerce(value, sa.Double())  # SQLite has no other numbers with a fraction
    elif kind is Kind.STRING and isinstance(column.type, sa.types.CHAR):
        value = exact_text(sa.func.rtrim(value))
    elif column.single:
        value = widened(value)
    return Comparable(column.name, kind, column.native, value, column)


_TIMES: Final = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_TZ)


def common_form(here: Comparable, there: Comparable) -> Form:
    """Return the form in which two columns can be compared.

    Raises:
        MeasurementError: ``incomparable``.
    """
    kinds = {here.kind, there.kind}
    if kinds <= {Kind.INTEGER, Kind.BOOLEAN}:
        return Form.INTEGER
    if all(kind.numeric for kind in kinds):
        return Form.FLOAT if kinds == {Kind.FLOAT} else Form.NUMBER if Kind.FLOAT in kinds else Form.DECIMAL
    if kinds == {Kind.STRING}:
        return Form.TEXT
    if kinds <= set(_TIMES):
        return Form.INSTANT if Kind.TIMESTAMP_TZ in kinds else Form.MOMENT
    message = f"Column {here.name!r} ({here.native}) cannot be compared with {there.name!r} ({there.native})."
    raise MeasurementError(
        "incomparable", message, hint="Both must hold the same kind of values; or leave it out.", quotes_data=False
    )


class HugeInteger(sa.types.UserDefinedType[int]):
    """Integers of sixteen bytes: those of eight, with a sign and without."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name."""
        return "HUGEINT"


STORED: Final = {
    Kind.INTEGER: "HUGEINT",
    Kind.FLOAT: "DOUBLE",
    Kind.DECIMAL: "VARCHAR",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.STRING: "VARCHAR",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.TIMESTAMP_TZ: "TIMESTAMP WITH TIME ZONE",
}
"""The type in which DuckDB keeps what was brought from a database; decimals keep the digits that they came with."""


_SECOND: Final = 10**9


def is_fine(column: Column) -> bool:
    """Whether a column holds moments finer than microseconds."""
    return column.native == "TIMESTAMP_NS"


def in_form(
    value: sa.ColumnElement[Any], kind: Kind, form: Form, time_zone: str, *, fine: bool = False
) -> sa.ColumnElement[Any]:
    """Return a value in DuckDB in a form.

    Args:
        value: The value, of DuckDB's type for its kind, or as `STORED`.
        kind: What it is.
        form: The form.
        time_zone: The time zone of moments without one, where they are compared with instants.
        fine: Whether it is a moment that may be finer than microseconds.
    """
    if form.numeric:
        return _number_in_form(value, kind, form)
    if form is Form.TEXT:
        return value
    finer: sa.ColumnElement[Any] | int = 0
    if fine:
        finer = sa.func.nanosecond(value) % _SECOND
        value = sa.func.date_trunc("second", value)
    moment = value if kind is Kind.TIMESTAMP_TZ else sa.cast(value, sa.TIMESTAMP())
    if form is Form.INSTANT and kind is not Kind.TIMESTAMP_TZ:
        moment = sa.func.timezone(time_zone, moment)
    return sa.cast(sa.func.epoch_us(moment), HugeInteger()) * 1000 + finer


def _number_in_form(value: sa.ColumnElement[Any], kind: Kind, form: Form) -> sa.ColumnElement[Any]:
    if form is Form.INTEGER:
        return sa.cast(value, HugeInteger())
    if form is Form.FLOAT:
        return sa.cast(value, sa.Double())
    if form is Form.NUMBER:
        return shortest_text(value, kind)
    text = sa.cast(value, sa.String())
    return sa.case((text.contains("."), sa.func.rtrim(sa.func.rtrim(text, "0"), ".")), else_=text)


def shown(value: Any, form: Form) -> Any:
    """Return a value in a form as people write it: digits as a number, nanoseconds as a time."""
    if value is None:
        return None
    if form is Form.DECIMAL:
        return Decimal(value)
    if form is Form.NUMBER:
        return plain(Decimal(value))
    if form.temporal:
        return of_nanoseconds(int(value), UTC if form is Form.INSTANT else None)
    return value
