"""What a check shows of itself, whatever kind of gate it belongs to: its subject, its counts, what was observed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.gate.merged import tally
from airflow_provider_dpq.core.gate.report import Artifact, CheckResult, Provenance, Report
from airflow_provider_dpq.core.gate.threshold import ThresholdResult
from airflow_provider_dpq.core.gate.values import finite
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import figure, load
from airflow_provider_dpq.core.render.demand import TARGETS

_COUNTS: Final = ("unexpected_count", "element_count", "missing_count", "unexpected_percent")
_SAMPLES: Final = ("partial_unexpected_counts", "partial_unexpected_list", "unexpected_list")
_MAX_SCALARS: Final = 3
_MOST_PARTS: Final = 3


def worst_first(checks: Iterable[CheckResult]) -> list[CheckResult]:
    """Sort checks by verdict, the worst first; among equals those that did not hold, then as declared."""
    return sorted(checks, key=lambda check: (-check.verdict.rank, check.success is not False))


def targets(check: CheckResult) -> list[str]:
    """Name the parts of the subject that a check is about, such as its columns; none for the whole."""
    names: list[str] = []
    for key in TARGETS:
        declared = check.declaration.get(key)
        if isinstance(declared, str):
            names.append(declared)
        elif isinstance(declared, list):
            names += [figure.value(item) for item in declared]
    return names


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of how many were not as expected, written for people; empty where a check does not count.

    Attributes:
        unexpected: Number of unexpected values.
        values: Number of values that were judged.
        missing: Number of elements beside them that had no value to judge; empty where there were none.
        percent: Share of the unexpected ones among the values.
    """

    unexpected: str
    values: str
    missing: str
    percent: str

    def __bool__(self) -> bool:
        """Whether anything was counted."""
        return bool(self.unexpected or self.values or self.percent)


def counts(check: CheckResult) -> Counts:
    """Return the counts in a check's result."""
    unexpected, elements, missing, percent = (_numeric(check.result, name) for name in _COUNTS)
    return Counts(
        "" if unexpected is None else figure.number(unexpected),
        "" if elements is None else figure.number(elements - (missing or 0)),
        figure.number(missing) if missing else "",
        "" if percent is None else figure.percent(percent),
    )


def _numeric(result: Mapping[str, JsonValue], name: str) -> float | None:
    item = result.get(name)
    return item if isinstance(item, (int, float)) and not isinstance(item, bool) else None


def observed(check: CheckResult, *, limit: int = 300) -> str:
    """Say what a check observed beside its counts: its observed value, else the first plain figures of its result.

    Args:
        check: The check.
        limit: Longest text returned, in characters.
    """
    if "observed_value" in check.result:
        seen = check.result["observed_value"]
        return _plain(seen) if isinstance(seen, str) and not seen.strip() else figure.value(seen, limit=limit)
    if counts(check):
        return ""
    plain = {name: item for name, item in check.result.items() if isinstance(item, (str, int, float))}
    pairs = [f"{name}={figure.value(item)}" for name, item in list(plain.items())[:_MAX_SCALARS]]
    return figure.value(", ".join(pairs), limit=limit)


def broken_parts(check: CheckResult, *, limit: int) -> Samples:
    """Return the parts or partitions in which a check found what it did not expect, or its least or greatest value.

    Args:
        check: The check.
        limit: Most parts returned.
    """
    for name in (f"{part}_with_{what}" for what in ("observed", "unexpected") for part in ("parts", "partitions")):
        items = check.result.get(name)
        if isinstance(items, list) and items:
            return Samples([_part(item) for item in items[:limit]], max(0, len(items) - limit))
    return Samples([], 0)


def _part(item: JsonValue) -> str:
    if isinstance(item, dict):
        return ", ".join(f"{column}={_plain(value)}" for column, value in item.items())
    return _plain(item)


def standing(check: CheckResult) -> str:
    """Write a check's verdict, and where it passes although it did not hold, why that has no consequence."""
    if check.success is not False or check.verdict is not Verdict.PASS:
        return check.verdict.value
    if check.on_empty is not None and check.result.get("element_count") == 0:
        return f"{check.verdict.value} (no rows)"
    return f"{check.verdict.value} ({'by threshold' if check.thresholds else check.severity})"


