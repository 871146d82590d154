"""Parquet: what a file claims of its values decides nothing, and every type of value is read as it is."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer, found, rows

_VALUES = [111111, 222222, 333333, 777777]
_TEXTS = ["aaaaaa", "bbbbbb", "cccccc", "zzzzzz"]


def _footer(content: bytes) -> int:
    return len(content) - 8 - int(struct.unpack("<I", content[-8:-4])[0])


def _lying(path: Path, replaced: Sequence[tuple[bytes, bytes]], **options: Any) -> Path:
    """Write a file whose footer says something else of its values."""
    table = pa.table({"v": pa.array(_VALUES, pa.int64()), "s": _TEXTS})
    pq.write_table(table, path, compression="NONE", use_dictionary=False, **options)
    content = path.read_bytes()
    start = _footer(content)
    footer = content[start:]
    for old, new in replaced:
        assert old in footer
        assert len(old) == len(new)
        footer = footer.replace(old, new)
    path.write_bytes(content[:start] + footer)
    return path


@pytest.fixture(params=[1, 10])
def liar(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file whose statistics cut the greatest values off, in one row group and in several."""
    cut = [(struct.pack("<q", 777777), struct.pack("<q", 333333)), (b"zzzzzz", b"cccccc")]
    return _lying(tmp_path / "a.parquet", cut, row_group_size=request.param)


@pytest.mark.parametrize(
    ("kind", "kwargs", "unexpected"),
    [
        ("column_values_to_be_between", {"column": "v", "max_value": 333333}, [777777]),
        ("column_values_to_not_be_in_set", {"column": "v", "value_set": [777777]}, [777777]),
        ("column_values_to_not_be_in_set", {"column": "s", "value_set": ["zzzzzz"]}, ["zzzzzz"]),
        ("column_values_to_not_match_regex", {"column": "s", "regex": "^z"}, ["zzzzzz"]),
    ],
)
def test_row_beyond_the_statistics_is_found(
    kind: str, kwargs: dict[str, Any], unexpected: list[Any], liar: Path
) -> None:
    """What the footer says of a row group's values leaves no row out."""
    assert found(liar, kind, **kwargs)["partial_unexpected_list"] == unexpected


def test_figures_conditions_partitions_queries_and_references_are_of_the_rows(liar: Path) -> None:
    """The greatest value, a row condition, a partition, a query of the user's and a join all read every row."""
    assert found(liar, "column_max_to_be_between", column="v", max_value=10**6)["observed_value"] == 777777
    assert rows(liar, row_condition="v > 400000") == 1
    assert rows(liar, partition={"v": 777777}) == 1
    query = {"unexpected_rows_query": "SELECT * FROM {batch} WHERE v > 400000"}
    (result,) = check(liar, [{"type": "unexpected_rows_expectation", "kwargs": query}]).results
    assert result.result["observed_value"] == 1
    other = {"x": pd.DataFrame({"k": [111111, 222222, 333333]})}
    kwargs = {"column": "v", "other_table": "x", "other_column": "k"}
    missing = found(liar, "column_values_to_exist_in_other_table", options={"references": other}, **kwargs)
    assert missing["partial_unexpected_list"] == [777777]


def test_nan_that_statistics_leave_out_is_missing(tmp_path: Path) -> None:
    """Writers leave it out of the least and the greatest value."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": [1.0, 2.0, float("nan")], "y": np.array([1, np.nan, 2], "float32")}), path)
    assert found(path, "column_values_to_not_be_null", column="x")["unexpected_count"] == 1
    assert found(path, "column_values_to_not_be_null", column="y")["unexpected_count"] == 1
    assert rows(path, row_condition="x > 1.5") == 1
    assert found(path, "column_max_to_be_between", column="x", max_value=9)["observed_value"] == 2


def test_wrong_count_of_missing_values_hides_none(tmp_path: Path) -> None:
    """A file that claims to have none is looked at all the same."""
    path = tmp_path / "a.parquet"
    table = pa.table({"v": pa.array([None] * 77 + list(range(300)), pa.int64())})
    pq.write_table(table, path, compression="NONE", use_dictionary=False)
    content = path.read_bytes()
    start = _footer(content)
    # zigzag: 77 is written as 154, in two bytes
    assert content[start:].count(b"\x9a\x01") >= 1
    path.write_bytes(content[:start] + content[start:].replace(b"\x9a\x01", b"\x80\x00"))
    assert found(path, "column_values_to_not_be_null", column="v")["unexpected_count"] == 77


def test_file_that_contradicts_itself_about_its_rows_is_refused(tmp_path: Path) -> None:
    """The number of rows is no claim that a check of it may believe."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"v": list(range(300))}), path, row_group_size=150)
    content = path.read_bytes()
    start = _footer(content)
    found_at = content.find(b"\xd8\x04", start)  # 300
    assert found_at > 0
    path.write_bytes(content[:found_at] + b"\xd6\x04" + content[found_at + 2 :])
    with pytest.raises(SourceError, match="contradicts itself") as refused:
        rows(path)
    assert refused.value.reason == "unreadable_parquet"


