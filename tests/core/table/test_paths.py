"""Files: the ones that are named and no others, typed as they are, and told apart from what they are not."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError, SourceError
from airflow_provider_dpq.core.quality import SuiteResult, check


def _column(kind: str, column: str = "a", **kwargs: Any) -> list[dict[str, Any]]:
    return [{"type": f"expect_column_{kind}", "kwargs": {"column": column, **kwargs}}]


def _observed(found: SuiteResult) -> Any:
    return found.results[0].result["observed_value"]


def test_name_with_signs_of_a_pattern_is_that_file(tmp_path: Path) -> None:
    """A file whose name looks like a pattern is read itself, not what the pattern matches."""
    (tmp_path / "data[1].csv").write_text("a\n1\n")
    (tmp_path / "data1.csv").write_text("a\n5\n")
    assert _observed(check(tmp_path / "data[1].csv", _column("max_to_be_between"))) == 1
    assert _observed(check(tmp_path / "data*.csv", _column("sum_to_be_between"))) == 6


def test_root_is_not_left_through_a_pattern_or_a_link(tmp_path: Path) -> None:
    """Neither ``..``, a link, nor a directory named like a pattern leads out of the allowed root."""
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n2\n")
    root = tmp_path / "root"
    (root / "[s]").mkdir(parents=True)
    (root / "[s]" / "x.csv").write_text("a\n7\n")
    (root / "s").mkdir()
    (root / "s" / "x.csv").symlink_to(outside)
    inside = check(root / "[s]" / "x.csv", _column("max_to_be_between"), root=root)
    assert _observed(inside) == 7
    for path in (root / "s" / "x.csv", root / ".." / "outside.csv", outside, root / "*" / "x.csv"):
        with pytest.raises(DeclarationError) as caught:
            check(path, _column("max_to_be_between"), root=root)
        assert caught.value.reason == "outside_root"


def test_archives_of_one_name_are_all_read(tmp_path: Path) -> None:
    """Each archive is unpacked apart from the others."""
    for month, values in (("jan", "1\n2\n"), ("feb", "3\n4\n")):
        (tmp_path / month).mkdir()
        with zipfile.ZipFile(tmp_path / month / "data.zip", "w") as archive:
            archive.writestr("data.csv", "a\n" + values)
    assert _observed(check(tmp_path / "*" / "data.zip", _column("sum_to_be_between"))) == 10


def test_directories_add_no_columns(tmp_path: Path) -> None:
    """A directory named ``year=2013`` is a directory."""
    (tmp_path / "year=2013").mkdir()
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "year=2013" / "x.parquet")
    suite = [{"type": "expect_table_columns_to_match_ordered_list", "kwargs": {"column_list": ["a"]}}]
    assert check(tmp_path / "year=2013" / "*.parquet", suite).success


@pytest.fixture
def late(tmp_path: Path) -> Path:
    """A CSV file of 60,000 whole numbers with one word among them, far beyond where types are guessed."""
    path = tmp_path / "late.csv"
    values = ["oops" if row == 50_002 else str(row % 10) for row in range(60_000)]
    path.write_text("a\n" + "\n".join(values) + "\n")
    return path


def test_bad_value_late_in_a_file_is_what_the_check_reports(late: Path) -> None:
    """The scan goes on, the value is unexpected where it is no number, and it is not missing."""
    between, not_null, mean = (
        *check(late, _column("values_to_be_between", min_value=0, max_value=9)).results,
        *check(late, _column("values_to_not_be_null")).results,
        *check(late, _column("mean_to_be_between", min_value=0)).results,
    )
    assert between.result["unexpected_count"] == 1
    assert between.result["partial_unexpected_list"] == ["oops"]
    assert between.result["partial_unexpected_index_list"] == [50_002]
    assert not_null.success
    assert mean.error is not None
    assert (mean.error.reason, mean.verdict) == ("malformed_values", "error")


@pytest.mark.parametrize("types", [{"type_": "int64"}, {"type_list": ["int64"]}])
def test_column_with_a_word_among_numbers_is_of_no_number_type(late: Path, types: dict[str, Any]) -> None:
    """A type is what all values are."""
    kind = "values_to_be_of_type" if "type_" in types else "values_to_be_in_type_list"
    assert not check(late, _column(kind, **types)).success


@pytest.mark.parametrize("text", ["1.5", "1e-3"])
def test_fractions_late_in_a_file_make_the_column_fractional(tmp_path: Path, text: str) -> None:
    """What looked like whole numbers is read again as numbers, and nothing is rounded."""
    path = tmp_path / "late.csv"
    path.write_text("a\n" + "1\n" * 30_000 + f"{text}\n")
    found = check(path, _column("values_to_be_in_set", value_set=[0, 1, 2]))
    assert found.results[0].result["partial_unexpected_list"] == [float(text)]


def test_booleans_of_a_csv_are_booleans(tmp_path: Path) -> None:
    """As pandas reads them: True is a member of [True], and the type is bool."""
    path = tmp_path / "flags.csv"
    path.write_text("a\nTrue\nFalse\n")
    assert check(path, _column("values_to_be_in_set", value_set=[True, False])).success
    assert check(path, _column("values_to_be_of_type", type_="bool")).success


def test_ragged_line_says_what_is_wrong_with_it_without_quoting_it(tmp_path: Path) -> None:
    """The cause is told; the line itself may hold what must not be seen."""
    path = tmp_path / "ragged.csv"
    path.write_text("a,b\n" + "1,2\n" * 30_000 + "secret\n")
    with pytest.raises(SourceError, match="line 30,002: 1 field, not 2") as caught:
        check(path, _column("values_to_not_be_null"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("line", ["3,secret,5", "secret"])
def test_ragged_line_near_the_top_is_no_file_of_one_column(tmp_path: Path, line: str) -> None:
    """Lines of different lengths are not each taken for one field, on which a count of rows would pass."""
    path = tmp_path / "ragged.csv"
    path.write_text(f"a,b\n1,2\n{line}\n6,7\n")
    with pytest.raises(SourceError, match=r"line 3: \d fields?, not 2") as caught:
        check(path, [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}}])
    assert (caught.value.reason, "secret" in str(caught.value)) == ("unreadable_csv", False)


def test_name_with_a_comma_in_quotes_is_one_column(tmp_path: Path) -> None:
    """A quoted comma separates nothing."""
    path = tmp_path / "quoted.csv"
    path.write_text('"a,b"\nx\ny\n')
    assert check(path, _column("values_to_not_be_null", "a,b")).success


def test_memory_that_does_not_suffice_is_an_error_and_not_a_detour(tmp_path: Path) -> None:
    """A limit on memory is kept: nothing is handed to an engine that knows no limit."""
    path = tmp_path / "wide.parquet"
    pd.DataFrame({"a": [f"{number:0200d}" for number in range(200_000)]}).to_parquet(path)
    (result,) = check(path, _column("values_to_be_unique"), memory_limit="12MB", threads=1).results
    assert result.error is not None
    assert (result.error.reason, result.verdict, result.evaluated_by) == ("out_of_memory", "error", "scan")


def test_partition_without_rows_is_an_error() -> None:
    """A partition that is not there was not measured."""
    frame = pd.DataFrame({"a": [1, 2], "flag": [True, False], "day": ["x", "y"]})
    with pytest.raises(MeasurementError) as caught:
        check(frame, _column("values_to_not_be_null"), partition={"day": "z"})
    assert caught.value.reason == "empty_partition"
    assert check(frame, _column("values_to_not_be_null"), partition={"flag": True, "day": ["x", "z"]}).row_count == 1


@pytest.mark.parametrize("partition", [{"a": None}, {"a": 2.5}, {"day": None}, {"day": 1}, {"flag": "perhaps"}])
def test_partition_that_does_not_fit_its_column_is_refused(partition: dict[str, Any]) -> None:
    """A value of another type selects nothing by accident."""
    frame = pd.DataFrame({"a": [1, 2], "flag": [True, False], "day": ["x", "y"]})
    with pytest.raises(DeclarationError) as caught:
        check(frame, _column("values_to_not_be_null"), partition=partition)
    assert caught.value.reason == "invalid_partition"
