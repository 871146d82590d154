"""What the plots of a load show."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import CheckResult, Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.stored import LEVELS
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import render_html
from airflow_provider_dpq.core.render.plot import Plot, plots


def _plot(report: Report, title: str) -> Plot:
    return next(plot for plot in plots(report) if plot.title == title)


def _texts(plot: Plot) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", plot.svg)


def _lines(plot: Plot, colour: str) -> list[list[tuple[float, float]]]:
    """The lines of one colour, legends and single strokes left out, each as its points."""
    found = re.findall(r'<path d="([^"]+)"[^>]*style="fill: none; stroke: var\(--(\w+)\)', plot.svg)
    paths = [re.findall(r"([\d.-]+) ([\d.-]+)", path) for path, name in found if name == colour]
    return [[(float(x), float(y)) for x, y in path] for path in paths if len(path) > 2]


def _with_series(report: Report, *series: Series) -> Report:
    return report.model_copy(update={"series": series})


def _line(name: str, values: list[float], positions: list[float] | None = None, **tags: str) -> Series:
    places = list(range(len(values))) if positions is None else positions
    return Series(name=name, unit="s", values=values, positions=places, tags=tags)


def test_load_is_plotted_from_rate_to_resources(loaded: Report) -> None:
    """The whole load comes before its scenarios, and what it cost comes last."""
    assert [plot.title for plot in plots(loaded)] == [
        "Rate",
        "Response time",
        "Response time, read",
        "Response time, write",
        "Distribution",
        "Resources",
    ]


def test_limits_of_the_levels_of_a_search_are_drawn(loaded: Report) -> None:
    """They judge no report as a whole, and stand with what became of the levels."""
    check = CheckResult(
        name=LEVELS,
        type="load",
        verdict=Verdict.PASS,
        severity="fail",
        success=True,
        declaration={"thresholds": ["p(95) < 90ms", "median{scenario:read} < 1s", "error_rate < 1%"]},
    )
    report = loaded.model_copy(update={"checks": (check,), "thresholds": ()})
    limits = [[text for text in _texts(plot) if "limit" in text] for plot in plots(report) if "Response" in plot.title]
    assert limits[:3] == [["limit of p(95), 90 ms"], ["limit of median, 1 s"], []]


def test_rate_shows_what_was_due_and_what_failed(loaded: Report) -> None:
    """Falling behind is the gap between two lines."""
    plot = _plot(loaded, "Rate")
    assert {"due", "completed", "failed", "Iterations per second", "Seconds since the start"} <= set(_texts(plot))
    assert plot.caption == (
        "Iterations that ended without a failure, per second: 100 /s at most. "
        "The dashed line is how many were due. Up to 2 /s failed."
    )


def test_rate_has_no_line_of_failures_where_none_failed(loaded: Report) -> None:
    """A line along zero says nothing."""
    series = [item for item in loaded.series if item.name == "rate" and not item.tags]
    none = Series(name="failures", unit="/s", values=[0.0] * 60, positions=range(60))
    plot = _plot(_with_series(loaded, *series, none), "Rate")
    assert "failed" not in _texts(plot)
    assert "failed" not in plot.caption


def test_response_times_are_plotted_with_the_limits_that_hold_for_them(loaded: Report) -> None:
    """A limit of one scenario is no limit of the others."""
    whole, read, write = (_plot(loaded, f"Response time{name}") for name in ("", ", read", ", write"))
    assert {"p(50)", "p(95)", "p(99)", "limit of p(99), 60 ms", "Response time, ms"} <= set(_texts(whole))
    assert "limit of p(95), 200 ms" in _texts(read)
    assert not [text for text in _texts(read) if "60 ms" in text]
    assert not [text for text in _texts(write) if "limit" in text]


def test_response_times_far_apart_are_drawn_on_a_logarithmic_axis(loaded: Report) -> None:
    """A stall does not flatten what was before it: equal ratios are equal distances."""
    for values, even in (([1.0, 2.0, 4.0], False), ([1.0, 10.0, 100.0], True)):
        report = _with_series(loaded, _line("response_p95", values)).model_copy(update={"thresholds": ()})
        line = _lines(plots(report)[0], "second")[0]  # the other is the legend's
        steps = [before[1] - after[1] for before, after in pairwise(line)]
        assert (max(steps) == pytest.approx(min(steps), rel=0.02)) is even


def test_a_time_in_which_nothing_ended_is_a_gap(loaded: Report) -> None:
    """A line over a pause would say that something was measured there."""
    series = _line("response_p50", [1.0, 1.2, 1.1, 1.3, 1.0, 1.2], [0, 1, 2, 30, 31, 32])
    plot = _plot(_with_series(loaded, series), "Response time")
    (path,) = [path for path in re.findall(r'<path d="(M[^"]+)"[^>]*var\(--first\)', plot.svg) if path.count("L") > 2]
    assert path.count("M") == 2


def test_each_nine_of_the_tail_has_the_same_room(loaded: Report) -> None:
    """The axis goes by the rest that took longer, as that of HdrHistogram's plots."""
    series = _line("distribution", [1.0, 2.0, 3.0, 4.0], [0.0, 90.0, 99.0, 99.9])
    plot = _plot(_with_series(loaded, series), "Distribution")
    (line,) = _lines(plot, "first")
    steps = [after[0] - before[0] for before, after in pairwise(line)]
    assert steps == pytest.approx([steps[0]] * 3, rel=0.01)
    assert {"0", "50", "90", "99", "99.9", "Percentile"} <= set(_texts(plot))
    assert plot.caption.endswith("99.9 % took at most 4 s.")


