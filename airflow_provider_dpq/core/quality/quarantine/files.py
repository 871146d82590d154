"""Rows of files and frames written as Parquet by DuckDB: one scan finds the failing ones, then each part is copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import QuarantineError
from airflow_provider_dpq.core.gate.report import Artifact
from airflow_provider_dpq.core.quality.quarantine import delivery
from airflow_provider_dpq.core.quality.quarantine.broken import CHECKS, Broken
from airflow_provider_dpq.core.quality.quarantine.request import Request
from airflow_provider_dpq.core.table.column import POSITION, named
from airflow_provider_dpq.core.table.duck import DuckTable
from airflow_provider_dpq.core.table.scan import quote_name

MEDIA_TYPE: Final = "application/vnd.apache.parquet"
_WRITTEN_AS: Final[Mapping[str, Any]] = {"HUGEINT": sa.Numeric(38, 0), "UHUGEINT": sa.String()}
"""Types that DuckDB would write as floating numbers, and what they are written as."""


def write_files(table: DuckTable, broken: Sequence[Broken], request: Request, rows: int) -> list[Artifact]:
    """Write failing rows and good rows, each as one Parquet file that appears whole or not at all.

    Args:
        table: The table.
        broken: The checks that set rows apart.
        request: What to write where.
        rows: How many rows were checked.

    Returns:
        The files.

    Raises:
        MeasurementError: The rows differ from those that were counted, or the engine broke.
        OSError: A file cannot be written.
    """
    with delivery.growing(request, table.scan) as parts:
        _mark(table, broken)
        failing = _require_counts(table, broken)
        expected = {"quarantine": failing, "good_rows": rows - failing}
        for name, part in parts.items():
            require_count(name, table.copy(_selected(table, name), part.path), expected[name])
        for part in parts.values():
            part.finish()
    return [artifact(name, target, expected[name], broken) for name, target in request]


def require_count(name: str, count: int, expected: int) -> None:
    """Make sure that as many rows were written as were counted.

    Raises:
        MeasurementError: ``quarantine_failed``.
    """
    if count != expected:
        message = f"{count} rows of {expected} would be written as {name}: the data changed meanwhile."
        raise QuarantineError("quarantine_failed", message, hint="The gate may be run again.", quotes_data=False)


def artifact(name: str, target: object, rows: int, broken: Sequence[Broken]) -> Artifact:
    """Return what the report says of a file that was written."""
    checks = tuple(one.name for one in broken)
    return Artifact(name=name, uri=str(target), media_type=MEDIA_TYPE, rows=rows, checks=checks)


def _mark(table: DuckTable, broken: Sequence[Broken]) -> None:
    """Keep which rows broke which checks: the positions of failing rows alone, found in one scan."""
    table.run(f"CREATE TEMP TABLE dpq_marks ({quote_name(POSITION)} BIGINT, number INTEGER)")
    for batch in _batches(broken):
        table.insert("dpq_marks", _marks(table, batch))
    for number, one in enumerate(broken):
        if one.unexpected is None:
            table.run("INSERT INTO dpq_marks SELECT unnest($1), $2", [list(one.positions), number])
    table.run("CREATE TEMP TABLE dpq_names AS SELECT unnest($1) AS name, unnest($2) AS number", _numbered(broken))
    each = f"SELECT {quote_name(POSITION)}, list(name ORDER BY number) AS {CHECKS}"
    joined = f"FROM dpq_marks JOIN dpq_names USING (number) GROUP BY {quote_name(POSITION)}"
    table.run(f"CREATE TEMP TABLE dpq_broken AS {each} {joined}")


def _numbered(broken: Sequence[Broken]) -> list[Any]:
    return [[one.name for one in broken], list(range(len(broken)))]


def _batches(broken: Sequence[Broken]) -> list[list[tuple[int, Broken]]]:
    """Put checks into as few scans as possible: in each, every joined selection has a name of its own."""
    batches: list[tuple[set[str], list[tuple[int, Broken]]]] = []
    for number, one in enumerate(broken):
        if one.unexpected is None:
            continue
        joined = "" if one.unexpected.join is None else str(getattr(one.unexpected.join.keys, "name", number))
        free = next((batch for batch in batches if not joined or joined not in batch[0]), None)
        if free is None:
            free = (set(), [])
            batches.append(free)
        free[0].add(joined)
        free[1].append((number, one))
    return [batch for _, batch in batches]


def _marks(table: DuckTable, batch: Sequence[tuple[int, Broken]]) -> sa.Select[Any]:
    """Select the position of each failing row, once for each check that it broke, with the check's number."""
    source = table.rows(positioned=True)
    predicates, numbers = [], []
    for number, one in batch:
        if one.unexpected is None:
            continue
        if one.unexpected.join is not None:
            source = source.outerjoin(one.unexpected.join.keys, one.unexpected.join.on)
        predicates.append(one.unexpected.predicate)
        numbers.append(sa.case((one.unexpected.predicate, sa.literal_column(str(number)))))
    each = sa.func.unnest(sa.func.list_value(*numbers)).label("number")
    query = sa.select(named(POSITION), each).select_from(source).where(*table.filters, sa.or_(*predicates))
    marks = query.subquery("dpq_found")
    return sa.select(sa.literal_column("*")).select_from(marks).where(marks.c["number"].is_not(None))


def _require_counts(table: DuckTable, broken: Sequence[Broken]) -> int:
    """Return the number of failing rows, of which each check has as many as were counted.

    Raises:
        MeasurementError: ``quarantine_failed``.
    """
    counts = dict(table.run("SELECT number, count(*) FROM dpq_marks GROUP BY number"))
    for number, one in enumerate(broken):
        if counts.get(number, 0) != one.count:
            message = f"{counts.get(number, 0)} rows break {one.name!r}, and {one.count} did when they were counted."
            raise QuarantineError(
                "quarantine_failed", message, hint="Did the data change? The gate may be run again.", quotes_data=False
            )
    ((failing,),) = table.run("SELECT count(*) FROM dpq_broken")
    return int(failing)


def _selected(table: DuckTable, name: str) -> sa.Select[Any]:
    source, stored = table.whole()
    columns = [
        _written(named(stored[column.name]), column.native).label(sa.quoted_name(column.name, quote=True))
        for column in table.columns.values()
        if column.name != CHECKS
    ]
    if len({column.name.casefold() for column in columns}) < len(columns):
        message = "Columns whose names differ in case only cannot be written to one file."
        raise QuarantineError("quarantine_failed", message, hint="Name them apart.", quotes_data=False)
    broken = sa.table("dpq_broken", named(POSITION), sa.column(CHECKS)).alias("dpq_broken")
    here: sa.ColumnElement[int] = sa.literal_column(f"{quote_name(str(source.name))}.{quote_name(POSITION)}")  # type: ignore[attr-defined]
    there: sa.ColumnElement[int] = sa.literal_column(f"dpq_broken.{quote_name(POSITION)}")
    if name == "quarantine":
        failing = sa.select(*columns, broken.c[CHECKS]).select_from(source.join(broken, here == there))
        return failing.order_by(here)
    good = sa.not_(sa.exists(sa.select(sa.literal_column("1")).select_from(broken).where(here == there)))
    return sa.select(*columns).select_from(source).where(*table.filters, good)


def _written(column: sa.ColumnElement[Any], native: str) -> sa.ColumnElement[Any]:
    return sa.cast(column, _WRITTEN_AS[native]) if native in _WRITTEN_AS else column
