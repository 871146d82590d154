"""The grammar of thresholds and the judgement of metrics by them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate import threshold as threshold_module
from airflow_provider_dpq.core.gate.metric import CATALOGUES, Metric
from airflow_provider_dpq.core.gate.threshold import (
    Severity,
    Threshold,
    ThresholdDeclaration,
    judge,
    parse_threshold,
    parse_thresholds,
)
from airflow_provider_dpq.core.gate.verdict import Verdict

OPERATORS = ("<", "<=", ">", ">=", "==", "!=")


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> str:
    """A kind of gate that measures times, percentiles and growth, as no released kind does yet."""
    catalogue = {"p": "s", "median": "s", "growth": "B/op", "rate": "/s"}
    monkeypatch.setattr(threshold_module, "CATALOGUES", {**CATALOGUES, "timed": catalogue})
    return "timed"


@pytest.mark.parametrize(
    ("kind", "text", "hint"),
    [
        ("load", "p(95) < 200", "Write 200ms or 200s."),
        ("load", "median{scenario:read} <= .2", "Write .2ms or .2s."),
        ("load", "recovery < 10", "Write 10ms or 10s."),
        ("load", "lateness_p(99) > 1", "Write 1ms or 1s."),
        ("load", "target_memory < 200", "Write 200kB or 200MB."),
        ("benchmark", "median < 5", "Write 5ms or 5s."),
        ("benchmark", "p(95) < 200", "Write 200ms or 200s."),
        ("benchmark", "cpu_mad{size:10} < 1e-3", "Write 1e-3ms or 1e-3s."),
        ("benchmark", "peak_memory < 100", "Write 100kB or 100MB."),
        ("leak", "growth < 512", "Write 512B/op or 512kB/op."),
    ],
)
def test_time_or_memory_without_a_unit_is_refused(kind: str, text: str, hint: str) -> None:
    """Whoever writes 200 means milliseconds, and would get seconds."""
    with pytest.raises(DeclarationError) as refused:
        parse_threshold(text, kind)
    assert (refused.value.reason, refused.value.hint) == ("missing_unit", hint)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("load", "error_rate < 1"),
        ("load", "throughput > 100"),
        ("load", "median < 1.1x baseline"),
        ("benchmark", "exponent < 1.2"),
        ("benchmark", "peak_memory < 1.1x baseline"),
        ("benchmark", "detectable_change < 5"),
        ("leak", "open_file_growth < 0.01"),
        ("quality", "age_seconds < 60"),
    ],
)
def test_number_that_can_mean_one_thing_alone_needs_no_unit(kind: str, text: str) -> None:
    """Counts, shares, rates, multiples of a baseline, and what says its unit in its name."""
    assert parse_threshold(text, kind).unit is None


def _near(*pairs: tuple[str, str], kind: str) -> list[tuple[str, str, str]]:
    return [(kind, written, meant) for written, meant in pairs]


@pytest.mark.parametrize(
    ("kind", "written", "meant"),
    [
        *_near(
            ("p95", "p(95)"),
            ("P95", "p(95)"),
            ("p99", "p(99)"),
            ("p999", "p(99.9)"),
            ("p99.9", "p(99.9)"),
            ("p_95", "p(95)"),
            ("p50", "p(50)"),
            ("P(95)", "p(95)"),
            ("p[95]", "p(95)"),
            ("p(0.95)", "p(95)"),
            ("p(.5)", "p(50)"),
            ("p(95th)", "p(95)"),
            ("p(95%)", "p(95)"),
            ("q(0.99)", "p(99)"),
            ("quantile(0.99)", "p(99)"),
            ("percentile(95)", "p(95)"),
            ("95th", "p(95)"),
            ("95th percentile", "p(95)"),
            ("95%", "p(95)"),
            ("p0.95", "p(95)"),
            ("avg", "mean"),
            ("Mean", "mean"),
            ("average", "mean"),
            ("med", "median"),
            ("MEDIAN", "median"),
            ("medain", "median"),
            ("std", "stdev"),
            kind="benchmark",
        ),
        *_near(
            ("service_p95", "service_p(95)"),
            ("service_p(0.95)", "service_p(95)"),
            ("lateness_p99", "lateness_p(99)"),
            ("http_req_duration", "p(95)"),
            ("http_req_failed", "error_rate"),
            ("rps", "throughput"),
            ("latency", "p(95)"),
            ("p(200)", "p(95)"),
            kind="load",
        ),
        *_near(
            ("rows", "row_count"),
            ("Row_count", "row_count"),
            ("row count", "row_count"),
            ("row-count", "row_count"),
            ("unexpected_pct", "unexpected_percent"),
            ("nulls", "missing_count"),
            kind="quality",
        ),
        *_near(("leak", "growth"), ("memory_growth", "growth"), kind="leak"),
    ],
)
def test_near_miss_of_a_metric_is_told_what_was_meant(kind: str, written: str, meant: str) -> None:
    """Other tools' names, other spellings of percentiles and slips are refused with the name that is known."""
    with pytest.raises(DeclarationError) as refused:
        parse_threshold(f"{written} < 1", kind)
    assert f"Did you mean {meant}?" in str(refused.value)
    assert parse_threshold(f"{meant} < 1x baseline", kind).metric == meant


