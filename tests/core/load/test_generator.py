"""The generator: what it starts when, what it says of it, and what it leaves behind."""

from __future__ import annotations

import asyncio
import gc
import resource
import socket
import sqlite3
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from aiohttp import ClientOSError, ClientPayloadError, InvalidURL
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError
from airflow_provider_dpq.core.load import arrivals, generator, loop, ready, threads, trial
from airflow_provider_dpq.core.load.design import LoadTest, Scenario
from airflow_provider_dpq.core.load.model import (
    ArrivalRate,
    Breakpoint,
    Concurrency,
    Model,
    constant_arrival_rate,
    constant_concurrency,
)
from airflow_provider_dpq.core.load.request import _words
from airflow_provider_dpq.core.load.schedule import Schedule, Stage
from airflow_provider_dpq.core.operation.command import CommandOperation
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.isolation import Child
from airflow_provider_dpq.core.operation.iteration import Iteration, Operation
from airflow_provider_dpq.core.operation.python import PythonOperation
from airflow_provider_dpq.core.operation.sql import SqlOperation
from tests.core.load.service import Load, Service, load, prepared, serving

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A service on the loopback address."""
    with serving() as found:
        yield found


def rate(per_second: float, seconds: float, *, max_workers: int = 20) -> ArrivalRate:
    """Return an open model of one rate."""
    return ArrivalRate(schedule=Schedule(per_second, (Stage(seconds, per_second),)), max_workers=max_workers)


def workers(count: int, seconds: float, **options: Any) -> Concurrency:
    """Return a closed model of one number of workers."""
    return Concurrency(schedule=Schedule(count, (Stage(seconds, count),)), **options)


def case(operation: Operation, model: Model, *, think: float = 0.0, **options: Any) -> LoadTest:
    """Return a test of one scenario."""
    return LoadTest(scenarios=(Scenario(operation=operation, think_time_seconds=think),), model=model, **options)


def python(target: Callable[..., Any], *arguments: Any, **options: Any) -> PythonOperation:
    """Return an operation of either kind of function."""
    return PythonOperation(target=target, arguments=arguments, awaited=True, **options)


def http(url: str, **options: Any) -> HttpOperation:
    """Return a request."""
    return HttpOperation(url=url, **options)


def pause(seconds: float) -> None:
    """Take a while in a thread."""
    time.sleep(seconds)


async def wait(seconds: float) -> None:
    """Take a while on a loop."""
    await asyncio.sleep(seconds)


async def hold(seconds: float) -> None:
    """Take a while and keep the loop from all else."""
    time.sleep(seconds)  # noqa: ASYNC251 - it is what a user does wrong


def refuse(error: Exception) -> None:
    """Fail in a thread."""
    raise error


async def refuse_soon(error: Exception) -> None:
    """Fail on a loop."""
    await asyncio.sleep(0)
    raise error


KINDS = pytest.mark.parametrize("take", [pause, wait], ids=["threads", "loop"])
REFUSALS = pytest.mark.parametrize("fail", [refuse, refuse_soon], ids=["threads", "loop"])


@KINDS
def test_arrivals_are_started_when_they_are_due(take: Callable[..., Any]) -> None:
    """An open model starts what its schedule says, whatever the iterations take, and counts from the due time."""
    test = case(python(take, 0.1), rate(50, 0.5))
    found = load(test)
    due = [due for due, _, _ in sorted(found.times())]
    assert due == pytest.approx(list(test.streams()[0].dues()))
    assert found.outcomes() == {"ok": 25}
    assert all(due <= started < ended for due, started, ended in found.times())
    assert found.moments[-1].final
    assert not any(moment.final for moment in found.moments[:-1])


@KINDS
def test_each_generator_starts_its_part_of_the_arrivals(take: Callable[..., Any]) -> None:
    """Two generators together start each arrival once."""
    test = case(python(take, 0.0), rate(40, 0.3), processes=2)
    found: list[float] = []
    for process in range(2):
        list(generator.prepare(test, process))
        found += [due for due, _, _ in Load(list(generator.generate(test, process, time.time()))).times()]
    list(generator.release())
    whole = replace(test, processes=1)
    assert sorted(found) == pytest.approx(list(whole.streams()[0].dues()))


@KINDS
def test_arrivals_without_a_worker_wait_and_their_wait_is_no_lateness(take: Callable[..., Any]) -> None:
    """What waits since all workers are busy is late by the target's fault: it is in the response time alone."""
    found = load(case(python(take, 0.1), rate(20, 0.5, max_workers=1)))
    waits = [started - due for due, started, _ in found.times()]
    assert len(waits) == 10
    assert max(waits) > 0.3
    assert np.median(found.lateness) < 0.05
    assert sum(late > 0.25 for late in found.lateness) == 0


