"""What load generators recorded, window by window. Recordings of many generators merge exactly into one."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Window(_Frozen):
    """What was due in a span of time, of one scenario.

    Attributes:
        scenario: Name of the scenario.
        start_seconds: Begin of the span, since the start of the load.
        length_seconds: How long it is.
        due: How many iterations were due in it; in a closed model, begun.
        completed: How many of any due time ended in it without a failure.
        failed: How many of those due in it failed.
        dropped: How many of those due in it were never started.
        response: Histogram of the times from due to end in microseconds, of those due in it that ended: HdrHistogram's
            compressed encoding, version 2, in base 64.
        service: The same from start to end.
    """

    scenario: str
    start_seconds: FiniteFloat
    length_seconds: FiniteFloat
    due: int = 0
    completed: int = 0
    failed: int = 0
    dropped: int = 0
    response: str = ""
    service: str = ""


class Failure(_Frozen):
    """A kind of failure.

    Attributes:
        scenario: Name of the scenario.
        name: ``timeout``, ``connection``, ``assertion``, ``exception ValueError``, ``status 503``.
        count: How often it happened.
        samples: What the first few said, a bounded number of bounded length.
    """

    scenario: str
    name: str
    count: int
    samples: tuple[str, ...] = ()


class Generator(_Frozen):
    """How the process that generated load was itself.

    Attributes:
        part: Its number.
        parts: How many generators there were to be.
        lateness: Histogram of how late it was with what it meant to do, in microseconds; encoded as in `Window`.
        cpu_percent: Its processor time per second of the load: 100 is one processor.
        cpu_peak_percent: The most of it over any two seconds; of a shorter load over all of it.
        on_loop: Whether any of its iterations ran on an event loop, which has one processor at most.
        running_peak: Most iterations at a time.
        blocked: Seconds for which a place in the code held up the event loop.
        first_seconds: Median service time of the first ten iterations of each scenario that went well, by name: before
            them there was no load that could have made them slow.
    """

    part: int
    parts: int
    lateness: str = ""
    cpu_percent: FiniteFloat = 0.0
    cpu_peak_percent: FiniteFloat = 0.0
    on_loop: bool = False
    running_peak: int = 0
    blocked: Mapping[str, FiniteFloat] = Field(default_factory=dict)
    first_seconds: Mapping[str, FiniteFloat] = Field(default_factory=dict)


class Recording(_Frozen):
    """What was recorded of a load.

    Attributes:
        windows: What was due when, in order of time; those of shards that are merged add up.
        failures: What failed, by kind.
        generators: The processes that generated it.
        started_at_seconds: The agreed start, in seconds since 1970.
        duration_seconds: How long it went on.
    """

    windows: tuple[Window, ...] = ()
    failures: tuple[Failure, ...] = ()
    generators: tuple[Generator, ...] = ()
    started_at_seconds: FiniteFloat = 0.0
    duration_seconds: FiniteFloat = 0.0
