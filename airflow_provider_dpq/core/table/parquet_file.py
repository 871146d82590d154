"""Parquet files, and the types that their columns have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.table.column import POSITION, Column, Kind, named
from airflow_provider_dpq.core.table.disk import PlainFile
from airflow_provider_dpq.core.table.duck_column import is_finer, kind_of, pick, typed_column
from airflow_provider_dpq.core.table.evidence import TYPE, Evidence, together
from airflow_provider_dpq.core.table.place import Stored
from airflow_provider_dpq.core.table.reading import Reading, quote_list, require_own_names, view
from airflow_provider_dpq.core.table.remote import address
from airflow_provider_dpq.core.table.scan import Scan, quote_name, quote_text
from airflow_provider_dpq.core.table.sql.duckdb_dialect import literal_text
from airflow_provider_dpq.core.table.sql.number import significant

_ROW_NUMBER: Final = "file_row_number"
"""DuckDB's name of the option and of the column that it adds."""

_BY_STATISTICS: Final = {
    "statistics_propagation",
    "filter_pushdown",
    "join_filter_pushdown",
    "row_group_pruner",
    "partial_aggregate_pushdown",
}
"""Optimizers of DuckDB that decide by what a file says of its values."""


def attach_parquet(
    scan: Scan, relation: str, files: Sequence[PlainFile | Stored], reading: Reading
) -> dict[str, Column]:
    """Give DuckDB Parquet files as a relation, and return its columns.

    Raises:
        SourceError: ``ambiguous_columns``; or ``unreadable_parquet``: a file contradicts itself.
    """
    names = [address(scan, file) for file in files]
    _trust_no_statistics(scan)
    elements = scan.connection.execute(
        f"SELECT file_name, name, num_children, duckdb_type, type FROM parquet_schema({quote_list(names)})"  # noqa: S608
    ).fetchall()
    stored = list(dict.fromkeys((name, type_) for _, name, _, _, type_ in elements))
    options = "union_by_name = true, hive_partitioning = false"
    options += _finer(scan, f"{quote_list(names)}, {options}", [name for name, type_ in stored if type_ == "INT96"])
    view(scan, relation, f"read_parquet({quote_list(names)}, {options})")
    described = scan.columns(relation)
    stored_in = columns_by_file([element[:4] for element in elements])
    for file, there in stored_in.items():
        require_own_names(scan.named.get(file, file), [name for name, _ in there])
    if len(names) > 1:
        require_unchanged(scan, stored_in, described)
    found = pick(scan, relation, described)
    own: Evidence = {name: {TYPE: column.native} for name, column in found.items()}
    scan.evidence[relation] = lambda asked: {name: own[name] for name in asked if name in own}
    whole = together(own, reading.beside)
    read = described if whole == own else [(name, str(type_[TYPE])) for name, type_ in whole.items()]
    if read is not described:
        require_unchanged(scan, stored_in, read)
    _require_one_count(scan, names)
    columns = "*" if read is described else _read_as(described, read)
    # Of a file in object storage it would read the end once more.
    local = all(isinstance(file, PlainFile) for file in files)
    if local and len(names) == 1 and _ROW_NUMBER not in {name.casefold() for name, _ in described}:
        _number_rows(scan, relation, f"{quote_list(names)}, {options}", columns)
    if read is not described:
        scan.connection.execute(f"DROP VIEW {quote_name(relation)}")
        view(scan, relation, f"(SELECT {columns} FROM read_parquet({quote_list(names)}, {options}))")  # noqa: S608
        found = {name: typed_column(name, native) for name, native in scan.columns(relation)}
        scan.is_finer = scan.is_finer or any(is_finer(column.native) for column in found.values())
    if local:
        scan.count_rows(relation)
    return found


def _read_as(described: Sequence[tuple[str, str]], whole: Sequence[tuple[str, str]]) -> str:
    """Return how columns are selected so that they are the columns, and have the types, of all parts of a table."""
    own = dict(described)
    stored = {name: quote_name(name) if name in own else "NULL" for name, _ in whole}
    return ", ".join(f"CAST({stored[name]} AS {type_}) AS {quote_name(name)}" for name, type_ in whole)


def _trust_no_statistics(scan: Scan) -> None:
    """Read every row, whatever a file says of its values: statistics leave NaN out, are cut, or are wrong."""
    known = {name for (name,) in scan.connection.execute("SELECT name FROM duckdb_optimizers()").fetchall()}
    disabled = ", ".join(sorted(known & _BY_STATISTICS))
    scan.connection.execute(f"SET disabled_optimizers = {quote_text(disabled)}")


def _require_one_count(scan: Scan, names: Sequence[str]) -> None:
    """Refuse files that contradict themselves about how many rows they have.

    Raises:
        SourceError: ``unreadable_parquet``.
    """
    files = quote_list(names)
    # A column within lists has at least one value for each row.
    whole = "num_values = row_group_num_rows OR (num_values > row_group_num_rows AND path_in_schema LIKE '%, %')"
    alike = f"bool_and({whole}) AND min(row_group_num_rows) = max(row_group_num_rows)"
    chunks = (
        f"SELECT file_name, max(row_group_num_rows) AS rows, {alike} AS alike "  # noqa: S608
        f"FROM parquet_metadata({files}) GROUP BY file_name, row_group_id"
    )
    groups = f"SELECT file_name, sum(rows) AS rows, bool_and(alike) AS alike FROM ({chunks}) GROUP BY file_name"  # noqa: S608
    query = (
        f"SELECT file_name FROM parquet_file_metadata({files}) LEFT JOIN ({groups}) USING (file_name) "  # noqa: S608
        "WHERE num_rows <> coalesce(rows, 0) OR NOT coalesce(alike, true) LIMIT 1"
    )
    for (name,) in scan.connection.execute(query).fetchall():
        message = f"{scan.named.get(name, name)!r} contradicts itself about its number of rows."
        raise SourceError("unreadable_parquet", message, hint="Write it again.", quotes_data=False)


