"""A metric and its own history: a real store, chosen times, and what it says while there is too little to say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airflow_provider_dpq.core.errors import DeclarationError, StoreError
from airflow_provider_dpq.core.gate.identity import Gate as Identity
from airflow_provider_dpq.core.gate.report import CheckResult, DataInterval, Provenance, Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import SuiteResult, check
from airflow_provider_dpq.core.quality.gate import judge_suite
from airflow_provider_dpq.core.store import Store, open_store

KIND = "expect_metric_to_follow_its_history"
START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of reports on disk."""
    with open_store(f"sqlite:///{tmp_path / 'reports.db'}") as opened:
        yield opened


def day(number: int) -> DataInterval:
    """Return the data interval of a day, counted from a Monday."""
    return DataInterval(start=START + timedelta(days=number), end=START + timedelta(days=number + 1))


def follows(metric: str = "row_count", name: str = "history", **kwargs: Any) -> dict[str, Any]:
    """Return the declaration of a check of a metric's history."""
    keys = {key: kwargs.pop(key) for key in ("severity", "thresholds") if key in kwargs}
    return {"type": KIND, "name": name, "kwargs": {"metric": metric, **kwargs}, **keys}


class Gate:
    """A gate that is run day after day on tables of a chosen number of rows."""

    def __init__(self, store: Store, *suite: dict[str, Any], **options: Any) -> None:
        self.store, self.suite, self.options = store, list(suite), options

    def measure(self, rows: int | pd.DataFrame, number: int) -> SuiteResult:
        """Check a table as of a day."""
        frame = pd.DataFrame({"a": range(rows)}) if isinstance(rows, int) else rows
        return check(
            frame,
            self.suite,
            now=day(number).end,
            data_interval=day(number),
            history=lambda limit: self.store.reports(Identity("", "orders"), limit=limit, kind="quality"),
            **self.options,
        )

    def run(self, rows: int | pd.DataFrame, number: int, *, try_number: int = 1) -> Report:
        """Check, judge and store; the report says that it began at the end of its day."""
        found = self.measure(rows, number)
        source = Provenance(run_id=f"day-{number}", try_number=try_number)
        report = judge_suite(found, gate="orders", provenance=source, data_interval=day(number))
        report = report.model_copy(update={"started_at": day(number).end + timedelta(seconds=try_number)})
        self.store.write(report)
        return report


def of_history(report: Report | SuiteResult) -> CheckResult:
    """Return the result of the check of the history."""
    checks: Sequence[CheckResult] = report.checks if isinstance(report, Report) else report.results
    (found,) = [item for item in checks if item.type == KIND]
    return found


def run_days(gate: Gate, counts: Iterable[int], start: int = 0) -> list[Report]:
    """Run a gate once for each day."""
    return [gate.run(count, number) for number, count in enumerate(counts, start)]


def test_young_gate_is_inconclusive_and_grows_up(store: Store) -> None:
    """Until there are enough reports it does not judge, and says so; its own indecision keeps no report out."""
    reports = run_days(Gate(store, follows(min_reports=4)), [100] * 5)
    assert [report.verdict for report in reports] == [Verdict.INCONCLUSIVE] * 4 + [Verdict.PASS]
    young = of_history(reports[3])
    assert young.error is not None
    assert (young.success, young.error.reason, young.result["report_count"]) == (None, "history_too_short", 3)
    assert of_history(reports[4]).result["report_count"] == 4


def test_too_little_history_is_never_a_success(store: Store) -> None:
    """Neither the result of the suite nor a severity that only records turns indecision into a pass."""
    found = Gate(store, follows(severity="info")).measure(100, 0)
    assert not found.success
    assert found.results[0].verdict is Verdict.INCONCLUSIVE


def test_drop_of_half_fails_and_limits_are_in_the_result(store: Store) -> None:
    """The limits are those of the values before, computed anew here."""
    counts = [100, 104, 98, 101, 99, 103, 97, 102, 100, 101, 96]
    gate = Gate(store, follows())
    run_days(gate, counts)
    found = of_history(gate.measure(50, 11))
    median = float(np.median(counts))
    deviation = float(np.median(np.abs(np.array(counts) - median)))
    half = max(3 * 1.4826 * deviation * (1 + 9 / len(counts)), 0.1 * median)
    assert found.verdict is Verdict.FAIL
    assert found.evaluated_by == "history"
    assert found.result == pytest.approx(
        {
            "observed_value": 50,
            "metric": "row_count",
            "report_count": 11,
            "median": median,
            "lower_limit": median - half,
            "upper_limit": median + half,
        }
    )
    assert of_history(gate.measure(101, 11)).verdict is Verdict.PASS


