"""A report for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import click

from airflow_provider_dpq.core.gate.report import CheckResult, Problem, Report
from airflow_provider_dpq.core.gate.threshold import ThresholdResult
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import figure, outcome
from airflow_provider_dpq.core.render.layout import Column, printable, table, wrap

_COLOURS: Final = {
    Verdict.PASS: "green",
    Verdict.WARN: "yellow",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.FAIL: "red",
    Verdict.ERROR: "bright_red",
}
_MAX_OBSERVED: Final = 40
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
        _checks(report.checks, width, paint),
        _thresholds(outcome.thresholds(report), width, paint),
        _problems(report, width),
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
        "data": figure.interval(report.data_interval) if report.data_interval else "",
        "task": outcome.task(report.provenance),
        "run": report.provenance.run_id,
        "started": f"{figure.moment(report.started_at)}, took {figure.duration(report.duration_seconds)}",
    }
    lines = [f"{printable(f'{report.kind} gate {report.gate}')}: {paint(report.verdict.value.upper())}"]
    for name, fact in facts.items():
        for index, line in enumerate(wrap(printable(fact), width - 10)) if fact else ():
            lines.append(f"{'' if index else name:<10}{line}")
    return lines


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
            Column("elements", [item.elements for item in found], right=True),
            Column("missing", [item.missing for item in found], right=True),
            Column("%", [item.percent for item in found], right=True),
            Column("observed", [outcome.observed(check, limit=_MAX_OBSERVED) for check in ordered], narrowest=10),
        ],
        width,
    )


def _targets(checks: Sequence[CheckResult]) -> list[str]:
    """Name the checks' targets, unless every check's name says its own already: a terminal is narrow."""
    targets = [outcome.targets(check) for check in checks]
    told = all(name in check.name for names, check in zip(targets, checks, strict=True) for name in names)
    return ["" if told else ", ".join(names) for names in targets]


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
            Column("of", [outcome.belonging(result) for result in ordered], narrowest=10),
        ],
        width,
    )


def _artifacts(report: Report, width: int) -> list[str]:
    lines = []
    for artifact in report.artifacts:
        first, *rest = wrap(printable(outcome.contents(artifact)), width - 12)
        lines += [f"{printable(artifact.name):<12}{first}", *(f"{'':<12}{line}" for line in rest)]
    return lines


def _problems(report: Report, width: int) -> list[str]:
    lines = _problem(report.gate, report.error, width) if report.error else []
    for check in report.checks:
        if check.error:
            lines += _problem(check.name, check.error, width)
    return lines


def _problem(name: str, problem: Problem, width: int) -> list[str]:
    message = printable(" ".join(problem.message.split()))
    heading = wrap(printable(f"error in {name} ({problem.reason}):"), width)
    return heading + [_INDENT + line for line in wrap(message, width - len(_INDENT))]
