"""What the commands that measure an operation share: how it is named, and what Ctrl-C and SIGTERM do."""

from __future__ import annotations

import hashlib
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias

import click

from airflow_provider_dpq.core.cli.edge import SIGNALLED, cancelling
from airflow_provider_dpq.core.cli.gate import begun, exit_by, run_gate
from airflow_provider_dpq.core.cli.option import Decorated
from airflow_provider_dpq.core.cli.progress import progress_on
from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError, SourceError

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.report import Provenance, Report
    from airflow_provider_dpq.core.operation.isolation import Cancellation
    from airflow_provider_dpq.core.operation.iteration import Operation
    from airflow_provider_dpq.core.operation.measurement import Measurement
    from airflow_provider_dpq.core.store import Store

Prepare: TypeAlias = Callable[["Store | None"], "Measurement"]
"""Returns what is to be measured, with the store where there is one."""


def seconds(_: click.Context, parameter: click.Parameter, text: str) -> float:
    """Read a duration given as an option."""
    from airflow_provider_dpq.core.gate.unit import parse_duration

    try:
        return parse_duration(text)
    except DeclarationError as error:
        raise click.BadParameter(str(error), param=parameter) from error


def operation_options(*, required: bool = True, iteration_timeout: str = "5min") -> Callable[[Decorated], Decorated]:
    """Add the argument TARGET and the options that say what it runs on.

    Args:
        required: Whether there must be a TARGET.
        iteration_timeout: Longest time that one iteration may take, where nothing is said.
    """
    options = (
        click.argument("target", required=required),
        click.option(
            "--connection",
            metavar="URL",
            envvar="DPQ_CONNECTION",
            show_envvar=True,
            help="SQLAlchemy URL of the database of a statement, or duckdb:///path.",
        ),
        click.option(
            "--dataset",
            metavar="MODULE:FUNCTION",
            help="Function that takes a number of rows and returns the first argument of TARGET.",
        ),
        click.option(
            "--iteration-timeout",
            "iteration_timeout_seconds",
            metavar="DURATION",
            default=iteration_timeout,
            show_default=True,
            callback=seconds,
            help="Longest time that one iteration may take.",
        ),
    )

    def decorate(function: Decorated) -> Decorated:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def read_operation(target: str, *, connection: str | None, dataset: str | None, awaited: bool = False) -> Operation:
    """Return the operation that the command line names, with modules of the current directory in reach.

    Args:
        target: See `core.operation.target.parse_target`.
        connection: SQLAlchemy URL of the database, for a statement.
        dataset: Function that makes datasets, for a function.
        awaited: Whether the function may be a coroutine function.

    Raises:
        DeclarationError: There is no such operation.
    """
    from airflow_provider_dpq.core.operation.python import PythonOperation
    from airflow_provider_dpq.core.operation.target import parse_target

    here = str(Path.cwd())
    if here not in sys.path:  # as `python -m` has it
        sys.path.insert(0, here)
    operation = parse_target(target, connection=connection, awaited=awaited)
    if dataset is None:
        return operation
    if not isinstance(operation, PythonOperation):
        message = f"{operation.subject} takes no dataset."
        raise DeclarationError("unused_argument", message, hint="Use --dataset only with a function.")
    return replace(operation, dataset=dataset)


def gate_name(target: str, operation: Operation) -> str:
    """Return what the gate of a target is called: the target, but for the text of a statement or a command.

    Args:
        target: The target as it is given.
        operation: What it names.
    """
    kind, _, text = target.strip().partition(":")
    if kind in ("sql", "cmd"):  # which may hold a password
        return f"{kind}:{hashlib.sha256(text.strip().encode()).hexdigest()[:12]}"
    return operation.subject


def measure_and_exit(
    prepare: Prepare, *, kind: str, gate: str, form: str, output: Path | None, store_url: str | None
) -> NoReturn:
    """Measure, keep and write the report, and exit as its verdict demands; where a signal cut it short, as that one.

    Args:
        prepare: Returns what is to be measured.
        kind: Kind of the gate.
        gate: Name of the gate.
        form: Form of the report.
        output: File for the report; None for standard output.
        store_url: Where reports are kept; None where they are not.
    """
    from airflow_provider_dpq.core.gate.report import Provenance
    from airflow_provider_dpq.core.operation.isolation import Cancellation
    from airflow_provider_dpq.core.store.start import Start

    cancellation = Cancellation()
    with cancelling(cancellation.cancel) as signals:

        def measure(store: Store | None) -> Report:
            source = Provenance(run_id=f"dpq-{uuid.uuid4()}")
            with begun(store, Start.now(gate, kind, gate, source)):
                return _measured(prepare(store), gate, cancellation, source)

        report = run_gate(measure, kind=kind, form=form, output=output, store_url=store_url)
    if signals:
        raise click.exceptions.Exit(SIGNALLED + signals[0])
    exit_by(report)


def _measured(measurement: Measurement, gate: str, cancellation: Cancellation, source: Provenance) -> Report:
    """Measure, and return the report also where it was cut short, unless nothing at all was measured."""
    from airflow_provider_dpq.core.operation.measurement import conclude

    with progress_on(sys.stderr) as tell:
        concluded = conclude(
            measurement,
            gate=gate,
            provenance=source,
            cancellation=cancellation,
            tell=tell,
        )
    error = concluded.error
    refused = isinstance(error, SourceError) or not isinstance(error, MeasurementError)
    if isinstance(error, Exception) and refused and not concluded.report.metrics:
        raise error
    return concluded.report
