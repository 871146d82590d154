"""The history of a benchmark: what counts, where a new level begins, and what differs from before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.benchmark.history import HistoryValue, difference, segments
from airflow_provider_dpq.core.environment import Environment
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import DataInterval, Provenance, Report
from airflow_provider_dpq.core.gate.verdict import Verdict

START = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
DAY = timedelta(days=1)
HERE = Environment(
    host="worker-1",
    platform="Linux",
    python="3.11.9",
    cpu_count=4,
    memory_bytes=16 * 1024**3,
    packages={"numpy": "2.4.6", "pandas": "2.3.3", "airflow-provider-dpq": "0.3.0"},
    processor="EPYC",
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What was accepted, as the store's `Baseline` tells it."""

    report_id: str
    started_at: datetime


def seconds(value: float | None, unit: str = "s", **tags: str) -> Metric:
    """Return a median of CPU time."""
    return Metric(name="cpu_median", value=value, unit=unit, tags=tags)


def night(number: float, *metrics: Metric, again: int = 0, **fields: Any) -> Report:
    """Return the report of a night, one second of CPU time and a pass unless told otherwise."""
    interval = DataInterval(start=START + int(number) * DAY, end=START + int(number) * DAY + DAY)
    defaults: dict[str, Any] = {"verdict": Verdict.PASS, "environment": HERE, "data_interval": interval}
    return Report(
        id=f"night {number}" + f" again {again}" * bool(again),
        gate="flights",
        kind="benchmark",
        subject="dags.flights:transform",
        metrics=metrics or (seconds(1.0),),
        provenance=Provenance(run_id=str(number), try_number=again + 1),
        started_at=START + number * DAY + again * timedelta(hours=1),
        duration_seconds=1.0,
        **{**defaults, **fields},
    )


def mark(report: Report) -> Mark:
    """Accept a report."""
    return Mark(report.id, report.started_at)


def names(reports: Sequence[Report], *accepted: Mark, last: int = 20, **tags: str) -> list[list[str]]:
    """Return the identifiers of each segment of reports that are given in the order of time."""
    found = segments(
        reports[::-1], accepted, metric_name="cpu_median", tags=tags, fingerprint=HERE.fingerprint, last=last
    )
    return [[past.report_id for past in segment] for segment in found]


def test_history_is_oldest_first() -> None:
    """Each value comes with its time and its report."""
    reports = [night(0, seconds(1.5)), night(1, seconds(2.5))]
    assert segments(
        reports[::-1], (), metric_name="cpu_median", tags={}, fingerprint=HERE.fingerprint
    ) == ((HistoryValue(START, 1.5, "night 0"), HistoryValue(START + DAY, 2.5, "night 1")),)  # fmt: skip


def test_no_report_is_one_empty_segment() -> None:
    """A gate's first night has a present level of which nothing is known."""
    assert names([]) == [[]]


@pytest.mark.parametrize(
    ("verdict", "counts"),
    [(Verdict.PASS, True), (Verdict.WARN, True), (Verdict.INCONCLUSIVE, True), (Verdict.FAIL, False),
     (Verdict.ERROR, False)],
)  # fmt: skip
def test_failed_reports_stay_out(verdict: Verdict, counts: bool) -> None:
    """What failed or could not be measured is no part of what is normal; an undecided first night is."""
    assert names([night(0), night(1, verdict=verdict)]) == [["night 0", "night 1"] if counts else ["night 0"]]


def test_accepted_report_counts_although_it_failed() -> None:
    """The level begins with it, and the other failures of those nights stay out."""
    failed = [night(number, verdict=Verdict.FAIL) for number in (2, 3, 4)]
    reports = [night(0), night(1), *failed, night(5)]
    assert names(reports, mark(failed[1])) == [["night 0", "night 1"], ["night 3", "night 5"]]


def test_every_acceptance_begins_a_segment() -> None:
    """Two changes of speed make three levels."""
    reports = [night(number) for number in range(6)]
    assert names(reports, mark(reports[2]), mark(reports[4])) == [
        ["night 0", "night 1"], ["night 2", "night 3"], ["night 4", "night 5"],
    ]  # fmt: skip


