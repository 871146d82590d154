"""Plots of a report: what its series show that its figures do not. Where there is none, matplotlib is not imported."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.render.plot.distribution import plot_distribution
from airflow_provider_dpq.core.render.plot.drawing import Plot
from airflow_provider_dpq.core.render.plot.growth import plot_growth
from airflow_provider_dpq.core.render.plot.history import plot_histories
from airflow_provider_dpq.core.render.plot.latency import plot_latencies
from airflow_provider_dpq.core.render.plot.level import plot_levels
from airflow_provider_dpq.core.render.plot.pair import plot_pairs
from airflow_provider_dpq.core.render.plot.rate import plot_rate
from airflow_provider_dpq.core.render.plot.resource import plot_resources
from airflow_provider_dpq.core.render.plot.sample import plot_samples
from airflow_provider_dpq.core.render.plot.size import plot_sizes


def plots(report: Report) -> Sequence[Plot]:
    """Return the plots of a report, in the order in which a page shows them; none for kinds that have none."""
    drawn: list[Plot | None] = []
    if report.kind == "benchmark":
        drawn = [*plot_pairs(report), *plot_histories(report), plot_sizes(report), plot_samples(report)]
    elif report.kind == "leak":
        drawn = [plot_growth(report)]
    elif report.kind == "load":
        drawn = [plot_rate(report), *plot_latencies(report), plot_distribution(report), plot_levels(report)]
        drawn += plot_resources(report)
    return [plot for plot in drawn if plot is not None]


__all__ = ["Plot", "plots"]
