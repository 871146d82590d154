"""The version of a store's tables, and the steps from one version to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, bindparam, delete, func, insert, inspect, select, text, update
from sqlalchemy.schema import CreateColumn

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.store.baseline import ACCEPTED
from airflow_provider_dpq.core.store.column import MYSQL, damaged
from airflow_provider_dpq.core.store.database import Database
from airflow_provider_dpq.core.store.entry import digest_of
from airflow_provider_dpq.core.store.mark import BEGIN_ANEW
from airflow_provider_dpq.core.store.tables import audit, baselines, metadata, reports, schema, starts

_LOCK: Final = 0x6470715F73746F72
"""The advisory lock of PostgreSQL that an upgrade holds."""

_LOCK_TIMEOUT_SECONDS: Final = 30
_BATCH: Final = 200
"""How many reports are read at once; each is a whole document, which may be large."""


def _create_tables(connection: Connection) -> None:
    metadata.create_all(connection, tables=[schema, reports, audit])


def _create_baselines(connection: Connection) -> None:
    metadata.create_all(connection, tables=[baselines])


def _name_gates_by_dag(connection: Connection) -> None:
    """Add digests to reports and DAGs to baselines, and index both by gate and DAG."""
    _complete(connection, reports)
    _complete(connection, baselines)
    _add_digests(connection)
    _add_dags_of_baselines(connection)


def _complete(connection: Connection, table: Table) -> None:
    """Add the columns and indexes that a table of an older release lacks, and drop indexes that are no longer used."""
    present = {column["name"] for column in inspect(connection).get_columns(table.name)}
    for column in table.columns:
        if column.name not in present:
            connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {_definition(column, connection)}"))
    indexes = {str(index["name"]) for index in inspect(connection).get_indexes(table.name) if not index["unique"]}
    declared = {str(index.name): index for index in table.indexes}
    quote = connection.dialect.identifier_preparer.quote
    for name in sorted(indexes - set(declared)):
        of_table = f" ON {table.name}" if connection.dialect.name in MYSQL else ""
        connection.execute(text(f"DROP INDEX {quote(name)}{of_table}"))
    for name in sorted(set(declared) - indexes):
        declared[name].create(connection)


def _definition(column: Column[Any], connection: Connection) -> str:
    return str(CreateColumn(column).compile(dialect=connection.dialect))


def _add_digests(connection: Connection) -> None:
    table = reports.c
    lacking = select(table.number, table.document).where(table.digest == "").order_by(table.number).limit(_BATCH)
    last = -1
    digest = update(reports).where(table.number == bindparam("of")).values(digest=bindparam("found"))
    while rows := connection.execute(lacking.where(table.number > last)).all():
        connection.execute(digest, [{"of": number, "found": digest_of(document)} for number, document in rows])
        last = rows[-1].number  # else each batch would search all rows before it again


def _add_dags_of_baselines(connection: Connection) -> None:
    """Take the DAG of a baseline from its report or, if that is gone, from the audit event of its of_report."""
    table = baselines.c
    for number, report_id in connection.execute(select(table.number, table.report_id)).all():
        dag_id = connection.execute(select(reports.c.dag_id).where(reports.c.report_id == report_id)).scalar()
        if dag_id is None:
            of_report = (
                audit.c.event == ACCEPTED,
                audit.c.detail.contains(f", report {report_id}: ", autoescape=True),
            )
            dag_id = connection.execute(select(audit.c.dag_id).where(*of_report).limit(1)).scalar()
        connection.execute(update(baselines).where(table.number == number).values(dag_id=dag_id or ""))


def _create_starts(connection: Connection) -> None:
    metadata.create_all(connection, tables=[starts])


STEPS: Final[tuple[Callable[[Connection], None], ...]] = (
    _create_tables,
    _create_baselines,
    _name_gates_by_dag,
    _create_starts,
)
"""The first step makes a store in an empty database; each of the others takes a store to the next version.