@KINDS
def test_arrivals_that_wait_too_long_are_dropped(take: Callable[..., Any]) -> None:
    """An arrival that no worker takes within the timeout is never started, and told when it was due."""
    found = load(case(python(take, 0.15), rate(40, 0.5, max_workers=1), iteration_timeout_seconds=0.2))
    assert found.count() + len(found.dropped()) == 20
    assert len(found.dropped()) >= 10
    assert all(started - due < 0.3 for due, started, _ in found.times())
    assert not {due for due, _, _ in found.times()} & set(found.dropped())


@KINDS
def test_an_iteration_that_exceeds_its_time_is_a_timeout(take: Callable[..., Any]) -> None:
    """It is a failure, with its time until then; on a loop it is ended."""
    found = load(case(python(take, 0.4), workers(2, 0.2), iteration_timeout_seconds=0.1))
    assert found.outcomes() == {"timeout": found.count()}
    assert found.count() >= 2
    ends_early = take is wait
    for _, started, ended in found.times():
        assert ended - started >= 0.1
        assert not ends_early or ended - started < 0.35


@pytest.fixture
def short_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left at the end is given up sooner than it is in earnest."""
    for module, name in ((loop, "_CLEAN_UP_SECONDS"), (threads, "_JOIN_SECONDS"), (generator, "_LEFT_SECONDS")):
        monkeypatch.setattr(module, name, 0.2)
    monkeypatch.setattr(arrivals, "GRACE_SECONDS", 0.1)


@pytest.mark.usefixtures("short_end")
def test_a_thread_that_does_not_end_is_reported_and_left() -> None:
    """What no one can interrupt is a timeout at the end; the generator does not wait for it any longer."""
    gate = threading.Event()
    with prepared(case(python(lambda: None), rate(10, 0.2), iteration_timeout_seconds=0.2)) as run:
        generator._prepared["default"].shared = replace(generator._prepared["default"].shared, call=gate.wait)  # type: ignore[type-var]
        begun = time.monotonic()
        found = run()
        assert time.monotonic() - begun < 8
    gate.set()
    assert found.outcomes() == {"timeout": 2}


@pytest.mark.usefixtures("short_end")
def test_a_coroutine_that_takes_no_cancellation_is_reported_and_left() -> None:
    """Nothing hangs on a coroutine that goes on where it is cancelled."""

    async def stubborn() -> None:
        for _ in range(150):
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue

    with prepared(case(python(partial(wait, 0)), rate(10, 0.2), iteration_timeout_seconds=0.1)) as run:
        ready = generator._prepared["default"]
        ready.shared = replace(ready.shared, call=stubborn)  # type: ignore[type-var]
        begun = time.monotonic()
        found = run()
        assert time.monotonic() - begun < 8
    assert found.count() + len(found.dropped()) == 2  # a slow machine starts one too late
    assert set(found.outcomes()) == {"timeout"}


@REFUSALS
@pytest.mark.parametrize(
    ("error", "name"),
    [
        (AssertionError("wrong"), "assertion"),
        (TimeoutError("slow"), "timeout"),
        (ValueError("bad"), "exception ValueError"),
        (FileNotFoundError(2, "gone"), "exception FileNotFoundError"),
        (MeasurementError("statement_failed", "refused"), "exception statement_failed"),
    ],
)
def test_failures_are_told_apart(fail: Callable[..., Any], error: Exception, name: str) -> None:
    """Each kind of failure has its name, and the first one says what it is."""
    found = load(case(python(fail, error), workers(1, 0.5, iterations=3)))
    assert found.outcomes() == {name: 3}
    assert found.messages == [getattr(error, "message", str(error))]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/503", "status 503"),
        ("/302", "status 302"),
        ("/cut", "connection"),
        ("/gone", "connection"),
        ("/silent", "timeout"),
    ],
)
def test_failures_of_requests_are_told_apart(service: Service, path: str, name: str) -> None:
    """A status, a broken connection and a silent server are failures of their own."""
    asked = len(service.heads)
    found = _failing(service, http(service.url(path), timeout_seconds=0.1), iterations=2)
    assert found.outcomes() == {name: 2}
    assert len(service.heads) - asked == 3  # with the one before the load; none is tried again


def _failing(service: Service, operation: HttpOperation, *, iterations: int) -> Load:
    """Load a target that fails once it was found to be there."""
    test = case(operation, workers(1, 5, iterations=iterations))
    with prepared(replace(test, scenarios=(Scenario(operation=http(service.url())),))) as run:
        generator._prepared["default"].scenario = test.scenarios[0]
        return run(test)


def test_a_request_on_a_kept_connection_is_not_tried_again(service: Service) -> None:
    """Where the server closes it without an answer, that is a failure, as it is to one request alone."""
    asked = len(service.heads)
    found = _failing(service, http(service.url("/every-second")), iterations=4)
    assert found.outcomes() == {"ok": 2, "connection": 2}
    assert len(service.heads) - asked == 5


def test_a_request_says_what_the_operation_says(service: Service) -> None:
    """The load sends what one request of the same operation sends: authentication, headers, body, size, status."""
    operation = http(
        service.url("/404?rows={size}").replace("//", "//user:p%40ss@"),
        method="POST",
        headers={"X-Test": "yes"},
        body="n={size}",
        expected_status=404,
    )
    with operation.opened(7) as iteration:
        iteration.run()
    alone, body = service.heads[-1], service.bodies[-1]
    test = case(operation, workers(1, 0.5, iterations=1))
    found = load(replace(test, scenarios=(replace(test.scenarios[0], size=7),)))
    assert found.outcomes() == {"ok": 1}
    assert service.bodies[-1] == body == b"n=7"

    def fields(head: str) -> set[str]:
        skipped = ("user-agent", "accept:", "connection")
        return {line.lower() for line in head.strip().split("\r\n") if not line.lower().startswith(skipped)}

    assert fields(service.heads[-1]) == fields(alone)


def test_requests_keep_their_connections_and_leave_none_open(service: Service) -> None:
    """A worker's connection is used again, and closed in the end."""
    before = service.connections
    found = load(case(http(service.url()), workers(3, 1.0, iterations=60)))
    assert found.outcomes() == {"ok": 60}
    assert service.connections - before <= 4  # with the first request of all
    deadline = time.monotonic() + 5
    while service.open and time.monotonic() < deadline:
        time.sleep(0.01)
    assert service.open == 0


