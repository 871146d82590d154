"""Waiting for a gate, in tasks that Airflow really runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from airflow.sdk import DAG, BaseOperator

from airflow_provider_dpq.core.gate.report import DataInterval
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.exceptions import GateDeclarationError
from airflow_provider_dpq.sensors.gate import QualityGateSensor
from airflow_provider_dpq.triggers.runs import AirflowRuns
from tests.airflow_home import LOGICAL_DATE, DagOutcome, RunDag
from tests.reports import report_with

HOUR = timedelta(hours=1)
AT_ONCE = DataInterval(start=LOGICAL_DATE, end=LOGICAL_DATE)
"""The data interval that a run triggered for a moment has."""


class Publish(BaseOperator):
    """A task that is blocked or not."""

    def execute(self, context: Any) -> None:
        """Do nothing."""


def wait(run_dag: RunDag, *, logical_date: datetime | None = LOGICAL_DATE, **arguments: Any) -> DagOutcome:
    """Run a sensor for the gate on orders, which gives up at once, and a task behind it."""
    settings: dict[str, Any] = {"gate": "orders", "poke_interval": 0, "timeout": 0, "retries": 1}
    settings |= {"retry_delay": timedelta(0)}
    with DAG("waiting", schedule=None) as dag:
        QualityGateSensor(task_id="wait", **(settings | arguments)) >> Publish(task_id="publish")
    return run_dag(dag, logical_date=logical_date)


MODES = pytest.mark.parametrize(
    "mode", [{"mode": "poke"}, {"mode": "reschedule"}, {"deferrable": True}], ids=["poke", "reschedule", "deferrable"]
)


@MODES
def test_sensor_passes_on_a_passing_report_of_the_interval(mode: dict[str, Any], run_dag: RunDag, store: Store) -> None:
    """A report that passed for the run's own data interval lets downstream run."""
    store.write(report_with(Verdict.WARN, data_interval=AT_ONCE))
    assert wait(run_dag, **mode).states == {"wait": "success", "publish": "success"}


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_sensor_times_out_without_a_report(mode: str, run_dag: RunDag, store: Store) -> None:
    """A gate that has not reported for this interval blocks, and running out of time is not retried."""
    store.write(report_with(Verdict.PASS, data_interval=None))
    outcome = wait(run_dag, mode=mode)
    assert outcome.states == {"wait": "failed", "publish": "upstream_failed"}
    assert outcome.tries["wait"] == 1


@MODES
def test_sensor_fails_at_once_on_a_final_verdict_when_asked(
    mode: dict[str, Any], run_dag: RunDag, store: Store
) -> None:
    """With fail_on_verdict a fail ends the waiting, without a retry."""
    store.write(report_with(Verdict.FAIL, data_interval=AT_ONCE))
    outcome = wait(run_dag, fail_on_verdict=True, timeout=3600, **mode)
    assert outcome.states == {"wait": "failed", "publish": "upstream_failed"}
    assert outcome.tries["wait"] == 1


@MODES
def test_final_verdict_skips_with_soft_fail(mode: dict[str, Any], run_dag: RunDag, store: Store) -> None:
    """With soft_fail the sensor is skipped where it would have failed."""
    store.write(report_with(Verdict.FAIL, data_interval=AT_ONCE))
    outcome = wait(run_dag, fail_on_verdict=True, soft_fail=True, timeout=3600, **mode)
    assert outcome.states == {"wait": "skipped", "publish": "skipped"}


def test_final_verdict_is_waited_out_unless_asked(run_dag: RunDag, store: Store) -> None:
    """Without fail_on_verdict a fail is waited out: the gate may be run again."""
    store.write(report_with(Verdict.FAIL, data_interval=AT_ONCE))
    assert wait(run_dag, soft_fail=True).states["wait"] == "skipped"


@MODES
def test_run_without_data_interval_needs_max_age(mode: dict[str, Any], run_dag: RunDag, store: Store) -> None:
    """Without an interval to look for, the sensor says what to give it, and neither retries nor softens that."""
    outcome = wait(run_dag, logical_date=None, soft_fail=True, **mode)
    assert outcome.states == {"wait": "failed", "publish": "upstream_failed"}
    assert outcome.tries["wait"] == 1


