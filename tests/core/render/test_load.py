"""What a report of a load shows first."""

from __future__ import annotations

import pytest

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.recording import Failure, Recording
from airflow_provider_dpq.core.gate.report import CheckResult, Report
from airflow_provider_dpq.core.gate.stored import LEVELS, SHARE, SUSTAINED
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import load, render_html, render_junit, render_text


def _with_metrics(report: Report, *metrics: Metric) -> Report:
    return report.model_copy(update={"metrics": metrics})


def test_rows_are_the_whole_load_and_then_its_scenarios(loaded: Report) -> None:
    """Metrics of levels, errors and generators make no row."""
    rows = load.rows(loaded)
    assert [load.scenario(row) for row in rows] == ["all", "read", "write"]
    assert rows[0].metrics["p(99)"].value == pytest.approx(0.075)


def test_times_are_in_order_with_the_percentiles_that_were_measured(loaded: Report) -> None:
    """A percentile of a threshold is shown as well, by its number and not its letters; p(50) is the median."""
    names = ["p(99.9)", "p(9)", "max", "p(90)", "mean", "p(50)", "median"]
    report = _with_metrics(loaded, *(Metric(name=name, value=1.0, unit="s") for name in names))
    assert load.times(report) == ["mean", "median", "max", "p(9)", "p(90)", "p(99.9)"]
    alone = _with_metrics(loaded, Metric(name="p(50)", value=1.0, unit="s"))
    assert load.times(alone) == ["p(50)"]


def test_service_times_have_the_names_of_response_times(loaded: Report) -> None:
    """They stand in one table with them."""
    service = load.service(loaded)
    assert service is not None
    assert list(service.metrics) == ["median", "p(95)", "max"]
    assert load.service(_with_metrics(loaded)) is None


def test_figures_of_each_machine_are_shown_and_no_others(loaded: Report) -> None:
    """A merged report has the memory of each shard; what has another tag is no figure of the load."""
    report = _with_metrics(
        loaded,
        Metric(name="worker_memory", value=1, unit="B", tags={"shard": "1"}),
        Metric(name="generator_cpu", value=1.0, unit="%", tags={"scenario": "read"}),
        Metric(name="breaking_point", value=100.0, unit="/s"),
    )
    assert [metric.name for metric in load.figures(report)] == ["breaking_point", "worker_memory"]


def test_what_could_not_be_decided_is_shown_with_its_interval(loaded: Report) -> None:
    """A reader sees how far the limit lies inside."""
    undecided = tuple(
        result.model_copy(update={"verdict": Verdict.INCONCLUSIVE})
        for result in loaded.thresholds
        if result.metric == "error_rate"
    )
    report = loaded.model_copy(update={"thresholds": undecided})
    assert "error_rate       0.33%  [0.1, 0.6]" in render_text(report)
    assert "[0.1, 0.6]" not in render_text(loaded)


def test_levels_are_in_order_of_their_load(searched: Report) -> None:
    """Numbers are compared as numbers: 1000 comes after 200."""
    tags = [{"level": level} for level in ("1000", "200", "1e+06", "some")]
    report = _with_metrics(searched, *(Metric(name="slowdown", value=1.0, tags=tag) for tag in tags))
    assert [level.load for level in load.levels(report)] == ["some", "200", "1000", "1e+06"]


def test_failures_are_in_order_of_their_count(loaded: Report) -> None:
    """What happened most stands first."""
    recording = Recording(failures=[Failure(scenario="s", name=str(count), count=count) for count in (1, 30, 4)])
    report = loaded.model_copy(update={"recording": recording})
    assert [failure.count for failure in load.failures(report)] == [30, 4, 1]
    assert load.failures(loaded.model_copy(update={"recording": None})) == []


def test_blocked_seconds_of_one_place_add_up(loaded: Report) -> None:
    """Each generator runs the same code."""
    assert load.blocked(loaded) == {"app.py:7 in sleep": 0.5}
    assert load.blocked(loaded.model_copy(update={"recording": None})) == {}


def test_no_other_kind_of_gate_shows_a_load(loaded: Report) -> None:
    """A benchmark has a throughput too."""
    other = loaded.model_copy(update={"kind": "benchmark"})
    assert load.rows(other) == []
    assert load.figures(other) == []
    assert load.levels(other) == []
    assert load.failures(other) == []
    assert load.service(other) is None


def test_junit_has_a_case_for_each_threshold_of_a_load(loaded: Report) -> None:
    """CI shows which limit was broken, of which scenario, and nothing that a failed iteration said."""
    document = render_junit(loaded)
    assert 'tests="4" failures="2"' in document
    assert 'name="p(95){scenario:read} &lt; 200ms"' in document
    assert "overloaded" not in document


def test_report_of_a_share_says_that_it_is_not_judged(loaded: Report) -> None:
    """It passes because its generators were healthy, whatever the service did: that is no verdict."""
    check = CheckResult(name=SHARE, type="load", verdict=Verdict.PASS, severity="fail", success=True)
    report = loaded.model_copy(update={"checks": (check,), "thresholds": (), "verdict": Verdict.PASS})
    note = "a share of a load: only the whole load is judged"
    head, *_, conclusion, _ = render_text(report).splitlines()
    assert head == f"load gate delays: PASS ({note})"
    assert conclusion == f"PASS: 1 of 1 check passed; {note}"
    assert note in render_html(report)
    assert note not in render_text(loaded)


def test_levels_of_a_search_say_what_broke_them(searched: Report) -> None:
    """The report keeps it in a check, with the thresholds that judged each level."""
    check = CheckResult(
        name=LEVELS,
        type="load",
        verdict=Verdict.PASS,
        severity="fail",
        success=True,
        declaration={"thresholds": ["p(95) < 200ms", "error_rate < 1%", "of another release"]},
        result={"225/s": SUSTAINED, "337.5/s": "p(95) < 200ms: 0.31 s"},
    )
    report = searched.model_copy(update={"checks": (check,)})
    assert [level.outcome for level in load.levels(report)][-2:] == ["held", "broke: p(95) < 200ms: 0.31 s"]
    assert [str(threshold) for threshold in load.level_limits(report)] == ["p(95) < 200ms", "error_rate < 1%"]
    assert "broke: p(95) &lt; 200ms: 0.31 s" in render_html(report)
    assert [level.outcome for level in load.levels(_with_metrics(searched, *searched.metrics[-2:]))] == [""]
