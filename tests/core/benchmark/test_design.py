"""What a benchmark refuses, and what its parts stand for."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from airflow_provider_dpq.core.benchmark.design import DEFAULT_SIZES, Benchmark
from airflow_provider_dpq.core.benchmark.gate import KIND, thresholds_of
from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.operation.python import PythonOperation

PLAIN = PythonOperation(target="bisect:bisect")
OTHER = PythonOperation(target="bisect:bisect_left")
SIZED = PythonOperation(target=sorted, dataset=range)


@pytest.mark.parametrize(
    ("fields", "reason", "said"),
    [
        ({"baseline": OTHER, "baseline_revision": "HEAD"}, "ambiguous_baseline", "baseline and baseline_revision"),
        ({"baseline": OTHER, "against_history": True}, "ambiguous_baseline", "baseline and against_history"),
        ({"tolerance_percent": 5.0}, "missing_baseline", "5%"),
        ({"tolerance_percent": -5.0, "against_history": True}, "invalid_option", "-5%"),
        ({"tolerance_percent": math.nan, "against_history": True}, "invalid_option", "nan%"),
        ({"operation": SIZED, "baseline_revision": "HEAD"}, "invalid_baseline", "sorted"),
        ({"operation": SIZED, "baseline": PLAIN}, "invalid_baseline", "sizes"),
        ({"baseline": SIZED}, "invalid_baseline", "sizes"),
        ({"operation": SIZED, "sizes": []}, "invalid_sizes", "[]"),
        ({"operation": SIZED, "sizes": [100, -1]}, "invalid_sizes", "-1"),
        ({"operation": SIZED, "sizes": [0]}, "invalid_sizes", "[0]"),
        ({"operation": SIZED, "sizes": [1.5]}, "invalid_sizes", "1.5"),
        ({"operation": SIZED, "sizes": [True]}, "invalid_sizes", "True"),
        ({"operation": SIZED, "sizes": [100, 100]}, "invalid_sizes", "100"),
        ({"sizes": [100]}, "invalid_sizes", "nothing"),
        ({"time_budget_seconds": 0.0}, "invalid_option", "Invalid time_budget: 0 s"),
        ({"iteration_timeout_seconds": -1.0}, "invalid_option", "Invalid iteration_timeout: -1 s"),
        ({"iteration_timeout_seconds": math.inf}, "invalid_option", "inf"),
        ({"operation": PythonOperation(target="fnmatch:nothing")}, "unknown_target", "nothing"),
        ({"baseline": PythonOperation(target="fnmatch:nothing")}, "unknown_target", "nothing"),
    ],
)
def test_what_is_wrong_is_refused(fields: dict[str, Any], reason: str, said: str) -> None:
    """With a stable reason, and the value in the message."""
    with pytest.raises(DeclarationError) as caught:
        Benchmark(**{"operation": PLAIN, **fields}).validate()
    assert caught.value.reason == reason
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"operation": SIZED},
        {"operation": SIZED, "sizes": [10, 5], "baseline": SIZED, "tolerance_percent": 0.0},
        {"baseline": OTHER},
        {"baseline_revision": "HEAD", "tolerance_percent": 5.0},
        {"against_history": True, "tolerance_percent": 5.0},
    ],
)
def test_what_is_right_is_accepted(fields: dict[str, Any]) -> None:
    """Each way to compare, with and without a tolerance."""
    Benchmark(**{"operation": PLAIN, **fields}).validate()


def test_the_tolerance_stands_for_a_threshold_on_the_judged_clock() -> None:
    """Processor time is what Python is judged by unless asked otherwise."""
    assert Benchmark(operation=PLAIN).limit(5) == "cpu_median < 1.05x baseline"
    assert Benchmark(operation=PLAIN, clock="wall").limit(12.5) == "median < 1.125x baseline"


@pytest.mark.parametrize(
    ("fields", "declared", "judged"),
    [
        ({}, [], []),
        ({"baseline": OTHER}, [], ["cpu_median < 1.05x baseline"]),
        ({"baseline_revision": "HEAD"}, ["max < 1s"], ["max < 1s", "cpu_median < 1.05x baseline"]),
        ({"against_history": True, "clock": "wall"}, [], ["median < 1.05x baseline"]),
        ({"baseline": OTHER}, ["median < 1.2x baseline"], ["median < 1.2x baseline"]),
        (
            {"baseline": OTHER},
            ["peak_memory < 1.2x baseline"],
            ["peak_memory < 1.2x baseline", "cpu_median < 1.05x baseline"],
        ),
        ({"baseline": OTHER, "tolerance_percent": 1.0}, [], ["cpu_median < 1.01x baseline"]),
    ],
)
def test_a_comparison_always_judges_something(fields: dict[str, Any], declared: list[str], judged: list[str]) -> None:
    """Without a tolerance and without a threshold on the baseline's times, 5 % is the limit."""
    design = Benchmark(**{"operation": PLAIN, **fields})
    assert [str(item) for item in thresholds_of(design, parse_thresholds(declared, KIND))] == judged