@KINDS
def test_workers_think(take: Callable[..., Any]) -> None:
    """After an iteration a worker waits its think time."""
    found = load(case(python(take, 0.0), workers(2, 0.45), think=0.1))
    assert 2 <= found.count() <= 10


@KINDS
def test_workers_come_and_go(take: Callable[..., Any]) -> None:
    """The number of iterations under way follows the schedule."""
    stages = (Stage(0.3, 1), Stage(0.0, 4), Stage(0.3, 4), Stage(0.0, 1), Stage(0.3, 1))
    found = load(case(python(take, 0.05), Concurrency(schedule=Schedule(1, stages))))

    def most(begin: float, end: float) -> int:
        begun = [(started, ended) for _, started, ended in found.times() if begin <= started < end]
        return max((sum(one <= at < other for one, other in begun) for at, _ in begun), default=0)

    assert most(0.0, 0.3) <= 1
    assert 1 < most(0.3, 0.6) <= 4
    assert most(0.75, 0.9) <= 1


@KINDS
def test_workers_share_iterations_or_have_their_own(take: Callable[..., Any]) -> None:
    """All workers together run the shared number; else each runs its own."""
    assert load(case(python(take, 0.01), workers(3, 5, iterations=10))).outcomes() == {"ok": 10}
    assert load(case(python(take, 0.01), workers(3, 5, iterations_each=4))).outcomes() == {"ok": 12}


