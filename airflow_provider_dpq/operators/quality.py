"""The data-quality gate as an Airflow task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_dpq.core.attempt import Attempt
from airflow_provider_dpq.exceptions import declaring
from airflow_provider_dpq.operators.gate import GateOperator, read_thresholds
from airflow_provider_dpq.operators.measurement import QualityMeasurement

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.report import Report
    from airflow_provider_dpq.operators.run import GateRun


class DataQualityCheckOperator(GateOperator):
    """Checks a table, a file or a query against a suite of expectations, and lets downstream tasks run or not.

    A table or query is checked in its database, as aggregate queries; a file by DuckDB in the worker.

    Args:
        table: Name of a table on `conn_id`, ``schema.table`` where it needs a schema. Give one of table, path and sql.
        path: Path or glob of Parquet, CSV (also zipped or gzipped) or JSON lines files; in object storage a URL such as
            ``s3://conn_id@bucket/key`` or an `ObjectStoragePath`. A list of these is one table of all their files.
        sql: Query on `conn_id`, beginning with SELECT or WITH, or the name of a ``.sql`` file.
        conn_id: Connection of a SQL database, whose hook must be a `DbApiHook`; with a URL as `path`, the connection of
            the object storage where the URL names none.
        suite: Path or URL of a suite (JSON or YAML), a relative path beside the DAG's file or below the worker's own
            folder, or the suite itself: a list of expectations, a mapping, or a Great
            Expectations ``ExpectationSuite``.
        suite_parameters: Values of the suite's ``$PARAMETER`` references.
        references: Paths or URLs of other tables, by the names under which expectations refer to them. Expectations
            about a table or query name other tables of the same connection directly.
        partition: Column values that select the rows to check: ``{"day": "{{ ds }}"}``; in runs that an asset
            or a person triggers there is no ``ds``: use ``{{ (dag_run.logical_date or dag_run.run_after) | ds }}``.
        partition_by: Column, or key of folders such as ``day=2024-01-01``, by which the table grows, or several: only
            partitions that are new or have changed are scanned, and the report is about the whole table.
        row_condition: Condition that selects the rows to check, in the forms that Great Expectations knows.
        null_values: Texts in CSV files that mean a missing value.
        read_options: How text files are read, where that is declared: a mapping of `delimiter`, `column_types` and the
            like, as of `ReadOptions`.
        result_format: ``BOOLEAN_ONLY``, ``BASIC``, ``SUMMARY`` or ``COMPLETE``, or Great Expectations' mapping of it.
        memory_limit: Memory that checking a file may use, such as ``500MB``; ``[dpq] memory_limit`` if not given.
        query_timeout: Longest time that one statement may take: seconds, a duration such as ``"90s"``, or a timedelta;
            ``[dpq] query_timeout`` if not given.
        on_empty: Best verdict of a check about rows that finds none and does not say so itself: ``pass``, ``warn`` (if
            not given) or ``fail``; or ``expectation`` to leave it at what the expectation says of no rows.
        sample_rows: Most failing rows of a check that its result may show, whatever `result_format` says; 0 for none.
        hidden_columns: Columns whose values no result shows, such as those that hold personal data. One that nothing
            has is refused.
        exclude_unexpected_values: Whether values of failing rows, but for the columns that name rows, stay out of the
            results.
        quarantine: Where to write the rows that break a check whose verdict is not ``pass``, each with the names of the
            checks that it broke: a Parquet file (a path, a URL such as ``s3://conn_id@bucket/key.parquet``, or an
            `ObjectStoragePath`), or with `table` and `sql` a table of `conn_id`. What is there is replaced.
        good_rows: Where to write all other rows, in the same ways.
        **kwargs: Arguments of `GateOperator` (gate, thresholds, on_fail ...) and of Airflow's BaseOperator.

    Raises:
        GateDeclarationError: While the DAG file is parsed: an argument, a threshold or the suite is wrong.
    """

    kind: ClassVar[str] = "quality"
    template_fields: Sequence[str] = (
        *GateOperator.template_fields,
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
        "quarantine",
        "good_rows",
    )
    # Not .json or .yaml: the path of a suite stays a path.
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "suite": "json"}

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
        quarantine: Any = None,
        good_rows: Any = None,
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
        self.quarantine = quarantine
        self.good_rows = good_rows
        with declaring(self.gate):
            self.measurement.validate()

    @property
    def measurement(self) -> QualityMeasurement:
        """What is checked, from the arguments as they are now: rendered, once the task runs."""
        return QualityMeasurement.of(self)

    @property
    def subject(self) -> str:
        """What is checked, for people."""
        return self.measurement.subject

    _attempt: Attempt | None = None
    _killed = False

    def measure(self, run: GateRun) -> Report:
        """Check the data and judge what was found.

        Raises:
            DpqError: Nothing could be measured.
            CutShort: It was cut short; its report has what was found.
        """
        self._attempt = Attempt()
        if self._killed:  # before there was anything to cancel
            self._attempt.cancel()
        return self.measurement.report(run, read_thresholds(self.thresholds, self.kind), self._attempt)

    def on_kill(self) -> None:
        """Stop what runs. Airflow calls this in a signal handler, and `execute` then goes on: it keeps the report."""
        self._killed = True
        if self._attempt is not None:
            self._attempt.cancel()
