"""Great Expectations' SQL engine on a table of a database, over the connection that the table was opened with.

Great Expectations is given the connection, never an address: no credential reaches its configuration, its messages
or a report. Its statements see the state that the scan saw, in the transaction that only reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from great_expectations.core.batch import Batch
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.validator.validator import Validator

from airflow_provider_dpq.core.table.database import PERCENT_DOUBLED, DatabaseTable
from airflow_provider_dpq.core.table.query import is_query


class _LentConnection(SqlAlchemyExecutionEngine):
    """An execution engine that sends everything over a table's own connection, and leaves that and its engine open."""

    def __init__(self, table: DatabaseTable) -> None:
        super().__init__(engine=table.connection.engine, create_temp_table=False)
        self._lent = table.connection

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """Yield the table's connection."""
        yield self._lent

    def close(self) -> None:
        """Close nothing: Great Expectations disposes of the engine here."""


def open_batch(context: Any, table: DatabaseTable) -> Callable[[Any, Any], Any]:
    """Return a function that validates an expectation, in a result format, on an open table's rows.

    Args:
        context: Great Expectations' data context.
        table: The table, with its filters.
    """
    execution = _LentConnection(table)
    # Its annotation asks for a class where its own engines, too, give an instance.
    batch = Batch(data=_rows(execution, table))  # type: ignore[arg-type]
    validator = Validator(execution, data_context=context, batches=[batch])

    def validate(expectation: Any, result_format: Any) -> Any:
        configurations = validator.process_expectations_for_validation([expectation.configuration])
        wanted = {"result_format": result_format}
        with table.lend():
            (result,) = validator.graph_validate(configurations, runtime_configuration=wanted)
        return result

    return validate


def _rows(execution: SqlAlchemyExecutionEngine, table: DatabaseTable) -> SqlAlchemyBatchData:
    if is_query(table.data):
        return SqlAlchemyBatchData(execution, query=_query(table), create_temp_table=False)
    source = table.source
    return SqlAlchemyBatchData(
        execution,
        selectable=sa.select(sa.text("*")).select_from(source).where(*table.filters),
        create_temp_table=False,
        source_table_name=getattr(source, "name", None),
        source_schema_name=getattr(source, "schema", None),
    )


def _query(table: DatabaseTable) -> str:
    """Return a query, and what is left of it by the filters, as Great Expectations takes it: text for ``sa.text``."""
    text = table.data.strip().rstrip(";")
    if table.filters:
        filtered = sa.select(sa.text("*")).select_from(table.source).where(*table.filters)
        dialect = table.connection.dialect
        text = str(filtered.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        text = text.replace("%%", "%") if dialect.paramstyle in PERCENT_DOUBLED else text
    return text.replace(":", r"\:") + "\n"
