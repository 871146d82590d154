"""Plans of expectations about values of several columns in one row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.column import counted, refusal
from airflow_provider_dpq.core.quality.compile.comparison import ABSENT, as_column, member_of
from airflow_provider_dpq.core.quality.compile.condition import NULLABLE
from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Plan, Unexpected, planner
from airflow_provider_dpq.core.quality.expectations import columns as declared
from airflow_provider_dpq.core.table.cast import cast_for, cast_pair, cast_row, cast_to_number
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.sql import number
from airflow_provider_dpq.core.table.sql.functions import exact_integer, known
from airflow_provider_dpq.core.table.sql.moment import alike
from airflow_provider_dpq.core.table.table import Table


@planner.register
def plan_pair_greater(expectation: declared.ExpectColumnPairValuesAToBeGreaterThanB, table: Table) -> Plan:
    """The value of one column is greater than that of another; a missing value never is."""
    a, b = cast_pair(table.column(expectation.column_A), table.column(expectation.column_B))
    if not _comparable(a, b):
        raise refusal(table, f"Columns {a.name!r} ({a.native}) and {b.name!r} ({b.native}) cannot be compared.")
    greater = _greater(a, b, table, or_equal=bool(expectation.or_equal))
    if expectation.or_equal and not table.pandas_like:
        greater = sa.or_(greater, sa.and_(a.missing, b.missing))
    return _each_row(expectation, table, (a, b), greater, unknown_is_good=not table.pandas_like)


def _comparable(a: Column, b: Column) -> bool:
    return (a.kind.numeric and b.kind.numeric) or (
        (a.kind.temporal and b.kind.temporal) or (a.kind is b.kind and a.kind is Kind.STRING)
    )


def _greater(a: Column, b: Column, table: Table, *, or_equal: bool) -> sa.ColumnElement[bool]:
    if a.kind.numeric:
        return number.greater(a, b, table, or_equal=or_equal)
    left, right = alike((a, b), table) if a.kind.temporal else (a.value, b.value)
    greater: sa.ColumnElement[bool] = left >= right if or_equal else left > right
    return greater


def _equal(a: Column, b: Column, table: Table) -> sa.ColumnElement[bool]:
    """Return the condition that two columns hold the same value, of whatever kinds of numbers or moments they are."""
    if a.kind.numeric and b.kind.numeric:
        return number.equal(a, b, table)
    if a.decode is not None and b.decode is not None:
        return a.key == b.key
    left, right = alike((a, b), table) if a.kind.temporal and b.kind.temporal else (a.value, b.value)
    equal: sa.ColumnElement[bool] = left == right
    return equal


def _equal_or_same_text(a: Column, b: Column, table: Table) -> sa.ColumnElement[bool]:
    """Return the condition that two columns hold the same value, or the same text that is no value of their kind."""
    equal = _equal(a, b, table)
    if a.malformed is None or b.malformed is None or a.raw is None or b.raw is None:
        return equal
    return sa.or_(known(equal), sa.and_(a.malformed, b.malformed, a.raw == b.raw))


@planner.register
def plan_pair_equal(expectation: declared.ExpectColumnPairValuesToBeEqual, table: Table) -> Plan:
    """The values of two columns are equal; a missing value equals nothing, but in Spark another one."""
    a, b = table.column(expectation.column_A).as_stored().alike(table.column(expectation.column_B).as_stored())
    _require_alike(table, (a, b))
    equal = _equal_or_same_text(a, b, table)
    good = sa.or_(equal, sa.and_(a.missing, b.missing)) if _tells_missing(table) else equal
    return _each_row(expectation, table, (a, b), good, unknown_is_good=False, judges_na=True)


def _tells_missing(table: Table) -> bool:
    """Whether two missing values equal each other, and nothing else, for GX, as they do for its Spark engine."""
    return table.dialect == "spark"


@planner.register
def plan_pair_in_set(expectation: declared.ExpectColumnPairValuesToBeInSet, table: Table) -> Plan:
    """The values of two columns are one of some pairs."""
    a, b = table.column(expectation.column_A), table.column(expectation.column_B)
    if table.pandas_like and Kind.OTHER in (a.kind, b.kind):
        raise NotScannableError(f"Pairs of {a.native} and {b.native} cannot be told apart exactly.")
    a = cast_for(a, *(x for x, _ in expectation.value_pairs_set))
    b = cast_for(b, *(y for _, y in expectation.value_pairs_set))
    pairs = [(_is(a, x, table), _is(b, y, table)) for x, y in expectation.value_pairs_set]
    good = sa.or_(sa.false(), *(sa.and_(*pair) for pair in pairs))
    unknown_is_good = not (table.pandas_like or _tells_missing(table))
    return _each_row(expectation, table, (a, b), good, unknown_is_good=unknown_is_good)


def _is(column: Column, member: Any, table: Table) -> sa.ColumnElement[bool]:
    """Whether a column's value is a member of a pair, None standing for a missing value."""
    if member is None:
        return column.missing
    wanted = member_of(column, member) if table.pandas_like else as_column(column, member, table)
    held: sa.ColumnElement[bool] = sa.false() if wanted is ABSENT else column.value == wanted
    return held


@planner.register
def plan_values_equal(expectation: declared.ExpectMulticolumnValuesToBeEqual, table: Table) -> Plan:
    """All columns have the same value in a row; two missing values are the same."""
    columns = cast_row([column.as_stored() for column in _listed(expectation, table)])
    _require_alike(table, columns)
    first, *others = columns
    good = sa.and_(*(_same(first, other, table) for other in others))
    return _each_row(expectation, table, columns, good, unknown_is_good=False, judges_na=True)