@KINDS
@pytest.mark.parametrize(("counted", "planned"), [({"iterations": 100}, 100), ({"iterations_each": 40}, 80)])
def test_counted_iterations_that_are_never_started_are_dropped(
    take: Callable[..., Any], counted: dict[str, int], planned: int
) -> None:
    """Where the time is over before the count, what is left was planned and given up at the end."""
    found = load(case(python(take, 0.1), workers(2, 1.2, **counted)))
    assert 0 < found.count() < planned
    assert found.count() + len(found.dropped()) == planned
    assert set(found.dropped()) == {1.2}


@KINDS
def test_the_cap_drops_counted_iterations(take: Callable[..., Any]) -> None:
    """Beside a load that time ends, the cap may come before the count."""
    scenarios = (
        Scenario(operation=python(take, 0.01), name="a", model=workers(2, 5, iterations=60)),
        Scenario(operation=python(take, 0.01), name="b", model=workers(2, 5)),
    )
    found = load(LoadTest(scenarios=scenarios, max_requests=40))
    assert found.count("a") + found.count("b") == 40
    assert found.count("a") + len(found.dropped("a")) == 60
    assert found.dropped("b") == []


@KINDS
def test_nobody_thinks_after_the_last_iteration(take: Callable[..., Any]) -> None:
    """The load ends with its last iteration, not with the pause behind it."""
    begun = time.monotonic()
    assert load(case(python(take, 0.0), workers(2, 60, iterations=2), think=30)).outcomes() == {"ok": 2}
    assert load(case(python(take, 0.0), workers(2, 60, iterations_each=1), think=30)).outcomes() == {"ok": 2}
    assert time.monotonic() - begun < 20


@KINDS
def test_no_more_is_started_than_the_cap_allows(take: Callable[..., Any]) -> None:
    """The cap on iterations holds for all scenarios together."""
    scenarios = (
        Scenario(operation=python(take, 0.0), name="a", model=workers(2, 3)),
        Scenario(operation=python(take, 0.0), name="b", model=rate(1000, 3)),
    )
    found = load(LoadTest(scenarios=scenarios, max_requests=40))
    assert found.count("a") + found.count("b") == 40
    assert found.count("b") + len(found.dropped("b")) == 3000


def test_a_load_within_the_cap_loses_nothing_to_the_shares_of_processes() -> None:
    """Shares are rounded: three generators with a third of the cap each would not reach it."""
    scenarios = tuple(Scenario(operation=python(pause, 0.0), name=name) for name in "abc")
    test = LoadTest(scenarios=scenarios, model=rate(12, 1), processes=3, max_requests=12)
    ended = 0
    for process in range(3):
        list(generator.prepare(test, process))
        found = Load(list(generator.generate(test, process, time.time())))
        ended += sum(found.count(name) for name in "abc")
        assert not any(found.dropped(name) for name in "abc")
    list(generator.release())
    assert ended == 12


def test_the_cap_on_time_ends_the_load() -> None:
    """Nothing is started after the longest time of all."""
    found = load(case(python(pause, 0.0), rate(50, 60), max_duration_seconds=0.2))
    assert found.count() == 10


