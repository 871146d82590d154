"""Answer a suite on a table: the entry point of the quality core."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self, cast

from airflow_provider_dpq.core.errors import (
    DeclarationError,
    DpqError,
    EndedError,
    MeasurementError,
    QueryError,
    unexpected_error,
)
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import CheckResult, DataInterval, Report
from airflow_provider_dpq.core.quality import gx
from airflow_provider_dpq.core.quality.circumstances import Circumstances
from airflow_provider_dpq.core.quality.compile.condition import partition_filters, require_readable, selection
from airflow_provider_dpq.core.quality.compile.errors import NotScannableError
from airflow_provider_dpq.core.quality.compile.plan import Answer
from airflow_provider_dpq.core.quality.condition import parse_condition
from airflow_provider_dpq.core.quality.declared import Declared
from airflow_provider_dpq.core.quality.disclosure import data_kept_out, error_shown, loses_names, without_folders
from airflow_provider_dpq.core.quality.emptiness import OnEmpty, parse_on_empty
from airflow_provider_dpq.core.quality.evaluate import Outcome, Progress, evaluate
from airflow_provider_dpq.core.quality.expectations.history import ExpectMetricToFollowItsHistory
from airflow_provider_dpq.core.quality.hidden import Hidden
from airflow_provider_dpq.core.quality.history import follow
from airflow_provider_dpq.core.quality.interruption import interruptible
from airflow_provider_dpq.core.quality.judgement import write_down
from airflow_provider_dpq.core.quality.partitioned import Asked, Folders, check_by_partition
from airflow_provider_dpq.core.quality.place import Place
from airflow_provider_dpq.core.quality.quarantine.apart import set_apart
from airflow_provider_dpq.core.quality.quarantine.broken import find_broken
from airflow_provider_dpq.core.quality.quarantine.request import Request, parse_request, require_whole
from airflow_provider_dpq.core.quality.query import is_query
from airflow_provider_dpq.core.quality.query_timeout import parse_query_timeout
from airflow_provider_dpq.core.quality.read_options import parse_read_options
from airflow_provider_dpq.core.quality.result import SuiteResult
from airflow_provider_dpq.core.quality.result_format import ResultFormat, parse_result_format
from airflow_provider_dpq.core.quality.scope import Scope
from airflow_provider_dpq.core.quality.suite import Suite, load_suite
from airflow_provider_dpq.core.quality.tables.beside import Beside, located
from airflow_provider_dpq.core.quality.tables.open import open_table
from airflow_provider_dpq.core.quality.tables.partitions import files_of, folder_keys, in_folders
from airflow_provider_dpq.core.quality.tables.reading import Reading
from airflow_provider_dpq.core.quality.tables.scan import Limits
from airflow_provider_dpq.core.quality.tables.table import Table
from airflow_provider_dpq.core.watch import limited


@interruptible
def check(
    data: Any,
    suite: Any,
    *,
    result_format: str | Mapping[str, Any] = "SUMMARY",
    parameters: Mapping[str, Any] | None = None,
    connection: Any = None,
    references: Mapping[str, Any] | None = None,
    null_values: Sequence[str] = (),
    read_options: Any = None,
    row_condition: str | Mapping[str, Any] | None = None,
    partition: Mapping[str, Any] | None = None,
    partition_by: str | Sequence[str] | None = None,
    root: str | Path | None = None,
    memory_limit: str = "2GB",
    threads: int | None = None,
    temp_directory: str | Path | None = None,
    progress: Progress | None = None,
    now: datetime | None = None,
    data_interval: DataInterval | None = None,
    connect: Callable[[str], Any] | None = None,
    on_empty: str | None = None,
    history: Callable[[int], Sequence[Report]] | None = None,
    sample_rows: int | None = None,
    hidden_columns: Sequence[str] = (),
    exclude_unexpected_values: bool = False,
    quarantine: Any = None,
    good_rows: Any = None,
    query_timeout: float | str | timedelta | None = None,
) -> SuiteResult:
    """Check a table against a suite of expectations in as few scans as possible.

    Args:
        data: A path or glob of Parquet, CSV (also ``.gz`` or ``.zip``) or JSON lines, or a list of these whose files
            make one table; the same in object storage, as a
            URL that fsspec knows (``s3://bucket/key``) or as a path that carries its file system (universal_pathlib's
            or Airflow's); a pandas, polars, Arrow or Spark frame; or, with `connection`, a table, ``schema.table``, or
            a query that starts with SELECT or WITH.
        suite: A suite in any form that `load_suite` reads.
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

    Returns:
        One result for each expectation, in order. One that could not be evaluated carries an ``error`` and the verdict
        ``error``; the others stand, also where rows could not be written: then the whole has an ``error``.

    Raises:
        DeclarationError: The suite or an option is wrong; nothing was read.
        SourceError: The data are missing or cannot be opened.
        MeasurementError: The table as a whole could not be measured, or the partition has no row; or a column that is
            to be hidden does not exist.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    loaded = load_suite(suite, parameters)
    wanted = parse_result_format(
        result_format,
        sample_rows=sample_rows,
        hidden_columns=hidden_columns,
        exclude_unexpected_values=exclude_unexpected_values,
    )
    request = parse_request(data, connection, quarantine, good_rows, root)
    require_whole(request, partition_by)
    options = parse_read_options(read_options, null_values)
    by = (partition_by,) if isinstance(partition_by, str) else tuple(partition_by or ())
    scope = Scope(
        data=data,
        connection=connection,
        partition=partition or {},
        partition_by=by,
        row_condition=row_condition,
        null_values=options.null_values,
        references=references or {},
        hidden=wanted.hidden_columns,
    )
    run = _Run(
        suite=loaded,
        delegated={d.name: gx.build(d) for d in loaded.expectations if d.expectation is None},
        wanted=replace(wanted, rows_hidden=scope.chosen_by_hidden),
        on_empty=parse_on_empty(on_empty, "the gate") or OnEmpty.WARN,
        circumstances=Circumstances(now or started, data_interval, connect, history),
        tell=_telling(progress, wanted.hidden_columns),
        started=started,
        clock=clock,
    )
    run.tell("opening the data")
    limits = Limits(memory_limit, threads, temp_directory)
    beside = Beside(references or {}, limits, Reading(root or None, options))
    keys = partial(folder_keys, data if connection is None else None, root or None)
    require_hidden = partial(Hidden.of(wanted.hidden_columns, data, loaded, by).require, folders=keys)

    def opened(source: Any) -> Table:
        table = open_table(source, connection, beside)
        scope.note(table)
        table.circumstances = run.circumstances
        for words in cast("list[str]", table.reading.get("left_out", ())):
            run.tell(f"left out: {words}")
        try:
            if source is there:  # and not a part of it, which may lack what others have
                require_hidden(table.columns, table.subject)
            _narrow(table, row_condition, partition or {})
        except BaseException:
            table.close()
            raise
        return table

    with data_kept_out(wanted), limited(parse_query_timeout(query_timeout)):
        there = located(data, root or None) if connection is None and partition_by is not None else data
        if connection is not None and wanted.hidden_columns and isinstance(data, str) and is_query(data):
            with opened(data) as table:
                run = run.losing_names(loses_names(data, table.columns, wanted.hidden_columns))
        if partition_by is None:
            with opened(data) as table:
                found = run.whole(table, partition, request)
            return replace(found, checked=scope.checked(loaded, found.row_count))
        in_places = isinstance(there, (str, Path, Place)) and connection is None
        folders = partial(in_folders, there, root) if in_places else None
        found = run.by_partition(
            there, by, opened, folders, repr((row_condition, partition, options, by)), partition=partition
        )
        _open_newest(there, opened, folders if wanted.hidden_columns and not scope.columns else None, by)
        require_hidden(scope.columns, found.subject)
        return replace(found, checked=scope.checked(loaded, found.row_count))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A suite that is being answered."""

    suite: Suite
    delegated: Mapping[str, Any]
    wanted: ResultFormat
    on_empty: OnEmpty
    circumstances: Circumstances
    tell: Progress
    started: datetime
    clock: float

    def losing_names(self, lost: bool) -> Self:
        """Return the run as it is where the query that is checked may call hidden columns something else."""
        return replace(self, wanted=replace(self.wanted, names_lost=lost))

    @property
    def of_rows(self) -> Suite:
        """The expectations about the table: those about its history wait for what these measure."""
        return replace(self.suite, expectations=tuple(d for d in self.suite.expectations if not _of_metrics(d)))

    def whole(self, table: Table, partition: Mapping[str, Any] | None, request: Request) -> SuiteResult:
        """Answer the suite on an open table, and set its rows apart as requested."""
        suite = self.of_rows
        rows, outcomes = evaluate(table, suite, self.delegated, self.wanted, self.tell)
        end = _confirmed(table, outcomes)
        _require_rows(table.subject, self.suite, partition, rows)
        found = dict(zip((declared.name for declared in suite.expectations), outcomes, strict=True))
        results = self._results(rows, found)
        broken = partial(find_broken, table, self.suite.expectations, found, results)
        artifacts, error = set_apart(table, broken, request, rows, self.tell)
        done = self._done(table.subject, results, rows)
        problem = end or error
        return replace(done, artifacts=artifacts, error=problem and error_shown(problem, self.wanted))

    def by_partition(
        self,
        data: Any,
        by: tuple[str, ...],
        opened: Callable[[Any], Table],
        folders: Folders | None,
        conditions: str,
        *,
        partition: Mapping[str, Any] | None,
    ) -> SuiteResult:
        """Answer the suite on the partitions that are new or changed, and merge them with the others."""
        asked = Asked(self.of_rows, self.delegated, self.wanted, self.tell, self.circumstances.history, conditions)
        merged = check_by_partition(data, by, opened, asked, folders)
        if all(isinstance(outcome.answer, Answer) for outcome in merged.outcomes.values()):
            _require_rows(merged.subject, self.suite, partition, merged.rows)
        done = self._done(merged.subject, self._results(merged.rows, merged.outcomes), merged.rows)
        return replace(done, parts=merged.parts, partition_count=merged.total, scanned_partition_count=merged.scanned)

    def _done(self, subject: str, results: tuple[CheckResult, ...], rows: int) -> SuiteResult:
        spent = time.perf_counter() - self.clock
        beside = dict.fromkeys([*self.suite.not_checked, *_told_by_contracts(results)])
        told = without_folders(subject, self.wanted.hidden_columns)
        found = SuiteResult(self.suite.name, told, results, rows, self.started, spent)
        return replace(found, not_checked=tuple(beside))

    def _results(self, rows: int, outcomes: Mapping[str, Outcome]) -> tuple[CheckResult, ...]:
        """Write all checks down: first those about the table, then those about what the others measured."""
        write = partial(self._written_down, rows)
        results = {d.name: write(d, outcomes[d.name]) for d in self.suite.expectations if d.name in outcomes}
        measured = SuiteResult(self.suite.name, "", tuple(results.values()), rows, self.started, 0).metrics
        for declared in self.suite.expectations:
            if isinstance(declared.expectation, ExpectMetricToFollowItsHistory):
                results[declared.name] = write(
                    declared, Outcome(self._followed(declared.expectation, measured), "history")
                )
        return tuple(results[declared.name] for declared in self.suite.expectations)

    def _written_down(self, rows: int, declared: Declared, outcome: Outcome) -> CheckResult:
        write = partial(write_down, declared, rows=rows, wanted=self.wanted, on_empty=self.on_empty)
        try:
            return write(outcome)
        except DpqError:
            raise
        except Exception as error:  # noqa: BLE001 - of this check, and the others stand
            return write(Outcome(unexpected_error(error, "Judging the check"), outcome.by))

    def _followed(
        self, expectation: ExpectMetricToFollowItsHistory, measured: Sequence[Metric]
    ) -> Answer | MeasurementError:
        try:
            return follow(expectation, measured, self.circumstances)
        except Exception as error:  # noqa: BLE001 - of this check, and the others stand
            return unexpected_error(error, "Holding the metric against its history")


def _confirmed(table: Table, outcomes: Sequence[Outcome]) -> EndedError | QueryError | None:
    """Look once more at the columns; where nobody answers that any more, what was found before stands."""
    if any(isinstance(outcome.answer, EndedError) for outcome in outcomes):
        return None  # there is nobody left to ask, and the checks say so
    try:
        table.confirm()
    except (EndedError, QueryError) as end:
        return end
    return None


def _telling(progress: Progress | None, hidden: frozenset[str]) -> Progress:
    return (lambda words: progress(without_folders(words, hidden))) if progress is not None else lambda _: None


def _open_newest(data: Any, opened: Callable[[Any], Table], folders: Folders | None, by: Sequence[str]) -> None:
    """Open the newest partition where none was, to know its columns: what earlier reports found is told again."""
    for newest in ((folders(by) if folders is not None else None) or ())[-1:]:
        opened(files_of(data, newest, None)).close()


def _require_rows(subject: str, suite: Suite, partition: Mapping[str, Any] | None, rows: int) -> None:
    if (
        partition
        and not rows
        and not any(
            declared.expectation is not None and declared.expectation.expects_rows for declared in suite.expectations
        )
    ):
        message = f"The partition {dict(partition)!r} of {subject} has no row."
        hint = "Is it written already, and named as it is stored? If none is right, expect a row count."
        raise MeasurementError("empty_partition", message, hint=hint)


def _told_by_contracts(results: Sequence[CheckResult]) -> Iterator[str]:
    """Yield what checks of contracts say that they did not check."""
    for result in results:
        details = result.result.get("details")
        told = details.get("not_checked") if isinstance(details, Mapping) else None
        yield from map(str, told) if isinstance(told, list) else ()


def _of_metrics(declared: Declared) -> bool:
    return isinstance(declared.expectation, ExpectMetricToFollowItsHistory)


def _narrow(table: Table, row_condition: str | Mapping[str, Any] | None, partition: Mapping[str, Any]) -> None:
    """Leave of a table the rows of a partition for which a condition holds; each row must be readable for that."""
    filters = partition_filters(table, partition)
    require_readable(table, partition)
    table.filters = filters
    try:
        condition = parse_condition(row_condition)
        chosen = [] if condition is None else [selection(table, condition)]
    except (ValueError, NotScannableError) as error:
        message = f"The row condition {row_condition!r} cannot be applied: {error}"
        hint = "Compare columns with values of their types, joined by and, or; or use GX's dict form."
        raise DeclarationError("invalid_condition", message, hint=hint, quotes_data=True) from error
    table.filters = [*chosen, *filters]
