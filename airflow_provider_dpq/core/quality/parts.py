"""Reports about parts of a table, put together into one about the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.merged import Instance, MergedPart, names
from airflow_provider_dpq.core.gate.report import CheckResult, DataInterval, Problem, Provenance, Report, make_report
from airflow_provider_dpq.core.gate.share import Share
from airflow_provider_dpq.core.gate.threshold import Threshold, ThresholdResult
from airflow_provider_dpq.core.gate.verdict import Verdict, worst
from airflow_provider_dpq.core.quality.expectations.base import Merging
from airflow_provider_dpq.core.quality.gate import KIND
from airflow_provider_dpq.core.quality.merge import COUNTS, counts_of, figures_of, holding, merge_figures, merging_of
from airflow_provider_dpq.core.quality.result import SuiteResult
from airflow_provider_dpq.core.table.jsonable import jsonable

_MOST_NAMED: Final = 20


def merge_reports(
    parts: Sequence[Report | None],
    *,
    gate: str,
    provenance: Provenance,
    thresholds: Sequence[Threshold] = (),
    data_interval: DataInterval | None = None,
) -> Report:
    """Put the reports of gates on parts of a table together: one verdict, the worst, and counts of the whole.

    Counts, extremes and sums of checks are merged; a check of another figure holds where it held in every part. A part
    without a report, or with one that is an error, makes the whole an error.

    Args:
        parts: A report for each part; None for a part that left none.
        gate: Name of the merged gate.
        provenance: Which run merges them.
        thresholds: Thresholds on the merged metrics, beside those that the parts were judged by.
        data_interval: The span of data judged.

    Returns:
        The merged report. Its thresholds are those given, and of the parts the ones that did not pass.
    """
    found = [part for part in parts if part is not None]
    told = _parts(parts)
    merged = tuple(_merged(name, found, told) for name in dict.fromkeys(c.name for part in found for c in part.checks))
    started = min((part.started_at for part in found), default=datetime.now(UTC))
    ended = max((part.started_at.timestamp() + part.duration_seconds for part in found), default=started.timestamp())
    whole = SuiteResult("", _subject(found, told), merged, sum(map(_rows, found)), started, ended - started.timestamp())
    report = make_report(
        gate=gate,
        kind=KIND,
        subject=whole.subject,
        provenance=provenance,
        started_at=started,
        duration_seconds=whole.duration_seconds,
        metrics=whole.metrics,
        checks=merged,
        thresholds=thresholds,
        data_interval=data_interval,
        error=_error(parts, told),
    )
    breached = tuple(
        _of_part(item, one)
        for part, one in zip(parts, told, strict=True)
        for item in (part.thresholds if part is not None else ())
        if not _passed(item.verdict)
    )
    verdict = worst([report.verdict, *(part.verdict for part in found)])
    return report.model_copy(update={"thresholds": (*report.thresholds, *breached), "verdict": verdict, "merged": told})


def _error(parts: Sequence[Report | None], told: Sequence[MergedPart]) -> MeasurementError | None:
    """Return why the whole was not measured, of which a part may be the reason."""
    missing = [number for number, part in enumerate(parts) if part is None]
    if not parts:
        return MeasurementError(
            "missing_part", "There is no part.", hint="Was the gate expanded over anything?", quotes_data=False
        )
    if missing:
        message = (
            f"{len(missing)} of {len(parts)} parts left no report, the first of them part {told[missing[0]].name}."
        )
        return MeasurementError("missing_part", message, hint="Clear them, so that they run again.", quotes_data=False)
    for part, one in zip(parts, told, strict=True):
        if part is not None and part.error is not None:
            message = f"In part {one.name}: {part.error.message}"
            return MeasurementError(part.error.reason, message, quotes_data=part.error.quotes_data)
    return None


def _merged(name: str, parts: Sequence[Report], told: Sequence[MergedPart]) -> CheckResult:
    held = [(part, check) for part in parts for check in part.checks if check.name == name]
    checks = [check for _, check in held]
    leading = max(checks, key=lambda check: check.verdict.rank)
    absent = len([part for part in parts if part.error is None]) - len(held)
    error = next((check.error for check in checks if check.error is not None), None)
    verdict = leading.verdict
    if absent > 0:
        message = f"{absent} of {len(parts)} parts did not make this check."
        error, verdict = error or Problem(reason="missing_part", message=message, quotes_data=False), Verdict.ERROR
    evaluators = sorted({check.evaluated_by for check in checks if check.evaluated_by})
    return leading.model_copy(
        update={
            "verdict": verdict,
            "success": all(check.success for check in checks) and error is None,
            "result": _result(held, {one.report_id: one.name for one in told}),
            "error": error,
            "evaluated_by": ", ".join(evaluators) or None,
        }
    )


def _result(held: Sequence[tuple[Report, CheckResult]], names: Mapping[str | None, str]) -> Mapping[str, JsonValue]:
    checks = [check for _, check in held]
    merging = merging_of(checks[0].type)
    results = [figures_of(merging, check.result) for check in checks]
    counts = [counts_of(check.result) for check in checks]
    figures = merge_figures(merging, results)
    result: dict[str, JsonValue] = {name: jsonable(value) for name, value in (figures or {}).items()}
    if figures is None and all(set(COUNTS[:2]) <= set(item) for item in counts):
        result = dict(merge_figures(Merging.COUNTS, counts) or {})
    elements, unexpected = result.get("element_count"), result.get("unexpected_count")
    if isinstance(elements, int) and isinstance(unexpected, int):
        missing = result.get("missing_count")
        valued = elements - (missing if isinstance(missing, int) else 0)
        result["unexpected_percent"] = Share(unexpected, valued).percent
    result["scope"] = "each part" if figures is None else "all parts"
    breaking = [part.id for part, check in held if not check.success or check.result.get("unexpected_count")]
    result["parts_with_unexpected"] = [names[report_id] for report_id in breaking[:_MOST_NAMED]]
    if holders := holding(merging, results):
        result["parts_with_observed"] = [names[held[number][0].id] for number in holders[:_MOST_NAMED]]
    result["reports_with_unexpected"] = list[JsonValue](breaking[:_MOST_NAMED])
    return result


def _parts(parts: Sequence[Report | None]) -> tuple[MergedPart, ...]:
    found = [(number, part) for number, part in enumerate(parts) if part is not None]
    named = names([Instance(part.provenance.label, part.subject, number) for number, part in found])
    told = {number: name for (number, _), name in zip(found, named, strict=True)}
    return tuple(
        MergedPart(name=f"[{number}]", verdict=Verdict.ERROR)
        if part is None
        else MergedPart(name=told[number], verdict=part.verdict, report_id=part.id)
        for number, part in enumerate(parts)
    )


def _subject(parts: Sequence[Report], told: Sequence[MergedPart]) -> str:
    """Say what was measured in all: none of the parts stands for the others."""
    subjects = list(dict.fromkeys(part.subject for part in parts))
    if len(told) == 1 or not subjects:
        return subjects[0] if subjects else "no part"
    if len(subjects) == 1:
        return f"{subjects[0]} in {len(told)} parts"
    return f"{len(told)} parts, {told[0].name} to {told[-1].name}"


def _rows(report: Report) -> int:
    values = [metric.value for metric in report.metrics if metric.name == "row_count" and not metric.tags]
    return int(values[0] or 0) if values else 0


def _of_part(result: ThresholdResult, part: MergedPart) -> ThresholdResult:
    return result.model_copy(update={"tags": {**result.tags, "part": part.name}})


def _passed(verdict: Verdict) -> bool:
    return verdict is Verdict.PASS
