"""Scratch space: removed by whoever made it, and by the next run where that one was killed."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_dpq.core.table import scratch
from airflow_provider_dpq.core.table.scratch import Scratch, sweep

_HOLD = """
import sys, time
from airflow_provider_dpq.core.table.scratch import Scratch
held = Scratch(sys.argv[1])
(held.path / "spilled").write_bytes(bytes(1000))
print(held.path, flush=True)
{then}
"""


@contextmanager
def _process(folder: Path, then: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    command = [sys.executable, "-c", _HOLD.format(then=then), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_scratch_is_removed_when_it_is_closed(tmp_path: Path) -> None:
    """Whatever is in it goes too, and closing it again is nothing."""
    held = Scratch(tmp_path)
    (held.path / "folder").mkdir()
    (held.path / "folder" / "file").touch()
    held.close()
    held.close()
    assert list(tmp_path.iterdir()) == []


def test_scratch_is_for_its_user_alone(tmp_path: Path) -> None:
    """What is unpacked there is not for others of the machine to read."""
    held = Scratch(tmp_path)
    assert held.path.stat().st_mode & 0o777 == 0o700
    held.close()


@pytest.mark.parametrize("then", ["sys.exit(3)", "raise RuntimeError", "pass"])
def test_scratch_goes_with_the_process_that_does_not_close_it(then: str, tmp_path: Path) -> None:
    """The interpreter's exit removes it."""
    with _process(tmp_path, then) as (process, path):
        process.wait(30)
        assert not path.exists()


def test_scratch_of_a_killed_process_is_removed_by_the_next(tmp_path: Path) -> None:
    """The kernel drops the lock of what it kills."""
    with _process(tmp_path, "time.sleep(60)") as (process, path):
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        assert (path / "spilled").exists()
    held = Scratch(tmp_path)
    assert list(tmp_path.iterdir()) == [held.path]
    held.close()


def test_scratch_of_a_living_process_stays(tmp_path: Path) -> None:
    """Several checks share a machine."""
    with _process(tmp_path, "time.sleep(60)") as (_, path):
        mine = Scratch(tmp_path)
        sweep(tmp_path)
        assert (path / "spilled").exists()
        assert mine.path.exists()
        mine.close()


def test_fork_does_not_remove_what_its_parent_holds(tmp_path: Path) -> None:
    """A child that ends normally leaves its parent's directory alone."""
    then = "import os\nif os.fork() == 0: sys.exit()\nos.wait()\nprint(held.path.exists())"
    with _process(tmp_path, then) as (process, path):
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "True"
        process.wait(30)
        assert not path.exists()


def test_directories_of_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither another program's, nor a link, nor what a host that shares the directory made lately is removed."""
    (tmp_path / "other").mkdir()
    (tmp_path / "dpq-file").touch()
    (tmp_path / "dpq-link").symlink_to(tmp_path / "other")
    (tmp_path / "dpq-0badc0de-abcdef_1").mkdir()
    sweep(tmp_path)
    assert len(list(tmp_path.iterdir())) == 4
    os.utime(tmp_path / "dpq-0badc0de-abcdef_1", (time.time() - 8 * 24 * 3600,) * 2)
    sweep(tmp_path)
    assert not (tmp_path / "dpq-0badc0de-abcdef_1").exists()
    left = Scratch(tmp_path).path
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    foreign = tmp_path / f"{left.name[:-8]}abcdefgh"
    foreign.mkdir()
    sweep(tmp_path)
    assert foreign.exists()


@pytest.mark.parametrize(
    "name", ["dpq-reports", "dpq-0badc0de", "dpq-0badc0de-", "dpq-0badc0de-old-reports", "dpq-reports2-abcdefgh"]
)
def test_old_directories_of_users_stay(name: str, tmp_path: Path) -> None:
    """A folder that a user named as the provider's name begins is theirs, however old it is."""
    (tmp_path / name).mkdir()
    os.utime(tmp_path / name, (time.time() - 30 * 24 * 3600,) * 2)
    sweep(tmp_path)
    assert (tmp_path / name).exists()


def test_names_given_are_names_swept(tmp_path: Path) -> None:
    """What this interpreter's `tempfile` adds to a name is what a sweep looks for."""
    held = Scratch(tmp_path)
    assert scratch._NAME.fullmatch(held.path.name)
    held.close()


def test_directory_taken_before_it_is_locked_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep between making and locking leaves the owner with another directory, not with none."""
    locked, taken = scratch._locked, []

    def lose(lock: int) -> bool | None:
        if not taken:
            (path,) = tmp_path.glob("dpq-*")
            taken.append(path)
            path.rmdir()
        return locked(lock)

    monkeypatch.setattr(scratch, "_locked", lose)
    held = Scratch(tmp_path)
    assert held.path.exists()
    assert held.path != taken[0]
    held.close()


def test_directory_taken_before_it_is_opened_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep of another process may come between making a directory and opening it."""
    make, taken = tempfile.mkdtemp, []

    def make_and_lose(**arguments: Any) -> str:
        path = make(**arguments)
        if not taken:
            taken.append(path)
            Path(path).rmdir()
        return path

    monkeypatch.setattr(tempfile, "mkdtemp", make_and_lose)
    held = Scratch(tmp_path)
    assert str(held.path) != taken[0]
    assert held.path.is_dir()


def test_without_locks_nothing_of_others_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that knows no locks cannot say whose owner is gone."""

    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(fcntl, "flock", refuse)
    first, second = Scratch(tmp_path), Scratch(tmp_path)
    assert first.path.exists()
    assert second.path.exists()
    first.close()
    second.close()
    assert list(tmp_path.iterdir()) == []


def test_sigterm_ends_the_command_and_leaves_nothing(tmp_path: Path) -> None:
    """`dpq check` is stopped in the middle of a file, as a container is, and its temporary files go with it."""
    data, folder = tmp_path / "a.csv", tmp_path / "scratch"
    folder.mkdir()
    data.write_text("a\n" + "".join(f"{number}\n" for number in range(2_000_000)))
    suite = tmp_path / "suite.json"
    suite.write_text('[{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "a"}}]')
    command = [
        sys.executable,
        "-c",
        "from airflow_provider_dpq.core.cli import main; main()",
        "check",
        data,
        "--suite",
        suite,
    ]
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as process:
        while not list(folder.glob("dpq-*/*")) and process.poll() is None:
            time.sleep(0.01)
        process.terminate()
        process.wait(60)
    assert process.returncode == 128 + signal.SIGTERM
    assert list(folder.iterdir()) == []