A step whose work was done before, or half done by a process that was killed, does the rest: MariaDB cannot roll back
changes of tables.
"""

VERSION: Final = len(STEPS)
"""Version of the tables that this release reads and writes."""


def upgrade_tables(database: Database, *, requested: bool = False, anew: bool = False) -> tuple[int, int]:
    """Bring a database to `VERSION` in one transaction; if several processes try, one does it while the others wait.

    Args:
        database: The database.
        requested: Whether a user requested it, so that tables without a version may be completed.
        anew: Whether tables that the store has lost may be made again.

    Returns:
        The version found, 0 for a database without a store, and the version now.

    Raises:
        StoreError: ``newer_store``: a newer release made it; ``store_gone``: it has lost tables.
    """
    with _alone(database) as connection:
        found, present = _version(connection), _present(connection)
        _refuse_newer(found, database)
        lost = _lost(found, present)
        if not anew and not (requested and found == 0):
            _refuse_lost(lost, database)
        for step in STEPS if lost else STEPS[found:]:
            step(connection)
        if found < VERSION:
            connection.execute(delete(schema))
            connection.execute(insert(schema).values(version=VERSION))
    database.leave_mark()
    return found, VERSION


def require_version(database: Database, *, upgrading: bool) -> None:
    """Make sure that a database is a store of `VERSION`.

    Args:
        database: The database.
        upgrading: Whether to make or upgrade the store if needed.

    Raises:
        StoreError: ``newer_store``, ``store_gone``, or ``older_store`` where it may not be upgraded.
    """
    with database.reading() as connection:
        found, present = _version(connection), _present(connection)
    _refuse_newer(found, database)
    lost = _lost(found, present)
    if upgrading and (lost or found < VERSION):
        upgrade_tables(database)  # which looks again under its lock: another process may be making the tables
        return
    _refuse_lost(lost, database)
    if found < VERSION:
        message = f"The store {database} has schema version {found}, but this release needs {VERSION}."
        raise StoreError("older_store", message, hint="Run dpq store upgrade.", quotes_data=False)
    database.leave_mark()


def _present(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) & set(metadata.tables)


def _lost(version: int, present: set[str]) -> list[str]:
    """Return the tables that a store of a version lacks; one with reports but no version lacks its schema table."""
    if version == 0:
        return [schema.name] if reports.name in present else []
    return [table.name for table in metadata.sorted_tables if _since(table) <= version and table.name not in present]


def _refuse_lost(lost: list[str], database: Database) -> None:
    if lost:
        message = f"The store {database} is missing tables: {', '.join(lost)}."
        raise StoreError("store_gone", message, hint=BEGIN_ANEW, quotes_data=False)


def _since(table: Table) -> int:
    """The version that brought a table."""
    return int(table.info.get("since", VERSION))


def _version(connection: Connection) -> int:
    if not inspect(connection).has_table(schema.name):
        return 0
    found = connection.execute(select(schema.c.version)).scalar() or 0
    if not isinstance(found, int):
        raise damaged("a schema version that is not a number")
    return found


def _refuse_newer(found: int, database: Database) -> None:
    if found > VERSION:
        message = (
            f"The store {database} has schema version {found}, but this release supports versions up to {VERSION}."
        )
        raise StoreError("newer_store", message, hint="Upgrade airflow-provider-dpq.", quotes_data=False)


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    with database.upgrading() as connection:  # for SQLite that is enough
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        elif connection.dialect.name in MYSQL:
            # Held until the connection closes, since changing tables commits the transaction.
            locked = connection.execute(select(func.get_lock(schema.name, _LOCK_TIMEOUT_SECONDS))).scalar()
            if locked != 1:
                message = f"Another process is upgrading the store {database}."
                raise StoreError("store_locked", message, hint="Try again when it has finished.", quotes_data=False)
        yield connection
