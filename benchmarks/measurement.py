"""How often the benchmark and leak gates are wrong, in live trials on this machine, printed with their counts.

.venv/bin/python benchmarks/measurement.py                     all of them, an hour or more
.venv/bin/python benchmarks/measurement.py pairs --trials 20   one of them: pairs history leak overhead

A bursty neighbour is two processes that compute for a random while and rest for a random while.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import leaks
import timed

from airflow_provider_dpq.core.benchmark.change import Limit, Pair, change
from airflow_provider_dpq.core.benchmark.comparison import HISTORY_METRICS, compare_with_history
from airflow_provider_dpq.core.benchmark.history import HistoryValue
from airflow_provider_dpq.core.benchmark.observation import Amount, Observed, observe
from airflow_provider_dpq.core.benchmark.pairs import compare
from airflow_provider_dpq.core.benchmark.run import CONFIRMATIONS, PROCESS_SAMPLES, PROCESSES
from airflow_provider_dpq.core.gate.threshold import judge, parse_threshold
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.operation.isolation import Child
from airflow_provider_dpq.core.operation.iteration import Clock
from airflow_provider_dpq.core.operation.python import PythonOperation

HERE = Path(__file__).resolve().parent
TIMEOUT_SECONDS = 60.0
TRIALS_OF_A_CHILD = 10
TIMES_OF_SAME_CODE: dict[Clock, int] = {"cpu": 10, "wall": 3}
"""How many times as many trials there are of the same code as of slower code: on the wall each takes far longer."""
TOLERANCE = 1.05
HISTORY_RUNS = 20

NEIGHBOUR = """
import random, time
while True:
    end = time.perf_counter() + random.expovariate(1 / 0.4)
    while time.perf_counter() < end:
        sum(range(1000))
    time.sleep(random.expovariate(1 / 0.4))