@pytest.mark.parametrize(
    ("array", "value"),
    [
        (pa.array([2**64 - 1, 1], pa.uint64()), 2**64 - 1),
        (pa.array([-(2**63), 1], pa.int64()), -(2**63)),
        (pa.array([Decimal("1234567.123456789"), Decimal(1)], pa.decimal128(38, 9)), None),
        (pa.array(np.array([1.5, 2.5], "float16")), 1.5),
    ],
    ids=["uint64", "int64", "decimal", "float16"],
)
def test_numbers_are_exact(array: pa.Array, value: Any, tmp_path: Path) -> None:
    """At the ends of their types."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": array}), path)
    expected = array[0].as_py() if value is None else value
    kind = "min" if expected == min(array.to_pylist()) else "max"
    result = answer(path, f"column_{kind}_to_be_between", column="x")
    assert result.error is None
    assert Decimal(str(result.result["observed_value"])) == Decimal(str(expected))


@pytest.mark.parametrize("twelve", [True, False])
def test_nanoseconds_are_told_apart(twelve: bool, tmp_path: Path) -> None:
    """Two moments in one microsecond are two, also in the twelve bytes of old writers."""
    path = tmp_path / "a.parquet"
    moments = pd.to_datetime(["2024-01-01T00:00:00.000000001", "2024-01-01T00:00:00.000000002"])
    table = pa.table({"t": pa.array(moments, pa.timestamp("ns"))})
    pq.write_table(table, path, use_deprecated_int96_timestamps=twelve)
    assert answer(path, "column_values_to_be_unique", column="t").success


def test_day_that_stands_for_never_is_read_as_it_is(tmp_path: Path) -> None:
    """The year 9999 in twelve bytes, beyond what can be said by the nanosecond."""
    path = tmp_path / "a.parquet"
    moments = pa.array([datetime(2024, 1, 1), datetime(9999, 12, 31)], pa.timestamp("us"))  # noqa: DTZ001
    pq.write_table(pa.table({"t": moments}), path, use_deprecated_int96_timestamps=True)
    assert found(path, "column_max_to_be_between", column="t")["observed_value"].startswith("9999-12-31")


@pytest.mark.parametrize(
    "array",
    [
        pa.array([[1, 2], None, []], pa.list_(pa.int32())),
        pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]),
        pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int32())),
        pa.array([time(1, 2, 3), None, time(4)], pa.time64("us")),
        pa.array([b"\x00\xff", None, b""], pa.binary()),
        pa.array([UUID(int=5).bytes, None, UUID(int=6).bytes], pa.binary(16)),
        pa.array([1, None, 2], pa.duration("us")),
        pa.array(["a", None, "b"]).dictionary_encode(),
        pa.nulls(3),
    ],
    ids=["list", "struct", "map", "time", "binary", "fixed", "duration", "dictionary", "nulls"],
)
def test_column_of_any_type_is_counted(array: pa.Array, tmp_path: Path) -> None:
    """Nothing that a writer stores breaks the checks of the others."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": array, "n": [1, 2, 3]}), path)
    assert found(path, "column_values_to_not_be_null", column="x")["unexpected_count"] == array.null_count
    assert found(path, "column_sum_to_be_between", column="n")["observed_value"] == 6


def _files(folder: Path, *arrays: pa.Array) -> str:
    for number, array in enumerate(arrays):
        pq.write_table(pa.table({"first": [number] * len(array), "a": array}), folder / f"{number}.parquet")
    return str(folder / "*.parquet")


_WIDE = Decimal("12345678901234567890.25")


