"""``dpq check``: data against a suite, judged, stored, written."""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn

import click

from airflow_provider_dpq.core.attempt import Attempt, cut_short
from airflow_provider_dpq.core.cli.edge import SIGNALLED, cancelling
from airflow_provider_dpq.core.cli.gate import begun, exit_by, gate_options, run_gate
from airflow_provider_dpq.core.cli.progress import progress_on
from airflow_provider_dpq.core.cli.reading import reading_options
from airflow_provider_dpq.core.errors import MeasurementError, SourceError
from airflow_provider_dpq.core.gate.identity import Gate

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.report import Provenance, Report
    from airflow_provider_dpq.core.gate.threshold import Threshold, ThresholdDeclaration
    from airflow_provider_dpq.core.quality import SuiteResult
    from airflow_provider_dpq.core.store import Store
    from airflow_provider_dpq.core.table.read_options import ReadOptions


def _parameters(_: click.Context, parameter: click.Parameter, pairs: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{pair!r} does not have the form NAME=VALUE.", param=parameter)
        if name in values:
            raise click.BadParameter(f"{name!r} is given twice.", param=parameter)
        values[name] = _json_or_text(text, name)
    return values


def _json_or_text(text: str, name: str) -> Any:
    """Return what a text means as JSON, where it is JSON; a key that stands twice in it is refused."""
    from airflow_provider_dpq.core.quality.document import parse_json

    try:
        json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return text
    return parse_json(text, f"--param {name}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's


@click.command()
@click.argument("data", nargs=-1, required=True)
@click.option(
    "--suite",
    metavar="FILE",
    required=True,
    help="Suite of expectations in JSON or YAML: a path or a URL.",
)
@click.option(
    "--param",
    "suite_parameters",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_parameters,
    help="Parameter of the suite; VALUE is read as JSON if it is valid JSON, else as text. Repeatable.",
)
@click.option(
    "--null", "null_values", metavar="TEXT", multiple=True, help="Text that stands for null in CSV. Repeatable."
)
@reading_options
@click.option(
    "--query-timeout",
    metavar="DURATION",
    help="Longest time that one statement may take, in seconds or as a duration such as 90s.  [default: 1h]",
)
@click.option("--memory-limit", metavar="SIZE", default="2GB", show_default=True, help="Memory that a scan may use.")
@click.option(
    "--partition-by",
    metavar="COLUMN",
    multiple=True,
    help="Column, or key of folders such as day=2024-01-01, by which the table is partitioned: with a store, "
    "only new and changed partitions are scanned. Repeatable.",
)
@click.option(
    "--on-empty",
    type=click.Choice(["pass", "warn", "fail", "expectation"]),
    help="Best possible verdict of a check of rows that finds no rows, unless the check sets its own; 'expectation' "
    "leaves the verdict to the expectation.  [default: warn]",
)
@click.option(
    "--sample-rows",
    metavar="N",
    type=click.IntRange(min=0),
    help="Maximum number of failing rows per check in the report; 0 for none.  [default: 20]",
)
@click.option(
    "--hide",
    "hidden_columns",
    metavar="COLUMN",
    multiple=True,
    help="Column whose values are kept out of the report. Repeatable.",
)
@click.option("--exclude-values", is_flag=True, help="Keep the values of failing rows out of the report.")
@click.option("--quarantine", metavar="FILE", help="Parquet file for the rows that break a check.")
@click.option("--good-rows", metavar="FILE", help="Parquet file for all other rows.")
@gate_options(example="success_percent >= 95", default_gate="the name of the suite, else of its file")
def check(
    *,
    data: tuple[str, ...],
    suite: str,
    gate: str | None,
    thresholds: tuple[ThresholdDeclaration, ...],
    suite_parameters: Mapping[str, Any],
    null_values: tuple[str, ...],
    read_options: ReadOptions,
    query_timeout: str | None,
    memory_limit: str,
    partition_by: tuple[str, ...],
    on_empty: str | None,
    sample_rows: int | None,
    hidden_columns: tuple[str, ...],
    exclude_values: bool,
    quarantine: str | None,
    good_rows: str | None,
    form: str,
    output: Path | None,
    store_url: str | None,
) -> None:
    """Check DATA against a suite of expectations.

    DATA is a CSV, Parquet or JSON Lines file, a quoted glob of such files, or a URL that fsspec supports, such as
    s3://bucket/key. The files of several DATA arguments form one table.

    Exit codes: 0 if the gate passes or only warns, 1 if it fails, 2 if nothing was measured because the request, the
    data or the store is not usable, 3 if measuring failed, and 4 if the data are inconclusive.
    """
    from airflow_provider_dpq.core.gate.report import Provenance
    from airflow_provider_dpq.core.gate.threshold import parse_thresholds
    from airflow_provider_dpq.core.quality import check as check_suite
    from airflow_provider_dpq.core.quality.gate import KIND
    from airflow_provider_dpq.core.quality.suite import load_suite
    from airflow_provider_dpq.core.store.start import Start
    from airflow_provider_dpq.core.table.address import without_secrets

    limits = parse_thresholds(thresholds, KIND)
    declared = load_suite(suite, suite_parameters)

    scan = partial(
        check_suite,
        data[0] if len(data) == 1 else data,
        declared,
        null_values=null_values,
        read_options=read_options,
        query_timeout=query_timeout,
        memory_limit=memory_limit,
        partition_by=partition_by or None,
        sample_rows=sample_rows,
        hidden_columns=hidden_columns,
        exclude_unexpected_values=exclude_values,
        quarantine=quarantine,
        good_rows=good_rows,
        on_empty=on_empty,
    )
    name = gate or declared.name or PurePosixPath(suite).stem
    subject = ", ".join(data)
    attempt = Attempt()
    with cancelling(partial(attempt.cancel, "Ctrl-C or SIGTERM")) as signals:

        def measure(store: Store | None) -> Report:
            history = None if store is None else partial(_history, store, Gate.of(name, None))
            source = Provenance(run_id=f"dpq-{uuid.uuid4()}")
            with begun(store, Start.now(name, KIND, without_secrets(subject), source)):
                remembering = partial(scan, history=history)
                return _measured(remembering, subject, gate=name, thresholds=limits, attempt=attempt, source=source)

        report = run_gate(measure, kind=KIND, form=form, output=output, store_url=store_url)
    if signals:
        raise click.exceptions.Exit(SIGNALLED + signals[0])
    exit_by(report)


def _history(store: Store, gate: Gate, limit: int) -> Sequence[Report]:
    from airflow_provider_dpq.core.quality.gate import KIND

    return store.reports(gate, limit=limit, kind=KIND)


def _measured(
    scan: Callable[..., SuiteResult],
    data: str,
    *,
    gate: str,
    thresholds: Sequence[Threshold],
    attempt: Attempt,
    source: Provenance,
) -> Report:
    """Measure, and return the report, unless nothing was measured for a reason that is no fault of the measurement."""
    from airflow_provider_dpq.core.gate.report import make_report
    from airflow_provider_dpq.core.quality.gate import KIND, judge_suite
    from airflow_provider_dpq.core.table.address import without_secrets

    started_at, start = datetime.now(UTC), time.monotonic()
    with progress_on(sys.stderr) as progress:
        ended = attempt.run(partial(scan, progress=progress))
    try:
        found = ended.found()
    except SourceError:
        raise
    except MeasurementError as error:
        return make_report(
            gate=gate,
            kind=KIND,
            subject=without_secrets(data),
            provenance=source,
            started_at=started_at,
            duration_seconds=time.monotonic() - start,
            error=error,
        )
    if ended.error is not None:
        found = replace(found, error=cut_short(ended.error))
    return judge_suite(found, gate=gate, provenance=source, thresholds=thresholds)
