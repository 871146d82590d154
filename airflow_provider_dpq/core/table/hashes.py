"""Groups of equal rows among many: sorting their hashes is faster and smaller than grouping all rows."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.table.scan import Scan
from airflow_provider_dpq.core.table.sql.duckdb_dialect import compile_query

_AT_ONCE: Final = 16_000_000
"""Most hashes that are in memory at a time: 64 MB, beside what DuckDB may use."""

_MOST: Final = 500_000
"""Up to so many rows with the hash of another one it is faster to look each row's up than to group all rows."""


def only_repeated(
    scan: Scan, subject: str, rows: int, groups: sa.Select[Any], hashed: sa.Select[Any]
) -> sa.Select[Any]:
    """Leave rows out of groups that would be the only ones of theirs, where that costs less than to group them.

    Equal keys have equal hashes, so that no repeated key is lost. Of a hash its upper half is compared: of 16 million
    different keys, some 60,000 share it with another one, which are grouped in vain.

    Args:
        scan: What the table is read with.
        subject: The table, for people.
        rows: Its number of rows, which are many.
        groups: The groups of two rows or more.
        hashed: A hash of each row's key, as an unsigned number of 64 bits.

    Raises:
        MeasurementError: DuckDB refused a query or broke.
    """
    repeated = _repeated(scan, subject, rows, hashed)
    if repeated is None:
        return groups
    name = scan.fresh_name()
    scan.run(f"CREATE TEMP TABLE {name} AS SELECT unnest($1::UBIGINT[]) AS hash", [repeated], subject)
    (key,) = hashed.selected_columns
    return groups.where(key.op(">>")(32).in_(sa.select(sa.column("hash")).select_from(sa.table(name))))


def _repeated(scan: Scan, subject: str, rows: int, hashed: sa.Select[Any]) -> list[int] | None:
    """Return the upper halves that appear more than once; None where they are too many to be of use.

    Rows of one key fall into one slice, so that a slice which is too large has a key that many rows share.
    """
    import numpy as np

    text, parameters = compile_query(hashed)
    slices = 1 + rows * 5 // (_AT_ONCE * 4)  # a fifth more than would do: slices differ in size
    repeated: list[int] = []
    for number in range(slices):
        of_slice = f"hash % {slices} = {number} LIMIT {_AT_ONCE + 1}"
        one = f"SELECT (hash >> 32)::UINTEGER AS half FROM ({text}) AS hashed(hash) WHERE {of_slice}"  # noqa: S608 - numbers of ours
        with scan.errors(subject):
            halves = scan.connection.execute(one, parameters).fetchnumpy()["half"]
        halves.sort()
        again = halves[1:] == halves[:-1]
        if len(halves) > _AT_ONCE or np.count_nonzero(again) + len(repeated) > _MOST:
            return None
        repeated += np.unique(halves[1:][again]).tolist()
    return repeated
