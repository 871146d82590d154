"""The version of a store's tables, and the steps from one version to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, bindparam, delete, func, insert, inspect, select, text, update
from sqlalchemy.schema import CreateColumn

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.store.baseline import ACCEPTED
from airflow_provider_dpq.core.store.column import MYSQL
from airflow_provider_dpq.core.store.database import Database
from airflow_provider_dpq.core.store.entry import digest_of
from airflow_provider_dpq.core.store.mark import BEGIN_ANEW
from airflow_provider_dpq.core.store.tables import audit, baselines, metadata, reports, schema, starts

_LOCK: Final = 0x6470715F73746F72
"""Of PostgreSQL's advisory locks, the one that upgrades of a store take."""

_LOCK_TIMEOUT_SECONDS: Final = 30
_BATCH: Final = 200
"""Reports read at once: whole documents, which may be large."""


def _create_tables(connection: Connection) -> None:
    metadata.create_all(connection, tables=[schema, reports, audit])


def _create_baselines(connection: Connection) -> None:
    metadata.create_all(connection, tables=[baselines])


def _name_gates_by_dag(connection: Connection) -> None:
    """Give reports the digests of their documents and baselines the DAGs of their reports; index by gate and DAG."""
    _complete(connection, reports)
    _complete(connection, baselines)
    _add_digests(connection)
    _add_dags_of_baselines(connection)


def _complete(connection: Connection, table: Table) -> None:
    """Add the columns and indexes that a table of an older release lacks, and drop the indexes that are no more."""
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
        last = rows[-1].number  # or each batch would look anew through all that went before


def _add_dags_of_baselines(connection: Connection) -> None:
    """Take the DAG of a baseline from its report, and where that is gone from the event that told of accepting it."""
    table = baselines.c
    for number, report_id in connection.execute(select(table.number, table.report_id)).all():
        dag_id = connection.execute(select(reports.c.dag_id).where(reports.c.report_id == report_id)).scalar()
        if dag_id is None:
            told = (audit.c.event == ACCEPTED, audit.c.detail.contains(f", report {report_id}: ", autoescape=True))
            dag_id = connection.execute(select(audit.c.dag_id).where(*told).limit(1)).scalar()
        connection.execute(update(baselines).where(table.number == number).values(dag_id=dag_id or ""))


def _create_starts(connection: Connection) -> None:
    metadata.create_all(connection, tables=[starts])


STEPS: Final[tuple[Callable[[Connection], None], ...]] = (
    _create_tables,
    _create_baselines,
    _name_gates_by_dag,
    _create_starts,
)
"""The first makes a store of an empty database; each following one takes a store to the next version.

A step that finds its work done, or half done by one that was killed, does what is left: MariaDB cannot roll back
tables.
"""

VERSION: Final = len(STEPS)
"""Version of the tables that this release reads and writes."""


def upgrade_tables(database: Database, *, told: bool = False, anew: bool = False) -> tuple[int, int]:
    """Bring a database to `VERSION` in one transaction; of many processes that try, one does it and the others wait.

    Args:
        database: The database.
        told: Whether somebody told to do it, and it may so complete tables that have no version.
        anew: Whether it may make tables again that a store had and has no more.

    Returns:
        The version found, 0 for a database without a store, and the version that it has now.

    Raises:
        StoreError: ``newer_store``: a newer release made it; ``store_gone``: it lacks tables that it had.
    """
    with _alone(database) as connection:
        found, present = _version(connection), _present(connection)
        _refuse_newer(found, database)
        lost = _lost(found, present)
        if not anew and not (told and found == 0):
            _refuse_lost(lost, database)
        for step in STEPS if lost else STEPS[found:]:
            step(connection)
        if found < VERSION:
            connection.execute(delete(schema))
            connection.execute(insert(schema).values(version=VERSION))
    database.leave_mark()
    return found, VERSION


def require_version(database: Database, *, upgrading: bool) -> None:
    """See to it that a database is a store of `VERSION`.

    Args:
        database: The database.
        upgrading: Whether to make or upgrade the store where that is needed.

    Raises:
        StoreError: ``newer_store``, ``store_gone``, or ``older_store`` where it may not be upgraded.
    """
    with database.reading() as connection:
        found, present = _version(connection), _present(connection)
    _refuse_newer(found, database)
    lost = _lost(found, present)
    if upgrading and (lost or found < VERSION):
        upgrade_tables(database)  # which looks again, once it is alone: somebody else may be making the tables
        return
    _refuse_lost(lost, database)
    if found < VERSION:
        message = f"The store {database} has schema version {found}, this release needs {VERSION}."
        raise StoreError("older_store", message, hint="Run dpq store upgrade.", quotes_data=False)
    database.leave_mark()


def _present(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) & set(metadata.tables)


def _lost(version: int, present: set[str]) -> list[str]:
    """Name the tables that a store of a version has and that are not there; of none, the version of those that are."""
    if version == 0:
        return [schema.name] if reports.name in present else []
    return [table.name for table in metadata.sorted_tables if _since(table) <= version and table.name not in present]


def _refuse_lost(lost: list[str], database: Database) -> None:
    if lost:
        message = f"The store {database} lacks what it had: {', '.join(lost)}."
        raise StoreError("store_gone", message, hint=BEGIN_ANEW, quotes_data=False)


def _since(table: Table) -> int:
    """The version that a table came with."""
    return int(table.info.get("since", VERSION))


def _version(connection: Connection) -> int:
    if not inspect(connection).has_table(schema.name):
        return 0
    return connection.execute(select(schema.c.version)).scalar() or 0


def _refuse_newer(found: int, database: Database) -> None:
    if found > VERSION:
        message = f"The store {database} has schema version {found}, this release knows up to {VERSION}."
        raise StoreError("newer_store", message, hint="Upgrade airflow-provider-dpq.", quotes_data=False)


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    with database.upgrading() as connection:  # which is enough for SQLite
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        elif connection.dialect.name in MYSQL:
            # Held until the connection closes, for a change of tables commits whatever was begun.
            held = connection.execute(select(func.get_lock(schema.name, _LOCK_TIMEOUT_SECONDS))).scalar()
            if held != 1:
                message = f"Another process keeps upgrading the store {database}."
                raise StoreError("store_locked", message, hint="Try again when it is done.", quotes_data=False)
        yield connection
