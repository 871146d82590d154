"""How files are read, and what DuckDB calls them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.table.evidence import Evidence
from airflow_provider_dpq.core.table.read_options import ReadOptions
from airflow_provider_dpq.core.table.scan import Scan, quote_name, quote_text


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read.

    Attributes:
        root: Directory, or URL of a place in object storage, that paths must lie in; None for any.
        options: What is declared about text files.
        beside: What the other parts of the same table hold, where the files are only one.
        alone: Whether the files are all of the table; one of them must then have a column.
    """

    root: str | Path | None = None
    options: ReadOptions = field(default_factory=ReadOptions)
    beside: Evidence = field(default_factory=dict)
    alone: bool = True


_RESERVED: Final = "dpq:"
"""What the names begin with that a table is given beside those of its columns."""
NO_COLUMN: Final = f"{_RESERVED}none"
"""Name of the one column of a part of a table that holds none."""


def quote_list(texts: Sequence[str]) -> str:
    """Quote a list of strings for DuckDB."""
    return "[" + ", ".join(map(quote_text, texts)) + "]"


def view(scan: Scan, relation: str, source: str) -> None:
    """Give DuckDB's reading of a source a name."""
    scan.connection.execute(f"CREATE TEMP VIEW {quote_name(relation)} AS SELECT * FROM {source}")  # noqa: S608


def stored_name(name: str) -> str:
    """Return the name that a column is staged under: one called rowid would hide the numbers that DuckDB gives rows."""
    return f"{_RESERVED}{name}" if name.casefold() == "rowid" else name


@contextmanager
def texts_of_frame(scan: Scan, name: str) -> Iterator[None]:
    """Read texts of the frame of a name as texts: DuckDB would guess from a few what all are."""
    scan.connection.execute("SET pandas_analyze_sample = 0")
    try:
        yield
    finally:
        scan.connection.unregister(name)
        scan.connection.execute("RESET pandas_analyze_sample")


def require_own_names(path: str, names: Sequence[str | None]) -> None:
    """Refuse columns that DuckDB cannot tell apart, of a file or from those that a table has beside them.

    It would quietly read one in the place of another.

    Raises:
        SourceError: ``ambiguous_columns`` or ``reserved_name``.
    """
    folded = [name.casefold() for name in names if name]
    reserved = next((name for name in names if name and name.casefold().startswith(_RESERVED)), None)
    if reserved is not None:
        message = f"{path!r} has a column named {reserved!r}: names that begin with {_RESERVED!r} are taken."
        raise SourceError("reserved_name", message, hint="Rename the column.", quotes_data=False)
    twins = sorted({name for name in folded if folded.count(name) > 1})
    if twins:
        message = f"{path!r} has several columns named {', '.join(map(repr, twins[:5]))}, upper and lower case aside."
        raise SourceError("ambiguous_columns", message, hint="Give each column a name of its own.", quotes_data=False)
