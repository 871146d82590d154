"""Set the rows that break checks apart from the good ones, without touching what the checks found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airflow_provider_dpq.core.errors import MeasurementError, QuarantineError
from airflow_provider_dpq.core.gate.report import Artifact
from airflow_provider_dpq.core.quality.options import Progress
from airflow_provider_dpq.core.quality.quarantine.broken import Broken
from airflow_provider_dpq.core.quality.quarantine.export import export_rows
from airflow_provider_dpq.core.quality.quarantine.files import write_files
from airflow_provider_dpq.core.quality.quarantine.request import Request
from airflow_provider_dpq.core.quality.quarantine.tables import write_tables
from airflow_provider_dpq.core.table.database import DatabaseTable
from airflow_provider_dpq.core.table.duck import DuckTable
from airflow_provider_dpq.core.table.sql_table import SQLTable
from airflow_provider_dpq.core.table.table import Table


def set_apart(
    table: Table, find: Callable[[], Sequence[Broken]], request: Request, rows: int, tell: Progress
) -> tuple[tuple[Artifact, ...], MeasurementError | None]:
    """Write failing rows and good rows where they were asked for.

    Args:
        table: The table, with all checks answered.
        find: Returns the checks that set rows apart.
        request: What to write where.
        rows: How many rows were checked.
        tell: Called with a few words where there is anything to write.

    Returns:
        What was written; else nothing, and why: ``quarantine_failed``. What stood there before then stands there still.
    """
    if not request:
        return (), None
    tell("setting failing rows apart")
    try:
        return tuple(_write(table, find(), request, rows)), None
    except QuarantineError as error:
        return (), error
    except MeasurementError as error:
        return (), QuarantineError("quarantine_failed", _sentence(request, _cause(error)), quotes_data=False)
    except OSError as error:
        cause = f"{error.strerror or error}: {error.filename!r}."
        return (), QuarantineError("quarantine_failed", _sentence(request, cause), quotes_data=error.strerror is None)
    except Exception as error:  # noqa: BLE001 - of any driver: what the checks found stands
        cause = f"{type(error).__name__} was raised."
        return (), QuarantineError("quarantine_failed", _sentence(request, cause), quotes_data=False)


def _write(table: Table, broken: Sequence[Broken], request: Request, rows: int) -> list[Artifact]:
    if isinstance(table, DuckTable):
        return write_files(table, broken, request, rows)
    if isinstance(table, DatabaseTable) and request.in_database:
        return write_tables(table, broken, request, rows)
    if isinstance(table, SQLTable) and not request.in_database:
        return export_rows(table, broken, request, rows)
    message = f"Rows of {table.dialect} cannot be written to {'tables' if request.in_database else 'files'}."
    raise QuarantineError(
        "quarantine_failed", message, hint="See the page about quarantine for what can be.", quotes_data=False
    )


def _cause(error: MeasurementError) -> str:
    """Say why an engine failed, without its own words where these may quote a value."""
    return f"the engine refused it ({error.reason})." if error.quotes_data else str(error)


def _sentence(request: Request, cause: str) -> str:
    return f"{' and '.join(name for name, _ in request)} could not be written: {cause}"
