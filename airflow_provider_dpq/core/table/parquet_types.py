"""The types that a column has in several Parquet files, read as one: no value may be changed by that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.table.column import Kind, named
from airflow_provider_dpq.core.table.duck_column import kind_of
from airflow_provider_dpq.core.table.reading import quote_list
from airflow_provider_dpq.core.table.scan import Scan, quote_name
from airflow_provider_dpq.core.table.sql.duckdb_dialect import literal_text
from airflow_provider_dpq.core.table.sql.number import significant

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
