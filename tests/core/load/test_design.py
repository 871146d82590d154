"""What a load test refuses before anything runs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.load.design import LoadTest, Scenario
from airflow_provider_dpq.core.load.model import (
    breakpoint_search,
    constant_arrival_rate,
    constant_concurrency,
    iterations_per_worker,
    shared_iterations,
)
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.python import PythonOperation

CALL = PythonOperation(target="os:getpid")
RATE = constant_arrival_rate("100/s", "10s")
WORKERS = constant_concurrency(4, "10s")
SEARCH = breakpoint_search("100/s", "1000/s")
ALONE = Scenario(operation=CALL)


def load(*scenarios: Scenario, **options: Any) -> LoadTest:
    """Return a test of a thousand arrivals."""
    return LoadTest(scenarios=scenarios or (ALONE,), **{"model": RATE, **options})


def refusal(test: LoadTest) -> DeclarationError:
    """Return why a test is refused."""
    with pytest.raises(DeclarationError) as caught:
        test.validate()
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    "test",
    [
        load(),
        load(processes=64, parts=10, part=9),
        load(max_requests=1000, max_duration_seconds=10),
        load(model=SEARCH, processes=2),
        load(replace(ALONE, think_time_seconds=0.1), model=WORKERS),
        load(replace(ALONE, model=WORKERS, think_time_seconds=0.1), model=None),
        load(replace(ALONE, name="a", model=WORKERS), replace(ALONE, name="b-1.x_Y")),
        load(Scenario(operation=PythonOperation(target="os:getpid", dataset="os:getpid"), size=10)),
        load(model=iterations_per_worker(3, 4), processes=4),
    ],
)
def test_a_load_that_can_be_is_accepted(test: LoadTest) -> None:
    """Each of them is near something that is refused."""
    test.validate()


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (replace(load(), scenarios=()), "no scenario"),
        (load(ALONE, ALONE), "'default'"),
        (load(replace(ALONE, name="")), "''"),
        (load(replace(ALONE, name="two words")), "'two words'"),
        (load(replace(ALONE, name="a,b")), "'a,b'"),
        (load(replace(ALONE, name="a}")), "'a}'"),
        (load(replace(ALONE, name="é")), "'é'"),
        (load(replace(ALONE, name="a\n")), r"'a\n'"),
        (load(replace(ALONE, weight=0)), "0"),
        (load(replace(ALONE, weight=math.nan)), "nan"),
        (load(replace(ALONE, weight=math.inf)), "inf"),
        (load(replace(ALONE, weight=True)), "True"),
        (load(replace(ALONE, think_time_seconds=0.5)), "0.5 s"),
        (load(replace(ALONE, think_time_seconds=-1), model=WORKERS), "-1"),
        (load(*(replace(ALONE, name=name) for name in "abcde"), model=WORKERS), "less than one"),
        (load(model=None), "nor the test has a model"),
        (load(replace(ALONE, model=RATE)), "its own model"),
        (load(ALONE, replace(ALONE, name="b", model=RATE), model=SEARCH), "'b'"),
        (load(model=SEARCH, parts=2), "2 shards"),
        (load(processes=0), "0"),
        (load(processes=1.5), "1.5"),
        (load(processes=True), "True"),
        (load(processes=65), "65"),
        (load(parts=1001), "1001 generators for only 1000"),
        (load(parts=501, processes=2), "1002 generators"),
        (load(model=WORKERS, processes=5), "5 generators"),
        (load(model=shared_iterations(3, 10), processes=4), "4 generators"),
        (load(model=SEARCH, processes=64, max_requests=10**9).at_rate(1, 10), "64 generators"),
        (load(part=1), "shard 1"),
        (load(part=-1, parts=2), "-1"),
        (load(iteration_timeout_seconds=0), "0 s"),
        (load(iteration_timeout_seconds=math.inf), "inf"),
        (load(max_requests=0), "0"),
        (load(max_duration_seconds=-1), "-1"),
        (load(target_pid=0), "0"),
        (load(allow_hosts="example.com"), "'example.com'"),
        (load(allow_hosts=("example.com:80",)), "example.com:80"),
        (load(allow_hosts=("*",)), "*"),
    ],
)
def test_a_load_that_cannot_be_is_refused_with_its_value(test: LoadTest, words: str) -> None:
    """The message has what is wrong in it."""
    error = refusal(test)
    assert error.reason == "invalid_load"
    assert words in error.message


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (load(max_requests=999), ("1000 requests", "999")),
        (load(max_duration_seconds=9.5), ("10 s", "9.5 s")),
        (load(model=SEARCH, max_requests=500), ("1000 requests", "500")),
        (load(model=SEARCH, max_duration_seconds=9), ("10 s", "9 s")),
        (load(model=shared_iterations(2_000_000, 2)), ("2000000", "1000000")),
    ],
)
def test_a_load_over_a_cap_is_refused(test: LoadTest, words: tuple[str, str]) -> None:
    """The message has the load and the cap; the hint says how to raise it."""
    error = refusal(test)
    assert error.reason == "over_cap"
    assert all(word in error.message for word in words)
    assert "raise max_" in str(error.hint)


@pytest.mark.parametrize(
    "scenario",
    [
        replace(ALONE, size=10),
        Scenario(operation=PythonOperation(target="os:getpid", dataset="os:getpid")),
        replace(ALONE, size=0),
        replace(ALONE, size=True),
    ],
)
def test_a_size_belongs_to_what_has_a_dataset(scenario: Scenario) -> None:
    """As for a leak check."""
    assert refusal(load(scenario)).reason == "invalid_sizes"


def test_an_operation_is_checked_with_its_host() -> None:
    """What it says itself comes first."""
    assert refusal(load(Scenario(operation=HttpOperation(url="ftp://127.0.0.1/")))).reason == "invalid_url"
    there = load(Scenario(operation=HttpOperation(url="http://example.com/")))
    assert refusal(there).reason == "host_not_allowed"
    replace(there, allow_hosts=("example.com",)).validate()
    there.validate_options()


@pytest.mark.parametrize(("processes", "parts"), [(1, 1), (3, 1), (2, 4)])
def test_shares_of_the_cap_add_up_to_it(processes: int, parts: int) -> None:
    """No generator starts more, and none less than it might."""
    test = load(model=WORKERS, max_requests=1003, processes=processes, parts=parts)
    shares = [replace(test, part=part).most_requests(process) for part in range(parts) for process in range(processes)]
    assert sum(shares) == 1003
    assert max(shares) - min(shares) <= 1
