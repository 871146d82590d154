"""Plan of the expectation about quantiles, and which value stands at a quantile by the rule of each engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, Final

import sqlalchemy as sa
from pydantic import JsonValue

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.compile.column import refuse_malformed
from airflow_provider_dpq.core.quality.compile.condition import NULLABLE
from airflow_provider_dpq.core.quality.compile.dialects import has
from airflow_provider_dpq.core.quality.compile.membership import read_column
from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Plan, planner
from airflow_provider_dpq.core.quality.expectations.quantile import ExpectColumnQuantileValuesToBeBetween
from airflow_provider_dpq.core.table.cast import cast_to_number
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.jsonable import jsonable
from airflow_provider_dpq.core.table.sql.functions import count_if, median, quantile
from airflow_provider_dpq.core.table.table import Table

_DIGITS: Final = Decimal("1e-15")
"""To how many digits MariaDB compares a rank with a quantile, as Great Expectations asks it to."""


@planner.register
def plan_quantiles(expectation: ExpectColumnQuantileValuesToBeBetween, table: Table) -> Plan:
    """Quantiles of the values lie within ranges."""
    quantiles = Quantiles(
        table,
        cast_to_number(read_column(table, expectation.column)),
        Domain(table, expectation.condition),
        expectation.quantile_ranges.quantiles,
        _interpolation(expectation, table),
    )

    def read(found: Mapping[str, Any]) -> Answer:
        values = quantiles.read(found)
        ranges = expectation.quantile_ranges.value_ranges
        details = [_lies_in(value, *range_) for value, range_ in zip(values, ranges, strict=True)]
        observed: dict[str, JsonValue] = {
            "quantiles": jsonable(expectation.quantile_ranges.quantiles),
            "values": [jsonable(value) for value in values],
        }
        result: dict[str, JsonValue] = {"observed_value": observed, "details": {"success_details": jsonable(details)}}
        return Answer(all(details), result)

    return Plan(figures=quantiles.figures, read=read)


def _interpolation(expectation: ExpectColumnQuantileValuesToBeBetween, table: Table) -> str:
    if not table.pandas_like or not expectation.allow_relative_error:
        return "nearest"
    if expectation.allow_relative_error not in ("nearest", "linear", "lower", "higher", "midpoint"):
        raise NotScannableError(f"pandas knows no interpolation {expectation.allow_relative_error!r}.")
    return str(expectation.allow_relative_error)


def _lies_in(value: Any, low: float | None, high: float | None) -> bool:
    if value is None:
        return False
    bounds = (-math.inf if low is None else low, math.inf if high is None else high)
    try:
        return bounds[0] <= value <= bounds[1] or any(_is_close(value, bound) for bound in bounds)
    except TypeError as error:
        message = f"A quantile that is a {type(value).__name__} cannot be compared with numbers."
        raise MeasurementError("incomparable", message, hint="Check a numeric column.", quotes_data=False) from error


def _is_close(value: Any, bound: float) -> bool:
    return math.isfinite(bound) and abs(float(value) - bound) <= 1e-8 + 1e-4 * abs(bound)


class Quantiles:
    """Some quantiles of a column.

    Args:
        table: The table.
        column: The column.
        domain: The rows to look at.
        quantiles: Shares of the values, 0 to 1.
        interpolation: On files and frames, which value is taken where a quantile falls between two.

    Attributes:
        figures: What `read` needs of the shared scan.
    """

    def __init__(
        self,
        table: Table,
        column: Column,
        domain: Domain,
        quantiles: Sequence[float],
        interpolation: str = "nearest",
    ) -> None:
        exact = column.kind in (Kind.INTEGER, Kind.FLOAT)
        if table.pandas_like and not (exact or (column.kind is Kind.DECIMAL and interpolation == "nearest")):
            raise NotScannableError(f"Quantiles of the {column.native} column {column.name!r} are pandas' own.")
        self._table, self._column, self._domain = table, column, domain
        self._quantiles, self._interpolation = quantiles, interpolation
        present = sa.not_(column.missing)
        self.figures: dict[str, sa.ColumnElement[Any]] = {"values": domain.count(present)}
        if column.malformed is not None:
            self.figures["malformed"] = domain.count(column.malformed)
        self._rank = _RANKS.get(table.dialect, None if has(table.dialect, quantile) else _rank_by_count)
        if not table.pandas_like and self._rank is None:
            value = domain.values(column.value)
            for index, share in enumerate(quantiles):
                self.figures[f"quantile_{index}"] = sa.func.percentile_disc(share).within_group(value)

    def read(self, found: Mapping[str, Any]) -> list[Any]:
        """Return the quantiles in their order; None for each where there are no values.

        Raises:
            MeasurementError: ``malformed_values``, or a query for them failed.
            NotScannableError: They are of nothing but `pd.NA`.
        """
        refuse_malformed(self._column, found.get("malformed"), self._domain)
        total = found["values"]
        if not total and NULLABLE.fullmatch(self._column.dtype or ""):
            raise NotScannableError("pandas takes pd.NA for the quantile of no values.")
        if not total or not self._quantiles:
            return [None] * len(self._quantiles)
        if self._table.pandas_like:
            return self._interpolated(total)
        if self._rank is not None:
            return self._ranked([self._rank(share, total) for share in self._quantiles])
        return [found[f"quantile_{index}"] for index in range(len(self._quantiles))]

    def _ranked(self, ranks: Sequence[int]) -> list[Any]:
        """Fetch the values that stand at ranks, counted from 0, in one statement."""
        value, present = self._column.value, sa.not_(self._column.missing)
        query = self._domain.select(self._column.shown, where=(present,)).order_by(value).limit(1)
        at = [query.offset(rank).scalar_subquery().label(f"q{index}") for index, rank in enumerate(ranks)]
        (row,) = self._table.fetch(sa.select(*at))
        return list(row)

    def _interpolated(self, total: int) -> list[Any]:
        """Take the values beside each quantile, and what numpy makes of them."""
        # numpy is given percents, and makes shares of them again.
        places = [(total - 1) * (share * 100.0 / 100) for share in self._quantiles]
        wanted = [_neighbours(place, self._interpolation) for place in places]
        ranks = sorted({rank for pair in wanted for rank in pair})
        ((values,),) = self._table.fetch(self._domain.select(at_ranks(self._column.value, ranks, total)))
        at = dict(zip(ranks, values, strict=True))
        return [
            at[low]
            if low == high
            else _between(at[low], at[high], 0.5 if self._interpolation == "midpoint" else place % 1)
            for place, (low, high) in zip(places, wanted, strict=True)
        ]


def at_ranks(value: sa.ColumnElement[Any], ranks: Sequence[int], total: int) -> sa.ColumnElement[Any]:
    """Return DuckDB's aggregate of the list of the values that stand at ranks, counted from 0, of so many."""
    shares = ", ".join(repr((rank + 0.5) / total) for rank in ranks)
    return sa.func.quantile_disc(value, sa.literal_column(f"[{shares}]"))


