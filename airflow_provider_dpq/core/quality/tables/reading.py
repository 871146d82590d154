"""How files are read, and what DuckDB calls them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.quality.tables.duck import Scan, quote_name, quote_text


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read.

    Attributes:
        root: Directory, or URL of a place in object storage, that paths must lie in; None for any.
        null_values: Texts that mean "missing" in CSV, beside the empty one.
    """

    root: str | Path | None = None
    null_values: tuple[str, ...] = ()


def quote_list(texts: Sequence[str]) -> str:
    """Quote a list of strings for DuckDB."""
    return "[" + ", ".join(map(quote_text, texts)) + "]"


def view(scan: Scan, relation: str, source: str) -> None:
    """Give DuckDB's reading of a source a name."""
    scan.connection.execute(f"CREATE TEMP VIEW {quote_name(relation)} AS SELECT * FROM {source}")  # noqa: S608


def refuse_twins(path: str, names: Sequence[str | None]) -> None:
    """Refuse columns that DuckDB cannot tell apart: it would quietly read one in the place of another.

    Raises:
        SourceError: ``ambiguous_columns``.
    """
    folded = [name.casefold() for name in names if name]
    twins = sorted({name for name in folded if folded.count(name) > 1})
    if twins:
        message = f"{path!r} has several columns named {', '.join(map(repr, twins[:5]))}, but for case."
        raise SourceError("ambiguous_columns", message, hint="Name its columns apart.", quotes_data=False)
