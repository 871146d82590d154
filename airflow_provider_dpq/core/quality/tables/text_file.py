"""Text files of delimited fields: CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.quality.compile.functions import without_nan
from airflow_provider_dpq.core.quality.tables.disk import PlainFile
from airflow_provider_dpq.core.quality.tables.duck import Scan, kind_of, quote_name, quote_text, text_of
from airflow_provider_dpq.core.quality.tables.reading import Reading, quote_list, refuse_twins, view
from airflow_provider_dpq.core.quality.tables.table import Column, Kind, named

_DELIMITERS: Final = (",", ";", "|", "\t")
_TYPES: Final[Mapping[Kind, sa.types.TypeEngine[Any]]] = {
    Kind.INTEGER: sa.BigInteger(),
    Kind.FLOAT: sa.Double(),
    Kind.BOOLEAN: sa.Boolean(),
    Kind.DATE: sa.Date(),
    Kind.TIMESTAMP: sa.TIMESTAMP(),
}


def attach_csv(scan: Scan, relation: str, files: Sequence[PlainFile], reading: Reading) -> dict[str, Column]:
    """Give DuckDB text files as a relation, and return its columns.

    Each value is read as text and cast, so that one bad value late in a file is a finding and not the end. The text is
    parsed once, into a columnar file beside what DuckDB spills: checks and samples read it many times.
    """
    names = [file.address(scan) for file in files]
    nulls = quote_list(["", *reading.null_values])
    options = f"nullstr = {nulls}, union_by_name = true, hive_partitioning = false"
    source = f"read_csv({quote_list(names)}, header = true, {options}"
    sniffed = scan.connection.execute(f"DESCRIBE SELECT * FROM {source})").fetchall()  # noqa: S608
    header = f"read_csv({quote_list(names[:1])}, header = false, all_varchar = true, hive_partitioning = false)"
    first = scan.connection.execute(f"SELECT * FROM {header} LIMIT 1").fetchone()  # noqa: S608
    refuse_twins(files[0].name, first or ())
    _refuse_one_column_of_several(scan, files[0], [row[0] for row in sniffed])
    staged = quote_name(f"{relation}_text")
    scan.connection.execute(f"ATTACH {quote_text(str(scan.directory / relation))} AS {staged}")
    scan.connection.execute(f"CREATE TABLE {staged}.csv AS SELECT * FROM {source}, all_varchar = true)")  # noqa: S608
    view(scan, relation, f"{staged}.csv")
    scan.count_rows(relation)
    types = {row[0]: kind_of(row[1]) for row in sniffed}
    kinds = {name: types.get(name, Kind.STRING) for name, _ in scan.columns(relation)}
    for name in _fractional(scan, relation, [name for name, kind in kinds.items() if kind is Kind.INTEGER]):
        kinds[name] = Kind.FLOAT
    return {name: _csv_column(name, kind) for name, kind in kinds.items()}


def _refuse_one_column_of_several(scan: Scan, file: PlainFile, columns: Sequence[str]) -> None:
    """Refuse lines of different numbers of fields near the top, for which DuckDB takes each line as one field.

    Raises:
        SourceError: ``unreadable_csv``.
    """
    if len(columns) != 1 or not any(sign in columns[0] for sign in _DELIMITERS):
        return
    options = "header = false, delim = '\x01', quote = '', escape = ''"
    lines = f"read_csv({quote_list([file.address(scan)])}, auto_detect = false, {options}"
    first = scan.connection.execute(f"SELECT line FROM {lines}, columns = {{'line': 'VARCHAR'}}) LIMIT 1").fetchone()  # noqa: S608
    if first is not None and not str(first[0]).startswith('"'):
        message = f"{file.name!r} has lines of different numbers of fields near its top."
        raise SourceError(
            "unreadable_csv", message, hint="Look for delimiters in texts without quotes.", quotes_data=False
        )


def _fractional(scan: Scan, relation: str, names: Sequence[str]) -> list[str]:
    """Return the columns that looked like whole numbers where DuckDB looked, and hold fractions or NaN further down."""
    if not names:
        return []
    found = ", ".join(
        f"bool_or(regexp_matches({q}, '[.eEnN]') AND try_cast({q} AS DOUBLE) IS NOT NULL)"
        for q in map(quote_name, names)
    )
    (row,) = scan.connection.execute(f"SELECT {found} FROM {quote_name(relation)}").fetchall()  # noqa: S608
    return [name for name, fractional in zip(names, row, strict=True) if fractional]


def _csv_column(name: str, kind: Kind) -> Column:
    raw = named(name)
    if kind not in _TYPES:
        return Column(name, Kind.STRING, "str", raw, raw, raw, raw.is_(None), text=raw)
    value: sa.ColumnElement[Any] = sa.try_cast(raw, _TYPES[kind])
    missing: sa.ColumnElement[bool] = raw.is_(None)
    if kind is Kind.INTEGER:
        value = sa.case((sa.func.regexp_matches(raw, "[.eE]"), None), else_=value)  # DuckDB would round 1.5 to 2
    if kind is Kind.FLOAT:
        missing = sa.or_(missing, sa.func.coalesce(sa.func.isnan(value), sa.false()))
        value = without_nan(value)
    return Column(
        name,
        kind,
        f"csv {kind}",
        value,
        value,
        sa.func.coalesce(sa.cast(value, sa.String()), raw),
        missing,
        raw=raw,
        malformed=sa.and_(sa.not_(missing), value.is_(None)),
        text=text_of(value, kind) if kind.numeric or kind is Kind.BOOLEAN else raw,
    )
