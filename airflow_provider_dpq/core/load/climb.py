"""A search for a breaking point under way: its levels are played one after the other, and judged each by itself."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from airflow_provider_dpq.core.errors import CancelledError, MeasurementError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.gate.threshold import Threshold, ThresholdResult, judge
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.health import LATENESS_SECONDS, fault_of
from airflow_provider_dpq.core.load.ledger import Ledger, Span
from airflow_provider_dpq.core.load.limits import first_breach, of_levels
from airflow_provider_dpq.core.load.metrics import metrics_of
from airflow_provider_dpq.core.load.model import ArrivalRate, Breakpoint
from airflow_provider_dpq.core.load.play import LEAD_SECONDS, Course, Player
from airflow_provider_dpq.core.load.recorder import Recorder
from airflow_provider_dpq.core.load.result import Level, finding
from airflow_provider_dpq.core.load.schedule import Schedule, Stage
from airflow_provider_dpq.core.load.search import CALM_WINDOWS, Trial, bracket_of, next_rate, recovered_after
from airflow_provider_dpq.core.stats.interval import Interval, robust_interval

KEPT_UP: Final = 0.98
"""A level whose target answers a smaller share of what is due is broken: a backlog grows."""

_FALLING_BEHIND: Final = 0.9
_FIRST_LOOK_SECONDS: Final = 3.0
_FAILING_LOOKS: Final = 2
_RECOVERY_LEVELS: Final = 3
_RECOVERY_SECONDS: Final = 30.0
_RETRY_SECONDS: Final = 1.0
_FAILED_SHARE: Final = 0.01
_FLOOR_SHARE: Final = 0.2


class Climb:
    """The levels of a search, and what they say.

    A level breaks where a threshold fails on it for sure, or where less than 98 % of what is due is answered. It ends
    early where it has failed at two looks in a row. A level that cannot be told is played again for twice the time, and
    where it cannot be told then either it counts as broken. One whose generator was itself the limit is played again,
    and where it is again there is no answer.

    Args:
        test: The search.
        thresholds: The declared thresholds; those of iterations judge the levels.
        player: Where levels are played.
        recorder: Records all of them.
        sleep: Waits for some seconds.

    Attributes:
        levels: The levels that were played.
        measured: What was found.
        checks: What stands beside the thresholds.
    """

    def __init__(
        self,
        test: LoadTest,
        thresholds: Sequence[Threshold],
        player: Player,
        recorder: Recorder,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        assert isinstance(test.model, Breakpoint)  # noqa: S101 - else there is nothing to search
        self._test = test
        self._search = test.model
        self._limits = of_levels(thresholds, test)
        self._player = player
        self._recorder = recorder
        self._sleep = sleep
        self._requests = 0
        self._first: Ledger | None = None
        self.levels: list[Level] = []
        self.measured: list[Metric] = []
        self.checks: list[CheckResult] = []

    def go(self) -> None:
        """Search until the answer is known, or a cap or the target ends it.

        Raises:
            MeasurementError: ``generator_limited`` or ``event_loop_blocked``: a level says nothing of the target; or a
                generator failed.
        """
        trials: list[Trial] = []
        seconds, stopped = self._search.level_seconds, False
        try:
            while not stopped and (rate := next_rate(self._search, trials)) is not None:
                verdict = None if self._over_cap(rate * seconds, seconds) else self._tried(rate, seconds)
                stopped = verdict is None
                if verdict is not None:
                    trials.append(Trial(rate, verdict is Verdict.PASS))
                    seconds = self._search.level_seconds * (2 if verdict is Verdict.INCONCLUSIVE else 1)
        finally:
            self._conclude(trials)
        bracket = bracket_of(trials)
        if not stopped and bracket.held and self._first is not None:
            self._recover(bracket.broken or bracket.held, self._first)

    def _tried(self, rate: float, seconds: float) -> Verdict | None:
        """Play a level, again where the generator was the limit; return its verdict, None where the target is gone."""
        for again in (False, True):
            if not self._make_ready():
                return None
            load = self._test.at_rate(rate, seconds)
            own, early = self._record(load, rate, _Looks(self._limits, load).is_over, title="level")
            ledger = own.ledger()
            fault = self._invalidity(ledger)
            if fault is None:
                verdict, why = self._judged(ledger, load, early=early)
                self.levels[-1] = replace(self.levels[-1], held=verdict is Verdict.PASS, why=why)
                if verdict is Verdict.PASS and rate == self._search.start:
                    self._first = ledger
                return verdict
            if again:
                raise fault
        return None

    def _make_ready(self) -> bool:
        """Wait until the target answers again; return whether it does within some time."""
        until = self._player.clock() + _RECOVERY_SECONDS
        while True:
            try:
                self._player.make_ready()
            except CancelledError:
                raise
            except MeasurementError as error:
                if self._player.clock() > until:
                    self._unrecovered(f"{_RECOVERY_SECONDS:g} s after it, the first call still fails. {error}")
                    return False
                self._sleep(_RETRY_SECONDS)
            else:
                return True

    def _record(
        self, load: LoadTest, rate: float, is_over: Callable[[Recorder, Course], bool], *, title: str
    ) -> tuple[Recorder, bool]:
        """Play a load that begins at a rate, on the line of time of the search and with a recorder of its own."""
        origin = self._recorder.started_at_seconds
        starts_at_seconds = max(origin, self._player.clock() + LEAD_SECONDS)
        begin = starts_at_seconds - origin
        own = Recorder(load, started_at_seconds=starts_at_seconds)
        self._recorder.begin(begin)
        try:
            course, over = self._player.play(
                load,
                starts_at_seconds,
                [own, self._recorder],
                lambda course: True if is_over(own, course) else None,
                title=f"{title} {rate:g}/s, ",
            )
        finally:
            (_, end, _), *_ = load.streams()[0].model.schedule.plateaus  # what comes after is no level
            self.levels.append(Level(rate, begin, begin + min(end, own.ledger().duration_seconds)))
        self._requests += course.ended.total()
        return own, bool(over)

    def _invalidity(self, ledger: Ledger) -> MeasurementError | None:
        """Return why a level says nothing of the target.

        With it go the windows of the first level: they say how long the target takes where it has little to do, and so
        how many workers it takes at least.
        """
        spans = dict(ledger.spans)
        if self._first is not None:
            spans |= {(name, number + ledger.window_count): span for (name, number), span in self._first.spans.items()}
        return fault_of(replace(ledger, spans=spans), self._test)

    def _judged(self, ledger: Ledger, load: LoadTest, *, early: bool) -> tuple[Verdict, str]:
        """Return the verdict of a level, pass, fail, or inconclusive, and why it did not hold."""
        results = judge(self._limits, metrics_of(ledger, load, self._limits))
        verdicts = {result.verdict for result in results}
        kept = kept_up(ledger, load)
        why = _broken_by(results, kept)
        if early or Verdict.FAIL in verdicts or (kept is not None and kept < KEPT_UP):
            return Verdict.FAIL, why or "it fell behind"
        if kept is not None and verdicts <= {Verdict.PASS, Verdict.WARN}:
            return Verdict.PASS, ""
        return Verdict.INCONCLUSIVE, why or "it was too short to decide"

    def _over_cap(self, requests: float, seconds: float) -> bool:
        """Whether another level would go beyond a cap; if so, say it."""
        test, elapsed = self._test, self._player.clock() - self._recorder.started_at_seconds
        hint = "The breaking point is above the rates tried."
        if self._requests + requests > test.max_requests:
            message = f"The search ended after {self._requests} requests, at the cap of {test.max_requests}. {hint}"
            self.checks.append(finding("request cap", Verdict.WARN, "request_cap", message, count=self._requests))
            return True
        if elapsed + seconds > test.max_duration_seconds:
            message = f"The search ended after {elapsed:.0f} s, at the cap of {test.max_duration_seconds:g} s. {hint}"
            self.checks.append(finding("duration cap", Verdict.WARN, "duration_cap", message, seconds=elapsed))
            return True
        return False

    def _conclude(self, trials: Sequence[Trial]) -> None:
        """Report what the levels so far say about the breaking point."""
        if not trials:
            return
        bracket = bracket_of(trials)
        # Where nothing broke it lies anywhere above: nobody has looked there, whether for a cap or for the limit.
        interval = (bracket.held, sys.float_info.max if bracket.broken is None else bracket.broken)
        self.measured.append(Metric(name="breaking_point", value=bracket.held, unit="/s", interval=interval))
        details: dict[str, Any] = {"held": bracket.held, "broken": bracket.broken, "levels": len(trials)}
        if bracket.broken is not None and not bracket.held:
            message = f"The thresholds fail at the first rate of the search, {bracket.broken:g}/s. Start lower."
            self.checks.append(finding("breaking point", Verdict.FAIL, "broken_at_start", message, **details))
        else:
            self.checks.append(finding("breaking point", Verdict.PASS, "", "", **details))

    def _recover(self, rate: float, first: Ledger) -> None:
        """Play the rate that broke it once more, go down to the first one at once, and see how long recovery takes."""
        start, level_seconds = self._search.start, self._search.level_seconds
        bound = max(_RECOVERY_SECONDS, _RECOVERY_LEVELS * level_seconds, 2 * CALM_WINDOWS * (1 / start + 1))
        if self._over_cap(rate * level_seconds + start * bound, level_seconds + bound) or not self._make_ready():
            return
        stretches = (Stage(level_seconds, rate), Stage(0.0, start), Stage(bound, start))
        model = ArrivalRate(schedule=Schedule(rate, stretches), max_workers=self._search.max_workers)
        load = replace(self._test, model=model)
        before = usual_median(first)

        def is_over(own: Recorder, course: Course) -> bool:
            return course.death is not None or self._recovered(own.ledger(), before) is not None

        own, _ = self._record(load, rate, is_over, title="recovery from")
        recovered = self._recovered(own.ledger(), before)
        if recovered is None:
            self._unrecovered(f"{bound:g} s after {rate:g}/s, its median response time is above {before.high:.3g} s.")
            return
        seconds, length = recovered
        interval = (max(0.0, seconds - length), seconds + length)
        self.measured.append(Metric(name="recovery", value=seconds, unit="s", interval=interval))

    def _recovered(self, ledger: Ledger, before: Interval) -> tuple[float, float] | None:
        """Return after how many seconds without the load it was as before, and how exactly that is known.

        Windows are as long as it takes for an arrival to be due in each: of one without nothing can be told.
        """
        start, level_seconds = self._search.start, self._search.level_seconds
        wide = ledger.at((math.floor(1 / (start * ledger.length_seconds)) + 1) * ledger.length_seconds)
        windows, length = wide.by_window(), wide.length_seconds
        begin = math.ceil(level_seconds / length)
        least = max(1, math.floor(start * length * (1 - _FAILED_SHARE)))
        medians = [_calm_median(windows.get(number), least) for number in range(begin, wide.window_count)]
        after = recovered_after(medians, before)
        return None if after is None else ((begin + after) * length - level_seconds, length)

    def _unrecovered(self, message: str) -> None:
        whole = f"The target did not recover. {message}"
        self.checks.append(finding("recovery", Verdict.FAIL, "no_recovery", whole, quotes_data=True))


class _Looks:
    """Looks at a level once a second: is it failing so clearly that it may end?"""

    def __init__(self, limits: Sequence[Threshold], load: LoadTest) -> None:
        self._limits = limits
        self._load = load
        self._failing = 0

    def is_over(self, own: Recorder, course: Course) -> bool:
        """Whether it failed at two looks in a row, or the target died."""
        if course.elapsed_seconds < _FIRST_LOOK_SECONDS:
            return False
        self._failing = self._failing + 1 if self._is_failing(own.ledger()) else 0
        return self._failing >= _FAILING_LOOKS or course.death is not None

    def _is_failing(self, ledger: Ledger) -> bool:
        kept = kept_up(ledger, self._load)
        if kept is not None and kept < _FALLING_BEHIND:
            return True
        return first_breach(self._limits, ledger, self._load) is not None


def _broken_by(results: Sequence[ThresholdResult], kept: float | None) -> str:
    """Say which thresholds a level did not hold for sure, and how far it fell behind; empty where it did neither."""
    said = [] if kept is None or kept >= KEPT_UP else [f"{100 * kept:.3g}% of what was due was answered"]
    for result in results:
        if result.verdict not in (Verdict.PASS, Verdict.WARN):
            observed = "no value" if result.observed is None else f"{result.observed:.3g} {result.unit}".strip()
            doubt = " is too uncertain" if result.verdict is Verdict.INCONCLUSIVE else ""
            said.append(f"{result.threshold}: {observed}{doubt}")
    return ", ".join(said)


def kept_up(ledger: Ledger, load: LoadTest) -> float | None:
    """Return which share of what is due a target answers, once it is used to the rate; None where that is not seen.

    An answer may be a failure: of those the error rate tells. Both are counted in the same windows, those after the
    first fifth of the level: response times that are long but do not grow take nothing away, a backlog that grows does.
    In these windows one arrival of each scenario less may be due than the rate says, so that one each may be missing.

    Args:
        ledger: What was recorded.
        load: A load of one rate.
    """
    length, seconds = ledger.length_seconds, load.duration_seconds or 0.0
    numbers = range(math.ceil(seconds / 5 / length), math.floor(min(ledger.duration_seconds, seconds) / length))
    if not numbers:
        return None
    windows = ledger.by_window()
    answered = sum(windows[number].completed + windows[number].failed for number in numbers if number in windows)
    (stream, *_) = load.streams()
    expected = stream.model.schedule.peak * len(numbers) * length
    return min(1.0, (answered + len(load.scenarios)) / expected)


def usual_median(first: Ledger) -> Interval:
    """Return where the median response time of a window is expected before the target has much to do.

    A time is no longer than usual up to a fifth more, and up to what a generator may be late: a shared machine adds it.

    Args:
        first: What was recorded of the first level.
    """
    medians = [span.response.percentile(50) for span in first.by_window().values() if span.response.count]
    return robust_interval(medians, absolute_floor=LATENESS_SECONDS, relative_floor=_FLOOR_SHARE)


def _calm_median(span: Span | None, least: int) -> float | None:
    """Return the median response time of a window; None where not all has ended yet, or too much failed."""
    if span is None or span.due < least or not span.response.count:
        return None
    lost = span.failed + span.dropped
    return None if lost > _FAILED_SHARE * span.due else span.response.percentile(50)
