"""Reports that the tests of the core share: one made by hand, and a strategy that makes any."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.environment import Environment
from airflow_provider_dpq.core.gate.metric import OF_BASELINE, Metric
from airflow_provider_dpq.core.gate.profile import Allocation, Profile, ProfiledFunction, Stack
from airflow_provider_dpq.core.gate.report import (
    Artifact,
    CheckResult,
    DataInterval,
    Problem,
    Provenance,
    Report,
    make_report,
)
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.threshold import Severity, ThresholdResult, parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict

# A machine that runs several things at once is slow now and then: only the result counts. The same commit gets the same
# examples; HYPOTHESIS_PROFILE=explore looks for others.
settings.register_profile("dpq", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dpq"))


@pytest.fixture(scope="session")
def make_check() -> Callable[..., CheckResult]:
    """A function that makes the result of a check, a passing one unless told otherwise."""

    def make(name: str = "tailnum present", **fields: Any) -> CheckResult:
        verdict = fields.pop("verdict", Verdict.PASS)
        defaults = {
            "type": "expect_column_values_to_not_be_null",
            "severity": "critical",
            "success": verdict is Verdict.PASS,
            "declaration": {"column": "tailnum"},
            "result": {"element_count": 1000, "unexpected_count": 0, "unexpected_percent": 0.0, "missing_count": 0},
        }
        return CheckResult(name=name, verdict=verdict, **{**defaults, **fields})

    return make


@pytest.fixture
def report(make_check: Callable[..., CheckResult]) -> Report:
    """A report with a check and a threshold of each verdict that they can have."""
    unexpected = {"element_count": 336776, "unexpected_count": 2512, "unexpected_percent": 0.75, "missing_count": 1200}
    checks = [
        make_check(
            "row count", type="expect_table_row_count_to_be_between", declaration={}, result={"observed_value": 336776}
        ),
        make_check(
            "tailnum present",
            verdict=Verdict.FAIL,
            result={**unexpected, "partial_unexpected_list": ["N<b>14", "ANOTHER"]},
        ),
        make_check("origin known", verdict=Verdict.WARN, severity="warning", declaration={"column": "origin"}),
        make_check(
            "dest pattern",
            verdict=Verdict.ERROR,
            success=None,
            result={},
            error=Problem(
                reason="bad_regex", message="The pattern '(' is not a regular expression.", quotes_data=False
            ),
        ),
        make_check("delay tolerated", success=False, severity="info", evaluated_by="gx"),
        make_check("speed", verdict=Verdict.INCONCLUSIVE, type="scenario", declaration={}, result={"rounds": 12}),
    ]
    metrics = [
        Metric(name="row_count", value=336776),
        Metric(name="success_percent", value=50.0, unit="%"),
        Metric(name="missing_percent", value=1.5, unit="%", interval=(1.0, 2.0)),
        Metric(name="unexpected_percent", value=0.7458964772, unit="%", tags={"check": "tailnum present"}),
    ]
    thresholds = [
        "row_count > 0",
        "success_percent >= 95",
        "missing_percent < 1.8",
        "element_count > 0",
        {"threshold": "unexpected_percent < 0.5", "severity": "warn"},
    ]
    return make_report(
        gate="flights",
        kind="quality",
        subject="/data/flights.csv",
        provenance=Provenance(dag_id="flights_quality", task_id="check", run_id="scheduled__2013-01-01", map_index=3),
        started_at=datetime(2013, 1, 2, 3, 4, 5, tzinfo=UTC),
        duration_seconds=1.25,
        metrics=metrics,
        checks=checks,
        thresholds=parse_thresholds(thresholds, "quality"),
        data_interval=DataInterval(start=datetime(2013, 1, 1, tzinfo=UTC), end=datetime(2013, 1, 2, tzinfo=UTC)),
        artifacts=[Artifact(name="rows", uri="https://example.org/rows.parquet", media_type="application/parquet")],
    )


_FINITE = st.floats(allow_nan=False, allow_infinity=False)
_MEASURED = (
    "median",
    "cpu_median",
    "exponent",
    "growth",
    "wall",
    "cpu",
    "pair_cpu",
    "history",
    "change_points",
    "heap",
)


def _names(text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Any name, and often one that means something to a benchmark or a leak check."""
    return st.one_of(st.sampled_from(_MEASURED), st.sampled_from(_MEASURED), text)


