"""References to other tables: each column against its own keys, and never against what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.quality import check


def _exists(column: str, table: str, other: str | None = None) -> dict[str, Any]:
    kwargs = {"column": column, "other_table": table, **({"other_column": other} if other else {})}
    return {"type": "expect_column_values_to_exist_in_other_table", "kwargs": kwargs}


def _unexpected(data: Any, suite: list[dict[str, Any]], **options: Any) -> list[Any]:
    return [result.result.get("unexpected_count") for result in check(data, suite, **options).results]


TRIPS = pd.DataFrame({"origin": ["A", "B", "Z", None], "destination": ["A", "A", "A", "Y"]})
PLACES: Mapping[str, Any] = {"places": pd.DataFrame({"code": ["A", "B", "B", None]})}


@pytest.mark.parametrize("columns", [("origin", "destination"), ("destination", "origin")])
def test_two_columns_are_held_against_the_same_keys_each_on_its_own(columns: tuple[str, str]) -> None:
    """Keys that appear twice multiply no row, missing values are ignored, and no column hides behind another."""
    counts = _unexpected(TRIPS, [_exists(column, "places", "code") for column in columns], references=PLACES)
    assert counts == [1, 1]


def test_two_columns_are_held_against_the_same_keys_in_a_database(tmp_path: Path) -> None:
    """The same in a database, where the other table is one of the same connection."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'trips.db'}", poolclass=sa.NullPool)
    TRIPS.to_sql("trips", engine, index=False)
    PLACES["places"].to_sql("places", engine, index=False)
    suite = [_exists("origin", "places", "code"), _exists("destination", "places", "code")]
    assert _unexpected("trips", suite, connection=engine) == [1, 1]


def test_key_that_cannot_be_read_is_an_error() -> None:
    """Values are never compared with anything but the keys that were asked for."""
    keys = pd.DataFrame({"code": pd.Categorical(["A"]), "n": [1]})
    (result,) = check(TRIPS, [_exists("origin", "places", "code")], references={"places": keys}).results
    assert result.error is not None
    assert (result.error.reason, result.verdict) == ("incomparable", "error")


def test_keys_of_another_kind_are_an_error_of_that_check_alone() -> None:
    """Text is not looked up among numbers, and the other checks stand."""
    suite = [_exists("origin", "places", "n"), {"type": "expect_column_to_exist", "kwargs": {"column": "origin"}}]
    first, second = check(TRIPS, suite, references={"places": pd.DataFrame({"n": [1, 2]})}).results
    assert first.error is not None
    assert first.error.reason == "incomparable"
    assert second.success


@pytest.mark.parametrize(
    ("table", "column", "reason"),
    [("nowhere", "code", "unknown_reference"), ("places", "nothing", "missing_column")],
)
def test_other_table_that_is_not_there_is_an_error(table: str, column: str, reason: str) -> None:
    """A missing table or column is named, and reads as an error."""
    (result,) = check(TRIPS, [_exists("origin", table, column)], references=PLACES).results
    assert result.error is not None
    assert (result.error.reason, result.verdict) == (reason, "error")


def test_columns_named_like_ours_are_columns_like_any_other() -> None:
    """No name in a table collides with the names that the scan gives."""
    frame = pd.DataFrame({"dpq_key": ["A", "Z"], "dpq_position": ["A", "A"], "f0": [1, 2], "key": ["B", "B"]})
    suite = [_exists(name, "places", "code") for name in ("dpq_key", "dpq_position", "key")]
    assert _unexpected(frame, suite, references=PLACES) == [1, 0, 0]
