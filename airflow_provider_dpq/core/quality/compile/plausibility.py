"""Figures that no table can have: refused before a check reads them, since most would read as a pass.

A driver that lies, a view whose functions change what they count and a merge that went wrong make such figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.share import Share
from airflow_provider_dpq.core.quality.compile.plan import Plan
from airflow_provider_dpq.core.table.sql.functions import count_if


def impossible(message: str) -> MeasurementError:
    """Return the error of a figure that no table can have."""
    hint = "Does the table change while it is read, or its driver or view count wrongly?"
    return MeasurementError("impossible_figure", message, hint=hint, quotes_data=False)


def share_of(part: Any, whole: Any, what: str) -> Share:
    """Return a share of counts.

    Args:
        part: How many of them.
        whole: Of how many.
        what: What they are, for people.

    Raises:
        MeasurementError: ``impossible_figure``: they are no counts, or the part is more than the whole.
    """
    if not _is_count(part) or not _is_count(whole) or part > whole:
        raise impossible(f"{_told(part)} of {_told(whole)} {what} cannot be.")
    return Share(int(part), int(whole))


def require_rows(rows: Any) -> int:
    """Return a number of rows.

    Raises:
        MeasurementError: ``impossible_figure``: it is none.
    """
    if not _is_count(rows):
        raise impossible(f"A table of {_told(rows)} rows cannot be.")
    return int(rows)


def require_counts(plan: Plan, found: Mapping[str, Any], rows: int) -> None:
    """Refuse counts that are none: below 0, none at all, or more than the rows that were looked at.

    Args:
        plan: What was asked.
        found: What was answered, by name.
        rows: Rows of the table that were looked at.

    Raises:
        MeasurementError: ``impossible_figure``.
    """
    for name, figure in plan.figures.items():
        if name in found and _counts(figure) and not (_is_count(found[name]) and found[name] <= rows):
            raise impossible(f"A count of {_told(found[name])} among {_told(rows)} rows cannot be.")
    for name, query in plan.queries.items():
        figures = list(query.selected_columns)
        if len(figures) == 1 and _counts(figures[0]) and not _is_count(found[name]):
            raise impossible(f"A count of {_told(found[name])} cannot be.")


def require_figure(figure: Any, values: Any) -> None:
    """Refuse that there is no figure of values that exist.

    Args:
        figure: The figure.
        values: How many values it is of.

    Raises:
        MeasurementError: ``impossible_figure``.
    """
    if figure is None and values:
        raise impossible(f"No figure of {_told(values)} values cannot be.")


def _counts(figure: Any) -> bool:
    return isinstance(figure, (count_if, sa.sql.functions.count))


def _is_count(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 and value == int(value)


def _told(value: Any) -> str:
    return str(value) if isinstance(value, (int, float)) else "nothing" if value is None else type(value).__name__
