"""Running DAGs of a test through Airflow itself: its metadata database, its task runner, its Execution API."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from airflow_provider_dpq.core.store import Store

LOGICAL_DATE = datetime(2026, 1, 1, tzinfo=UTC)

RunDag: TypeAlias = Callable[..., "DagOutcome"]


@dataclass(frozen=True)
class DagOutcome:
    """What became of one run of a DAG.

    Attributes:
        state: State of the run.
        run_id: Its id.
        states: State of each task instance, by task id, or by task id and map index where it is mapped.
        tries: How often each was tried.
        xcoms: XCom values by task id (or task id and map index) and key.
    """

    state: str
    run_id: str
    states: dict[Any, str | None]
    tries: dict[Any, int]
    xcoms: dict[tuple[Any, str], Any]


@pytest.fixture(scope="session")
def metadata_database() -> None:
    """Airflow's metadata database in the home of this test run."""
    from airflow.utils import db

    db.initdb()


@pytest.fixture
def run_dag(metadata_database: None) -> RunDag:
    """A function that runs a DAG made in a test, as the scheduler would, and returns what became of it."""

    def run(dag: DAG, *, logical_date: datetime | None = LOGICAL_DATE) -> DagOutcome:
        _register(dag)
        at_sigterm = signal.getsignal(signal.SIGTERM)
        try:
            made = dag.test(logical_date=logical_date)
        finally:
            signal.signal(signal.SIGTERM, at_sigterm)  # Airflow leaves its own, which does nothing any more
        return _outcome(dag.dag_id, made.run_id)

    return run


def _register(dag: DAG) -> None:
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
        session.execute(delete(DagRun).where(DagRun.dag_id == dag.dag_id))
    bag = DagBag("/dev/null")
    bag.bag_dag(dag)
    sync_bag_to_db(bag, "dags-folder", None)


def _outcome(dag_id: str, run_id: str) -> DagOutcome:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    def key(row: Any) -> Any:
        return row.task_id if row.map_index < 0 else (row.task_id, row.map_index)

    with create_session() as session:
        of_run = {"dag_id": dag_id, "run_id": run_id}
        state = session.scalars(select(DagRun.state).filter_by(**of_run)).one()
        instances = session.scalars(select(TaskInstance).filter_by(**of_run)).all()
        xcoms = session.scalars(select(XComModel).filter_by(**of_run)).all()
        return DagOutcome(
            state=str(state),
            run_id=run_id,
            states={key(ti): ti.state for ti in instances},
            tries={key(ti): ti.try_number for ti in instances},
            xcoms={(key(xcom), xcom.key): XComModel.deserialize_value(xcom) for xcom in xcoms},
        )


@pytest.fixture
def store_url(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a store of its own for one test, which the configuration names."""
    url = f"sqlite:///{tmp_path / 'reports.db'}"
    monkeypatch.setenv("AIRFLOW__DPQ__STORE_URL", url)
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """That store, open."""
    from airflow_provider_dpq.core.store import open_store

    with open_store(store_url) as opened:
        yield opened
