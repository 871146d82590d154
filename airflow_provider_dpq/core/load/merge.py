"""The recordings of several machines as one, exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.recording import Failure, Recording
from airflow_provider_dpq.core.load.ledger import Ledger, Span
from airflow_provider_dpq.core.load.outcome import MAX_SAMPLES


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
        message = f"The load began at different instants: {starts[-1] - starts[0]:.3f} s lie between them."
        raise MeasurementError(
            "shard_late",
            message,
            hint="All parts of a load are told one start: run all of it again.",
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
        message = f"The recordings are of loads of {_listed(totals) or 'no'} generators."
        raise MeasurementError(
            "missing_shard", message, hint="Merge the recordings of one load, all of them.", quotes_data=False
        )
    parts = totals.pop()
    counts = Counter(generator.part for generator in generators)
    if repeated := [part for part, count in counts.items() if count > 1]:
        message = f"Of {parts} generators {_listed(repeated)} is there more than once."
        raise MeasurementError(
            "repeated_shard", message, hint="Each part of a load counts once: run all of it again.", quotes_data=False
        )
    if missing := set(range(parts)) - set(counts):
        message = f"Of {parts} generators {_listed(missing)} recorded nothing."
        raise MeasurementError(
            "missing_shard", message, hint="Without it the load was not what it was to be.", quotes_data=False
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
