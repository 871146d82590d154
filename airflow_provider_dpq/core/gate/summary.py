"""The bounded view of a report that fits into XCom, an asset event or a message: no data values, at most 16 KiB."""

from __future__ import annotations

import json
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.gate.number import is_number
from airflow_provider_dpq.core.gate.report import Artifact, CheckResult, Problem, Report
from airflow_provider_dpq.core.gate.threshold import ThresholdResult
from airflow_provider_dpq.core.gate.verdict import Verdict

MAX_BYTES: Final = 16 * 1024
_MAX_TEXT: Final = 300
_MAX_ARTIFACTS: Final = 4


def summarize(report: Report, *, link: str | None = None) -> dict[str, JsonValue]:
    """Return what downstream tasks and people need first, as plain JSON of at most `MAX_BYTES` bytes.

    Args:
        report: The report; the store keeps it whole.
        link: Where the whole report can be read.

    Returns:
        Identity, verdict and counts, where the first artifacts are, the thresholds, and the checks that did not pass,
        the worst first. Where they do not all fit, ``omitted_thresholds`` and ``omitted_checks`` say how many were left
        out. Rows' values and declarations never appear.
    """
    offenders = sorted((c for c in report.checks if c.verdict is not Verdict.PASS), key=lambda c: -c.verdict.rank)
    thresholds = sorted(report.thresholds, key=lambda t: -t.verdict.rank)
    summary: dict[str, JsonValue] = {
        "report_id": report.id,
        "gate": _short(report.gate),
        "dag_id": _short(report.identity.dag_id) or None,
        "kind": report.kind,
        "subject": _short(report.subject),
        "verdict": report.verdict.value,
        "started_at": report.started_at.isoformat(),
        "duration_seconds": _number(report.duration_seconds, digits=3),
        "data_interval": report.data_interval.model_dump(mode="json") if report.data_interval else None,
        "check_count": len(report.checks),
        "failed_check_count": sum(1 for check in report.checks if check.verdict is not Verdict.PASS),
        "error": _problem(report.error) if report.error else None,
        "link": link,
        "artifacts": [_artifact(item) for item in report.artifacts[:_MAX_ARTIFACTS]],
        "thresholds": [],
        "failed_checks": [],
        "omitted_thresholds": 0,
        "omitted_checks": 0,
    }
    room = MAX_BYTES - _size(summary) - 32
    kept_thresholds, room = _fill([_threshold(item) for item in thresholds], room)
    kept_checks, _ = _fill([_check(item) for item in offenders], room)
    return summary | {
        "thresholds": kept_thresholds,
        "failed_checks": kept_checks,
        "omitted_thresholds": len(thresholds) - len(kept_thresholds),
        "omitted_checks": len(offenders) - len(kept_checks),
    }


def _fill(items: list[JsonValue], room: int) -> tuple[list[JsonValue], int]:
    kept = []
    for item in items:
        size = _size(item) + 2
        if size > room:
            break
        kept.append(item)
        room -= size
    return kept, room


def _size(value: JsonValue) -> int:
    return len(json.dumps(value).encode())


def _artifact(artifact: Artifact) -> JsonValue:
    return {"name": _short(artifact.name), "uri": _short(artifact.uri), "rows": artifact.rows}


def _threshold(result: ThresholdResult) -> JsonValue:
    return {
        "threshold": _short(result.threshold),
        "tags": {key: _short(value) for key, value in list(result.tags.items())[:5]},
        "observed": _number(result.observed),
        "limit": _number(result.limit),
        "unit": result.unit,
        "verdict": result.verdict.value,
    }


_COUNTS: Final = ("element_count", "unexpected_count", "unexpected_percent", "missing_count")


def _check(check: CheckResult) -> JsonValue:
    return {
        "name": _short(check.name),
        "type": _short(check.type),
        "verdict": check.verdict.value,
        **{name: _number(check.result[name]) for name in _COUNTS if name in check.result},
        **({"error": _problem(check.error)["message"]} if check.error else {}),
    }


def _number(value: JsonValue, *, digits: int | None = None) -> int | float | None:
    if not is_number(value):
        return None  # no value of another type, and no number that JSON does not have
    return value if digits is None else round(value, digits)


def _problem(problem: Problem) -> dict[str, JsonValue]:
    return {"reason": problem.reason, "message": _short(problem.without_values)}


def _short(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