def test_failed_reports_are_not_learned_from(store: Store) -> None:
    """A level that the gate refused stays refused, however often it comes."""
    gate = Gate(store, follows(min_reports=3, last=5))
    run_days(gate, [100] * 4)
    again = run_days(gate, [10] * 8, start=4)
    assert {report.verdict for report in again} == {Verdict.FAIL}
    assert of_history(again[-1]).result["median"] == 100


def test_warned_reports_are_learned_from(store: Store) -> None:
    """A gate that only warns gets used to a new level."""
    gate = Gate(store, follows(min_reports=3, last=5, severity="warning"))
    reports = run_days(gate, [100] * 4 + [10] * 5)
    assert [report.verdict for report in reports[4:]] == [Verdict.WARN] * 3 + [Verdict.PASS] * 2


def test_report_that_another_check_failed_is_not_learned_from(store: Store) -> None:
    """Want of history excuses no other check."""
    rows = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 50}}
    gate = Gate(store, rows, follows(min_reports=3))
    run_days(gate, [100, 10, 100, 10])
    assert of_history(gate.measure(100, 4)).result["report_count"] == 2


def test_run_is_not_judged_by_itself_and_an_interval_counts_once(store: Store) -> None:
    """A re-run leaves its own interval out, and of another interval's tries only the newest counts."""
    gate = Gate(store, follows(min_reports=3))
    run_days(gate, [100, 100, 100])
    gate.run(110, 2, try_number=2)
    gate.run(120, 2, try_number=3)
    found = of_history(gate.measure(100, 3))
    assert found.result["report_count"] == 3
    again = of_history(gate.measure(100, 2))
    assert again.error is not None
    assert (again.error.reason, again.result["report_count"]) == ("history_too_short", 2)


def test_newest_try_decides_for_its_interval(store: Store) -> None:
    """An interval whose newest report failed is not used, though an older try passed."""
    rows = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 50}}
    gate = Gate(store, rows, follows(min_reports=3))
    run_days(gate, [100, 100, 100])
    gate.run(1, 2, try_number=2)
    assert of_history(gate.measure(100, 3)).result["report_count"] == 2


@pytest.mark.parametrize(("direction", "verdicts"), [("both", "ff"), ("drop", "fp"), ("rise", "pf")])
def test_direction_says_which_deviation_alarms(store: Store, direction: str, verdicts: str) -> None:
    """Only drops, only rises, or both; the side that does not alarm has no limit."""
    gate = Gate(store, follows(min_reports=3, direction=direction))
    run_days(gate, [100] * 3)
    low, high = of_history(gate.measure(50, 3)), of_history(gate.measure(200, 3))
    assert [item.verdict.value[0] for item in (low, high)] == list(verdicts)
    assert (low.result["lower_limit"] is None, low.result["upper_limit"] is None) == (
        direction == "rise",
        direction == "drop",
    )


def test_weekdays_are_held_against_the_same_weekday(store: Store) -> None:
    """Quiet Sundays are normal on Sundays, and no Monday: by the start of the data interval."""
    gate = Gate(store, follows(min_reports=3, season="weekday", last=5))
    run_days(gate, [10 if number % 7 == 6 else 100 for number in range(28)])
    monday, sunday = 28, 34
    assert of_history(gate.measure(100, monday)).result == pytest.approx(
        {
            "observed_value": 100,
            "metric": "row_count",
            "report_count": 4,
            "median": 100,
            "lower_limit": 90,
            "upper_limit": 110,
        }
    )
    assert of_history(gate.measure(10, monday)).verdict is Verdict.FAIL
    assert of_history(gate.measure(10, sunday)).verdict is Verdict.PASS
    assert of_history(gate.measure(100, sunday)).verdict is Verdict.FAIL


def test_history_is_read_further_back_where_reports_do_not_count(store: Store) -> None:
    """Refused reports in between do not make the history shorter than it is."""
    gate = Gate(store, follows(min_reports=5, last=5))
    run_days(gate, [100] * 7)
    run_days(gate, [1] * 25, start=7)
    assert of_history(gate.measure(100, 32)).result["report_count"] == 5


