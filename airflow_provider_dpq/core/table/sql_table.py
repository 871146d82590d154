"""Tables of databases, and the DuckDB of ours in which they are compared with what their database does not have."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from airflow_provider_dpq.core.table.table import Table

if TYPE_CHECKING:
    from airflow_provider_dpq.core.table.duck import DuckTable
    from airflow_provider_dpq.core.table.scan import Scan


class SQLTable(Table):
    """A table, view or query that a database answers for; GX's SQL engine is the reference."""

    pandas_like = False

    @abc.abstractmethod
    def stream(self, query: sa.Select[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Run a query and yield its rows, at most so many at a time, without holding the others.

        Raises:
            MeasurementError: The database refused it or broke.
        """

    @abc.abstractmethod
    def neighbour(self, name: str) -> SQLTable:
        """Open another table or query of the same database; the caller closes it.

        Raises:
            SourceError: It does not exist.
        """

    @cached_property
    def scan(self) -> Scan:
        """A DuckDB of ours in which the table is compared with others; closed with the table."""
        from airflow_provider_dpq.core.table.scan import Scan

        scan = Scan(self.references.limits, confined=self.references.reading.root is not None)
        self.held.callback(scan.close)
        return scan

    def reference(self, name: str) -> DuckTable:
        """Return a file or frame among the references, open in that DuckDB.

        Raises:
            SourceError: ``unknown_reference``.
        """
        from airflow_provider_dpq.core.table.attach import attach_reference
        from airflow_provider_dpq.core.table.duck import DuckTable

        if name not in self._references:
            open_other, relation = partial(attach_reference, self.references, self.scan), self.scan.fresh_name()
            self._references[name] = DuckTable(self.scan, name, open_other(relation, name), open_other, relation)
        return self._references[name]

    @cached_property
    def _references(self) -> dict[str, DuckTable]:
        return {}
