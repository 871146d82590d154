"""The ``dpq`` command: gates and reports without Airflow.

What a command needs is imported when it runs, so that ``dpq --help`` answers at once.
"""

from __future__ import annotations

import click

from airflow_provider_dpq import __version__
from airflow_provider_dpq.core.cli.baseline import baseline
from airflow_provider_dpq.core.cli.bench import bench
from airflow_provider_dpq.core.cli.check import check
from airflow_provider_dpq.core.cli.contract import contract
from airflow_provider_dpq.core.cli.edge import Edge
from airflow_provider_dpq.core.cli.leak import leak
from airflow_provider_dpq.core.cli.load import load
from airflow_provider_dpq.core.cli.rename import gate
from airflow_provider_dpq.core.cli.report import report
from airflow_provider_dpq.core.cli.store import store


@click.group(
    cls=Edge,
    commands=[baseline, bench, check, contract, gate, leak, load, report, store],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="dpq")
def main() -> None:
    """Quality gates without Airflow: check data, measure code, read reports, keep their store."""


__all__ = ["main"]
