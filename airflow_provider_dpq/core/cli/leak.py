"""``dpq leak``: whether an operation keeps something each time that it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from airflow_provider_dpq.core.cli.gate import gate_options
from airflow_provider_dpq.core.cli.operation import gate_name, measure_and_exit, operation_options, read_operation

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.threshold import ThresholdDeclaration


@click.command()
@operation_options()
@click.option(
    "--tolerance",
    metavar="BYTES",
    help="Allowed growth of memory per iteration, such as 512B.  [default: 512B, unless a threshold limits growth]",
)
@click.option("--size", metavar="N", type=int, help="Number of rows in the dataset.")
@click.option(
    "--warm-up",
    "warm_up_iterations",
    metavar="N",
    type=int,
    default=10,
    show_default=True,
    help="Number of iterations before measuring starts.",
)
@click.option(
    "--stage",
    "stages",
    metavar="N",
    type=int,
    multiple=True,
    help="Number of iterations after which memory is judged; the run ends at the first stage that is conclusive. "
    "Repeatable.  [default: 160, 320, 600]",
)
@gate_options(example="growth < 1KiB/op", default_gate="TARGET; for a statement or command, its digest")
def leak(
    *,
    target: str,
    connection: str | None,
    dataset: str | None,
    iteration_timeout_seconds: float,
    tolerance: str | None,
    size: int | None,
    warm_up_iterations: int,
    stages: tuple[int, ...],
    gate: str | None,
    thresholds: tuple[ThresholdDeclaration, ...],
    form: str,
    output: Path | None,
    store_url: str | None,
) -> None:
    """Run TARGET repeatedly, and judge what it keeps: memory, open files, threads, processes.

    TARGET is MODULE:FUNCTION, 'sql:STATEMENT' with --connection, 'cmd:COMMAND LINE', or the address of an HTTP request.
    Modules of the current directory can be imported.

    Exit codes: 0 if the gate passes or only warns, 1 if it fails, 2 if nothing was measured because the request or the
    store is not usable, 3 if measuring failed, 4 if the result is inconclusive, and 130 after Ctrl-C or 143 after
    SIGTERM, with a report of what was measured until then.
    """
    from airflow_provider_dpq.core.gate.threshold import parse_thresholds
    from airflow_provider_dpq.core.leak.design import LeakCheck
    from airflow_provider_dpq.core.leak.limits import KIND, with_defaults
    from airflow_provider_dpq.core.leak.limits import tolerance as tolerated
    from airflow_provider_dpq.core.leak.measurement import LeakMeasurement

    limits = (*parse_thresholds(thresholds, KIND), *(() if tolerance is None else (tolerated(tolerance),)))
    with_defaults(limits)  # refuses a multiple of a baseline before anything is measured
    operation = read_operation(target, connection=connection, dataset=dataset)
    check = LeakCheck(
        operation=operation,
        size=size,
        warm_up_iterations=warm_up_iterations,
        iteration_timeout_seconds=iteration_timeout_seconds,
        **({"stages": stages} if stages else {}),
    )
    check.validate()
    measure_and_exit(
        lambda _: LeakMeasurement(check=check, thresholds=limits),
        kind=KIND,
        gate=gate or gate_name(target, operation),
        form=form,
        output=output,
        store_url=store_url,
    )