@pytest.mark.parametrize(("written", "meant"), [("=>", ">="), ("=<", "<="), ("=", "=="), ("<>", "!=")])
def test_near_miss_of_an_operator_is_told_what_was_meant(written: str, meant: str) -> None:
    """SQL's operators and turned ones are refused with ours."""
    with pytest.raises(DeclarationError, match=f"Did you mean {meant}[?]"):
        parse_threshold(f"row_count {written} 3", "quality")


@pytest.mark.parametrize("text", ["p(95) < 3", "95th < 3", "p95 < 3", "xyzzy < 3"])
def test_nothing_is_suggested_that_the_gate_does_not_measure(text: str) -> None:
    """A gate about data has no percentile of times."""
    with pytest.raises(DeclarationError) as refused:
        parse_threshold(text, "quality")
    assert "Did you mean" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unexpected_percent < 0.1", Threshold("unexpected_percent", "<", 0.1)),
        ("  row_count>=1e3  ", Threshold("row_count", ">=", 1000)),
        ("row_count == +.5", Threshold("row_count", "==", 0.5)),
        ("observed_value != -3.", Threshold("observed_value", "!=", -3)),
        ("unexpected_percent <= 2 %", Threshold("unexpected_percent", "<=", 2, unit="%")),
        (
            "unexpected_percent{column:tailnum, type : expect_x} < 2%",
            Threshold("unexpected_percent", "<", 2, unit="%", tags=(("column", "tailnum"), ("type", "expect_x"))),
        ),
        ("row_count{check:a:b} > 0", Threshold("row_count", ">", 0, tags=(("check", "a:b"),))),
        ("row_count > 0.95x baseline", Threshold("row_count", ">", 0.95, of_baseline=True)),
        ("row_count > 0.95 x  baseline", Threshold("row_count", ">", 0.95, of_baseline=True)),
    ],
)
def test_parse_threshold_reads_the_grammar(text: str, expected: Threshold) -> None:
    """Metric, tags, operator, limit, unit and baseline are read from one expression."""
    assert parse_threshold(text, "quality") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p(95){scenario:read} < 200ms", Threshold("p(95)", "<", 200, unit="ms", tags=(("scenario", "read"),))),
        ("p( 99.9 ) < 1s", Threshold("p(99.9)", "<", 1, unit="s")),
        ("p(99.99999) < 1s", Threshold("p(99.99999)", "<", 1, unit="s")),
        ("p(50.0) < 1s", Threshold("p(50)", "<", 1, unit="s")),
        ("median < 1.05x baseline", Threshold("median", "<", 1.05, of_baseline=True)),
        ("growth < 512B/op", Threshold("growth", "<", 512, unit="B/op")),
        ("rate > 600/min", Threshold("rate", ">", 600, unit="/min")),
    ],
)
def test_parse_threshold_reads_what_other_kinds_measure(timed: str, text: str, expected: Threshold) -> None:
    """Percentiles, rates and multiples of a baseline are part of the same grammar."""
    assert parse_threshold(text, timed) == expected


@given(
    metric=st.sampled_from([name for name, unit in CATALOGUES["quality"].items() if unit == "%"]),
    operator=st.sampled_from(OPERATORS),
    limit=st.floats(allow_nan=False, allow_infinity=False),
    suffix=st.sampled_from([(None, False), ("%", False), (None, True)]),
    tags=st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters=":,{}"), min_size=1).map(str.strip).filter(bool),
            st.text(st.characters(codec="utf-8", exclude_characters=",{}"), min_size=1).map(str.strip).filter(bool),
        ),
        max_size=3,
    ).map(tuple),
)
def test_threshold_is_read_back_from_how_it_is_written(
    metric: str, operator: str, limit: float, suffix: tuple[str | None, bool], tags: tuple[tuple[str, str], ...]
) -> None:
    """Writing a threshold and reading it again gives the same threshold, to the last digit of its limit."""
    unit, of_baseline = suffix
    threshold = Threshold(metric, operator, limit, unit=unit, tags=tags, of_baseline=of_baseline)
    assert parse_threshold(str(threshold), "quality") == threshold


