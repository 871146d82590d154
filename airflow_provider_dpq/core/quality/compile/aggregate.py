"""Plans of expectations about one figure of a column."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.share import Share
from airflow_provider_dpq.core.quality.compile.column import refusal, refuse_malformed
from airflow_provider_dpq.core.quality.compile.comparison import rounded
from airflow_provider_dpq.core.quality.compile.deviation import squares_of
from airflow_provider_dpq.core.quality.compile.dialects import has
from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Plan, planner
from airflow_provider_dpq.core.quality.compile.plausibility import require_figure, share_of
from airflow_provider_dpq.core.quality.compile.quantile import MedianOfMany
from airflow_provider_dpq.core.quality.expectations import aggregate as declared
from airflow_provider_dpq.core.quality.expectations.base import Merging
from airflow_provider_dpq.core.quality.merge import FLOATING, figures_of_part
from airflow_provider_dpq.core.quality.rows import shown_value
from airflow_provider_dpq.core.table.cast import cast_as_most_are, cast_for, cast_to_number
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.duck_column import shown
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.instant import read_moment
from airflow_provider_dpq.core.table.jsonable import jsonable
from airflow_provider_dpq.core.table.sql.functions import mean, median, stdev, total, widened
from airflow_provider_dpq.core.table.sql.moment import are_comparable, beyond_python
from airflow_provider_dpq.core.table.sql.number import as_written
from airflow_provider_dpq.core.table.table import Table


@planner.register
def plan_min(expectation: declared.ExpectColumnMinToBeBetween, table: Table) -> Plan:
    """The smallest value lies within bounds."""
    return _figure(expectation, table, sa.func.min, ordered=True)


@planner.register
def plan_max(expectation: declared.ExpectColumnMaxToBeBetween, table: Table) -> Plan:
    """The greatest value lies within bounds."""
    return _figure(expectation, table, sa.func.max, ordered=True)


@planner.register
def plan_mean(expectation: declared.ExpectColumnMeanToBeBetween, table: Table) -> Plan:
    """The mean lies within bounds; of exact numbers it is their exact sum, divided."""
    if _adds_exactly(cast_to_number(table.column(expectation.column)), table):
        return _figure(expectation, table, sa.func.sum, divided=True)
    return _figure(expectation, table, _mean)


def _adds_exactly(column: Column, table: Table) -> bool:
    """Whether the engine adds a column's numbers without rounding, and in a type that is wide enough."""
    if column.native in ("HUGEINT", "UHUGEINT") or table.dialect == "spark":
        return False
    return column.kind is Kind.INTEGER or (column.kind is Kind.DECIMAL and table.dialect != "sqlite")


