"""Rows of a database table written to other tables of the same database, by the database itself."""

from __future__ import annotations

import json
import uuid
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import reduce
from operator import add
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.compiler import compiles

from airflow_provider_dpq.core.driver import stop_of
from airflow_provider_dpq.core.errors import MeasurementError, QuarantineError
from airflow_provider_dpq.core.gate.report import Artifact
from airflow_provider_dpq.core.quality.quarantine.broken import CHECKS, Broken
from airflow_provider_dpq.core.quality.quarantine.request import Request
from airflow_provider_dpq.core.table.column import named
from airflow_provider_dpq.core.table.database import DatabaseTable
from airflow_provider_dpq.core.table.failure import codes
from airflow_provider_dpq.core.table.sql_table import SQLTable
from airflow_provider_dpq.core.watch import watched

MEDIA_TYPE: Final = "application/x-sql-table"
_LONGEST: Final = 1_000_000
_SQLSTATE: Final = 5


def write_tables(table: DatabaseTable, broken: Sequence[Broken], request: Request, rows: int) -> list[Artifact]:
    """Write failing rows and good rows, each as a table that takes its name once it is complete.

    Args:
        table: The table.
        broken: The checks that set rows apart.
        request: What to write where.
        rows: How many rows were checked.

    Returns:
        The tables.

    Raises:
        MeasurementError: ``quarantine_failed``: the database refused it, or the rows differ from those counted.
    """
    _refuse_sources(table, request)
    known = [one for one in broken if one.unexpected is not None]
    predicates = {"quarantine": breaks_any(known), "good_rows": sa.not_(breaks_any(known))}
    written = []
    with _writing(table, request) as (connection, staged):
        counts = {}
        for name, part in staged.items():
            checks = listed_checks(known) if name == "quarantine" else None
            counts[name] = _fill(connection, part, _selected(table, known, predicates[name]), checks)
        _require_counts(connection, known, staged, counts, rows)
        for name, target in request:
            _publish(connection, staged[name], _table(target))
            names = tuple(one.name for one in known)
            written.append(Artifact(name=name, uri=str(target), media_type=MEDIA_TYPE, rows=counts[name], checks=names))
    return written


def _refuse_sources(table: DatabaseTable, request: Request) -> None:
    """Refuse to replace a table that was read, or one part by the other, however their names are written.

    Raises:
        MeasurementError: ``quarantine_failed``.
    """
    home = str(table.connection.dialect.default_schema_name or "").casefold()

    def place(name: str) -> tuple[str, str]:
        schema, _, plain = name.casefold().rpartition(".")
        return schema or home, plain

    taken = {place(name) for name in table.names}
    for name, target in request:
        if place(str(target)) in taken:
            message = f"{name} would replace a table that was read, or the other part: {str(target)!r}."
            raise QuarantineError("quarantine_failed", message, hint="Write to another table.", quotes_data=False)
        taken.add(place(str(target)))


@contextmanager
def _writing(table: DatabaseTable, request: Request) -> Iterator[tuple[sa.Connection, dict[str, sa.TableClause]]]:
    """Give a transaction that writes and the tables that it fills; these are dropped where it fails.

    It is another one than that which checks: that one may be one that only reads.
    """
    number = uuid.uuid4().hex[:8]
    staged = {name: _beside(_table(target), f"dpq_{number}_{name}") for name, target in request}
    table.release()
    try:
        with table.engine.begin() as connection, watched(stop_of(connection), " and ".join(staged)):
            yield connection, staged
    except SQLAlchemyError as error:
        _drop(table.engine, staged)
        message = f"The database refused to write {' and '.join(staged)}: {_told(error)}."
        raise QuarantineError(
            "quarantine_failed", message, hint="May its user create and drop tables there?"
        ) from error
    except MeasurementError:
        _drop(table.engine, staged)
        raise


def _told(error: SQLAlchemyError) -> str:
    """Name a refusal without the engine's own words: of an INSERT they may quote a value."""
    number = next((code for code in codes(error) if isinstance(code, int) or len(code) == _SQLSTATE), None)
    kind = type(getattr(error, "orig", None) or error).__name__
    return kind if number is None else f"{kind} {number}"


def _drop(engine: sa.Engine, staged: dict[str, sa.TableClause]) -> None:
    """Drop what was begun where the database does not undo that itself."""
    with suppress(SQLAlchemyError), engine.begin() as connection:
        for part in staged.values():
            connection.execute(_Drop(part))


def _table(target: object) -> sa.TableClause:
    schema, dot, name = str(target).rpartition(".")
    quoted = sa.quoted_name(name, quote=True)
    return sa.table(quoted, schema=sa.quoted_name(schema, quote=True) if dot else None)


def _beside(target: sa.TableClause, name: str) -> sa.TableClause:
    return sa.table(sa.quoted_name(name, quote=True), schema=target.schema)


def breaks_any(broken: Sequence[Broken]) -> sa.ColumnElement[bool]:
    """Whether a row breaks any check: never NULL, so that its opposite holds for all other rows."""
    yes: sa.ColumnElement[int] = sa.literal_column("1")
    no: sa.ColumnElement[int] = sa.literal_column("0")
    cases = [(one.unexpected.predicate, yes) for one in broken if one.unexpected is not None]
    return sa.case(*cases, else_=no) == yes if cases else sa.false()