@pytest.mark.parametrize(
    ("declaration", "reason"),
    [
        ("", "malformed_threshold"),
        ("row_count", "malformed_threshold"),
        ("row_count <", "malformed_threshold"),
        ("< 3", "malformed_threshold"),
        ("row_count = 3", "malformed_threshold"),
        ("row_count << 3", "malformed_threshold"),
        ("row_count => 3", "malformed_threshold"),
        ("row_count < three", "malformed_threshold"),
        ("row_count < 3 4", "malformed_threshold"),
        ("row_count < 1,000", "malformed_threshold"),
        ("row_count < 3; row_count > 1", "malformed_threshold"),
        ("row_count < nan", "malformed_threshold"),
        ("row_count < 1e999", "malformed_threshold"),
        ("Row_count < 3", "malformed_threshold"),
        ("row count < 3", "malformed_threshold"),
        ("3 < row_count", "malformed_threshold"),
        ("row_count(95) < 3", "malformed_threshold"),
        ("row_count() < 3", "malformed_threshold"),
        ("row_count{} < 3", "malformed_threshold"),
        ("row_count{check} < 3", "malformed_threshold"),
        ("row_count{check:} < 3", "malformed_threshold"),
        ("row_count{:x} < 3", "malformed_threshold"),
        ("row_count{check:x,} < 3", "malformed_threshold"),
        ("row_count{check:x < 3", "malformed_threshold"),
        ("row_count < x baseline", "malformed_threshold"),
        ("row_count < 2 baseline", "unknown_unit"),
        ("row_count < 2x", "unknown_unit"),
        ("row_counts < 3", "unknown_metric"),
        ("p(95) < 3", "unknown_metric"),
        ("unexpected_percent < 3pct", "unknown_unit"),
        ("unexpected_percent < 3ms", "unit_mismatch"),
        ("row_count < 3%", "unit_mismatch"),
        (None, "malformed_threshold"),
        (3, "malformed_threshold"),
        (b"row_count < 3", "malformed_threshold"),
        (["row_count < 3"], "malformed_threshold"),
        ({}, "malformed_threshold"),
        ({"severity": "warn"}, "malformed_threshold"),
        ({"threshold": 3}, "malformed_threshold"),
        ("unexpected_percent < \u0661%", "malformed_threshold"),
        ({"threshold": "row_count < 3", "severity": "error"}, "malformed_threshold"),
        ({"threshold": "row_count < 3", "severity": ["warn"]}, "malformed_threshold"),
        ({"threshold": "row_count < 3", "severity": None}, "malformed_threshold"),
        ({"threshold": "row_count < 3", "level": "warn", 1: 2}, "malformed_threshold"),
    ],
)
def test_parse_threshold_refuses_what_is_wrong(declaration: ThresholdDeclaration, reason: str) -> None:
    """Each malformed threshold is refused with its reason, before anything is measured."""
    with pytest.raises(DeclarationError) as caught:
        parse_threshold(declaration, "quality")
    assert caught.value.reason == reason


@pytest.mark.parametrize("declared", ["p", "p()", "p(x)", "p(0)", "p(0.95)", "p(100)", "p(-5)", "median(95)"])
def test_parse_threshold_refuses_a_percentile_that_is_none(timed: str, declared: str) -> None:
    """A percentile needs a number from 1 to below 100, and nothing else takes one."""
    with pytest.raises(DeclarationError) as caught:
        parse_threshold(f"{declared} < 1s", timed)
    assert caught.value.reason == "malformed_threshold"


@given(text=st.one_of(st.text(max_size=40), st.from_regex(r"row_count *[<>=]{1,2} *[-0-9.e]{1,8} *[a-zA-Z%/]{0,6}")))
def test_parse_threshold_reads_or_refuses_any_text(text: str) -> None:
    """Whatever is written, the answer is a threshold with a finite limit or a DeclarationError."""
    try:
        threshold = parse_threshold(text, "quality")
    except DeclarationError:
        return
    assert math.isfinite(threshold.limit)


