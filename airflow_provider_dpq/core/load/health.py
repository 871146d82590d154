"""Whether the generators were themselves the limit of a load: then what they measured is not the target's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.recording import Generator
from airflow_provider_dpq.core.load.design import LoadTest, Stream
from airflow_provider_dpq.core.load.ledger import Ledger, Span
from airflow_provider_dpq.core.load.model import ArrivalRate, Breakpoint
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.stats.histogram import Histogram
from airflow_provider_dpq.core.stats.percentile import interval_ranks

LATENESS_SECONDS: Final = 0.005
"""A generator may be this late with one in a hundred of the things that it means to do."""

SWITCH_SECONDS: Final = 0.005
"""So long a thread waits for Python's lock where one other computes: one function that computes is no overload."""

LATENESS_SHARE: Final = 0.1
"""Or late by this share of the 99th percentile of the service times, where that is more: of the fastest scenario in its
fastest window, as a load may be too much for a part of the time, in which all service times are long."""

MOST_CPU_PERCENT: Final = 85.0
"""Above, an event loop is taken to be busy with itself."""

MOST_PEAK_PERCENT: Final = 95.0
"""The same for some two seconds."""

MOST_BLOCKED_SHARE: Final = 0.01
"""Share of the load for which the event loop may be blocked."""

_LEAST_BLOCKED_SECONDS: Final = 0.1
_ERROR: Final = 0.005
"""Probability that a generator which is late less often than one time in a hundred is called late."""

_LEAST_COUNT: Final = 10
"""Of fewer iterations in a window the median says little."""

_SPOILT_SHARE: Final = 0.01
"""So many of the arrivals may find too few workers: the 99th percentile is not of them."""

_WAITED: Final = 1.1
"""Arrivals waited for a worker where the response times of a window are so many times its service times."""


def fault_of(ledger: Ledger, test: LoadTest) -> MeasurementError | None:
    """Return why what was recorded does not say anything about the target; None where it does.

    A target that is slow, stalls or fails is no reason: then thresholds judge.

    Args:
        ledger: What the generators recorded.
        test: What was run.

    Returns:
        ``event_loop_blocked``: a coroutine function blocked the event loop, with its location. ``generator_limited``:
        there were too few workers for the rate even at the shortest service time; or a generator used up its processor,
        on the whole or for two seconds; or it was late by more than 5 ms and more than a tenth of the 99th percentile
        of the service times of the fastest window, at its own 99th percentile (the lower end of its exact interval, so
        that a single hiccup of a short load is none).
    """
    return next(
        (
            fault
            for faults in (_blocked(ledger, test), _too_few_workers(ledger, test), _busy(ledger), _late(ledger))
            for fault in faults
        ),
        None,
    )


def _blocked(ledger: Ledger, test: LoadTest) -> Iterator[MeasurementError]:
    """Look where the event loop could do nothing else. With requests alone it is the generator's own code that was."""
    own = all(isinstance(scenario.operation, HttpOperation) for scenario in test.scenarios)
    most = max(MOST_BLOCKED_SHARE * ledger.duration_seconds, _LEAST_BLOCKED_SECONDS)
    for generator in ledger.generators:
        seconds = sum(generator.blocked.values())
        if seconds > most:
            place = max(generator.blocked, key=lambda name: generator.blocked[name])
            message = (
                f"The event loop was blocked for {seconds:.3g} s of {ledger.duration_seconds:.3g} s, mostly by {place}."
            )
            if own:
                yield _limited(message, "Use more processes, or reduce the load.")
            hint = "Await slow calls there, or make the operation a plain function, which runs in threads."
            yield MeasurementError("event_loop_blocked", message, hint=hint, quotes_data=False)


def _too_few_workers(ledger: Ledger, test: LoadTest) -> Iterator[MeasurementError]:
    """Look where Little's law asks for more workers than there were, and arrivals waited for one or were given up.

    The service time is that of a target which is not loaded, the lowest median of all windows or of the first ten
    iterations: how much slower it becomes under load, and how many workers that would take, is what the load is there
    to find.
    """
    for name, windows in _open_windows(ledger, test).items():
        due = sum(span.due for span, _, _ in windows)
        firsts = [seconds for one in ledger.generators for key, seconds in one.first_seconds.items() if key in name]
        lowest = min([_lowest([span for span, _, _ in windows], 50), *firsts])
        short = [(span, rate) for span, rate, workers in windows if lowest * rate > workers and _waited(span)]
        if short and sum(span.due for span, _ in short) > _SPOILT_SHARE * due:
            rate = max(rate for _, rate in short)
            workers = max(workers for _, _, workers in windows)
            message = (
                f"{rate:.4g}/s of {', '.join(name)} need {lowest * rate:.1f} workers even at the shortest service "
                f"time, {lowest:.3g} s, but there were only {workers}, so arrivals waited for a worker."
            )
            yield _limited(message, "Raise max_workers of the model, or use more processes.")


