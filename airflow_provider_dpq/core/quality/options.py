"""The options of a check: everything that is declared beside the data and the suite."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.unit import parse_duration

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.report import DataInterval, Report

Progress: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """How a suite is answered on a table.

    Attributes:
        result_format: GX's result format: how much of the unexpected values the results show.
        parameters: Values of the suite's parameters.
        connection: SQLAlchemy engine, connection or URL of the database that holds the table; of DuckDB
            its own connection, or ``duckdb:///path``; or a Spark session.
        references: Other tables, paths or frames, by the names that checks use for them.
        null_values: Texts that mean "missing" in CSV, beside the empty one.
        read_options: What is declared about text files: `ReadOptions`, or a mapping of its attributes.
        row_condition: Which rows to check at all: pandas-like text, or GX's dict form.
        partition: Which partition to check: values, or lists of values, by column.
        partition_by: Columns, or keys of folders such as ``day=2024-01-01``, by which the table grows: each partition
            is measured once, and again only when it changes; `history` gives the earlier measurements.
        root: Directory that every path must lie in, or URL of a place in object storage; None for any. A directory
            allows no URL of a place, and the other way round.
        memory_limit: What DuckDB may hold in memory, as ``"2GB"``; more spills to disk.
        threads: DuckDB's threads; None for as many as the process has processors, at most 4.
        temp_directory: Where DuckDB makes the directory that it spills to and that is removed afterwards.
        progress: Called with a few words at each stage.
        now: The time, with time zone, that ages are measured against; None for the clock's.
        data_interval: The span of data judged, where there is one.
        connect: Returns a SQLAlchemy engine, connection or URL for the name of a connection that a check gives.
        on_empty: Best verdict of a check about rows that finds none and does not say so itself: ``pass``, ``warn`` (if
            not given) or ``fail``; or ``expectation`` to leave it at what the expectation says of no rows.
        history: Returns at most so many earlier reports of the gate, the newest first, for checks of its history.
        sample_rows: Most failing rows of a check that its result may show, whatever `result_format` says; 0 for none.
        hidden_columns: Columns whose values no result shows; of checks about them there are only counts. One that
            nothing has, in any case of its letters, is refused.
        exclude_unexpected_values: Whether values of failing rows, but for the columns that name rows, stay out.
        quarantine: Where to write the rows that break a check about rows whose verdict is not ``pass``, each with the
            names of the checks that it broke: a Parquet file, by its path, its URL or a path that carries its file
            system; or a table of `connection`. What is there is replaced.
        good_rows: Where to write all other rows, in the same ways.
        query_timeout: Longest time that one statement may take: seconds, or a duration such as ``"90s"``; an hour where
            it is not given. The checks whose statement took longer have the error ``query_timeout``.
    """

    result_format: str | Mapping[str, Any] = "SUMMARY"
    parameters: Mapping[str, Any] | None = None
    connection: Any = None
    references: Mapping[str, Any] | None = None
    null_values: Sequence[str] = ()
    read_options: Any = None
    row_condition: str | Mapping[str, Any] | None = None
    partition: Mapping[str, Any] | None = None
    partition_by: str | Sequence[str] | None = None
    root: str | Path | None = None
    memory_limit: str = "2GB"
    threads: int | None = None
    temp_directory: str | Path | None = None
    progress: Progress | None = None
    now: datetime | None = None
    data_interval: DataInterval | None = None
    connect: Callable[[str], Any] | None = None
    on_empty: str | None = None
    history: Callable[[int], Sequence[Report]] | None = None
    sample_rows: int | None = None
    hidden_columns: Sequence[str] = ()
    exclude_unexpected_values: bool = False
    quarantine: Any = None
    good_rows: Any = None
    query_timeout: float | str | timedelta | None = None


DEFAULT: Final = "1h"
"""What holds where nothing is said: more than a check of a sound table takes, and less than a night."""

_SECONDS: Final = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")


def parse_query_timeout(declared: Any) -> float:
    """Read a time limit of statements, and return its seconds.

    Args:
        declared: A number of seconds, a duration such as ``"90s"``, or a timedelta; None for `DEFAULT`.

    Raises:
        DeclarationError: ``invalid_option`` or ``malformed_duration``.
    """
    if declared is None:
        declared = DEFAULT
    if isinstance(declared, timedelta):
        seconds = declared.total_seconds()
    elif isinstance(declared, str) and _SECONDS.fullmatch(declared.strip()) is None:
        seconds = parse_duration(declared)
    elif isinstance(declared, (int, float, str)) and not isinstance(declared, bool):
        seconds = float(declared)
    else:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        message = f"query_timeout is {declared!r}."
        raise DeclarationError("invalid_option", message, hint="Give seconds, or a duration such as 90s or 30min.")
    return seconds
