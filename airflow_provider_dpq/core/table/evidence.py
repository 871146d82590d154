"""How columns are read alike in all partitions of a table: by what all of them hold together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeAlias

import duckdb

from airflow_provider_dpq.core.table import json_kind
from airflow_provider_dpq.core.table.tally import read_tally, reading

Evidence: TypeAlias = Mapping[str, Mapping[str, int | str]]
"""By column, what of its values decides how it is read, and none of them.

Of columns of text files the counts of a `Tally`, of JSON what `json_kind` says, of others their ``type``.
"""

TYPE: Final = "type"


def together(one: Evidence, other: Evidence) -> Evidence:
    """Return what decides how the columns of two parts of a table are read; names are the same in any case.

    Raises:
        duckdb.Error: The types of a column have nothing in common.
    """
    names = {name.casefold(): name for name in one}
    found = dict(one)
    for name, evidence in other.items():
        known = names.get(name.casefold())
        if known is None:
            found[name] = evidence
        elif found[known] != evidence or TYPE not in evidence:
            found[known] = _of_column(found[known], evidence)
    return found


def _of_column(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, int | str]:
    if TYPE in one:
        return {TYPE: common_type(one[TYPE], other[TYPE])}
    if json_kind.KIND in one:
        return json_kind.together(one, other)
    return (read_tally(one) + read_tally(other)).written()


@cache
def common_type(one: str, other: str) -> str:
    """Return the type in which DuckDB reads columns of two types as one.

    Raises:
        duckdb.Error: There is none.
    """
    with duckdb.connect() as connection:
        query = f"DESCRIBE SELECT CAST(NULL AS {one}) UNION ALL SELECT CAST(NULL AS {other})"
        return str(connection.execute(query).fetchall()[0][1])


def readings(evidence: Evidence) -> dict[str, str]:
    """Say by column, in lower case, how it is read: what is read alike is judged alike."""
    return {name.casefold(): _reading(found) for name, found in evidence.items()}


def _reading(found: Mapping[str, Any]) -> str:
    if TYPE in found:
        return str(found[TYPE])
    return json_kind.reading(found) if json_kind.KIND in found else reading(read_tally(found))
