"""Several paths as one table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_provider_dpq.core.errors import DeclarationError, DpqError
from airflow_provider_dpq.core.quality import check

SUITE = [{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files of two rows each, of which two share a row."""
    for name, rows in {"a": "1\n2\n", "b": "3\n4\n", "c": "4\n5\n"}.items():
        (tmp_path / f"{name}.csv").write_text("id\n" + rows, encoding="utf-8")
    return tmp_path


def test_files_of_a_list_are_one_table(folder: Path) -> None:
    """Paths, globs and URLs together, and a file that two of them name is read once."""
    two = check([str(folder / "a.csv"), folder / "b.csv"], SUITE)
    assert (two.row_count, two.success) == (4, True)
    every = check([str(folder / "*.csv"), f"file://{folder}/a.csv"], SUITE)
    assert (every.row_count, every.success) == (6, False)
    assert every.results[0].result["partial_unexpected_list"] == [4, 4]


def test_file_without_a_line_of_names_is_refused(folder: Path) -> None:
    """Its first row would be taken for names, and nobody would look at it."""
    (folder / "d.csv").write_text("6\n7\n", encoding="utf-8")
    with pytest.raises(
        DpqError, match=r"d.csv' has no column in common with .*a.csv'. Its first line is '6'."
    ) as refused:
        check(str(folder / "*.csv"), SUITE)
    assert refused.value.reason == "unreadable_csv"
    (folder / "d.csv").write_text("ID,note\n6,x\n", encoding="utf-8")
    assert check([folder / "a.csv", folder / "d.csv"], SUITE).success


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ([], "unknown_data"),
        ([{"id": 1}], "unknown_data"),
        ([1, 2], "unknown_data"),
        (["a.csv", "none.csv"], "missing_file"),
        (["a.csv", "none*.csv"], "empty_glob"),
    ],
)
def test_list_of_anything_else_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, data: list[Any], reason: str
) -> None:
    """One path that names no file is no smaller table."""
    monkeypatch.chdir(folder)
    with pytest.raises(DpqError) as refused:
        check(data, SUITE)
    assert refused.value.reason == reason


def test_list_keeps_to_the_allowed_root_and_its_files_are_not_written(folder: Path) -> None:
    """What holds of one path holds of each."""
    inside = folder / "in"
    inside.mkdir()
    (inside / "d.csv").write_text("id\n9\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match="outside"):
        check([str(inside / "d.csv"), str(folder / "a.csv")], SUITE, root=inside)
    target = str(folder / "q.parquet")
    with pytest.raises(DeclarationError) as refused:
        check([str(folder / "a.csv"), target], SUITE, quarantine=target)
    assert refused.value.reason == "invalid_quarantine"