def _finer(scan: Scan, source: str, columns: Sequence[str]) -> str:
    """Return the option to read moments of twelve bytes by the nanosecond, where some are finer than microseconds.

    Raises:
        SourceError: ``unreadable_parquet``: others lie beyond what can be said by the nanosecond.
    """
    described = {name for name, _ in scan.columns(f"read_parquet({source})")} if columns else set()
    read = [quote_name(name) for name in columns if name in described]
    if not read:
        return ""
    option = ", int96_as = 'timestamp_ns'"
    finer = " OR ".join(f"(isfinite({name}) AND epoch_ns({name}) % 1000 <> 0)" for name in read)
    beyond = " OR ".join(f"NOT isfinite({name})" for name in read)
    query = f"SELECT bool_or({finer}), bool_or({beyond}) FROM read_parquet({source}{option})"  # noqa: S608
    ((is_finer, is_beyond),) = scan.connection.execute(query).fetchall()
    if is_finer and is_beyond:
        message = f"{', '.join(columns)} hold moments finer than microseconds, and others before 1677 or after 2262."
        raise SourceError("unreadable_parquet", message, hint="Write them as microseconds.", quotes_data=False)
    return option if is_finer else ""


def _number_rows(scan: Scan, relation: str, source: str, columns: str) -> None:
    """Give DuckDB the file with the row numbers that it has itself: ordered by them, it reads no more than is shown."""
    source = f"read_parquet({source}, {_ROW_NUMBER} = true)"
    scan.numbered[relation] = numbered = f"{relation}_numbered"
    every = f"* EXCLUDE ({_ROW_NUMBER})" if columns == "*" else columns
    columns = f"{every}, {_ROW_NUMBER} AS {quote_name(POSITION)}"
    scan.connection.execute(f"CREATE TEMP VIEW {quote_name(numbered)} AS SELECT {columns} FROM {source}")  # noqa: S608


_VALUE: Final = "dpq:value"
_READ: Final = "dpq:read"


def columns_by_file(elements: Sequence[tuple[str, str, int | None, str | None]]) -> dict[str, list[tuple[str, str]]]:
    """Return the columns of each file with their types.

    Args:
        elements: What DuckDB tells of the schemas of files, in order: of each element its file, its name, how many
            elements are within it, and its type. The first of each file is the table itself.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    open_: dict[str, list[int]] = {}
    for file, name, children, type_ in elements:
        left = open_.setdefault(file, [])
        if len(left) == 1 and type_ is not None:
            found.setdefault(file, []).append((name, type_))
        if left:
            left[-1] -= 1
        left.append(children or 0)
        while len(left) > 1 and not left[-1]:
            left.pop()
    return found


def require_unchanged(
    scan: Scan, files: Mapping[str, Sequence[tuple[str, str]]], columns: Sequence[tuple[str, str]]
) -> None:
    """Refuse files of which a value would be another one where each column is read with one type.

    Args:
        scan: What reads them.
        files: The columns of each file, with their types there.
        columns: The columns, with the types by which they are read.

    Raises:
        SourceError: ``unreadable_parquet``.
    """
    types_in = {file: {name.casefold(): type_ for name, type_ in found} for file, found in files.items()}
    for name, type_ in columns:
        of_type: dict[str, list[str]] = {}
        for file, types in types_in.items():
            of_type.setdefault(types.get(name.casefold(), type_), []).append(file)
        for own, among in of_type.items():
            count = _changed(scan, name, own, type_, among)
            if count:
                others = " and ".join(sorted(of_type.keys() - {own}) or [type_])
                values = "1 value" if count == 1 else f"{count:,} values"
                first = scan.named.get(among[0], among[0])
                message = f"Column {name!r} is {own} in {first!r}, and {others} in others: {values} would change."
                hint = "Write the column with one type, or check the files apart."
                raise SourceError("unreadable_parquet", message, hint=hint, quotes_data=False)


def _changed(scan: Scan, name: str, own: str, type_: str, files: Sequence[str]) -> int:
    """Return how many values of files are others where they are read with another type."""
    kind, kind_read = kind_of(own), kind_of(type_)
    wider = kind is kind_read and kind in (Kind.INTEGER, Kind.FLOAT)
    if own == type_ or wider or (kind_read is Kind.STRING and kind is not Kind.OTHER):
        return 0
    value, read = named(_VALUE), named(_READ)
    changed: sa.ColumnElement[bool] = sa.true()
    if kind.numeric and kind_read.numeric:
        before, after = (significant(sa.cast(one, sa.String())) for one in (value, read))
        changed = after.is_distinct_from(before)
    elif kind.temporal and kind_read.temporal:
        changed = read.is_(None)
    elif kind is Kind.OTHER and kind_read is Kind.OTHER:
        changed = sa.literal_column(f"TRY_CAST({quote_name(_READ)} AS {own})").is_distinct_from(value)
    both = f"{quote_name(name)} AS {quote_name(_VALUE)}, TRY_CAST({quote_name(name)} AS {type_}) AS {quote_name(_READ)}"
    source = sa.text(f"(SELECT {both} FROM read_parquet({quote_list(files)}))")  # noqa: S608 - quoted names
    query: sa.Select[Any] = sa.select(sa.func.count()).select_from(source).where(value.is_not(None), changed)
    ((count,),) = scan.connection.execute(literal_text(query)).fetchall()
    return int(count)
