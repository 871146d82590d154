"""A report as one HTML page that needs nothing beside itself: styles inline, no script, nothing fetched."""

from __future__ import annotations

from collections import Counter
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import figure, outcome


def render_html(report: Report, *, above: str = "") -> str:
    """Return a report as an HTML page, for a browser, a CI artifact or a tab in Airflow.

    Everything that comes from the report is escaped.

    Args:
        report: The report.
        above: What the page shows above the report, such as links to others; escaped unless it is `markupsafe.Markup`.
    """
    found = Counter(check.verdict for check in report.checks)
    return _template().render(
        report=report,
        above=above,
        checks=outcome.worst_first(report.checks),
        tally=[(verdict.value, found[verdict]) for verdict in reversed(Verdict) if found[verdict]],
        thresholds=sorted(outcome.thresholds(report), key=lambda result: -result.verdict.rank),
        own_metrics=[metric for metric in report.metrics if not metric.tags],
        tagged_metrics=[metric for metric in report.metrics if metric.tags],
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("airflow_provider_dpq.core.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(figure=figure, outcome=outcome)
    environment.filters["belonging"] = outcome.belonging
    return environment.get_template("report.html")