COMPARED = {"baseline": OTHER}, {"baseline_revision": "HEAD"}, {"against_history": True}


@pytest.mark.parametrize(
    ("metric", "compared"),
    [
        ("median", ()),
        ("peak_memory", ()),
        *((metric, (fields,)) for metric in ("max", "p(95)", "exponent", "throughput") for fields in COMPARED),
        ("peak_memory", ({"against_history": True},)),
        ("retained_memory", ({"against_history": True},)),
    ],
)
def test_a_multiple_of_a_baseline_that_never_is_is_refused(metric: str, compared: tuple[dict[str, Any], ...]) -> None:
    """It would only warn, whatever is measured."""
    design = Benchmark(**{"operation": PLAIN, **dict(*compared)})
    declared = parse_thresholds([f"{metric} < 1.5x baseline"], KIND)
    message = f"Threshold '{metric} < 1.5x baseline' needs a baseline, but"
    with pytest.raises(DeclarationError, match=re.escape(message)) as refused:
        thresholds_of(design, declared)
    assert refused.value.reason == "missing_baseline"


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"operation": PLAIN}, "this benchmark has none"),
        ({"operation": SIZED, "sizes": [1000, 10, 1000]}, "this benchmark only has [10, 1000]"),
    ],
)
def test_an_exponent_of_too_few_sizes_is_refused(fields: dict[str, Any], found: str) -> None:
    """Two points lie on any line."""
    with pytest.raises(DeclarationError, match=re.escape(found)) as refused:
        thresholds_of(Benchmark(**fields), parse_thresholds(["exponent < 1.2"], KIND))
    assert refused.value.reason == "too_few_sizes"
    assert thresholds_of(Benchmark(operation=SIZED), parse_thresholds(["exponent < 1.2"], KIND))


@pytest.mark.parametrize("fields", COMPARED)
def test_a_multiple_of_what_is_measured_of_the_baseline_is_taken(fields: dict[str, Any]) -> None:
    """Times always, memory where the other version runs too."""
    metrics = ["median", "cpu_median", *([] if "against_history" in fields else ["peak_memory", "retained_memory"])]
    declared = parse_thresholds([f"{metric} < 1.5x baseline" for metric in metrics], KIND)
    assert thresholds_of(Benchmark(**{"operation": PLAIN, **fields}), declared) == declared


@pytest.mark.parametrize(
    "fields",
    [
        {"sizes": [0]},
        {"time_budget_seconds": 0.0},
        {"iteration_timeout_seconds": 0.0},
        {"tolerance_percent": 5.0},
        {"baseline": OTHER, "against_history": True},
    ],
)
def test_options_are_checked_without_the_operation(fields: dict[str, Any]) -> None:
    """What is wrong with them is told whatever the operation is; whether it takes sizes is not asked."""
    unknown = PythonOperation(target="no_such_module:f")
    Benchmark(operation=unknown, sizes=[10]).validate_options()
    with pytest.raises(DeclarationError):
        Benchmark(**{"operation": unknown, **fields}).validate_options()


def test_sizes_are_those_given_or_the_default_ones() -> None:
    """An operation that is not sized has one, which is none."""
    assert Benchmark(operation=PLAIN).chosen_sizes == (None,)
    assert Benchmark(operation=SIZED).chosen_sizes == DEFAULT_SIZES
    assert Benchmark(operation=SIZED, sizes=[7, 3]).chosen_sizes == (7, 3)


def test_the_subject_names_what_is_compared() -> None:
    """For people."""
    assert Benchmark(operation=PLAIN).subject == "bisect:bisect"
    assert Benchmark(operation=PLAIN, baseline=OTHER).subject == "bisect:bisect against bisect:bisect_left"
    assert Benchmark(operation=PLAIN, baseline_revision="v1").subject == "bisect:bisect against revision v1"
