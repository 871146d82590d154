"""Reports about parts of a table, put together: worst verdict, counts of the whole, and no part forgotten."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.gate.report import Provenance, Report, make_report
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.gate import judge_suite
from airflow_provider_dpq.core.quality.parts import merge_reports

SOURCE = Provenance(run_id="1")
FRAMES = [pl.DataFrame({"id": [1, 2], "n": [1.0, None]}), pl.DataFrame({"id": [2, 3, 4], "n": [5.0, 9.0, None]})]
SUITE: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}, "severity": "warning"},
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "max_value": 5}},
    {"type": "expect_column_max_to_be_between", "kwargs": {"column": "n"}},
    {"type": "expect_column_sum_to_be_between", "kwargs": {"column": "n"}},
    {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}},
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "n"}},
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}},
]


def _report(frame: pl.DataFrame, suite: Any = None, **options: Any) -> Report:
    return judge_suite(check(frame, suite or SUITE), gate="part", provenance=SOURCE, **options)


def _merge(*parts: Report | None, **options: Any) -> Report:
    return merge_reports(parts, gate="whole", provenance=SOURCE, **options)


def test_figures_are_those_of_the_whole_and_the_verdict_is_the_worst() -> None:
    """Counts, extremes and sums are what one check of all rows finds; what cannot be merged is not shown."""
    report, whole = _merge(*map(_report, FRAMES)), _report(pl.concat(FRAMES))
    assert report.verdict is Verdict.FAIL
    for merged, direct in zip(report.checks[:5], whole.checks[:5], strict=True):
        shared = set(merged.result) & set(direct.result)
        assert shared & {"observed_value", "unexpected_count"}
        assert {name: merged.result[name] for name in shared} == {name: direct.result[name] for name in shared}
        assert (merged.verdict, merged.success) == (direct.verdict, direct.success)
    mean, unique = report.checks[5:]
    assert ("observed_value" in mean.result, mean.result["scope"]) == (False, "each part")
    assert (unique.success, unique.result["scope"]) == (True, "each part")


def test_extreme_of_the_whole_is_traced_to_its_parts() -> None:
    """The parts that hold the greatest value are named, also where each part holds the check, and no others."""
    frames = [pl.DataFrame({"n": values}) for values in ([1, 9], [9, 2], [None, None], [3, 4])]
    suite = [
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "n", "max_value": 10}},
        {"type": "expect_column_min_to_be_between", "kwargs": {"column": "n", "min_value": 0}},
        {"type": "expect_column_sum_to_be_between", "kwargs": {"column": "n", "min_value": 0}},
    ]
    report = _merge(*(_report(frame.cast(pl.Int64), suite) for frame in frames))
    highest, lowest, total = (check.result.get("parts_with_observed") for check in report.checks)
    assert (highest, lowest, total) == (["[0]", "[1]"], ["[0]"], None)


def test_thresholds_judge_the_whole() -> None:
    """A number of rows that no part has is there in the whole."""
    thresholds = parse_thresholds(["row_count == 5", "unexpected_count < 3"], "quality")
    report = _merge(*(_report(frame, SUITE[:1]) for frame in FRAMES), thresholds=thresholds)
    assert [(item.observed, item.verdict) for item in report.thresholds] == [(5, Verdict.PASS), (2, Verdict.PASS)]
    assert report.verdict is Verdict.WARN


def test_threshold_that_a_part_breached_is_kept() -> None:
    """A part that failed by its own threshold fails the whole, which says by which."""
    bad = _report(FRAMES[0], SUITE[4:5], thresholds=parse_thresholds(["row_count > 2"], "quality"))
    report = _merge(bad, _report(FRAMES[1], SUITE[4:5]))
    assert report.verdict is Verdict.FAIL
    assert [(item.threshold, item.tags["part"]) for item in report.thresholds] == [("row_count > 2", "[0]")]


@pytest.mark.parametrize("parts", [(), (None,), (None, 0)])
def test_missing_part_is_an_error(parts: tuple[Any, ...]) -> None:
    """No part, or one without a report, is never a pass."""
    report = _merge(*(None if part is None else _report(FRAMES[part]) for part in parts))
    assert report.verdict is Verdict.ERROR
    assert report.error is not None
    assert report.error.reason == "missing_part"


def test_part_in_error_is_an_error_and_the_others_are_shown() -> None:
    """The reason of the part is that of the whole; what was measured is in the report."""
    error = SourceError("missing_file", "It is gone.")
    timed = {"started_at": _report(FRAMES[0]).started_at, "duration_seconds": 1.0}
    broken = make_report(gate="part", kind="quality", subject="x.csv", provenance=SOURCE, error=error, **timed)
    report = _merge(_report(FRAMES[0]), broken)
    assert report.verdict is Verdict.ERROR
    assert report.error is not None
    assert (report.error.reason, "In part x.csv: It is gone." in report.error.message) == ("missing_file", True)
    assert report.checks[0].result["element_count"] == 2


def test_check_that_a_part_did_not_make_is_an_error() -> None:
    """A check in one part alone says nothing about the whole."""
    report = _merge(_report(FRAMES[0], SUITE[:1]), _report(FRAMES[1], SUITE[3:4]))
    assert [check.verdict for check in report.checks] == [Verdict.ERROR, Verdict.ERROR]
    assert report.verdict is Verdict.ERROR


def test_check_in_error_in_a_part_is_an_error() -> None:
    """A part that lacks a column makes the check of it an error, with the reason."""
    report = _merge(_report(FRAMES[0]), _report(FRAMES[1].drop("n")))
    assert (report.checks[0].verdict, report.checks[0].success) == (Verdict.ERROR, False)
    assert report.checks[0].error is not None
    assert report.checks[0].error.reason == "missing_column"
