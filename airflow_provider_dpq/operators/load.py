"""The load gate as an Airflow task."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from datetime import timedelta
from types import NoneType
from typing import TYPE_CHECKING, Any

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.load.design import MAX_DURATION_SECONDS, MAX_REQUESTS, LoadTest
from airflow_provider_dpq.core.load.model import ArrivalRate, Breakpoint, Concurrency, Model
from airflow_provider_dpq.exceptions import declaring
from airflow_provider_dpq.operators.gate import read_thresholds
from airflow_provider_dpq.operators.operation import OperationArguments, seconds
from airflow_provider_dpq.operators.operation_gate import OperationGateOperator
from airflow_provider_dpq.operators.scenario import (
    ScenarioArguments,
    not_a_load,
    number,
    read_scenarios,
    unwrapped_scenarios,
)
from airflow_provider_dpq.operators.template import is_literal

if TYPE_CHECKING:
    from airflow_provider_dpq.core.load.design import Scenario
    from airflow_provider_dpq.core.operation.measurement import Measurement
    from airflow_provider_dpq.operators.run import GateRun


class LoadTestOperator(OperationGateOperator):
    """Runs operations under load, and fails if they are too slow, fail too often or cannot keep up.

    If the process that generates the load was the bottleneck, the verdict is ``error``, because nothing was learnt
    about the operation. Other machines are only loaded if `allow_hosts` lists them.

    Args:
        load: How iterations are started, from a function of ``airflow_provider_dpq.core.load.model`` or
            ``airflow_provider_dpq.core.load.preset``, such as ``constant_arrival_rate("100/s", "1min")``. Not needed
            if each scenario has its own.
        scenarios: Operations that run concurrently, instead of the arguments of one operation: for each name a mapping
            of the arguments of its operation (target, sql, command, url ...), and of its ``weight`` (its share of the
            load in proportion to the others, by default 1), ``think_time`` (how long a worker of a closed model waits
            after an iteration, such as ``"100ms"``), ``load`` (its own, in addition to the test's) and ``size``.
        processes: Number of processes that generate the load; each uses at most one processor for Python code.
        iteration_timeout: Longest time that an iteration may take, and that an arrival may wait for a worker.
        max_requests: Maximum number of iterations that are ever started; a load that needs more is refused.
        max_duration: Longest duration of a load; a longer load is refused.
        allow_hosts: Hosts other than this machine that may be loaded.
        target_pid: Process on the worker whose CPU time, memory, files and threads are monitored under load; by default
            the one that listens at the local address.
        size: Number of rows of the dataset, if `dataset` is given or the operation contains ``size``.
    """

    kind = "load"
    template_fields: Sequence[str] = (
        *OperationGateOperator.template_fields,
        "scenarios",
        "allow_hosts",
        "target_pid",
        "size",
    )
    shallow_copy_attrs: Sequence[str] = (*OperationGateOperator.shallow_copy_attrs, "scenarios")

    def __init__(
        self,
        *,
        load: Model | None = None,
        scenarios: Mapping[str, Mapping[str, Any]] | None = None,
        processes: int = 1,
        iteration_timeout: str | timedelta = "30s",
        max_requests: int = MAX_REQUESTS,
        max_duration: str | timedelta = timedelta(seconds=MAX_DURATION_SECONDS),
        allow_hosts: Sequence[str] = (),
        target_pid: int | str | None = None,
        size: int | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.load = load
        self.scenarios = unwrapped_scenarios(scenarios)
        self.processes = processes
        self.iteration_timeout = iteration_timeout
        self.max_requests = max_requests
        self.max_duration = max_duration
        self.allow_hosts = allow_hosts
        self.target_pid = target_pid
        self.size = size
        with declaring(self.gate):
            self._validate()

    @property
    def subject(self) -> str:
        """What is under load, for people."""
        try:
            declared = self._declared_scenarios
        except DeclarationError:  # the measurement reports the error
            return "an operation"
        first, *others = (one.operation.subject for one in declared)
        return f"{first} and {len(others)} others" if others else first

    def measurement(self, run: GateRun) -> Measurement:
        """Return the load test, with connections looked up."""
        from airflow_provider_dpq.core.load.run import LoadMeasurement

        return LoadMeasurement(test=self._connected_test(), thresholds=read_thresholds(self.thresholds, self.kind))

    def _connected_test(self) -> LoadTest:
        """Return the load test, with connections looked up."""
        return self._test([one.scenario(one.operation.operation()) for one in self._declared_scenarios])

    @property
    def _declared_scenarios(self) -> Sequence[ScenarioArguments]:
        """The scenarios, or the operation as the only one.

        Raises:
            DeclarationError: Both are given, or a scenario is none.
        """
        if self.scenarios is None:
            return [ScenarioArguments(operation=self.operation, size=self.size)]
        own = {field.name: getattr(self, field.name) for field in fields(OperationArguments)} | {"size": self.size}
        conflicting = [name for name, value in own.items() if value not in (None, (), {}, [])]
        if conflicting:
            message = f"The load test has both scenarios and {conflicting[0]}."
            raise DeclarationError("ambiguous_operation", message, hint=f"Move {conflicting[0]} into a scenario.")
        return read_scenarios(self.scenarios)

    def _validate(self) -> None:
        declared = self._declared_scenarios
        test = self._test([one.scenario(one.operation.declared_or_unknown()) for one in declared])
        test.validate_options()
        for one, scenario in zip(declared, test.scenarios, strict=True):
            if one.is_known and is_literal(self.allow_hosts):
                _alone(test, scenario).validate()
            else:
                scenario.operation.validate()
        if self.thresholds is not None and is_literal(self.thresholds):
            from airflow_provider_dpq.core.load.limits import check_thresholds

            check_thresholds(read_thresholds(self.thresholds, self.kind), test)

    def _test(self, scenarios: Sequence[Scenario]) -> LoadTest:
        """Return the load test of some scenarios; what only the run will know is left out.

        Raises:
            DeclarationError: ``invalid_argument`` or ``malformed_duration``.
        """
        if not isinstance(self.load, (ArrivalRate, Concurrency, Breakpoint, NoneType)):
            raise not_a_load("load", self.load)
        return LoadTest(
            scenarios=tuple(scenarios),
            model=self.load,
            processes=self.processes,
            iteration_timeout_seconds=seconds("iteration_timeout", self.iteration_timeout),
            max_requests=self.max_requests,
            max_duration_seconds=seconds("max_duration", self.max_duration),
            allow_hosts=_hosts(self.allow_hosts) if is_literal(self.allow_hosts) else (),
            target_pid=number(self.target_pid) if is_literal(self.target_pid) else None,
        )


def _alone(test: LoadTest, scenario: Scenario) -> LoadTest:
    """Return a test of one of the scenarios, which can be checked without knowing what the others are."""
    alone = replace(scenario, model=None)
    return replace(test.whole, scenarios=(alone,), model=scenario.model or test.model)


def _hosts(declared: Any) -> tuple[Any, ...]:
    """Return hosts; a template gives a list as a text."""
    if isinstance(declared, str) and declared.lstrip().startswith(("[", "(")):
        with suppress(SyntaxError, ValueError):  # reported below
            declared = ast.literal_eval(declared.strip())
    if isinstance(declared, str) or not isinstance(declared, Iterable):
        message = f"allow_hosts must be a list, but is {declared!r}."
        raise DeclarationError("invalid_argument", message, hint="Use a list of hosts: ['api.example.com'].")
    return tuple(declared)
