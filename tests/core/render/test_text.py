"""A report in a terminal."""

from __future__ import annotations

from collections.abc import Callable

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.gate.profile import Allocation, Profile
from airflow_provider_dpq.core.gate.report import Artifact, CheckResult, Problem, Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import render_text
from airflow_provider_dpq.core.render.layout import cell_width


def _blocks(report: Report, **options: int) -> list[list[str]]:
    return [block.splitlines() for block in render_text(report, **options).rstrip("\n").split("\n\n")]


def test_text_begins_with_the_gate_and_ends_with_its_verdict(report: Report) -> None:
    """The first block says what was judged, the last one what came of it and which report that is."""
    head, *_, tail = _blocks(report)
    assert head == [
        "quality gate flights_quality > flights: ERROR",
        "subject   /data/flights.csv",
        "data      2013-01-01 00:00:00 UTC to 2013-01-02 00:00:00 UTC",
        "task      flights_quality.check[3], try 1",
        "run       scheduled__2013-01-01",
        "started   2013-01-02 03:04:05 UTC, took 1.25 s",
    ]
    assert tail == ["ERROR: 2 of 6 checks and 1 of 5 thresholds passed", f"Report {report.id}"]


def test_text_shows_each_check_with_its_counts_the_worst_last(report: Report) -> None:
    """The table of checks ends with what needs attention, next to the verdict."""
    table = [" ".join(line.split()) for line in _blocks(report)[1]]
    assert table == [
        "verdict check column unexpected values missing % observed",
        "pass row count 336,776",
        "pass (info) delay tolerated tailnum 0 1,000 0%",
        "warn origin known origin 0 1,000 0%",
        "inconclusive speed rounds=12",
        "fail tailnum present tailnum 2,512 335,576 1,200 0.75%",
        "error dest pattern tailnum",
    ]


def test_text_shows_each_threshold_with_what_was_observed(report: Report) -> None:
    """A threshold stands beside the value it judged and its limit in the same unit."""
    table = [" ".join(line.split()) for line in _blocks(report)[2]]
    assert table == [
        "verdict threshold severity observed limit of",
        "pass row_count > 0 fail 336,776 0",
        "warn unexpected_percent < 0.5 warn 0.745896% 0.5% tailnum present",
        "inconclusive missing_percent < 1.8 fail 1.5% 1.8%",
        "fail success_percent >= 95 fail 50% 95% checks that succeeded, as Great",
        "Expectations counts them",
        "error element_count > 0 fail - 0",
    ]


def test_text_tells_why_a_check_could_not_be_evaluated(report: Report) -> None:
    """Errors are written in full below the tables, with their reason."""
    assert _blocks(report)[4] == [
        "error in dest pattern (bad_regex):",
        "  The pattern '(' is not a regular expression.",
    ]


def test_text_tells_why_the_gate_could_not_be_measured(report: Report) -> None:
    """A gate without any check has its error and no empty table."""
    problem = Problem(reason="out_of_memory", message="More memory\nis needed. " + "Raise it. " * 20)
    failed = report.model_copy(update={"checks": (), "thresholds": (), "artifacts": (), "error": problem})
    _, error, tail = _blocks(failed, width=60)
    assert error[:2] == [
        "error in flights_quality > flights (out_of_memory):",
        "  More memory",
    ]
    assert error[2].startswith("  is needed. Raise it.")
    assert tail[0] == "ERROR: could not be measured (out_of_memory)"


def test_text_tells_where_rows_were_written(report: Report) -> None:
    """How many rows are where stands below the checks."""
    written = Artifact(name="quarantine", uri="/q/bad.parquet", media_type="application/vnd.apache.parquet", rows=1204)
    assert ["quarantine  1,204 rows in /q/bad.parquet"] in _blocks(report.model_copy(update={"artifacts": (written,)}))


def test_text_leaves_out_what_a_report_outside_airflow_has_not(report: Report) -> None:
    """A report from the command line has no task and no data interval to show."""
    source = report.provenance.model_copy(update={"dag_id": None, "task_id": None})
    head = _blocks(report.model_copy(update={"provenance": source, "data_interval": None}))[0]
    assert [line.split()[0] for line in head[1:]] == ["subject", "run", "started"]


