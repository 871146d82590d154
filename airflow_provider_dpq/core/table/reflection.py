"""What a database says about its tables and queries: where to select from, and columns with their types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError, SourceError
from airflow_provider_dpq.core.table.column import Column, Kind, named
from airflow_provider_dpq.core.table.mysql_column import is_instant, mysql_instant
from airflow_provider_dpq.core.table.sql.functions import exact_text, without_nan
from airflow_provider_dpq.core.table.sql.number import of_eight_bytes
from airflow_provider_dpq.core.table.sqlite_column import sqlite_column
from airflow_provider_dpq.core.table.statement import reading_query

_ALIAS: Final = "dpq_rows"


def describe_table(connection: sa.Connection, name: str) -> tuple[sa.TableClause, dict[str, Column]]:
    """Return a table or view by its name, and its columns.

    Raises:
        SourceError: ``missing_table``.
    """
    inspector = sa.inspect(connection)
    for schema, table in () if "\0" in name else _readings(name):  # no database has such a name
        try:
            described = inspector.get_columns(table, schema=schema)
        except sa.exc.NoSuchTableError:
            continue
        if not described and not inspector.has_table(table, schema=schema):
            continue
        dialect = connection.dialect
        columns = {str(item["name"]): typed_column(str(item["name"]), item["type"], dialect) for item in described}
        return sa.table(_stored(table, dialect), schema=_schema(schema, dialect)), columns
    message = f"The table {name!r} does not exist."
    raise SourceError(
        "missing_table", message, hint="Give its name as it is stored, with its schema where needed.", quotes_data=False
    )


def _readings(name: str) -> Iterator[tuple[str | None, str]]:
    """Yield what a name may mean: a table whose name has dots, or is in a schema, or in a database's schema."""
    yield None, name
    if "." in name:
        schema, _, table = name.partition(".")
        yield schema, table
    if name.count(".") > 1:
        schema, _, table = name.rpartition(".")
        yield schema, table


def _stored(name: str, dialect: sa.Dialect) -> sa.quoted_name:
    """Return a name as it is stored: some databases call what they store in capitals by small letters."""
    stored = dialect.denormalize_name(name) if dialect.requires_name_normalize else name
    return sa.quoted_name(str(stored), quote=True)


def _schema(schema: str | None, dialect: sa.Dialect) -> sa.quoted_name | None:
    """Return a schema's name, quoted in each of its parts where it names its database too."""
    if schema is None or "." not in schema:
        return None if schema is None else _stored(schema, dialect)
    quote = dialect.identifier_preparer.quote_identifier
    return sa.quoted_name(".".join(quote(_stored(part, dialect)) for part in schema.split(".")), quote=False)


def describe_query(connection: sa.Connection, text: str) -> tuple[sa.FromClause, dict[str, Column]]:
    """Return a query as a table, and its columns.

    Raises:
        DeclarationError: ``invalid_query``: two columns have one name.
        SourceError: ``invalid_query``: it is not one query that only reads.
    """
    reading_query(connection, text.strip().rstrip(";"))
    source = query_source(text)
    # Without a row: the driver may have no value of Python's for one of its values.
    probe: sa.CursorResult[Any] = connection.execute(sa.select(sa.literal_column("*")).select_from(source).limit(0))
    names, described = list(probe.keys()), [column[:2] for column in probe.cursor.description or ()]
    probe.close()
    if len(set(names)) < len(names):
        message = f"The query returns several columns of one name: {names!r}."
        raise DeclarationError("invalid_query", message, hint="Name them apart with AS.", quotes_data=True)
    dialect = connection.dialect
    codes: Mapping[Any, Any] = _BY_CODE.get(dialect.name, {})
    known = [codes.get(code) for _, code in described]
    types = _types_of(connection, source, names, known)
    return source, {name: typed_column(name, type_, dialect) for name, type_ in zip(names, types, strict=True)}


def query_source(text: str) -> sa.FromClause:
    """Return the rows of a query."""
    query = text.strip().rstrip(";")
    # A colon is part of the query, never the beginning of a parameter.
    # It ends in a line of its own: the query may end in a comment.
    return sa.text(query.replace(":", r"\:") + "\n").columns().subquery(_ALIAS)


_OF_MYSQL: Final[Mapping[int, sa.types.TypeEngine[Any]]] = {
    4: sa.types.FLOAT(),
    7: sa.types.TIMESTAMP(),
    10: sa.types.Date(),
    12: sa.types.DateTime(),
    14: sa.types.Date(),
}
_BY_CODE: Final[Mapping[str, Mapping[int, sa.types.TypeEngine[Any]]]] = {
    "postgresql": {
        700: sa.types.REAL(),
        1082: sa.types.Date(),
        1083: sa.types.Time(),
        1186: sa.types.Interval(),
        1266: sa.types.Time(timezone=True),
        1114: sa.types.DateTime(),
        1184: sa.types.DateTime(timezone=True),
    },
    "mysql": _OF_MYSQL,
    "mariadb": _OF_MYSQL,
}
"""Types that a value of Python does not tell, by the codes by which the databases' protocols name them."""


