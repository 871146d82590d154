"""``dpq baseline``: accepting a change of speed, and what was accepted before."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from airflow_provider_dpq.core.cli.delivery import write_text
from airflow_provider_dpq.core.cli.option import actor_option, dag_options, find_gate, store_option

if TYPE_CHECKING:
    from airflow_provider_dpq.core.store import Baseline


@click.group()
def baseline() -> None:
    """Accept a change in what a gate is compared with."""


@baseline.command()
@click.argument("report_id", metavar="REPORT_ID")
@click.option(
    "--reason", required=True, metavar="TEXT", help="Reason; stored with the baseline and in the audit trail."
)
@actor_option("Person who accepts it.")
@store_option(required=True)
def accept(report_id: str, reason: str, actor: str, store_url: str) -> None:
    """Restart the history of a gate at the report REPORT_ID, as shown by `dpq report list`."""
    from airflow_provider_dpq.core.store import open_store

    with open_store(store_url, upgrade=False) as store:
        accepted = store.accept_baseline(report_id, actor=actor, reason=reason)
    write_text(f"Gate {str(accepted.identity)!r} is now judged against reports from {accepted.report_id} on.\n")


@baseline.command("list")
@click.argument("gate", metavar="GATE")
@dag_options
@store_option(required=True)
def list_baselines(gate: str, dag_id: str | None, outside_airflow: bool, store_url: str) -> None:
    """List the accepted baselines of GATE, newest first."""
    from airflow_provider_dpq.core.store import open_store

    with open_store(store_url, upgrade=False) as store:
        found = find_gate(store, gate, dag_id=dag_id, outside_airflow=outside_airflow)
        accepted, gates = store.baselines(found), store.gates()
    if accepted:
        write_text(_table(accepted[::-1]))
    else:
        from airflow_provider_dpq.core.gate.identity import meant

        near = "" if found in gates else meant(found, gates)
        click.echo(f"The store has no baseline of gate {str(found)!r}. {near}".rstrip(), err=True)


def _table(accepted: Sequence[Baseline]) -> str:
    from airflow_provider_dpq.core.render import figure
    from airflow_provider_dpq.core.render.layout import Column, table

    columns = [
        Column("accepted", [figure.moment(item.accepted_at) for item in accepted]),
        Column("by", [item.actor for item in accepted], narrowest=8),
        Column("measured", [figure.moment(item.started_at) for item in accepted]),
        Column("reason", [item.reason for item in accepted], narrowest=12),
        Column("report", [item.report_id for item in accepted]),
    ]
    return "\n".join(table(columns, shutil.get_terminal_size((160, 24)).columns)) + "\n"
