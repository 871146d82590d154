"""``dpq report``: the reports in a store, and what a report looks like."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import click

from airflow_provider_dpq.core.cli.delivery import write_report, write_text
from airflow_provider_dpq.core.cli.option import dag_options, find_gate, format_option, store_option
from airflow_provider_dpq.core.errors import StoreError

if TYPE_CHECKING:
    from airflow_provider_dpq.core.store import Entry, NewestRun, Store


@click.group()
def report() -> None:
    """Read the reports in a store."""


@report.command("list")
@click.option("--gate", metavar="NAME", help="List the reports of this gate.  [default: the newest of each gate]")
@click.option("--check", metavar="NAME", help="Show what this check found in each report of --gate.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Most reports listed.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the list."
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
    """List reports, the newest first; without --gate the newest run of each gate, and of that what is worst."""
    from airflow_provider_dpq.core.store import open_store

    if check and not gate:
        message = "--check needs --gate, whose check it is."
        raise click.UsageError(message)
    findings: list[str] = []
    with open_store(store_url, upgrade=False) as store:
        if gate:
            found = find_gate(store, gate, dag_id=dag_id, outside_airflow=outside_airflow)
            entries = [(entry, entry.part) for entry in store.history(found, limit=limit)]
            findings = [_found(store, entry, check) for entry, _ in entries] if check else []
        else:
            runs = sorted(_of_dag(store.latest(), dag_id, outside_airflow=outside_airflow), key=lambda run: -run.number)
            entries = [(run.worst, run.tally or run.worst.part) for run in runs[:limit]]
    if form == "json":
        briefs = [_brief(entry) for entry, _ in entries]
        found_by = [{"found": finding} for finding in findings] or [{}] * len(briefs)
        told = [brief | found for brief, found in zip(briefs, found_by, strict=True)]
        write_text(json.dumps(told, indent=2) + "\n")
    elif entries:
        write_text(_table(entries, findings))
    else:
        click.echo(f"No report of gate {gate!r} in the store." if gate else "No report in the store.", err=True)


def _brief(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON has it."""
    moments = ("started_at", "data_interval_start", "data_interval_end")
    plain = {one.name: getattr(entry, one.name) for one in fields(entry) if one.name not in ("number", "problem")}
    problem = None if entry.problem is None else entry.problem.model_dump(mode="json")
    return plain | {name: plain[name] and plain[name].isoformat() for name in moments} | {"problem": problem}


def _of_dag(runs: Sequence[NewestRun], dag_id: str | None, *, outside_airflow: bool) -> Sequence[NewestRun]:
    if not (dag_id or outside_airflow):
        return runs
    return [run for run in runs if run.gate.dag_id == (dag_id or "")]


def _found(store: Store, entry: Entry, name: str) -> str:
    """Say what a check of a report found; empty where the report cannot be trusted or has no such check."""
    from airflow_provider_dpq.core.render import outcome

    checks = () if entry.problem else store.report(entry.report_id).checks
    return next((f"{check.verdict.value}: {outcome.finding(check)}" for check in checks if check.name == name), "")


def _table(rows: Sequence[tuple[Entry, str]], findings: Sequence[str] = ()) -> str:
    from airflow_provider_dpq.core.render import figure
    from airflow_provider_dpq.core.render.layout import Column, table

    entries = [entry for entry, _ in rows]
    parts = [part for _, part in rows]
    columns = [
        Column("verdict", [entry.verdict.value for entry in entries]),
        Column("gate", [str(entry.identity) for entry in entries], narrowest=12),
        *([Column("part", parts, narrowest=12)] if any(parts) else []),
        Column("started", [figure.moment(entry.started_at) if entry.started_at else "?" for entry in entries]),
        *([Column("found", findings, narrowest=16)] if findings else []),
        Column("took", [figure.duration(entry.duration_seconds) for entry in entries], right=True),
        Column(
            "subject", [entry.problem.message if entry.problem else entry.subject for entry in entries], narrowest=12
        ),
        Column("report", [entry.report_id for entry in entries]),
    ]
    return "\n".join(table(columns, shutil.get_terminal_size((160, 24)).columns)) + "\n"


@report.command("show")
@click.argument("report_id", metavar="ID")
@click.option("--gate", metavar="NAME", help="With latest: the gate whose newest report is written.")
@format_option
@dag_options
@store_option(required=True)
def show_report(
    *, report_id: str, gate: str | None, form: str, dag_id: str | None, outside_airflow: bool, store_url: str
) -> None:
    """Write the report ID, as `dpq report list` names it, or the newest one where ID is latest."""
    from airflow_provider_dpq.core.store import open_store

    if report_id != _LATEST and (gate or dag_id or outside_airflow):
        message = "--gate, --dag and --outside-airflow go with latest, in the place of an ID."
        raise click.UsageError(message)
    with open_store(store_url, upgrade=False) as store:
        if report_id == _LATEST:
            report_id = _latest(store, gate, dag_id, outside_airflow=outside_airflow)
        found = store.report(report_id)
    write_report(found, form)


_LATEST: Final = "latest"


def _latest(store: Store, gate: str | None, dag_id: str | None, *, outside_airflow: bool) -> str:
    """Return the identifier of the newest report, of one gate where it is named.

    Raises:
        StoreError: ``unknown_report``: there is none.
    """
    if gate:
        entries = store.history(find_gate(store, gate, dag_id=dag_id, outside_airflow=outside_airflow), limit=1)
    else:
        runs = _of_dag(store.latest(), dag_id, outside_airflow=outside_airflow)
        entries = [run.worst for run in sorted(runs, key=lambda run: -run.number)[:1]]
    if not entries:
        message = f"The store has no report{f' of gate {gate!r}' if gate else ''}."
        raise StoreError("unknown_report", message, hint="`dpq report list` names those that there are.")
    return entries[0].report_id


@report.command("schema")
def show_schema() -> None:
    """Write the JSON Schema of a report, as docs/reference/report.schema.json has it."""
    from airflow_provider_dpq.core.render.schema import report_schema

    write_text(json.dumps(report_schema(), indent=2) + "\n")
