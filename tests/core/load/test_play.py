"""A load played to its end, in simulated time."""

from __future__ import annotations

from airflow_provider_dpq.core.load.model import constant_arrival_rate
from airflow_provider_dpq.core.load.play import Stage
from airflow_provider_dpq.core.load.recorder import Recorder
from airflow_provider_dpq.core.operation.pulse import Pulse
from tests.core.load.loads import load
from tests.core.load.simulated import Clock, Simulated


def test_the_first_state_of_a_load_is_told_at_once() -> None:
    """However little time has passed since all was made ready; a short load would say nothing of itself else."""
    clock, lines = Clock(), []
    stage = Stage(Simulated(clock), Pulse(lines.append, period_seconds=5.0, clock=clock), clock)
    stage.make_ready()
    test = load(model=constant_arrival_rate("20/s", "4s"))
    starts_at_seconds = clock() + 0.5
    recorder = Recorder(test, started_at_seconds=starts_at_seconds)
    stage.play(test, starts_at_seconds, [recorder], lambda course: None)
    ready, *states = lines
    assert ready == "making ready"
    assert [state.partition(":")[0] for state in states] == ["0 s of 4 s"]
