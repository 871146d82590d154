"""What a report plots of a load."""

from __future__ import annotations

import numpy as np
import pytest

from airflow_provider_dpq.core.load.recorder import Recorder
from airflow_provider_dpq.core.load.series import MAX_POINTS, series_of
from tests.core.load.loads import STARTED, iterations, load, moment, record


def test_rates_are_per_second_at_the_begin_of_each_window() -> None:
    """Also where windows are longer than a second, and 0 where nothing happened."""
    recorder = Recorder(load(), started_at_seconds=STARTED)
    for second in (0, 1, 1230):
        due = np.linspace(second, second + 0.9, 8)
        recorder.add(0, moment(second + 1, iterations={"default": iterations(due, [0.05] * 8)}))
        recorder.add(0, moment(second + 1, iterations={"default": iterations(due[:4], [0.05] * 4, outcome=1)}))
    series = {item.name: item for item in series_of(recorder.ledger(), recorder.test)}
    assert set(series) == {
        *("rate", "failures", "due", "response_p50", "response_p95", "response_p99", "distribution"),
    }
    assert series["due"].unit == series["rate"].unit == series["failures"].unit == "/s"
    assert series["rate"].positions == tuple(4.0 * number for number in range(308))
    assert len(series["rate"].values) <= MAX_POINTS
    assert (series["rate"].values[0], series["failures"].values[0], series["due"].values[0]) == (4.0, 2.0, 6.0)
    assert set(series["rate"].values[1:307]) == {0.0}
    assert series["response_p95"].positions == (0.0, 1228.0)  # nothing ended between
    assert series["response_p95"].values == pytest.approx((0.05, 0.05), rel=0.001)


def test_scenarios_have_their_own_series_where_there_are_several() -> None:
    """Those of the whole have no tag."""
    recorder = record(load("read", "write"))
    series = list(series_of(recorder.ledger(), recorder.test))
    assert {item.tags.get("scenario") for item in series} == {None, "read", "write"}
    rates = {item.tags.get("scenario"): item.values[2] for item in series if item.name == "rate"}
    assert rates == {None: 200.0, "read": 100.0, "write": 100.0}
    alone = record(load())
    assert all(not item.tags for item in series_of(alone.ledger(), alone.test))


@pytest.mark.parametrize(
    ("rate", "tail"), [(10, (97, 98, 99, 100)), (100, (98, 99, 100)), (1000, (98, 99, 99.5, 99.9, 100))]
)
def test_the_distribution_has_as_much_tail_as_there_are_iterations_for(rate: int, tail: tuple[float, ...]) -> None:
    """It goes from the smallest to the largest."""
    recorder = record(load(), rate=rate, service=lambda due: 0.001 + due / 100)
    (series,) = (item for item in series_of(recorder.ledger(), recorder.test) if item.name == "distribution")
    positions = series.positions or ()
    assert positions[-len(tail) :] == tail
    times = 0.001 + np.arange(0, 10, 1 / rate) / 100
    assert series.values == pytest.approx(np.percentile(times, positions), rel=0.002)


def test_a_load_without_anything_plots_nothing() -> None:
    """There is no line through no window."""
    assert list(series_of(Recorder(load()).ledger(), load())) == []
