"""The fields of a result that show which rows break a check: values, positions or keys, whole rows, and a query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue

from airflow_provider_dpq.core.quality.compile.plan import Unexpected
from airflow_provider_dpq.core.quality.result_format import MOST_VALUES, ResultFormat
from airflow_provider_dpq.core.quality.rows import Row, fetch_labels, fetch_rows, select_rows
from airflow_provider_dpq.core.table.jsonable import jsonable
from airflow_provider_dpq.core.table.table import Table


def describe_unexpected(table: Table, unexpected: Unexpected, wanted: ResultFormat, count: int) -> dict[str, JsonValue]:
    """Return the fields of a result that show unexpected values and where they are.

    Args:
        table: The table.
        unexpected: Which rows, and which of their columns.
        wanted: How much to show.
        count: How many there are.

    Raises:
        MeasurementError: A column that is to name the rows does not exist, or the query failed.
    """
    if wanted.level == "BOOLEAN_ONLY":
        return _names(wanted) | _query(table, unexpected, wanted, count) if wanted.index_query else {}
    for name in wanted.index_columns:
        table.column(name)
    rows = _rows(table, unexpected, wanted) if count else []
    fields = _names(wanted)
    if wanted.shows_query:
        fields |= _query(table, unexpected, wanted, count)
    if not wanted.exclude_unexpected_values:
        fields |= _values(rows, unexpected, wanted)
    if wanted.level != "BASIC" and (table.pandas_like or wanted.index_columns):
        fields |= _indexes(rows, table, wanted)
    return fields


def _rows(table: Table, unexpected: Unexpected, wanted: ResultFormat) -> list[Row]:
    """Fetch as many rows as some field shows; a database's are never fetched without a limit, as in GX."""
    complete = wanted.level == "COMPLETE"
    everything = None if table.pandas_like else max(MOST_VALUES, wanted.partial_unexpected_count)
    limit = wanted.most(everything if complete else wanted.partial_unexpected_count)
    if limit == 0:
        return []
    whole = wanted.unexpected_rows and not wanted.exclude_unexpected_values
    return fetch_rows(table, unexpected, wanted.index_columns, limit, whole=whole)


def _names(wanted: ResultFormat) -> dict[str, JsonValue]:
    return {"unexpected_index_column_names": list[JsonValue](wanted.index_columns)} if wanted.index_columns else {}


def _values(rows: Sequence[Row], unexpected: Unexpected, wanted: ResultFormat) -> dict[str, JsonValue]:
    partial = wanted.partial_unexpected_count
    values = [row.value for row in rows]
    fields: dict[str, JsonValue] = {"partial_unexpected_list": [jsonable(value) for value in values[:partial]]}
    if wanted.unexpected_rows:
        fields["unexpected_rows"] = [jsonable(row.whole) for row in rows[:partial]]
    if wanted.level == "BASIC":
        return fields
    if wanted.level == "COMPLETE":
        values = values[: wanted.most(MOST_VALUES)]
        fields["unexpected_list"] = [jsonable(value) for value in values]
    if partial:
        fields |= _counts(values if wanted.level == "COMPLETE" else values[:partial], unexpected.shape, partial)
    return fields


def _counts(values: Sequence[Any], shape: str, most: int) -> dict[str, JsonValue]:
    """Count equal values, the commonest first; left out where they cannot be ordered, as GX does."""
    flat = [tuple(value.values()) if shape == "mapping" else value for value in values]
    try:
        common = sorted(Counter(flat).most_common(most), key=lambda item: (-item[1], item[0]))
    except TypeError:
        return {}
    return {"partial_unexpected_counts": [{"value": jsonable(value), "count": count} for value, count in common]}


def _indexes(rows: Sequence[Row], table: Table, wanted: ResultFormat) -> dict[str, JsonValue]:
    partial = wanted.partial_unexpected_count
    fields: dict[str, JsonValue] = {}
    if partial:
        fields["partial_unexpected_index_list"] = _index(rows[:partial], wanted)
    if wanted.level == "COMPLETE":
        most = wanted.most(None if table.pandas_like else partial)
        fields["unexpected_index_list"] = _index(rows[:most], wanted)
    return fields


def _index(rows: Sequence[Row], wanted: ResultFormat) -> JsonValue:
    """Name rows by their position or label, or by their keys; beside these are the values unless they are excluded."""
    if not wanted.index_columns:
        return [jsonable(row.label) for row in rows]
    if not wanted.exclude_unexpected_values:
        return [jsonable(row.own | row.keys) for row in rows]
    return [{name: jsonable([row.keys[name] for row in rows]) for name in rows[0].keys}] if rows else []


def _query(table: Table, unexpected: Unexpected, wanted: ResultFormat, count: int) -> dict[str, JsonValue]:
    """Return how the rows are found: pandas code as GX writes it, or for a database the query.

    The pandas code names each of them. It is left out where the gate lets fewer rows be shown, as is a query that names
    their values where the gate keeps any back.
    """
    if not table.pandas_like:
        if unexpected.names_values and (wanted.keeps_back or wanted.exclude_unexpected_values):
            return {}
        text = table.text(select_rows(table, unexpected, wanted.index_columns))
        return {} if text is None else {"unexpected_index_query": f"{text};"}
    if wanted.sample_rows is not None and count > wanted.sample_rows:
        return {}
    labels = fetch_labels(table, unexpected) if count else []
    return {"unexpected_index_query": f"df.filter(items={labels}, axis=0)"}