@planner.register
def plan_unique_within_record(
    expectation: declared.ExpectSelectColumnValuesToBeUniqueWithinRecord, table: Table
) -> Plan:
    """No value stands twice in a row; two missing values are the same."""
    columns = cast_row([column.as_stored() for column in _listed(expectation, table)])
    _require_alike(table, columns)
    repeated = sa.or_(*(_same(a, b, table) for a, b in combinations(columns, 2)))
    return _each_row(expectation, table, columns, sa.not_(repeated), unknown_is_good=True)


def _same(a: Column, b: Column, table: Table) -> sa.ColumnElement[bool]:
    return sa.or_(known(_equal_or_same_text(a, b, table)), sa.and_(a.missing, b.missing))


@planner.register
def plan_sum_equal(expectation: declared.ExpectMulticolumnSumToEqual, table: Table) -> Plan:
    """The values of a row add up to a number; with a missing value they do not in pandas, and nobody knows in SQL."""
    columns = tuple(map(cast_to_number, _listed(expectation, table)))
    columns = columns if table.pandas_like else tuple(map(number.as_written, columns))
    kinds = {column.kind for column in columns}
    exactly = Kind.FLOAT not in kinds
    if table.pandas_like and (
        not all(kind.numeric for kind in kinds)
        or kinds >= {Kind.FLOAT, Kind.DECIMAL}
        or all(column.single for column in columns)
    ):
        raise NotScannableError(f"The columns {expectation.column_list} cannot be added exactly.")
    total: sa.ColumnElement[Any] = sa.literal(0)
    for column in columns:
        # In the widest type, since two small integers may add up to one that theirs cannot hold.
        wide = column.value if column.kind is Kind.DECIMAL else exact_integer(column.value)
        widest = wide if exactly else sa.cast(column.value, sa.Double())
        total += sa.type_coerce(widest if table.pandas_like else column.value, sa.types.NullType())
    wanted: Any = expectation.sum_total
    if exactly and isinstance(wanted, float) and math.isfinite(wanted) and table.dialect != "sqlite":
        wanted = number.decimal_of(wanted)
    good = total == sa.literal(wanted)
    unknown_is_good = not (table.pandas_like or _tells_missing(table))
    return _each_row(expectation, table, columns, good, unknown_is_good=unknown_is_good, judges_na=True)


def _each_row(
    expectation: declared.ColumnPair | declared.SeveralColumns,
    table: Table,
    columns: tuple[Column, ...],
    good: sa.ColumnElement[bool],
    *,
    unknown_is_good: bool,
    judges_na: bool = False,
) -> Plan:
    """Plan a check that holds or not for each row that is not left out.

    Args:
        expectation: What was declared.
        table: The table.
        columns: The columns that it is about.
        good: Holds for a good row.
        unknown_is_good: Whether a row is good of which SQL does not know, for a missing value, if `good` holds.
        judges_na: Whether pandas would have to know if `good` holds for `pd.NA`, which it does not.
    """
    domain = Domain(table, expectation.condition)
    kept = kept_rows(expectation, columns)
    broken = known(sa.not_(good)) if unknown_is_good else sa.not_(known(good))
    misfits = [column.malformed for column in columns if column.malformed is not None and not table.pandas_like]
    bad = sa.and_(kept, sa.or_(broken, *misfits))
    na = [column.missing for column in columns if judges_na and NULLABLE.fullmatch(column.dtype or "")]

    def read(found: Mapping[str, Any]) -> Answer:
        if found.get("na"):
            raise NotScannableError("pandas does not compare pd.NA.")
        return counted(found, expectation.mostly)

    return Plan(
        figures={
            "elements": domain.count(),
            "missing": domain.count(sa.not_(kept)),
            "unexpected": domain.count(bad),
            **({"na": domain.count(kept, sa.or_(*na))} if na else {}),
        },
        read=read,
        unexpected=Unexpected(
            domain.rows(bad), columns, shape="list" if isinstance(expectation, declared.ColumnPair) else "mapping"
        ),
    )


def _listed(expectation: declared.SeveralColumns, table: Table) -> tuple[Column, ...]:
    return tuple(table.column(name) for name in expectation.column_list)


def kept_rows(
    expectation: declared.ColumnPair | declared.SeveralColumns, columns: Sequence[Column]
) -> sa.ColumnElement[bool]:
    """Return the condition that `ignore_row_if` does not leave a row out."""
    missing = [column.missing for column in columns]
    if expectation.ignore_row_if in ("both_values_are_missing", "all_values_are_missing"):
        return sa.not_(sa.and_(*missing))
    if expectation.ignore_row_if in ("either_value_is_missing", "any_value_is_missing"):
        return sa.not_(sa.or_(*missing))
    return sa.true()


def _require_alike(table: Table, columns: Sequence[Column]) -> None:
    """Leave to pandas what SQL would hold equal and Python not, or the other way round; a database has its own rule.

    Raises:
        NotScannableError: The columns hold values of several kinds.
    """
    kinds = {column.kind for column in columns}
    numeric, temporal = all(kind.numeric for kind in kinds), all(kind.temporal for kind in kinds)
    if table.pandas_like and not (numeric or temporal or (len(kinds) == 1 and Kind.OTHER not in kinds)):
        natives = ", ".join(column.native for column in columns)
        raise NotScannableError(f"Values of the columns' types ({natives}) are not compared alike in SQL and Python.")