def test_parse_threshold_says_what_the_kind_measures_when_a_metric_is_unknown() -> None:
    """The error for an unknown metric names it and those that exist."""
    with pytest.raises(DeclarationError, match=r"'rows'.*row_count"):
        parse_threshold("rows > 3", "quality")


@pytest.mark.parametrize(
    ("declaration", "severity"),
    [
        ("row_count > 3", Severity.FAIL),
        ({"threshold": "row_count > 3"}, Severity.FAIL),
        ({"threshold": "row_count > 3", "severity": "warn"}, Severity.WARN),
        ({"threshold": "row_count > 3", "severity": Severity.FAIL}, Severity.FAIL),
        ({"threshold": "row_count > 3", "severity": "warning"}, Severity.WARN),
        ({"threshold": "row_count > 3", "severity": "critical"}, Severity.FAIL),
        ({"threshold": "row_count > 3", "severity": "Warning"}, Severity.WARN),
        (Threshold("row_count", ">", 3, severity=Severity.WARN), Severity.WARN),
    ],
)
def test_parse_threshold_takes_a_severity(declaration: ThresholdDeclaration, severity: Severity) -> None:
    """A threshold fails the gate unless it is declared to warn."""
    assert parse_threshold(declaration, "quality").severity is severity


def test_parse_thresholds_reads_several_in_order() -> None:
    """One metric may have several thresholds; they keep the order of their declaration."""
    declared = ["row_count > 3", {"threshold": "row_count > 5", "severity": "warn"}]
    assert [str(item) for item in parse_thresholds(declared, "quality")] == ["row_count > 3", "row_count > 5"]
    assert parse_thresholds(None, "quality") == ()


@pytest.mark.parametrize(
    "declaration",
    [
        "row_count > 3",
        {"threshold": "row_count > 3", "severity": "warn"},
        Threshold("row_count", ">", 3),
    ],
)
def test_parse_thresholds_reads_a_lone_one(declaration: ThresholdDeclaration) -> None:
    """One threshold needs no list around it."""
    assert parse_thresholds(declaration, "quality") == parse_thresholds([declaration], "quality")


@pytest.mark.parametrize("declarations", [3, 0.5, True])
def test_parse_thresholds_refuses_what_holds_none(declarations: ThresholdDeclaration) -> None:
    """What is neither a threshold nor several is refused with the forms that are understood."""
    with pytest.raises(DeclarationError, match="is not a threshold") as caught:
        parse_thresholds(declarations, "quality")
    assert caught.value.reason == "malformed_threshold"


def _verdicts(
    text: str, *metrics: Metric, baseline: Sequence[Metric] | None = None, kind: str = "quality"
) -> list[Verdict]:
    return [result.verdict for result in judge(parse_thresholds([text], kind), metrics, baseline)]


@pytest.mark.parametrize(
    ("operator", "held"),
    [("<", "100"), ("<=", "110"), (">", "001"), (">=", "011"), ("==", "010"), ("!=", "101")],
)
def test_judge_compares_by_the_operator(operator: str, held: str) -> None:
    """Each operator holds below, at and above the limit as arithmetic has it."""
    metrics = [Metric(name="row_count", value=value) for value in (2, 3, 4)]
    found = [_verdicts(f"row_count {operator} 3", metric)[0] is Verdict.PASS for metric in metrics]
    assert found == [digit == "1" for digit in held]


def test_judge_fails_or_warns_by_severity() -> None:
    """A breach does what the threshold's severity says."""
    thresholds = parse_thresholds(["row_count > 9", {"threshold": "row_count > 9", "severity": "warn"}], "quality")
    results = judge(thresholds, [Metric(name="row_count", value=3)])
    assert [result.verdict for result in results] == [Verdict.FAIL, Verdict.WARN]


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((1.0, 2.0), Verdict.INCONCLUSIVE),
        ((1.0, 1.7), Verdict.PASS),
        ((1.0, 1.8), Verdict.PASS),
        ((1.8, 2.5), Verdict.PASS),
        (None, Verdict.PASS),
    ],
)
def test_judge_is_inconclusive_where_the_interval_spans_the_limit(
    interval: tuple[float, float] | None, expected: Verdict
) -> None:
    """A limit strictly inside the confidence interval cannot be decided; one outside or at its end can."""
    assert _verdicts(
        "unexpected_percent < 1.8", Metric(name="unexpected_percent", value=1.5, unit="%", interval=interval)
    ) == [expected]


