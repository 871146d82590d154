"""Latency of a service that stalls now and then, as it was and as it is measured: nothing is to be omitted."""

from __future__ import annotations

import numpy as np
from loads.generated import Generated, generated
from loads.memory import service
from peers.http_service import Behaviour

from airflow_provider_dpq.core.load.model import ArrivalRate, Concurrency, constant_arrival_rate, constant_concurrency
from airflow_provider_dpq.core.operation.http import HttpOperation

DELAY_SECONDS = 0.002
STALL_SECONDS = 0.5
EVERY_SECONDS = 3.0


def stall(rate: float, seconds: float) -> None:
    """Print the 99th percentile in truth, and by response and service time of open and closed models."""
    print(f"{STALL_SECONDS:g} s without an answer every {EVERY_SECONDS:g} s, p99 in milliseconds")
    models: dict[str, ArrivalRate | Concurrency] = {
        f"open {rate:g}/s": constant_arrival_rate(f"{rate:g}/s", f"{seconds:g}s"),
        f"open {rate:g}/s, 1 worker": constant_arrival_rate(f"{rate:g}/s", f"{seconds:g}s", max_workers=1),
        "closed, 1 worker": constant_concurrency(1, f"{seconds:g}s"),
    }
    arguments = ("--delay", DELAY_SECONDS, "--stall", STALL_SECONDS, "--every", EVERY_SECONDS)
    for name, model in models.items():
        with service(*map(str, arguments)) as (url, _):
            load = generated(HttpOperation(url=url), model)
        response, alone = (
            1000 * np.percentile(load.column("ended") - load.column(begin), 99) for begin in ("due", "started")
        )
        truth = 1000 * np.percentile(_truth(load, np.arange(0, seconds, 1 / rate)), 99)
        print(
            f"  {name:22} truth {truth:6.1f}, response {response:6.1f} ({100 * (response / truth - 1):+.1f} %), "
            f"service {alone:6.1f} ({100 * (alone / truth - 1):+.1f} %)"
        )


def _truth(load: Generated, due: np.ndarray) -> np.ndarray:
    """Return what the service does to requests that come when they are due, by its own rule."""
    behaviour = Behaviour(DELAY_SECONDS, STALL_SECONDS, EVERY_SECONDS, 0, 0)
    return np.array([(behaviour.ready(load.begun + at) or np.inf) - (load.begun + at) for at in due])
