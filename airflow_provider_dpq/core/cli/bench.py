"""``dpq bench``: how fast an operation is, alone, against another version, or against its history."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from airflow_provider_dpq.core.cli.gate import gate_options
from airflow_provider_dpq.core.cli.operation import (
    gate_name,
    measure_and_exit,
    operation_options,
    read_operation,
    seconds,
)
from airflow_provider_dpq.core.gate.identity import Gate

if TYPE_CHECKING:
    from airflow_provider_dpq.core.benchmark.measurement import BenchmarkMeasurement
    from airflow_provider_dpq.core.gate.report import Report
    from airflow_provider_dpq.core.gate.threshold import ThresholdDeclaration
    from airflow_provider_dpq.core.operation.iteration import Clock
    from airflow_provider_dpq.core.store import Baseline, Store


@click.command()
@operation_options()
@click.option("--baseline", metavar="TARGET", help="Target to compare with, in interleaved pairs.")
@click.option(
    "--revision",
    "baseline_revision",
    metavar="REV",
    help="Git revision to compare with: its version of the same function.",
)
@click.option("--history", is_flag=True, help="Compare with earlier reports of the gate; needs --store.")
@click.option(
    "--tolerance",
    metavar="PERCENT",
    help="How much slower than the baseline TARGET may be, such as 5%.  [default: 5%, unless a threshold "
    "compares times with the baseline]",
)
@click.option(
    "--size", "sizes", metavar="N", type=int, multiple=True, help="Number of rows in the dataset. Repeatable."
)
@click.option(
    "--clock",
    type=click.Choice(["cpu", "wall"]),
    help="Clock that the tolerance applies to.  [default: what suits TARGET]",
)
@click.option(
    "--time-budget",
    "time_budget_seconds",
    metavar="DURATION",
    default="2min",
    show_default=True,
    callback=seconds,
    help="Time limit for measuring all sizes.",
)
@click.option("--profile", is_flag=True, help="Profile time and memory even if nothing is breached.")
@gate_options(example="p(95) < 200ms", default_gate="TARGET; for a statement or command, its digest")
def bench(
    *,
    target: str,
    connection: str | None,
    dataset: str | None,
    iteration_timeout_seconds: float,
    baseline: str | None,
    baseline_revision: str | None,
    history: bool,
    tolerance: str | None,
    sizes: tuple[int, ...],
    clock: Clock | None,
    time_budget_seconds: float,
    profile: bool,
    gate: str | None,
    thresholds: tuple[ThresholdDeclaration, ...],
    form: str,
    output: Path | None,
    store_url: str | None,
) -> None:
    """Measure the time and memory that TARGET takes, and judge them.

    TARGET is MODULE:FUNCTION, 'sql:STATEMENT' with --connection, 'cmd:COMMAND LINE', or the address of an HTTP request.
    Modules of the current directory can be imported.

    Exit codes: 0 if the gate passes or only warns, 1 if it fails, 2 if nothing was measured because the request or the
    store is not usable, 3 if measuring failed, 4 if the samples are inconclusive, and 130 after Ctrl-C or 143 after
    SIGTERM, with a report of what was measured until then.
    """
    from airflow_provider_dpq.core.benchmark.design import Benchmark
    from airflow_provider_dpq.core.benchmark.gate import KIND
    from airflow_provider_dpq.core.benchmark.measurement import BenchmarkMeasurement
    from airflow_provider_dpq.core.gate.threshold import parse_thresholds
    from airflow_provider_dpq.core.gate.unit import parse_percent

    if history and store_url is None:
        message = "--history needs --store, which holds the earlier reports."
        raise click.UsageError(message)
    limits = parse_thresholds(thresholds, KIND)
    operation = read_operation(target, connection=connection, dataset=dataset)
    other = None if baseline is None else read_operation(baseline, connection=connection, dataset=dataset)
    design = Benchmark(
        operation=operation,
        baseline=other,
        baseline_revision=baseline_revision,
        against_history=history,
        sizes=sizes or None,
        clock=clock,
        tolerance_percent=None if tolerance is None else parse_percent(tolerance),
        time_budget_seconds=time_budget_seconds,
        iteration_timeout_seconds=iteration_timeout_seconds,
        profile=profile,
    )
    design.validate()
    design.validate_thresholds(limits)
    name = gate or gate_name(target, operation)

    def prepare(store: Store | None) -> BenchmarkMeasurement:
        earlier = None if store is None else partial(_history, store, Gate.of(name, None))
        return BenchmarkMeasurement(design=design, thresholds=limits, history=earlier)

    measure_and_exit(prepare, kind=KIND, gate=name, form=form, output=output, store_url=store_url)


def _history(store: Store, gate: Gate, limit: int) -> tuple[Sequence[Report], Sequence[Baseline]]:
    from airflow_provider_dpq.core.benchmark.gate import KIND

    return store.reports(gate, limit=limit, kind=KIND), store.baselines(gate)