def _open_windows(ledger: Ledger, test: LoadTest) -> Mapping[tuple[str, ...], list[tuple[Span, float, int]]]:
    """Return of each scenario with an open model what was recorded in each window, the rate due in it, and workers.

    The scenarios of a search are one.
    """
    found: dict[tuple[str, ...], list[tuple[Span, float, int]]] = {}
    length = ledger.length_seconds
    if isinstance(test.model, Breakpoint):
        windows = ledger.by_window().values()
        scenarios = tuple(scenario.name for scenario in test.scenarios)
        at_rate = [(span, span.due / length, test.model.max_workers) for span in windows if span.due >= _LEAST_COUNT]
        return {scenarios: at_rate}
    for stream in test.whole.streams():
        if isinstance(stream.model, ArrivalRate):
            rated = ledger.by_window(stream.scenario.name).items()
            found[stream.scenario.name,] = [
                (span, _rate(stream, (number + 0.5) * length), stream.max_workers) for number, span in rated
            ]
    return found


def _rate(stream: Stream, at_seconds: float) -> float:
    low, high = stream.share
    return stream.model.schedule.level(at_seconds) * (high - low)


def _lowest(spans: Iterable[Span], percent: float) -> float:
    """Return the lowest percentile of the service times of any window in which most went well; 0 of none."""
    answered = [span for span in spans if span.service.count and 2 * span.successful > span.ended]
    full = [span for span in answered if span.service.count >= _LEAST_COUNT] or answered
    return min((span.service.percentile(percent) for span in full), default=0.0)


def _waited(span: Span) -> bool:
    if span.dropped or not span.response.count:
        return bool(span.dropped)
    return span.response.percentile(90) > _WAITED * span.service.percentile(90) + LATENESS_SECONDS


def _busy(ledger: Ledger) -> Iterator[MeasurementError]:
    for generator in ledger.generators:
        if generator.on_loop and generator.cpu_peak_percent > MOST_PEAK_PERCENT >= generator.cpu_percent:
            message = (
                f"{_named(generator)} used {generator.cpu_peak_percent:.0f} % of a processor for two seconds, "
                "which is close to its maximum."
            )
            yield _limited(message, "Use more processes, or reduce the peak load.")
        elif generator.on_loop and generator.cpu_percent > MOST_CPU_PERCENT:
            message = (
                f"{_named(generator)} used {generator.cpu_percent:.0f} % of a processor, which is close to its maximum."
            )
            yield _limited(message, "Use more processes, or reduce the load.")


def _late(ledger: Ledger) -> Iterator[MeasurementError]:
    services = [_lowest(ledger.by_window(scenario).values(), 99) for scenario in ledger.scenarios]
    shortest = min((seconds for seconds in services if seconds), default=0.0)
    for generator in ledger.generators:
        least = LATENESS_SECONDS if generator.on_loop else LATENESS_SECONDS + SWITCH_SECONDS
        most = max(least, LATENESS_SHARE * shortest)
        lateness = _surely(Histogram.decode(generator.lateness))
        if lateness > most:
            message = (
                f"{_named(generator)} was late by {1000 * lateness:.1f} ms at the 99th percentile; at these service "
                f"times at most {1000 * most:.1f} ms are allowed."
            )
            yield _limited(message, "Use more processes, reduce the load, or use a machine with idle processors.")


def _surely(lateness: Histogram) -> float:
    """Return the lower end of the interval of the 99th percentile; 0 where there are too few values."""
    rank, _ = interval_ranks(lateness.count, 99, error=_ERROR)
    return 0.0 if rank is None else lateness.ordered(rank)


def _named(generator: Generator) -> str:
    return "The generator" if generator.parts == 1 else f"Generator {generator.part} of {generator.parts}"


def _limited(message: str, hint: str) -> MeasurementError:
    return MeasurementError("generator_limited", message, hint=hint, quotes_data=False)
