"""What each plot shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.render.plot import Plot, plots


def _plot(report: Report, title: str) -> Plot:
    return next(plot for plot in plots(report) if plot.title == title)


def _texts(plot: Plot) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", plot.svg)


def _points(plot: Plot, colour: str) -> list[tuple[float, float]]:
    """Places of the markers of one colour."""
    found = re.findall(r'<use xlink:href="#\w+" x="([\d.-]+)" y="([\d.-]+)" style="fill: var\(--(\w+)\)', plot.svg)
    return [(float(x), float(y)) for x, y, name in found if name == colour and float(x)]


def _without(report: Report, *names: str) -> Report:
    return report.model_copy(update={"series": tuple(item for item in report.series if item.name not in names)})


def _with(report: Report, name: str, values: Sequence[float]) -> Report:
    """The report with other values in a series."""
    series = tuple(
        item.model_copy(update={"values": tuple(values)}) if item.name == name else item for item in report.series
    )
    return report.model_copy(update={"series": series})


def test_sizes_are_plotted_with_the_exponent(sized: Report) -> None:
    """A point a size and clock, the line of the exponent, and in the caption what it means."""
    plot = _plot(sized, "Time by size")
    assert plot.caption == (
        "Median time of a call at each size; both axes are logarithmic. "
        "Time grows as the size to the power of 1.1 (1.05 to 1.15)."
    )
    assert {"Median time, ms", "Size", "wall", "CPU", "size to the power of 1.1", "100", "1k", "10k"} <= set(
        _texts(plot)
    )
    wall = _points(plot, "first")
    assert len(wall) == 3 + 1  # and the legend's
    (x1, y1), (x2, y2), (x3, y3) = wall[:3]
    assert x3 - x2 == pytest.approx(x2 - x1)
    assert (y3 - y2) == pytest.approx(y2 - y1, rel=0.1)
    assert y1 > y2 > y3


def test_one_size_is_no_plot_over_sizes(sized: Report) -> None:
    """A line needs two points."""
    metrics = tuple(metric for metric in sized.metrics if metric.tags.get("size") in (None, "100"))
    assert "Time by size" not in [plot.title for plot in plots(sized.model_copy(update={"metrics": metrics}))]


def test_samples_are_those_of_the_largest_size(sized: Report) -> None:
    """Sizes are compared as numbers, and both clocks stand below each other in one unit."""
    plot = _plot(sized, "Samples")
    assert plot.caption.startswith("20 samples at size 10,000: the median, marked by a line, is ")
    assert {"wall", "CPU", "Time of a call, ms"} <= set(_texts(plot))
    assert len(_points(plot, "first")) == len(_points(plot, "second")) == 20


def test_many_samples_are_thinned_by_rank(compared: Report) -> None:
    """A page stays small, its smallest and largest sample are drawn, and it says what it left out."""
    plot = _plot(_with(compared, "wall", [1.0 + n / 10_000 for n in range(10_000)]), "Samples")
    assert "10,000 samples, 400 of them shown at even ranks" in plot.caption
    assert len(_points(plot, "first")) == 400
    assert len(plot.svg) < 100_000


def test_samples_far_apart_are_drawn_on_a_logarithmic_axis(compared: Report) -> None:
    """One slow sample does not push the others together."""
    near = _with(compared, "wall", [1.0, 1.1, 1.2, 1.3])
    far = _with(compared, "wall", [1.0, 10.0, 100.0, 1000.0])
    for report, even in ((near, True), (far, True)):
        places = [x for x, _ in _points(_plot(report, "Samples"), "first")]
        steps = [right - left for left, right in pairwise(places)]
        assert (max(steps) == pytest.approx(min(steps), rel=0.01)) is even


def test_pairs_are_plotted_with_interval_baseline_and_limit(compared: Report) -> None:
    """The reader sees on which side of the limit the interval lies."""
    plot = _plot(compared, "Pairs, CPU time")
    assert plot.caption == (
        "CPU time of the candidate over that of the baseline in each of 20 pairs. "
        "Their median is 1.071x baseline, with an interval from 1.052x to 1.089x (shaded)."
    )
    assert {"limit", "interval of the median", "as fast as the baseline", "1x", "Candidate / baseline"} <= set(
        _texts(plot)
    )
    assert "var(--fail)" in plot.svg
    without = compared.model_copy(update={"thresholds": ()})
    assert "limit" not in _texts(_plot(without, "Pairs, CPU time"))


def test_an_open_interval_is_told_and_a_pair_far_off_lies_on_the_edge(compared: Report) -> None:
    """Neither the largest number there is nor one disturbed pair flattens the others."""
    plot = _plot(compared, "Pairs, wall time")
    assert plot.caption.endswith("with an interval from 1.01x (shaded).")
    heights = [y for _, y in _points(plot, "first")]
    assert len(heights) == 20
    assert max(heights[:19]) - min(heights[:19]) > 60


def test_pairs_are_those_of_the_size_that_was_judged_worst(compared: Report) -> None:
    """Of several sizes the one that fails is shown, else the largest."""
    sizes = [{"size": size} for size in ("100", "1000")]
    series = tuple(Series(name="pair_cpu", unit="", values=(1.1, 1.2), tags=tags) for tags in sizes)
    failed = compared.thresholds[0].model_copy(update={"tags": sizes[0]})
    passed = compared.model_copy(update={"series": series, "thresholds": ()})
    assert "at size 1,000." in plots(passed)[0].caption
    assert "at size 100." in plots(passed.model_copy(update={"thresholds": (failed,)}))[0].caption


def test_history_marks_this_run_and_new_levels(compared: Report) -> None:
    """Earlier runs are points, this one another mark, and a line tells each level."""
    plot = _plot(compared, "History, median CPU time")
    assert plot.caption.startswith("Median CPU time of this run, the last point, after 19 earlier ones: ")
    assert plot.caption.endswith("The level changed once.")
    assert {"earlier runs", "this run", "level", "Time, ms", "Start of the run, UTC"} <= set(_texts(plot))
    assert len(_points(plot, "first")) == 19 + 1
    assert len(_points(plot, "ink")) == 1 + 1
    assert "new level" not in _plot(_without(compared, "change_points"), plot.title).caption


def test_history_of_a_ratio_has_no_unit(compared: Report) -> None:
    """A ratio to the reference workload is not a time."""
    series = tuple(item.model_copy(update={"unit": ""}) for item in compared.series)
    plot = _plot(compared.model_copy(update={"series": series}), "History, median CPU time")
    assert "Ratio to the reference" in _texts(plot)


def test_growth_is_plotted_with_its_line_limit_and_what_moved(leaking: Report) -> None:
    """Counts that stayed the same have no panel."""
    plot = _plot(leaking, "Growth")
    assert plot.caption == (
        "Memory on the heap over the iterations, above the lowest sample. "
        "The line grows by 1.012 kB/op (-3 B/op to 1.06 kB/op). Open files went from 12 to 16."
    )
    texts = set(_texts(plot))
    assert {"1.012 kB/op", "limit, 512 B/op", "Heap above the lowest, kB", "Iteration", "Open", "files"} <= texts
    assert "Threads" not in texts
    assert len(_points(plot, "first")) == 80 + 1


def test_growth_follows_its_slope(leaking: Report) -> None:
    """The line goes through the middle of the samples with the slope that was measured."""
    places = list(range(100))
    line = Series(name="heap", unit="B", values=[1e6 + 50 * at for at in places], positions=places)
    report = leaking.model_copy(
        update={
            "series": (line,),
            "metrics": (Metric(name="growth", value=50.0, unit="B/op"),),
            "thresholds": (),
        }
    )
    svg = plots(report)[0].svg
    points = _points(plots(report)[0], "first")
    drawn = [
        [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", path)]
        for path, colour in re.findall(r'<path d="([^"]+)"[^>]*style="fill: none; stroke: var\(--(\w+)\)', svg)
        if colour == "ink"
    ]
    line_ends = max(drawn, key=lambda ends: abs(ends[0][0] - ends[-1][0]))
    assert line_ends[0] == pytest.approx(points[0], abs=0.01)
    assert line_ends[-1] == pytest.approx(points[99], abs=0.01)


def test_counts_alone_are_plotted(leaking: Report) -> None:
    """Open files are worth a look where the heap was not measured."""
    plot = _plot(_without(leaking, "heap"), "Growth")
    assert plot.caption == "Open files went from 12 to 16."
    assert plots(_without(leaking, "heap", "open_files")) == []
