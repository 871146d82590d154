"""Object storage in tasks that Airflow really runs, through Airflow's connections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from airflow.sdk import DAG, BaseHook, ObjectStoragePath
from airflow.sdk.io.fs import _register_filesystems

from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.exceptions import GateDeclarationError
from airflow_provider_dpq.operators.quality import DataQualityCheckOperator
from airflow_provider_dpq.operators.run import XCOM_KEY
from tests.airflow_home import DagOutcome, RunDag
from tests.bucket import SECRET, Bucket, BucketFileSystem, open_bucket

UNIQUE = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}


def run_gate(run_dag: RunDag, **arguments: Any) -> DagOutcome:
    """Run one data-quality gate, which is not retried unless it says so."""
    with DAG("checking", schedule=None) as dag:
        DataQualityCheckOperator(task_id="orders", **({"retries": 0} | arguments))
    return run_dag(dag)


def summary_of(outcome: DagOutcome) -> dict[str, Any]:
    """Return the summary in XCom."""
    return dict(outcome.xcoms["orders", XCOM_KEY])


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """An object store on loopback, which Airflow's connection ``lake`` opens."""
    with open_bucket() as bucket:
        yield bucket


@pytest.fixture
def lake(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """The store behind an Airflow connection, as a provider's file system makes it of one."""

    def get_fs(conn_id: str | None, storage_options: dict[str, Any] | None = None) -> BucketFileSystem:
        if conn_id is None:
            return BucketFileSystem(secret="none")
        connection = BaseHook.get_connection(conn_id)
        return BucketFileSystem(port=connection.port, secret=connection.password)

    monkeypatch.setitem(cast("Any", _register_filesystems()), "bucket", get_fs)
    monkeypatch.setattr("airflow.sdk.io.store._STORE_CACHE", {})
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", f"generic://:{SECRET}@127.0.0.1:{bucket.server_port}")
    return bucket


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": "bucket://lake@orders/good.csv"},
        {"path": "bucket://orders/{{ 'good' }}.csv", "conn_id": "lake"},
        {"path": ObjectStoragePath("bucket://lake@orders/{{ 'good' }}.csv")},
        {"path": "bucket://lake@orders/good.csv", "suite": "bucket://lake@suites/unique.json"},
    ],
    ids=["url", "conn_id", "path", "suite"],
)
def test_object_storage_is_read_through_an_airflow_connection(
    run_dag: RunDag, store: Store, lake: Bucket, arguments: dict[str, Any]
) -> None:
    """The connection stands in the URL, in `conn_id` or in the path; the report names neither it nor a secret."""
    lake.objects |= {"orders/good.csv": b"id\n1\n2\n", "suites/unique.json": json.dumps([UNIQUE]).encode()}
    outcome = run_gate(run_dag, **{"suite": [UNIQUE], **arguments})
    assert outcome.states["orders"] == "success"
    assert summary_of(outcome)["subject"] == "bucket://orders/good.csv"


def test_references_in_object_storage_use_their_connection(run_dag: RunDag, store: Store, lake: Bucket) -> None:
    """A reference's URL names its connection as the table's does."""
    lake.objects |= {"orders.csv": b"id\n1\n2\n", "known.csv": b"id\n1\n"}
    known = {"type": "expect_column_values_to_exist_in_other_table", "kwargs": {"column": "id", "other_table": "known"}}
    references = {"known": "bucket://lake@known.csv"}
    outcome = run_gate(run_dag, path="bucket://lake@orders.csv", references=references, suite=[known])
    assert outcome.states["orders"] == "failed"
    assert summary_of(outcome)["failed_checks"][0]["unexpected_count"] == 1


@pytest.mark.parametrize(
    ("reason", "tries", "arguments"),
    [
        ("missing_file", 2, {"path": "bucket://lake@none.csv"}),
        ("access_denied", 2, {"path": "bucket://orders.csv"}),
        ("unknown_connection", 2, {"path": "bucket://nobody@orders.csv"}),
        ("missing_filesystem", 1, {"path": "unknown://lake@orders.csv"}),
        ("missing_filesystem", 1, {"path": "unknown://orders.csv", "conn_id": "lake"}),
    ],
)
@pytest.mark.usefixtures("store", "lake")
def test_object_storage_that_cannot_be_read_is_told(
    run_dag: RunDag, reason: str, tries: int, arguments: dict[str, Any]
) -> None:
    """What may mend itself is tried again; a protocol that nothing installed speaks is not."""
    outcome = run_gate(run_dag, suite=[UNIQUE], retries=1, retry_delay=timedelta(0), **arguments)
    assert outcome.tries["orders"] == tries
    error = summary_of(outcome)["error"]
    assert error["reason"] == reason
    assert SECRET not in str(error)


def test_protocol_without_a_provider_is_opened_by_fsspec(run_dag: RunDag, store: Store, bucket: Bucket) -> None:
    """Without a connection and without a provider's file system, fsspec's own configuration holds."""
    bucket.objects["orders.csv"] = b"id\n1\n"
    assert run_gate(run_dag, path="bucket://orders.csv", suite=[UNIQUE]).states["orders"] == "success"


def test_url_of_a_file_is_that_file(run_dag: RunDag, store: Store, tmp_path: Path) -> None:
    """``file://`` names a file on the worker's disk."""
    orders = tmp_path / "orders.csv"
    orders.write_text("id\n1\n")
    assert run_gate(run_dag, path=f"file://{orders}", suite=[UNIQUE]).states["orders"] == "success"


def test_connection_beside_a_local_path_is_refused() -> None:
    """A connection has nothing to do with a file of the worker, and is refused when the DAG is parsed."""
    with pytest.raises(GateDeclarationError, match="takes no connection"):
        DataQualityCheckOperator(task_id="orders", path="orders.csv", conn_id="lake", suite=[UNIQUE])
