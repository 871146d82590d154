"""Files that hold values are their owner's alone, unless somebody said otherwise."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.permission import FILE_MODE, file_mode, folder_mode
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.store import open_store

SUITE: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "a", "value_set": ["x"]}}
]


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _data(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    path.write_text("a\nx\ny\n")
    return path


def test_store_is_its_owners(tmp_path: Path) -> None:
    """A new store, what SQLite writes beside it, and the folders made for it, are nobody else's."""
    path = tmp_path / "made" / "here" / "dpq.db"
    with open_store(f"sqlite:///{path}"):
        modes = {entry.name: _mode(entry) for entry in path.parent.iterdir() if entry.suffix != ".made"}
    assert set(modes.values()) == {0o600}
    assert [_mode(path.parent), _mode(path.parent.parent)] == [0o700, 0o700]


def test_store_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    """Whoever opened a store to others did so on purpose."""
    path = tmp_path / "dpq.db"
    open_store(f"sqlite:///{path}").close()
    path.chmod(0o660)
    open_store(f"sqlite:///{path}").close()
    assert _mode(path) == 0o660


@pytest.mark.parametrize("kind", ["file", "frame", "database"])
def test_rows_set_apart_are_their_owners(kind: str, tmp_path: Path) -> None:
    """Quarantined rows are data; a file that they replace keeps its mode."""
    data: Any = _data(tmp_path) if kind == "file" else pd.DataFrame({"a": ["x", "y"]})
    options: dict[str, Any] = {}
    if kind == "database":
        options["connection"] = sa.create_engine(f"sqlite:///{tmp_path / 'data.db'}")
        data.to_sql("t", options["connection"], index=False)
        data = "t"
    quarantine, good = tmp_path / "bad" / "rows.parquet", tmp_path / "good.parquet"
    good.touch()
    good.chmod(0o640)
    result = check(data, SUITE, quarantine=quarantine, good_rows=good, **options)
    assert result.error is None
    assert [_mode(quarantine), _mode(quarantine.parent), _mode(good)] == [0o600, 0o700, 0o640]


@pytest.mark.parametrize(("form", "mode"), [("text", 0o600), ("json", 0o600), ("html", 0o600), ("junit", 0o644)])
def test_saved_report_is_its_owners_where_it_holds_values(form: str, mode: int, tmp_path: Path) -> None:
    """What programs of other users read holds no values, and follows the umask; what is there keeps its mode."""
    suite = tmp_path / "suite.yaml"
    suite.write_text("- type: expect_column_values_to_be_in_set\n  kwargs: {column: a, value_set: [x]}\n")
    output = tmp_path / "report"
    arguments = ["check", str(_data(tmp_path)), "--suite", str(suite), "--format", form, "--output", str(output)]
    assert CliRunner().invoke(main, arguments).exit_code == 1
    assert _mode(output) == mode
    output.chmod(0o604)
    CliRunner().invoke(main, arguments)
    assert _mode(output) == 0o604


def test_mode_of_new_files_can_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The umask is not asked; whoever may read a file may look into its folder."""
    monkeypatch.setenv(FILE_MODE, "640")
    assert (file_mode(), folder_mode()) == (0o640, 0o750)
    path = tmp_path / "made" / "dpq.db"
    os.umask(0o077)
    open_store(f"sqlite:///{path}").close()
    assert _mode(path) == 0o640


@pytest.mark.parametrize("text", ["abc", "044", "1777", "0", "400"])
def test_mode_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mode that nobody can have meant is told."""
    monkeypatch.setenv(FILE_MODE, text)
    with pytest.raises(DeclarationError) as refused:
        file_mode()
    assert refused.value.reason == "invalid_option"