def finding(check: CheckResult) -> str:
    """Say in one sentence why a check has its verdict."""
    if check.error:
        return f"{check.error.message} ({check.error.reason})"
    found = counts(check)
    parts = []
    if found.unexpected:
        of = f" of {found.values}" if found.values else ""
        share = f" ({found.percent})" if found.percent else ""
        missing = f", {found.missing} missing" if found.missing else ""
        parts.append(f"{found.unexpected}{of} unexpected{share}{missing}")
    if seen := observed(check):
        parts.append(f"observed {seen}")
    if broken := ", ".join(broken_parts(check, limit=_MOST_PARTS).texts):
        parts.append(f"in {broken}")
    parts += check.remarks
    parts += [breach(result) for result in check.thresholds if result.verdict is not Verdict.PASS]
    return "; ".join(parts) or f"The check's verdict is {check.verdict.value}."


def reasons(report: Report) -> list[tuple[Verdict, str]]:
    """Say in a sentence each what kept a report from passing: its error, then thresholds, then checks."""
    findings = [(Verdict.ERROR, report.error.message)] if report.error else []
    findings += [(one.verdict, breach(one)) for one in report.thresholds]
    findings += [(check.verdict, f"{check.name}: {finding(check)}") for check in worst_first(report.checks)]
    return [(verdict, text) for verdict, text in findings if verdict is not Verdict.PASS]


def breach(result: ThresholdResult) -> str:
    """Say in one sentence what a threshold found."""
    of = f" of {belonging(result)}" if belonging(result) else ""
    if result.verdict is Verdict.ERROR:
        return f"{result.threshold}: no value of {result.metric}{of} to judge"
    seen, limit = figure.numbers_apart(result.observed, result.limit, result.unit)
    if result.limit is None:
        return f"{result.threshold}: observed {seen}{of}, but there is no baseline"
    if result.verdict is Verdict.INCONCLUSIVE:
        return f"{result.threshold}: observed {seen}{of}, too uncertain to compare with the limit {limit}"
    return f"{result.threshold}: observed {seen}{of}, limit {limit}"


def belonging(result: ThresholdResult) -> str:
    """Name what the judged metric belongs to; empty for the gate as a whole and where the threshold itself says it."""
    tags = {key: item for key, item in result.tags.items() if item not in result.threshold}
    return tags.get("check") or ", ".join(f"{key}:{item}" for key, item in tags.items())


def task(source: Provenance) -> str:
    """Name the task that made a report, with its attempt; empty outside Airflow."""
    if source.dag_id is None:
        return ""
    mapped = f"[{source.map_index}]" if source.map_index >= 0 else ""
    return f"{source.dag_id}.{source.task_id}{mapped}, try {source.try_number}"


def thresholds(report: Report) -> list[ThresholdResult]:
    """Return the gate's thresholds and then those declared on its checks."""
    return [*report.thresholds, *(result for check in report.checks for result in check.thresholds)]


def conclusion(report: Report) -> str:
    """Say in one sentence what became of the checks and thresholds."""
    parts = [
        _share("check", [check.verdict for check in report.checks]),
        _share("threshold", [result.verdict for result in thresholds(report)]),
    ]
    judged = " and ".join(part for part in parts if part) + " passed"
    if share := load.share(report):
        judged += f"; {share}"
    if report.error is not None:
        reason = report.error.reason
        judged = f"{judged}, then {reason}" if report.checks else f"could not be measured ({reason})"
    tallied = tally([(part.name, part.verdict) for part in report.merged], "parts")
    return f"{judged}; {tallied}" if tallied else judged


def of(result: ThresholdResult) -> str:
    """Say of what a threshold's metric is: what it belongs to, or what it counts where its name promises otherwise."""
    return belonging(result) or note(result.metric)


def note(metric_name: str) -> str:
    """Say what a figure counts whose name promises something else; empty for any other."""
    return "checks that succeeded, as Great Expectations counts them" if metric_name == "success_percent" else ""


def contents(artifact: Artifact) -> str:
    """Say how much an artifact holds and where it is."""
    rows = "" if artifact.rows is None else f"{figure.counted(artifact.rows, 'row')} in "
    return rows + artifact.uri


