"""``dpq store``: the store of reports itself."""

from __future__ import annotations

import click

from airflow_provider_dpq.core.cli.delivery import write_text
from airflow_provider_dpq.core.cli.option import store_option


@click.group()
def store() -> None:
    """Manage the report store."""


@store.command()
@click.option("--anew", is_flag=True, help="Create what is missing if the file or tables of a store are gone.")
@store_option(required=True)
def upgrade(anew: bool, store_url: str) -> None:
    """Create the store's tables, or upgrade those of an older release."""
    from airflow_provider_dpq.core.store import upgrade_store

    found, version = upgrade_store(store_url, anew=anew)
    was = "already" if found == version else f"now, and was at {found}"
    write_text(f"The store is at schema version {version} {was}.\n")
