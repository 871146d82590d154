"""The distinct values of a column, judged one by one in Python, and the refused ones kept for rows to join to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.table.column import KEY
from airflow_provider_dpq.core.table.scan import Scan
from airflow_provider_dpq.core.table.sql.duckdb_dialect import compile_query

_PAGE: Final = 2048
"""Values that are in Python's memory at a time: as many as DuckDB has in one of its vectors."""


class DistinctValues:
    """Texts that the rows of a table hold, each judged once.

    DuckDB keeps them and spills them to disk beyond its memory limit; Python has no more than a page of them.

    Args:
        scan: What the table is read with.
        subject: The table, for people.
        number: Tells these values apart from others of the same table.

    Attributes:
        refused: The values that were refused, as a selection with the one column `KEY`, once `judge` has run.
    """

    def __init__(self, scan: Scan, subject: str, number: int) -> None:
        self._scan, self._subject = scan, subject
        self._found, self._refused = f"dpq_distinct_{number}", f"dpq_refused_{number}"
        # Its column alone: a table also has a hidden rowid, which another table may have in the open.
        key = sa.column(sa.quoted_name(KEY, quote=True), sa.String())
        self.refused: sa.FromClause = sa.select(sa.table(self._refused, key)).subquery(f"{self._refused}_rows")

    def judge(self, values: sa.Select[Any], holds: Callable[[Sequence[str]], Sequence[bool]]) -> int:
        """Judge each value, and keep those that are refused.

        Args:
            values: Each value and the number of rows that have it; the value NULL is refused unseen.
            holds: Returns for each of some values whether it is as it should be.

        Returns:
            Number of rows whose value is refused.

        Raises:
            MeasurementError: DuckDB refused the query or broke, or `holds` raised it.
        """
        self._ask(f'CREATE TABLE {self._found} ("{KEY}" VARCHAR, copies BIGINT)')
        self._ask(f'CREATE TABLE {self._refused} ("{KEY}" VARCHAR)')
        text, parameters = compile_query(values)
        self._ask(f"INSERT INTO {self._found} {text}", parameters)
        # A cursor of its own: a connection that has not handed over all its rows can run no other statement.
        with self._scan.errors(self._subject), self._scan.connection.cursor() as cursor:
            cursor.execute(f'SELECT rowid, "{KEY}", copies FROM {self._found}')  # noqa: S608 - names of ours
            return sum(self._judge_page(page, holds) for page in iter(lambda: cursor.fetchmany(_PAGE), []))

    def _judge_page(
        self, page: list[tuple[int, str | None, int]], holds: Callable[[Sequence[str]], Sequence[bool]]
    ) -> int:
        held = iter(holds([value for _, value, _ in page if value is not None]))
        refused = [(row, copies) for row, value, copies in page if value is None or not next(held)]
        if refused:
            chosen = f'SELECT "{KEY}" FROM {self._found} WHERE rowid IN (SELECT unnest($1))'  # noqa: S608 - as above
            self._ask(f"INSERT INTO {self._refused} {chosen}", [[row for row, _ in refused]])
        return sum(copies for _, copies in refused)

    def _ask(self, statement: str, parameters: list[Any] | None = None) -> None:
        with self._scan.errors(self._subject):
            self._scan.connection.execute(statement, parameters or [])