def test_later_acceptance_of_an_earlier_report_takes_back_those_after_it() -> None:
    """Whoever accepted the wrong report accepts the right one; the wrong one, which failed, is out again."""
    reports = [night(0), night(1), night(2, verdict=Verdict.FAIL), night(3)]
    wrong, right = mark(reports[2]), mark(reports[1])
    assert names(reports, wrong) == [["night 0", "night 1"], ["night 2", "night 3"]]
    assert names(reports, wrong, right) == [["night 0"], ["night 1", "night 3"]]


def test_order_of_the_store_decides_and_no_clock() -> None:
    """A machine whose clock is behind measured a night that the store got after the accepted one."""
    behind = night(2).model_copy(update={"started_at": START - DAY})
    reports = [night(0), night(1), behind, night(3)]
    assert names(reports, mark(reports[1])) == [["night 0"], ["night 1", "night 2", "night 3"]]
    assert names(reports, mark(behind), mark(reports[1])) == [["night 0"], ["night 1", "night 2", "night 3"]]
    assert names(reports, mark(reports[1]), mark(behind)) == [["night 0"], ["night 1"], ["night 2", "night 3"]]


def test_report_accepted_twice_is_one_beginning() -> None:
    """Two people may accept the same night."""
    reports = [night(0), night(1)]
    assert names(reports, mark(reports[1]), mark(reports[1])) == [["night 0"], ["night 1"]]


def test_present_level_is_there_although_nothing_is_known_of_it() -> None:
    """An accepted report that does not count here never lets the old level pass for the present one."""
    elsewhere = night(1, environment=HERE.model_copy(update={"processor": "Xeon"}))
    assert names([night(0), elsewhere], mark(elsewhere)) == [["night 0"], []]
    assert names([night(0)], mark(night(1))) == [["night 0"], []]


def test_older_segments_without_a_value_are_left_out() -> None:
    """What was accepted before the oldest report that was read says nothing."""
    reports = [night(4), night(5)]
    assert names(reports, mark(night(1)), mark(night(3)), mark(night(5))) == [["night 4"], ["night 5"]]


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"host": "worker-2"}, True),
        ({"platform": "Linux-6.17"}, True),
        ({"packages": {**HERE.packages, "airflow-provider-dpq": "0.4.0"}}, True),
        ({"processor": "Xeon"}, False),
        ({"cpu_count": 2}, False),
        ({"memory_bytes": 8 * 1024**3}, False),
        ({"python": "3.12.1"}, False),
        ({"packages": {**HERE.packages, "numpy": "2.5.0"}}, False),
        ({"packages": {**HERE.packages, "polars": "1.0"}}, False),
    ],
)
def test_only_the_same_environment_is_comparable(changes: dict[str, Any], same: bool) -> None:
    """Other hardware, interpreter or libraries are another history; another worker of the same kind is not."""
    other = night(1, environment=HERE.model_copy(update=changes))
    assert names([night(0), other]) == [["night 0", "night 1"] if same else ["night 0"]]
    assert bool(difference(HERE.fingerprint, other)) is not same


def test_only_the_metric_itself_counts() -> None:
    """Neither another size, nor a ratio to a baseline of the same name, nor what was not measured."""
    reports = [
        night(0, seconds(1.02, "x baseline"), seconds(7.0)),
        night(1, seconds(1.02, "x baseline")),
        night(2, seconds(2.0, size="100")),
        night(3, seconds(None)),
        night(4, seconds(float("inf"))),
        night(5, Metric(name="median", value=3.0, unit="s")),
        night(6, seconds(8.0), seconds(9.0, size="100")),
    ]
    assert names(reports) == [["night 0", "night 6"]]
    assert names(reports, size="100") == [["night 2", "night 6"]]
    found = segments(reports[::-1], (), metric_name="cpu_median", tags={}, fingerprint=HERE.fingerprint)
    assert [past.value for past in found[0]] == [7.0, 8.0]