def _mean(value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return mean(_double(value)) if isinstance(value.type, sa.Float) else sa.func.avg(_double(value))


def _double(value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return a floating number; whether a text is a number is for the database to say, as in GX."""
    return value if isinstance(value.type, sa.String) else sa.cast(value, sa.Double())


@planner.register
def plan_sum(expectation: declared.ExpectColumnSumToBeBetween, table: Table) -> Plan:
    """The sum lies within bounds; of no values it is 0 on files and frames, and nothing on a database."""
    floating = cast_to_number(table.column(expectation.column)).kind is Kind.FLOAT
    return _figure(expectation, table, total if floating else sa.func.sum, of_nothing=0 if table.pandas_like else None)


@planner.register
def plan_median(expectation: declared.ExpectColumnMedianToBeBetween, table: Table) -> Plan:
    """The median lies within bounds."""
    column = cast_to_number(table.column(expectation.column))
    truth = column.kind is Kind.BOOLEAN
    if not has(table.dialect, median):
        return _figure(expectation, table, _ranked_median)
    # PostgreSQL makes a truth value an integer, and no floating number.
    plan = _figure(expectation, table, lambda value: median(_double(sa.cast(value, sa.Integer()) if truth else value)))
    return _of_many(plan, expectation, table, column) if table.many_rows and not truth else plan


def _of_many(plan: Plan, expectation: declared.ExpectColumnMedianToBeBetween, table: Table, column: Column) -> Plan:
    """Plan the median of many rows as that of a few is, but for how it is found."""
    domain = Domain(table, expectation.condition)
    ranked = MedianOfMany(domain, domain.values(_double(column.value)))
    figures = {name: figure for name, figure in plan.figures.items() if name != "observed"} | ranked.figures
    return replace(plan, figures=figures, read=lambda found: plan.read({**found, "observed": ranked.read(found)}))


def _ranked_median(value: sa.ColumnElement[Any], domain: Domain, column: Column) -> sa.Select[Any]:
    """Average the one or two values in the middle of the ranking, for databases without a median.

    A value that stands there alone is taken as it is: an average is a floating number, which rounds a large integer.
    """
    ranked = domain.select(
        value.label("dpq_value"),  # MariaDB takes a column's name in a window for the label of that name
        sa.func.row_number().over(order_by=value).label("dpq_rank"),
        sa.func.count().over().label("dpq_total"),
        where=(sa.not_(column.missing),),
    ).subquery("ranked")
    ranked_value, total = ranked.c["dpq_value"], ranked.c["dpq_total"]
    middle = (2 * ranked.c["dpq_rank"]).in_([total, total + 1, total + 2])
    low, high = sa.func.min(ranked_value), sa.func.max(ranked_value)
    precise = sa.type_coerce(ranked_value, sa.Numeric()) * sa.literal_column("1.0", sa.Numeric())
    median_value = sa.case((low == high, low), else_=sa.func.avg(precise))
    # Times 1.0, so that no database averages integers to an integer, or decimals to no more digits than they have.
    # Without the column's type: the average of two values with two decimals each may have three.
    return sa.select(sa.type_coerce(median_value, sa.types.NullType())).where(middle)


@planner.register
def plan_stdev(expectation: declared.ExpectColumnStdevToBeBetween, table: Table) -> Plan:
    """The sample standard deviation lies within bounds."""
    if table.pandas_like or not has(table.dialect, stdev):
        return _figure(expectation, table, squares_of, least=2)
    return _figure(expectation, table, lambda value: stdev(_double(value)), least=2)


@planner.register
def plan_unique_count(expectation: declared.ExpectColumnUniqueValueCountToBeBetween, table: Table) -> Plan:
    """The number of different values lies within bounds."""
    column = table.column(expectation.column)
    return Plan(
        queries={"observed": _different(column, table, Domain(table, expectation.condition))},
        read=lambda found: observed(expectation, found["observed"]),
    )


def _different(column: Column, table: Table, domain: Domain) -> sa.Select[Any]:
    """Return the number of a column's different values.

    Raises:
        NotScannableError: pandas tells apart what SQL does not.
    """
    if table.pandas_like and column.kind is Kind.OTHER:
        raise NotScannableError(f"Values of the {column.native} column {column.name!r} cannot be grouped exactly.")
    value = column.key.label("value")
    different = domain.select(value, where=(sa.not_(column.missing),)).distinct().subquery("different")
    return sa.select(sa.func.count()).select_from(different)


@planner.register
def plan_non_null_share(expectation: declared.ExpectColumnProportionOfNonNullValuesToBeBetween, table: Table) -> Plan:
    """The share of rows that have a value lies within bounds; of no rows it is 0."""
    column = table.column(expectation.column)
    domain = Domain(table, expectation.condition)
    return Plan(
        figures={"elements": domain.count(), "values": domain.count(sa.not_(column.missing))},
        read=lambda found: _of_share(expectation, share_of(found["values"], found["elements"], "rows with a value")),
    )


@planner.register
def plan_unique_share(expectation: declared.ExpectColumnProportionOfUniqueValuesToBeBetween, table: Table) -> Plan:
    """The number of different values divided by that of all values lies within bounds; of no values it is 0."""
    column = table.column(expectation.column)
    domain = Domain(table, expectation.condition)
    return Plan(
        figures={"values": domain.count(sa.not_(column.missing))},
        queries={"different": _different(column, table, domain)},
        read=lambda found: _of_share(expectation, share_of(found["different"], found["values"], "different values")),
    )


def _of_share(expectation: declared.ColumnShare, share: Share) -> Answer:
    """Return the answer of a check of a share; of nothing it is 0."""
    ratio = share.ratio or Fraction(0)
    return Answer(expectation.holds(ratio), {"observed_value": float(ratio) if share.whole else 0})


def _floating(figure: Any) -> Any:
    """Return a figure that is no whole number as a floating one, which thresholds and the history take."""
    fractional = isinstance(figure, Decimal) and figure.is_finite() and figure != figure.to_integral_value()
    return float(figure) if fractional or isinstance(figure, Fraction) else figure


def observed(expectation: declared.ColumnFigure, figure: Any) -> Answer:
    """Return the answer of a check of one figure; no figure is a failure."""
    beyond = beyond_python(figure) if isinstance(figure, str) and _of_moments(expectation) else 0
    try:
        if beyond:  # later or earlier than every bound
            held = (expectation.max_value if beyond > 0 else expectation.min_value) is None
            return Answer(held, {"observed_value": figure})
        return Answer(figure is not None and expectation.holds(figure), {"observed_value": jsonable(_floating(figure))})
    except TypeError as error:
        message = f"{expectation.type}: a {type(figure).__name__} cannot be compared with the bounds."
        raise MeasurementError(
            "incomparable", message, hint="Give bounds of the column's type.", quotes_data=False
        ) from error


def _of_moments(expectation: declared.ColumnFigure) -> bool:
    bounds = (expectation.min_value, expectation.max_value)
    return any(isinstance(bound, date) for bound in bounds)


def _figure(
    expectation: declared.ColumnFigure,
    table: Table,
    aggregate: Callable[..., Any],
    *,
    ordered: bool = False,
    of_nothing: int | None = None,
    divided: bool = False,
    least: int = 1,
) -> Plan:
    """Plan a figure that rides on the shared scan, or a selection of its own where the database lacks the function.

    Args:
        expectation: What was declared.
        table: The table.
        aggregate: Makes the aggregate of a value, or the selection of a figure.
        ordered: Whether it is one of the values.
        of_nothing: The figure of no values.
        divided: Whether it is divided by the number of values.
        least: Of how many values there is a figure.
    """
    column = _cast(table.column(expectation.column), expectation, ordered=ordered)
    single = column.single and not table.pandas_like
    column = as_written(column) if single and not ordered else column
    _require_type(column, expectation, table, ordered=ordered)
    if ordered and table.pandas_like:
        bounds = {name: rounded(column, getattr(expectation, name)) for name in ("min_value", "max_value")}
        expectation = expectation.model_copy(update=bounds)
    domain = Domain(table, expectation.condition)
    counts = {} if column.malformed is None else {"malformed": domain.count(column.malformed)}
    counts["values"] = domain.count(column.value.is_not(None))
    apart = aggregate is squares_of
    counts |= {} if apart else _mean_beside(expectation, column, domain)

    def read(found: Mapping[str, Any]) -> Answer:
        refuse_malformed(column, found.get("malformed"), domain)
        value = found["observed"]
        if found["values"] >= least:
            require_figure(value, found["values"])
        if divided and value is not None:
            value = Fraction(value) / found["values"] if math.isfinite(value) else float(value)
        if value is None and table.pandas_like and column.kind is Kind.TIMESTAMP:
            return Answer(success=False, result={"observed_value": "NaT"})
        figure = of_nothing if value is None else _typed(shown_value(table, column, value), column)
        answer = observed(expectation, figure)
        return replace(answer, part=_part(expectation, column, found, None if value is None else figure, table))

    if apart:
        return Plan(figures=counts, procedure=lambda: squares_of(column, domain, table), read=read)
    if aggregate is _ranked_median:
        return Plan(figures=counts, queries={"observed": aggregate(column.value, domain, column)}, read=read)
    value = sa.type_coerce(column.value, sa.Integer) if column.kind is Kind.BOOLEAN else column.value
    figure = aggregate(domain.values(value))
    if single and ordered:  # once, and not for each value
        figure = widened(figure)
    if table.pandas_like and column.kind is Kind.TIMESTAMP_TZ:
        figure = shown(figure, column.kind)
    return Plan(figures={**counts, "observed": figure}, read=read)


def _part(
    expectation: declared.ColumnFigure, column: Column, found: Mapping[str, Any], figure: Any, table: Table
) -> Mapping[str, JsonValue]:
    """Return what the figure of a part of a table adds to that of the whole."""
    count, merging = found["values"], expectation.merges
    if merging is Merging.DEVIATION:
        return figures_of_part(count, **_deviation(column, found, figure, table))
    if merging is Merging.MEAN:
        finite = isinstance(figure, (float, Fraction)) and math.isfinite(figure)
        floating = {FLOATING: 1} if isinstance(figure, float) else {}
        return figures_of_part(count, total=Fraction(figure) * count if finite else None, **floating)
    if merging is Merging.TOTAL:
        return figures_of_part(count, total=figure if isinstance(figure, (int, float, Decimal)) else None)
    if merging not in (Merging.LEAST, Merging.GREATEST) or column.single:
        return {}  # bounds are rounded to what numbers of four bytes are
    return figures_of_part(count, **{"moment" if column.kind.temporal else "value": _of_kind(figure, column)})


def _mean_beside(
    expectation: declared.ColumnFigure, column: Column, domain: Domain
) -> dict[str, sa.ColumnElement[Any]]:
    """Return what a deviation lies about, which a database does not tell with it: the mean, or an exact sum."""
    if expectation.merges is not Merging.DEVIATION:
        return {}
    aggregate = sa.func.sum if _adds_exactly(column, domain.table) else _mean
    return {"mean": aggregate(domain.values(column.value))}


def _of_kind(figure: Any, column: Column) -> Any:
    """Return a figure of numbers or moments; None for a text, of which an engine alone can say which is the least."""
    return None if isinstance(figure, str) and not column.kind.temporal else figure


def _deviation(column: Column, found: Mapping[str, Any], figure: Any, table: Table) -> dict[str, Any]:
    """Return the mean and the squares about it, from a database's own deviation where there are no others."""
    count, mean = found["values"], found.get("mean")
    if "squares" in found or not isinstance(mean, (int, float, Decimal)) or not math.isfinite(mean):
        return {"mean": mean, "squares": found.get("squares")}
    mean = Fraction(mean) / count if _adds_exactly(column, table) and count else Fraction(mean)
    return {"mean": mean, "squares": Fraction(figure or 0) ** 2 * (count - 1)}


def _cast(column: Column, expectation: declared.ColumnFigure, *, ordered: bool) -> Column:
    """Return a column of text cast to what its figure is of: moments for the least or greatest, or else numbers."""
    bounds = [bound for bound in (expectation.min_value, expectation.max_value) if bound is not None]
    if not ordered:
        return cast_to_number(column)
    return cast_for(column, *bounds) if bounds else cast_as_most_are(column)


def _require_type(column: Column, expectation: declared.ColumnFigure, table: Table, *, ordered: bool) -> None:
    if not table.pandas_like and (ordered or table.dialect != "spark"):
        return  # what a database cannot compute, it refuses itself, as in GX; Spark only once it reads the values
    bounds = [bound for bound in (expectation.min_value, expectation.max_value) if bound is not None]
    if column.kind.numeric and not any(isinstance(bound, date) for bound in bounds):
        return
    if ordered and _orders(column, bounds):
        return
    message = f"{expectation.type} cannot be computed on the {column.native} column {column.name!r}."
    raise refusal(table, message)


def _orders(column: Column, bounds: list[Any]) -> bool:
    return column.kind.temporal and all(are_comparable(column, bound) for bound in bounds)


def _typed(value: Any, column: Column) -> Any:
    """Undo what engines do to types on the way: SQLite keeps moments as text, MariaDB averages as decimals."""
    if isinstance(value, str) and column.kind.temporal:
        return read_moment(value) or value
    if isinstance(value, Decimal) and column.kind is Kind.INTEGER and value == int(value):
        return int(value)
    return value
