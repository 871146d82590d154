"""A store that was there and is gone or cut is an error, and is never made again unless somebody says so."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.store import open_store, upgrade, upgrade_store


def _reason(action: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as caught:
        action()
    return caught.value.reason


def _delete(path: Path) -> None:
    path.unlink()


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _dropping(*tables: str) -> Callable[[Path], None]:
    def drop(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            for table in tables:
                connection.execute(f"DROP TABLE {table}")

    return drop


def _without_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM dpq_schema")


@pytest.fixture
def kept(store_url: str, report: Report) -> Report:
    """A report in a store that nobody has open."""
    with open_store(store_url) as store:
        store.write(report)
    return report


@pytest.mark.parametrize(
    "lose",
    [
        _delete,
        _empty,
        _without_version,
        *map(_dropping, ["dpq_report", "dpq_audit", "dpq_baseline", "dpq_schema"]),
        _dropping("dpq_schema", "dpq_audit"),
    ],
    ids=["deleted", "empty", "no version", "reports", "audit", "baselines", "schema", "schema and audit"],
)
def test_store_that_is_gone_or_cut_is_not_made_again(
    lose: Callable[[Path], None], store_url: str, store_path: Path, kept: Report
) -> None:
    """Whoever opens it, to read or to write, is told, and what is left stays as it is."""
    lose(store_path)
    before = store_path.read_bytes() if store_path.exists() else None
    for create in (True, False):
        assert _reason(lambda create=create: open_store(store_url, upgrade=create)) == "store_gone"
    with pytest.raises(StoreError, match="Restore it from a backup, or start a new one: dpq store upgrade --anew"):
        open_store(store_url)
    assert (store_path.read_bytes() if store_path.exists() else None) == before


@pytest.mark.parametrize("lose", [_delete, _empty, _dropping("dpq_report")], ids=["deleted", "empty", "reports"])
def test_new_store_is_begun_when_somebody_says_so(
    lose: Callable[[Path], None], store_url: str, store_path: Path, kept: Report
) -> None:
    """To upgrade is not enough, as an installation does that each time; with `anew` there is a store again."""
    lose(store_path)
    assert _reason(lambda: upgrade_store(store_url)) == "store_gone"
    upgrade_store(store_url, anew=True)
    with open_store(store_url) as store:
        assert store.latest() == []
        store.write(kept)
    assert upgrade_store(store_url) == (upgrade.VERSION, upgrade.VERSION)


def test_store_of_a_release_that_left_no_mark_is_marked_when_it_is_opened(
    store_url: str, store_path: Path, kept: Report
) -> None:
    """From the first use of this release on a loss is told."""
    mark = store_path.with_name("dpq.db.made")
    assert "quality-gate reports" in mark.read_text()
    mark.unlink()
    with open_store(store_url, upgrade=False) as store:
        assert store.report(kept.id) == kept
    _delete(store_path)
    assert _reason(lambda: open_store(store_url)) == "store_gone"


def test_first_use_where_the_mark_was_removed_too(store_url: str, store_path: Path, kept: Report) -> None:
    """A directory without either is a first use."""
    _delete(store_path)
    store_path.with_name("dpq.db.made").unlink()
    with open_store(store_url) as store:
        assert store.latest() == []


def test_table_that_goes_while_the_store_is_open_is_told(store_url: str, store_path: Path, kept: Report) -> None:
    """An open store fails too, rather than finding nothing."""
    with open_store(store_url) as store:
        _dropping("dpq_report")(store_path)
        assert _reason(store.latest) == "store_failed"
        assert _reason(lambda: store.write(kept)) == "store_failed"
