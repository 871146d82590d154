"""The little of a SQLAlchemy dialect that compiling for Spark needs; statements run in a Spark session."""

from __future__ import annotations

from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql import compiler

_LONG: Final = 2**63
"""From this size on an integer is no BIGINT."""


class _Compiler(compiler.SQLCompiler):
    def visit_mod_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        return f"{self.process(binary.left, **kw)} % {self.process(binary.right, **kw)}"

    def visit_try_cast(self, element: Any, **kw: Any) -> str:
        return f"TRY_CAST({self.process(element.clause, **kw)} AS {self.process(element.typeclause, **kw)})"

    def render_literal_value(self, value: Any, type_: Any) -> str:
        """Write the one text that stands in a query, the escape character of LIKE, with Spark's own escapes."""
        if not isinstance(value, str):
            return super().render_literal_value(value, type_)
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def visit_sum_func(self, function: Any, **kw: Any) -> str:
        """Add integers as decimals: Spark adds them as BIGINT, and fails or wraps around beyond."""
        (summand,) = function.clauses
        text = self.process(summand, **kw)
        return f"sum(CAST({text} AS DECIMAL(20, 0)))" if isinstance(summand.type, sa.Integer) else f"sum({text})"

    def visit_empty_set_expr(self, element_types: Any, **kw: Any) -> str:
        return "SELECT NULL WHERE false"


class _Types(compiler.GenericTypeCompiler):
    def _string(self, type_: Any, **kw: Any) -> str:
        return "STRING"

    visit_VARCHAR = visit_CHAR = visit_NVARCHAR = visit_TEXT = visit_CLOB = _string  # noqa: N815 - SQLAlchemy's names

    def visit_INTEGER(self, type_: Any, **kw: Any) -> str:  # noqa: N802 - as above
        return "INT"

    def visit_DOUBLE(self, type_: Any, **kw: Any) -> str:  # noqa: N802
        return "DOUBLE"

    def visit_FLOAT(self, type_: Any, **kw: Any) -> str:  # noqa: N802
        return "DOUBLE"

    def visit_DATETIME(self, type_: Any, **kw: Any) -> str:  # noqa: N802
        return "TIMESTAMP"


class SparkDialect(DefaultDialect):
    """Renders Spark SQL with ``:name`` parameters."""

    name = "spark"
    paramstyle = "named"
    default_paramstyle = "named"
    statement_compiler = _Compiler
    type_compiler_cls = _Types
    supports_native_boolean = True
    supports_native_decimal = True

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        self.identifier_preparer = compiler.IdentifierPreparer(self, initial_quote="`", escape_quote="`")


_DIALECT: Final = SparkDialect(paramstyle="named")


def compile_query(query: sa.sql.ClauseElement, zone: tzinfo) -> tuple[str, dict[str, Any]]:
    """Return a query's text for Spark and its parameters by name.

    Args:
        query: The query.
        zone: The session's time zone, which a moment without one is in.
    """
    compiled = cast(
        "compiler.SQLCompiler", query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    )
    return str(compiled), {name: _bound(value, zone) for name, value in compiled.params.items()}


def _bound(value: Any, zone: tzinfo) -> Any:
    """Return a value as Spark takes it: it would read a moment without a zone in that of the machine."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=zone)
    if isinstance(value, int) and not -_LONG <= value < _LONG:
        return Decimal(value)
    return value
