"""Rows of a database table written as Parquet: fetched once, chunk by chunk, each with the checks that it broke."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.gate.report import Artifact
from airflow_provider_dpq.core.quality.quarantine import delivery
from airflow_provider_dpq.core.quality.quarantine.broken import CHECKS, Broken
from airflow_provider_dpq.core.quality.quarantine.files import artifact, require_count
from airflow_provider_dpq.core.quality.quarantine.request import Request
from airflow_provider_dpq.core.quality.quarantine.tables import breaks_any, joined, joins_trusted, listed_checks
from airflow_provider_dpq.core.table.column import Column, Kind, named
from airflow_provider_dpq.core.table.form import STORED
from airflow_provider_dpq.core.table.scan import quote_text
from airflow_provider_dpq.core.table.sql.duckdb_dialect import compile_query
from airflow_provider_dpq.core.table.sql_table import SQLTable
from airflow_provider_dpq.core.table.staging import stage

_NONE: Final = "[]"
_DECIMAL: Final = re.compile(r"(?:DECIMAL|NUMERIC)\((\d+), ?(\d+)\)")
_MOST_DIGITS: Final = 38


def export_rows(table: SQLTable, broken: Sequence[Broken], request: Request, rows: int) -> list[Artifact]:
    """Write failing rows and good rows of a database table, each as one Parquet file.

    One query fetches all rows that are to be written, in one state of the database; they wait on disk.

    Args:
        table: The table.
        broken: The checks that set rows apart.
        request: What to write where.
        rows: How many rows were checked.

    Returns:
        The files.

    Raises:
        MeasurementError: The rows differ from those that were counted, or an engine broke.
        OSError: A file cannot be written.
    """
    known = [one for one in broken if one.unexpected is not None]
    columns = [column for column in table.columns.values() if column.name != CHECKS]
    kinds = [column.kind if column.kind in STORED else Kind.STRING for column in columns]
    with delivery.growing(request, table.scan) as parts, joins_trusted():
        staged = stage(table.scan, table, _fetched(table, columns, known, request), [*kinds, Kind.STRING])
        expected = _count(table, staged, known, rows)
        for name, part in parts.items():
            require_count(name, _copy(table, _selected(staged, columns, name), str(part.path)), expected[name])
        for part in parts.values():
            part.finish()
    return [artifact(name, target, expected[name], known) for name, target in request]


def _fetched(table: SQLTable, columns: Sequence[Column], broken: Sequence[Broken], request: Request) -> sa.Select[Any]:
    """Select rows with the checks that they broke: all of them, unless only the failing ones are to be written."""
    values = [_fetched_as(column).label(f"c{number}") for number, column in enumerate(columns)]
    query = sa.select(*values, listed_checks(broken).label(CHECKS)).select_from(joined(table, broken))
    kept = [] if request.good_rows is not None else [breaks_any(broken)]
    return query.where(*table.filters, *kept)


def _fetched_as(column: Column) -> sa.ColumnElement[Any]:
    """Return a column as it is fetched: what is neither number, text, truth nor time as the database writes it."""
    plain = named(column.name, column.type if column.kind.temporal else None)
    return plain if column.kind in STORED else sa.cast(plain, sa.Text())


def _selected(staged: sa.TableClause, columns: Sequence[Column], name: str) -> sa.Select[Any]:
    *values, checks = staged.c
    written = [
        _written(value, column).label(sa.quoted_name(column.name, quote=True))
        for value, column in zip(values, columns, strict=True)
    ]
    if name == "quarantine":
        listed: sa.ColumnElement[Any] = sa.literal_column(f"CAST(CAST({checks.name} AS JSON) AS VARCHAR[])")
        return sa.select(*written, listed.label(CHECKS)).select_from(staged).where(checks != _NONE)
    return sa.select(*written).select_from(staged).where(checks == _NONE)


def _written(value: sa.ColumnElement[Any], column: Column) -> sa.ColumnElement[Any]:
    if column.kind is Kind.INTEGER:
        return sa.cast(value, sa.Numeric(20, 0) if getattr(column.type, "unsigned", False) else sa.BigInteger())
    digits = _DECIMAL.fullmatch(column.native) if column.kind is Kind.DECIMAL else None
    if digits is not None and int(digits[1]) <= _MOST_DIGITS:
        return sa.cast(value, sa.Numeric(int(digits[1]), int(digits[2])))
    return value


def _count(table: SQLTable, staged: sa.TableClause, broken: Sequence[Broken], rows: int) -> dict[str, int]:
    """Return how many rows each part has to have, once each check has as many as were counted."""
    checks = list(staged.c)[-1].name
    relation = f"{staged.schema}.{staged.name}"
    each = f"SELECT unnest(CAST(CAST({checks} AS JSON) AS VARCHAR[])) AS name FROM {relation}"  # noqa: S608
    found = dict(table.scan.run(f"SELECT name, count(*) FROM ({each}) GROUP BY name", (), table.subject))  # noqa: S608
    for one in broken:
        require_count(one.name, found.get(one.name, 0), one.count)
    failing = f"SELECT count(*) FROM {relation} WHERE {checks} <> '{_NONE}'"  # noqa: S608
    ((count,),) = table.scan.run(failing, (), table.subject)
    return {"quarantine": int(count), "good_rows": rows - int(count)}


def _copy(table: SQLTable, query: sa.Select[Any], file: str) -> int:
    text, parameters = compile_query(query)
    ((count,),) = table.scan.run(
        f"COPY ({text}) TO {quote_text(file)} (FORMAT parquet, USE_TMP_FILE false)", parameters, table.subject
    )
    return int(count)
