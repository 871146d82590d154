"""The report: what a gate measured, how it was judged, and where it came from. A versioned contract with one codec.

Version history:
    1  first version
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError
from pydantic_core import PydanticSerializationError

from airflow_provider_dpq.core.environment import Environment, current
from airflow_provider_dpq.core.errors import DpqError, StoreError, text_of
from airflow_provider_dpq.core.gate.checked import Checked
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.merged import MergedPart
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.part import Part
from airflow_provider_dpq.core.gate.profile import Profile
from airflow_provider_dpq.core.gate.recording import Recording
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.threshold import Threshold, ThresholdResult, judge
from airflow_provider_dpq.core.gate.values import Values
from airflow_provider_dpq.core.gate.verdict import Verdict, worst
from airflow_provider_dpq.core.line import printable

SCHEMA_VERSION: Final = 1


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Problem(_Frozen):
    """Why something could not be measured: a stable code and a sentence.

    Attributes:
        reason: The code.
        message: The sentence.
        quotes_data: Whether the sentence may quote a value of the data; what does not say so, may.
    """

    reason: str
    message: str
    quotes_data: bool = True

    @classmethod
    def of(cls, error: DpqError) -> Problem:
        """Return what an error says of itself."""
        return cls(reason=error.reason, message=text_of(error), quotes_data=error.quotes_data)

    @property
    def without_values(self) -> str:
        """The message, or for one that may quote data, where to read it."""
        return f"See the report for the reason ({self.reason})." if self.quotes_data else self.message


class DataInterval(_Frozen):
    """The span of data that a gate judged, as Airflow's data interval; both ends carry a time zone."""

    start: AwareDatetime
    end: AwareDatetime


class Provenance(_Frozen):
    """Which run made the report.

    Attributes:
        dag_id: DAG, or None outside Airflow.
        task_id: Task, or None outside Airflow.
        run_id: Run of the DAG; outside Airflow an identifier of the invocation.
        map_index: Index of a mapped task, -1 where it is not mapped.
        try_number: Attempt, counted from 1.
        label: What this instance of a mapped task is about, for people, such as its partition; None where nothing says
            it.
        gate_tasks: Tasks of the DAG each instance of which reports under the same gate, or may do so; without its own
            task where this instance stands for itself. None where nothing says it.
    """

    dag_id: str | None = None
    task_id: str | None = None
    run_id: str
    map_index: int = -1
    try_number: int = 1
    label: str | None = None
    gate_tasks: tuple[str, ...] | None = None


class CheckResult(_Frozen):
    """One thing that a gate checked, in the words of its kind.

    Attributes:
        name: Stable name of the check, unique in its report.
        type: What was checked: an expectation type, a scenario, a size.
        verdict: What this check alone would decide.
        severity: Declared severity, in the words of its kind.
        success: Whether the check held, whatever its severity; None where that cannot be decided.
        declaration: The check as declared (keyword arguments, a condition).
        result: What was observed, in the field names of its kind.
        on_empty: What decides where there was nothing to check, in the words of its kind; None where the kind has no
            such policy.
        thresholds: Judgement of the thresholds declared on this check.
        error: Why it could not be evaluated, or of an inconclusive check why it cannot be decided.
        evaluated_by: Which of several evaluators answered.
        remarks: Why the answer says little of the data, where it does: nothing was looked at, or nothing could break
            the check.
    """

    name: str
    type: str
    verdict: Verdict
    severity: str
    success: bool | None
    declaration: Values = Field(default_factory=dict)
    result: Values = Field(default_factory=dict)
    on_empty: str | None = None
    thresholds: tuple[ThresholdResult, ...] = ()
    error: Problem | None = None
    evaluated_by: str | None = None
    remarks: tuple[str, ...] = ()


class Artifact(_Frozen):
    """A file or table that belongs to a report: a plot, a profile, the failing rows.

    Attributes:
        name: What it is.
        uri: Where it is: a path, a URL, or a table's name.
        media_type: What it holds.
        rows: How many rows it has, where it has rows.
        checks: Names of the checks that decided which rows it has.
    """

    name: str
    uri: str
    media_type: str
    rows: int | None = None
    checks: tuple[str, ...] = ()


