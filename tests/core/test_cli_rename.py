"""The command that renames a gate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.store import open_store


@pytest.fixture
def store_url(tmp_path: Path, report: Report) -> str:
    """The address of a store with gates of one name in two DAGs."""
    url = f"sqlite:///{tmp_path / 'dpq.db'}"
    with open_store(url) as store:
        for number, dag_id in enumerate(("orders", "customers")):
            source = report.provenance.model_copy(update={"dag_id": dag_id})
            store.write(report.model_copy(update={"id": str(number), "provenance": source}))
    return url


@pytest.fixture
def dpq(store_url: str) -> Callable[..., Result]:
    """A function that runs `dpq` on that store."""
    return lambda *arguments: CliRunner(env={"COLUMNS": "200"}).invoke(main, [*arguments, "--store", store_url])


def test_gate_is_renamed(dpq: Callable[..., Result], store_url: str) -> None:
    """It says what was moved and where."""
    result = dpq("gate", "rename", "flights", "flights", "--dag", "orders", "--new-dag", "sales", "--actor", "ann")
    assert (result.exit_code, result.stdout) == (
        0,
        "Gate 'orders > flights' is now 'sales > flights'. Moved reports: 1, baselines: 0.\n",
    )
    with open_store(store_url) as store:
        assert store.gates() == [Gate("customers", "flights"), Gate("sales", "flights")]
        assert store.audit()[0].actor == "ann"


def test_all_gates_of_a_dag_move_to_another(dpq: Callable[..., Result], store_url: str, report: Report) -> None:
    """Each keeps its name; a DAG without gates, and one name alone, are refused."""
    source = report.provenance.model_copy(update={"dag_id": "orders"})
    with open_store(store_url) as store:
        store.write(report.model_copy(update={"id": "x", "gate": "planes", "provenance": source}))
    moved = dpq("gate", "rename", "--dag", "orders", "--new-dag", "sales")
    assert (moved.exit_code, len(moved.stdout.splitlines())) == (0, 2)
    with open_store(store_url) as store:
        assert store.gates() == [Gate("customers", "flights"), Gate("sales", "flights"), Gate("sales", "planes")]
    again = dpq("gate", "rename", "--dag", "orders", "--new-dag", "sales")
    assert (again.exit_code, "DAG 'orders' has no gate" in again.stderr) == (2, True)
    for few in (["flights"], ["--dag", "orders"], ["--new-dag", "sales"]):
        assert "Give OLD and NEW, or --dag and --new-dag" in dpq("gate", "rename", *few).stderr


@pytest.mark.parametrize(
    "command",
    [["gate", "rename", "flights", "new"], ["report", "list", "--gate", "flights"], ["baseline", "list", "flights"]],
)
def test_name_that_two_dags_bear_is_refused(dpq: Callable[..., Result], command: list[str]) -> None:
    """Nothing is guessed: both are named, and the options that tell them apart."""
    result = dpq(*command)
    assert result.exit_code == 2
    assert "2 gates are named 'flights': 'customers > flights', 'orders > flights'." in result.stderr
    assert "--dag" in result.stderr
    assert "--outside-airflow" in result.stderr


def test_dag_tells_gates_apart(dpq: Callable[..., Result]) -> None:
    """Only what is of that DAG is listed, with a gate's name and without."""
    for arguments in (["--gate", "flights"], []):
        lines = dpq("report", "list", *arguments, "--dag", "orders").stdout.splitlines()
        assert len(lines) == 2
        assert "orders > flights" in lines[1]
    assert dpq("report", "list", "--outside-airflow").stderr == "The store has no reports.\n"
    both = ["--dag", "orders", "--outside-airflow"]
    for command in (["list", "--gate", "flights"], ["list"], ["show", "latest"]):
        refused = dpq("report", *command, *both)
        assert (refused.exit_code, "either --dag or --outside-airflow" in refused.stderr) == (2, True)
