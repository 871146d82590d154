"""``dpq contract``: contracts of tables, and what changes between two versions of one."""

from __future__ import annotations

import click

from airflow_provider_dpq.core.cli.delivery import write_text

BREAKING = 1
"""What `dpq contract diff` exits with where a change breaks readers or data."""


@click.group()
def contract() -> None:
    """Inspect contracts of tables."""


@contract.command()
@click.argument("old")
@click.argument("new")
def diff(old: str, new: str) -> None:
    """List the changes from the contract OLD to the contract NEW.

    OLD and NEW are files; FILE#OBJECT selects one object of a contract with several.

    Exit codes: 0 if no change breaks readers or data, 1 if one does, and 2 if a contract cannot be read or contradicts
    itself.
    """
    from airflow_provider_dpq.core.quality.contract.compatibility import Breaks, changes
    from airflow_provider_dpq.core.quality.contract.read import load_contract

    found = changes(load_contract(old), load_contract(new))
    breaking = [change for change in found if change.breaks is not Breaks.NOBODY]
    for change in [*breaking, *(change for change in found if change not in breaking)]:
        label = "compatible" if change.breaks is Breaks.NOBODY else f"breaks {change.breaks}"
        write_text(f"{label:<14}  {change}\n")
    write_text(f"{len(found)} changes, {len(breaking)} breaking\n")
    raise click.exceptions.Exit(BREAKING if breaking else 0)
