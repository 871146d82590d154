"""What tells a file from the same one with other content."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_dpq.core.quality.partitions import state_of
from airflow_provider_dpq.core.table.place import Place, Stored

LARGE = 100_000
LATER = 10**18


def _state(path: Path, now: int = 2 * LATER) -> str:
    return state_of([path], None, lambda: now)


def _write(path: Path, content: str, size: int) -> None:
    """Write content of a size, with the time of change that it had before."""
    before = path.stat() if path.exists() else None
    path.write_text(content * size)
    if before is not None:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("size", [1, LARGE])
def test_state_is_the_same_as_long_as_nobody_writes(tmp_path: Path, size: int) -> None:
    """Reading it changes nothing."""
    path = tmp_path / "a.csv"
    _write(path, "a", size)
    before = _state(path)
    path.read_text()
    assert _state(path) == before


def _replace(path: Path) -> None:
    twin = path.with_name("twin")
    twin.write_text("b" * LARGE)
    os.utime(twin, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    twin.replace(path)


@pytest.mark.parametrize("change", [lambda path: _write(path, "b", LARGE), _replace])
def test_other_content_of_the_same_size_and_time_is_seen(tmp_path: Path, change: Callable[[Path], None]) -> None:
    """Written in place, or put there in place of the file."""
    path = tmp_path / "a.csv"
    _write(path, "a", LARGE)
    before = _state(path)
    change(path)
    assert _state(path) != before


def test_small_file_is_told_by_its_content_where_a_disk_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network's file system may make up the numbers and times of files."""
    path = tmp_path / "a.csv"
    path.write_text("a")
    found = path.stat()
    monkeypatch.setattr(Path, "stat", lambda _, **__: found)
    before = _state(path)
    path.write_text("b")
    assert _state(path) != before


def test_large_file_that_was_written_just_now_has_no_lasting_state(tmp_path: Path) -> None:
    """Its next change may fall into the same tick of the disk's clock."""
    path = tmp_path / "a.csv"
    _write(path, "a", LARGE)
    written = path.stat().st_ctime_ns
    assert _state(path, written + 10**9) != _state(path, written + 10**9 + 1)
    assert _state(path, written + 3 * 10**9) == _state(path, written + 9 * 10**9)


@pytest.mark.parametrize(("told", "lasting"), [("etag", True), ("", False)])
def test_file_in_a_store_is_told_by_what_the_store_says(told: str, lasting: bool) -> None:
    """Of a store that says nothing, a file may be another one each time."""
    fs: Any = None
    file = Stored(Place(fs, "bucket/a.csv"), 1, told)
    first, second = (state_of([file], None, lambda now=now: now) for now in (1, 2))
    assert (first == second) is lasting