@contextmanager
def joins_trusted() -> Iterator[None]:
    """Ignore SQLAlchemy's doubts: columns are named without their table, so that it does not see what ties a join."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "SELECT statement has a cartesian product", sa.exc.SAWarning)
        yield


def listed_checks(broken: Sequence[Broken]) -> sa.ColumnElement[Any]:
    """Return the names of the checks that a row breaks, as a JSON list in text: databases share no type of lists."""
    names = [
        sa.case((one.unexpected.predicate, sa.literal("," + json.dumps(one.name, ensure_ascii=False))), else_="")
        for one in broken
        if one.unexpected is not None
    ]
    listed = reduce(add, names, sa.literal("", sa.String()))
    return sa.literal("[") + sa.func.substring(listed, 2, _LONGEST, type_=sa.String()) + sa.literal("]")


def _selected(table: DatabaseTable, broken: Sequence[Broken], kept: sa.ColumnElement[bool]) -> sa.Select[Any]:
    columns = [named(name) for name in table.columns if name != CHECKS]
    return sa.select(*columns).select_from(joined(table, broken)).where(*table.filters, kept)


def joined(table: SQLTable, broken: Sequence[Broken]) -> sa.FromClause:
    """Return the table with all that the predicates of checks need joined to it."""
    source = table.rows()
    for one in broken:
        if one.unexpected is not None and one.unexpected.join is not None:
            source = source.outerjoin(one.unexpected.join.keys, one.unexpected.join.on)
    return source


def _fill(
    connection: sa.Connection, part: sa.TableClause, query: sa.Select[Any], checks: sa.ColumnElement[Any] | None
) -> int:
    names = [sa.quoted_name(column.name, quote=True) for column in query.selected_columns]
    connection.execute(_CreateAs(part, query.with_only_columns(*query.selected_columns).where(sa.false())))
    if checks is not None:
        connection.execute(_AddText(part, CHECKS))
        names.append(sa.quoted_name(CHECKS, quote=True))
        query = query.add_columns(checks)
    into = sa.table(part.name, *map(sa.column, names), schema=part.schema)
    with joins_trusted():
        connection.execute(sa.insert(into).from_select(names, query))
    return int(connection.execute(sa.select(sa.func.count()).select_from(part)).scalar_one())


def _require_counts(
    connection: sa.Connection,
    broken: Sequence[Broken],
    staged: dict[str, sa.TableClause],
    counts: dict[str, int],
    rows: int,
) -> None:
    """Make sure that what was written is what was counted, in statements that saw another state of the database.

    Raises:
        MeasurementError: ``quarantine_failed``.
    """
    found: Counter[str] = Counter()
    if "quarantine" in staged:
        checks = named(CHECKS)
        listed = sa.select(checks, sa.func.count()).select_from(staged["quarantine"]).group_by(checks)
        for text, count in connection.execute(listed):
            found.update(dict.fromkeys(json.loads(text), count))
    changed = "quarantine" in staged and any(found[one.name] != one.count for one in broken)
    least = max((one.count for one in broken), default=0)
    beyond = sum(counts.values()) != rows if len(counts) > 1 else max(counts.values()) > rows
    if changed or beyond or ("quarantine" not in staged and rows - counts["good_rows"] < least):
        told = ", ".join(f"{count} rows as {name}" for name, count in counts.items())
        message = f"{told} would be written, which is not what was counted among {rows} rows."
        raise QuarantineError(
            "quarantine_failed",
            message,
            hint="The table changed meanwhile; the gate may be run again.",
            quotes_data=False,
        )


def _publish(connection: sa.Connection, part: sa.TableClause, target: sa.TableClause) -> None:
    connection.execute(_Drop(target))
    connection.execute(_Rename(part, target))


class _Drop(sa.schema.ExecutableDDLElement):
    def __init__(self, table: sa.TableClause) -> None:
        self.table = table


class _CreateAs(sa.schema.ExecutableDDLElement):
    def __init__(self, table: sa.TableClause, query: sa.Select[Any]) -> None:
        self.table = table
        self.query = query


class _AddText(sa.schema.ExecutableDDLElement):
    def __init__(self, table: sa.TableClause, column: str) -> None:
        self.table = table
        self.column = column


class _Rename(sa.schema.ExecutableDDLElement):
    def __init__(self, table: sa.TableClause, target: sa.TableClause) -> None:
        self.table = table
        self.to = target


@compiles(_Drop)
def _drop_sql(element: _Drop, compiler: Any, **_: Any) -> str:
    return f"DROP TABLE IF EXISTS {compiler.preparer.format_table(element.table)}"


@compiles(_CreateAs)
def _create_as_sql(element: _CreateAs, compiler: Any, **_: Any) -> str:
    query = compiler.sql_compiler.process(element.query, literal_binds=True)
    return f"CREATE TABLE {compiler.preparer.format_table(element.table)} AS {query}"


@compiles(_AddText)
def _add_text_sql(element: _AddText, compiler: Any, **_: Any) -> str:
    column = compiler.preparer.quote(element.column)
    return f"ALTER TABLE {compiler.preparer.format_table(element.table)} ADD COLUMN {column} {_text(compiler)}"


def _text(compiler: Any) -> str:
    return str(compiler.dialect.type_compiler_instance.process(sa.Text()))


@compiles(_Rename)
def _rename_sql(element: _Rename, compiler: Any, **_: Any) -> str:
    preparer = compiler.preparer
    # PostgreSQL and SQLite rename within the schema and refuse one here; MySQL would move the table to the current one.
    qualified = compiler.dialect.name in ("mysql", "mariadb")
    target = preparer.format_table(element.to) if qualified else preparer.quote(element.to.name)
    return f"ALTER TABLE {preparer.format_table(element.table)} RENAME TO {target}"
