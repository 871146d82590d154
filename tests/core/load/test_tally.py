"""What is recorded: nothing is lost between threads, and nothing counted twice."""

from __future__ import annotations

import threading
import time

from airflow_provider_dpq.core.load.moment import Outcomes
from airflow_provider_dpq.core.load.tally import Record, Tally


def test_nothing_is_lost_where_many_add_while_it_is_taken() -> None:
    """Rows stay whole, and each is taken once."""
    record, ended = Record("read", Outcomes()), threading.Event()

    def add(offset: int) -> None:
        for number in range(offset, offset + 20_000):
            record.add(number, number + 0.25, number + 0.5, number % 3)

    threads = [threading.Thread(target=add, args=(offset,)) for offset in range(0, 80_000, 20_000)]
    rows: list[tuple[float, float, float, int]] = []

    def take() -> None:
        part, _ = record.take()
        rows.extend(zip(part.due, part.started, part.ended, part.outcome, strict=True))

    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        take()
        ended.wait(0.001)
    take()
    assert sorted(rows) == [(float(n), n + 0.25, n + 0.5, n % 3) for n in range(80_000)]


def test_what_is_abandoned_is_a_timeout_once() -> None:
    """An iteration that is given up is recorded then, and not again when it ends."""
    tally = Tally(["read"], time.perf_counter())
    running = tally.running()
    running["worker"] = (0.0, 0.1, tally.records["read"])
    assert tally.moment(final=False).running == 1
    tally.abandon(5.0)
    tally.abandon(5.0)
    moment = tally.moment(final=True)
    assert list(moment.iterations["read"].started) == [0.1]
    assert [outcome.name for outcome in moment.outcomes.values()] == ["timeout"]
    assert running == {}


def test_a_moment_has_what_came_since_the_last() -> None:
    """Each thing is told once; scenarios without anything new are left out."""
    tally = Tally(["read", "write"], time.perf_counter())
    tally.records["read"].add(0.0, 0.1, 0.2, tally.records["read"].failure(ValueError("bad")))
    tally.records["write"].drop(0.3)
    tally.lateness.append(0.001)
    tally.blocked["a.py:1 in f"] = 0.2
    first, second = tally.moment(final=False), tally.moment(final=True)
    assert list(first.iterations) == ["read"]
    assert [list(due) for due in first.dropped.values()] == [[0.3]]
    assert first.outcomes[first.iterations["read"].outcome[0]].detail == "ValueError"
    assert list(first.lateness) == [0.001]
    assert first.blocked == {"a.py:1 in f": 0.2}
    assert (second.iterations, second.dropped, second.outcomes, second.blocked) == ({}, {}, {}, {})
    assert not second.lateness
