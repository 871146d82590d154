"""The median of many rows in bounded memory: between two values that a sample says it lies between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.plan import Domain
from airflow_provider_dpq.core.quality.compile.quantile import at_ranks
from airflow_provider_dpq.core.table.sql.functions import count_if, median

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
