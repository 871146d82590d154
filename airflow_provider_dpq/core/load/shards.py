"""The reports of the shards of one load test, put together into what the whole of it found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.recording import Failure, Recording
from airflow_provider_dpq.core.gate.report import CheckResult, Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.gate.stored import SHARD
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.ledger import Ledger, Span
from airflow_provider_dpq.core.load.moment import MAX_SAMPLES
from airflow_provider_dpq.core.load.result import LoadResult

_CLEAR: Final = "Clear the whole group: shards have to start together."
_OF_MACHINE: Final = ("worker_", "target_", "sampler_")


def merge_shards(shards: Sequence[Report | None], test: LoadTest) -> LoadResult:
    """Put the reports of shards together: what they recorded becomes one recording, as exact as each of them.

    Args:
        shards: A report for each shard, in their order; None for a shard that left none.
        test: The whole test.

    Returns:
        What the test found. A shard without a report, or one that was not measured, makes it an error.
    """
    found = [(number, shard) for number, shard in enumerate(shards) if shard is not None]
    started_at = min((shard.started_at for _, shard in found), default=datetime.now(UTC))
    error, recording = _error(shards), Recording()
    try:
        recording = merge_recordings([shard.recording for _, shard in found if shard.recording is not None])
    except MeasurementError as fault:
        error = error or MeasurementError(fault.reason, fault.message, hint=_CLEAR, quotes_data=fault.quotes_data)
    return LoadResult(
        test=test,
        recording=recording,
        started_at=started_at,
        duration_seconds=recording.duration_seconds,
        measured=tuple(metric for number, shard in found for metric in _of_machine(shard, number)),
        series=tuple(series for number, shard in found for series in _over_time(shard, number)),
        checks=tuple(_named(check, number) for number, shard in found for check in shard.checks if _is_notable(check)),
        error=error,
    )


def _error(shards: Sequence[Report | None]) -> MeasurementError | None:
    """Return why the whole was not measured, of which a shard may be the reason."""
    missing = [number for number, shard in enumerate(shards) if shard is None]
    if missing:
        message = f"{len(missing)} of {len(shards)} shards have no report; the first of these is shard {missing[0]}."
        return MeasurementError("missing_shard", message, hint=_CLEAR, quotes_data=False)
    for number, shard in enumerate(shards):
        if shard is not None and shard.error is not None:
            message = f"In shard {number}: {shard.error.message}"
            return MeasurementError(shard.error.reason, message, hint=_CLEAR, quotes_data=shard.error.quotes_data)
    return None


def _is_own(name: str) -> bool:
    """Whether a metric or a series is of the machine of one shard, which no recording has."""
    return name.startswith(_OF_MACHINE)


def _of_machine(shard: Report, number: int) -> list[Metric]:
    own = [metric for metric in shard.metrics if _is_own(metric.name)]
    return [metric.model_copy(update={"tags": {**metric.tags, SHARD: str(number)}}) for metric in own]


def _over_time(shard: Report, number: int) -> list[Series]:
    own = [series for series in shard.series if _is_own(series.name)]
    return [series.model_copy(update={"tags": {**series.tags, SHARD: str(number)}}) for series in own]


def _is_notable(check: CheckResult) -> bool:
    return check.verdict is not Verdict.PASS


def _named(check: CheckResult, number: int) -> CheckResult:
    return check.model_copy(update={"name": f"{check.name} (shard {number})"})


def merge_recordings(recordings: Sequence[Recording]) -> Recording:
    """Return one recording of all generators of a load: windows of the same time add up, histograms too.

    Args:
        recordings: One of each machine, in any order.

    Raises:
        MeasurementError: ``missing_shard``: the recordings of some generators are not there; ``repeated_shard``: one is
            there twice; ``shard_late``: they did not start at the same instant; ``unreadable_recording``.
    """
    _refuse_incomplete(recordings)
    starts = sorted({recording.started_at_seconds for recording in recordings})
    if len(starts) > 1:
        message = f"The parts of the load started at different times, {starts[-1] - starts[0]:.3f} s apart."
        raise MeasurementError(
            "shard_late",
            message,
            hint="All parts of a load must start at the same time: run the whole load again.",
            quotes_data=False,
        )
    ledgers = [Ledger.of(recording) for recording in recordings]
    length = max(ledger.length_seconds for ledger in ledgers)
    aligned = [ledger.at(length) for ledger in ledgers]
    places = sorted({place for ledger in aligned for place in ledger.spans}, key=lambda place: (place[1], place[0]))
    return Ledger(
        length_seconds=length,
        spans={place: Span.total(t.spans[place] for t in aligned if place in t.spans) for place in places},
        failures=_failures(recordings),
        generators=tuple(sorted((one for item in recordings for one in item.generators), key=lambda one: one.part)),
        started_at_seconds=starts[0],
        duration_seconds=max(recording.duration_seconds for recording in recordings),
    ).recording()


def _refuse_incomplete(recordings: Sequence[Recording]) -> None:
    generators = [generator for recording in recordings for generator in recording.generators]
    totals = {generator.parts for generator in generators}
    if len(totals) != 1:
        message = f"The recordings are not of one load: their numbers of generators are {_listed(totals) or 'unknown'}."
        raise MeasurementError(
            "missing_shard", message, hint="Merge all recordings of a single load.", quotes_data=False
        )
    parts = totals.pop()
    counts = Counter(generator.part for generator in generators)
    if repeated := [part for part, count in counts.items() if count > 1]:
        message = f"Recordings of generator {_listed(repeated)} of {parts} occur more than once."
        raise MeasurementError(
            "repeated_shard", message, hint="Give each recording once, or run the whole load again.", quotes_data=False
        )
    if missing := set(range(parts)) - set(counts):
        message = f"There is no recording of generator {_listed(missing)} of {parts}."
        raise MeasurementError(
            "missing_shard", message, hint="Merge all recordings, or run the whole load again.", quotes_data=False
        )


def _listed(numbers: set[int] | list[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


def _failures(recordings: Sequence[Recording]) -> tuple[Failure, ...]:
    found: dict[tuple[str, str], Failure] = {}
    for failure in (failure for recording in recordings for failure in recording.failures):
        key = failure.scenario, failure.name
        before = found.get(key, Failure(scenario=failure.scenario, name=failure.name, count=0))
        samples = tuple(dict.fromkeys((*before.samples, *failure.samples)))[:MAX_SAMPLES]
        found[key] = before.model_copy(update={"count": before.count + failure.count, "samples": samples})
    return tuple(sorted(found.values(), key=lambda failure: (-failure.count, failure.scenario, failure.name)))