def test_distribution_names_its_scenarios_in_the_page(loaded: Report) -> None:
    """A name comes from the report: the page escapes it, and the drawing does not hold it."""
    series = tuple(
        item.model_copy(update={"tags": {"scenario": "<read>"}}) if item.tags.get("scenario") == "read" else item
        for item in loaded.series
    )
    renamed = loaded.model_copy(update={"series": series})
    plot = _plot(renamed, "Distribution")
    assert dict(plot.keys) == {"first": "<read>", "second": "write"}
    assert "read" not in plot.svg
    assert '<li class="first">&lt;read&gt;</li>' in render_html(renamed)


def test_distribution_tells_how_many_scenarios_it_leaves_out(loaded: Report) -> None:
    """More lines than colours could not be told apart."""
    series = [_line("distribution", [1.0, 2.0], [0.0, 99.0], scenario=str(number)) for number in range(8)]
    plot = _plot(_with_series(loaded, *series), "Distribution")
    assert len(plot.keys) == 5
    assert plot.caption.endswith("3 more scenarios are not drawn.")


def test_resources_have_a_panel_each_counts_only_where_they_moved(loaded: Report) -> None:
    """Threads that stayed the same need no room."""
    plot = _plot(loaded, "Resources")
    assert {"worker", "target", "CPU, %", "Memory, MB", "Open", "files"} <= set(_texts(plot))
    assert "Threads" not in _texts(plot)
    assert "Open files: 17 by the target at most." in plot.caption


def test_resources_of_each_machine_are_apart(loaded: Report) -> None:
    """A merged report has what each shard's machine used; a line through several would be of none."""
    shards = [_line("worker_cpu", [1.0, 2.0], shard=str(number)) for number in range(6)]
    titles = [plot.title for plot in plots(_with_series(loaded, *shards))]
    assert titles == [f"Resources, shard {number}" for number in range(4)]


def test_levels_are_plotted_with_the_breaking_point(searched: Report) -> None:
    """The reader sees on which side of the mark each level lies."""
    plot = _plot(searched, "Levels")
    assert {"Slowdown, times", "Throughput, %"} <= set(_texts(plot))
    assert "var(--fail)" in plot.svg
    assert plot.caption.endswith("The highest rate sustained, marked by a line, is 281 /s.")
    unfound = tuple(metric for metric in searched.metrics if metric.name != "breaking_point")
    assert "var(--fail)" not in _plot(searched.model_copy(update={"metrics": unfound}), "Levels").svg


def test_one_level_is_no_plot(searched: Report) -> None:
    """A line needs two points."""
    metrics = tuple(metric for metric in searched.metrics if metric.tags.get("level") in (None, "100/s"))
    assert plots(searched.model_copy(update={"metrics": metrics})) == []


_NAMES = ("rate", "due", "failures", "response_p50", "response_p99", "distribution", "worker_cpu", "target_memory")


@pytest.mark.parametrize(
    "shape",
    [
        lambda name: Series(name=name, unit="s", values=(), positions=()),
        lambda name: Series(name=name, unit="s", values=(1.0,), positions=(0.0,)),
        lambda name: Series(name=name, unit="s", values=(1.0, 2.0)),
        lambda name: Series(name=name, unit="s", values=(1.0, 1e300), positions=(0.0, 1.0)),
        lambda name: Series(name=name, unit="s", values=(1.0, 2.0), positions=(0.0,)),
    ],
    ids=["empty", "one point", "no positions", "beyond any axis", "too few positions"],
)
def test_series_that_are_no_line_are_left_out(loaded: Report, shape: Callable[[str], Series]) -> None:
    """A report of a load that ended at once still is a page."""
    report = _with_series(loaded, *map(shape, _NAMES))
    assert plots(report) == []
    assert render_html(report)


@pytest.mark.parametrize("values", [[0.0, 0.0], [-1.0, 1.0], [1e-20, 1e20]], ids=str)
@pytest.mark.parametrize("name", _NAMES)
def test_any_two_numbers_can_be_drawn(loaded: Report, name: str, values: list[float]) -> None:
    """Zero, which no logarithm has, breaks no page."""
    assert all(plot.svg for plot in plots(_with_series(loaded, _line(name, values))))


def test_levels_of_any_numbers_can_be_drawn(searched: Report) -> None:
    """A level that nobody can read, and one of no throughput at all."""
    metrics = [
        Metric(name="throughput_retention", value=value, unit="%", tags={"level": level})
        for level, value in (("much", 0.0), ("10", 0.0), ("20/s", None))
    ]
    assert plots(searched.model_copy(update={"metrics": tuple(metrics)}))[0].svg