def test_scenarios_run_side_by_side_in_threads_and_on_the_loop(service: Service) -> None:
    """One generator runs both, each with its share of the load."""
    scenarios = (
        Scenario(operation=http(service.url()), name="site", weight=3),
        Scenario(operation=python(pause, 0.0), name="code"),
    )
    found = load(LoadTest(scenarios=scenarios, model=rate(80, 0.5)))
    assert found.outcomes("site") == {"ok": 30}
    assert found.outcomes("code") == {"ok": 10}


def test_a_coroutine_that_blocks_the_loop_is_named() -> None:
    """The place in the user's code that keeps the loop is told, with the time."""
    found = load(case(python(hold, 0.3), workers(1, 5, iterations=3)))
    (place,) = found.blocked
    assert place.startswith("load/test_generator.py:")
    assert place.endswith(" in hold")
    assert 0.5 < found.blocked[place] < 2.0


def test_short_blocks_are_named_too() -> None:
    """A coroutine that blocks for most of the time, by little each, is named as one that blocks for long."""
    found = load(case(python(hold, 0.05), rate(15, 1)))
    (place,) = found.blocked
    assert place.endswith(" in hold")
    assert 0.3 < found.blocked[place] < 3.0


def test_a_loop_that_is_not_blocked_is_not_blamed() -> None:
    """Waiting and working a little blocks nothing."""
    assert load(case(python(wait, 0.01), rate(100, 0.5))).blocked == {}


class Visitor:
    """An object whose call is to be awaited."""

    async def __call__(self, seconds: float) -> None:
        """Take a while on a loop."""
        visits.append(asyncio.get_running_loop())
        await asyncio.sleep(seconds)


def visit(seconds: float) -> object:
    """Return what is to be awaited, as decorators do."""
    return Visitor()(seconds)


visits: list[object] = []


@pytest.mark.parametrize("target", [Visitor(), partial(Visitor()), visit])
def test_what_a_call_returns_is_awaited(target: Callable[..., Any]) -> None:
    """A call that returns a coroutine has done nothing yet, whatever kind of thing is called."""
    visits.clear()
    found = load(case(python(target, 0.02), workers(1, 5, iterations=3)))
    assert found.outcomes() == {"ok": 3}
    assert len(visits) == 3 + 1
    assert all(ended - started >= 0.019 for _, started, ended in found.times())


def test_a_target_that_answers_late_is_not_down(service: Service) -> None:
    """The first iteration takes no longer than any other may."""
    begun = time.monotonic()
    with prepared(case(http(service.url("/silent"), timeout_seconds=100), rate(10, 1), iteration_timeout_seconds=0.1)):
        assert time.monotonic() - begun < 10


def test_lateness_shows_a_generator_that_cannot_keep_up() -> None:
    """Where the loop is held up, arrivals for which workers waited are late, and so is what does nothing."""
    found = load(case(python(hold, 0.1), rate(20, 0.5)))
    assert np.percentile(found.lateness, 99) > 0.09


def set_up_slowly() -> None:
    """Take longer than the target."""
    time.sleep(0.02)


@KINDS
def test_set_up_and_tear_down_are_not_measured(take: Callable[..., Any]) -> None:
    """They go on outside of the measured span, once for each iteration."""
    operation = python(take, 0.0, set_up=set_up_slowly, tear_down=_after)
    found = load(case(operation, workers(1, 5, iterations=5)))
    assert np.median([ended - started for _, started, ended in found.times()]) < 0.015


def test_what_is_set_up_for_an_arrival_is_not_in_its_response_time() -> None:
    """On the loop, too, it is set up before it is due, and once for each."""
    sets_up.clear()
    found = load(case(python(wait, 0.0, set_up=count_set_up), rate(10, 1)))
    assert found.outcomes() == {"ok": 10}
    assert min(ended - due for due, _, ended in found.times()) < 0.04
    assert len(sets_up) == 10 + 1


def count_set_up() -> None:
    """Take longer than the target, and be counted."""
    sets_up.append(time.sleep(0.04))


sets_up: list[None] = []


def _after(_result: object) -> None:
    time.sleep(0.02)


