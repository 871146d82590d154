"""A load test spread over several tasks, which start together and get one verdict."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import BaseOperator, TaskGroup, get_current_context, task

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError
from airflow_provider_dpq.exceptions import declaring
from airflow_provider_dpq.operators.gate import read_thresholds
from airflow_provider_dpq.operators.load import LoadTestOperator
from airflow_provider_dpq.operators.merge import summaries
from airflow_provider_dpq.operators.operation import seconds

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.report import Report
    from airflow_provider_dpq.core.gate.threshold import Threshold
    from airflow_provider_dpq.core.load.design import LoadTest, Scenario
    from airflow_provider_dpq.core.operation.measurement import Measurement
    from airflow_provider_dpq.operators.run import GateRun

_OF_THE_VERDICT: Final = ("on_fail", "on_inconclusive", "outlets")
"""Arguments that the task with the verdict alone has: an asset is updated once."""

_OF_ALL: Final = ("throughput", "iteration_count")
"""Metrics of which a shard has but its share."""


def load_test_group(
    group_id: str, *, shards: int, start_delay: str | timedelta = "30s", gate: str | None = None, **arguments: Any
) -> TaskGroup:
    """Spread a load test over mapped tasks, with any executor: more machines, more load, one verdict.

    A task ``start`` sets a start time. The mapped tasks ``shard`` all begin then, each with its share of the load, and
    store their reports under the gate's name with the suffix ``.shard``. The task ``verdict`` merges their recordings
    and judges them; a missing or unmeasured shard makes the verdict an ``error``. The clocks of the machines have to
    agree.

    A shard is not retried, and must not be cleared alone, because it would miss the start. Clear the whole group.

    Args:
        group_id: Id of the group, which is the prefix of its tasks' ids.
        shards: Number of tasks that share the load. The executor needs as many free slots at the same time.
        start_delay: Time from ``start`` to the beginning of the load, long enough for every shard to get a slot and
            start its processes.
        gate: Name of the gate; by default the group's id.
        **arguments: Arguments of `LoadTestOperator`; `load` is that of all shards together, `processes` that of
            each shard. A search for the breaking point cannot be spread. Arguments of Airflow's BaseOperator, such as
            queue, pool, execution_timeout or callbacks, apply to every task, except that `outlets` apply to
            ``verdict``, `retries` to ``start`` and ``verdict``, and `trigger_rule` to ``start``.

    Returns:
        The group.

    Raises:
        GateDeclarationError: While the DAG file is parsed: an argument is wrong, or there are more shards than
            requests.
        TypeError: An argument is unknown.
    """
    _require_known(arguments)
    gate = group_id if gate is None else gate
    with declaring(gate):
        delay_seconds = seconds("start_delay", start_delay)
        if not 0 < delay_seconds < float("inf"):
            message = f"Invalid start_delay: {start_delay!r}."
            raise DeclarationError("invalid_argument", message, hint="Write a duration above 0, such as '30s'.")
    with TaskGroup(group_id) as group:
        inner = {name: value for name, value in arguments.items() if name != "trigger_rule"}
        verdict = MergeShardsOperator(
            task_id="verdict", gate=gate, shards=shards, shard_task_id=group.child_id("shard"), **inner
        )
        shared = {name: value for name, value in inner.items() if name not in _OF_THE_VERDICT}
        shard = LoadShardOperator.partial(
            task_id="shard",
            gate=f"{gate}.shard",
            shards=shards,
            starts_at_seconds=agree.override(task_id="start", **_of_any_task(arguments))(delay_seconds),
            **{**shared, "on_fail": "continue", "on_inconclusive": "warn", "retries": 0, "trigger_rule": "all_success"},
        ).expand(shard=list(range(shards)))
        shard >> verdict
    return group


def _require_known(arguments: Mapping[str, Any]) -> None:
    """Refuse an argument that none of the tasks has: they would name themselves, and not the group."""
    classes = LoadTestOperator.__mro__[: LoadTestOperator.__mro__.index(BaseOperator) + 1]
    known = {name for one in classes for name in _arguments_of(one)} - {"task_id"}
    for name in arguments:
        if name not in known:
            message = f"load_test_group() got an unexpected keyword argument {name!r}"
            raise TypeError(message)


def _of_any_task(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that every task of Airflow has, without those of the verdict, and of what it returns."""
    known = set(_arguments_of(BaseOperator)) - {*_OF_THE_VERDICT, "do_xcom_push", "multiple_outputs"}
    return {name: value for name, value in arguments.items() if name in known}


