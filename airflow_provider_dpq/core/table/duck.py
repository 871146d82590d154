"""Files and frames as a table that DuckDB reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError, RefusedQueryError
from airflow_provider_dpq.core.table.column import POSITION, Column, Kind, named
from airflow_provider_dpq.core.table.distinct import DistinctValues
from airflow_provider_dpq.core.table.duck_column import kind_of
from airflow_provider_dpq.core.table.scan import SOURCE, Scan, quote_name, quote_text
from airflow_provider_dpq.core.table.sql.duckdb_dialect import compile_query, literal_text
from airflow_provider_dpq.core.table.statement import require_query
from airflow_provider_dpq.core.table.table import Table

if TYPE_CHECKING:
    from airflow_provider_dpq.core.table.evidence import Evidence

_NEAR: Final = 1_000_000
"""How many rows are searched for a sample before all of them are."""
_MANY: Final = 3_000_000
"""From how many rows on it pays to look for rare values before all rows are grouped or ranked."""


class DuckTable(Table):
    """A table that DuckDB reads: files and frames."""

    pandas_like = True

    def __init__(
        self,
        scan: Scan,
        subject: str,
        columns: Mapping[str, Column],
        open_other: Callable[[str, str], Mapping[str, Column]],
        relation: str = SOURCE,
    ) -> None:
        self.scan = scan
        self.subject = subject
        self.columns = columns
        self._open_other = open_other
        self._relation = relation
        self._others: dict[str, tuple[str, Mapping[str, Column]]] = {}
        self._numbers = count()
        self._unread: dict[str, tuple[sa.Select[Any], sa.Select[Any] | None]] = {}

    @property
    def dialect(self) -> str:
        """Return ``duckdb``."""
        return "duckdb"

    def rows(self, *, positioned: bool = False) -> sa.FromClause:
        """Select from the source, in its order."""
        source = sa.table(self._relation)
        if not positioned:
            return source
        if self._relation in self.scan.numbered:
            return sa.table(self.scan.numbered[self._relation])
        counter = (sa.func.row_number().over() - 1).label(POSITION)
        return sa.select(sa.literal_column("*"), counter).select_from(source).subquery("positioned")

    def fetch(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        text, parameters = compile_query(query)
        if self._unread:
            self._keep_what_is_read(query)
        return self.run(text, parameters)

    def insert(self, relation: str, query: sa.Select[Any]) -> None:
        """Insert what a query returns into a table of ours; raises what `run` raises."""
        text, parameters = compile_query(query)
        self._keep_what_is_read(query)
        self.run(f"INSERT INTO {relation} {text}", parameters)

    def copy(self, query: sa.Select[Any], file: Path) -> int:
        """Write what a query returns to a Parquet file, and return the number of rows; raises what `run` raises."""
        text, parameters = compile_query(query)
        ((count,),) = self.run(
            f"COPY ({text}) TO {quote_text(str(file))} (FORMAT parquet, USE_TMP_FILE false)", parameters
        )
        return int(count)

    def whole(self) -> tuple[sa.FromClause, Mapping[str, str]]:
        """Return all rows with their positions, and what each column is called there, to be written as they are."""
        return self.rows(positioned=True), {name: name for name in self.columns}

    def evidence(self, names: Iterable[str]) -> Evidence:
        """Return what decides how columns are read."""
        there = [column.name for column in self._there(names)]
        found = self.scan.evidence.get(self._relation)
        return super().evidence(there) if found is None else found(there)

    @property
    def many_rows(self) -> int:
        """Number of rows, where it is known from `_MANY` on; or else 0."""
        rows = self.scan.row_counts.get(self._relation, 0)
        return rows if rows >= _MANY else 0

    def near(self) -> sa.ColumnElement[bool] | None:
        """Return a condition under which the first rows alone are read, where they are of many; or else None."""
        return named(POSITION) < _NEAR if self.many_rows and self._relation in self.scan.numbered else None

    def keep(self, query: sa.Select[Any], hashed: sa.Select[Any] | None = None) -> sa.FromClause:
        """Return a selection that becomes a temporary table when it is first read; it spills as a query does."""
        relation = f"dpq_kept_{next(self._numbers)}"
        self._unread[relation] = (query, hashed)
        names = [sa.quoted_name(column.name, quote=True) for column in query.selected_columns]
        # Its columns alone: a temporary table also has a hidden rowid, which a table may have in the open.
        kept = sa.table(relation, *map(sa.column, names))
        return sa.select(*kept.c).subquery(f"{relation}_rows")

    def _keep_what_is_read(self, query: sa.Select[Any]) -> None:
        for part in sa.sql.visitors.iterate(query):
            if isinstance(part, sa.TableClause) and part.name in self._unread:
                kept, hashed = self._unread.pop(part.name)
                narrowed = (
                    only_repeated(self.scan, self.subject, self.many_rows, kept, hashed)
                    if hashed is not None and self.many_rows
                    else kept
                )
                text, parameters = compile_query(narrowed)
                self.run(f"CREATE TEMP TABLE {part.name} AS {text}", parameters)

    def run(self, text: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows; raises what `Scan.run` raises."""
        return self.scan.run(text, parameters, self.subject)

    def batch(self) -> str:
        """Return the query of the rows that the filters keep, with the names that the columns have."""
        readable = {name: column for name, column in self.columns.items() if column.native != "UNREADABLE"}
        if len({name.casefold() for name in readable}) < len(readable):
            raise self._unasked()  # DuckDB would take one of two columns that differ in case alone for the other
        self.require_values(self.columns.values())
        columns = [column.value.label(sa.quoted_name(name, quote=True)) for name, column in readable.items()]
        try:
            return literal_text(sa.select(*columns).select_from(self.rows()).where(*self.filters))
        except (sa.exc.CompileError, NotImplementedError) as error:
            raise self._unasked() from error

    def ask(self, query: str, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run one selection of the user's own, which below a root sees no other file."""
        try:
            with self.errors():
                require_query(query)
                described = self.scan.columns(f"(\n{query}\n)")
                # DuckDB needs pytz to hand over a moment with its zone.
                shown = [
                    f"CAST({quote_name(name)} AS VARCHAR)" if kind_of(native) is Kind.TIMESTAMP_TZ else quote_name(name)
                    for name, native in described
                ]
                text = f"SELECT {', '.join(shown)} FROM (\n{query}\n) LIMIT {most}"  # noqa: S608 - the user's own
            return [name for name, _ in described], self.run(text)
        except RefusedQueryError as error:
            raise MeasurementError(
                "invalid_query", str(error), hint="Mend the query.", quotes_data=error.quotes_data
            ) from error

    def errors(self) -> AbstractContextManager[None]:
        """Raise what DuckDB raises inside as errors of ours; see `Scan.errors`."""
        return self.scan.errors(self.subject)

    def alongside(self, name: str) -> DuckTable:
        """Return another file or frame as a table of the same scan, which closes it."""
        source, columns = self.other(name)
        return DuckTable(self.scan, name, columns, self._open_other, str(source))

    def distinct(self) -> DistinctValues:
        """Return where distinct values of a column are judged."""
        return DistinctValues(self.scan, self.subject, next(self._numbers))

    def other(self, name: str) -> tuple[sa.FromClause, Mapping[str, Column]]:
        """Return another file or frame and its columns."""
        if name not in self._others:
            relation = f"dpq_other_{len(self._others)}"
            self._others[name] = (relation, self._open_other(relation, name))
        relation, columns = self._others[name]
        return sa.table(relation), columns

    def close(self) -> None:
        """Close DuckDB."""
        self.scan.close()


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
