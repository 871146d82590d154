"""Plan of the expectation about the distance of a column's distribution from an expected one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.compile.column import refusal
from airflow_provider_dpq.core.quality.compile.condition import NULLABLE
from airflow_provider_dpq.core.quality.compile.membership import leave_malformed, read_column
from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Plan, planner
from airflow_provider_dpq.core.quality.compile.quantile import Quantiles
from airflow_provider_dpq.core.quality.expectations.divergence import ExpectColumnKLDivergenceToBeLessThan, Partition
from airflow_provider_dpq.core.table.cast import cast_to_number
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.jsonable import jsonable
from airflow_provider_dpq.core.table.sql.number import plain
from airflow_provider_dpq.core.table.table import Table

_MOST: Final = 10_000
"""Most different values or bins that a distribution is taken over."""


@planner.register
def plan_divergence(expectation: ExpectColumnKLDivergenceToBeLessThan, table: Table) -> Plan:
    """The Kullback-Leibler divergence of the values from an expected distribution is no greater than a threshold."""
    column = read_column(table, expectation.column)
    domain = Domain(table, expectation.condition)
    partition = expectation.partition_object
    if expectation.bucketize_data if partition is None else not partition.categorical:
        column = cast_to_number(column)
    if partition is None:
        return (
            _of_bins_found(expectation, column, domain)
            if expectation.bucketize_data
            else _of_values(expectation, column, domain)
        )
    if partition.categorical:
        return _of_values(expectation, column, domain)
    return _of_bins(expectation, column, domain, partition)


def _of_values(expectation: ExpectColumnKLDivergenceToBeLessThan, column: Column, domain: Domain) -> Plan:
    partition = expectation.partition_object
    expected = {} if partition is None else _expected(partition, column, domain.table)
    present = sa.not_(column.missing)
    value = column.value if domain.table.pandas_like else column.shown
    counted = domain.select(value, sa.func.count(), where=(present,)).group_by(value)
    query = counted.order_by(value).limit(_MOST + 1)
    figures = {"values": domain.count(present)}
    if column.malformed is not None:
        figures["malformed"] = domain.count(column.malformed)

    def read(found: Mapping[str, Any]) -> Answer:
        leave_malformed(column, found, domain)
        counts = {plain(value): int(count) for value, count in domain.table.fetch(query)}
        if len(counts) > _MOST:
            message = f"Column {column.name!r} has more than {_MOST} different values."
            raise MeasurementError("too_many_values", message, hint="Give a partition of bins.", quotes_data=False)
        if not counts and (partition is None or not domain.table.pandas_like):
            raise _no_values(column, domain.table)
        observed = {value: count / found["values"] for value, count in counts.items()}
        return _compare_values(expectation, observed, expected if partition is not None else observed)

    return Plan(figures=figures, read=read)


def _expected(partition: Partition, column: Column, table: Table) -> dict[Any, float]:
    """Return the expected weights by value.

    Raises:
        NotScannableError: pandas puts values of several kinds in one index as SQL would not.
    """
    values = partition.values or []
    whole = all(isinstance(value, bool) == (column.kind is Kind.BOOLEAN) for value in values)
    simple = all(isinstance(value, (bool, int, float, str)) for value in values)
    moments = column.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMP_TZ)
    if not simple or len(set(values)) < len(values) or (table.pandas_like and (moments or not whole)):
        raise refusal(table, f"A partition of {values!r} cannot be held against the {column.kind} {column.name!r}.")
    return dict(zip([plain(value) for value in values], partition.weights, strict=True))


def _compare_values(
    expectation: ExpectColumnKLDivergenceToBeLessThan, observed: Mapping[Any, float], expected: Mapping[Any, float]
) -> Answer:
    holdout = expectation.tail_weight_holdout
    others = [value for value in observed if value not in expected]
    values = [*expected, *others]
    kept = 1 - holdout if others else 1
    weights = [observed.get(value, 0.0) for value in values]
    wanted = [weight * kept for weight in expected.values()] + [holdout / len(others) for _ in others]
    return _answer(
        expectation,
        divergence(weights, wanted),
        {"values": jsonable(values), "weights": jsonable(weights)},
        {"values": jsonable(values), "weights": jsonable(wanted)},
    )


def _of_bins(
    expectation: ExpectColumnKLDivergenceToBeLessThan, column: Column, domain: Domain, partition: Partition
) -> Plan:
    _require_number(column, domain.table)
    edges = partition.bins or []
    figures = {**_histogram(column, domain, edges), **_unfit(column, domain)}

    def read(found: Mapping[str, Any]) -> Answer:
        leave_malformed(column, found, domain)
        if not found["values"] and not domain.table.pandas_like:
            raise _no_values(column, domain.table)
        return _compare_bins(expectation, _Histogram.of(found, edges), partition.weights, partition.tail_weights)

    return Plan(figures=figures, read=read)


def _of_bins_found(expectation: ExpectColumnKLDivergenceToBeLessThan, column: Column, domain: Domain) -> Plan:
    """Hold the values against their own distribution over as many bins as suit them, as in Great Expectations."""
    _require_number(column, domain.table)
    quantiles = Quantiles(domain.table, column, domain, (0.0, 0.25, 0.75, 1.0))

    def read(found: Mapping[str, Any]) -> Answer:
        corners = [None if value is None else float(value) for value in quantiles.read(found)]
        if None in corners:
            raise _no_values(column, domain.table)
        edges = _suitable(found["values"], *corners)  # type: ignore[arg-type]
        if not all(low < high for low, high in pairwise(edges)) or len(edges) > _MOST or len(edges) < 2:
            raise refusal(domain.table, f"No bins suit the values of column {column.name!r}.")
        figures = _histogram(column, domain, edges)
        (row,) = domain.table.fetch(domain.select(*figures.values()))
        histogram = _Histogram.of(dict(zip(figures, row, strict=True)), edges)
        tail = (1 - sum(histogram.weights)) / 2
        return _compare_bins(expectation, histogram, histogram.weights, [tail, tail])

    return Plan(figures={**quantiles.figures, **_unfit(column, domain)}, read=read)


def _unfit(column: Column, domain: Domain) -> dict[str, sa.ColumnElement[Any]]:
    """Return the count of values for which pandas reads or compares the column otherwise than SQL."""
    na = NULLABLE.fullmatch(column.dtype or "") and column.kind.numeric
    unfit = column.missing if na else column.malformed
    return {} if unfit is None else {"malformed": domain.count(unfit)}


def _suitable(total: int, lowest: float, low: float, high: float, greatest: float) -> list[float]:
    """Return edges of equally wide bins, as many as Sturges, or Freedman and Diaconis, hold right."""
    count = math.ceil(math.log2(total + 1.0))
    width = 2 * (high - low) / total ** (1 / 3)
    if high - low >= 1e-10:
        count = max(count, math.ceil((greatest - lowest) / width))
    if count > _MOST:
        return []
    step = (greatest - lowest) / count
    return [*(index * step + lowest for index in range(count)), greatest]


def _histogram(column: Column, domain: Domain, edges: Sequence[float]) -> dict[str, sa.ColumnElement[Any]]:
    value, last = column.value, len(edges) - 2
    bins = {
        f"bin_{index}": domain.count(value >= low, value <= high if index == last else value < high)
        for index, (low, high) in enumerate(pairwise(edges))
    }
    outside = {"below": domain.count(value < edges[0]), "above": domain.count(value > edges[-1])}
    return {"values": domain.count(sa.not_(column.missing)), **outside, **bins}


@dataclass(frozen=True, slots=True)
class _Histogram:
    """Shares of the values in each bin, and outside of all."""

    edges: Sequence[float]
    weights: list[float]
    below: float
    above: float

    @classmethod
    def of(cls, found: Mapping[str, Any], edges: Sequence[float]) -> _Histogram:
        total = found["values"]

        def share(name: str) -> float:
            return float(int(found[name]) / total) if total else math.nan

        weights = [share(f"bin_{index}") for index in range(len(edges) - 1)]
        return cls(edges, weights, share("below"), share("above"))


def _compare_bins(
    expectation: ExpectColumnKLDivergenceToBeLessThan,
    histogram: _Histogram,
    weights: Sequence[float],
    tails: Sequence[float] | None,
) -> Answer:
    """Compare bins and tails; an outer bin without an end is the tail itself."""
    inner, outer = expectation.internal_weight_holdout, expectation.tail_weight_holdout
    expected = [weight * (1 - outer - inner) for weight in weights]
    empty = expected.count(0)
    expected = [inner / empty if inner and weight == 0 else weight for weight in expected]
    edges, observed = histogram.edges, histogram.weights
    first, last = edges[0] == -math.inf, edges[-1] == math.inf
    below, above = tails or (outer if last else outer / 2, outer if first else outer / 2)
    wanted = ([] if first else [below]) + expected + ([] if last else [above])
    seen = ([] if first else [histogram.below]) + observed + ([] if last else [histogram.above])
    kept = slice(1 if first else None, -1 if last else None)
    bins = jsonable(list(edges[kept]))
    return _answer(
        expectation,
        divergence(seen, wanted),
        {"bins": bins, "weights": jsonable(observed[kept]), "tail_weights": jsonable([seen[0], seen[-1]])},
        {"bins": bins, "weights": jsonable(expected[kept]), "tail_weights": jsonable([wanted[0], wanted[-1]])},
    )


def divergence(observed: Sequence[float], expected: Sequence[float]) -> float:
    """Return the Kullback-Leibler divergence, in nats, of one distribution from another.

    Args:
        observed: Weights that add up to any positive number.
        expected: As many weights.

    Returns:
        Not a number where the weights of one are all 0, infinity where something observed was not expected at all.
    """
    totals = math.fsum(observed), math.fsum(expected)
    if math.isnan(sum(totals)) or not all(totals):
        return math.nan
    return math.fsum(_relative(p / totals[0], q / totals[1]) for p, q in zip(observed, expected, strict=True))


def _relative(p: float, q: float) -> float:
    if p == 0 and q >= 0:
        return 0.0
    return p * math.log(p / q) if p > 0 and q > 0 else math.inf


def _answer(
    expectation: ExpectColumnKLDivergenceToBeLessThan, found: float, observed: dict[str, Any], expected: dict[str, Any]
) -> Answer:
    result: dict[str, Any] = {
        "observed_value": found if math.isfinite(found) else None,
        "details": {"observed_partition": observed, "expected_partition": expected},
    }
    return Answer(expectation.threshold is None or found <= expectation.threshold, result)


def _require_number(column: Column, table: Table) -> None:
    # Python compares a decimal with an edge exactly, and SQL to so many digits.
    if not column.kind.numeric or (table.pandas_like and column.kind is Kind.DECIMAL):
        raise refusal(table, f"Values of the {column.native} column {column.name!r} cannot be put into bins exactly.")


def _no_values(column: Column, table: Table) -> Exception:
    if table.pandas_like:
        return NotScannableError(f"Column {column.name!r} has no values.")
    message = f"Column {column.name!r} has no values, and so no distribution."
    return MeasurementError(
        "no_values", message, hint="Check the number of rows or the missing values first.", quotes_data=False
    )
