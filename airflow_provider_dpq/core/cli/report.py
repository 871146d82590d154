"""``dpq report``: the reports in a store, and what a report looks like."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from airflow_provider_dpq.core.cli.delivery import write_report, write_text
from airflow_provider_dpq.core.cli.edge import NOT_MEASURED, stop
from airflow_provider_dpq.core.cli.option import dag_of, dag_options, find_gate, format_option, store_option
from airflow_provider_dpq.core.errors import StoreError

if TYPE_CHECKING:
    from airflow_provider_dpq.core.store import Entry, NewestRun, Start, Store


@click.group()
def report() -> None:
    """Read the reports in a store."""


@report.command("list")
@click.option(
    "--gate", metavar="NAME", help="List the reports of this gate.  [default: the newest report of each gate]"
)
@click.option("--check", metavar="NAME", help="Show what this check found in each report of --gate.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Maximum number of reports listed."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of the list.",
)
@dag_options
@store_option(required=True)
def list_reports(
    *,
    gate: str | None,
    check: str | None,
    limit: int,
    form: str,
    dag_id: str | None,
    outside_airflow: bool,
    store_url: str,
) -> None:
    """List reports, newest first; without --gate, the worst report of the newest run of each gate.

    Later starts without a report are listed as measuring or killed.
    """
    from airflow_provider_dpq.core.cli.listing import Row, render
    from airflow_provider_dpq.core.store import open_store

    if check and not gate:
        message = "--check needs --gate, the gate that the check belongs to."
        raise click.UsageError(message)
    with open_store(store_url, upgrade=False) as store:
        runs, starts = _newest(store, gate, dag_id, outside_airflow=outside_airflow)
        if gate and runs:
            entries = store.history(runs[0].gate, limit=limit)
            findings = _findings(store, entries, check) if check else [None] * len(entries)
            reported = list(map(Row.of_entry, entries, findings))
        else:
            reported = [Row.of_run(run) for run in runs]
        meant = "" if reported or starts else _meant(store, gate, dag_id)
    rows = sorted([*map(Row.of_start, starts), *reported], key=lambda row: row.order, reverse=True)[:limit]
    if form == "json":
        write_text(json.dumps([row.brief() for row in rows], indent=2) + "\n")
    elif rows:
        write_text(render(rows))
    else:
        click.echo(f"The store has no reports{_of(gate, dag_id)}. {meant}".rstrip(), err=True)


def _newest(
    store: Store, name: str | None, dag_id: str | None, *, outside_airflow: bool
) -> tuple[list[NewestRun], list[Start]]:
    """Return the newest run of each gate, or of the one that is named, and what has started since without a report."""
    from airflow_provider_dpq.core.store.start import unanswered

    if name:
        gate = find_gate(store, name, dag_id=dag_id, outside_airflow=outside_airflow)
        run, starts = store.newest_run(gate), store.starts(gate)
        runs = [] if run is None else [run]
    else:
        runs, starts = store.latest(), store.starts()
        dag = dag_of(dag_id, outside_airflow=outside_airflow)
        if dag is not None:
            runs = [run for run in runs if run.gate.dag_id == dag]
            starts = [start for start in starts if start.dag_id == dag or start.may_be_of_any_gate]
    return runs, unanswered(starts, runs)


def _findings(store: Store, entries: Sequence[Entry], name: str) -> list[str]:
    """Say what one check found in each report; empty where one cannot be trusted, or lacks it.

    Raises:
        BadParameter: No report has such a check.
    """
    from airflow_provider_dpq.core.render import outcome

    checks = [() if entry.problem else store.report(entry.report_id).checks for entry in entries]
    known = dict.fromkeys(check.name for found in checks for check in found)
    if name not in known:
        named = ", ".join(map(repr, known)) or "none"
        message = f"None of the listed reports has a check {name!r}. Their checks: {named}."
        raise click.BadParameter(message, param_hint="'--check'")
    findings = [{check.name: f"{check.verdict.value}: {outcome.finding(check)}" for check in found} for found in checks]
    return [found.get(name, "") for found in findings]


@report.command("show")
@click.argument("report_id", metavar="ID")
@click.option("--gate", metavar="NAME", help="With latest: the gate whose newest report is shown.")
@format_option
@dag_options
@store_option(required=True)
def show_report(
    *, report_id: str, gate: str | None, form: str, dag_id: str | None, outside_airflow: bool, store_url: str
) -> None:
    """Show the report ID, as listed by `dpq report list`, or the newest report if ID is latest.

    Exits with 3 if a newer measurement of the gate has left no report.
    """
    from airflow_provider_dpq.core.store import open_store

    if report_id != _LATEST and (gate or dag_id or outside_airflow):
        message = "--gate, --dag and --outside-airflow can only be used with latest, not with an ID."
        raise click.UsageError(message)
    newer: list[Start] = []
    with open_store(store_url, upgrade=False) as store:
        if report_id == _LATEST:
            report_id, newer = _latest(store, gate, dag_id, outside_airflow=outside_airflow)
        found = store.report(report_id)
    write_report(found, form)
    if newer:
        stop(f"{_started(max(newer, key=lambda start: start.started_at))} The report shown is older.", NOT_MEASURED)


_LATEST: Final = "latest"


def _latest(store: Store, gate: str | None, dag_id: str | None, *, outside_airflow: bool) -> tuple[str, list[Start]]:
    """Return the identifier of what is worst in the newest run, of one gate where it is named, and what started since.

    Raises:
        StoreError: ``unknown_report``: there is none.
    """
    runs, starts = _newest(store, gate, dag_id, outside_airflow=outside_airflow)
    if not runs:
        begun = f" {_started(starts[0])}" if starts else ""
        message = f"The store has no reports{_of(gate, dag_id)}.{begun}"
        hint = "" if begun else _meant(store, gate, dag_id)
        raise StoreError("unknown_report", message, hint=hint or "Run dpq report list to see the reports.")
    newest = max(runs, key=lambda run: run.number)
    return newest.worst.report_id, [one for one in starts if one.identity == newest.gate or one.after >= newest.number]


def _meant(store: Store, name: str | None, dag_id: str | None) -> str:
    from airflow_provider_dpq.core.gate.identity import Gate, meant

    return meant(Gate.of(name, dag_id), store.gates()) if name else ""


def _of(gate: str | None, dag_id: str | None) -> str:
    from airflow_provider_dpq.core.gate.identity import Gate

    return f" of gate {str(Gate.of(gate, dag_id))!r}" if gate else f" of DAG {dag_id!r}" if dag_id else ""


def _started(start: Start) -> str:
    return f"Gate {str(start.identity)!r}: {start.describe()}."


@report.command("schema")
def show_schema() -> None:
    """Write the JSON Schema of a report, as docs/reference/report.schema.json has it."""
    from airflow_provider_dpq.core.render.schema import report_schema

    write_text(json.dumps(report_schema(), indent=2) + "\n")
