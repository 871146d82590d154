"""The sensor that checks the data itself again and again, until it is good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from airflow_provider_dpq.core.errors import SourceError, StoreError
from airflow_provider_dpq.exceptions import airflow_error, declaring, raised
from airflow_provider_dpq.operators.check import QualityCheck
from airflow_provider_dpq.operators.gate import decision, read_thresholds
from airflow_provider_dpq.operators.link import GateReportLink
from airflow_provider_dpq.operators.run import GateRun, is_hurried
from airflow_provider_dpq.operators.template import is_literal

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_dpq.core.gate.report import Report
    from airflow_provider_dpq.core.gate.threshold import ThresholdsDeclaration


class DataQualitySensor(QualityCheck, BaseSensorOperator):
    """Checks a table, a file or a query against a suite of expectations until the verdict is ``pass`` or ``warn``.

    It waits for data that do not exist yet, such as a missing file or table. A wrong declaration fails at once, without
    a retry. Each poke replaces the report of the previous one, so that one report remains per try.

    Args:
        gate: Name of the gate; by default the task's id.
        shared_gate: Whether other tasks of the DAG with this option may report under the same name.
        thresholds: Thresholds of the gate.
        dpq_conn_id: Connection of the report store; by default the configured store.
        **kwargs: Arguments of `QualityCheck` (path, table, suite ...) and of Airflow's BaseSensorOperator.

    Raises:
        GateDeclarationError: While the DAG file is parsed: an argument, a threshold or the suite is wrong.
    """

    template_fields: Sequence[str] = ("gate", "thresholds", *QualityCheck.template_fields)
    operator_extra_links = (GateReportLink(),)
    ui_color = "#e3eef7"

    def __init__(
        self,
        *,
        gate: str | None = None,
        shared_gate: bool = False,
        thresholds: ThresholdsDeclaration | None = None,
        dpq_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.gate = self.task_id if gate is None else gate
        self.shared_gate = shared_gate
        self.thresholds = thresholds
        self.dpq_conn_id = dpq_conn_id
        with declaring(self.gate):
            if is_literal(thresholds):
                read_thresholds(thresholds, self.kind)
            self.validate_check()
            self.claim_gate(self.get_dag())

    def poke(self, context: Context) -> bool:
        """Check the data once, store the report, and return whether the gate has passed.

        Raises:
            GateDeclarationError: What is declared is wrong; not retried.
            GateMeasurementError: The data exists but could not be measured; retried.
            GateStoreError: The report could not be stored; retried.
        """
        run, unpushed = GateRun.of(context, self), None

        def measuring() -> Report:
            self.require_own_gate(self.get_dag())
            run.require_own_gate(self)
            return self.measure(run)

        report, error = run.measure(self.kind, lambda: self.subject, measuring)
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
