"""Rows of two tables, told apart by their keys: missing, extra and changed ones.

Both sides are held against each other in DuckDB, by one full join that spills to disk; a database's rows are brought
there first. Only the rows that differ are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.compile.plan import Domain
from airflow_provider_dpq.core.quality.reconcile.pair import Pair, Tolerance, misfit_text, require_values
from airflow_provider_dpq.core.table.column import KEY
from airflow_provider_dpq.core.table.form import Comparable, Form, in_form, shown
from airflow_provider_dpq.core.table.scan import Scan
from airflow_provider_dpq.core.table.sql.duckdb_dialect import compile_query
from airflow_provider_dpq.core.table.sql.functions import count_if
from airflow_provider_dpq.core.table.sql_table import SQLTable
from airflow_provider_dpq.core.table.staging import stage

MISSING: Final = "missing"
EXTRA: Final = "extra"
CHANGED: Final = "changed"
_THERE: Final = "dpq:there"
_HERE: Final = "dpq:here"
_VALUE: Final = "dpq:value"
_MISFIT: Final = "dpq:misfit"
_MISFIT_HERE: Final = "dpq:misfit here"
_MISFIT_THERE: Final = "dpq:misfit there"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows are the same, and how many are not.

    Attributes:
        here: Rows of the table.
        there: Rows of the other table.
        missing: Rows of the other table whose key is not here.
        extra: Rows here whose key the other table does not have.
        changed: Rows of both that differ in some column.
        changed_columns: Number of changed rows by column, of the columns in which some differ.
    """

    here: int
    there: int
    missing: int
    extra: int
    changed: int
    changed_columns: Mapping[str, int]

    @property
    def matched(self) -> int:
        """Rows whose key both tables have."""
        return self.here - self.extra


def _told(value: Any, text: str | None, side: Comparable, form: Form) -> Any:
    """Return a value as people write it, and a text that is none as it stands."""
    if text is None:
        return shown(value, form)
    return text if side.column.decode is None else side.column.decode(text)