def test_text_leaves_out_columns_that_the_names_already_tell(
    report: Report, make_check: Callable[..., CheckResult]
) -> None:
    """Where every check is named after its columns, they are not told twice."""
    checks = (
        make_check("not_null(tailnum)"),
        make_check("unique(a+b)", declaration={"column_list": ["a", "b"]}),
        make_check("greater(a+b)", declaration={"column_A": "a", "column_B": "b"}),
    )
    assert _blocks(report.model_copy(update={"checks": checks}))[1][0].split()[:3] == ["verdict", "check", "unexpected"]
    named = (*checks, make_check("greater", declaration={"column_A": "a", "column_B": "b"}))
    assert _blocks(report.model_copy(update={"checks": named}))[1][-1].split()[:4] == ["pass", "greater", "a,", "b"]


@pytest.mark.parametrize("verdict", Verdict)
def test_text_is_coloured_only_when_asked(report: Report, verdict: Verdict) -> None:
    """Without colour there is no escape sequence, and with it nothing but colour is added."""
    judged = report.model_copy(update={"verdict": verdict})
    plain = render_text(judged)
    coloured = render_text(judged, colour=True)
    assert "\x1b" not in plain
    assert click.unstyle(coloured) == plain
    assert f"\x1b[1m{verdict.value.upper()}\x1b[0m: " in coloured


def test_text_is_not_steered_by_what_it_shows(report: Report, make_check: Callable[..., CheckResult]) -> None:
    """A value read from data cannot move the cursor or clear the screen."""
    evil = "\x1b[2J\r\x07"
    problem = Problem(reason=evil, message=evil)
    check = make_check(evil, verdict=Verdict.ERROR, severity=evil, error=problem, result={"observed_value": evil})
    threshold = report.thresholds[0].model_copy(update={"threshold": evil, "unit": evil, "tags": {evil: evil + evil}})
    fields = {"checks": (check,), "gate": evil, "kind": evil, "subject": evil, "thresholds": (threshold,)}
    for error in (None, problem):
        assert not set(render_text(report.model_copy(update={**fields, "error": error}))) & {"\x1b", "\r", "\x07"}


@given(data=st.data(), width=st.integers(50, 200))
def test_text_fits_the_terminal(reports: st.SearchStrategy[Report], data: st.DataObject, width: int) -> None:
    """Whatever a report holds, it can be written, and no table or paragraph is wider than the terminal."""
    report = data.draw(reports)
    head, *blocks, _ = _blocks(report, width=width)
    assert all(cell_width(line) <= width for block in (head[1:], *blocks) for line in block)


def _rows(report: Report, block: int) -> list[str]:
    return [" ".join(line.split()) for line in _blocks(report)[block]]


def test_text_shows_a_benchmark_by_size(sized: Report) -> None:
    """One line a size, the smallest first; then the exponent, and where the time went."""
    header, *sizes = _rows(sized, 1)
    assert header == "size samples median CPU median p(95) of iterations throughput peak memory"
    assert [line.split()[0] for line in sizes] == ["100", "1,000", "10,000"]
    assert sizes[2].endswith("6 MB")
    assert _rows(sized, 2) == ["metric value interval of", "exponent 1.1 [1.05, 1.15] clock:cpu"]
    assert _rows(sized, 3) == [
        "own time total time calls function where",
        "900 ms 1.8 s 657 merge merge.py:148",
        "250 us 10 ms 20 <built-in sort>",
    ]


def test_text_shows_ratios_with_their_intervals(compared: Report) -> None:
    """A ratio reads as such, and an end that the sample does not support is told."""
    assert _rows(compared, 2) == [
        "metric value interval",
        "cpu_median 1.071x baseline [1.052x, 1.089x]",
        "median 1.083x baseline [1.01x, no upper limit]",
    ]
    assert "cpu_median < 1.05x baseline fail 1.071x baseline 1.05x baseline" in " ".join(_rows(compared, 4))


def test_text_shows_growth_with_its_interval(leaking: Report) -> None:
    """Both ends of the interval are in the unit of the value."""
    assert _rows(leaking, 1)[1:] == ["growth 1.012 kB/op [-0.003, 1.06]", "open_file_growth 0.05 /op"]


