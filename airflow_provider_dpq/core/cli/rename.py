"""``dpq gate``: what a gate is called, where its DAG or task was renamed."""

from __future__ import annotations

import click

from airflow_provider_dpq.core.cli.delivery import write_text
from airflow_provider_dpq.core.cli.option import actor_option, dag_options, find_gate, store_option


@click.group()
def gate() -> None:
    """Keep the names of gates."""


@gate.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@dag_options
@click.option("--new-dag", metavar="DAG", help="DAG that the gate belongs to from now on.  [default: the one it has]")
@actor_option("Who renames it.")
@store_option(required=True)
def rename(
    *, old: str, new: str, dag_id: str | None, outside_airflow: bool, new_dag: str | None, actor: str, store_url: str
) -> None:
    """Move the history of the gate OLD to the name NEW, where a DAG or a task was renamed.

    Reports and baselines move in one transaction, and the audit trail tells of it. A gate that has a history already is
    refused as NEW.
    """
    from airflow_provider_dpq.core.gate.identity import Gate
    from airflow_provider_dpq.core.store import open_store

    with open_store(store_url, upgrade=False) as store:
        was = find_gate(store, old, dag_id=dag_id, outside_airflow=outside_airflow)
        now = Gate(was.dag_id if new_dag is None else new_dag, new)
        reports, baselines = store.rename_gate(was, now, actor=actor)
    write_text(f"Gate {str(was)!r} is now {str(now)!r}. Moved reports: {reports}, baselines: {baselines}.\n")
