"""Answer a suite on a table: the entry point of the quality core."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Self, TypeVar, cast

import sqlalchemy as sa

from airflow_provider_dpq.core.attempt import Attempt
from airflow_provider_dpq.core.errors import (
    DeclarationError,
    DpqError,
    EndedError,
    MeasurementError,
    QueryError,
    unexpected_error,
)
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.quality import gx
from airflow_provider_dpq.core.quality.compile.condition import partition_filters, require_readable, selection
from airflow_provider_dpq.core.quality.compile.plan import Answer
from airflow_provider_dpq.core.quality.condition import parse_condition
from airflow_provider_dpq.core.quality.declared import Declared
from airflow_provider_dpq.core.quality.disclosure import data_kept_out, error_shown, loses_names, without_folders
from airflow_provider_dpq.core.quality.emptiness import OnEmpty, parse_on_empty
from airflow_provider_dpq.core.quality.evaluate import Outcome, evaluate
from airflow_provider_dpq.core.quality.expectations.history import ExpectMetricToFollowItsHistory
from airflow_provider_dpq.core.quality.history import follow
from airflow_provider_dpq.core.quality.judgement import write_down
from airflow_provider_dpq.core.quality.options import CheckOptions, Progress, parse_query_timeout
from airflow_provider_dpq.core.quality.partitioned import Asked, Folders, check_by_partition
from airflow_provider_dpq.core.quality.partitions import files_of, folder_keys, in_folders
from airflow_provider_dpq.core.quality.quarantine.apart import set_apart
from airflow_provider_dpq.core.quality.quarantine.broken import find_broken
from airflow_provider_dpq.core.quality.quarantine.request import Request, parse_request, require_whole
from airflow_provider_dpq.core.quality.result import SuiteResult
from airflow_provider_dpq.core.quality.result_format import ResultFormat, parse_result_format
from airflow_provider_dpq.core.quality.scope import Hidden, Scope
from airflow_provider_dpq.core.quality.suite import Suite, load_suite
from airflow_provider_dpq.core.table.attach import located
from airflow_provider_dpq.core.table.circumstances import Circumstances
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.open import open_table
from airflow_provider_dpq.core.table.place import Place
from airflow_provider_dpq.core.table.query import is_query
from airflow_provider_dpq.core.table.read_options import ReadOptions, parse_read_options
from airflow_provider_dpq.core.table.reading import Reading
from airflow_provider_dpq.core.table.references import References
from airflow_provider_dpq.core.table.scan import Limits
from airflow_provider_dpq.core.table.spark import inheriting, is_session, is_spark_frame
from airflow_provider_dpq.core.table.table import Table
from airflow_provider_dpq.core.watch import is_watched, limited


def check(data: Any, suite: Any, options: CheckOptions | None = None, **given: Any) -> SuiteResult:
    """Check a table against a suite of expectations in as few scans as possible.

    Args:
        data: A path or glob of Parquet, CSV (also ``.gz`` or ``.zip``) or JSON lines, or a list of these whose files
            make one table; the same in object storage, as a
            URL that fsspec knows (``s3://bucket/key``) or as a path that carries its file system (universal_pathlib's
            or Airflow's); a pandas, polars, Arrow or Spark frame; or, with `connection`, a table, ``schema.table``, or
            a query that starts with SELECT or WITH.
        suite: A suite in any form that `load_suite` reads.
        options: How it is checked; None for the defaults.
        **given: Attributes of `CheckOptions`, in place of those of `options`.

    Returns:
        One result for each expectation, in order. One that could not be evaluated carries an ``error`` and the verdict
        ``error``; the others stand, also where rows could not be written: then the whole has an ``error``.

    Raises:
        DeclarationError: The suite or an option is wrong; nothing was read.
        SourceError: The data are missing or cannot be opened.
        MeasurementError: The table as a whole could not be measured, or the partition has no row; or a column that is
            to be hidden does not exist.
    """
    chosen = replace(options or CheckOptions(), **given)
    return interruptible(partial(_check, data, suite, chosen), data, chosen.connection)


def _check(data: Any, suite: Any, options: CheckOptions) -> SuiteResult:
    run = _Run.of(data, suite, options)
    run.tell("opening the data")
    with data_kept_out(run.wanted), limited(parse_query_timeout(options.query_timeout)):
        if options.connection is not None and run.wanted.hidden_columns and isinstance(data, str) and is_query(data):
            run = run.losing_names(data)
        return run.whole() if options.partition_by is None else run.by_partition()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A suite that is being answered on a table, as its options say."""

    data: Any
    suite: Suite
    options: CheckOptions
    delegated: Mapping[str, Any]
    wanted: ResultFormat
    on_empty: OnEmpty
    reading: ReadOptions
    request: Request
    scope: Scope
    circumstances: Circumstances
    tell: Progress
    started: datetime
    clock: float

    @classmethod
    def of(cls, data: Any, suite: Any, options: CheckOptions) -> Self:
        """Read what is declared; raises what `check` raises of it."""
        started, clock = datetime.now(UTC), time.perf_counter()
        loaded = load_suite(suite, options.parameters)
        wanted = parse_result_format(
            options.result_format,
            sample_rows=options.sample_rows,
            hidden_columns=options.hidden_columns,
            exclude_unexpected_values=options.exclude_unexpected_values,
        )
        request = parse_request(data, options.connection, options.quarantine, options.good_rows, options.root)
        require_whole(request, options.partition_by)
        reading = parse_read_options(options.read_options, options.null_values)
        scope = Scope(data, options, null_values=reading.null_values, hidden=wanted.hidden_columns)
        return cls(
            data=data,
            suite=loaded,
            options=options,
            delegated={d.name: gx.build(d) for d in loaded.expectations if d.expectation is None},
            wanted=replace(wanted, rows_hidden=scope.chosen_by_hidden),
            on_empty=parse_on_empty(options.on_empty, "the gate") or OnEmpty.WARN,
            reading=reading,
            request=request,
            scope=scope,
            circumstances=Circumstances(
                options.now or started, options.data_interval, options.connect, options.history
            ),
            tell=_telling(options.progress, wanted.hidden_columns),
            started=started,
            clock=clock,
        )

    def losing_names(self, query: str) -> Self:
        """Return the run as it is where the query that is checked may call hidden columns something else."""
        with self._opened(query, query) as table:
            lost = loses_names(query, table.columns, self.wanted.hidden_columns)
        return replace(self, wanted=replace(self.wanted, names_lost=lost))

    def _opened(self, source: Any, there: Any) -> Table:
        """Open a table.

        Args:
            source: The table, or a part of it, which may lack columns that others have.
            there: The table.
        """
        options = self.options
        limits = Limits(options.memory_limit, options.threads, options.temp_directory)
        references = References(options.references or {}, limits, Reading(options.root or None, self.reading))
        table = open_table(source, options.connection, references)
        self.scope.note(table)
        table.circumstances = self.circumstances
        for words in cast("list[str]", table.reading.get("left_out", ())):
            self.tell(f"left out: {words}")
        try:
            if source is there:
                self._require_hidden(table.columns, table.subject)
            _narrow(table, options.row_condition, options.partition or {})
        except BaseException:
            table.close()
            raise
        return table

    def _require_hidden(self, columns: Collection[str], subject: str) -> None:
        """Refuse hidden columns that nothing has."""
        hidden = Hidden.of(self.wanted.hidden_columns, self.data, self.suite, self.scope.partition_by)
        data = self.data if self.options.connection is None else None
        hidden.require(columns, subject, partial(folder_keys, data, self.options.root or None))

    @property
    def of_rows(self) -> Suite:
        """The expectations about the table: those about its history wait for what these measure."""
        return replace(self.suite, expectations=tuple(d for d in self.suite.expectations if not _of_metrics(d)))

    def whole(self) -> SuiteResult:
        """Answer the suite on the table, and set its rows apart as requested."""
        with self._opened(self.data, self.data) as table:
            found = self._answered(table)
        return replace(found, checked=self.scope.checked(self.suite, found.row_count))

    def _answered(self, table: Table) -> SuiteResult:
        suite = self.of_rows
        rows, outcomes = evaluate(table, suite, self.delegated, self.wanted, self.tell)
        end = _confirmed(table, outcomes)
        self._require_rows(table.subject, rows)
        found = dict(zip((declared.name for declared in suite.expectations), outcomes, strict=True))
        results = self._results(rows, found)
        broken = partial(find_broken, table, self.suite.expectations, found, results)
        artifacts, error = set_apart(table, broken, self.request, rows, self.tell)
        done = self._done(table.subject, results, rows)
        problem = end or error
        return replace(done, artifacts=artifacts, error=problem and error_shown(problem, self.wanted))

    def by_partition(self) -> SuiteResult:
        """Answer the suite on the partitions that are new or changed, and merge them with the others."""
        options, by = self.options, self.scope.partition_by
        there = located(self.data, options.root or None) if options.connection is None else self.data
        in_places = isinstance(there, (str, Path, Place)) and options.connection is None
        folders = partial(in_folders, there, options.root) if in_places else None
        conditions = repr((options.row_condition, options.partition, self.reading, by))
        asked = Asked(self.of_rows, self.delegated, self.wanted, self.tell, options.history, conditions)
        opened = partial(self._opened, there=there)
        merged = check_by_partition(there, by, opened, asked, folders)
        if all(isinstance(outcome.answer, Answer) for outcome in merged.outcomes.values()):
            self._require_rows(merged.subject, merged.rows)
        done = self._done(merged.subject, self._results(merged.rows, merged.outcomes), merged.rows)
        if self.wanted.hidden_columns and not self.scope.columns:
            _open_newest(there, opened, folders, by)
        self._require_hidden(self.scope.columns, done.subject)
        checked = self.scope.checked(self.suite, done.row_count)
        done = replace(done, partition_count=merged.total, scanned_partition_count=merged.scanned)
        return replace(done, checked=checked, parts=merged.parts)

    def _require_rows(self, subject: str, rows: int) -> None:
        """Refuse a partition without rows, unless the suite says how many there must be."""
        partition, expectations = self.options.partition, [one.expectation for one in self.suite.expectations]
        if partition and not rows and not any(one is not None and one.expects_rows for one in expectations):
            message = f"The partition {dict(partition)!r} of {subject} has no row."
            hint = "Is it written already, and named as it is stored? If none is right, expect a row count."
            raise MeasurementError("empty_partition", message, hint=hint)

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


T = TypeVar("T")

_IN_PROCESS: Final = ("duckdb", "sqlite")
"""Databases that run in this process: what is in memory may belong to the thread that opened it."""


def interruptible(work: Callable[[], T], data: Any, connection: Any) -> T:
    """Run a measurement so that a time limit or a Ctrl-C stops its statements and ends it, where it waits for a server.

    Args:
        work: The measurement.
        data: What it measures.
        connection: The connection that the data is on.
    """
    session = data.sparkSession if is_spark_frame(data) else connection if is_session(connection) else None
    if is_watched() or (session is None and not _is_server(connection)):
        return work()
    ended = Attempt().run(work if session is None else inheriting(session, work))
    if ended.error is not None:
        raise ended.error
    return ended.found()


def _is_server(connection: Any) -> bool:
    if isinstance(connection, (sa.Connection, sa.Engine)):
        return connection.dialect.name not in _IN_PROCESS
    try:
        return sa.make_url(connection).get_backend_name() not in _IN_PROCESS
    except (sa.exc.ArgumentError, TypeError):
        return False
