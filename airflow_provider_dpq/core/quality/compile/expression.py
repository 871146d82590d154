"""Expressions over the columns of a row as SQL: names quoted, values bound, and the same answer on every engine."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality import expression as parsed
from airflow_provider_dpq.core.table.cast import cast_beside_texts, cast_pair
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.instant import read_moment
from airflow_provider_dpq.core.table.sql import moment
from airflow_provider_dpq.core.table.sql.functions import (
    characters,
    exact_integer,
    exact_text,
    seconds_between,
)
from airflow_provider_dpq.core.table.table import Table

_MOMENTS: Final = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_TZ)
_SYMBOLS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class _Value:
    """A value in SQL, what it holds, and the literal or the column that it is, where it is one."""

    sql: sa.ColumnElement[Any]
    kind: Kind
    literal: Any = None
    column: str | None = None


class RowCondition:
    """A condition on a row of a table, as SQL that is NULL where the condition cannot tell.

    Args:
        table: The table.
        node: The condition.

    Attributes:
        columns: The columns that it names, in order.
        sql: The condition.

    Raises:
        MeasurementError: ``missing_column``; ``incomparable``: it compares or computes with values of unlike kinds.
    """

    def __init__(self, table: Table, node: parsed.Node) -> None:
        self._table = table
        names = dict.fromkeys(part.column for part in parsed.walk(node) if isinstance(part, parsed.Name))
        self.columns: dict[str, Column] = {name: table.column(name) for name in names}
        self.sql = self._truth(node)

    def _truth(self, node: parsed.Node) -> sa.ColumnElement[bool]:
        value = self._value(node)
        if value.kind is Kind.INTEGER and self._table.dialect in ("mysql", "mariadb"):
            return value.sql != 0  # they have no truth values, only 1 and 0
        if value.kind is not Kind.BOOLEAN:
            raise _refusal(f"{_told(node)} is {value.kind}, which is neither true nor false.")
        return value.sql

    def _value(self, node: parsed.Node) -> _Value:
        value: _Value = _COMPILERS[type(node)](self, node)
        return value

    def _name(self, node: parsed.Name) -> _Value:
        column = self.columns[node.column]
        if column.kind is Kind.OTHER:
            raise _refusal(f"Column {column.name!r} ({column.native}) holds what expressions do not know.")
        # A text as it stands: PostgreSQL knows capitals of letters beyond ASCII by the collation of the column alone.
        plain = column.value if column.text is None or column.kind is not Kind.STRING else column.text
        if column.single and not self._table.pandas_like:
            plain = column.shown  # 0.1 is 0.1, of however many bytes
        return _Value(plain, column.kind, column=node.column)

    def _cast(self, value: _Value, kind: Kind) -> _Value:
        """Return a column of text that is held against values of another kind as one of that kind; else the value."""
        if value.column is None or value.kind is not Kind.STRING or kind in (Kind.STRING, Kind.OTHER):
            return value
        self.columns[value.column] = cast = self.columns[value.column].cast_to(kind)
        return _Value(cast.value, cast.kind, column=value.column)

    def _cast_beside(self, value: _Value, *others: _Value) -> _Value:
        """Return a column of text that is held against texts as one of moments, where both are; else the value."""
        if value.column is None or not all(isinstance(other.literal, str) for other in others):
            return value
        column = self.columns[value.column]
        cast = cast_beside_texts(column, [other.literal for other in others])
        if cast is None:
            return value
        self.columns[value.column] = cast
        return _Value(cast.value, cast.kind, column=value.column)

    def _cast_texts(self, left: _Value, right: _Value) -> tuple[_Value, _Value]:
        """Return two columns of text as what most values of both are, where that is of one kind; else the values."""
        if left.column is None or right.column is None or {left.kind, right.kind} != {Kind.STRING}:
            return left, right
        pair = cast_pair(self.columns[left.column], self.columns[right.column])
        if pair[0].kind is Kind.STRING:
            return left, right
        self.columns |= zip((left.column, right.column), pair, strict=True)
        first, second = (_Value(one.value, one.kind, column=one.name) for one in pair)
        return first, second

    def _literal(self, node: parsed.Literal) -> _Value:
        value = node.value
        if isinstance(value, bool):
            return _Value(sa.literal(value), Kind.BOOLEAN, value)
        if isinstance(value, str):
            return _Value(sa.literal(value), Kind.STRING, value)
        if isinstance(value, int):
            return _Value(sa.literal(value), Kind.INTEGER, value)
        exact = isinstance(value, Decimal) and self._table.dialect != "sqlite"  # SQLite has no decimal numbers
        kind = Kind.DECIMAL if exact else Kind.FLOAT
        return _Value(sa.literal(value if exact else float(value)), kind, value)

    def _number(self, node: parsed.Node) -> _Value:
        value = self._cast(self._value(node), Kind.FLOAT)
        if not value.kind.numeric:
            raise _refusal(f"{_told(node)} is {value.kind}, not a number.")
        return value

    def _arithmetic(self, node: parsed.Arithmetic) -> _Value:
        left, right = self._number(node.left), self._number(node.right)
        kinds = {left.kind, right.kind}
        if node.operator == "/":
            divisor = sa.func.nullif(_double(right.sql), 0)
            return _Value(_double(left.sql).op("/")(divisor), Kind.FLOAT)
        if node.operator == "%" and kinds != {Kind.INTEGER}:
            raise _refusal(f"{_told(node)} takes the rest of numbers that are not whole.")
        if Kind.FLOAT in kinds:
            return _Value(_infix(node.operator, _double(left.sql), _double(right.sql)), Kind.FLOAT)
        if kinds == {Kind.INTEGER}:
            a, b = exact_integer(left.sql), exact_integer(right.sql)
            return _Value(_infix(node.operator, a, sa.func.nullif(b, 0) if node.operator == "%" else b), Kind.INTEGER)
        return _Value(_infix(node.operator, left.sql, right.sql), Kind.DECIMAL)

    def _call(self, node: parsed.Call) -> _Value:
        values = [self._value(argument) for argument in node.arguments]
        if node.function == "abs":
            values = [self._cast(value, Kind.FLOAT) for value in values]
        if node.function == "coalesce":
            return self._first(node, values)
        allowed = {"abs": (Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL), "seconds_between": _MOMENTS}
        for argument, value in zip(node.arguments, values, strict=True):
            if value.kind not in allowed.get(node.function, (Kind.STRING,)):
                raise _refusal(f"{node.function} cannot be taken of {_told(argument)}, which is {value.kind}.")
        if len({value.kind for value in values}) > 1 and not all(value.kind.temporal for value in values):
            raise _refusal(f"{_told(node)} mixes {' and '.join(value.kind for value in values)}.")
        first = values[0]
        if node.function == "abs":
            return _Value(sa.func.abs(first.sql), first.kind)
        if node.function == "length":
            return _Value(characters(first.sql), Kind.INTEGER)
        if node.function == "seconds_between":
            return _Value(seconds_between(*(value.sql for value in self._moments_alike(*values))), Kind.FLOAT)
        changed = sa.func.lower(first.sql) if node.function == "lower" else sa.func.upper(first.sql)
        return _Value(changed, Kind.STRING)

    def _first(self, node: parsed.Call, values: list[_Value]) -> _Value:
        typed = next((value for value in values if value.literal is None), values[0])
        fitted = self._moments_alike(*(self._fitted(value, typed, node) for value in values))
        numeric = {value.kind for value in fitted if value.kind.numeric}
        kind = fitted[0].kind
        if len(numeric) > 1:
            kind = Kind.FLOAT if Kind.FLOAT in numeric else Kind.DECIMAL
        return _Value(sa.func.coalesce(*(value.sql for value in fitted)), kind)

    def _fitted(self, value: _Value, other: _Value, node: parsed.Node) -> _Value:
        """Return a value as one that can be held against another: a text beside a moment is one itself.

        Raises:
            MeasurementError: ``incomparable``.
        """
        if value.kind is other.kind or (value.kind.numeric and other.kind.numeric):
            return value
        if isinstance(value.literal, str) and other.kind.temporal:
            return _moment(value.literal, other.kind)
        if value.kind.temporal and other.kind.temporal:
            return value
        if isinstance(value.literal, bool) and other.kind is Kind.INTEGER and not self._table.pandas_like:
            return _Value(sa.literal(int(value.literal)), Kind.INTEGER)
        raise _refusal(f"{_told(node)} compares {value.kind} with {other.kind}.")

    def _pair(self, left: _Value, right: _Value, node: parsed.Node) -> tuple[Any, Any]:
        left, right = self._cast_beside(left, right), self._cast_beside(right, left)
        left, right = self._cast_texts(left, right)
        left, right = self._cast(left, right.kind), self._cast(right, left.kind)
        a, b = self._fitted(left, right, node) if left.literal is not None else left, right
        b = self._fitted(right, a, node)
        a, b = self._moments_alike(a, b)
        return _exact(a), _exact(b)

    def _comparison(self, node: parsed.Comparison) -> _Value:
        left, right = self._value(node.left), self._value(node.right)
        if Kind.BOOLEAN in (left.kind, right.kind) and node.operator not in ("=", "!="):
            raise _refusal(f"{_told(node)} orders what is true or false.")
        return _true_or_not(_infix(node.operator, *self._pair(left, right, node)))

    def _membership(self, node: parsed.Membership) -> _Value:
        operand = self._value(node.operand)
        kinds = {self._literal(member).kind for member in node.members}
        operand = self._cast_beside(operand, *map(self._literal, node.members))
        if len(kinds) == 1 or all(kind.numeric for kind in kinds):
            operand = self._cast(operand, next(iter(kinds), Kind.STRING))
        members = [self._fitted(self._literal(member), operand, node) for member in node.members]
        if operand.kind.temporal:
            pairs = [self._moments_alike(operand, member) for member in members]
            return _true_or_not(sa.or_(sa.false(), *(a.sql == b.sql for a, b in pairs)))
        return _true_or_not(_exact(operand).in_([member.sql for member in members]))

    def _range(self, node: parsed.Range) -> _Value:
        operand = self._value(node.operand)
        if operand.kind is Kind.BOOLEAN:
            raise _refusal(f"{_told(node)} orders what is true or false.")
        low, high = (self._pair(operand, self._value(bound), node) for bound in (node.low, node.high))
        return _true_or_not(sa.and_(low[0] >= low[1], high[0] <= high[1]))

    def _pattern(self, node: parsed.Pattern) -> _Value:
        operand = self._value(node.operand)
        if operand.kind is not Kind.STRING:
            raise _refusal(f"LIKE is for texts, and {_told(node.operand)} is {operand.kind}.")
        if self._table.dialect == "sqlite":  # its LIKE takes a letter for its capital
            glob = "".join(_glob(*part) for part in node.parts)
            return _true_or_not(operand.sql.op("GLOB", is_comparison=True)(glob))
        special = "%_![" if self._table.dialect == "mssql" else "%_!"  # SQL Server has sets of characters in brackets
        pattern = "".join(c if wild or c not in special else "!" + c for c, wild in node.parts)
        return _true_or_not(_exact(operand).like(pattern, escape="!"))

    def _moments_alike(self, *values: _Value) -> tuple[_Value, ...]:
        """Return days and moments of several kinds as ones of one kind; any other values as they are."""
        kinds = {value.kind for value in values}
        if len(kinds) == 1 or not all(kind.temporal for kind in kinds) or self._table.dialect == "spark":
            return values  # Spark compares them so itself
        zoned = Kind.TIMESTAMP_TZ in kinds
        kind = Kind.TIMESTAMP_TZ if zoned else Kind.TIMESTAMP
        shared = (moment.in_common(value.sql, value.kind, zoned=zoned) for value in values)
        return tuple(_Value(sql, kind, value.literal) for sql, value in zip(shared, values, strict=True))

    def _absence(self, node: parsed.Absence) -> _Value:
        return _true_or_not(self._value(node.operand).sql.is_(None))

    def _not(self, node: parsed.Not) -> _Value:
        # In parentheses: SQLAlchemy leaves NOT before a column as it is, and NOT f IS NULL is NOT (f IS NULL).
        return _true_or_not(Grouping(sa.not_(self._truth(node.operand))))

    def _junction(self, node: parsed.Junction) -> _Value:
        parts = [self._truth(part) for part in node.parts]
        return _true_or_not(sa.and_(*parts) if node.every else sa.or_(*parts))


_COMPILERS: Final[Mapping[type[Any], Callable[..., _Value]]] = {
    parsed.Name: RowCondition._name,
    parsed.Literal: RowCondition._literal,
    parsed.Arithmetic: RowCondition._arithmetic,
    parsed.Call: RowCondition._call,
    parsed.Comparison: RowCondition._comparison,
    parsed.Membership: RowCondition._membership,
    parsed.Range: RowCondition._range,
    parsed.Pattern: RowCondition._pattern,
    parsed.Absence: RowCondition._absence,
    parsed.Not: RowCondition._not,
    parsed.Junction: RowCondition._junction,
}


def _true_or_not(condition: sa.ColumnElement[bool]) -> _Value:
    return _Value(condition, Kind.BOOLEAN)


def _exact(value: _Value) -> sa.ColumnElement[Any]:
    return exact_text(value.sql) if value.kind is Kind.STRING else value.sql


def _double(value: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
    return sa.cast(value, sa.Double())


def _infix(symbol: str, left: sa.ColumnElement[Any], right: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Write an operator as it stands: SQLAlchemy would make something else of some for values of known types."""
    if symbol in _SYMBOLS:
        compared: sa.ColumnElement[Any] = _SYMBOLS[symbol](left, right)
        return compared
    arithmetic: Mapping[str, Callable[[Any, Any], Any]] = {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "%": operator.mod,
    }
    computed: sa.ColumnElement[Any] = arithmetic[symbol](left, right)
    return computed


