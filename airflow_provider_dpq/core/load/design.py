"""What a load test runs: scenarios side by side, the load that each of them bears, and the caps on all of it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, islice, pairwise
from typing import Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.number import is_number, is_whole
from airflow_provider_dpq.core.load.hosts import is_host, require_allowed
from airflow_provider_dpq.core.load.model import ArrivalRate, Breakpoint, Concurrency, Model, validated
from airflow_provider_dpq.core.load.schedule import Schedule, Stage
from airflow_provider_dpq.core.operation.iteration import Operation

MAX_REQUESTS: Final = 1_000_000
MAX_DURATION_SECONDS: Final = 7200.0
MAX_PROCESSES: Final = 64

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of iteration of a load test.

    Attributes:
        operation: What an iteration runs.
        name: What it is called in reports and in the tag ``scenario`` of thresholds.
        weight: Its share of the test's load, in proportion to the weights of the others.
        think_time_seconds: How long a worker of a closed model waits after an iteration.
        model: A load of its own, beside that of the test; it then takes no share of the test's.
        size: Rows of its dataset; None for an operation that is not sized.
    """

    operation: Operation
    name: str = "default"
    weight: float = 1.0
    think_time_seconds: float = 0.0
    model: ArrivalRate | Concurrency | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The iterations of one scenario that one generator runs.

    Generators divide a load by number: of n generators, generator i takes the arrivals, or the workers, whose number
    leaves the rest i when divided by n. Together they are the whole load, with no arrival lost or taken twice.

    Attributes:
        scenario: What it runs.
        model: The load that the scenario has its share of.
        share: Where the scenario's share of the load begins and ends, of 1.
        part: Number of this generator, from 0.
        parts: How many generators there are.
    """

    scenario: Scenario
    model: ArrivalRate | Concurrency
    share: tuple[float, float] = (0.0, 1.0)
    part: int = 0
    parts: int = 1

    @property
    def duration_seconds(self) -> float:
        """How long it lasts."""
        return self.model.schedule.duration_seconds

    @property
    def planned(self) -> int | None:
        """How many iterations this generator is to start; None where time alone ends it."""
        match self.model:
            case ArrivalRate(schedule=schedule):
                return self._own(_arrivals(schedule.scaled(self._width)))
            case Concurrency(iterations=int(shared)):
                return self._own(self._between(shared))
            case Concurrency(iterations_each=int(each)):
                return each * self.workers(0.0)
        return None

    def dues(self) -> Iterator[float]:
        """Return when each arrival of an open model is due, in seconds from the start."""
        schedule = self.model.schedule.scaled(self._width)
        count = len(range(self.part, _arrivals(schedule), self.parts))
        return islice(schedule.dues(self.part, self.parts), count)

    def workers(self, at_seconds: float) -> int:
        """Return how many workers of a closed model this generator has at a moment."""
        return self._own(self._between(self.model.schedule.level(at_seconds)))

    @property
    def amount(self) -> int:
        """How much there is to divide among generators: arrivals, shared iterations, or workers at the most."""
        if isinstance(self.model, Concurrency) and self.model.iterations is None:
            return self._own(self._between(self.model.schedule.peak))
        return self.planned or 0

    @property
    def max_workers(self) -> int:
        """How many iterations this generator runs at a time at most, 1 or more."""
        if isinstance(self.model, ArrivalRate):
            return max(1, self._own(math.ceil(self.model.max_workers * self._width)))
        return max(1, self._own(math.ceil(self.model.schedule.peak * self._width)))

    @property
    def _width(self) -> float:
        return self.share[1] - self.share[0]

    def _between(self, amount: float) -> int:
        """Return the scenario's share of an amount, so that the shares of all scenarios add up to it."""
        low, high = self.share
        return math.floor(amount * high + 0.5) - math.floor(amount * low + 0.5)

    def _own(self, amount: int) -> int:
        """Return how many of so many numbers are this generator's."""
        return max(0, -(-(amount - self.part) // self.parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadTest:
    """Scenarios under load.

    Attributes:
        scenarios: What runs, side by side.
        model: The load that scenarios without one of their own share by weight; None where each has its own.
        processes: How many local processes generate the load; one uses at most one processor for Python code.
        iteration_timeout_seconds: Longest time that an iteration may take, and that an arrival waits for a worker.
        max_requests: More iterations than this are never started.
        max_duration_seconds: Longer than this no load lasts.
        allow_hosts: Hosts other than this machine that may get load.
        part: Number of this machine's share of the load, from 0.
        parts: Over how many machines the load is spread.
        target_pid: A local process under test whose resources are looked at; None to look for it behind a local
            address.
    """

    scenarios: tuple[Scenario, ...]
    model: Model | None = None
    processes: int = 1
    iteration_timeout_seconds: float = 30.0
    max_requests: int = MAX_REQUESTS
    max_duration_seconds: float = MAX_DURATION_SECONDS
    allow_hosts: tuple[str, ...] = ()
    part: int = 0
    parts: int = 1
    target_pid: int | None = None

    def streams(self, process: int = 0) -> Sequence[Stream]:
        """Return what one of the local processes runs, a stream for each scenario; of no search.

        Args:
            process: Number of the process, from 0.
        """
        sharing = [scenario for scenario in self.scenarios if scenario.model is None]
        total = sum(scenario.weight for scenario in sharing) or 1.0  # of none, where each has a load of its own
        ends = [weight / total for weight in accumulate((scenario.weight for scenario in sharing), initial=0.0)]
        ends[-1:] = [1.0] if sharing else []
        shares = {scenario.name: pair for scenario, pair in zip(sharing, pairwise(ends), strict=True)}
        found = []
        for scenario in self.scenarios:
            model = scenario.model or self.model
            assert isinstance(model, (ArrivalRate, Concurrency))  # noqa: S101 - a search is run level by level
            found.append(
                Stream(
                    scenario=scenario,
                    model=model,
                    share=shares.get(scenario.name, (0.0, 1.0)),
                    part=self.part * self.processes + process,
                    parts=self.parts * self.processes,
                )
            )
        return found

    def most_requests(self, process: int) -> int:
        """Return how many iterations one of the local processes starts at most: its share of the cap.

        Args:
            process: Number of the process, from 0.
        """
        parts, part = self.parts * self.processes, self.part * self.processes + process
        return max(0, -(-(self.max_requests - part) // parts))

    def at_rate(self, per_second: float, seconds: float) -> LoadTest:
        """Return one level of a search as a test of its own."""
        assert isinstance(self.model, Breakpoint)  # noqa: S101 - only a search has levels
        schedule = Schedule(per_second, (Stage(seconds, per_second),))
        return replace(self, model=ArrivalRate(schedule=schedule, max_workers=self.model.max_workers))

    @property
    def first_level(self) -> LoadTest:
        """The least that is run: of a search its first level, else all."""
        return self.at_rate(self.model.start, self.model.level_seconds) if isinstance(self.model, Breakpoint) else self

    @property
    def duration_seconds(self) -> float | None:
        """How long the load lasts at most; None for a search, which ends when it has found its answer."""
        if isinstance(self.model, Breakpoint):
            return None
        return max(stream.duration_seconds for stream in self.streams())

    @property
    def planned(self) -> int | None:
        """How many iterations all generators of all machines are to start; None where that is not known before."""
        return self.planned_of(*(scenario.name for scenario in self.scenarios))

    def planned_of(self, *names: str) -> int | None:
        """Return how many iterations of some scenarios all generators of all machines are to start, as `planned`."""
        if isinstance(self.model, Breakpoint):
            return None
        counts = [stream.planned for stream in self.whole.streams() if stream.scenario.name in names]
        known = [number for number in counts if number is not None]
        return sum(known) if len(known) == len(counts) else None

    @property
    def whole(self) -> LoadTest:
        """The whole load as one generator would bear it."""
        return replace(self, processes=1, part=0, parts=1)

    def validate(self) -> None:
        """Check all that is declared, and what each operation says.

        Raises:
            DeclarationError: ``invalid_load``, ``host_not_allowed``, ``over_cap``, ``invalid_sizes`` or what an
                operation says.
        """
        self.validate_options()
        for scenario in self.scenarios:
            scenario.operation.validate()
            _require_size(scenario)
            require_allowed(scenario.operation, self.allow_hosts)

    def validate_options(self) -> None:
        """Check what does not depend on the operations.

        Raises:
            DeclarationError: ``invalid_load``, ``invalid_sizes`` or ``over_cap``.
        """
        for fault, hint in self._faults():
            raise DeclarationError("invalid_load", f"Invalid load test: {fault}.", hint=hint)
        for scenario in self.scenarios:
            if scenario.size is not None and not (is_whole(scenario.size) and scenario.size > 0):
                message = f"Invalid size of scenario {scenario.name!r}: {scenario.size!r}."
                raise DeclarationError("invalid_sizes", message, hint="Give a whole number of rows above 0.")
        self._require_within_caps()

    def _faults(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong and what to do about it; what comes later may rely on what came before."""
        for fault in chain(self._number_faults(), self._scenario_faults()):  # the first one ends it
            yield fault, "Correct the number."
        hosts: object = self.allow_hosts
        if not isinstance(hosts, (tuple, list)) or not all(map(is_host, hosts)):
            yield f"allow_hosts is {self.allow_hosts!r}", "Give a list of names or addresses, without ports."
        for fault in self._name_faults():
            yield fault, "Give each scenario a unique name of letters, digits, '_', '-' and '.'."
        for fault in self._model_faults():
            yield fault, "Give the test a model, or each scenario its own; a search runs alone, on one machine."
        for model in (self.model, *(scenario.model for scenario in self.scenarios)):
            if model is not None:
                validated(model)
        for scenario in self.scenarios:
            if scenario.think_time_seconds > 0 and not isinstance(scenario.model or self.model, Concurrency):
                hint = "An open model does not wait between iterations: use a concurrency model."
                yield f"scenario {scenario.name!r} has a think time of {scenario.think_time_seconds:g} s", hint
        for fault in self._share_faults():
            yield fault, "Use fewer processes or shards, or give it more load."

    def _number_faults(self) -> Iterator[str]:
        for words, seconds in (
            ("iteration timeout", self.iteration_timeout_seconds),
            ("maximum duration", self.max_duration_seconds),
        ):
            if not is_number(seconds) or seconds <= 0:
                yield f"the {words} is {seconds!r} s, not a number above 0"
        for words, count in (
            ("number of processes", self.processes),
            ("maximum number of requests", self.max_requests),
            ("number of shards", self.parts),
            ("id of the process under test", 1 if self.target_pid is None else self.target_pid),
        ):
            if not is_whole(count) or count < 1:
                yield f"the {words} is {count!r}, not a whole number above 0"
        if self.processes > MAX_PROCESSES:
            yield f"it has {self.processes} processes, more than the maximum of {MAX_PROCESSES}"
        if not is_whole(self.part) or not 0 <= self.part < self.parts:
            yield f"there is no shard {self.part!r} of {self.parts}; shards are numbered from 0"

    def _scenario_faults(self) -> Iterator[str]:
        for scenario in self.scenarios:
            if not is_number(scenario.weight) or scenario.weight <= 0:
                yield f"the weight of scenario {scenario.name!r} is {scenario.weight!r}, not a number above 0"
            if not is_number(scenario.think_time_seconds) or scenario.think_time_seconds < 0:
                yield f"the think time of scenario {scenario.name!r} is {scenario.think_time_seconds!r} s"

    def _name_faults(self) -> Iterator[str]:
        names = [scenario.name for scenario in self.scenarios]
        if not names:
            yield "it has no scenario"
        for name in names:
            if not _is_name(name):
                yield f"the scenario name {name!r} is not allowed"
            if names.count(name) > 1:
                yield f"several scenarios are named {name!r}"

    def _model_faults(self) -> Iterator[str]:
        own = [scenario.name for scenario in self.scenarios if scenario.model is not None]
        sharing = [scenario.name for scenario in self.scenarios if scenario.model is None]
        if self.model is None and sharing:
            yield f"neither scenario {sharing[0]!r} nor the test has a model"
        if self.model is not None and not sharing:
            yield "every scenario has its own model, so the model of the test is unused"
        if isinstance(self.model, Breakpoint) and own:
            yield f"scenario {own[0]!r} has its own model, but the test is a search"
        if isinstance(self.model, Breakpoint) and self.parts > 1:
            yield f"a search cannot run on {self.parts} shards"

    def _share_faults(self) -> Iterator[str]:
        """Yield which scenario, or which generator, would have nothing to do."""
        streams = replace(self.first_level, processes=1, part=0, parts=1).streams()
        for stream in streams:
            if stream.amount < 1:
                yield f"the share of scenario {stream.scenario.name!r} is less than one iteration or worker"
        generators, most = self.parts * self.processes, max(stream.amount for stream in streams)
        if most < generators:
            yield f"it has {generators} generators for only {most} iterations or workers"

    def _require_within_caps(self) -> None:
        planned, seconds = self.first_level.planned, self.first_level.duration_seconds
        if planned is not None and planned > self.max_requests:
            message = f"The load has {planned} requests, more than the cap of {self.max_requests}."
            raise DeclarationError("over_cap", message, hint="Lower the load, or raise max_requests.")
        if seconds is not None and seconds > self.max_duration_seconds:
            message = f"The load lasts {seconds:g} s, longer than the cap of {self.max_duration_seconds:g} s."
            raise DeclarationError("over_cap", message, hint="Shorten the load, or raise max_duration.")


def _require_size(scenario: Scenario) -> None:
    operation = scenario.operation
    if operation.sized != (scenario.size is not None):
        needs = "needs a size for its dataset" if operation.sized else "has no dataset that depends on a size"
        message = f"The operation {operation.subject} {needs}, but the size is {scenario.size!r}."
        hint = "Give a number of rows if the operation uses a size, and no size otherwise."
        raise DeclarationError("invalid_sizes", message, hint=hint)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _arrivals(schedule: Schedule) -> int:
    """Return how many arrivals are due before the end; one that is due at the end itself is not of this load."""
    return math.ceil(schedule.amount - 1e-6)  # a share of a rate is rounded