@pytest.mark.parametrize(
    "arrays",
    [
        [pa.array([2**53 + 1]), pa.array([0.5])],
        [pa.array([2**24 + 1]), pa.array([0.5], pa.float32())],
        [pa.array([_WIDE], pa.decimal128(38, 2)), pa.array([0.5])],
        [pa.array([1]), pa.array([_WIDE], pa.decimal128(38, 2)), pa.array([0.5])],
        [pa.array([2**63 - 1]), pa.array([Decimal("0." + "1" * 30)], pa.decimal128(38, 30))],
        [pa.array([1]), pa.array([True])],
        [pa.array([b"x"]), pa.array(["x"])],
        [pa.array([1], pa.timestamp("ns")), pa.array([datetime(2500, 1, 1)], pa.timestamp("us"))],  # noqa: DTZ001
        [pa.array([[2**53 + 1]]), pa.array([[0.5]])],
    ],
)
def test_files_whose_values_would_change_beside_each_other_are_refused(arrays: list[pa.Array], tmp_path: Path) -> None:
    """One type for all files must hold every value of each; the refusal names the column and no value."""
    with pytest.raises(SourceError, match=r"Column 'a' is .* in '.*\.parquet', and .* in others") as refused:
        rows(_files(tmp_path, *arrays))
    assert refused.value.reason == "unreadable_parquet"
    assert "1 value would change" in refused.value.message


@pytest.mark.parametrize(
    ("arrays", "greatest"),
    [
        ([pa.array([2**53]), pa.array([0.5])], 2**53),
        ([pa.array([7], pa.int8()), pa.array([0.5], pa.float32())], 7),
        ([pa.array([Decimal("2.10")], pa.decimal128(5, 2)), pa.array([0.5])], 2.1),
        ([pa.array([2**63 - 1]), pa.array([Decimal("0.5")], pa.decimal128(5, 2))], 2**63 - 1),
        ([pa.array([2**64 - 1], pa.uint64()), pa.array([-1])], 2**64 - 1),
        ([pa.array([1, 2]), pa.array([None, None], pa.null())], 2),
        ([pa.array([None], pa.bool_()), pa.array([3])], 3),
        (
            [pa.array([date(2024, 1, 2)]), pa.array([datetime(2024, 1, 1, 5)], pa.timestamp("us"))],  # noqa: DTZ001
            "2024-01-02T00:00:00",
        ),
    ],
)
def test_values_of_several_types_in_several_files_stay_as_they_are(
    arrays: list[pa.Array], greatest: Any, tmp_path: Path
) -> None:
    """Where one type holds all of them."""
    path = _files(tmp_path, *arrays)
    assert found(path, "column_max_to_be_between", column="a")["observed_value"] == greatest
    assert rows(path) == sum(map(len, arrays))


def test_numbers_beside_texts_are_texts(tmp_path: Path) -> None:
    """As in text files, of which one file alone has numbers."""
    path = _files(tmp_path, pa.array([2**63 - 1]), pa.array(["x"]))
    assert (
        found(path, "column_values_to_be_in_set", column="a", value_set=["x", str(2**63 - 1)])["unexpected_count"] == 0
    )


def test_nested_types_are_not_taken_for_those_of_columns(tmp_path: Path) -> None:
    """A field within a column may have the name of another column."""
    for number, value in enumerate((1, 2.5)):
        table = pa.table({"s": [{"a": value, f"b{number}": [{"a": "x"}]}], "a": [number], "l": [[1]]})
        pq.write_table(table, tmp_path / f"{number}.parquet")
    path = str(tmp_path / "*.parquet")
    assert found(path, "column_values_to_be_in_set", column="a", value_set=[0, 1])["unexpected_count"] == 0


def test_moments_without_a_zone_are_of_utc_whatever_the_zone_of_the_machine(tmp_path: Path) -> None:
    """A file with a zone and one without hold the same instant."""
    moment = datetime(2024, 3, 1, 23, 30)  # noqa: DTZ001
    path = _files(tmp_path, pa.array([moment], pa.timestamp("us", "UTC")), pa.array([moment], pa.timestamp("us")))
    program = (
        "from tests.core.quality.answers import found\n"
        f"print(found({path!r}, 'column_unique_value_count_to_be_between', column='a')['observed_value'])"
    )
    environment = {**os.environ, "TZ": "Asia/Tokyo"}
    told = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "1"
