"""``dpq check``: data against a suite, judged, stored, written."""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import click

from airflow_provider_dpq.core.cli.delivery import prove_writable, save_report, write_report, write_text
from airflow_provider_dpq.core.cli.edge import NOT_MEASURED, VERDICT_EXIT_CODES, stop
from airflow_provider_dpq.core.cli.option import format_option, store_option
from airflow_provider_dpq.core.cli.progress import progress_on
from airflow_provider_dpq.core.errors import MeasurementError, SourceError, StoreError

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.report import Report
    from airflow_provider_dpq.core.gate.threshold import Threshold
    from airflow_provider_dpq.core.quality import SuiteResult


def _parameters(_: click.Context, parameter: click.Parameter, pairs: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{pair!r} is not of the form NAME=VALUE.", param=parameter)
        if name in values:
            raise click.BadParameter(f"{name!r} is given twice.", param=parameter)
        values[name] = _json_or_text(text)
    return values


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        return text


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's


@click.command()
@click.argument("data")
@click.option(
    "--suite",
    metavar="FILE",
    required=True,
    help="Suite of expectations, JSON or YAML; a path or a URL.",
)
@click.option("--gate", metavar="NAME", help="Name of the gate.  [default: the suite's name, else its file's]")
@click.option(
    "--threshold",
    "thresholds",
    metavar="EXPR",
    multiple=True,
    help="Limit on a metric, such as 'success_percent >= 95'; a breach fails the gate. Repeatable.",
)
@click.option(
    "--param",
    "parameters",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_parameters,
    help="Parameter of the suite; the value is JSON where it parses as such, else text. Repeatable.",
)
@click.option("--null", "null_values", metavar="TEXT", multiple=True, help="Text that means null in CSV. Repeatable.")
@click.option("--memory-limit", metavar="SIZE", default="2GB", show_default=True, help="Memory that a scan may use.")
@click.option(
    "--partition-by",
    metavar="COLUMN",
    multiple=True,
    help="Column, or key of folders such as day=2024-01-01, by which the table grows: with a store, only those that "
    "are new or have changed are scanned. Repeatable.",
)
@click.option(
    "--on-empty",
    type=click.Choice(["pass", "warn", "fail", "expectation"]),
    help="What decides where a check that does not say so itself has no rows.  [default: expectation]",
)
@click.option(
    "--sample-rows",
    metavar="N",
    type=click.IntRange(min=0),
    help="Most failing rows of a check in the report; 0 for none.  [default: 20]",
)
@click.option(
    "--hide",
    "hidden_columns",
    metavar="COLUMN",
    multiple=True,
    help="Column whose values stay out of the report. Repeatable.",
)
@click.option("--exclude-values", is_flag=True, help="Keep the values of failing rows out of the report.")
@click.option("--quarantine", metavar="FILE", help="Parquet file for the rows that break a check.")
@click.option("--good-rows", metavar="FILE", help="Parquet file for all other rows.")
@format_option
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="File for the report, written whole at the end.  [default: standard output]",
)
@store_option(required=False)
def check(
    *,
    data: str,
    suite: str,
    gate: str | None,
    thresholds: tuple[str, ...],
    parameters: Mapping[str, Any],
    null_values: tuple[str, ...],
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

    DATA is a file of CSV, Parquet or JSON lines, or a glob of such files in quotes; also the URL of a place that fsspec
    knows, such as s3://bucket/key.

    Exits with 0 where the gate passes or only warns, 1 where it fails, 2 where nothing was measured because the
    request, the data or the store is not usable, 3 where measuring failed, and 4 where the data cannot decide.
    """
    from airflow_provider_dpq.core.gate.threshold import parse_thresholds
    from airflow_provider_dpq.core.quality import check as check_suite
    from airflow_provider_dpq.core.quality.gate import KIND
    from airflow_provider_dpq.core.quality.suite import load_suite

    limits = parse_thresholds(thresholds, KIND)
    declared = load_suite(suite, parameters)
    if output is not None:
        prove_writable(output)

    def scan(progress: Callable[[str], None] | None, history: History | None) -> SuiteResult:
        return check_suite(
            data,
            declared,
            null_values=null_values,
            memory_limit=memory_limit,
            partition_by=partition_by or None,
            sample_rows=sample_rows,
            hidden_columns=hidden_columns,
            exclude_unexpected_values=exclude_values,
            quarantine=quarantine,
            good_rows=good_rows,
            progress=progress,
            on_empty=on_empty,
            history=history,
        )

    report = _measured_and_stored(scan, data, gate or declared.name or PurePosixPath(suite).stem, limits, store_url)
    _deliver(report, form, output, store_url)
    raise click.exceptions.Exit(VERDICT_EXIT_CODES[report.verdict])


History: TypeAlias = Callable[[int], "Sequence[Report]"]
_Scan: TypeAlias = Callable[[Callable[[str], None] | None, History | None], "SuiteResult"]


def _measured_and_stored(
    scan: _Scan, data: str, gate: str, thresholds: Sequence[Threshold], store_url: str | None
) -> Report:
    """Measure with the store already open, and keep the report before anybody sees it."""
    if store_url is None:
        return _measured(lambda progress: scan(progress, None), data, gate, thresholds)
    from airflow_provider_dpq.core.quality.gate import KIND
    from airflow_provider_dpq.core.store import open_store

    with open_store(store_url) as store:

        def history(limit: int) -> Sequence[Report]:
            return store.reports(gate, limit=limit, kind=KIND)

        report = _measured(lambda progress: scan(progress, history), data, gate, thresholds)
        try:
            store.write(report)
        except StoreError as error:
            stop(error, NOT_MEASURED)
    return report


def _measured(
    scan: Callable[[Callable[[str], None] | None], SuiteResult], data: str, gate: str, thresholds: Sequence[Threshold]
) -> Report:
    from airflow_provider_dpq.core.gate.report import Provenance, make_report
    from airflow_provider_dpq.core.quality.gate import KIND, judge_suite
    from airflow_provider_dpq.core.quality.place import without_secrets

    source = Provenance(run_id=f"dpq-{uuid.uuid4()}")
    started_at, start = datetime.now(UTC), time.monotonic()
    try:
        with progress_on(sys.stderr) as progress:
            found = scan(progress)
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
    return judge_suite(found, gate=gate, provenance=source, thresholds=thresholds)


def _deliver(report: Report, form: str, output: Path | None, store_url: str | None) -> None:
    """Write the report and, where that cannot spoil a form that programs read, say where it lies."""
    from airflow_provider_dpq.core.render.outcome import conclusion

    if output is None:
        write_report(report, form)
        for_people = form == "text"
    else:
        save_report(report, form, output)
        for_people = output.is_file()  # a device may be the terminal or the next program
        if for_people:
            write_text(f"{report.verdict.value.upper()}: {conclusion(report)}\nReport {report.id} in {output}\n")
    if for_people and store_url is not None:
        write_text(f"Stored in {_location(store_url)}\n")


def _location(store_url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(store_url).set(query={}).render_as_string(hide_password=True)
