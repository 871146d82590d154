"""Parquet files, read in place: by their rows, and never by what their statistics claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.table.column import POSITION, Column
from airflow_provider_dpq.core.table.disk import PlainFile
from airflow_provider_dpq.core.table.duck_column import is_finer, pick, typed_column
from airflow_provider_dpq.core.table.evidence import TYPE, Evidence, together
from airflow_provider_dpq.core.table.parquet_types import columns_by_file, require_unchanged
from airflow_provider_dpq.core.table.place import Stored
from airflow_provider_dpq.core.table.reading import Reading, quote_list, require_own_names, view
from airflow_provider_dpq.core.table.remote import address
from airflow_provider_dpq.core.table.scan import Scan, quote_name, quote_text

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