@KINDS
def test_a_set_up_that_fails_fails_the_iteration(take: Callable[..., Any]) -> None:
    """Whatever is set up or torn down in vain is a failure of the iteration."""
    for part in ("set_up", "tear_down"):
        operation = python(take, 0.0, **{part: _broken})
        assert load(case(operation, workers(1, 5, iterations=2))).outcomes() == {"exception KeyError": 2}


def _broken(*_given: object) -> None:
    raise KeyError("gone")


def test_what_fails_is_cleaned_up(tmp_path: Path) -> None:
    """One iteration that fails does not make all after it fail, of statements and of commands."""
    path = tmp_path / "numbers.db"
    statement = SqlOperation(
        statement="SELECT * FROM nowhere",
        url=f"sqlite:///{path}",
        set_up=("CREATE TABLE mine (number)",),
        tear_down=("DROP TABLE mine",),
    )
    found = load(case(statement, workers(1, 20, iterations=4)))
    assert found.outcomes() == {"exception statement_failed": 4}
    assert ["no such table: nowhere" in message for message in found.messages] == [True]
    folder = tmp_path / "made"
    command = CommandOperation(command="false", set_up=f"mkdir {folder}", tear_down=f"rmdir {folder}")
    assert load(case(command, workers(1, 20, iterations=2))).outcomes() == {"exception operation_failed": 2}
    assert not folder.exists()


class Slow:
    """Sessions of which each takes until a gate opens."""

    def __init__(self, iteration: Iteration) -> None:
        self.gate, self.count, self.free, self.iteration = threading.Event(), 0, [iteration], iteration

    def take(self) -> Iteration:
        """Return one, the first at once."""
        if self.free:
            return self.free.pop()
        self.count += 1
        self.gate.wait(20)
        return self.iteration

    def give(self, iteration: Iteration) -> None:
        """Take none back."""