def test_text_names_the_places_of_a_leak(leaking: Report) -> None:
    """Where it is allocated, and from where that was called, the nearest first; of a benchmark nobody asks."""
    held = Allocation(location=("a.py:1", "b.py:2", "c.py:3", "d.py:4"), size_bytes=2500, count=7)
    profile = Profile(iterations=3, allocations=(held,))
    shown = render_text(leaking.model_copy(update={"profile": profile}))
    assert " ".join(["still", "allocated", "blocks", "allocated", "at"]) in " ".join(shown.split())
    assert "2.5 kB 7 a.py:1 < b.py:2 < c.py:3" in " ".join(shown.split())
    assert "a.py:1" not in render_text(leaking.model_copy(update={"profile": profile, "kind": "benchmark"}))


def test_text_tells_why_a_check_is_inconclusive(compared: Report) -> None:
    """What could be measured but not decided is not called an error."""
    assert _blocks(compared)[5] == ["against history is inconclusive (too_noisy):", "  The last runs differ by 12 %."]


def test_text_wraps_the_long_name_of_an_artifact(report: Report) -> None:
    """A name that does not fit its column has lines of its own."""
    long = Artifact(name="name " * 30, uri="/q", media_type="application/json")
    lines = _blocks(report.model_copy(update={"artifacts": (long,)}), width=60)[5]
    assert len(lines) == 4
    assert lines[-1] == " " * 12 + "/q"


def _load_table(report: Report, number: int) -> list[str]:
    return [" ".join(line.split()) for line in _blocks(report)[number]]


def test_text_shows_a_load_by_scenario(loaded: Report) -> None:
    """How much there was and how long it took, of the whole load and of each scenario."""
    assert _load_table(loaded, 1) == [
        "scenario iterations throughput failed dropped",
        "all 12,000 200 /s 0.33% 7",
        "read 9,000 150 /s 0.33% 7",
        "write 3,000 50 /s 0.33% 7",
    ]
    assert _load_table(loaded, 2) == [
        "time mean min median max p(90) p(95) p(99)",
        "all 7.8 ms 1.5 ms 6.15 ms 600 ms 16.5 ms 21 ms 75 ms",
        "read 5.2 ms 1 ms 4.1 ms 400 ms 11 ms 14 ms 50 ms",
        "write 15.6 ms 3 ms 12.3 ms 1.2 s 33 ms 42 ms 150 ms",
        "service (all) 4 ms 200 ms 9 ms",
    ]


def test_text_shows_how_a_load_failed(loaded: Report) -> None:
    """The most frequent kind first, each with what the first iteration said."""
    assert _load_table(loaded, 3) == [
        "failures kind scenario such as",
        "35 status 503 read overloaded",
        "5 timeout write",
    ]


def test_text_shows_how_the_generators_were(loaded: Report) -> None:
    """Lateness, processor time and memory, and what held up the event loops of all of them together."""
    assert _load_table(loaded, 4) == [
        "metric value",
        "lateness_p(99) 600 us",
        "generator_cpu 41.2%",
        "worker_memory 81 MB",
        "target_cpu 93%",
    ]
    assert _load_table(loaded, 5) == ["blocked event loop blocked at", "500 ms app.py:7 in sleep"]


def test_text_shows_the_levels_of_a_search(searched: Report) -> None:
    """Levels are in the order of their numbers, and the search's answer has its span."""
    blocks = render_text(searched).split("\n\n")
    levels = [line.split() for line in next(block for block in blocks if "slowdown" in block).splitlines()]
    assert [line[0] for line in levels] == ["level", "100/s", "150/s", "225/s", "337.5/s"]
    assert levels[-2:] == [["225/s", "1.4", "99%", "held"], ["337.5/s", "40", "71%", "broke"]]
    assert "breaking_point  281 /s  [274, 288]" in render_text(searched)


@pytest.mark.parametrize("width", [60, 80, 100])
def test_text_of_a_load_fits_the_terminal(loaded: Report, width: int) -> None:
    """Twelve figures of a scenario are two tables."""
    assert max(map(cell_width, render_text(loaded, width=width).splitlines())) <= width
