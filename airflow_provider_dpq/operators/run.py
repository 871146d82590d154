"""One gate in one try of a task: who measures, for which data, and where the report is kept."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk.exceptions import AirflowTaskTerminated, AirflowTaskTimeout

from airflow_provider_dpq import conf
from airflow_provider_dpq.core.attempt import cause_of, cut_short
from airflow_provider_dpq.core.errors import CancelledError, DpqError, ReportExistsError, StoreError, unexpected_error
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.operators.link import tab_path
from airflow_provider_dpq.operators.namesake import GateBearer, gate_taken, instances_alike
from airflow_provider_dpq.operators.naming import gate_tasks, names_instances

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.types import RuntimeTaskInstanceProtocol

    from airflow_provider_dpq.core.gate.report import DataInterval, Provenance, Report
    from airflow_provider_dpq.core.store import Baseline, Entry
    from airflow_provider_dpq.core.store.limits import StoreLimits

XCOM_KEY: Final = "dpq_report"
"""XCom key of a report's summary."""

_LABEL_LENGTH: Final = 250
"""Most characters of a label, as of one that Airflow keeps."""

_INTERRUPTS: Final = (AirflowTaskTimeout, AirflowTaskTerminated, KeyboardInterrupt, SystemExit)
"""What ends a task from outside; anything else is of what was measured, or of what measures."""

log = logging.getLogger(__name__)


@cause_of.register
def _(interrupt: AirflowTaskTimeout) -> str:
    return f"the task's time limit ({type(interrupt).__name__})"


@cause_of.register
def _(interrupt: AirflowTaskTerminated) -> str:
    return f"a kill of the task ({type(interrupt).__name__})"


class CutShort(Exception):  # noqa: N818 - it is not the error, it carries it
    """A measurement did not come to its end.

    Args:
        report: What was measured until then; its verdict is ``error``.
        error: What cut it short, and goes on once the report is kept.
    """

    def __init__(self, report: Report, error: BaseException) -> None:
        super().__init__(str(error))
        self.report = report
        self.error = error


