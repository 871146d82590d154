"""How late a generator starts what is due."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from loads.generated import apart, generated
from loads.memory import service

from airflow_provider_dpq.core.load.model import constant_arrival_rate
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.iteration import Operation
from airflow_provider_dpq.core.operation.python import PythonOperation


def nothing() -> None:
    """Do nothing."""


async def nothing_awaited() -> None:
    """Do nothing on a loop."""


def lateness(rate: float, seconds: float, rounds: int) -> None:
    """Print percentiles of the lateness of requests, functions and coroutines."""
    with service() as (url, pid), apart(pid):
        kinds: Mapping[str, Operation] = {
            "requests": HttpOperation(url=url),
            "functions": PythonOperation(target="loads.lateness:nothing"),
            "coroutines": PythonOperation(target="loads.lateness:nothing_awaited", awaited=True),
        }
        model = constant_arrival_rate(f"{rate:g}/s", f"{seconds:g}s")
        print(f"lateness at {rate:g}/s for {seconds:g} s, milliseconds")
        for name, operation in kinds.items():
            for _ in range(rounds):
                load = generated(operation, model)
                shown = ", ".join(f"p{p} {1000 * np.percentile(load.lateness, p):.3f}" for p in (50, 99, 99.9, 100))
                cpu = 100 * load.cpu_seconds / load.seconds
                print(
                    f"  {name:10} {shown}; {len(load.column('due')) / load.seconds:,.0f}/s, {cpu:.0f} % of a processor"
                )