def test_missing_data_interval_is_explained(
    run_dag: RunDag, store: Store, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The error names the gate and the fix."""
    wait(run_dag, logical_date=None)
    assert "Gate 'orders': This run has no data interval by which to find reports. Give max_age" in (
        capfd.readouterr().out + caplog.text
    )


@MODES
def test_max_age_needs_no_data_interval(mode: dict[str, Any], run_dag: RunDag, store: Store) -> None:
    """With max_age any report that is young enough counts, whatever it is about."""
    store.write(report_with(Verdict.PASS, data_interval=None, age=timedelta(minutes=59)))
    assert wait(run_dag, logical_date=None, max_age=HOUR, **mode).states["wait"] == "success"


def test_old_report_does_not_count_with_max_age(run_dag: RunDag, store: Store) -> None:
    """A report older than Invalid max_age: as good as none, even one of the run's own interval."""
    store.write(report_with(Verdict.PASS, data_interval=AT_ONCE, age=timedelta(minutes=61)))
    assert wait(run_dag, max_age=HOUR).states["wait"] == "failed"


def test_store_out_of_reach_is_retried(run_dag: RunDag, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that cannot be read is no verdict: the task is tried again."""
    monkeypatch.setenv("AIRFLOW__DPQ__STORE_URL", "sqlite:////dev/null/reports.db")
    outcome = wait(run_dag, timeout=3600)
    assert (outcome.states["wait"], outcome.tries["wait"]) == ("failed", 2)


def test_gate_name_is_templated(run_dag: RunDag, store: Store) -> None:
    """The gate may be named by a template."""
    store.write(report_with(Verdict.PASS, gate="orders of 2026-01-01", data_interval=AT_ONCE))
    assert wait(run_dag, gate="orders of {{ ds }}").states["wait"] == "success"


@pytest.mark.parametrize("mode", [{"mode": "poke"}, {"mode": "reschedule"}])
def test_mapped_gate_is_waited_for_until_all_of_it_has_reported(
    mode: dict[str, Any], run_dag: RunDag, store: Store
) -> None:
    """Airflow is asked how many instances of the gate there are."""
    with DAG("mapped", schedule=None) as dag:
        Publish.partial(task_id="check").expand(doc=["one", "two"])
    run_id = run_dag(dag).run_id
    store.write(report_with(Verdict.PASS, dag_id="mapped", run_id=run_id, map_index=0))
    assert wait(run_dag, max_age=HOUR, **mode).states["wait"] == "failed"
    store.write(report_with(Verdict.PASS, dag_id="mapped", run_id=run_id, map_index=1))
    assert wait(run_dag, max_age=HOUR, **mode).states["wait"] == "success"


def test_states_are_told_apart_by_task_and_map_index(run_dag: RunDag, metadata_database: None) -> None:
    """Airflow writes the second instance of ``check`` as ``check_1``, which may be the id of a task as well."""
    seen: list[Any] = []

    class Look(BaseOperator):
        """Asks for the states of the tasks before it."""

        def execute(self, context: Any) -> None:
            """Ask."""
            seen.append(AirflowRuns().states("alike", context["run_id"], ["check", "check_1", "other", "none"]))

    with DAG("alike", schedule=None) as dag:
        mapped = Publish.partial(task_id="check").expand(doc=["one", "two"])
        [mapped, Publish(task_id="check_1"), Publish(task_id="other")] >> Look(task_id="look")
    run_dag(dag)
    assert seen == [dict.fromkeys([("check", 0), ("check", 1), ("check_1", -1), ("other", -1)], "success")]


def test_deferred_sensor_resumes_once_the_gate_has_passed(
    run_dag: RunDag, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sensor leaves the worker, its trigger is made from what was handed over, and it succeeds when that fires."""

    async def meanwhile(seconds: float) -> None:
        store.write(report_with(Verdict.PASS, data_interval=AT_ONCE))

    monkeypatch.setattr("airflow_provider_dpq.triggers.gate.asyncio.sleep", meanwhile)
    outcome = wait(run_dag, deferrable=True, timeout=3600)
    assert outcome.states == {"wait": "success", "publish": "success"}
    assert outcome.tries["wait"] == 1


class DeferredError(Exception):
    """Stands for the deferral of a task."""


class Waiting(QualityGateSensor):
    """A sensor that says how it would be deferred."""

    def defer(self, **arguments: Any) -> Any:
        """Say it."""
        raise DeferredError(arguments)


class Run:
    """A run of a DAG, as far as a sensor looks at it."""

    data_interval_start = LOGICAL_DATE
    data_interval_end = LOGICAL_DATE


CONTEXT: Any = {"dag_run": Run()}


def deferred(error: pytest.ExceptionInfo[DeferredError]) -> dict[str, Any]:
    """Return what a sensor was deferred with."""
    return dict(error.value.args[0])


def test_deferral_hands_over_what_to_wait_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trigger gets the gate, the interval and the connection's name; the timeout is what is left of it."""
    monkeypatch.setattr("airflow_provider_dpq.sensors.gate.time.time", lambda: 1000.0)
    sensor = Waiting(task_id="wait", gate="orders", deferrable=True, timeout=60, poke_interval=7, fail_on_verdict=True)
    with pytest.raises(DeferredError) as error:
        sensor.execute(CONTEXT)
    found = deferred(error)
    assert found["timeout"] == timedelta(seconds=60)
    assert (found["method_name"], found["kwargs"]) == ("resume", {"deadline": 1060.0})
    assert found["trigger"].serialize()[1] == {
        "gate": "orders",
        "dag_id": None,
        "kind": "quality",
        "outside_airflow": False,
        "interval_start": "2026-01-01T00:00:00+00:00",
        "interval_end": "2026-01-01T00:00:00+00:00",
        "max_age_seconds": None,
        "fail_on_verdict": True,
        "poke_interval": 7,
        "dpq_conn_id": None,
        "overtaken": None,
    }


def test_resumed_sensor_looks_for_itself_and_waits_on_for_the_rest_of_its_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event is no verdict: where the gate has not passed after all, the sensor waits on, and its clock runs on."""
    monkeypatch.setattr("airflow_provider_dpq.sensors.gate.time.time", lambda: 1050.0)
    sensor = Waiting(task_id="wait", gate="orders", deferrable=True, timeout=60)
    with pytest.raises(DeferredError) as error:
        sensor.resume(CONTEXT, event={"standing": "pass in run x"}, deadline=1060.0)
    assert deferred(error)["timeout"] == timedelta(seconds=10)
    store.write(report_with(Verdict.PASS, data_interval=AT_ONCE))
    sensor.resume(CONTEXT, event={"standing": "pass in run x"}, deadline=1060.0)


@pytest.mark.parametrize("max_age", [timedelta(0), timedelta(hours=-1)])
def test_meaningless_max_age_is_refused_while_the_dag_is_parsed(max_age: timedelta) -> None:
    """An age that no report can have is an import error of the DAG file."""
    with pytest.raises(GateDeclarationError, match="Gate 'orders': Invalid max_age: "):
        QualityGateSensor(task_id="wait", gate="orders", max_age=max_age)