def _size_tags(text: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    sizes = st.sampled_from(["100", "1000", "1e6", "-1", "nan", "many"])
    return st.one_of(st.just({}), st.fixed_dictionaries({"size": sizes}), st.dictionaries(text, text, max_size=3))


def _series(text: st.SearchStrategy[str]) -> st.SearchStrategy[Series]:
    numbers = st.one_of(st.floats(1e-9, 1e9), _FINITE)
    values = st.lists(numbers, max_size=8).map(tuple)
    return st.one_of(
        st.builds(Series, name=_names(text), unit=text, values=values, tags=_size_tags(text)),
        st.builds(Series, name=_names(text), unit=text, values=values, positions=values, tags=_size_tags(text)),
        values.map(lambda items: Series(name="heap", unit="B", values=items, positions=tuple(range(len(items))))),
        values.map(lambda items: Series(name="history", unit="s", values=items, positions=tuple(range(len(items))))),
    )


def _profiles(text: st.SearchStrategy[str]) -> st.SearchStrategy[Profile]:
    counts = st.integers(-5, 10**12)
    frames = st.lists(text, max_size=5).map(tuple)
    functions = st.builds(
        ProfiledFunction, name=text, location=text, calls=counts, own_seconds=_FINITE, total_seconds=_FINITE
    )
    return st.builds(
        Profile,
        iterations=counts,
        functions=st.lists(functions, max_size=7).map(tuple),
        stacks=st.lists(st.builds(Stack, frames=frames, count=counts), max_size=5).map(tuple),
        interval_seconds=st.one_of(st.none(), _FINITE),
        allocations=st.lists(st.builds(Allocation, location=frames, size_bytes=counts, count=counts), max_size=2).map(
            tuple
        ),
    )


def _reports() -> st.SearchStrategy[Report]:
    text = st.text(max_size=60)
    numbers = st.one_of(st.none(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))
    json_values = st.recursive(
        st.one_of(numbers, st.booleans(), text),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(text, inner, max_size=4)),
        max_leaves=8,
    )
    counts = st.sampled_from(
        ["element_count", "unexpected_count", "unexpected_percent", "observed_value", "partial_unexpected_list"]
    )
    seconds = st.floats(-1e9, 1e9)
    moments = seconds.map(lambda passed: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=passed))
    verdicts = st.sampled_from(Verdict)
    tags = st.dictionaries(text, text, max_size=3)
    problems = st.one_of(st.none(), st.builds(Problem, reason=text, message=st.text(max_size=600)))
    pairs = st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2)
    results = st.builds(
        ThresholdResult,
        threshold=text,
        severity=st.sampled_from(Severity),
        metric=text,
        tags=tags,
        observed=numbers,
        limit=st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
        unit=text,
        verdict=verdicts,
    )
    checks = st.builds(
        CheckResult,
        name=text,
        type=text,
        verdict=verdicts,
        severity=text,
        success=st.one_of(st.none(), st.booleans()),
        declaration=st.dictionaries(text, json_values, max_size=4),
        result=st.dictionaries(st.one_of(counts, text), json_values, max_size=6),
        thresholds=st.lists(results, max_size=2).map(tuple),
        error=problems,
        evaluated_by=st.one_of(st.none(), text),
    )
    metrics = st.builds(
        Metric,
        name=_names(text),
        value=numbers,
        unit=st.one_of(text, st.sampled_from(["s", "B", "B/op", OF_BASELINE])),
        tags=_size_tags(text),
        interval=st.one_of(st.none(), pairs),
    )
    environments = st.builds(
        Environment,
        host=text,
        platform=text,
        python=text,
        cpu_count=st.integers(1, 512),
        memory_bytes=st.integers(0, 2**50),
        packages=st.dictionaries(text, text, max_size=3),
    )
    provenances = st.builds(
        Provenance,
        dag_id=st.one_of(st.none(), text),
        task_id=st.one_of(st.none(), text),
        run_id=text,
        map_index=st.integers(-1, 1000),
        try_number=st.integers(1, 1000),
    )
    return st.builds(
        Report,
        id=st.uuids().map(str),
        gate=text,
        kind=st.one_of(text, st.sampled_from(["benchmark", "leak"])),
        subject=text,
        data_interval=st.one_of(
            st.none(),
            st.builds(
                lambda start, days: DataInterval(start=start, end=start + timedelta(days)), moments, st.integers(0, 99)
            ),
        ),
        verdict=verdicts,
        thresholds=st.lists(results, max_size=4).map(tuple),
        metrics=st.lists(metrics, max_size=4).map(tuple),
        checks=st.lists(checks, max_size=6).map(tuple),
        environment=environments,
        provenance=provenances,
        started_at=moments,
        duration_seconds=st.floats(0, 1e7),
        artifacts=st.lists(st.builds(Artifact, name=text, uri=text, media_type=text), max_size=2).map(tuple),
        series=st.lists(_series(text), max_size=4).map(tuple),
        profile=st.one_of(st.none(), _profiles(text)),
        error=problems,
    )


@pytest.fixture(scope="session")
def reports() -> st.SearchStrategy[Report]:
    """A strategy of any report that the contract allows, however odd its texts and numbers."""
    return _reports()