def _arguments_of(operator: type) -> Iterator[str]:
    for name, parameter in inspect.signature(operator.__init__).parameters.items():  # type: ignore[misc]
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            yield name


@task
def agree(delay_seconds: float) -> float:
    """Return the instant at which the shards begin, in seconds since 1970."""
    return time.time() + delay_seconds


class LoadShardOperator(LoadTestOperator):
    """Runs one share of a load test from a common start time; `load_test_group` makes it.

    Args:
        shard: Number of the share, from 0.
        shards: Number of shares.
        starts_at_seconds: When the load begins, in seconds since 1970.
        **kwargs: Arguments of `LoadTestOperator`.
    """

    template_fields: Sequence[str] = (*LoadTestOperator.template_fields, "starts_at_seconds")

    def __init__(self, *, shard: int, shards: int, starts_at_seconds: Any, **kwargs: Any) -> None:
        self.shard = shard
        self.shards = shards
        super().__init__(**kwargs)
        self.starts_at_seconds = starts_at_seconds

    def measurement(self, run: GateRun) -> Measurement:
        """Return the share of the load test, unless its beginning has passed."""
        from airflow_provider_dpq.core.load.run import LoadMeasurement

        late_seconds = time.time() - self.starts_at_seconds
        if late_seconds > 0:
            message = f"Shard {self.shard} of {self.shards} was ready {late_seconds:.1f} s after the agreed start."
            hint = (
                "If the executor has fewer free slots than shards, use fewer shards; if "
                "tasks are slow to start, use a longer start_delay. A shard that is rerun alone is always late."
            )
            raise MeasurementError("shard_late", message, hint=hint, quotes_data=False)
        thresholds = _abortive(read_thresholds(self.thresholds, self.kind))
        test = self._connected_test()
        return LoadMeasurement(test=test, thresholds=thresholds, starts_at_seconds=self.starts_at_seconds)

    def _test(self, scenarios: Sequence[Scenario]) -> LoadTest:
        return replace(super()._test(scenarios), part=self.shard, parts=self.shards)


class MergeShardsOperator(LoadTestOperator):
    """Merges the recordings of the shards of a load test and judges them; `load_test_group` makes it.

    Args:
        shards: Number of shards.
        shard_task_id: Id of their mapped task.
        **kwargs: Arguments of `LoadTestOperator`.
    """

    def __init__(self, *, shards: int, shard_task_id: str, **kwargs: Any) -> None:
        self.shards = shards
        super().__init__(**kwargs | {"trigger_rule": "all_done"})
        self.shard_task_id = shard_task_id

    def measure(self, run: GateRun) -> Report:
        """Read the shards' reports from the store, merge and judge them."""
        from airflow_provider_dpq.core.load.gate import judge_load
        from airflow_provider_dpq.core.load.shards import merge_shards
        from airflow_provider_dpq.hooks.dpq import DpqHook

        found = summaries(get_current_context()["ti"], self.shard_task_id, range(self.shards))
        with DpqHook(self.dpq_conn_id).get_store() as store:
            shards = [None if summary is None else store.report(summary["report_id"]) for summary in found]
        test = self._test([one.scenario(one.operation.declared_or_unknown()) for one in self._declared_scenarios])
        return judge_load(
            merge_shards(shards, test),
            gate=run.gate,
            provenance=run.provenance,
            thresholds=read_thresholds(self.thresholds, self.kind),
            data_interval=run.data_interval,
        )

    def _test(self, scenarios: Sequence[Scenario]) -> LoadTest:
        return replace(super()._test(scenarios), parts=self.shards)


def _abortive(thresholds: Sequence[Threshold]) -> tuple[Threshold, ...]:
    """Return the thresholds that may end a shard early; it is the whole that the others judge."""
    return tuple(one for one in thresholds if one.abort_after_seconds is not None and one.metric not in _OF_ALL)