def _glob(character: str, wild: bool) -> str:
    if wild:
        return {"%": "*", "_": "?"}[character]
    return f"[{character}]" if character in "*?[" else character


def _moment(text: str, kind: Kind) -> _Value:
    """Return the day or moment that a text names as one of a kind, or as a moment beside days if it is none."""
    found = read_moment(text)
    if found is None:
        raise _refusal(f"{text!r} is no {kind} in ISO form.")
    if kind is Kind.DATE and not isinstance(found, datetime):
        return _Value(sa.literal(found), kind, text)
    kind = Kind.TIMESTAMP if kind is Kind.DATE else kind
    return _Value(sa.literal(moment.in_kind(kind, found)), kind, text)


def _told(node: parsed.Node) -> str:
    """Name a part of a condition for people."""
    if isinstance(node, parsed.Name):
        return f"column {node.column!r}"
    if isinstance(node, parsed.Literal):
        return repr(node.value) if isinstance(node.value, str) else str(node.value).upper()
    if isinstance(node, parsed.Call):
        return f"{node.function}(...)"
    if isinstance(node, (parsed.Comparison, parsed.Arithmetic)):
        return f"{_told(node.left)} {node.operator} {_told(node.right)}"
    if isinstance(node, (parsed.Membership, parsed.Range)):
        return f"{_told(node.operand)} {'IN' if isinstance(node, parsed.Membership) else 'BETWEEN'} ..."
    return "a condition"


def _refusal(message: str) -> MeasurementError:
    text = message[0].upper() + message[1:]
    return MeasurementError("incomparable", text, hint="Compare and compute with values of one kind.")