def test_who_opens_a_session_is_no_worker_that_stands_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all wait for a connection, more of them are opened, as arrivals wait."""
    monkeypatch.setattr(ready, "_SPARE", 2)
    slow = Slow(Iteration(lambda: slow.gate.wait(20)))
    with prepared(case(CommandOperation(command="true"), rate(2, 1.5, max_workers=8))) as run:
        generator._prepared["default"].sessions = slow  # type: ignore[assignment]
        opening = threading.Timer(1.0, slow.gate.set)
        opening.start()
        found = run()
        opening.join(20)
    assert slow.count == 7
    assert found.outcomes() == {"ok": 3}


def test_each_worker_has_its_own_connection(tmp_path: Path) -> None:
    """Statements of several workers run side by side on a database, each on a connection of its own."""
    path = tmp_path / "numbers.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE numbers (number)")
    connection.close()
    operation = SqlOperation(statement="SELECT * FROM numbers", url=f"sqlite:///{path}")
    with prepared(case(operation, workers(3, 5, iterations=30))) as run:
        assert len(generator._prepared["default"].sessions.free) == 3  # type: ignore[union-attr]
        assert run().outcomes() == {"ok": 30}
        assert run(case(operation, rate(100, 0.2))).outcomes() == {"ok": 20}
        files = [file.path for file in psutil.Process().open_files()]
        assert files.count(str(path)) >= 3
    assert str(path) not in [file.path for file in psutil.Process().open_files()]


def test_a_database_in_memory_is_one_for_each_worker() -> None:
    """A connection that one thread has opened is used by another."""
    for url in ("sqlite://", "duckdb:///:memory:"):
        operation = SqlOperation(statement="SELECT 1", url=url)
        assert load(case(operation, workers(3, 5, iterations=9))).outcomes() == {"ok": 9}


def test_commands_run_side_by_side() -> None:
    """A command is started by each worker, and its failure is one of the iteration."""
    assert load(case(CommandOperation(command="true"), workers(2, 5, iterations=4))).outcomes() == {"ok": 4}
    failed = load(case(CommandOperation(command="false"), workers(2, 5, iterations=4))).outcomes()
    assert failed == {"exception operation_failed": 4}


def test_one_child_generates_twice(service: Service) -> None:
    """What was prepared once bears one load after the other, through a spawned interpreter."""
    test = case(http(service.url()), rate(50, 0.2))
    with Child() as child:
        stream = partial(child.stream, timeout_seconds=20)
        assert list(stream(generator.prepare, test, 0))
        first = Load(list(stream(generator.generate, test, 0, time.time())))
        second = Load(list(stream(generator.generate, replace(test, model=rate(100, 0.2)), 0, time.time())))
        assert list(stream(generator.release)) == []
    assert first.outcomes() == {"ok": 10}
    assert second.outcomes() == {"ok": 20}


def _files(service: Service) -> int:
    """Return how many files this process has open, once the service has closed its side, and loops are collected."""
    deadline = time.monotonic() + 5
    while service.open and time.monotonic() < deadline:
        time.sleep(0.01)
    gc.collect()
    return psutil.Process().num_fds()


def test_nothing_is_left_behind(service: Service) -> None:
    """Threads, tasks and files end with the load, also where it is left before its end."""
    test = LoadTest(
        scenarios=(
            Scenario(operation=http(service.url()), name="site", model=rate(50, 0.8)),
            Scenario(operation=python(pause, 0.01), name="code", model=workers(3, 0.8)),
        )
    )
    load(replace(test, max_duration_seconds=0.1))
    running, files = set(threading.enumerate()), _files(service)
    load(replace(test, max_duration_seconds=0.1))
    assert set(threading.enumerate()) == running
    assert _files(service) <= files
    with prepared(test):
        moments = generator.generate(test, 0, time.time())
        next(moments)
        moments.close()  # type: ignore[attr-defined]
    assert set(threading.enumerate()) == running
    assert _files(service) <= files


def test_a_search_is_prepared_by_its_first_level(service: Service) -> None:
    """A search has no streams of its own: its levels run one after the other."""
    test = case(http(service.url()), Breakpoint(start=50, limit=100, level_seconds=5))
    with prepared(test) as run:
        assert run(test.at_rate(50, 0.2)).outcomes() == {"ok": 10}


def _port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _refused() -> Operation:
    return http(f"http://127.0.0.1:{_port()}/")


def _unnamed() -> Operation:
    return http("http://no-such-host.invalid/")


def _without_database() -> Operation:
    return SqlOperation(statement="SELECT 1", url=f"postgresql+psycopg2://u:p@127.0.0.1:{_port()}/d")


def _raises_refusal() -> Operation:
    return python(refuse, ConnectionRefusedError(111, "Connection refused"))


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (_refused, "the connection was refused. Start the target, or correct the port"),
        (_unnamed, "the host name 'no-such-host.invalid' cannot be resolved. Correct the host name"),
        (_without_database, "refused"),
        (_raises_refusal, "Connection refused. Start the target, or correct the port"),
    ],
)
def test_a_target_that_is_down_is_told_at_once(operation: Callable[[], Operation], words: str) -> None:
    """Before any load, with the cause, whatever time an iteration has."""
    begun = time.monotonic()
    with pytest.raises(MeasurementError) as caught:
        list(generator.prepare(case(operation(), rate(10, 1), iteration_timeout_seconds=600), 0))
    assert caught.value.reason == "target_down"
    assert words in str(caught.value)
    assert time.monotonic() - begun < 20
    assert generator._prepared == {}


def test_a_target_without_tls_is_told_as_such(service: Service) -> None:
    """A server that speaks no TLS, or has no good certificate, is down for https."""
    with pytest.raises(MeasurementError, match=r"TLS failed.*begins with http://") as caught:
        list(generator.prepare(case(http(service.url().replace("http", "https", 1)), rate(10, 1)), 0))
    assert caught.value.reason == "target_down"


def test_a_target_with_a_certificate_of_its_own_is_told_as_such(tmp_path: Path) -> None:
    """A certificate that nobody vouches for is the cause, in words."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(_certificate(tmp_path))
    words = r"TLS failed: the certificate was rejected.*a certificate that is trusted"
    with serving(context) as secure, pytest.raises(MeasurementError, match=words):
        list(generator.prepare(case(http(secure.url().replace("http", "https", 1)), rate(10, 1)), 0))


