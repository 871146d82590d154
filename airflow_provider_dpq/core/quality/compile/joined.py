"""Outer joins in a row, which SQLAlchemy's compiler for MySQL takes for missing ones."""

from __future__ import annotations

from itertools import product
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles


class Joined(sa.sql.expression.Join):
    """Rows, and beside each what a condition joins to it, or nothing.

    SQLAlchemy warns of selections that are not joined. For MySQL it does not see that a join joins what stands in the
    join before it, and would warn in the log of each scan with two of them.
    """

    inherit_cache = True

    def __init__(self, rows: sa.FromClause, other: sa.FromClause, on: sa.ColumnElement[bool]) -> None:
        super().__init__(rows, other, on, isouter=True)


@compiles(Joined, "mysql")
@compiles(Joined, "mariadb")
def _joined(join: Joined, compiler: Any, from_linter: Any = None, **kw: Any) -> str:
    if from_linter is not None:
        from_linter.edges.update(product(join.left._from_objects, join.right._from_objects))
    return str(compiler.visit_join(join, from_linter=from_linter, **kw))
