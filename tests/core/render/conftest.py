"""Reports of measured operations, with what the measuring code puts into them."""

from __future__ import annotations

import random
import statistics
import sys
from datetime import UTC, datetime

import pytest

from airflow_provider_dpq.core.gate.metric import OF_BASELINE, Metric
from airflow_provider_dpq.core.gate.profile import Allocation, Profile, ProfiledFunction, Stack
from airflow_provider_dpq.core.gate.recording import Failure, Generator, Recording
from airflow_provider_dpq.core.gate.report import CheckResult, Problem, Provenance, Report, make_report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict

_STARTED = datetime(2026, 11, 20, 1, 2, 3, tzinfo=UTC)
_DAY_SECONDS = 86400


def _report(kind: str, thresholds: list[str], **fields: object) -> Report:
    return make_report(
        gate="delays",
        kind=kind,
        subject="flights:delays",
        provenance=Provenance(run_id="by hand"),
        started_at=_STARTED,
        duration_seconds=12.5,
        thresholds=parse_thresholds(thresholds, kind),
        **fields,
    )


@pytest.fixture
def profile() -> Profile:
    """Two functions, three stacks and an allocation."""
    outer = "delays (dags/flights.py:88)"
    return Profile(
        iterations=20,
        functions=(
            ProfiledFunction(name="merge", location="merge.py:148", calls=657, own_seconds=0.9, total_seconds=1.8),
            ProfiledFunction(name="<built-in sort>", location="", calls=20, own_seconds=0.00025, total_seconds=0.01),
        ),
        stacks=(
            Stack(frames=(outer, "merge (merge.py:148)", "take (take.py:7)"), count=60),
            Stack(frames=(outer, "merge (merge.py:148)"), count=15),
            Stack(frames=(outer, "<lambda> (dags/flights.py:91)"), count=25),
        ),
        interval_seconds=0.005,
        allocations=(Allocation(location=("dags/flights.py:90", "frame.py:740"), size_bytes=30_000_000, count=9),),
    )


@pytest.fixture
def sized(profile: Profile) -> Report:
    """A benchmark over three sizes, whose time grows as the size to the power of 1.1."""
    noise = random.Random(1)
    metrics = [Metric(name="exponent", value=1.1, tags={"clock": "cpu"}, interval=(1.05, 1.15))]
    series = []
    for size in (10_000, 100, 1000):
        wall = [1e-6 * size**1.1 * noise.lognormvariate(0, 0.05) for _ in range(20)]
        tags = {"size": str(size)}
        middle = statistics.median(wall)
        interval = (middle * 0.98, middle * 1.02)
        metrics += [
            Metric(name="sample_count", value=20, tags=tags),
            Metric(name="median", value=middle, unit="s", tags=tags, interval=interval),
            Metric(name="p(95)", value=max(wall), unit="s", tags=tags),
            Metric(name="cpu_median", value=0.9 * middle, unit="s", tags=tags),
            Metric(name="throughput", value=size / middle, unit="/s", tags=tags),
            Metric(name="peak_memory", value=4_000_000 + 200 * size, unit="B", tags=tags),
        ]
        series += [
            Series(name="wall", unit="s", values=wall, tags=tags),
            Series(name="cpu", unit="s", values=[0.9 * value for value in wall], tags=tags),
        ]
    return _report("benchmark", ["exponent < 1.2"], metrics=metrics, series=series, profile=profile)


@pytest.fixture
def compared() -> Report:
    """A benchmark against a baseline and against its history."""
    noise = random.Random(2)
    wall = [0.05 * noise.lognormvariate(0, 0.1) for _ in range(20)]
    history = [0.043 * noise.lognormvariate(0, 0.01) for _ in range(10)]
    history += [0.046 * noise.lognormvariate(0, 0.01) for _ in range(10)]
    moments = [_STARTED.timestamp() - _DAY_SECONDS * (19 - day) for day in range(20)]
    of_cpu = {"metric": "cpu_median"}
    return _report(
        "benchmark",
        ["cpu_median < 1.05x baseline", "median < 1.05x baseline"],
        metrics=[
            Metric(name="median", value=statistics.median(wall), unit="s"),
            Metric(name="cpu_median", value=0.046, unit="s"),
            Metric(name="cpu_median", value=1.0712, unit=OF_BASELINE, interval=(1.0523, 1.0891)),
            Metric(name="median", value=1.083, unit=OF_BASELINE, interval=(1.01, sys.float_info.max)),
        ],
        series=[
            Series(name="wall", unit="s", values=wall),
            Series(name="pair_cpu", unit="", values=[1.07 * noise.lognormvariate(0, 0.02) for _ in range(20)]),
            Series(name="pair_wall", unit="", values=[1.08 * noise.lognormvariate(0, 0.05) for _ in range(19)] + [9.0]),
            Series(name="history", unit="s", values=history, positions=moments, tags=of_cpu),
            Series(name="change_points", unit="s", values=(0.046,), positions=moments[10:11], tags=of_cpu),
        ],
        checks=[
            CheckResult(
                name="against history",
                type="history",
                verdict=Verdict.INCONCLUSIVE,
                severity="fail",
                success=None,
                result={"change_percent": 1.2},
                error=Problem(reason="too_noisy", message="The last runs differ by 12 %."),
            )
        ],
    )


