"""Options that several commands share."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.identity import Gate
    from airflow_provider_dpq.core.store import Store

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

FORMATS: Final = ("text", "json", "junit", "html", "pyperf", "hdr")
"""The forms in which a report can be written."""


def store_option(*, required: bool) -> Callable[[Decorated], Decorated]:
    """Add ``--store``, which the environment variable ``DPQ_STORE`` may give instead."""
    return click.option(
        "--store",
        "store_url",
        metavar="URL",
        envvar="DPQ_STORE",
        show_envvar=True,
        required=required,
        help="Report store, as a SQLAlchemy URL such as sqlite:////var/lib/dpq.db.",
    )


def dag_options(function: Decorated) -> Decorated:
    """Add ``--dag`` and ``--outside-airflow``, which tell gates of one name apart; `find_gate` reads them."""
    outside = click.option("--outside-airflow", is_flag=True, help="The gate does not belong to a DAG.")
    return click.option(
        "--dag", "dag_id", metavar="DAG", help="DAG of the gate, if several DAGs have a gate of that name."
    )(outside(function))


def actor_option(explained: str) -> Callable[[Decorated], Decorated]:
    """Add ``--actor``: who does what the audit trail keeps.

    Args:
        explained: What the help says of it, a sentence.
    """
    return click.option("--actor", default=_login, metavar="NAME", help=f"{explained}  [default: the login name]")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:  # a container's user that has no name
        message = "Missing option '--actor': this process's user has no name."
        raise click.UsageError(message) from error


def dag_of(dag_id: str | None, *, outside_airflow: bool) -> str | None:
    """Return the DAG that the command line names, empty for gates outside Airflow; None where it names none.

    Raises:
        UsageError: Both options are given.
    """
    if dag_id and outside_airflow:
        message = "Give either --dag or --outside-airflow, not both."
        raise click.UsageError(message)
    return "" if outside_airflow else dag_id or None


def find_gate(store: Store, name: str, *, dag_id: str | None, outside_airflow: bool) -> Gate:
    """Return the one gate of a name that the command line means.

    Args:
        store: The store to look in.
        name: Name of the gate.
        dag_id: Its DAG, where that is given.
        outside_airflow: Whether it is one that no DAG has.

    Raises:
        DeclarationError: ``ambiguous_gate``: several DAGs have a gate of that name, and neither option is given.
        UsageError: Both options are given.
    """
    from airflow_provider_dpq.core.gate.identity import Gate, the_only

    dag = dag_of(dag_id, outside_airflow=outside_airflow)
    if dag is not None:
        return Gate(dag, name)
    return the_only(
        store.gates(name), name, hint="Give --dag, or --outside-airflow for the gate that does not belong to a DAG."
    )


def format_option(function: Decorated) -> Decorated:
    """Add ``--format``."""
    return click.option(
        "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="Format of the report."
    )(function)