class RowComparison:
    """The rows of two tables, compared once and kept where they differ, for as long as the scan is open.

    Args:
        scan: Where they are compared.
        keys: Pairs of columns that together name a row.
        values: Pairs of columns that are compared.
        tolerance: What counts as the same.
        time_zone: Time zone of times without one.
    """

    def __init__(
        self, scan: Scan, keys: Sequence[Pair], values: Sequence[Pair], tolerance: Tolerance, time_zone: str
    ) -> None:
        self._scan = scan
        self._keys = keys
        self._values = values
        self._tolerance = tolerance
        self._time_zone = time_zone
        self._differing = f"{scan.fresh_database()}.rows"

    def count(self, here: Domain, there: Domain) -> Counts:
        """Compare the rows of both tables and count those that differ.

        Raises:
            MeasurementError: ``duplicate_keys``: a key names several rows; ``malformed_values``.
        """
        pairs = [*self._keys, *self._values]
        own = self._side(here, [pair.here for pair in pairs], _HERE)
        others = self._side(there, [pair.there for pair in pairs], _THERE)
        rows, rows_there = (self._rows(side, domain) for side, domain in ((own, here), (others, there)))
        self._keep_differences(own, others)
        conditions: list[sa.ColumnElement[Any]] = [*map(self._is, (MISSING, EXTRA, CHANGED)), *self._flags()]
        counts: list[sa.ColumnElement[Any]] = [count_if(condition) for condition in conditions]
        ((missing, extra, changed, *by_column),) = self._run(sa.select(*counts).select_from(self._table()))
        columns = {pair.name: count for pair, count in zip(self._values, by_column, strict=True) if count}
        return Counts(rows, rows_there, missing, extra, changed, changed_columns=columns)

    def sample(self, kind: str, limit: int) -> list[tuple[dict[str, Any], dict[str, tuple[Any, Any]]]]:
        """Return the first rows of a kind in the order of their keys.

        Args:
            kind: `MISSING`, `EXTRA` or `CHANGED`.
            limit: Most rows.

        Returns:
            Of each row its key, by column, and of a changed one each changed column's value here and there.
        """
        keys: list[sa.ColumnElement[Any]] = [sa.column(f"{KEY}{index}") for index in range(len(self._keys))]
        values: list[sa.ColumnElement[Any]] = [
            sa.column(f"{side}{index}") for index in range(len(self._values)) for side in (_HERE, _THERE)
        ]
        texts: list[sa.ColumnElement[Any]] = [
            sa.column(name) for side in (_MISFIT_HERE, _MISFIT_THERE) for _, name in self._misfits(side)
        ]
        query = sa.select(*keys, *self._flags(), *values, *texts).select_from(self._table()).where(self._is(kind))
        return [self._shown(row, kind) for row in self._run(query.order_by(*keys).limit(limit))]

    def _shown(self, row: Sequence[Any], kind: str) -> tuple[dict[str, Any], dict[str, tuple[Any, Any]]]:
        width, count = len(self._keys), len(self._values)
        key = {pair.name: shown(value, pair.form) for pair, value in zip(self._keys, row, strict=False)}
        flags, values, texts = (
            row[width : width + count],
            row[width + count : width + 3 * count],
            row[width + 3 * count :],
        )
        if kind != CHANGED:
            return key, {}
        indexes = [index for index, _ in self._misfits(_MISFIT)]
        here, there = (dict(zip(indexes, side, strict=True)) for side in (texts[: len(indexes)], texts[len(indexes) :]))
        changed = {
            pair.name: (
                _told(values[2 * index], here.get(index), pair.here, pair.form),
                _told(values[2 * index + 1], there.get(index), pair.there, pair.form),
            )
            for index, pair in enumerate(self._values)
            if flags[index]
        }
        return key, changed

    def _side(self, domain: Domain, columns: Sequence[Comparable], mark: str) -> sa.Subquery:
        """Return one side's keys and values in their forms, as a selection in DuckDB."""
        keys, width = columns[: len(self._keys)], len(self._keys)
        require_values(domain, keys if domain.table.pandas_like else columns)
        kinds = [column.kind for column in columns]
        marked: list[sa.ColumnElement[Any]] = [sa.true().label(mark)]
        if isinstance(domain.table, SQLTable):
            query = domain.select(*(column.value.label(f"c{i}") for i, column in enumerate(columns)))
            staged = stage(self._scan, domain.table, query, kinds)
            rows = sa.select(*marked).select_from(staged)
            values: list[sa.ColumnElement[Any]] = list(staged.c)
        else:
            rows, values = domain.select(*marked), [column.value for column in columns]
        pairs = [*self._keys, *self._values]
        names = [f"{KEY}{i}" if i < width else f"{_VALUE}{i - width}" for i in range(len(pairs))]
        shaped = [
            in_form(value, column.kind, pair.form, self._time_zone, fine=column.fine).label(name)
            for value, column, pair, name in zip(values, columns, pairs, names, strict=True)
        ]
        staged_there = isinstance(domain.table, SQLTable)
        shaped += [
            (sa.cast(sa.null(), sa.String()) if staged_there else misfit_text(columns[width + index])).label(name)
            for index, name in self._misfits(_MISFIT)
        ]
        return rows.add_columns(*shaped).subquery(mark)

    def _misfits(self, side: str) -> list[tuple[int, str]]:
        """Return the columns that may hold text that is no value, by their index, with its name on a side."""
        return [(index, f"{side}{index}") for index, pair in enumerate(self._values) if pair.holds_texts]

    def _rows(self, side: sa.Subquery, domain: Domain) -> int:
        """Count a side's rows, after it is clear that no key names several of them."""
        keys = [side.c[f"{KEY}{index}"] for index in range(len(self._keys))]
        groups = sa.select(sa.func.count().label("copies")).select_from(side).group_by(*keys).subquery("groups")
        sizes = [sa.func.coalesce(sa.func.sum(groups.c.copies), 0), count_if(groups.c.copies > 1)]
        ((rows, repeated),) = self._run(sa.select(*sizes).select_from(groups))
        if repeated:
            names = ", ".join(repr(pair.name) for pair in self._keys)
            message = f"The key {names} does not name one row: in {domain.table.subject} {repeated} keys are repeated."
            raise MeasurementError(
                "duplicate_keys", message, hint="Give columns that together are unique.", quotes_data=False
            )
        return int(rows)

    def _keep_differences(self, own: sa.Subquery, others: sa.Subquery) -> None:
        keys = [(own.c[f"{KEY}{index}"], others.c[f"{KEY}{index}"]) for index in range(len(self._keys))]
        values = [(own.c[f"{_VALUE}{index}"], others.c[f"{_VALUE}{index}"]) for index in range(len(self._values))]
        both = sa.and_(own.c[_HERE].is_not(None), others.c[_THERE].is_not(None))
        flags = [
            sa.and_(both, pair.differs(a, b, self._tolerance))
            for pair, (a, b) in zip(self._values, values, strict=True)
        ]
        texts = {index: (own.c[name], others.c[name]) for index, name in self._misfits(_MISFIT)}
        for index, (a, b) in texts.items():
            flags[index] = sa.or_(flags[index], sa.and_(both, a.is_distinct_from(b)))
        kept = [sa.func.coalesce(a, b).label(f"{KEY}{index}") for index, (a, b) in enumerate(keys)]
        kept += [a.label(f"{_MISFIT_HERE}{index}") for index, (a, _) in texts.items()]
        kept += [b.label(f"{_MISFIT_THERE}{index}") for index, (_, b) in texts.items()]
        kept += [flag.label(f"{_VALUE}{index}") for index, flag in enumerate(flags)]
        kept += [a.label(f"{_HERE}{index}") for index, (a, _) in enumerate(values)]
        kept += [b.label(f"{_THERE}{index}") for index, (_, b) in enumerate(values)]
        same = sa.and_(*(a.is_not_distinct_from(b) for a, b in keys))
        joined = own.join(others, same, full=True)
        query = sa.select(*kept, own.c[_HERE].label(_HERE), others.c[_THERE].label(_THERE)).select_from(joined)
        text, parameters = compile_query(query.where(sa.or_(sa.not_(both), *flags)))
        self._scan.run(f"CREATE TABLE {self._differing} AS {text}", parameters, "two tables side by side")

    def _table(self) -> sa.TableClause:
        database, _, name = self._differing.partition(".")
        return sa.table(name, schema=database)

    def _flags(self) -> list[sa.ColumnClause[bool]]:
        return [sa.column(f"{_VALUE}{index}", sa.Boolean()) for index in range(len(self._values))]

    def _is(self, kind: str) -> sa.ColumnElement[bool]:
        here: sa.ColumnElement[bool] = sa.column(_HERE)
        there: sa.ColumnElement[bool] = sa.column(_THERE)
        if kind == CHANGED:
            return sa.and_(here.is_not(None), there.is_not(None))
        return here.is_(None) if kind == MISSING else there.is_(None)

    def _run(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        text, parameters = compile_query(query)
        return self._scan.run(text, parameters, "two tables side by side")