"""


@contextmanager
def neighbour(*, bursty: bool) -> Iterator[None]:
    """Let two processes compete for the processors, now and then, for as long as the context lasts."""
    processes = [subprocess.Popen([sys.executable, "-c", NEIGHBOUR]) for _ in range(2 if bursty else 0)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def share(count: int, of: int) -> str:
    """Write a count with its share and the upper end of the exact 95 % interval of that share."""
    from scipy.stats import beta

    upper = 1.0 if count == of else float(beta.ppf(0.975, count + 1, of - count))
    return f"{count} of {of} ({100 * count / of:.1f}%, at most {100 * upper:.1f}%)"


@dataclass
class Tally:
    """What became of the trials of one kind."""

    verdicts: Counter[str]
    pairs: list[int]

    def line(self) -> str:
        """Write it down."""
        total = sum(self.verdicts.values())
        words = [f"{name} {share(self.verdicts[name], total)}" for name in ("slower", "not slower", "inconclusive")]
        return ", ".join(words) + f", mean pairs {statistics.mean(self.pairs):.1f}"


def verdict(pairs: list[Pair], clock: Clock) -> str:
    """Return what the rule says of some pairs."""
    found = change(pairs, clock)
    if found is None or not found.excludes(TOLERANCE):
        return "inconclusive"
    return "slower" if found.ratio > TOLERANCE else "not slower"


def try_pairs(baseline: str, candidate: str, clock: Clock, trials: int, order: random.Random) -> Tally:
    """Compare two operations again and again, as the benchmark gate does."""
    tally = Tally(Counter(), [])
    new, old = (PythonOperation(target=f"timed:{name}") for name in (candidate, baseline))
    for begin in range(0, trials, TRIALS_OF_A_CHILD):
        with Child() as child:
            for _ in range(min(TRIALS_OF_A_CHILD, trials - begin)):
                run = partial(compare, order=random.Random(order.getrandbits(32)), budget_seconds=math.inf)
                stream = child.stream(run, new, old, None, [Limit(clock, TOLERANCE)], timeout_seconds=TIMEOUT_SECONDS)
                pairs = [item for item in stream if isinstance(item, Pair)]
                tally.verdicts[verdict(pairs, clock)] += 1
                tally.pairs.append(len(pairs))
    return tally


def pairs(trials: int) -> None:
    """Interleaved pairs: the same code twice, and code that is slower by a known share."""
    order = random.Random(20261121)
    alike, all_pairs = Counter[str](), []
    print("\nInterleaved pairs, tolerance 5 %, at most 60 pairs")
    for bursty in (False, True):
        situation = "bursty" if bursty else "no neighbour"
        with neighbour(bursty=bursty):
            for name in timed.TIMED:
                for clock in ("cpu", "wall"):
                    tally = try_pairs(name, name, clock, TIMES_OF_SAME_CODE[clock] * trials, order)
                    alike += tally.verdicts
                    print(f"  {name} against itself, {clock}, {situation}: {tally.line()}")
                for clock, slower in (("cpu", "10"), ("wall", "20")):
                    tally = try_pairs(name, f"{name}_{slower}_slower", clock, trials, order)
                    all_pairs += tally.pairs
                    print(
                        f"  {name} {slower} % slower, {clock}, {'bursty' if bursty else 'no neighbour'}: {tally.line()}"
                    )
    print(f"  same code: false fails {share(alike['slower'], alike.total())}")


def run_of(child_operation: PythonOperation) -> list[Observed]:
    """Observe an operation in fresh processes, as one run that is held against a history."""
    observed: list[Observed] = []
    for _ in range(PROCESSES):
        with Child() as child:
            amount = Amount(PROCESS_SAMPLES, 0, math.inf)
            stream = child.stream(observe, child_operation, None, amount, timeout_seconds=TIMEOUT_SECONDS)
            observed += [item for item in stream if isinstance(item, Observed)]
    return observed


def history(trials: int) -> None:
    """A run against a history of fresh processes: each stretch of consecutive runs is a trial."""
    print(f"\nHistory of {HISTORY_RUNS} runs, then one run and {CONFIRMATIONS} that confirm, tolerance 5 %")
    for bursty in (False, True):
        situation = "bursty" if bursty else "no neighbour"
        with neighbour(bursty=bursty):
            for name in timed.TIMED:
                needed = trials + HISTORY_RUNS + CONFIRMATIONS
                runs = [run_of(PythonOperation(target=f"timed:{name}")) for _ in range(needed)]
                slower = [run_of(PythonOperation(target=f"timed:{name}_20_slower")) for _ in range(1 + CONFIRMATIONS)]
                for metric in HISTORY_METRICS:
                    starts = range(needed - HISTORY_RUNS - CONFIRMATIONS)
                    same = Counter(stands(metric, runs[start:]) for start in starts)
                    late = Counter(stands(metric, [*runs[start : start + HISTORY_RUNS], *slower]) for start in starts)
                    print(
                        f"  {name}, {metric}, {situation}: false fails {share(same[Verdict.FAIL], len(starts))}, "
                        f"inconclusive {same[Verdict.INCONCLUSIVE]}; "
                        f"20 % slower: fails {share(late[Verdict.FAIL], len(starts))}"
                    )


def stands(metric: str, runs: list[list[Observed]]) -> Verdict:
    """Return the verdict on the run after a history, with as many further runs as the gate takes."""
    from airflow_provider_dpq.core.benchmark.comparison import value_of_run

    begun = datetime.now(UTC)
    past = [
        HistoryValue(begun - timedelta(days=HISTORY_RUNS - index), value_of_run(metric, run), str(index))
        for index, run in enumerate(runs[:HISTORY_RUNS])
    ]
    limit = parse_threshold(f"{metric} < {TOLERANCE}x baseline", "benchmark")
    found = Verdict.ERROR
    for count in range(1, CONFIRMATIONS + 2):
        now = runs[HISTORY_RUNS : HISTORY_RUNS + count]
        comparison = compare_with_history(metric, {}, now, [past], started_at=begun, missing="none").as_metric
        (result,) = judge([limit], [comparison] if comparison else [])
        found = result.verdict
        if found is not Verdict.FAIL:
            return found
    return found


def leak(trials: int) -> None:
    """Operations that keep nothing, and ones that leak."""
    print("\nLeak checks, tolerance 512 B/op")
    leaks.count(5 * trials)


def overhead(trials: int) -> None:
    """What the Airflow tasks add to the core: storing, rendering, XCom."""
    print("\nThe Airflow tasks, seconds beside the core")
    found: dict[str, list[float]] = {}
    for _ in range(max(3, trials // 5)):
        with tempfile.TemporaryDirectory() as home:
            environment = {**os.environ, "AIRFLOW_HOME": home, "PYTHONPATH": str(HERE)}
            program = [sys.executable, str(HERE / "peers" / "operation_task.py")]
            done = subprocess.run(program, env=environment, check=True, capture_output=True, text=True)
        for kind, seconds in json.loads(done.stdout.splitlines()[-1]).items():
            found.setdefault(kind, []).append(seconds)
    for kind, seconds in found.items():
        print(f"  {kind}: median {statistics.median(seconds):.2f} s, most {max(seconds):.2f} s, of {len(seconds)}")


def main() -> None:
    """Run the trials that are asked for."""
    scenarios: dict[str, Callable[[int], None]] = {
        "pairs": pairs,
        "history": history,
        "leak": leak,
        "overhead": overhead,
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(scenarios)}; all if none is given"
    )
    parser.add_argument("--trials", type=int, default=20, help="trials of a kind; more of the same code")
    arguments = parser.parse_args()
    if unknown := set(arguments.scenarios) - set(scenarios):
        parser.error(f"no scenario: {', '.join(sorted(unknown))}")
    begun = time.monotonic()
    for name in arguments.scenarios or scenarios:
        scenarios[name](arguments.trials)
    print(f"\ntook {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