def _share(noun: str, verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return ""
    passed = sum(1 for verdict in verdicts if verdict is Verdict.PASS)
    return f"{passed} of {len(verdicts)} {noun}{'' if len(verdicts) == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Samples:
    """Unexpected values of a check, written for people.

    Attributes:
        texts: Some of them, followed by how often each occurred where the check counted that.
        omitted: How many more the result holds.
    """

    texts: Sequence[str]
    omitted: int


def samples(check: CheckResult, *, limit: int = 20) -> Samples:
    """Return the first unexpected values that a check's result holds.

    Args:
        check: The check.
        limit: Most values returned.
    """
    for name in _SAMPLES:
        items = check.result.get(name)
        if isinstance(items, list) and items:
            return Samples([_sample(item) for item in items[:limit]], max(0, len(items) - limit))
    return Samples([], 0)


def _sample(item: JsonValue) -> str:
    if isinstance(item, dict) and item.keys() == {"value", "count"}:
        return f"{_plain(item['value'])} ({figure.value(item['count'])})"
    return _plain(item)


def _plain(item: JsonValue) -> str:
    """Write a value of the data as it stands there: 1003 is no amount that wants a comma."""
    item = finite(item)
    if isinstance(item, str) and item != (item.strip() or None):
        return f"'{figure.value(item)}'"  # nobody sees an empty text, or blanks around it
    return figure.value(json.dumps(item)) if isinstance(item, (int, float)) else figure.value(item)


def values(check: CheckResult, *, limit: int) -> Samples:
    """Return the first different unexpected values that a check's result holds, without how often each occurred.

    Args:
        check: The check.
        limit: Most values returned.
    """
    for name in ("partial_unexpected_list", "unexpected_list", "partial_unexpected_counts"):
        items = check.result.get(name)
        if isinstance(items, list) and items:
            found = [item["value"] if isinstance(item, dict) and "count" in item else item for item in items]
            texts = list(dict.fromkeys(_plain(item) for item in found if item is not None))
            return Samples(texts[:limit], max(0, len(texts) - limit))
    return Samples([], 0)


def mismatches(check: CheckResult, *, limit: int) -> Samples:
    """Return what a check of a table's columns or contract found to be otherwise, written for people.

    Args:
        check: The check.
        limit: Most mismatches returned.
    """
    details = check.result.get("details")
    found = details.get("mismatched") if isinstance(details, dict) else None
    if isinstance(found, dict):
        texts = [f"{name} {_listed(items)}" for name, items in found.items()]
    else:
        texts = [_mismatch(item) for item in found or [] if isinstance(item, dict)] if isinstance(found, list) else []
    return Samples(texts[:limit], max(0, len(texts) - limit))


def _mismatch(item: Mapping[str, JsonValue]) -> str:
    facts = {name.lower(): figure.value(value) for name, value in item.items() if value is not None}
    position = facts.get("expected column position")
    place = [f"column {position}"] if position is not None else [facts.get("column", ""), facts.get("rule", "")]
    found, expected = facts.get("found") or "nothing", facts.get("expected") or "nothing"
    return f"{' '.join(filter(None, place))}: {found}, not {expected}"


def _listed(items: JsonValue) -> str:
    return ", ".join(map(figure.value, items)) if isinstance(items, list) else figure.value(items)


_OF: Final = {
    "unexpected_percent": "of the values",
    "unexpected_percent_nonmissing": "of the values",
    "unexpected_percent_total": "of all elements",
    "missing_percent": "of all elements",
}
"""What the shares in a result are shares of."""


def details(check: CheckResult) -> dict[str, str]:
    """Return the fields of a check's result other than its sample values, written for people."""
    return {name: _detail(name, item) for name, item in check.result.items() if name not in _SAMPLES}


def _detail(name: str, item: JsonValue) -> str:
    if name in _OF and isinstance(item, (int, float)):
        return f"{figure.percent(item)} {_OF[name]}"
    return figure.value(item)


_CONSEQUENCES: Final = {"fail": "fails", "critical": "fails", "warn": "warns", "warning": "warns", "info": "is noted"}


def consequence(severity: str) -> str:
    """Say what a breach does, in a word after "if broken"."""
    return _CONSEQUENCES.get(severity, severity)
