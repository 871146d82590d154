"""Reports of shards are one result: exact where all are there, an error where one is not."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from airflow_provider_dpq.core.errors import DpqError, MeasurementError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import Provenance, Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.design import LoadTest, Scenario
from airflow_provider_dpq.core.load.gate import judge_load
from airflow_provider_dpq.core.load.model import constant_arrival_rate
from airflow_provider_dpq.core.load.moment import Iterations, Moment
from airflow_provider_dpq.core.load.recorder import Recorder
from airflow_provider_dpq.core.load.result import LoadResult, finding
from airflow_provider_dpq.core.load.shards import merge_shards
from airflow_provider_dpq.core.operation.python import PythonOperation
from airflow_provider_dpq.core.render.plot import plots

BEGIN = 1_700_000_000.0
RUN = Provenance(run_id="run")
WHOLE = LoadTest(
    scenarios=(Scenario(operation=PythonOperation(target="json:loads")),),
    model=constant_arrival_rate("50/s", "10s"),
    parts=2,
)
LIMITS = parse_thresholds(["iteration_count == 500", "p(90) < 100ms"], "load")


def moment(test: LoadTest) -> Moment:
    """Return all that a generator does: each iteration takes longer than the one before, and none is late."""
    (stream,) = test.streams()
    dues = array("d", stream.dues())
    ended = array("d", (due + 0.001 + due / 100 for due in dues))
    iterations = Iterations(due=dues, started=dues, ended=ended, outcome=array("H", [0] * len(dues)))
    return Moment(
        until_seconds=11.0,
        iterations={"default": iterations},
        lateness=array("d", [0.0001] * len(dues)),
        cpu_seconds=1.0,
        final=True,
    )


def found(test: LoadTest, *, began: float = BEGIN, error: DpqError | None = None) -> LoadResult:
    """Return what one machine found."""
    recorder = Recorder(test, started_at_seconds=began)
    recorder.add(0, moment(test))
    return LoadResult(
        test=test,
        recording=recorder.recording(),
        started_at=datetime.fromtimestamp(began, UTC),
        duration_seconds=11.0,
        measured=(Metric(name="worker_memory", value=100 + test.part, unit="B"),),
        series=(Series(name="worker_memory", unit="B", values=(1.0,), positions=(0.0,)),),
        error=error,
    )


def shard(part: int, *, began: float = BEGIN, error: DpqError | None = None) -> Report:
    """Return the report of one machine."""
    return judge_load(found(replace(WHOLE, part=part), began=began, error=error), gate="load.shard", provenance=RUN)


def judged(shards: Sequence[Report | None]) -> Report:
    """Return the report on the whole."""
    return judge_load(merge_shards(shards, WHOLE), gate="load", provenance=RUN, thresholds=LIMITS)


def test_whole_is_as_if_one_machine_had_done_it() -> None:
    """Counts and percentiles of the merged report are those of a test that was never divided."""
    whole = judged([shard(0), shard(1)])
    undivided = judge_load(found(replace(WHOLE, parts=1)), gate="load", provenance=RUN, thresholds=LIMITS)
    assert (whole.verdict, undivided.verdict) == (Verdict.PASS, Verdict.PASS)
    assert whole.thresholds == undivided.thresholds


def test_what_a_machine_says_of_itself_keeps_its_name() -> None:
    """Memory of two machines is two metrics and two series, each with the shard's number; health passes unmentioned."""
    whole = judged([shard(0), shard(1)])
    own = [(metric.value, metric.tags) for metric in whole.metrics if metric.name == "worker_memory"]
    assert own == [(100, {"shard": "0"}), (101, {"shard": "1"})]
    assert [one.tags for one in whole.series if one.name == "worker_memory"] == [{"shard": "0"}, {"shard": "1"}]
    assert whole.checks == ()


def test_page_of_the_whole_has_the_resources_of_each_machine() -> None:
    """The series that are merged are those that are drawn."""
    line = Series(name="worker_cpu", unit="%", values=(1.0, 2.0), positions=(0.0, 1.0))
    shards = [shard(part).model_copy(update={"series": (line,)}) for part in (0, 1)]
    titles = [plot.title for plot in plots(judged(shards)) if plot.title.startswith("Resources")]
    assert titles == ["Resources, shard 0", "Resources, shard 1"]


def test_check_of_a_shard_that_did_not_pass_decides_the_whole() -> None:
    """A shard that ended early says so in the verdict on all of them."""
    early = finding("target", Verdict.FAIL, "target_died", "It died.", at_seconds=3.0)
    one = shard(1)
    whole = judged([shard(0), one.model_copy(update={"checks": (*one.checks, early)})])
    assert whole.verdict is Verdict.FAIL
    assert [check.name for check in whole.checks] == ["target (shard 1)"]


def test_missing_shard_is_an_error() -> None:
    """The numbers of the other are no verdict on a load that was not what it was to be."""
    whole = judged([shard(0), None])
    assert whole.verdict is Verdict.ERROR
    assert whole.error is not None
    assert whole.error.reason == "missing_shard"
    assert "1 of 2 shards have no report; the first of these is shard 1" in whole.error.message


def test_shard_that_was_not_measured_is_an_error_with_its_reason() -> None:
    """The first reason is the whole's; there is a report even where no shard recorded anything."""
    late = MeasurementError("shard_late", "It came too late.")
    whole = judged([shard(0), shard(1, error=late)])
    assert whole.error is not None
    assert (whole.verdict, whole.error.reason) == (Verdict.ERROR, "shard_late")
    assert "In shard 1: It came too late." in whole.error.message
    empty = [one.model_copy(update={"recording": None}) for one in (shard(0, error=late), shard(1, error=late))]
    assert judged(empty).verdict is Verdict.ERROR
    assert judged([None, None]).verdict is Verdict.ERROR


def test_shards_of_different_starts_are_an_error() -> None:
    """What did not go on at the same time was no load of that size."""
    whole = judged([shard(0), shard(1, began=BEGIN + 30)])
    assert whole.error is not None
    assert (whole.verdict, whole.error.reason) == (Verdict.ERROR, "shard_late")
