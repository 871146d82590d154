"""The SQL that each expectation's example becomes in the words of each dialect, without any database.

A dialect of a warehouse whose own package does not install beside ours is stood in for by a small one here, which
quotes, numbers parameters and names types as that package does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql, postgresql, sqlite
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import GenericTypeCompiler, IdentifierPreparer

from airflow_provider_dpq.core.quality.compile.dialects import LACKING
from airflow_provider_dpq.core.quality.evaluate import evaluate
from airflow_provider_dpq.core.quality.expectations.history import ExpectMetricToFollowItsHistory
from airflow_provider_dpq.core.quality.result_format import parse_result_format
from airflow_provider_dpq.core.quality.suite import Suite, load_suite
from airflow_provider_dpq.core.table.circumstances import Circumstances
from airflow_provider_dpq.core.table.column import Column
from airflow_provider_dpq.core.table.reading import Reading
from airflow_provider_dpq.core.table.references import References
from airflow_provider_dpq.core.table.reflection import typed_column
from airflow_provider_dpq.core.table.scan import Limits
from airflow_provider_dpq.core.table.sql.duckdb_dialect import DuckDBDialect
from airflow_provider_dpq.core.table.sql.spark_dialect import SparkDialect
from airflow_provider_dpq.core.table.table import Table
from docs._generate.answers import IN_DUCKDB, on_databases
from docs._generate.examples import EXAMPLES, TYPES
from docs._generate.markdown import table
from docs._generate.region import ROOT

NAMES: Final = {
    "postgresql": "PostgreSQL",
    "mysql": "MySQL, MariaDB",
    "sqlite": "SQLite",
    "duckdb": "DuckDB",
    "snowflake": "Snowflake",
    "bigquery": "BigQuery",
    "redshift": "Redshift",
    "trino": "Trino",
    "databricks": "Databricks",
    "mssql": "SQL Server",
    "spark": "Spark",
}
"""The dialects that are compiled for, by SQLAlchemy's names and ours."""

RECORDED: Final = ("snowflake", "bigquery", "redshift", "trino", "databricks", "mssql")
"""The dialects that no test has a server of."""


class _Backticks(IdentifierPreparer):
    def __init__(self, dialect: sa.Dialect) -> None:
        super().__init__(dialect, initial_quote="`", escape_quote="`")


class _BigQueryTypes(GenericTypeCompiler):
    def visit_DOUBLE(self, type_: Any, **kw: Any) -> str:  # noqa: N802 - SQLAlchemy's name
        return "FLOAT64"

    def visit_string(self, type_: Any, **kw: Any) -> str:
        return "STRING"


class _DatabricksTypes(GenericTypeCompiler):
    def visit_string(self, type_: Any, **kw: Any) -> str:
        return "STRING"


class _Snowflake(DefaultDialect):
    name = "snowflake"
    requires_name_normalize = True
    supports_native_boolean = True


class _BigQuery(DefaultDialect):
    name = "bigquery"
    preparer = _Backticks
    type_compiler_cls = _BigQueryTypes
    supports_native_boolean = True


class _MySQL(mysql.pymysql.dialect):
    _support_float_cast = True  # SQLAlchemy learns from the server that it is not an old one


class _Redshift(postgresql.psycopg2.dialect):
    name = "redshift"


class _Trino(DefaultDialect):
    name = "trino"
    supports_native_boolean = True


class _Databricks(DefaultDialect):
    name = "databricks"
    preparer = _Backticks
    type_compiler_cls = _DatabricksTypes
    supports_native_boolean = True


_DIALECTS: Final[Mapping[str, type[sa.Dialect]]] = {
    "postgresql": postgresql.dialect,
    "mysql": _MySQL,
    "sqlite": sqlite.dialect,
    "duckdb": DuckDBDialect,
    "snowflake": _Snowflake,
    "bigquery": _BigQuery,
    "redshift": _Redshift,
    "trino": _Trino,
    "databricks": _Databricks,
    "mssql": mssql.dialect,
    "spark": SparkDialect,
}