def _types_of(
    connection: sa.Connection, source: sa.FromClause, names: Sequence[str], known: Sequence[Any]
) -> list[Any]:
    """Return the types of a query's columns: those that the protocol names, and of the others what a value is of."""
    asked = [name for name, type_ in zip(names, known, strict=True) if type_ is None]
    row: Sequence[Any] | None = None
    if asked:
        columns = [named(_stored(name, connection.dialect)) for name in asked]
        row = connection.execute(sa.select(*columns).select_from(source).limit(1)).first()
    values = dict(zip(asked, row if row is not None else [None] * len(asked), strict=True))
    return [
        _type_of(connection, source, name, values[name]) if type_ is None else type_
        for name, type_ in zip(names, known, strict=True)
    ]


def _type_of(connection: sa.Connection, source: sa.FromClause, name: str, value: Any) -> Any:
    """Find the type of a query's column from a value of it: drivers describe results in ways of their own."""
    if value is None:
        column = named(_stored(name, connection.dialect))
        value = connection.execute(sa.select(column).select_from(source).where(column.is_not(None)).limit(1)).scalar()
    if value is None:
        return sa.types.BigInteger()  # without a value any type serves that is not asked for NaN: a date has none
    try:
        return sa.literal(value).type
    except sa.exc.ArgumentError:
        return sa.types.NullType()


_KINDS: Final[Sequence[tuple[type[Any], Kind]]] = (
    (sa.types.Boolean, Kind.BOOLEAN),
    (sa.types.Integer, Kind.INTEGER),
    (sa.types.Float, Kind.FLOAT),
    (sa.types.Numeric, Kind.DECIMAL),
    (sa.types.DateTime, Kind.TIMESTAMP),
    (sa.types.Date, Kind.DATE),
    (sa.types.String, Kind.STRING),
)


def typed_column(name: str, type_: Any, dialect: sa.Dialect) -> Column:
    """Return a column that the database types; NaN in a number counts as missing.

    Args:
        name: Its name, as SQLAlchemy reflects it.
        type_: Its SQLAlchemy type.
        dialect: The database's dialect.
    """
    native = _native(type_, dialect)
    type_ = getattr(type_, "data_type", type_)  # a domain of PostgreSQL holds what the type holds that it is made of
    kind = next((kind for base, kind in _KINDS if isinstance(type_, base)), Kind.OTHER)
    if isinstance(type_, sa.types.Enum):
        kind = Kind.STRING
    year = getattr(type_, "__visit_name__", None) == "YEAR"
    if year:
        kind = Kind.INTEGER  # of MySQL, which has its numbers
    if kind is Kind.TIMESTAMP and getattr(type_, "timezone", False):
        kind = Kind.TIMESTAMP_TZ
    plain: sa.ColumnElement[Any] = named(_stored(name, dialect), _value_type(kind, type_, year=year))
    if isinstance(type_, sa.types.Enum):
        plain = sa.cast(plain, sa.Text())  # PostgreSQL compares an enumeration with its own labels only
    may_be_nan = kind is Kind.FLOAT or (kind is Kind.DECIMAL and dialect.name == "postgresql")
    value = sa.type_coerce(without_nan(plain), plain.type) if may_be_nan else plain
    text = None
    if kind is Kind.STRING:
        # A pattern is the database's own, with the column's collation; what is equal is so whatever collation it has.
        text, value = plain, exact_text(plain)
    column = Column(name, kind, native, value, value, value, plain.is_(None), text=text, type=type_)
    if dialect.name == "sqlite":
        return sqlite_column(column)
    if is_instant(type_, dialect):
        return mysql_instant(column)
    return of_eight_bytes(column, value) if _is_single(type_, dialect) else column


_SINGLE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("databricks", "mariadb", "mysql"), "FLOAT"),
    **dict.fromkeys(("mssql", "postgresql", "redshift", "trino"), "REAL"),
}
"""The type of floating numbers of four bytes, by dialect."""


def _is_single(type_: Any, dialect: sa.Dialect) -> bool:
    return dialect.name in _SINGLE and _SINGLE[dialect.name] == getattr(type_, "__visit_name__", "").upper()


def _value_type(kind: Kind, type_: Any, *, year: bool) -> Any:
    """Return the type of a column's values, as SQLAlchemy is to handle them."""
    if year:
        return sa.types.Integer()
    if kind is Kind.FLOAT:
        return sa.Double()  # MySQL's own are read as decimals of ten digits
    return None if kind is Kind.OTHER else type_


def _native(type_: Any, dialect: sa.Dialect) -> str:
    """Return a type in the words of the database, or of SQLAlchemy where the database has none."""
    try:
        return str(type_.compile(dialect=dialect))
    except sa.exc.CompileError:
        return str(type_)


def changes(planned: Mapping[str, Column], found: Mapping[str, Column]) -> list[str]:
    """Return how a table's columns differ from those that checks were planned for, in words."""
    missing = [f"column {name!r} is gone" for name in planned if name not in found]
    added = [f"column {name!r} is new" for name in found if name not in planned]
    retyped = [
        f"column {name!r} was {column.native} and is {found[name].native}"
        for name, column in planned.items()
        if name in found and found[name].native != column.native
    ]
    return missing + added + retyped


def refuse_changes(name: str, changed: Sequence[str]) -> None:
    """Refuse to answer for a table that is no longer the one that checks were planned for.

    Args:
        name: The table.
        changed: What changed, in words; nothing where nothing did.

    Raises:
        MeasurementError: ``schema_changed``.
    """
    if changed:
        message = f"The columns of {name} changed while it was checked: {'; '.join(changed)}."
        raise MeasurementError("schema_changed", message, hint="The gate may be run again.", quotes_data=False)