class Report(_Frozen):
    """The outcome of one gate in one run.

    Attributes:
        schema_version: Version of this contract.
        id: Identifier, a UUID.
        gate: Name of the gate.
        kind: What kind of gate it is: ``quality``, ``benchmark``, ``load``, ``leak``.
        subject: What was measured, for people; never a secret.
        data_interval: The span of data judged, where there is one.
        verdict: The worst of all that was judged.
        thresholds: The gate's own thresholds with what was observed.
        metrics: Everything measured, with units.
        checks: Results of the gate's checks.
        environment: Machine and versions.
        provenance: Which run made it.
        moved_to: DAG that the gate belongs to since its history was moved there, empty outside Airflow; None where it
            belongs to the DAG that measured.
        started_at: When measuring began, with time zone.
        duration_seconds: How long it took.
        artifacts: Files that belong to it.
        series: Samples behind the metrics, and what the report plots.
        profile: Where time and memory went, where that was looked at.
        recording: What load generators recorded, to be merged with that of others.
        parts: The partitions of the table as they were measured, for the next report of a table that grows.
        merged: The parts whose reports were merged into this one.
        not_checked: What the declaration promises beside, which the gate does not evaluate.
        error: Why the gate as a whole could not be measured.
        checked: What a quality gate looked at; None for other kinds, and where nothing could be opened.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    id: str
    gate: str
    kind: str
    subject: str
    data_interval: DataInterval | None = None
    verdict: Verdict
    thresholds: tuple[ThresholdResult, ...] = ()
    metrics: tuple[Metric, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    environment: Environment
    provenance: Provenance
    moved_to: str | None = None
    started_at: AwareDatetime
    duration_seconds: FiniteFloat
    artifacts: tuple[Artifact, ...] = ()
    series: tuple[Series, ...] = ()
    profile: Profile | None = None
    recording: Recording | None = None
    parts: tuple[Part, ...] = ()
    merged: tuple[MergedPart, ...] = ()
    not_checked: tuple[str, ...] = ()
    error: Problem | None = None
    checked: Checked | None = None

    @property
    def identity(self) -> Gate:
        """Whose report it is: the gate's DAG and name."""
        return Gate.of(self.gate, self.provenance.dag_id if self.moved_to is None else self.moved_to)

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the report as JSON text; `parse_report` reads it back."""
        return self.model_dump_json(indent=indent)


def make_report(
    *,
    gate: str,
    kind: str,
    subject: str,
    provenance: Provenance,
    started_at: datetime,
    duration_seconds: float,
    metrics: Sequence[Metric] = (),
    checks: Sequence[CheckResult] = (),
    thresholds: Sequence[Threshold] = (),
    baseline: Sequence[Metric] | None = None,
    data_interval: DataInterval | None = None,
    artifacts: Sequence[Artifact] = (),
    series: Sequence[Series] = (),
    profile: Profile | None = None,
    recording: Recording | None = None,
    parts: Sequence[Part] = (),
    not_checked: Sequence[str] = (),
    error: DpqError | None = None,
    checked: Checked | None = None,
) -> Report:
    """Judge what a gate measured and write it down: the one path from measurement to verdict.

    Args:
        gate: Name of the gate.
        kind: Kind of the gate.
        subject: What was measured, for people.
        provenance: Which run this is.
        started_at: When measuring began, with time zone.
        duration_seconds: How long it took.
        metrics: What was measured.
        checks: Results of the gate's checks, each already with its own verdict.
        thresholds: The gate's thresholds.
        baseline: Metrics that ``x baseline`` thresholds refer to.
        data_interval: The span of data judged.
        artifacts: Files that belong to the report.
        series: Samples behind the metrics, and what the report plots.
        profile: Where time and memory went.
        recording: What load generators recorded.
        parts: The partitions of the table as they were measured.
        not_checked: What the declaration promises beside, which the gate does not evaluate.
        error: Why the gate could not be measured, or not do all that it was to do; makes the verdict ``error`` whatever
            else is known.
        checked: What a quality gate looked at.

    Returns:
        The report. A gate that judged nothing at all is an ``error``, never a pass.
    """
    unmeasured = error is not None and not checks and not metrics
    judged = () if unmeasured else judge(thresholds, metrics, baseline)
    problem = Problem.of(error) if error else None if judged or checks else _nothing_judged()
    report = Report(
        id=str(uuid.uuid4()),
        gate=gate,
        kind=kind,
        subject=printable(subject),
        data_interval=data_interval,
        verdict=_verdict(judged, checks, problem),
        thresholds=judged,
        metrics=tuple(metrics),
        checks=tuple(checks),
        environment=current(),
        provenance=provenance,
        started_at=started_at,
        duration_seconds=duration_seconds,
        artifacts=tuple(artifacts),
        series=tuple(series),
        profile=profile,
        recording=recording,
        parts=tuple(parts),
        not_checked=tuple(not_checked),
        error=problem,
        checked=checked,
    )
    return _writable(report)


def _nothing_judged() -> Problem:
    message = "The gate has no checks and no thresholds: nothing was judged."
    return Problem(reason="nothing_judged", message=message, quotes_data=False)


def _writable(report: Report) -> Report:
    """Return a report that can be written as JSON: halves of surrogate pairs, as in names of files, are escaped."""
    try:
        report.to_json()
    except PydanticSerializationError:
        return Report.model_validate(_written(report.model_dump()))
    return report


def _written(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_written(name): _written(item) for name, item in value.items()}
    return [_written(item) for item in value] if isinstance(value, (list, tuple)) else value


def _verdict(thresholds: Iterable[ThresholdResult], checks: Iterable[CheckResult], problem: Problem | None) -> Verdict:
    if problem is not None:
        return Verdict.ERROR
    return worst(item.verdict for items in (thresholds, checks) for item in items)


def parse_report(text: str | bytes) -> Report:
    """Read a report from JSON.

    Raises:
        StoreError: ``unreadable_report``: it is not a report, or of a version that this release does not know.
    """
    try:
        return Report.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        message = f"Not a report of schema version {SCHEMA_VERSION}: {place}: {first['msg']}."
        raise StoreError("unreadable_report", message, hint="Was it written by a newer release?") from error
