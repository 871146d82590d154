"""Resources over time: of the processes that generate load and, where it is local, of the process under test."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from statistics import fmean
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import psutil

from airflow_provider_dpq.core.gate.metric import CATALOGUES, Metric
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.hosts import hosts_of, is_local
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.iteration import Operation
from airflow_provider_dpq.core.operation.sql import SqlOperation, server_port

_PERIOD_SECONDS: Final = 1.0
_FAMILY_SECONDS: Final = 10.0
"""How often it is looked for children of the process under test: to go through all processes takes long."""

_MAX_POINTS: Final = 1000
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Usage:
    """What some processes hold at a moment, added up.

    Attributes:
        cpu: Processor time in the period before, in percent of one processor.
        memory: Resident memory in bytes.
        open_files: Open files and sockets.
        threads: Threads.
    """

    cpu: float = 0.0
    memory: float = 0.0
    open_files: float = 0.0
    threads: float = 0.0


_UNITS: Final[Mapping[str, str]] = {"cpu": "%", "memory": "B", "open_files": "", "threads": ""}


class Sampler:
    """Looks at processes once a second, in a thread of its own, until its context is left.

    Args:
        workers: Returns the numbers of the processes that generate load.
        targets: Numbers of the processes under test; their children count with them.
        period_seconds: Time between two looks.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        workers: Callable[[], Sequence[int]],
        targets: Collection[int] = (),
        *,
        period_seconds: float = _PERIOD_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._workers = workers
        self._targets = targets
        self._period_seconds = period_seconds
        self._clock = clock
        self._meters = {"worker": _Meter(), "target": _Meter()}
        self._times: list[float] = []
        self._usages: dict[str, list[Usage | None]] = {who: [] for who in self._meters}
        self._cost_seconds = 0.0
        self._begun = self._latest = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dpq-load-resources", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def series(self, started_at_seconds: float) -> Sequence[Series]:
        """Return what was seen over time.

        Args:
            started_at_seconds: The moment from which positions count; what was seen before is left out.
        """
        seen = [number for number, when in enumerate(tuple(self._times)) if when >= started_at_seconds]
        found = []
        for who, name in self._names():
            points = [
                (self._times[number] - started_at_seconds, getattr(usage, name))
                for number in seen
                if (usage := self._usages[who][number]) is not None
            ]
            if points:
                positions, values = zip(*_thinned(points), strict=True)
                found.append(Series(name=f"{who}_{name}", unit=_UNITS[name], values=values, positions=positions))
        return found

    def metrics(self) -> Sequence[Metric]:
        """Return the peaks, of processor time the mean, and what the looking itself took."""
        found = []
        for who, name in self._names():
            values = [getattr(usage, name) for usage in tuple(self._usages[who]) if usage is not None]
            metric = f"{who}_{name}"
            if values and metric in CATALOGUES["load"]:
                value = fmean(values) if name == "cpu" else max(values)
                found.append(Metric(name=metric, value=value, unit=_UNITS[name]))
        if self._times:
            spent = max(self._latest - self._begun, self._period_seconds)
            found.append(Metric(name="sampler_cpu", value=100 * self._cost_seconds / spent, unit="%"))
        return found

    def _names(self) -> Iterator[tuple[str, str]]:
        return ((who, field.name) for who in self._meters for field in fields(Usage))

    def _run(self) -> None:
        started, self._begun = time.thread_time(), time.monotonic()
        looks, targets = 0, list[int]()
        while not self._ended.wait(self._period_seconds if looks else 0):
            if looks % round(_FAMILY_SECONDS / _PERIOD_SECONDS) == 0:
                targets = list(_families(self._targets))
            workers = self._workers()  # which are children of the target where that is in this very process
            for who, pids in (("worker", workers), ("target", set(targets) - set(workers))):
                self._usages[who].append(self._meters[who].read(pids))
            self._times.append(self._clock())
            looks += 1
            self._cost_seconds, self._latest = time.thread_time() - started, time.monotonic()
        self._latest = time.monotonic()


class _Meter:
    """Reads what some processes hold, and what processor time they took since they were read before."""

    def __init__(self) -> None:
        self._processes: dict[int, psutil.Process] = {}
        self._cpu_seconds: dict[int, float] = {}
        self._at = 0.0

    def read(self, pids: Iterable[int]) -> Usage | None:
        """Return what the processes hold; None where none of them is there, or was there before."""
        now = time.monotonic()
        known, before, elapsed = self._processes, self._cpu_seconds, now - self._at
        self._processes, self._cpu_seconds, self._at = {}, {}, now
        taken: list[Usage] = []
        for pid in pids:
            with suppress(psutil.Error):
                process = known.get(pid) or psutil.Process(pid)
                with process.oneshot():
                    times = process.cpu_times()
                    cpu_seconds = times.user + times.system
                    usage = Usage(
                        cpu=100 * (cpu_seconds - before[pid]) / elapsed if pid in before else 0.0,
                        memory=process.memory_info().rss,
                        open_files=process.num_fds(),
                        threads=process.num_threads(),
                    )
                self._processes[pid], self._cpu_seconds[pid] = process, cpu_seconds
                if pid in before:
                    taken.append(usage)
        if not taken:
            return None
        return Usage(*(sum(getattr(usage, field.name) for usage in taken) for field in fields(Usage)))


def processes_under_test(test: LoadTest) -> Collection[int]:
    """Return the local processes under load: the one that is named, else those that listen where operations go.

    Where these are not of this user, or in a container of their own, there is none: they cannot be seen.
    """
    if test.target_pid is not None:
        return {test.target_pid}
    ports = {port for scenario in test.scenarios if (port := _local_port(scenario.operation)) is not None}
    if not ports:
        return set()
    try:
        connections: list[Any] = psutil.net_connections(kind="tcp")
    except psutil.Error:  # some systems tell it nobody but the administrator
        return set()
    return {
        connection.pid
        for connection in connections
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port in ports and connection.pid is not None
    }


def _local_port(operation: Operation) -> int | None:
    """Return the port of this machine that an operation calls; None where it calls none."""
    hosts = hosts_of(operation)
    if not hosts or not all(map(is_local, hosts)):
        return None
    match operation:
        case HttpOperation(url=url):
            parts = urlsplit(url)
            return parts.port or _PORTS.get(parts.scheme)
        case SqlOperation(url=url):
            return server_port(url)
    return None


def _families(pids: Iterable[int]) -> Collection[int]:
    """Return some processes and all that they have started."""
    found = set()
    for pid in pids:
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            found |= {pid, *(child.pid for child in process.children(recursive=True))}
    return found


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """Return points, of very many the largest of each few in a row: peaks are what is looked for."""
    step = -(-len(points) // _MAX_POINTS)
    groups = (points[begin : begin + step] for begin in range(0, len(points), step))
    return [max(group, key=lambda point: point[1]) for group in groups]
