"""The arguments of a task that checks data, and the check itself, shared by the operator and the sensor."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from airflow.sdk import BaseOperator

from airflow_provider_dpq import conf
from airflow_provider_dpq.core.attempt import Attempt, cut_short
from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.line import printable
from airflow_provider_dpq.core.quality.quarantine.request import parse_request, require_whole
from airflow_provider_dpq.core.quality.result_format import parse_result_format
from airflow_provider_dpq.core.table.address import is_url, without_secrets
from airflow_provider_dpq.core.table.query import is_query
from airflow_provider_dpq.core.table.read_options import parse_read_options
from airflow_provider_dpq.operators.connection import sql_engine
from airflow_provider_dpq.operators.gate import read_thresholds
from airflow_provider_dpq.operators.namesake import GateBearer
from airflow_provider_dpq.operators.run import CutShort
from airflow_provider_dpq.operators.storage import storage_path
from airflow_provider_dpq.operators.suite import dag_folder, find_suite, require_suite
from airflow_provider_dpq.operators.template import is_literal

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from airflow_provider_dpq.core.gate.report import Report
    from airflow_provider_dpq.core.gate.threshold import Threshold, ThresholdsDeclaration
    from airflow_provider_dpq.core.quality.result import SuiteResult
    from airflow_provider_dpq.operators.run import GateRun

_COMMENTS: Final = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
_SQL_FILE: Final = ".sql"

_KILL: Final = "a kill of the task"
log = logging.getLogger(__name__)


def _tell(line: str) -> None:
    log.info("%s", printable(line))


class QualityCheck(GateBearer, BaseOperator):
    """Arguments and check of a table, a file or a query against a suite, shared by the operator and the sensor.

    Args:
        table: Name of a table on `conn_id`, ``schema.table`` if it needs a schema. Give one of table, path and sql.
        path: Path or glob of Parquet, CSV (also zipped or gzipped) or JSON lines files; in object storage a URL such as
            ``s3://conn_id@bucket/key`` or an `ObjectStoragePath`. A list forms one table of all files.
        sql: Query on `conn_id`, beginning with SELECT or WITH, or the name of a ``.sql`` file.
        conn_id: Connection of a SQL database, whose hook must be a `DbApiHook`; with a URL as `path`, the connection of
            the object storage if the URL contains none.
        suite: Path or URL of a suite (JSON or YAML); a relative path starts at the folder of the DAG file or at the
            worker's current folder. Or the suite itself: a list of expectations, a mapping, or a Great
            Expectations ``ExpectationSuite``.
        suite_parameters: Values of the suite's ``$PARAMETER`` references.
        references: Paths or URLs of other tables, by the names under which expectations refer to them. Expectations
            about a table or query name other tables of the same connection directly.
        partition: Column values that select the rows to check: ``{"day": "{{ ds }}"}``; in runs triggered by an
            asset or by hand there is no ``ds``: use ``{{ (dag_run.logical_date or dag_run.run_after) | ds }}``.
        partition_by: Column, or key of folders such as ``day=2024-01-01``, by which the table is partitioned, or
            several: only new and changed partitions are scanned, and the report covers the whole table.
        row_condition: Condition that selects the rows to check, in the forms that Great Expectations supports.
        null_values: Texts in CSV files that stand for a missing value.
        read_options: How to read text files: a mapping of `delimiter`, `column_types` and other fields of
            `ReadOptions`.
        result_format: ``BOOLEAN_ONLY``, ``BASIC``, ``SUMMARY`` or ``COMPLETE``, or Great Expectations' mapping of it.
        memory_limit: Memory that checking a file may use, such as ``500MB``; ``[dpq] memory_limit`` if not given.
        query_timeout: Longest time that one statement may take: seconds, a duration such as ``"90s"``, or a timedelta;
            ``[dpq] query_timeout`` if not given.
        on_empty: Best possible verdict of a check of rows that finds no rows, unless the check sets its own: ``pass``,
            ``warn`` (the default) or ``fail``; ``expectation`` leaves the verdict to the expectation.
        sample_rows: Maximum number of failing rows in the result of a check, whatever `result_format` is; 0 for none.
        hidden_columns: Columns whose values no result shows, such as those with personal data. A column that does not
            exist is refused.
        exclude_unexpected_values: Whether to keep the values of failing rows out of the results, except for the columns
            that identify rows.
        **kwargs: Arguments of the task's other base classes.
    """

    template_fields: Sequence[str] = (
        "table",
        "path",
        "sql",
        "suite",
        "suite_parameters",
        "references",
        "partition",
        "partition_by",
        "row_condition",
        "read_options",
    )
    # Not .json or .yaml: the path of a suite stays a path.
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "suite": "json"}
    kind: ClassVar[str] = "quality"
    thresholds: ThresholdsDeclaration | None
    quarantine: Any = None
    good_rows: Any = None
    _attempt: Attempt | None = None
    _killed = False

    def __init__(
        self,
        *,
        table: str | None = None,
        path: Any = None,
        sql: str | None = None,
        conn_id: str | None = None,
        suite: Any,
        suite_parameters: Mapping[str, Any] | None = None,
        references: Mapping[str, Any] | None = None,
        partition: Mapping[str, Any] | None = None,
        partition_by: str | Sequence[str] | None = None,
        row_condition: str | Mapping[str, Any] | None = None,
        null_values: Sequence[str] = (),
        read_options: Any = None,
        result_format: str | Mapping[str, Any] = "SUMMARY",
        memory_limit: str | None = None,
        query_timeout: float | str | timedelta | None = None,
        on_empty: str | None = None,
        sample_rows: int | None = None,
        hidden_columns: Sequence[str] = (),
        exclude_unexpected_values: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table = table
        self.path = path
        self.sql = sql
        self.conn_id = conn_id
        self.suite = suite
        self.suite_parameters = suite_parameters
        self.references = references
        self.partition = partition
        self.partition_by = partition_by
        self.row_condition = row_condition
        self.null_values = null_values
        self.read_options = read_options
        self.result_format = result_format
        self.memory_limit = memory_limit
        self.query_timeout = query_timeout
        self.on_empty = on_empty
        self.sample_rows = sample_rows
        self.hidden_columns = hidden_columns
        self.exclude_unexpected_values = exclude_unexpected_values

    @property
    def subject(self) -> str:
        """What is checked, for people: a query is not spelled out, for it may hold values."""
        if self.path is not None:
            from airflow_provider_dpq.core.quality.disclosure import without_folders

            paths = self.path if isinstance(self.path, (list, tuple)) else [self.path]
            named = ", ".join(without_secrets(str(path)) for path in paths)
            return without_folders(named, self.hidden_columns)
        return f"{self.table} on {self.conn_id}" if self.table is not None else f"a query on {self.conn_id}"

    def validate_check(self) -> None:
        """Check the declaration without reading any data; templates and XComs are checked later.

        Raises:
            DeclarationError: What is wrong.
        """
        self._validate_source()
        self._validate_names()
        self._validate_format()
        self._validate_targets()
        # A suite in a file is read where it is there: the processor of DAGs may not have what the worker has.
        suite = find_suite(self.suite, dag_folder(self)) if is_literal(self.suite) else None
        if suite is not None and (not isinstance(suite, (str, Path)) or Path(suite).is_file()):
            from airflow_provider_dpq.core.quality.suite import validate_suite

            validate_suite(suite, partitioned=self.partition_by is not None)

    def _validate_source(self) -> None:
        given = [name for name in ("table", "path", "sql") if getattr(self, name) is not None]
        if len(given) != 1:
            message = f"Ambiguous data to check: {' and '.join(given)}." if given else "No data to check."
            raise DeclarationError("ambiguous_source", message, hint="Give exactly one of table, path and sql.")
        if isinstance(self.path, (list, tuple)) and not self.path:
            raise DeclarationError(
                "ambiguous_source", "The list of paths to check is empty.", hint="Give at least one path."
            )
        if self.path is None and not self.conn_id:
            message = f"A check of {given[0]} needs a connection."
            raise DeclarationError("missing_connection", message, hint="Give conn_id.")
        if self.conn_id is not None and is_literal(self.path) and _is_local(self.path):
            message = f"A check of path takes no connection, but conn_id is {self.conn_id!r}."
            raise DeclarationError(
                "ambiguous_source", message, hint="Remove conn_id, or give table or sql instead of path."
            )

    def _validate_names(self) -> None:
        if isinstance(self.table, str) and is_literal(self.table) and is_query(self.table):
            message = f"{self.table!r} is not a table name."
            raise DeclarationError("invalid_table", message, hint="Pass a query as sql.", quotes_data=True)
        inline = isinstance(self.sql, str) and is_literal(self.sql) and not self.sql.endswith(_SQL_FILE)
        if inline and not is_query(_without_comments(str(self.sql))):
            message = f"{self.sql!r} is not a query."
            raise DeclarationError("invalid_query", message, hint="Start it with SELECT or WITH.", quotes_data=True)

    def _validate_format(self) -> None:
        if isinstance(self.null_values, str):
            message = f"null_values is the string {self.null_values!r}, not a list."
            raise DeclarationError("unknown_option", message, hint=f"Use a list: [{self.null_values!r}].")
        if is_literal(self.read_options):
            parse_read_options(self.read_options, self.null_values)
        parse_result_format(
            self.result_format,
            sample_rows=self.sample_rows,
            hidden_columns=self.hidden_columns,
            exclude_unexpected_values=self.exclude_unexpected_values,
        )
        if self.query_timeout is not None:
            from airflow_provider_dpq.core.quality.options import parse_query_timeout

            parse_query_timeout(self.query_timeout)
        if self.on_empty is not None:
            from airflow_provider_dpq.core.quality.emptiness import parse_on_empty

            parse_on_empty(self.on_empty, "the gate")

    def _validate_targets(self) -> None:
        targets = (self.quarantine, self.good_rows)
        if all(target is None or (is_literal(target) and _is_local(target)) for target in targets):
            request = parse_request(None, self.conn_id if self.path is None else None, *targets, None)
            require_whole(request, self.partition_by)

    def on_kill(self) -> None:
        """Stop what runs. Airflow calls this in a signal handler, and the task then goes on: it keeps the report."""
        self._killed = True
        if self._attempt is not None:
            self._attempt.cancel(_KILL)

    def measure(self, run: GateRun) -> Report:
        """Check the data, judge what was found, and return the report.

        Args:
            run: The gate's run.

        Raises:
            DeclarationError: What is declared is wrong.
            SourceError: The data is missing or cannot be opened.
            MeasurementError: It could not be measured.
            CutShort: It was measured in part.
        """
        self._attempt = attempt = Attempt()
        if self._killed:  # before there was anything to cancel
            attempt.cancel(_KILL)
        thresholds = read_thresholds(self.thresholds, self.kind)
        ended = attempt.run(lambda: self.find(run))
        found = ended.found()
        if ended.error is None:
            return self._judged(found, run, thresholds)
        part = replace(found, error=cut_short(ended.error))
        raise CutShort(self._judged(part, run, thresholds), ended.error)

    def _judged(self, found: SuiteResult, run: GateRun, thresholds: Sequence[Threshold]) -> Report:
        from airflow_provider_dpq.core.quality.gate import judge_suite

        # Of a file it is known more exactly what was read; a table is called as where it could not be opened.
        return judge_suite(
            found if self.path is not None else replace(found, subject=self.subject),
            gate=run.gate,
            provenance=run.provenance,
            thresholds=thresholds,
            data_interval=run.data_interval,
        )

    def find(self, run: GateRun) -> SuiteResult:
        """Check the data against the suite; raises what `measure` raises."""
        self.validate_check()
        with ExitStack() as opened:
            # Each connection is opened once, however many checks name it, and closed with the others.
            connect = cache(lambda conn_id: opened.enter_context(sql_engine(conn_id)))
            if self.path is not None:
                return self._check(storage_path(self.path, self.conn_id), None, connect, run)
            data = self.table if self.sql is None else _without_comments(self.sql)
            return self._check(data, connect(str(self.conn_id)), connect, run)

    def _check(
        self, data: Any, connection: Engine | None, connect: Callable[[str], Engine], run: GateRun
    ) -> SuiteResult:
        from airflow_provider_dpq.core.quality import check

        found = check(
            data,
            storage_path(require_suite(self.suite, dag_folder(self))),
            result_format=self.result_format,
            parameters=self.suite_parameters,
            connection=connection,
            references={name: storage_path(path) for name, path in (self.references or {}).items()},
            null_values=self.null_values,
            read_options=self.read_options,
            row_condition=self.row_condition,
            partition=self.partition,
            partition_by=self.partition_by,
            root=conf.allowed_root(),
            memory_limit=self.memory_limit or conf.memory_limit(),
            threads=conf.threads(),
            query_timeout=self.query_timeout if self.query_timeout is not None else conf.query_timeout(),
            progress=_tell,
            data_interval=run.data_interval,
            on_empty=self.on_empty,
            connect=connect,
            history=run.history,
            sample_rows=self.sample_rows,
            hidden_columns=self.hidden_columns,
            exclude_unexpected_values=self.exclude_unexpected_values,
            quarantine=self._target(self.quarantine),
            good_rows=self._target(self.good_rows),
        )
        if found.checked is None or self.conn_id is None:
            return found
        return replace(found, checked=found.checked.model_copy(update={"connection": self.conn_id}))

    def _target(self, target: Any) -> Any:
        """Return where rows are written, a URL with the file system of its connection, else of the data's."""
        return storage_path(target, None if self.path is None else self.conn_id)


def _is_local(path: Any) -> bool:
    if isinstance(path, (list, tuple)):
        return all(map(_is_local, path))
    return isinstance(path, (str, Path)) and not is_url(path)


def _without_comments(sql: str) -> str:
    """Return a query without leading comments; its first word distinguishes it from a table name."""
    return sql[_COMMENTS.match(sql).end() :]  # type: ignore[union-attr]