@dataclass
class Described(Table):
    """The orders as a table of a dialect: it writes down what it is asked, and answers with made-up figures.

    Attributes:
        spoken: The dialect.
        asked: The statements that it was asked, in order.
    """

    spoken: sa.Dialect
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Describe the columns of the orders."""
        self.pandas_like = False
        self.subject = "sales.orders"
        self.references = References({}, Limits(), Reading())
        self.circumstances = Circumstances(datetime(2026, 1, 4, tzinfo=UTC), None, None)
        self.columns = {name: typed_column(name, _TYPES[kind], self.spoken) for name, kind in TYPES.items()}

    @property
    def dialect(self) -> str:
        """Return the name of the dialect."""
        return self.spoken.name

    def rows(self, *, positioned: bool = False) -> sa.FromClause:
        """Select from the orders."""
        return _named("orders", self.spoken)

    def other(self, name: str) -> tuple[sa.FromClause, Mapping[str, Column]]:
        """Return the countries, whatever the name."""
        return _named(name, self.spoken), {"code": typed_column("code", sa.String(), self.spoken)}

    def fetch(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Write a query down; one row of figures is all ones, and samples are empty."""
        self.asked.append(_text(query, self.spoken))
        names = [str(getattr(column, "name", "")) for column in query.selected_columns]
        figures = all(name.startswith("f") and name[1:].isdecimal() for name in names) or len(names) == 1
        return [(1,) * len(names)] if figures else []

    def ask(self, query: str, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Write a query of the user's own down; it finds one row."""
        self.asked.append(query)
        return ["n"], [(1,)]

    def text(self, query: sa.Select[Any]) -> str | None:
        """Return a query in the words of the dialect; a Spark session shows its rows to nothing but itself."""
        return None if self.dialect == "spark" else _text(query, self.spoken)

    def close(self) -> None:
        """Close nothing."""


_TYPES: Final[Mapping[str, Any]] = {
    "int64": sa.BigInteger(),
    "str": sa.String(),
    "float64": sa.Double(),
    "datetime64[us]": sa.DateTime(),
}


def _named(name: str, dialect: sa.Dialect) -> sa.TableClause:
    names = [part.upper() if dialect.requires_name_normalize else part for part in (name, "sales")]
    table_name, schema = (sa.quoted_name(part, quote=True) for part in names)
    return sa.table(table_name, schema=schema)


def _text(query: sa.Select[Any], dialect: sa.Dialect) -> str:
    words = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    return words.replace("%%", "%") if dialect.paramstyle in ("format", "pyformat") else words


def dialect(name: str) -> sa.Dialect:
    """Return a dialect by SQLAlchemy's name."""
    return _DIALECTS[name]()


@dataclass(frozen=True)
class Statements:
    """What an expectation's example becomes.

    Attributes:
        asked: The statements.
        by: Who evaluates it: ``scan``, ``refused``, or Great Expectations' own SQL engine.
        why: Why it is refused.
    """

    asked: Sequence[str]
    by: str
    why: str = ""


def ask(spoken: sa.Dialect, kind: str) -> Statements:
    """Return what an expectation's example becomes in a dialect.

    Args:
        spoken: The dialect.
        kind: The expectation's type.
    """
    described = Described(spoken)
    suite: Suite = load_suite([{"type": kind, "kwargs": dict(EXAMPLES[kind])}])
    declared = suite.expectations[0].expectation
    if declared is None:
        return Statements((), "Great Expectations")
    if isinstance(declared, ExpectMetricToFollowItsHistory):
        return Statements((), "the history")
    _, (outcome,) = evaluate(described, suite, {}, parse_result_format("SUMMARY"), lambda _: None)
    # Where the columns alone answer, the scan counts the rows for the report and nothing else.
    statements = [text for text in described.asked if " AS f1" in text or " AS f0" not in text]
    error = getattr(outcome.answer, "reason", None)
    if on_databases()[kind].by == IN_DUCKDB and spoken.name != "spark":
        return Statements((), IN_DUCKDB)  # what is described here has no rows that could be brought there
    if error == "unsupported_expectation":
        return Statements((), "refused", str(outcome.answer))
    return Statements(statements, outcome.by or "refused")


def records() -> Iterator[tuple[Path, str]]:
    """Yield the file of each dialect that no test has a server of, and what it should say."""
    for name in RECORDED:
        yield ROOT / "tests" / "data" / "sql" / f"{name}.sql", "\n".join(record(dialect(name)))


def record(spoken: sa.Dialect) -> Iterator[str]:
    """Yield the lines of the file that records a dialect's SQL."""
    for kind, arguments in EXAMPLES.items():
        found = ask(spoken, kind)
        if not found.asked and not found.why:
            continue
        yield f"-- {kind} {dict(arguments)!r}"
        if found.why:
            yield f"-- refused: {found.why}"
        for statement in found.asked:
            yield from (line.rstrip() for line in f"{statement};".splitlines())
        yield ""


@cache
def coverage() -> str:
    """Return what is refused on every database, and the table of what each one lacks."""
    refused = {name: [kind for kind in EXAMPLES if ask(dialect(name), kind).by == "refused"] for name in NAMES}
    everywhere = [kind for kind in EXAMPLES if all(kind in kinds for kinds in refused.values())]
    rows = []
    for name, words in NAMES.items():
        own = [f"`{kind}`" for kind in refused[name] if kind not in everywhere]
        lacking = [f"`{function}`: {why}" for function, why in LACKING[name].items()]
        rows.append([words, ", ".join(own) or "nothing more", "; ".join(lacking)])
    common = ", ".join(f"`{kind}`" for kind in everywhere)
    return f"On every database: {common}.\n\n" + table(["Database", "Refused", "Functions it lacks"], rows)
