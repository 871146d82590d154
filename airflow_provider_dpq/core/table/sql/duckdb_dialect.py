"""The little of a SQLAlchemy dialect that compiling for DuckDB needs; statements run on DuckDB's own connection."""

from __future__ import annotations

from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql import compiler


class _Compiler(compiler.SQLCompiler):
    def visit_mod_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        return f"{self.process(binary.left, **kw)} % {self.process(binary.right, **kw)}"

    def visit_try_cast(self, element: Any, **kw: Any) -> str:
        return f"TRY_CAST({self.process(element.clause, **kw)} AS {self.process(element.typeclause, **kw)})"


class DuckDBDialect(DefaultDialect):
    """Renders standard SQL with DuckDB's ``$1`` parameters."""

    name = "duckdb"
    paramstyle = "numeric_dollar"
    default_paramstyle = "numeric_dollar"
    statement_compiler = _Compiler
    supports_native_boolean = True
    supports_native_decimal = True


_DIALECT = DuckDBDialect(paramstyle="numeric_dollar")


def compile_query(query: sa.sql.ClauseElement) -> tuple[str, list[Any]]:
    """Return a query's text for DuckDB and its parameters in order."""
    compiled = cast(
        "compiler.SQLCompiler", query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    )
    parameters = compiled.params
    return str(compiled), [parameters[name] for name in compiled.positiontup or ()]


def literal_text(query: sa.sql.ClauseElement) -> str:
    """Return a query's text for DuckDB with its values in it.

    Raises:
        sqlalchemy.exc.CompileError: A value has no spelling.
    """
    return str(query.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))
