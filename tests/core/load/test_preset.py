"""Loads by the question that they answer."""

from __future__ import annotations

import pytest

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.stored import LOAD
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.load import preset
from airflow_provider_dpq.core.load.limits import check_thresholds
from airflow_provider_dpq.core.load.model import ArrivalRate
from airflow_provider_dpq.core.load.preset import VALIDATIONS


@pytest.mark.parametrize(
    ("model", "seconds", "peak"),
    [
        (preset.average_load("60/min", "10min"), 600, 1),
        (preset.average_load("100/s"), 300, 100),
        (preset.stress("100/s", "200s"), 200, 200),
        (preset.soak("100/s"), 3600, 100),
        (preset.soak("100/s", "2h"), 7200, 100),
        (preset.spike("100/s"), 120, 500),
        (preset.spike("100/s", "10s", peak="1000/s"), 10, 1000),
    ],
)
def test_a_preset_has_its_duration_and_its_peak(model: ArrivalRate, seconds: float, peak: float) -> None:
    """As its docstring says."""
    assert model.schedule.duration_seconds == pytest.approx(seconds)
    assert model.schedule.peak == pytest.approx(peak)


def test_a_spike_comes_at_once_and_goes_at_once() -> None:
    """Before and after it the rate is the usual one."""
    levels = [preset.spike("100/s", "100s").schedule.level(at) for at in (0, 39.9, 40.1, 59.9, 60.1, 99.9)]
    assert levels == pytest.approx([100, 100, 500, 500, 100, 100])


def test_stress_stays_at_the_usual_rate_and_at_twice_that() -> None:
    """So that the two can be compared."""
    assert [level for _, _, level in preset.stress("50/s").schedule.plateaus] == [50, 100]


def test_a_smoke_test_is_small_and_a_search_begins_at_the_rate() -> None:
    """One worker, five iterations; a hundred times the rate at most."""
    assert (preset.smoke().iterations, preset.smoke().schedule.peak) == (5, 1)
    search = preset.breakpoint("50/s", max_workers=20)
    assert (search.start, search.limit, search.max_workers) == (50, 5000, 20)
    assert preset.breakpoint("50/s", limit="90/s").limit == 90


@pytest.mark.parametrize("duration", [30, None, "30", "0s"])
def test_a_duration_without_unit_is_refused(duration: object) -> None:
    """As in the models themselves."""
    for make in (preset.average_load, preset.stress, preset.soak, preset.spike):
        with pytest.raises(DeclarationError):
            make("100/s", duration)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", VALIDATIONS)
def test_a_validation_can_be_run(name: str) -> None:
    """Its functions are there, and its thresholds can be answered."""
    validation = VALIDATIONS[name]
    validation.test.validate()
    check_thresholds(parse_thresholds(validation.thresholds, LOAD), validation.test)