def _neighbours(place: float, interpolation: str) -> tuple[int, int]:
    """Return the ranks, counted from 0, of the two values to interpolate between, or twice that of the one to take."""
    low, high = math.floor(place), math.ceil(place)
    if interpolation in ("linear", "midpoint"):
        return low, high
    rank = {"nearest": round(place), "lower": low, "higher": high}[interpolation]
    return rank, rank


def _between(low: float, high: float, share: float) -> float:
    """Interpolate as numpy does, from the nearer end."""
    return high - (high - low) * (1 - share) if share >= 0.5 else low + (high - low) * share


def _rank_by_count(share: float, total: int) -> int:
    """Return the first rank up to which there is that share of the values, as ``percentile_disc`` does."""
    return max(math.ceil(Fraction(str(share)) * total), 1) - 1


def _rank_by_percent(share: float, total: int) -> int:
    """Return the last rank whose share of all ranks is not above the one asked for."""
    limit = _rounded(share)
    rank = min(math.floor(share * (total - 1)) + 1, total - 1)
    while rank and _rounded(rank / (total - 1)) > limit:
        rank -= 1
    return rank


def _rounded(share: float) -> Decimal:
    return Decimal(repr(share)).quantize(_DIGITS, ROUND_HALF_UP)


_RANKS: Final[Mapping[str, Callable[[float, int], int]]] = {
    "sqlite": _rank_by_count,
    "mysql": _rank_by_percent,
    "mariadb": _rank_by_percent,
}
"""Which value Great Expectations takes on databases without ``percentile_disc`` that are not asked for it there."""


_SAMPLED_ROWS: Final = 1_000_000
"""DuckDB samples them as some 500 of its vectors; where rows are alike within one, their median is still the table's
within 2.3 % of its ranks (one sigma)."""

_BAND: Final = "[0.42, 0.58]"
"""Shares of the sample between which the median is looked for: three and a half times that to both sides."""


class MedianOfMany:
    """The exact median, holding about a sixth of the different values where DuckDB would hold all values.

    Where the sample misled, as it may where a filter keeps few rows, DuckDB is asked for the median of all values.

    Args:
        domain: The rows, of a table of `Table.many_rows`.
        value: The floating number in each of them; NULL for none.

    Attributes:
        figures: What `read` needs of the shared scan.

    Raises:
        MeasurementError: The table could not be read.
    """

    def __init__(self, domain: Domain, value: sa.ColumnElement[float]) -> None:
        self._domain, self._value = domain, value
        table = domain.table
        percent: sa.ColumnElement[Any] = sa.literal_column(f"{min(100, 100 * _SAMPLED_ROWS / table.many_rows):.3f}%")
        sample = sa.tablesample(table.rows(), sa.func.system(percent))
        band = sa.func.quantile_cont(value, sa.literal_column(_BAND))
        bounds: Sequence[float] | None
        ((bounds,),) = table.fetch(sa.select(band).select_from(sample).where(*table.filters))
        self._bounds = bounds or (None, None)
        low, high = map(_double, self._bounds)
        self._within = value.between(low, high)
        self.figures: dict[str, sa.ColumnElement[Any]] = {
            "values": sa.func.count(value),
            "below": count_if(value < low),
            "within": count_if(self._within),
        }

    def read(self, found: Mapping[str, Any]) -> float | None:
        """Return the median; None where there are no values.

        Raises:
            MeasurementError: The table could not be read.
        """
        total, within = found["values"], found["within"]
        ranks = [rank - found["below"] for rank in ((total - 1) // 2, total // 2)]
        if not 0 <= ranks[0] <= ranks[1] < within:
            ((of_all,),) = self._domain.table.fetch(self._domain.select(median(self._value)))
            return None if of_all is None else float(of_all)
        low, high = self._bounds
        if low is not None and low == high:
            return float(low)
        query = self._domain.select(at_ranks(self._value, ranks, within), where=(self._within,))
        (((low, high),),) = self._domain.table.fetch(query)
        return float(low if low == high else low + (high - low) / 2)


def _double(number: float | None) -> sa.ColumnElement[float]:
    return sa.literal(number, sa.Double())
