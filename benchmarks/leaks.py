"""How often the leak gate is right, on operations that leak and on ones that do not.

Each trial is a check as the gate makes it, in an interpreter of its own, at the default tolerance of 512 B/op.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any, Final

from leaking import CLEAN, LEAKS

from airflow_provider_dpq.core.gate.report import Provenance
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.leak.design import LeakCheck
from airflow_provider_dpq.core.leak.gate import judge_leak
from airflow_provider_dpq.core.leak.run import check_leak
from airflow_provider_dpq.core.operation.python import PythonOperation

_VERDICTS: Final = (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.ERROR)
_LOOKS: Final = (160, 320, 600)


def verdicts(operation: Callable[[], Any], trials: int) -> list[tuple[Verdict, int, float]]:
    """Return the verdict of each trial, after how many iterations it came, and the growth."""
    check = LeakCheck(operation=PythonOperation(target=f"leaking:{operation.__name__}"), stages=_LOOKS)
    found = []
    for trial in range(trials):
        result = check_leak(check)
        report = judge_leak(result, gate=operation.__name__, provenance=Provenance(run_id=str(trial)))
        growth = result.decision.growth.value if result.decision else float("nan")
        found.append((report.verdict, len(result.samples), growth))
    return found


def show(operation: Callable[[], Any], found: Sequence[tuple[Verdict, int, float]]) -> None:
    """Print what the trials of an operation came to."""
    counts = [sum(1 for verdict, _, _ in found if verdict is wanted) for wanted in _VERDICTS]
    early = [sum(1 for verdict, n, _ in found if verdict is Verdict.FAIL and n <= look) for look in _LOOKS[:-1]]
    cells = "".join(f"{count:>14}" for count in (len(found), *counts, *early))
    print(f"{operation.__name__:26}{cells}{statistics.median(growth for _, _, growth in found):>14,.0f}", flush=True)


def trial(operations: Sequence[Callable[[], Any]], trials: int) -> list[Verdict]:
    """Try operations and return all verdicts."""
    verdicts_of_all = []
    for operation in operations:
        found = verdicts(operation, trials)
        show(operation, found)
        verdicts_of_all += [verdict for verdict, _, _ in found]
    return verdicts_of_all


def count(trials: int) -> None:
    """Print verdicts of the operations that keep nothing, then of those that leak."""
    heads = ("trials", *_VERDICTS, *(f"fail by {look}" for look in _LOOKS[:-1]), "B/op, median")
    print(f"{'':26}" + "".join(f"{head:>14}" for head in heads))
    clean = trial(CLEAN, trials)
    print(
        f"false leaks: {clean.count(Verdict.FAIL)} of {len(clean)}, inconclusive: {clean.count(Verdict.INCONCLUSIVE)}"
    )
    leaks = trial(LEAKS, trials)
    print(f"passes on leaks: {leaks.count(Verdict.PASS)} of {len(leaks)}, caught: {leaks.count(Verdict.FAIL)}")