def test_metric_of_another_check_is_followed(store: Store) -> None:
    """Any metric of a check, by tags as thresholds have them, or by the check's name."""
    suite = [
        {"type": "expect_column_values_to_not_be_null", "name": "a there", "kwargs": {"column": "a", "mostly": 0}},
        {"type": "expect_column_values_to_not_be_null", "name": "b there", "kwargs": {"column": "b", "mostly": 0}},
    ]
    ways = [{"metric": "unexpected_percent{column:b}"}, {"metric": "unexpected_percent", "check": "b there"}]
    gate = Gate(store, *suite, *(follows(name=f"way {i}", min_reports=3, **way) for i, way in enumerate(ways)))
    good = pd.DataFrame({"a": [None] * 10, "b": [None, *range(9)]})
    for number in range(3):
        gate.run(good, number)
    found = gate.measure(pd.DataFrame({"a": [None] * 10, "b": [None] * 5 + [1] * 5}), 3)
    for result in found.results[2:]:
        assert (result.result["observed_value"], result.result["median"], result.verdict) == (50, 10, Verdict.FAIL)


@pytest.mark.parametrize(
    ("metric", "reason"),
    [("unexpected_percent", "ambiguous_metric"), ("unexpected_count{column:z}", "missing_metric")],
)
def test_metric_that_is_not_one_metric_is_an_error(store: Store, metric: str, reason: str) -> None:
    """Several metrics of a name, or none, are no metric to follow; the other checks stand."""
    there = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a"}} for _ in range(2)]
    found = Gate(store, *there, follows(metric)).measure(3, 0)
    assert [result.verdict for result in found.results] == [Verdict.PASS, Verdict.PASS, Verdict.ERROR]
    assert found.results[2].error is not None
    assert found.results[2].error.reason == reason


def test_figure_that_was_missing_in_a_report_is_no_value_of_it(store: Store) -> None:
    """Reports from before the check existed are not counted as history of its metric."""
    run_days(Gate(store, follows("row_count")), [100] * 3)
    values = {"type": "expect_column_max_to_be_between", "kwargs": {"column": "a", "max_value": 1000}}
    gate = Gate(store, values, follows("observed_value{column:a}", min_reports=3))
    assert of_history(gate.measure(100, 3)).result["report_count"] == 0


def test_without_a_store_the_check_is_an_error_with_a_hint() -> None:
    """Without a history nothing is judged, and nothing passes."""
    (result,) = check(pd.DataFrame({"a": [1]}), [follows()]).results
    assert result.error is not None
    assert (result.verdict, result.error.reason) == (Verdict.ERROR, "no_history")
    assert "--store" in result.error.message


def test_store_that_cannot_be_read_is_an_error_of_the_check() -> None:
    """A store out of reach stops this check, not the others."""

    def broken(limit: int) -> Sequence[Report]:
        raise StoreError("store_unreachable", f"No {limit} reports.")

    suite = [follows(), {"type": "expect_column_to_exist", "kwargs": {"column": "a"}}]
    first, second = check(pd.DataFrame({"a": [1]}), suite, history=broken).results
    assert first.error is not None
    assert (first.error.reason, second.verdict) == ("store_unreachable", Verdict.PASS)


@pytest.mark.parametrize(
    ("kwargs", "reason"),
    [
        ({"metric": "rows"}, "unknown_metric"),
        ({"metric": "row_count > 3"}, "malformed_threshold"),
        ({"metric": "failed_check_count"}, "invalid_argument"),
        ({"metric": "row_count", "min_reports": 31}, "invalid_argument"),
        ({"metric": "row_count", "min_reports": 2}, "invalid_argument"),
        ({"metric": "row_count", "direction": "down"}, "invalid_argument"),
        ({"metric": "row_count", "relative_floor": -0.1}, "invalid_argument"),
    ],
)
def test_what_could_never_be_judged_is_refused(kwargs: dict[str, Any], reason: str) -> None:
    """A metric that no gate measures, or limits that make no sense, are refused before anything is read."""
    with pytest.raises(DeclarationError) as caught:
        check(pd.DataFrame({"a": [1]}), [{"type": KIND, "kwargs": kwargs}])
    assert caught.value.reason == reason


def test_thresholds_may_judge_the_figures_of_a_history(store: Store) -> None:
    """Where the check declares thresholds they decide, once there is a history."""
    gate = Gate(store, follows(min_reports=3, thresholds=["observed_value > 10"]))
    reports = run_days(gate, [100, 100, 100, 50])
    assert [report.verdict for report in reports] == [Verdict.INCONCLUSIVE] * 3 + [Verdict.PASS]
