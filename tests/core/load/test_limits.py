"""The thresholds of a load gate, given and by default."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.metric import CATALOGUES
from airflow_provider_dpq.core.gate.stored import LOAD
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.load.limits import check_thresholds, needed, of_levels, of_result, with_defaults
from airflow_provider_dpq.core.load.model import (
    breakpoint_search,
    constant_arrival_rate,
    constant_concurrency,
    iterations_per_worker,
    ramping_arrival_rate,
    shared_iterations,
)
from airflow_provider_dpq.core.stats.percentile import supports
from tests.core.load.loads import load

STAGED = ramping_arrival_rate([("10s", "20/s"), ("0s", "100/s"), ("10s", "100/s")], start="20/s")
SEARCH = breakpoint_search("10/s", "100/s")


def texts(*declared: Any, **options: Any) -> list[str]:
    """Return the thresholds with the default ones, as they are written."""
    return [str(threshold) for threshold in with_defaults(parse_thresholds(declared, LOAD), load(**options))]


def test_errors_and_dropped_arrivals_are_judged_by_default() -> None:
    """Fast failures cannot flatter; a closed load drops nothing unless its iterations are counted."""
    assert texts() == ["error_rate < 1%", "dropped_iterations < 1"]
    assert texts(model=constant_concurrency(1, "10s")) == ["error_rate < 1%"]
    assert texts(model=shared_iterations(10, 1)) == texts(model=iterations_per_worker(10, 1)) == texts()
    assert texts(model=SEARCH) == ["error_rate < 1%", "dropped_iterations < 1"]
    assert [str(threshold) for threshold in with_defaults(())] == texts()


def test_a_threshold_takes_the_place_of_the_default_of_its_metric() -> None:
    """However severe it is."""
    given = {"threshold": "error_rate < 20%", "severity": "warn"}
    assert texts(given) == ["error_rate < 20%", "dropped_iterations < 1"]


def test_a_threshold_of_one_scenario_leaves_the_others_their_default() -> None:
    """What is allowed to read is not allowed to write."""
    given = parse_thresholds(["error_rate{scenario:read} < 20%"], LOAD)
    found = [str(threshold) for threshold in with_defaults(given, load("read", "write"))]
    assert found == ["error_rate{scenario:read} < 20%", "error_rate{scenario:write} < 1%", "dropped_iterations < 1"]


def test_a_search_is_not_judged_by_what_its_levels_break() -> None:
    """They are to break."""
    given = parse_thresholds(["p(95) < 1s", "breaking_point > 50/s", "recovery < 10s"], LOAD)
    test = load(model=SEARCH)
    assert [threshold.metric for threshold in of_result(given, test)] == ["breaking_point", "recovery"]
    assert [threshold.metric for threshold in of_levels(given, test)] == ["p(95)", "error_rate", "dropped_iterations"]
    assert of_result(given, load()) == with_defaults(given, load())


@pytest.mark.parametrize(
    ("declared", "options"),
    [
        ("p(95){scenario:read} < 200ms", {}),
        ("error_rate{scenario:write} < 1%", {}),
        ("error_count{error:timeout} < 5", {}),
        ("error_count{error:status 503} < 5", {}),
        ("error_count{error:exception ValueError} < 5", {}),
        ("slowdown{level:100} < 3", {"model": STAGED}),
        ("slowdown < 3", {"model": STAGED}),
        ("throughput_retention{level:100} > 80%", {"model": STAGED}),
        ("slowdown{level:33.75} < 3", {"model": SEARCH}),
        ("breaking_point > 50/s", {"model": SEARCH}),
        ("worker_memory{shard:1} < 1GB", {"parts": 2}),
        ("p(99) < 1s", {}),
        ("lateness_p(99.9) < 1ms", {"model": shared_iterations(1, 1)}),
        ("p(99.9) < 1s", {"model": constant_concurrency(1, "10s")}),
        ({"threshold": "p(95) < 1s", "abort_on_fail": True, "abort_delay": "5s"}, {}),
        ({"threshold": "error_rate < 10%", "abort_on_fail": True}, {}),
    ],
)
def test_what_the_load_can_answer_is_accepted(declared: Any, options: dict[str, Any]) -> None:
    """Tags name scenarios, errors, levels and shards that there are."""
    check_thresholds(parse_thresholds([declared], LOAD), load("read", "write", **options))


@pytest.mark.parametrize(
    ("declared", "options", "reason", "words"),
    [
        (
            "p(95){scenario:reed} < 1s",
            {},
            "unknown_tag",
            "the load has no scenario 'reed'. Use read or write",
        ),
        ("p(95){name:read} < 1s", {}, "unknown_tag", r"p\(95\) has no tag 'name'. Use the tag scenario"),
        ("generator_cpu{scenario:read} < 80%", {}, "unknown_tag", "the metric has none"),
        ("error_count{error:timeouts} < 5", {}, "unknown_tag", "there is no error 'timeouts'"),
        ("error_count{error:status} < 5", {}, "unknown_tag", "there is no error 'status'"),
        ("error_rate{error:timeout} < 5%", {}, "unknown_tag", "has no tag 'error'"),
        ("error_count{scenario:read,error:timeout} < 5", {}, "unknown_tag", "has several tags"),
        ("slowdown{level:50} < 3", {"model": STAGED}, "unknown_tag", "the load has no level '50'. Use 20"),
        ("worker_memory{shard:0} < 1GB", {}, "unknown_tag", "the metric has none"),
        ("worker_memory{shard:2} < 1GB", {"parts": 2}, "unknown_tag", "the load has no shard '2'"),
        ("p(99.9) < 1s", {}, "too_few_requests", "needs 10,000 requests, but the load has at most 2,000"),
        ("p(99){scenario:read} < 1s", {"max_requests": 900}, "too_few_requests", "at most 900"),
        ("service_p(95) < 1s", {"model": shared_iterations(199, 3)}, "too_few_requests", "200 requests.* at most 199"),
        ("p(99) < 1s", {"model": SEARCH}, "too_few_requests", "the first level of the search has at most 200"),
        ("median < 1.2x baseline", {}, "missing_baseline", "needs a baseline"),
        ("slowdown < 3", {}, "unknown_metric", "needs two constant levels"),
        ("recovery < 3s", {}, "unknown_metric", "only a breakpoint search measures"),
        (
            {"threshold": "slowdown < 3", "abort_on_fail": True},
            {"model": STAGED},
            "cannot_abort",
            "only known at the end",
        ),
        ({"threshold": "iteration_count > 3", "abort_on_fail": True}, {}, "cannot_abort", "only known at the end"),
        ({"threshold": "max < 1s", "severity": "warn", "abort_on_fail": True}, {}, "cannot_abort", "only warns"),
        ({"threshold": "max < 1s", "abort_on_fail": True}, {"model": SEARCH}, "cannot_abort", "ends failing levels"),
    ],
)
def test_what_the_load_cannot_answer_is_refused(
    declared: Any, options: dict[str, Any], reason: str, words: str
) -> None:
    """Before anything is run, with what there is instead."""
    test = load("read", "write", **({"model": constant_arrival_rate("200/s", "10s")} | options))
    with pytest.raises(DeclarationError, match=words) as refused:
        check_thresholds(parse_thresholds([declared], LOAD), test)
    assert refused.value.reason == reason


@pytest.mark.parametrize("percent", [50.0, 90.0, 95.0, 99.0, 99.9, 99.99, 5.0])
def test_what_is_said_to_be_needed_is_enough_and_no_less_is(percent: float) -> None:
    """It is the number from which on the percentile is supported."""
    assert supports(percent, needed(percent))
    assert not supports(percent, needed(percent) - 1)


@pytest.mark.parametrize("name", CATALOGUES[LOAD])
def test_every_metric_can_be_judged_by_some_load(name: str) -> None:
    """None of the catalogue is refused whatever the model."""
    argument = "(50)" if name.endswith("p") and name in ("p", "service_p", "lateness_p") else ""
    unit = CATALOGUES[LOAD][name].replace("%", "")
    (threshold,) = parse_thresholds([f"{name}{argument} < 1{unit}"], LOAD)
    accepted = 0
    for model in (STAGED, SEARCH):
        try:
            check_thresholds([threshold], load(model=model))
        except DeclarationError:
            continue
        accepted += 1
    assert accepted


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("breaking_point > 1000/s", False),
        ("breaking_point >= 1000/s", True),
        ("breaking_point > 60001/min", False),
        ("breaking_point > 999/s", True),
        ("breaking_point < 2000/s", True),
    ],
)
def test_a_search_is_not_asked_for_what_it_does_not_try(text: str, possible: bool) -> None:
    """A search that reached its limit would fail for what nobody has looked at."""
    test = load(model=breakpoint_search("100/s", "1000/s"))
    limits = parse_thresholds([text], LOAD)
    if possible:
        check_thresholds(limits, test)
        return
    with pytest.raises(DeclarationError, match="more than the limit of the search"):
        check_thresholds(limits, test)


def test_thresholds_of_a_search_judge_its_levels_or_its_result() -> None:
    """Each of them one or the other; of any other test all judge the result."""
    limits = parse_thresholds(["p(95) < 1s", "breaking_point > 200/s", "throughput > 1/s"], LOAD)
    search = load(model=breakpoint_search("100/s", "1000/s"))
    assert [str(limit) for limit in of_levels(limits, search)] == [
        "p(95) < 1s",
        "error_rate < 1%",
        "dropped_iterations < 1",
    ]
    assert [str(limit) for limit in of_result(limits, search)] == ["breaking_point > 200/s", "throughput > 1/s"]
    assert of_result(limits[:1], load()) == with_defaults(limits[:1], load())
