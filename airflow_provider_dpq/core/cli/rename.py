"""``dpq gate``: what a gate is called, where its DAG or task was renamed."""

from __future__ import annotations

from typing import Final

import click

from airflow_provider_dpq.core.cli.delivery import write_text
from airflow_provider_dpq.core.cli.option import actor_option, dag_options, find_gate, store_option
from airflow_provider_dpq.core.errors import StoreError

_NAMES: Final = "Run dpq report list to see the gates."


@click.group()
def gate() -> None:
    """Manage the names of gates."""


@gate.command()
@click.argument("old", metavar="[OLD", required=False)
@click.argument("new", metavar="NEW]", required=False)
@dag_options
@click.option("--new-dag", metavar="DAG", help="New DAG of the gate.  [default: its present DAG]")
@actor_option("Person who renames it.")
@store_option(required=True)
def rename(
    *,
    old: str | None,
    new: str | None,
    dag_id: str | None,
    outside_airflow: bool,
    new_dag: str | None,
    actor: str,
    store_url: str,
) -> None:
    """Move the history of the gate OLD to the name NEW after a DAG or task was renamed.

    Without names, all gates of --dag move to --new-dag and keep their names. Reports and baselines move in one
    transaction, which the audit trail records. NEW must not have a history yet.
    """
    from airflow_provider_dpq.core.gate.identity import Gate
    from airflow_provider_dpq.core.store import open_store

    if not new and (old or not dag_id or new_dag is None):
        message = "Give OLD and NEW, or --dag and --new-dag without names to move all gates of a DAG."
        raise click.UsageError(message)
    with open_store(store_url, upgrade=False) as store:
        if old and new:
            gates = [find_gate(store, old, dag_id=dag_id, outside_airflow=outside_airflow)]
        else:
            gates = [one for one in store.gates() if one.dag_id == dag_id]
        renamed = {gate: Gate(gate.dag_id if new_dag is None else new_dag, new or gate.name) for gate in gates}
        moved = store.rename_gates(renamed, actor=actor)
    if not moved:
        raise StoreError("unknown_gate", f"DAG {dag_id!r} has no gates in the store.", hint=_NAMES, quotes_data=False)
    for was, left in moved.items():
        write_text(f"Gate {str(was)!r} is now {str(renamed[was])!r}. {left}\n")