@pytest.mark.parametrize("value", [None, math.nan])
def test_judge_is_an_error_where_there_is_no_value(value: float | None) -> None:
    """The mean of no rows has neither passed nor failed."""
    assert _verdicts("observed_value < 3", Metric(name="observed_value", value=value)) == [Verdict.ERROR]


def test_judge_is_an_error_where_a_metric_is_absent() -> None:
    """What was not measured has not passed; the result names what was looked for."""
    (result,) = judge(
        parse_thresholds(["unexpected_count{column:x} < 3"], "quality"), [Metric(name="row_count", value=1)]
    )
    assert result.verdict is Verdict.ERROR
    assert (result.metric, result.tags, result.observed) == ("unexpected_count", {"column": "x"}, None)


def test_judge_prefers_the_gates_own_metric_over_tagged_ones() -> None:
    """Without tags a threshold judges the gate's figure, and each tagged one only where the gate has none."""
    own = Metric(name="element_count", value=1)
    tagged = [Metric(name="element_count", value=value, tags={"column": name}) for name, value in (("a", 5), ("b", 9))]
    assert _verdicts("element_count < 3", own, *tagged) == [Verdict.PASS]
    assert _verdicts("element_count < 7", *tagged) == [Verdict.PASS, Verdict.FAIL]


def test_judge_narrows_to_tags() -> None:
    """A threshold with tags judges only the metrics that carry all of them."""
    metrics = [
        Metric(name="element_count", value=1),
        Metric(name="element_count", value=5, tags={"column": "a", "type": "x"}),
        Metric(name="element_count", value=9, tags={"column": "a", "type": "y"}),
    ]
    assert _verdicts("element_count{column:a} < 7", *metrics) == [Verdict.PASS, Verdict.FAIL]
    assert _verdicts("element_count{column:a,type:y} < 7", *metrics) == [Verdict.FAIL]


def test_judge_converts_the_limit_into_the_metrics_unit(timed: str) -> None:
    """A limit in milliseconds judges a metric in seconds, and is reported in seconds."""
    (result,) = judge(parse_thresholds(["median < 200ms"], timed), [Metric(name="median", value=0.15, unit="s")])
    assert (result.verdict, result.limit, result.unit) == (Verdict.PASS, pytest.approx(0.2), "s")


def test_judge_reads_a_bare_limit_in_the_metrics_unit(timed: str) -> None:
    """A limit without unit is in whatever unit the metric has."""
    assert _verdicts("median < 200ms", Metric(name="median", value=150, unit="ms"), kind=timed) == [Verdict.PASS]


@pytest.mark.parametrize(
    ("baseline", "expected", "limit"),
    [
        ([Metric(name="median", value=100, unit="ms")], Verdict.PASS, 0.105),
        ([Metric(name="median", value=90, unit="ms")], Verdict.FAIL, 0.0945),
        ([Metric(name="median", value=None, unit="ms")], Verdict.WARN, None),
        ([Metric(name="median", value=100, unit="ms", tags={"size": "1"})], Verdict.WARN, None),
        ([Metric(name="growth", value=100, unit="B/op")], Verdict.WARN, None),
        ([], Verdict.WARN, None),
        (None, Verdict.WARN, None),
    ],
)
def test_judge_multiplies_the_baseline(
    timed: str, baseline: list[Metric] | None, expected: Verdict, limit: float | None
) -> None:
    """A relative limit refers to the same metric of the baseline; without one it warns, whatever its severity."""
    metric = Metric(name="median", value=0.1, unit="s")
    (result,) = judge(parse_thresholds(["median < 1.05x baseline"], timed), [metric], baseline)
    assert (result.verdict, result.limit) == (expected, limit if limit is None else pytest.approx(limit))


@given(
    value=st.floats(allow_nan=False, allow_infinity=False),
    limit=st.floats(-1e9, 1e9),
    operator=st.sampled_from(OPERATORS),
    width=st.floats(0, 1e6),
)
def test_judge_never_passes_what_an_interval_leaves_open(
    value: float, limit: float, operator: str, width: float
) -> None:
    """Where the limit lies inside the interval no operator and no value makes a pass."""
    metric = Metric(name="observed_value", value=value, interval=(limit - 1 - width, limit + 1 + width))
    threshold = Threshold("observed_value", operator, limit)
    assert [result.verdict for result in judge([threshold], [metric])] == [Verdict.INCONCLUSIVE]