@dataclass(frozen=True, slots=True)
class GateRun:
    """One gate in one try of a task.

    Attributes:
        gate: Name of the gate.
        provenance: The task instance and its try.
        data_interval: The run's data interval; None for a run without one.
        dpq_conn_id: Connection of the store; None for the configured one.
        limit_seconds: Time limit of the task; None where it has none.
        begun_at: When the run of the DAG began, or was cleared; None where nobody knows.
    """

    gate: str
    provenance: Provenance
    data_interval: DataInterval | None = None
    dpq_conn_id: str | None = None
    limit_seconds: float | None = None
    begun_at: datetime | None = None

    @classmethod
    def of(cls, context: Context, task: GateBearer) -> GateRun:
        """Return the run of a task's gate in the task instance that a context belongs to."""
        from airflow_provider_dpq.core.gate.report import Provenance

        ti, dag_run = context["ti"], context["dag_run"]
        return cls(
            gate=task.gate,
            provenance=Provenance(
                dag_id=ti.dag_id,
                task_id=ti.task_id,
                run_id=ti.run_id,
                map_index=-1 if ti.map_index is None else ti.map_index,
                try_number=ti.try_number,
                label=_label(ti),
                gate_tasks=gate_tasks(task, context),
            ),
            data_interval=data_interval(dag_run.data_interval_start, dag_run.data_interval_end),
            dpq_conn_id=task.dpq_conn_id,
            limit_seconds=_limit(context),
            begun_at=getattr(dag_run, "start_date", None),
        )

    @property
    def identity(self) -> Gate:
        """Whose run it is: the gate's DAG and name."""
        return Gate.of(self.gate, self.provenance.dag_id)

    @property
    def link(self) -> str:
        """Address of the report in Airflow's UI; only its path where ``[api] base_url`` is not set."""
        source = self.provenance
        path = tab_path(str(source.dag_id), source.run_id, str(source.task_id), source.map_index)
        return conf.ui_url() + path

    def measure(
        self, kind: str, subject: Callable[[], str], measuring: Callable[[], Report]
    ) -> tuple[Report, BaseException | None]:
        """Measure, and write down as a report what could not be measured as well, whatever ended it.

        Args:
            kind: Kind of the gate.
            subject: Returns what is measured, for the report of a failure.
            measuring: Measures, judges and returns the report.

        Returns:
            The report, and what it is about where that goes on once it is kept: an error of this project, the time
            limit of the task, an interrupt, or an exception that nobody foresaw.
        """
        started_at, started = datetime.now(UTC), time.monotonic()
        try:
            self._begin(kind, _subject_of(subject))
            return measuring(), None
        except CutShort as cut:
            return cut.report, cut.error
        except BaseException as error:  # noqa: BLE001 - it goes on once the report is kept
            return self._report_of(error, kind, subject, started_at, time.monotonic() - started), error

    def require_own_gate(self, task: GateBearer) -> None:
        """Refuse a gate under which another task reported in this run: its name came from a template or an XCom.

        So is that of an instance of a mapped task which has a gate of its own, where another instance has it too.

        Args:
            task: The task; nothing is asked where it shares its gate.

        Raises:
            DeclarationError: ``gate_taken``.
        """
        from airflow_provider_dpq.hooks.dpq import DpqHook

        dag = task.get_dag()
        if task.shared_gate or dag is None:
            return
        try:
            with DpqHook(self.dpq_conn_id).get_store() as store:
                entries = store.of_run(self.identity, self.provenance.run_id)
        except StoreError:
            return  # storing the report raises it again
        # A task that is no more may have reported in a run of the same id that was deleted.
        others = {str(entry.task_id) for entry in entries} & set(dag.task_dict) - {task.task_id}
        if others:
            raise gate_taken(self.gate, sorted({task.task_id, *others}))
        if names_instances(task):
            self._require_own_instance(task.task_id, entries)

    def _require_own_instance(self, task_id: str, entries: Sequence[Entry]) -> None:
        # Before this run was cleared, the instances may have been made of other values.
        begun = self.begun_at or datetime.min.replace(tzinfo=UTC)
        indexes = {
            entry.map_index
            for entry in entries
            if entry.task_id == task_id and entry.started_at is not None and entry.started_at >= begun
        }
        if indexes - {self.provenance.map_index}:
            raise instances_alike(self.gate, task_id, sorted({self.provenance.map_index, *indexes}))

    def _begin(self, kind: str, subject: str) -> None:
        from airflow_provider_dpq.core.store.patience import STARTING_SECONDS, patiently
        from airflow_provider_dpq.core.store.start import Start
        from airflow_provider_dpq.hooks.dpq import DpqHook

        def begin() -> None:
            with DpqHook(self.dpq_conn_id).get_store() as store:
                limit = self.limit_seconds
                start = Start.now(
                    self.gate, kind, subject, self.provenance, interval=self.data_interval, limit_seconds=limit
                )
                store.begin(start)

        try:
            patiently(begin, STARTING_SECONDS)
        except StoreError as error:
            # Measuring goes on, for the log will have the report; the task cannot pass unless it is stored as well.
            log.warning("The start of the measurement could not be recorded (%s).", error.reason)

    def _report_of(
        self, error: BaseException, kind: str, subject: Callable[[], str], started_at: datetime, seconds: float
    ) -> Report:
        from airflow_provider_dpq.core.gate.report import make_report

        if isinstance(error, DpqError):
            problem = error
        elif isinstance(error, _INTERRUPTS):
            problem = cut_short(error)
        else:
            problem = unexpected_error(error, "Measuring")
        return make_report(
            gate=self.gate,
            kind=kind,
            subject=_subject_of(subject),
            provenance=self.provenance,
            started_at=started_at,
            duration_seconds=seconds,
            data_interval=self.data_interval,
            error=problem,
        )

    def keep(self, report: Report, *, replace: bool = False, hurried: bool = False) -> None:
        """Log the report and store it.

        Args:
            report: The report.
            replace: Whether an earlier report of this very try may be replaced silently, as a sensor's next poke does.
            hurried: Whether the process is about to be killed, so that a store that is busy is not waited for.

        Raises:
            StoreError: The report could not be stored; the log has it.
        """
        from airflow_provider_dpq.core.gate.redaction import without_values
        from airflow_provider_dpq.core.render import render_text

        try:
            log.info("%s", render_text(without_values(report)))
        except Exception as error:  # noqa: BLE001 - what cannot be drawn can be kept, and its verdict stands
            log.warning("The report cannot be logged: %s.", type(error).__name__)
        self._store(report, replace=replace, hurried=hurried)

    def hand_on(self, report: Report, ti: RuntimeTaskInstanceProtocol) -> BaseException | None:
        """Push the summary of a report that is stored to XCom: what XCom names can be read.

        Args:
            report: The report.
            ti: The task instance that pushes it.

        Returns:
            What kept it from that, be it a lost backend or a kill, to be raised where the verdict raises nothing: what
            the gate decided comes first, for a task that fails for its XCom is retried, and a verdict is final.
        """
        from airflow_provider_dpq.core.gate.summary import summarize

        try:
            ti.xcom_push(key=XCOM_KEY, value=summarize(report, link=self.link))
        except BaseException as failure:  # noqa: BLE001 - the caller raises it
            log.warning("The summary of the report could not be pushed to XCom: %s.", type(failure).__name__)
            return failure
        return None

    def history(self, limit: int) -> Sequence[Report]:
        """Return at most so many reports of this data-quality gate, the newest first.

        Raises:
            StoreError: The store cannot be read.
        """
        from airflow_provider_dpq.core.quality.gate import KIND
        from airflow_provider_dpq.hooks.dpq import DpqHook

        with DpqHook(self.dpq_conn_id).get_store() as store:
            return store.reports(self.identity, limit=limit, kind=KIND)

    def benchmark_history(self, limit: int) -> tuple[Sequence[Report], Sequence[Baseline]]:
        """Return at most so many reports of this benchmark, the newest first, and its accepted baselines.

        Raises:
            StoreError: The store cannot be read.
        """
        from airflow_provider_dpq.core.benchmark.gate import KIND
        from airflow_provider_dpq.hooks.dpq import DpqHook

        with DpqHook(self.dpq_conn_id).get_store() as store:
            return store.reports(self.identity, limit=limit, kind=KIND), store.baselines(self.identity)

    def _store(self, report: Report, *, replace: bool, hurried: bool) -> None:
        from airflow_provider_dpq.core.store.limits import LAST, TASKS
        from airflow_provider_dpq.core.store.patience import KEEPING_SECONDS, LAST_SECONDS, patiently

        limits, patience = (LAST, LAST_SECONDS) if hurried else (TASKS, KEEPING_SECONDS)
        patiently(lambda: self._write(report, limits, replace=replace), patience)

    def _write(self, report: Report, limits: StoreLimits, *, replace: bool) -> None:
        from airflow_provider_dpq.hooks.dpq import DpqHook

        with DpqHook(self.dpq_conn_id).get_store(limits) as store:
            try:
                store.write(report, replace=replace)
            except ReportExistsError:
                log.warning("This try already has a report, from a deleted run with the same id. It is replaced.")
                store.write(report, replace=True)


