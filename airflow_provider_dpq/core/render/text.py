"""A report for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import click

from airflow_provider_dpq.core.gate.profile import Profile
from airflow_provider_dpq.core.gate.report import CheckResult, Problem, Report
from airflow_provider_dpq.core.gate.threshold import ThresholdResult
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.line import printable
from airflow_provider_dpq.core.render import checked, figure, load, measured, outcome
from airflow_provider_dpq.core.render.demand import demand
from airflow_provider_dpq.core.render.layout import Column, cell_width, table, wrap

_COLOURS: Final = {
    Verdict.PASS: "green",
    Verdict.WARN: "yellow",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.FAIL: "red",
    Verdict.ERROR: "bright_red",
}
_MAX_OBSERVED: Final = 40
_MAX_FUNCTIONS: Final = 5
_MAX_FRAMES: Final = 3
_MAX_SAMPLES: Final = 5
_HEADINGS: Final = {
    Verdict.PASS: "note on {}",
    Verdict.WARN: "warning of {}",
    Verdict.INCONCLUSIVE: "{} is inconclusive",
    Verdict.FAIL: "failure of {}",
    Verdict.ERROR: "error in {}",
}
_INDENT: Final = "  "
_Paint = Callable[[str], str]


def render_text(report: Report, *, width: int = 100, colour: bool = False) -> str:
    """Return a report as lines of text: its checks with the worst last, next to the verdict, where a reader looks.

    Args:
        report: The report.
        width: Columns of the terminal; at least 50 for a table that reads well.
        colour: Whether to colour it with terminal escape sequences.
    """
    paint = _coloured if colour else _plain
    blocks = [
        _head(report, width, paint),
        _rows(report, width),
        _loads(report, width),
        _times(report, width),
        _levels(report, width),
        _failures(report, width),
        _figures(report, width),
        _blocked(report, width),
        _functions(report.profile, width),
        _allocations(report, width),
        _checks(report.checks, width, paint),
        _thresholds(outcome.thresholds(report), width, paint),
        _broken(report.checks, width),
        _problems(report, width),
        _not_checked(report, width),
        _artifacts(report, width),
        [_verdict_line(report, paint), f"Report {printable(report.id)}"],
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def _coloured(text: str) -> str:
    word = text.strip().partition(" ")[0].lower()
    return click.style(text, fg=_COLOURS[Verdict(word)], bold=True) if word in tuple(Verdict) else text


def _plain(text: str) -> str:
    return text


def _verdict_line(report: Report, paint: _Paint) -> str:
    return f"{paint(report.verdict.value.upper())}: {printable(outcome.conclusion(report))}"


def _head(report: Report, width: int, paint: _Paint) -> list[str]:
    facts = {
        "subject": report.subject,
        **{fact.name: fact.text for fact in checked.facts(report)},
        "columns": figure.value(checked.columns(report)),
        "data": figure.interval(report.data_interval) if report.data_interval else "",
        "task": outcome.task(report.provenance),
        "run": report.provenance.run_id,
        "started": f"{figure.moment(report.started_at)}, took {figure.duration(report.duration_seconds)}",
    }
    note = f" ({load.share(report)})" if load.share(report) else ""
    lines = [f"{printable(f'{report.kind} gate {report.identity}')}: {paint(report.verdict.value.upper())}{note}"]
    for name, fact in facts.items():
        for index, line in enumerate(wrap(printable(fact), width - 10)) if fact else ():
            lines.append(f"{'' if index else name:<10}{line}")
    return lines


def _rows(report: Report, width: int) -> list[str]:
    rows = measured.rows(report)
    if not rows:
        return []
    columns = [Column("size", [row.size for row in rows], right=True)]
    for name, title in measured.COLUMNS.items():
        columns.append(Column(title, [row.number(name) for row in rows], right=True, narrowest=8))
        if name == "median":
            columns.append(Column("", [row.brackets(name) for row in rows], narrowest=10))
    return table(columns, width)


def _loads(report: Report, width: int) -> list[str]:
    rows = load.rows(report)
    if not rows:
        return []
    counts = [
        Column(title, [row.number(name) for row in rows], right=True, narrowest=8)
        for name, title in load.COUNTS.items()
    ]
    return table([Column("scenario", list(map(load.scenario, rows)), narrowest=10), *counts], width)


def _times(report: Report, width: int) -> list[str]:
    rows = [("response" if len(load.rows(report)) == 1 else load.scenario(row), row) for row in load.rows(report)]
    service = load.service(report)
    rows += [("service" if len(rows) == 1 else "service (all)", service)] if service else []
    if not rows:
        return []
    times = [
        Column(name, [row.number(name) for _, row in rows], right=True, narrowest=7) for name in load.times(report)
    ]
    return table([Column("time", [name for name, _ in rows], narrowest=10), *times], width)


def _levels(report: Report, width: int) -> list[str]:
    levels = load.levels(report)
    if not levels:
        return []
    names = list(dict.fromkeys(name for level in levels for name in level.metrics.metrics))
    return table(
        [
            Column("level", [level.load for level in levels], right=True),
            *(Column(name, [level.metrics.number(name) for level in levels], right=True) for name in names),
            Column("outcome", [level.outcome for level in levels], narrowest=16),
        ],
        width,
    )


def _failures(report: Report, width: int) -> list[str]:
    failures = load.failures(report)
    if not failures:
        return []
    return table(
        [
            Column("failures", [figure.number(failure.count) for failure in failures], right=True),
            Column("kind", [failure.name for failure in failures], narrowest=12),
            Column("scenario", [failure.scenario for failure in failures], narrowest=8),
            Column("such as", [figure.value(*failure.samples[:1] or ("",)) for failure in failures], narrowest=16),
        ],
        width,
    )


def _blocked(report: Report, width: int) -> list[str]:
    places = load.blocked(report)
    if not places:
        return []
    return table(
        [
            Column("blocked", [figure.number(seconds, "s") for seconds in places.values()], right=True),
            Column("event loop blocked at", list(places), narrowest=16),
        ],
        width,
    )


def _figures(report: Report, width: int) -> list[str]:
    listed = [*measured.figures(report), *load.figures(report)]
    if not listed:
        return []
    return table(
        [
            Column("metric", [metric.name for metric in listed], narrowest=12),
            Column("value", [figure.number(metric.value, metric.unit) for metric in listed], right=True),
            Column("interval", [figure.brackets(metric) for metric in listed], narrowest=12),
            Column("of", [", ".join(f"{tag}:{of}" for tag, of in metric.tags.items()) for metric in listed]),
        ],
        width,
    )


def _functions(profile: Profile | None, width: int) -> list[str]:
    if profile is None or not profile.functions:
        return []
    top = profile.functions[:_MAX_FUNCTIONS]
    return table(
        [
            Column("own time", [figure.number(function.own_seconds, "s") for function in top], right=True),
            Column("total time", [figure.number(function.total_seconds, "s") for function in top], right=True),
            Column("calls", [figure.number(function.calls) for function in top], right=True),
            Column("function", [function.name for function in top], narrowest=16),
            Column("where", [function.location for function in top], narrowest=16),
        ],
        width,
    )


def _allocations(report: Report, width: int) -> list[str]:
    """Name the places that hold memory, of a gate that is about what is held."""
    if report.kind != "leak" or report.profile is None or not report.profile.allocations:
        return []
    top = report.profile.allocations[:_MAX_FUNCTIONS]
    return table(
        [
            Column("still allocated", [figure.number(item.size_bytes, "B") for item in top], right=True),
            Column("blocks", [figure.number(item.count) for item in top], right=True),
            Column("allocated at", [" < ".join(item.location[:_MAX_FRAMES]) for item in top], narrowest=16),
        ],
        width,
    )


def _checks(checks: Sequence[CheckResult], width: int, paint: _Paint) -> list[str]:
    if not checks:
        return []
    ordered = outcome.worst_first(reversed(checks))[::-1]
    found = [outcome.counts(check) for check in ordered]
    return table(
        [
            Column("verdict", [outcome.standing(check) for check in ordered], paint=paint),
            Column("check", [check.name for check in ordered], narrowest=20),
            Column("column", _targets(ordered), narrowest=8),
            Column("unexpected", [item.unexpected for item in found], right=True),
            Column("values", [item.values for item in found], right=True),
            Column("missing", [item.missing for item in found], right=True),
            Column("%", [item.percent for item in found], right=True),
            Column("observed", [outcome.observed(check, limit=_MAX_OBSERVED) for check in ordered], narrowest=10),
        ],
        width,
    )


def _broken(checks: Sequence[CheckResult], width: int) -> list[str]:
    """Say of each check that did not hold what it demands, and name some of the values that break it."""
    lines = []
    for check in outcome.worst_first(reversed(checks))[::-1]:
        if check.success is not False:
            continue
        otherwise = outcome.mismatches(check, limit=_MAX_SAMPLES)
        facts = {
            "expected": "" if otherwise.texts else demand(check),
            "such as": ", ".join(_some(outcome.values(check, limit=_MAX_SAMPLES))),
            "found": "; ".join(_some(otherwise)),
            "in": "; ".join(_some(outcome.broken_parts(check, limit=_MAX_SAMPLES))),
        }
        details = [line for name, fact in facts.items() if fact for line in _fact(name, fact, width)]
        lines += [*wrap(printable(check.name), width), *details] if details else []
    return lines


def _some(samples: outcome.Samples) -> list[str]:
    return [*samples.texts, *([f"and {samples.omitted} more in the report"] if samples.omitted else [])]


def _fact(name: str, fact: str, width: int) -> list[str]:
    wrapped = wrap(printable(fact), width - len(_INDENT) - 10)
    return [f"{_INDENT}{'' if index else name:<10}{line}" for index, line in enumerate(wrapped)]


def _targets(checks: Sequence[CheckResult]) -> list[str]:
    """Name the checks' targets, unless every check's name says its own already: a terminal is narrow."""
    targets = [outcome.targets(check) for check in checks]
    named = all(name in check.name for names, check in zip(targets, checks, strict=True) for name in names)
    return ["" if named else ", ".join(names) for names in targets]


def _thresholds(results: Sequence[ThresholdResult], width: int, paint: _Paint) -> list[str]:
    if not results:
        return []
    ordered = sorted(results, key=lambda result: result.verdict.rank)
    pairs = [figure.numbers_apart(result.observed, result.limit, result.unit) for result in ordered]
    return table(
        [
            Column("verdict", [result.verdict.value for result in ordered], paint=paint),
            Column("threshold", [result.threshold for result in ordered], narrowest=20),
            Column("severity", [result.severity.value for result in ordered]),
            Column("observed", [seen for seen, _ in pairs], right=True),
            Column("limit", [limit for _, limit in pairs], right=True),
            Column("of", [outcome.of(result) for result in ordered], narrowest=10),
        ],
        width,
    )


def _artifacts(report: Report, width: int) -> list[str]:
    lines = []
    for artifact in report.artifacts:
        *above, name = wrap(printable(artifact.name), width)
        contents = wrap(printable(outcome.contents(artifact)), width - 12)
        if cell_width(name) > 10:
            above, name = [*above, name], ""
        lines += [*above, f"{name:<12}{contents[0]}", *(f"{'':<12}{line}" for line in contents[1:])]
    return lines


def _problems(report: Report, width: int) -> list[str]:
    lines = _problem(f"error in {report.identity}", report.error, width) if report.error else []
    for check in report.checks:
        if check.error:
            lines += _problem(_HEADINGS[check.verdict].format(check.name), check.error, width)
        for remark in check.remarks:
            lines += [line for text in (f"{check.name}:", _INDENT + remark) for line in wrap(printable(text), width)]
    return lines


def _not_checked(report: Report, width: int) -> list[str]:
    if not report.not_checked:
        return []
    lines = [line for promise in report.not_checked for line in wrap(printable(promise), width - len(_INDENT))]
    return ["not checked:", *(_INDENT + line for line in lines)]


def _problem(heading: str, problem: Problem, width: int) -> list[str]:
    first = wrap(printable(f"{heading} ({problem.reason}):"), width)
    return first + [_INDENT + line for text in problem.message.splitlines() for line in _wrapped(text, width)]


def _wrapped(text: str, width: int) -> list[str]:
    """Wrap a line of a message, a traceback's with its indentation, control characters escaped."""
    shown = printable(text.expandtabs(4).rstrip())
    indent = shown[: len(shown) - len(shown.lstrip())][: width // 2]
    return [indent + line for line in wrap(shown.lstrip(), width - len(_INDENT) - len(indent))]