def test_data_interval_counts_once() -> None:
    """A task that was retried or cleared counts by its newest report, reports without an interval all count."""
    bare = [night(number, data_interval=None) for number in (1, 1.5)]
    assert names([night(0), night(0, again=1), *bare]) == [["night 0 again 1", "night 1", "night 1.5"]]


@pytest.mark.parametrize(
    "fields",
    [{"verdict": Verdict.FAIL}, {"verdict": Verdict.ERROR}, {"metrics": ()},
     {"environment": HERE.model_copy(update={"python": "3.12.1"})}],
)  # fmt: skip
def test_report_that_does_not_count_hides_none_of_its_interval(fields: dict[str, Any]) -> None:
    """A night that was measured again in vain, or elsewhere, keeps its first report."""
    again = night(1, again=1).model_copy(update=fields)
    assert names([night(0), night(1), again]) == [["night 0", "night 1"]]


def test_task_cleared_after_acceptance_is_judged_by_what_was_accepted() -> None:
    """The interval of the present run is not left out; its second report then takes the first one's place."""
    failed = night(1, verdict=Verdict.FAIL)
    assert names([night(0), failed], mark(failed)) == [["night 0"], ["night 1"]]
    assert names([night(0), failed, night(1, again=1)], mark(failed)) == [["night 0"], ["night 1 again 1"]]


def test_newest_values_count_over_all_segments() -> None:
    """At most so many are returned, of what counts."""
    reports = [night(number, verdict=Verdict.FAIL if number == 4 else Verdict.PASS) for number in range(6)]
    assert names(reports, mark(reports[3]), last=3) == [["night 2"], ["night 3", "night 5"]]
    assert names(reports, mark(reports[3]), last=2) == [["night 3", "night 5"]]


@given(
    verdicts=st.lists(st.sampled_from(Verdict), max_size=12),
    intervals=st.lists(st.integers(0, 12), min_size=12, max_size=12),
    chosen=st.lists(st.integers(0, 11), max_size=5),
    last=st.integers(1, 12),
)
def test_segments_part_what_counts(verdicts: list[Verdict], intervals: list[int], chosen: list[int], last: int) -> None:
    """Whatever was accepted: in order of time, no value twice, none after the beginning of the next level."""
    spans = [DataInterval(start=START + number * DAY, end=START + number * DAY + DAY) for number in intervals]
    reports = [night(number, verdict=verdict, data_interval=spans[number]) for number, verdict in enumerate(verdicts)]
    accepted = [mark(night(number)) for number in chosen]
    *earlier, present = segments(
        reports[::-1], accepted, metric_name="cpu_median", tags={}, fingerprint=HERE.fingerprint, last=last
    )
    assert all(earlier)
    flat = [past for segment in (*earlier, present) for past in segment]
    times = [past.started_at for past in flat]
    assert times == sorted(set(times))
    assert len(flat) <= last
    by_id = {report.id: report for report in reports}
    marked = {item.report_id for item in accepted}
    assert all(
        by_id[past.report_id].verdict not in (Verdict.FAIL, Verdict.ERROR) or past.report_id in marked for past in flat
    )
    kept = [by_id[past.report_id].data_interval for past in flat]
    assert len({(span.start, span.end) for span in kept if span}) == len(flat)
    if accepted:
        begins = accepted[-1].started_at
        assert all(past.started_at >= begins for past in present)
        assert all(past.started_at < begins for segment in earlier for past in segment)


def test_difference_names_what_is_here_and_what_was_there() -> None:
    """Values of both sides by name, and a word for what one of them lacks."""
    packages = {"numpy": "2.5.0", "polars": "1.0", "airflow-provider-dpq": "0.1"}
    there = HERE.model_copy(update={"packages": packages, "processor": "", "host": "worker-9"})
    assert difference(HERE.fingerprint, night(0, environment=there)) == {
        "processor": ("EPYC", "none"),
        "numpy": ("2.4.6", "2.5.0"),
        "pandas": ("2.3.3", "none"),
        "polars": ("none", "1.0"),
    }