def _label(ti: Any) -> str | None:
    """Return what an instance of a mapped task is about: what `map_index_template` made of it, or its partition."""
    if ti.map_index is None or ti.map_index < 0:
        return None
    from airflow_provider_dpq.core.quality.disclosure import without_folders

    rendered = getattr(ti, "rendered_map_index", None)
    task = getattr(ti, "task", None)
    partition = getattr(task, "partition", None)
    of = dict(partition) if isinstance(partition, Mapping) else {}
    hidden = {str(column).casefold() for column in getattr(task, "hidden_columns", None) or ()}
    secret = [str(value) for column, value in of.items() if str(column).casefold() in hidden]
    if rendered:
        return None if any(value in rendered for value in secret) else without_folders(rendered, hidden)
    shown = (f"{column}={value}" for column, value in of.items() if str(column).casefold() not in hidden)
    return ", ".join(shown)[:_LABEL_LENGTH] or None


def _subject_of(subject: Callable[[], str]) -> str:
    try:
        return subject()
    except Exception:  # noqa: BLE001 - naming the subject may fail as measuring does
        return "unknown"


def _limit(context: Context) -> float | None:
    limit = getattr(context.get("task"), "execution_timeout", None)
    return None if limit is None else limit.total_seconds()


def is_hurried(error: BaseException | None) -> bool:
    """Whether what ended a measurement is going to end the process as well."""
    return isinstance(error, (*_INTERRUPTS, CancelledError))


def data_interval(start: datetime | None, end: datetime | None) -> DataInterval | None:
    """Return a run's data interval, or None for a run without one."""
    from airflow_provider_dpq.core.gate.report import DataInterval

    return DataInterval(start=start, end=end) if start is not None and end is not None else None
