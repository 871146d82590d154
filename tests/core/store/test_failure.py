"""What goes wrong between us and a database is a StoreError that says what to do, and never a password."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, make_url
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.store import AuditEvent, Store, failure, open_store, upgrade_store

SECRET = "hunter2"


def _failure(action: Callable[[], object]) -> StoreError:
    with pytest.raises(StoreError) as caught:
        action()
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "",
        "dpq.db",
        f"postgresql://u:{SECRET}@host:port/db",
        f"nosuchdatabase://u:{SECRET}@host/db",
        f"postgresql+nosuchdriver://u:{SECRET}@host/db",
        f"postgresql+asyncpg://u:{SECRET}@host/db",
        f"postgresql+psycopg2://u:p@{SECRET}@host/db",
        f"sqlite://u:{SECRET}@host/dpq.db",
        "sqlite:///dpq.db?timeout=soon",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?cache=shared&uri=true",
        "sqlite:///file:x?mode=memory&uri=true",
    ],
)
def test_address_that_is_none_of_a_store_is_refused(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be a store is told at once, without a word of the password, also not in the traceback."""
    monkeypatch.chdir(tmp_path)
    for action in (lambda: open_store(url), lambda: upgrade_store(url)):
        error = _failure(action)
        assert error.reason in {"invalid_store_url", "missing_driver"}
        assert SECRET not in "".join(traceback.format_exception(error))
    assert list(tmp_path.iterdir()) == []


def test_missing_driver_is_named() -> None:
    """The package that is needed is in the message."""
    error = _failure(lambda: open_store("oracle+oracledb://u:p@host/db"))
    assert (error.reason, "'oracledb'" in str(error)) == ("missing_driver", True)


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_server_that_does_not_answer_is_named_without_its_password(driver: str) -> None:
    """Host and database are told, the password and options, which may hold one, are not."""
    url = f"postgresql+{driver}://ann:{SECRET}@127.0.0.1:1/quality?application_name={SECRET}"
    error = _failure(lambda: open_store(url))
    assert error.reason == "store_unreachable"
    assert f"postgresql+{driver}://ann:***@127.0.0.1:1/quality cannot be reached" in str(error)
    assert "Connection refused" in str(error)
    assert SECRET not in "".join(traceback.format_exception(error))


def test_password_in_the_text_of_a_driver_is_hidden() -> None:
    """A driver that repeats the password is not repeated, and not chained."""
    url = make_url(f"postgresql://ann:{SECRET}@host/db")
    original = RuntimeError(f'invalid connection string "password={SECRET}"\nand {SECRET} once more')
    error = OperationalError(None, None, original)
    told = failure.store_error(error, url)
    assert '"password=***"' in str(told)
    assert SECRET not in str(told)
    assert failure.cause(error, url) is None
    assert failure.cause(OperationalError(None, None, RuntimeError("no")), url) is not None


def test_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A path below a file is no directory for anybody, not even for root."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "dpq.db", tmp_path / "file" / "more" / "dpq.db"):
        error = _failure(lambda path=path: open_store(f"sqlite:///{path}"))
        assert (error.reason, str(path) in str(error)) == ("store_unreachable", True)


@pytest.mark.parametrize("upgrade", [True, False])
@pytest.mark.parametrize("name", ["{}.db", "{}/dpq.db"])
def test_name_that_is_too_long_is_told(name: str, upgrade: bool, tmp_path: Path) -> None:
    """What the system says of a name is an error of the store."""
    path = tmp_path / name.format("a" * 300)
    assert _failure(lambda: open_store(f"sqlite:///{path}", upgrade=upgrade)).reason == "store_unreachable"


def test_directory_is_no_store(tmp_path: Path) -> None:
    """A directory in the place of the file is told."""
    error = _failure(lambda: open_store(f"sqlite:///{tmp_path}"))
    assert (error.reason, str(tmp_path) in str(error)) == ("store_unreachable", True)


