"""Figures of two tables: how many rows, and of each column how many values, their sum, the least and the greatest.

Each side's are computed where it lives, in one statement.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from airflow_provider_dpq.core.gate.share import exact
from airflow_provider_dpq.core.quality.compile.plan import Domain
from airflow_provider_dpq.core.quality.reconcile.pair import Pair, Tolerance
from airflow_provider_dpq.core.table.form import Comparable, Form, in_form, shown
from airflow_provider_dpq.core.table.sql.number import plain

ROWS: Final = "rows"
_NOISE: Final = 1e-9
"""What two engines' sums of the same floating numbers may differ by, as a share of what they could be at most: they
add in different orders."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of both tables.

    Attributes:
        name: ``row_count``, ``count``, ``sum``, ``min`` or ``max``.
        column: The column's name here; None for the row count.
        here: The figure of the table.
        there: The figure of the other table.
        agrees: Whether they are the same.
    """

    name: str
    column: str | None
    here: Any
    there: Any
    agrees: bool


def aggregates(domain: Domain, columns: Sequence[Comparable], pairs: Sequence[Pair], time_zone: str) -> dict[str, Any]:
    """Return the aggregates of one side, by name, for its own engine.

    Args:
        domain: Its rows.
        columns: Its columns.
        pairs: The pairs that the columns are of.
        time_zone: Time zone of times without one.
    """
    found: dict[str, Any] = {ROWS: domain.count()}
    for index, (column, pair) in enumerate(zip(columns, pairs, strict=True)):
        value = domain.values(column.value)
        found[f"count {index}"] = sa.func.count(value)
        if pair.here.kind.numeric and pair.there.kind.numeric:
            found[f"sum {index}"] = sa.func.sum(value)
        elif not pair.form.temporal:
            continue
        for name, least in (("min", sa.func.min(value)), ("max", sa.func.max(value))):
            in_duckdb = pair.form.temporal and domain.table.dialect == "duckdb"
            found[f"{name} {index}"] = (
                in_form(least, column.kind, pair.form, time_zone, fine=column.fine) if in_duckdb else least
            )
    return found


def compare_figures(
    here: Mapping[str, Any], there: Mapping[str, Any], pairs: Sequence[Pair], tolerance: Tolerance, time_zone: str
) -> Iterator[Figure]:
    """Yield the figures of both sides.

    Args:
        here: The table's aggregates, by the names of `aggregates`.
        there: Those of the other table.
        pairs: The pairs of columns.
        tolerance: What counts as the same.
        time_zone: Time zone of times without one.
    """
    yield Figure("row_count", None, int(here[ROWS]), int(there[ROWS]), int(here[ROWS]) == int(there[ROWS]))
    for index, pair in enumerate(pairs):
        for name in ("count", "sum", "min", "max"):
            key = f"{name} {index}"
            if key in here:
                form = Form.INTEGER if name == "count" else pair.form
                a, b = _value(here[key], form, time_zone), _value(there[key], form, time_zone)
                allowed: Any = 0 if name == "count" else _allowed(b, pair, tolerance)
                if name == "sum" and form in (Form.FLOAT, Form.NUMBER):
                    allowed = max(allowed, _NOISE * _largest(index, here, there))
                yield Figure(name, pair.name, _written(a, form), _written(b, form), _same(a, b, allowed))


def _allowed(there: Any, pair: Pair, tolerance: Tolerance) -> Any:
    if pair.form.temporal:
        return tolerance.nanoseconds
    absolute, relative, size = map(exact, (tolerance.absolute, pair.relative(tolerance), abs(there or 0)))
    return max(absolute, relative * size) if relative else absolute


def _value(value: Any, form: Form, time_zone: str) -> Any:
    if value is None:
        return None
    if form.temporal and isinstance(value, date):
        return _nanoseconds(value, ZoneInfo(time_zone) if form is Form.INSTANT else UTC)
    if form is Form.NUMBER:
        return plain(value)
    return float(value) if form is Form.FLOAT else value


def _nanoseconds(value: date, zone: Any) -> int:
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def _largest(index: int, here: Mapping[str, Any], there: Mapping[str, Any]) -> float:
    """Return what the sum of a column could be at most, by the number of its values and the largest of them."""
    sides = (here, there)
    sizes = [abs(float(side[f"{name} {index}"] or 0)) for side in sides for name in ("min", "max")]
    return max(sizes) * max(int(side[f"count {index}"]) for side in sides)


def _same(a: Any, b: Any, allowed: Any) -> bool:
    if a is None or b is None:
        return a is b
    if a == b or not allowed or not all(math.isfinite(number) for number in (a, b, allowed)):
        return bool(a == b)
    apart: Any = exact(a) - exact(b)
    return bool(abs(apart) <= exact(allowed))


def _written(value: Any, form: Form) -> Any:
    if form.temporal:
        return shown(value, form)
    return float(value) if isinstance(value, Decimal) and value != value.to_integral_value() else value
