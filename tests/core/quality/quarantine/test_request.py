"""Where rows may be written is refused or taken before any data are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality import check

NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "s"}}


@pytest.mark.parametrize(
    ("data", "options", "reason"),
    [
        ("a.parquet", {"quarantine": "bad"}, "invalid_quarantine"),
        ("a.parquet", {"quarantine": "bad.csv"}, "invalid_quarantine"),
        ("a.parquet", {"quarantine": ""}, "invalid_quarantine"),
        ("a.parquet", {"good_rows": 3}, "invalid_quarantine"),
        ("a.parquet", {"quarantine": "memory://bad.csv"}, "invalid_quarantine"),
        ("a.parquet", {"quarantine": "a.parquet"}, "invalid_quarantine"),
        ("/d/a.parquet", {"good_rows": "/d/e/../a.parquet"}, "invalid_quarantine"),
        ("/d/*.parquet", {"quarantine": "/d/bad.parquet"}, "invalid_quarantine"),
        ("/d/**/*.parquet", {"quarantine": "/d/e/f/bad.parquet"}, "invalid_quarantine"),
        ("a.parquet", {"quarantine": "b.parquet", "good_rows": "b.parquet"}, "invalid_quarantine"),
        ("a.parquet", {"quarantine": "nothing-such://b.parquet"}, "missing_filesystem"),
        ("/d/a.parquet", {"root": "/d", "quarantine": "/e/b.parquet"}, "outside_root"),
        ("/d/a.parquet", {"root": "/d", "quarantine": "/d/../e/b.parquet"}, "outside_root"),
        ("/d/a.parquet", {"root": "/d", "quarantine": "memory://b.parquet"}, "outside_root"),
        ("t", {"connection": "sqlite://", "quarantine": "t"}, "invalid_quarantine"),
        ("t", {"connection": "sqlite://", "quarantine": "b", "good_rows": "g.parquet"}, "invalid_quarantine"),
        ("a.parquet", {"quarantine": "b.parquet", "partition_by": "day"}, "invalid_quarantine"),
        ("memory://d/*.parquet", {"quarantine": "memory://d/bad.parquet"}, "invalid_quarantine"),
    ],
)
def test_target_that_cannot_be_meant_is_refused(data: str, options: dict[str, Any], reason: str) -> None:
    """What would overwrite the data, lie outside of the root or be no Parquet file is refused."""
    with pytest.raises(DeclarationError) as refused:
        check(data, [NOT_NULL], **options)
    assert refused.value.reason == reason


def test_folder_beside_a_glob_is_allowed(tmp_path: Path) -> None:
    """A pattern that does not reach into folders does not match a file in one."""
    pd.DataFrame({"s": ["a", None]}).to_parquet(tmp_path / "a.parquet")
    found = check(f"{tmp_path}/*.parquet", [NOT_NULL], quarantine=tmp_path / "bad" / "a.parquet")
    assert found.artifacts[0].rows == 1


class _Carrier:
    """A path that carries its file system, as universal_pathlib's and Airflow's do."""

    def __init__(self, uri: str) -> None:
        self.fs, self.path = fsspec.core.url_to_fs(uri)
        self.protocol = uri.partition("://")[0]
        self._uri = uri

    def __str__(self) -> str:
        return self._uri


@pytest.mark.parametrize("form", [str, _Carrier])
def test_rows_are_put_into_a_file_system_of_fsspec(form: Any) -> None:
    """A URL and a path with a file system are the same place."""
    target = form("memory://bucket/bad.parquet")
    found = check(pd.DataFrame({"s": ["a", None]}), [NOT_NULL], quarantine=target)
    assert found.artifacts[0].uri == "memory:///bucket/bad.parquet"
    with fsspec.open("memory://bucket/bad.parquet") as file:
        assert pq.read_table(file).to_pylist() == [
            {"s": None, "dpq_checks": ["expect_column_values_to_not_be_null(s)"]}
        ]
    fsspec.filesystem("memory").rm("bucket", recursive=True)


def test_file_url_is_a_local_path(tmp_path: Path) -> None:
    """A file on this machine appears whole, also where it is named by a URL."""
    target = tmp_path / "bad.parquet"
    found = check(pd.DataFrame({"s": [None]}, dtype="str"), [NOT_NULL], quarantine=f"file://{target}")
    assert found.artifacts[0].uri == str(target)
    assert target.is_file()


def test_file_system_that_refuses_leaves_the_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a client raises, the checks stand and the gate has an error that is retried."""

    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("the store is full")

    monkeypatch.setattr(fsspec.implementations.memory.MemoryFileSystem, "put_file", refuse)
    found = check(pd.DataFrame({"s": ["a", None]}), [NOT_NULL], quarantine="memory://b.parquet")
    assert found.error is not None
    assert found.error.reason == "quarantine_failed"
    assert "the store is full" in str(found.error)
    assert found.results[0].result["unexpected_count"] == 1


def test_table_of_a_database_is_named_beside_its_connection() -> None:
    """A name that ends as a file is a file; any other is a table."""
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    pd.DataFrame({"s": ["a", None]}).to_sql("t", database, index=False)
    found = check("t", [NOT_NULL], connection=database, quarantine="bad")
    assert (found.artifacts[0].uri, found.artifacts[0].rows) == ("bad", 1)
    database.dispose()