@pytest.mark.parametrize("content", [b"verdict,gate\nfail,flights\n" * 100, b"PAR1" * 1000])
def test_file_that_is_no_database_is_refused_and_untouched(store_path: Path, store_url: str, content: bytes) -> None:
    """Somebody's data are not taken for a store, and are not changed."""
    store_path.write_bytes(content)
    for action in (lambda: open_store(store_url), lambda: open_store(store_url, upgrade=False)):
        error = _failure(action)
        assert (error.reason, "is not a database" in str(error)) == ("not_a_store", True)
    assert store_path.read_bytes() == content
    assert [path.name for path in store_path.parent.iterdir()] == [store_path.name]


def test_damaged_file_is_told(store: Store, store_url: str, store_path: Path, variant: Callable[..., Report]) -> None:
    """A file with a hole in it is an error, never an empty store."""
    for number in range(20):
        store.write(variant(run_id=str(number)))
    content = bytearray(store_path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    store_path.write_bytes(content)
    assert _failure(lambda: open_store(store_url).latest()).reason == "store_corrupt"


def test_store_that_can_only_be_read_is_read(store: Store, store_path: Path, report: Report) -> None:
    """Reading needs no right to write; writing without it is told."""
    store.write(report)
    with open_store(f"sqlite:///file:{store_path}?mode=ro&uri=true") as read_only:
        assert read_only.report(report.id) == report
        error = _failure(lambda: read_only.write(report, replace=True))
    assert (error.reason, "write access" in str(error)) == ("store_unwritable", True)


def test_store_kept_locked_is_told_after_the_wait(store: Store, store_path: Path, report: Report) -> None:
    """A writer waits as long as the address says, then tells that another process holds the store; reading goes on."""
    with closing(sqlite3.connect(store_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with open_store(f"sqlite:///{store_path}?timeout=0.05") as impatient:
            for action in (
                lambda: impatient.write(report),
                lambda: impatient.append_audit(AuditEvent(at=report.started_at, actor="a", event="e")),
                impatient.probe,
            ):
                assert _failure(action).reason == "store_locked"
            assert impatient.latest() == []
        other.execute("ROLLBACK")
    store.write(report)
    assert store.report(report.id) == report


def test_fresh_file_kept_locked_is_told(store_path: Path) -> None:
    """A store that cannot be made because another process uses the file is no reason to wait for ever."""
    with closing(sqlite3.connect(store_path, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (id)")
        other.execute("BEGIN EXCLUSIVE")
        assert _failure(lambda: open_store(f"sqlite:///{store_path}?timeout=0.05")).reason == "store_locked"
        other.execute("ROLLBACK")


def test_store_in_another_mode_is_used_as_it_is_meanwhile(store: Store, store_path: Path, report: Report) -> None:
    """Where a reader keeps the file from being shared the better way, the store is read without, and catches up."""
    store.write(report)
    url = f"sqlite:///{store_path}?timeout=0.05"
    with closing(sqlite3.connect(store_path, isolation_level=None)) as other:
        assert other.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
        other.execute("BEGIN")
        other.execute("SELECT number FROM dpq_report").fetchall()
        with open_store(url) as meanwhile:
            assert meanwhile.report(report.id) == report
        other.execute("COMMIT")
    with open_store(url), closing(sqlite3.connect(store_path)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_database_in_use_becomes_a_store_when_it_is_free(store_path: Path, report: Report) -> None:
    """Somebody who reads a database of theirs keeps it from becoming a store too, until they are done."""
    url = f"sqlite:///{store_path}?timeout=0.05"
    with closing(sqlite3.connect(store_path, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (id)")
        other.execute("BEGIN")
        other.execute("SELECT id FROM t").fetchall()
        assert _failure(lambda: open_store(url)).reason == "store_locked"
        other.execute("COMMIT")
    with open_store(url) as store:
        store.write(report)
    with closing(sqlite3.connect(store_path)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.fixture
def small_database() -> Iterator[None]:
    """Every database opened meanwhile has room for 40 pages more than none."""

    def limit(connection: sqlite3.Connection, _: Any) -> None:
        connection.execute("PRAGMA max_page_count = 60")

    event.listen(Engine, "connect", limit)
    yield
    event.remove(Engine, "connect", limit)


def _fill(store: Store, variant: Callable[..., Report]) -> tuple[list[Report], StoreError]:
    kept: list[Report] = []
    while len(kept) < 5000:
        report = variant(run_id=str(len(kept)), subject="x" * 3000)
        try:
            store.write(report)
        except StoreError as error:
            return kept, error
        kept.append(report)
    pytest.fail("the store never filled up")


@pytest.mark.usefixtures("small_database")
def test_full_database_is_told_and_keeps_what_it_has(store_url: str, variant: Callable[..., Report]) -> None:
    """The report that no longer fits is refused whole, and every earlier one can be read."""
    with open_store(store_url) as store:
        kept, error = _fill(store, variant)
        assert (error.reason, "has no space left" in str(error)) == ("store_full", True)
        assert "xxx" not in "".join(traceback.format_exception(error))  # a log is no place for what was measured
        assert {entry.report_id for entry in store.history(Gate("flights_quality", "flights"), limit=5000)} == {
            report.id for report in kept
        }
        assert [store.report(report.id) for report in kept] == kept


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    mounted = subprocess.run(mount, check=False, capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_full_disk_is_told_and_keeps_what_it_has(full_disk: Path, variant: Callable[..., Report]) -> None:
    """On a real disk without room the same holds, and writing goes on once there is room again."""
    ballast = full_disk / "ballast"
    ballast.write_bytes(b"\0" * 300_000)
    url = f"sqlite:///{full_disk}/dpq.db"
    with open_store(url) as store:
        kept, error = _fill(store, variant)
        assert error.reason == "store_full"
    with open_store(url, upgrade=False) as store:
        assert [store.report(report.id) for report in kept] == kept
        ballast.unlink()
        late = variant(run_id="late")
        store.write(late)
        assert store.report(late.id) == late


class _DriverError(Exception):
    """An error as PostgreSQL's drivers raise it."""

    def __init__(self, state: str) -> None:
        super().__init__("driver's words")
        self.sqlstate = state


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("08006", "store_unreachable"),
        ("28P01", "store_unreachable"),
        ("3D000", "store_unreachable"),
        ("53300", "store_unreachable"),
        ("57P01", "store_unreachable"),
        ("25006", "store_unwritable"),
        ("42501", "store_unwritable"),
        ("53100", "store_full"),
        ("40P01", "store_locked"),
        ("55P03", "store_locked"),
        ("22001", "store_failed"),
        ("53200", "store_failed"),
    ],
)
def test_state_of_a_server_says_what_went_wrong(state: str, reason: str) -> None:
    """PostgreSQL's own code decides, not the wording of a message, which may be translated."""
    error = failure.store_error(OperationalError(None, None, _DriverError(state)), make_url("postgresql://h/d"))
    assert (error.reason, "driver's words" in str(error)) == (reason, True)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OperationalError(None, None, Exception("gone")), "store_unreachable"),
        (ProgrammingError(None, None, Exception("cut off"), connection_invalidated=True), "store_unreachable"),
        (DataError(None, None, Exception("odd")), "store_failed"),
        (DataError(None, None, sqlite3.Error("odd")), "store_failed"),
        (DataError(None, None, Exception("")), "store_failed"),
    ],
)
def test_error_without_a_code_is_judged_by_its_class(error: Exception, reason: str) -> None:
    """Drivers that tell no code are told apart by what kind of error they raise."""
    assert failure.store_error(error, make_url("mysql://h/d")).reason == reason  # type: ignore[arg-type]
