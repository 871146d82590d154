"""Requests per second of one processor, of this generator and of others against the same service in turns."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from loads.generated import apart, generated
from loads.memory import service
from loads.peers import PEERS, Achieved, absent

from airflow_provider_dpq.core.load.model import constant_concurrency
from airflow_provider_dpq.core.operation.http import HttpOperation

CONNECTIONS = 32


def throughput(rounds: int, seconds: float, peers: Sequence[str]) -> None:
    """Run all of them in turns, and print the medians."""
    found: dict[str, list[Achieved]] = {}
    with service() as (url, pid), apart(pid):
        for _ in range(rounds):
            for name in peers:
                found.setdefault(name, []).append(PEERS[name](url, CONNECTIONS, seconds))
            found.setdefault("dpq", []).append(_dpq(url, seconds))
    whole = statistics.median(each.per_cpu_second for each in found[peers[0]])
    print(f"{CONNECTIONS} connections, median of {rounds} rounds of {seconds:g} s")
    for name in absent():
        print(f"{name:8} is not on the PATH")
    for name, all_rounds in found.items():
        wall, cpu = (
            statistics.median(getattr(each, rate) for each in all_rounds) for rate in ("per_second", "per_cpu_second")
        )
        failures = sum(each.failures for each in all_rounds)
        print(
            f"{name:8} {wall:10,.0f}/s on the wall {cpu:10,.0f}/s of processor, {cpu / whole:5.2f} of {peers[0]}, "
            f"{failures} failures"
        )


def _dpq(url: str, seconds: float) -> Achieved:
    load = generated(HttpOperation(url=url), constant_concurrency(CONNECTIONS, f"{seconds:g}s"))
    return Achieved(len(load.column("due")), load.failures, load.seconds, load.cpu_seconds)