def _certificate(folder: Path) -> Path:
    """Write a certificate for this machine, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    unlocked = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unlocked)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_no_failure_tells_the_address(service: Service) -> None:
    """What is behind its question mark may be a secret, and errors of the client have all of it in their words."""
    operation = http(service.url("/babble?token=SECRET"))
    with pytest.raises(MeasurementError, match="the response is not valid HTTP") as caught:
        list(generator.prepare(case(operation, rate(10, 1)), 0))
    assert caught.value.reason == "target_down"
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))
    found = _failing(service, operation, iterations=2)
    assert found.outcomes() == {"connection": 2}
    assert "not valid HTTP" in found.messages[0]
    assert "SECRET" not in found.messages[0]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ClientOSError(32, "Can not write request body for http://h/?token=SECRET"), "Broken pipe"),
        (ClientOSError("http://h/?token=SECRET"), "ClientOSError"),
        (InvalidURL("http://h/?token=SECRET"), "InvalidURL"),
        (ClientPayloadError("http://h/?token=SECRET"), "ClientPayloadError"),
    ],
)
def test_errors_of_the_client_are_said_in_own_words(error: Exception, words: str) -> None:
    """Only what the system says of an error is handed on, or its type."""
    assert _words(error, "h") == words


def test_a_target_that_takes_no_connection_is_told_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that answers nothing at all does not hold up the verdict for as long as an iteration may take."""
    monkeypatch.setattr(trial, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        with pytest.raises(MeasurementError, match=r"did not connect within 0\.2 s") as caught:
            list(generator.prepare(case(http(url), rate(10, 1), iteration_timeout_seconds=600), 0))
    assert caught.value.reason == "target_down"


def test_a_target_that_fails_is_not_down(service: Service) -> None:
    """Of what answers wrongly the load tells how often it does."""
    assert load(case(http(service.url("/500")), workers(1, 5, iterations=2))).outcomes() == {"status 500": 2}


def test_what_cannot_be_imported_is_refused() -> None:
    """An operation that cannot be is no load."""
    with pytest.raises(ImportError):
        list(generator.prepare(case(PythonOperation(target="no_such_module:run"), rate(10, 1)), 0))
    with pytest.raises(DeclarationError):
        list(generator.prepare(case(PythonOperation(target="asyncio:sleep"), rate(10, 1)), 0))


def test_workers_need_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is raised as far as it goes; beyond that the load is refused before it begins."""
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1000))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: given.append(limits))
    generator._require_files(10)
    assert given == []
    generator._require_files(500)
    assert given == [(600, 1000)]
    with pytest.raises(MeasurementError) as caught:
        generator._require_files(5000)
    assert caught.value.reason == "too_many_open_files"


def test_processor_time_is_counted_from_the_start() -> None:
    """The generator's processor time is told with each moment."""
    found = load(case(python(_compute), workers(1, 0.6)))
    assert 0.01 < found.moments[-1].cpu_seconds < 2.0
    assert found.moments[-1].cpu_seconds >= found.moments[0].cpu_seconds


def _compute() -> None:
    sum(range(10_000))


def test_running_is_how_many_are_under_way() -> None:
    """Each moment says how many iterations were under way at its end."""
    found = load(case(python(pause, 0.7), workers(3, 0.6)))
    assert found.moments[0].running == 3
    assert found.moments[-1].running == 0


def test_declared_models_run(service: Service) -> None:
    """What the constructors of models return can be run."""
    assert load(case(http(service.url()), constant_arrival_rate("50/s", "200ms"))).count() == 10
    assert load(case(http(service.url("/slow")), constant_concurrency(2, "1s"))).count() >= 2
