"""Who evaluates each expectation on each kind of source: asked of the code, for the expectations' examples."""

from __future__ import annotations

from functools import cache
from typing import Final

from docs._generate.answers import IN_DUCKDB, on_frames
from docs._generate.dialects import NAMES, ask, dialect
from docs._generate.examples import EXAMPLES
from docs._generate.markdown import code, table

_SHORT: Final = {"Great Expectations": "GX", IN_DUCKDB: "DuckDB", "duckdb": "DuckDB"}


@cache
def matrix() -> str:
    """Return a table of all expectations: a row for each, a column for each kind of source."""
    rows = [[code(kind), _of_files(kind), *(_of_dialect(kind, name) for name in NAMES)] for kind in sorted(EXAMPLES)]
    return table(["Expectation", "Files, frames", *NAMES.values()], rows)


def _of_files(kind: str) -> str:
    return _shortened(on_frames()[kind].by)


def _of_dialect(kind: str, name: str) -> str:
    return _shortened(ask(dialect(name), kind).by)


def _shortened(by: str) -> str:
    return _SHORT.get(by, by)
