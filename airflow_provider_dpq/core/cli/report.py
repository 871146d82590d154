"""``dpq report``: the reports in a store, and what a report looks like."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from airflow_provider_dpq.core.cli.delivery import write_report, write_text
from airflow_provider_dpq.core.cli.option import dag_options, find_gate, format_option, store_option

if TYPE_CHECKING:
    from airflow_provider_dpq.core.store import Entry, NewestRun


@click.group()
def report() -> None:
    """Read the reports in a store."""


@report.command("list")
@click.option("--gate", metavar="NAME", help="List the reports of this gate.  [default: the newest of each gate]")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Most reports listed.")
@dag_options
@store_option(required=True)
def list_reports(gate: str | None, limit: int, dag_id: str | None, outside_airflow: bool, store_url: str) -> None:
    """List reports, the newest first; without --gate the newest run of each gate, and of that what is worst."""
    from airflow_provider_dpq.core.store import open_store

    with open_store(store_url, upgrade=False) as store:
        if gate:
            found = find_gate(store, gate, dag_id=dag_id, outside_airflow=outside_airflow)
            entries = [(entry, entry.part) for entry in store.history(found, limit=limit)]
        else:
            runs = sorted(_of_dag(store.latest(), dag_id, outside_airflow=outside_airflow), key=lambda run: -run.number)
            entries = [(run.worst, run.tally or run.worst.part) for run in runs[:limit]]
    if entries:
        write_text(_table(entries))
    else:
        click.echo(f"No report of gate {gate!r} in the store." if gate else "No report in the store.", err=True)


def _of_dag(runs: Sequence[NewestRun], dag_id: str | None, *, outside_airflow: bool) -> Sequence[NewestRun]:
    if not (dag_id or outside_airflow):
        return runs
    return [run for run in runs if run.gate.dag_id == (dag_id or "")]


def _table(rows: Sequence[tuple[Entry, str]]) -> str:
    from airflow_provider_dpq.core.render import figure
    from airflow_provider_dpq.core.render.layout import Column, table

    entries = [entry for entry, _ in rows]
    parts = [part for _, part in rows]
    columns = [
        Column("verdict", [entry.verdict.value for entry in entries]),
        Column("gate", [str(entry.identity) for entry in entries], narrowest=12),
        *([Column("part", parts, narrowest=12)] if any(parts) else []),
        Column("started", [figure.moment(entry.started_at) if entry.started_at else "?" for entry in entries]),
        Column("took", [figure.duration(entry.duration_seconds) for entry in entries], right=True),
        Column(
            "subject", [entry.problem.message if entry.problem else entry.subject for entry in entries], narrowest=12
        ),
        Column("report", [entry.report_id for entry in entries]),
    ]
    return "\n".join(table(columns, shutil.get_terminal_size((160, 24)).columns)) + "\n"


@report.command("show")
@click.argument("report_id", metavar="ID")
@format_option
@store_option(required=True)
def show_report(report_id: str, form: str, store_url: str) -> None:
    """Write the report ID, as `dpq report list` names it."""
    from airflow_provider_dpq.core.store import open_store

    with open_store(store_url, upgrade=False) as store:
        found = store.report(report_id)
    write_report(found, form)


@report.command("schema")
def show_schema() -> None:
    """Write the JSON Schema of a report, as docs/reference/report.schema.json has it."""
    from airflow_provider_dpq.core.render.schema import report_schema

    write_text(json.dumps(report_schema(), indent=2) + "\n")
