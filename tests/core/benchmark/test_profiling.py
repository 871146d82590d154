"""Where time and memory go: the slow function first, stacks, allocations."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from airflow_provider_dpq.core.benchmark import profiling
from airflow_provider_dpq.core.benchmark.profiling import INTERVAL_SECONDS, profile_operation
from airflow_provider_dpq.core.gate.profile import Profile
from airflow_provider_dpq.core.operation.python import PythonOperation

pytestmark = pytest.mark.alone

HERE = "benchmark/test_profiling.py:"


@pytest.fixture(autouse=True)
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look takes a fraction of a second."""
    monkeypatch.setattr(profiling, "_SECONDS", 0.12)


def slow(count: int) -> int:
    """Take most of the time."""
    total = 0
    for index in range(40 * count):
        total += index * index
    return total


def quick(count: int) -> int:
    """Take little."""
    return sum(range(count))


def work(count: int = 2000) -> int:
    """Call both."""
    return slow(count) + quick(count)


def hold() -> list[bytearray]:
    """Hold much in one line and little in another."""
    much = [bytearray(100_000) for _ in range(30)]
    little = [bytearray(1000)]
    return much + little


def profile_of(target: Callable[..., object] | str, **parts: object) -> Profile:
    """Profile a function."""
    *before, profile = profile_operation(PythonOperation(target=target, **parts), None)  # type: ignore[arg-type]
    assert before == [None] * 3
    assert isinstance(profile, Profile)
    return profile


def test_the_slow_function_is_named_first() -> None:
    """With its place, its calls and its share; what this project does around it is left out."""
    first, *others = profile_of(work).functions
    assert (first.name, first.location.startswith(HERE)) == ("slow", True)
    assert first.calls >= 1
    caller = next(item for item in others if item.name == "work")
    assert caller.own_seconds < first.own_seconds < caller.total_seconds
    assert not [item for item in others if item.location.startswith("benchmark/profiling.py")]
    assert [item.own_seconds for item in others] == sorted((item.own_seconds for item in others), reverse=True)


def test_stacks_lead_from_the_operation_to_the_slow_function() -> None:
    """The outermost frame is the operation's, the one seen most is the slow one."""
    profile = profile_of(work)
    frames = profile.stacks[0].frames
    assert frames[0].startswith(f"work ({HERE}")
    assert any(frame.startswith(f"slow ({HERE}") for frame in frames)
    assert profile.interval_seconds == INTERVAL_SECONDS
    seen = sum(stack.count for stack in profile.stacks)
    within = sum(stack.count for stack in profile.stacks if any(frame.startswith("slow") for frame in stack.frames))
    assert within > 0.7 * seen


def test_what_only_waits_is_seen_too() -> None:
    """The sampler counts time on the wall."""
    assert profile_of(time.sleep, arguments=(0.01,)).stacks == ()  # a built-in function has no frame of its own
    waits = profile_of(lambda: time.sleep(0.01)).stacks
    assert sum(stack.count for stack in waits) >= 3


def test_allocations_name_the_line_that_holds_most() -> None:
    """Biggest first, by the lines of the operation."""
    first, *others = profile_of(hold).allocations
    assert first.location[0].startswith(HERE)
    assert 3_000_000 <= first.size_bytes < 3_100_000
    assert all(item.size_bytes < 200_000 for item in others)
    assert all(item.location for item in others)


def test_allocations_of_this_project_are_not_those_of_the_operation() -> None:
    """What its own functions hold has no line of the operation's, and is left out."""
    summary = "airflow_provider_dpq.core.stats.summary:summarize"
    found = profile_of(summary, arguments=([1.0] * 100,)).allocations
    assert found
    assert all(item.location for item in found)


def test_set_up_and_tear_down_are_no_allocations_of_the_operation() -> None:
    """What is prepared is there before; what is returned is torn down."""
    torn_down: list[int] = []
    profile = profile_of(
        lambda data: bytearray(len(data) // 10),
        set_up=lambda: bytearray(1_000_000),
        tear_down=lambda result: torn_down.append(len(result)),
    )
    assert set(torn_down) == {100_000}
    assert sum(item.size_bytes for item in profile.allocations) < 150_000


def test_a_failing_operation_leaves_no_profiler_behind() -> None:
    """The next one can be profiled."""
    calls: list[int] = []

    def fails_later() -> None:
        calls.append(1)
        if len(calls) > 1:
            raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(profile_operation(PythonOperation(target=fails_later), None))
    assert profile_of(work).functions[0].name == "slow"
