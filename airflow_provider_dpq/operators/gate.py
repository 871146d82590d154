"""The gate operator: after measuring, every gate stores the report, announces it and acts on the verdict."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError, StoreError
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.line import printable
from airflow_provider_dpq.exceptions import GateFailedError, GateMeasurementError, airflow_error, declaring, raised
from airflow_provider_dpq.operators.link import GateReportLink
from airflow_provider_dpq.operators.namesake import GateBearer
from airflow_provider_dpq.operators.run import GateRun, is_hurried
from airflow_provider_dpq.operators.template import is_literal

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_dpq.core.gate.report import Report
    from airflow_provider_dpq.core.gate.threshold import Threshold, ThresholdsDeclaration

_ON_FAIL: Final = ("fail", "skip", "continue")
_ON_INCONCLUSIVE: Final = ("warn", "fail", "skip")
_MAX_REASONS: Final = 5


class GateOperator(GateBearer, BaseOperator):
    """A task that measures something, stores the report and lets the verdict decide what happens downstream.

    A kind of gate defines what is measured by `kind` and `measure`, and its name by `subject`.

    Args:
        gate: Name of the gate, under which its history is kept; by default the task's id. A gate is identified by its
            DAG and its name, so gates of two DAGs never share a history.
        shared_gate: Whether other tasks of the DAG with this option may report under the same name. They have one
            history, in which the worst of a run counts. Otherwise the name of another task's gate is refused.
        thresholds: Thresholds of the gate, one or a list of them, each a string such as ``"row_count > 0"`` or a
            mapping of ``threshold`` and ``severity`` (``warn`` or ``fail``; ``warning`` and ``critical`` also work).
        on_fail: What a ``fail`` verdict does. ``fail``: the task fails, without a retry. ``skip``: the task ends as
            skipped, and downstream tasks follow their trigger rules. ``continue``: the task succeeds with a warning.
        on_inconclusive: What an ``inconclusive`` verdict does. ``warn``: the task succeeds with a warning. ``fail`` and
            ``skip`` as above.
        dpq_conn_id: Connection of the report store; by default the configured store.

    Raises:
        GateDeclarationError: While the DAG file is parsed: an argument is wrong.
    """

    kind: ClassVar[str]
    template_fields: Sequence[str] = ("gate", "thresholds")
    operator_extra_links = (GateReportLink(),)
    ui_color = "#e3eef7"

    def __init__(
        self,
        *,
        gate: str | None = None,
        thresholds: ThresholdsDeclaration | None = None,
        on_fail: str = "fail",
        on_inconclusive: str = "warn",
        dpq_conn_id: str | None = None,
        shared_gate: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.gate = self.task_id if gate is None else gate
        self.shared_gate = shared_gate
        self.thresholds = thresholds
        self.on_fail = on_fail
        self.on_inconclusive = on_inconclusive
        self.dpq_conn_id = dpq_conn_id
        with declaring(self.gate):
            one_of("on_fail", on_fail, _ON_FAIL)
            one_of("on_inconclusive", on_inconclusive, _ON_INCONCLUSIVE)
            if is_literal(thresholds):
                read_thresholds(thresholds, self.kind)
            self.claim_gate(self.get_dag())

    @property
    @abstractmethod
    def subject(self) -> str:
        """What is measured, for people; never a secret."""

    @abstractmethod
    def measure(self, run: GateRun) -> Report:
        """Measure, judge, and return the report.

        Raises:
            DpqError: It could not be measured, or the declaration is wrong.
            CutShort: It was measured in part.
        """

    def execute(self, context: Context) -> None:
        """Measure, store the report, push its summary to XCom, and act on the verdict.

        Raises:
            GateFailedError: The verdict is final and stops the pipeline; not retried.
            GateDeclarationError: What is declared is wrong; not retried.
            GateMeasurementError: It could not be measured; retried.
            GateStoreError: The report could not be stored; retried.
            AirflowSkipException: The verdict is to skip.
        """
        run, unpushed = GateRun.of(context, self), None
        report, error = run.measure(self.kind, lambda: self.subject, lambda: self._measure_own(run))
        try:
            run.keep(report, hurried=is_hurried(error))
        except StoreError as failure:
            if error is None or isinstance(error, (MeasurementError, StoreError)):
                raise airflow_error(failure, str(run.identity)) from None
            self.log.warning("The report could not be stored either: %s", airflow_error(failure, str(run.identity)))
        else:
            unpushed = run.hand_on(report, context["ti"])
        self.act(report, error, run.link)
        if unpushed is not None:
            raise unpushed

    def _measure_own(self, run: GateRun) -> Report:
        self.require_own_gate(self.get_dag())
        run.require_own_gate(self)
        return self.measure(run)

    def act(self, report: Report, error: BaseException | None, link: str) -> None:
        """Let the verdict of a stored report decide how the task ends."""
        if error is not None:
            raise raised(error, str(report.identity)) from None
        if report.verdict is Verdict.PASS:
            return
        message = decision(report, link)
        if report.verdict is Verdict.ERROR:
            raise GateMeasurementError(message)
        consequence = {Verdict.FAIL: self.on_fail, Verdict.INCONCLUSIVE: self.on_inconclusive}.get(report.verdict)
        if consequence == "fail":
            raise GateFailedError(message)
        if consequence == "skip":
            # Not as ShortCircuitOperator does it: that leaves the task green, which sends its asset events, and from a
            # mapped task it skips nothing that is not mapped as well.
            raise AirflowSkipException(message)
        self.log.warning("%s", message)


def read_thresholds(declarations: ThresholdsDeclaration | None, kind: str) -> tuple[Threshold, ...]:
    """Read thresholds as `core.gate.threshold.parse_thresholds` does, which is imported only where there are any.

    Raises:
        DeclarationError: One of them is wrong.
    """
    if declarations is None:
        return ()
    from airflow_provider_dpq.core.gate.threshold import parse_thresholds

    return parse_thresholds(declarations, kind)


def one_of(argument: str, value: object, allowed: Sequence[str]) -> None:
    """Refuse an argument that is none of the words allowed.

    Raises:
        DeclarationError: ``unknown_option``.
    """
    if value not in allowed:
        message = f"Invalid {argument}: {value!r}."
        raise DeclarationError("unknown_option", message, hint=f"Use one of {', '.join(map(repr, allowed))}.")


def decision(report: Report, link: str) -> str:
    """Say what a gate decided and why, in numbers and without values of the data.

    Args:
        report: The report.
        link: Where the whole of it is read.
    """
    from airflow_provider_dpq.core.gate.redaction import without_values
    from airflow_provider_dpq.core.render import outcome

    reasons = [f"{verdict.value}: {text}" for verdict, text in outcome.reasons(without_values(report))]
    more = [f"and {len(reasons) - _MAX_REASONS} more"] if len(reasons) > _MAX_REASONS else []
    head = f"Gate {str(report.identity)!r}: {report.verdict.value}, {outcome.conclusion(report)}."
    lines = [head, *(f"  {line}" for line in [*reasons[:_MAX_REASONS], *more]), f"  Report: {link}"]
    return "\n".join(map(printable, lines))
