"""The sensor that checks the data itself again and again, until it is good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from airflow.sdk import BaseSensorOperator

from airflow_provider_dpq.core.attempt import Attempt
from airflow_provider_dpq.core.errors import SourceError, StoreError
from airflow_provider_dpq.exceptions import airflow_error, declaring, raised
from airflow_provider_dpq.operators.gate import decision, read_thresholds
from airflow_provider_dpq.operators.link import GateReportLink
from airflow_provider_dpq.operators.measurement import QualityMeasurement
from airflow_provider_dpq.operators.namesake import GateBearer
from airflow_provider_dpq.operators.run import GateRun, is_hurried
from airflow_provider_dpq.operators.template import settled

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_dpq.core.gate.report import Report
    from airflow_provider_dpq.core.gate.threshold import ThresholdsDeclaration

_KIND: Final = "quality"


class DataQualitySensor(GateBearer, BaseSensorOperator):
    """Checks a table, a file or a query against a suite of expectations until the verdict is ``pass`` or ``warn``.

    Data that does not exist yet, such as a missing file or table, is waited for. What is declared wrongly fails at once
    and without a retry. Each look replaces the report of the one before, so that one report remains for each try.

    Args:
        gate: Name of the gate; the task's id where it is not given.
        shared_gate: Whether other tasks of the DAG that say so, too, may report under this name.
        thresholds: Thresholds of the gate.
        dpq_conn_id: Connection of the store of reports; the configured store where it is not given.
        table: As of `DataQualityCheckOperator`, like all that follow.
        path: File or files, also in object storage.
        sql: Query.
        conn_id: Connection of a SQL database, or of the object storage.
        suite: The suite, or its path.
        suite_parameters: Values of the suite's parameters.
        references: Paths of other tables that expectations refer to.
        partition: Column values that select the rows to check.
        partition_by: Columns or keys of folders by which the table grows.
        row_condition: Condition that selects the rows to check.
        null_values: Texts in CSV files that mean a missing value.
        read_options: How text files are read, where that is declared: a mapping of `delimiter`, `column_types` and the
            like, as of `ReadOptions`.
        result_format: How much the results tell.
        memory_limit: Memory that checking a file may use.
        query_timeout: Longest time that one statement may take.
        on_empty: Best verdict of a check about rows that finds none and does not say so itself: ``pass``, ``warn`` (if
            not given) or ``fail``; or ``expectation`` to leave it at what the expectation says of no rows.
        sample_rows: Most failing rows of a check that its result may show, whatever `result_format` says; 0 for none.
        hidden_columns: Columns whose values no result shows, such as those that hold personal data. One that nothing
            has is refused.
        exclude_unexpected_values: Whether values of failing rows, but for the columns that name rows, stay out of the
            results.
        **kwargs: Arguments of Airflow's BaseSensorOperator.

    Raises:
        GateDeclarationError: While the DAG file is parsed: an argument, a threshold or the suite is wrong.
    """

    template_fields: Sequence[str] = (
        "gate",
        "thresholds",
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
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "suite": "json"}
    operator_extra_links = (GateReportLink(),)
    ui_color = "#e3eef7"

    def __init__(
        self,
        *,
        gate: str | None = None,
        shared_gate: bool = False,
        thresholds: ThresholdsDeclaration | None = None,
        dpq_conn_id: str | None = None,
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
        self.gate = self.task_id if gate is None else gate
        self.shared_gate = shared_gate
        self.thresholds = thresholds
        self.dpq_conn_id = dpq_conn_id
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
        with declaring(self.gate):
            if settled(thresholds):
                read_thresholds(thresholds, _KIND)
            QualityMeasurement.of(self).validate()
            self.claim_gate(self.get_dag())

    _attempt: Attempt | None = None
    _killed = False

    def on_kill(self) -> None:
        """Stop what runs; `poke` then keeps the report and raises."""
        self._killed = True
        if self._attempt is not None:
            self._attempt.cancel()

    def poke(self, context: Context) -> bool:
        """Check the data once, store the report, and return whether the gate has passed.

        Raises:
            GateDeclarationError: What is declared is wrong; not retried.
            GateMeasurementError: The data exists but could not be measured; retried.
            GateStoreError: The report could not be stored; retried.
        """
        measurement = QualityMeasurement.of(self)
        self._attempt = attempt = Attempt()
        if self._killed:  # before there was anything to cancel
            attempt.cancel()
        run, unpushed = GateRun.of(context, self), None

        def measuring() -> Report:
            self.require_own_gate(self.get_dag())
            run.require_own_gate(self)
            return measurement.report(run, read_thresholds(self.thresholds, _KIND), attempt)

        report, error = run.measure(_KIND, lambda: measurement.subject, measuring)
        try:
            run.keep(report, replace=True, hurried=is_hurried(error))
        except StoreError as failure:
            if error is None or isinstance(error, SourceError):
                raise airflow_error(failure, str(run.identity)) from None
            self.log.warning("The report could not be stored either: %s", airflow_error(failure, str(run.identity)))
        else:
            unpushed = run.hand_on(report, context["ti"])
        if error is not None and not isinstance(error, SourceError):
            # Without the chain, which is logged: a database's error quotes its statement with the values in it.
            raise raised(error, str(run.identity)) from None
        if unpushed is not None:
            raise unpushed
        if not report.verdict.passed:
            self.log.info("%s", decision(report, run.link))
        return report.verdict.passed