@pytest.fixture
def leaking() -> Report:
    """A leak check whose heap grows by 1 kB an operation, with files that stay open."""
    noise = random.Random(3)
    places = list(range(10, 90))
    return _report(
        "leak",
        ["growth < 512B/op"],
        metrics=[
            Metric(name="growth", value=1012.0, unit="B/op", interval=(-3.0, 1060.0)),
            Metric(name="open_file_growth", value=0.05, unit="/op"),
            Metric(name="iteration_count", value=90),
        ],
        series=[
            Series(
                name="heap", unit="B", values=[5e7 + 1000 * at + noise.gauss(0, 5e3) for at in places], positions=places
            ),
            Series(name="open_files", unit="", values=[12 + at // 20 for at in places], positions=places),
            Series(name="threads", unit="", values=[3] * 80, positions=places),
        ],
    )


def _load_series(noise: random.Random, scenario: str, slower: float) -> list[Series]:
    """A minute of one scenario, slow and failing for ten seconds in its middle."""
    tags = {"scenario": scenario} if scenario else {}
    seconds = list(range(60))
    stalled = [30 <= second < 40 for second in seconds]
    times = [slower * (0.012 if slow else 0.004) * noise.lognormvariate(0, 0.05) for slow in stalled]
    percentiles = [100 * (1 - 0.1 ** (step / 10)) for step in range(45)]
    return [
        Series(name="due", unit="/s", values=[100.0] * 60, positions=seconds, tags=tags),
        Series(
            name="rate", unit="/s", values=[60.0 if slow else 100.0 for slow in stalled], positions=seconds, tags=tags
        ),
        Series(
            name="failures", unit="/s", values=[2.0 if slow else 0.0 for slow in stalled], positions=seconds, tags=tags
        ),
        *(
            Series(name=name, unit="s", values=[factor * time for time in times], positions=seconds, tags=tags)
            for name, factor in (("response_p50", 1), ("response_p95", 3), ("response_p99", 12))
        ),
        Series(
            name="distribution",
            unit="s",
            values=[slower * 0.003 * (100 / (100 - percentile)) ** 0.5 for percentile in percentiles],
            positions=percentiles,
            tags=tags,
        ),
    ]


def _load_metrics(scenario: str, slower: float, count: int) -> list[Metric]:
    tags = {"scenario": scenario} if scenario else {}
    times = {
        "mean": 0.0052,
        "min": 0.001,
        "median": 0.0041,
        "p(50)": 0.0041,
        "max": 0.4,
        "p(90)": 0.011,
        "p(95)": 0.014,
        "p(99)": 0.05,
    }
    return [
        Metric(name="iteration_count", value=count, tags=tags),
        Metric(name="throughput", value=count / 60, unit="/s", tags=tags),
        Metric(name="error_rate", value=0.33, unit="%", tags=tags, interval=(0.1, 0.6)),
        Metric(name="error_count", value=20, tags=tags),
        Metric(name="dropped_iterations", value=7, tags=tags),
        *(Metric(name=name, value=slower * value, unit="s", tags=tags) for name, value in times.items()),
    ]


@pytest.fixture
def loaded() -> Report:
    """A load of two scenarios, with failures, a place that held up the event loop, and resources."""
    noise = random.Random(4)
    seconds = list(range(60))
    resources = {"worker_cpu": 40.0, "target_cpu": 85.0}
    return _report(
        "load",
        ["p(95){scenario:read} < 200ms", "p(99) < 60ms", "error_rate < 1%", "dropped_iterations < 1"],
        metrics=[
            *_load_metrics("", 1.5, 12_000),
            *_load_metrics("read", 1, 9_000),
            *_load_metrics("write", 3, 3_000),
            Metric(name="service_median", value=0.004, unit="s"),
            Metric(name="service_p(95)", value=0.009, unit="s"),
            Metric(name="service_max", value=0.2, unit="s"),
            Metric(name="error_count", value=35, tags={"error": "status 503"}),
            Metric(name="lateness_p(99)", value=0.0006, unit="s"),
            Metric(name="generator_cpu", value=41.2, unit="%"),
            Metric(name="worker_memory", value=81e6, unit="B"),
            Metric(name="target_cpu", value=93.0, unit="%"),
        ],
        series=[
            *_load_series(noise, "", 1.5),
            *_load_series(noise, "read", 1),
            *_load_series(noise, "write", 3),
            *(
                Series(
                    name=name, unit="%", values=[level * noise.uniform(0.9, 1.1) for _ in seconds], positions=seconds
                )
                for name, level in resources.items()
            ),
            Series(name="worker_memory", unit="B", values=[8e7 + 1e4 * at for at in seconds], positions=seconds),
            Series(name="worker_threads", unit="", values=[9] * 60, positions=seconds),
            Series(name="target_open_files", unit="", values=[12 + at // 10 for at in seconds], positions=seconds),
        ],
        recording=Recording(
            failures=(
                Failure(scenario="write", name="timeout", count=5),
                Failure(scenario="read", name="status 503", count=35, samples=("overloaded", "try <later>")),
            ),
            generators=(
                Generator(part=0, parts=2, blocked={"app.py:7 in sleep": 0.25}),
                Generator(part=1, parts=2, blocked={"app.py:7 in sleep": 0.25}),
            ),
            duration_seconds=60.0,
        ),
    )


@pytest.fixture
def searched() -> Report:
    """A search for the breaking point over four levels."""
    levels = {"100/s": (1.0, 100.0), "150/s": (1.1, 100.0), "225/s": (1.4, 99.0), "337.5/s": (40.0, 71.0)}
    return _report(
        "load",
        ["p(95) < 50ms"],
        metrics=[
            *_load_metrics("", 1, 9_000),
            Metric(name="breaking_point", value=281.0, unit="/s", interval=(274.0, 288.0)),
            Metric(name="recovery", value=2.0, unit="s"),
            *(
                Metric(name=name, value=value, unit=unit, tags={"level": level})
                for level, values in levels.items()
                for (name, unit), value in zip((("slowdown", ""), ("throughput_retention", "%")), values, strict=True)
            ),
        ],
    )
