"""A report as one HTML page that needs nothing beside itself: styles inline, no script, nothing fetched."""

from __future__ import annotations

from collections import Counter
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import checked, figure, load, measured, outcome
from airflow_provider_dpq.core.render.flame import plot_flame
from airflow_provider_dpq.core.render.plot import plots


def render_html(report: Report, *, above: str = "") -> str:
    """Return a report as an HTML page, for a browser, a CI artifact or a tab in Airflow.

    Everything that comes from the report is escaped.

    Args:
        report: The report.
        above: What the page shows above the report, such as links to others; escaped unless it is `markupsafe.Markup`.
    """
    found = Counter(check.verdict for check in report.checks)
    shown = [] if report.kind in measured.KINDS else [metric for metric in report.metrics if not metric.tags]
    return _template().render(
        report=report,
        above=above,
        slice=[(fact.title, fact.text) for fact in checked.facts(report)],
        columns=checked.columns(report),
        checks=outcome.worst_first(report.checks),
        tally=[(verdict.value, found[verdict]) for verdict in reversed(Verdict) if found[verdict]],
        thresholds=sorted(outcome.thresholds(report), key=lambda result: -result.verdict.rank),
        own_metrics=shown,
        folded_metrics=[metric for metric in report.metrics if metric not in shown],
        rows=measured.rows(report),
        figures=[*measured.figures(report), *load.figures(report)],
        plots=plots(report),
        flame=plot_flame(report.profile) if report.profile else None,
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
    environment.globals.update(figure=figure, load=load, measured=measured, outcome=outcome)
    environment.filters["placed"] = outcome.of
    return environment.get_template("report.html")
