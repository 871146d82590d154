"""Files as they lie around: formats, archives, names, missing values, and what is broken about them."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_provider_dpq.core.errors import DeclarationError, SourceError
from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer, found, rows

CSV = "a,b\n1,x\n2,y\n"
Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A function that writes a file and returns its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def _archive(path: Path, members: Sequence[tuple[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


FRAME = pd.DataFrame({"n": [1, 2, 2, 5], "f": [0.5, 1.5, None, 2.5], "s": ["a", "b", None, "ü\n"]})
CHECKS: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n"}},
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "f", "min_value": 1}},
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "s"}},
    {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "s", "regex": "^[a-z]$"}},
    {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["n", "f"]}},
    {"type": "expect_table_columns_to_match_ordered_list", "kwargs": {"column_list": ["n", "f", "s"]}},
]


def _as_parquet(path: Path) -> Path:
    FRAME.to_parquet(path / "data.parquet")
    return path / "data.parquet"


def _as_csv(path: Path, name: str = "data.csv", separator: str = ",") -> Path:
    FRAME.to_csv(path / name, index=False, sep=separator)
    return path / name


def _as_json(path: Path, name: str = "data.jsonl") -> Path:
    FRAME.to_json(path / name, orient="records", lines=True)
    return path / name


def _as_json_array(path: Path) -> Path:
    FRAME.to_json(path / "data.json", orient="records", indent=2)
    return path / "data.json"


def _as_zip(path: Path) -> Path:
    return _archive(path / "data.zip", [("inside/data.csv", _as_csv(path).read_text(encoding="utf-8"))])


@pytest.mark.parametrize(
    "form",
    [
        _as_parquet,
        _as_csv,
        lambda path: _as_csv(path, "data.csv.gz"),
        lambda path: _as_csv(path, "DATA.CSV.GZ"),
        lambda path: _as_csv(path, "data.tsv", "\t"),
        lambda path: _as_csv(path, "data.txt", ";"),
        lambda path: _as_csv(path, "data.v1.2.csv"),
        _as_zip,
        _as_json,
        lambda path: _as_json(path, "data.ndjson.gz"),
        _as_json_array,
    ],
    ids=["parquet", "csv", "csv.gz", "CSV.GZ", "tsv", "txt", "dotted", "zip", "jsonl", "ndjson.gz", "json"],
)
def test_the_same_rows_get_the_same_answers_in_every_format(form: Callable[[Path], Path], tmp_path: Path) -> None:
    """Format and compression do not matter to what a check finds, nor to where it finds it."""
    expected = check(FRAME, CHECKS, result_format="COMPLETE").results
    results = check(form(tmp_path), CHECKS, result_format="COMPLETE").results
    assert [result.result for result in results] == [result.result for result in expected]
    assert {result.evaluated_by for result in results} == {"scan"}


@pytest.mark.parametrize(
    "name",
    [
        "a b.csv",
        "it's.csv",
        'q".csv',
        "größe 中.csv",
        "100%.csv",
        "$x.csv",
        "a;b.csv",
        "a\\b.csv",
        "a\nb.csv",
        ":memory:.csv",
    ],
)
def test_odd_file_name_is_read_as_it_is(name: str, write: Write) -> None:
    """Nothing in a path is syntax to us, to SQL or to DuckDB."""
    assert rows(write(name, CSV)) == 2


@pytest.mark.parametrize(
    ("name", "other"), [("a[1].csv", "a1.csv"), ("a*.csv", "ab.csv"), ("a?.csv", "ac.csv"), ("{a,b}.csv", "a.csv")]
)
def test_file_whose_name_looks_like_a_glob_is_that_file(name: str, other: str, write: Write) -> None:
    """A file that exists is read, and not the ones that its name would match."""
    write(other, CSV + "3,z\n4,z\n")
    path = write(name, CSV)
    assert rows(path) == rows(str(path)) == 2


def test_glob_reads_all_its_files_by_the_names_of_their_columns(write: Write, tmp_path: Path) -> None:
    """Files that lack a column have missing values there, and rows keep the order of the files."""
    write("2013/b.csv", "b,c\ny,2\n")
    write("2013/a.csv", "a,b\n1,x\n")
    pattern = str(tmp_path / "**" / "*.csv")
    observed = found(pattern, "table_columns_to_match_ordered_list", column_list=["a", "b", "c"])
    assert observed["observed_value"] == ["a", "b", "c"]
    assert found(pattern, "column_values_to_not_be_null", column="c")["partial_unexpected_index_list"] == [0]


def test_directories_named_like_partitions_add_no_column(write: Write, tmp_path: Path) -> None:
    """A table has the columns that its files have, wherever they lie."""
    path = write("year=2013/a.csv", CSV)
    FRAME.to_parquet(tmp_path / "year=2013" / "a.parquet")
    assert found(path, "table_columns_to_match_set", column_set=["a", "b"])["observed_value"] == ["a", "b"]
    observed = found(tmp_path / "year=2013" / "a.parquet", "table_columns_to_match_set", column_set=["n", "f", "s"])
    assert observed["observed_value"] == ["f", "n", "s"]


@pytest.mark.parametrize("parquet", [True, False])
def test_widened_type_across_files_keeps_values(parquet: bool, tmp_path: Path) -> None:
    """Whole numbers in one file and fractions in the next are one column of numbers."""
    for name, values in (("1", [1, 2]), ("2", [2.5])):
        frame = pd.DataFrame({"x": values})
        if parquet:
            frame.to_parquet(tmp_path / f"{name}.parquet")
        else:
            frame.to_csv(tmp_path / f"{name}.csv", index=False)
    observed = found(str(tmp_path / "?.*"), "column_sum_to_be_between", column="x", min_value=0)
    assert observed["observed_value"] == 5.5


def test_names_for_missing_values_are_missing_in_every_column(write: Write) -> None:
    """The null strings apply to numbers and texts alike, quoted or not; the empty text is always missing."""
    path = write("a.csv", 'n,s\n1,NA\nNA,"NA"\n,\n4,NAB\n')
    options = {"null_values": ["NA"]}
    assert found(path, "column_values_to_not_be_null", column="n", options=options)["unexpected_count"] == 2
    observed = found(path, "column_values_to_be_null", column="s", options=options)
    assert observed["partial_unexpected_list"] == ["NAB"]
    assert found(path, "column_sum_to_be_between", column="n", options=options)["observed_value"] == 5


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A large CSV whose columns of whole numbers have something else in row 50,002."""
    path = tmp_path_factory.mktemp("late") / "late.csv"
    good = "".join(f"{number},{number % 10},2013-01-01,{number}\n" for number in range(50_001))
    path.write_text(f"n,digit,day,wide\n{good}oops,1.5,2013-02-30,NaN\n7,3,2013-01-02,7\n", encoding="utf-8")
    return path


def test_bad_value_late_in_a_csv_is_what_the_check_reports(late: Path) -> None:
    """A text in a column of numbers does not abort the scan: it is there, and it lies within no bounds."""
    between = found(late, "column_values_to_be_between", column="n", min_value=0)
    assert between["unexpected_count"] == 1
    assert between["partial_unexpected_list"] == ["oops"]
    assert between["partial_unexpected_index_list"] == [50_001]
    assert found(late, "column_values_to_not_be_null", column="n")["unexpected_count"] == 0
    assert found(late, "column_values_to_be_in_set", column="n", value_set=["oops"])["element_count"] == 50_003


@pytest.mark.parametrize("figure", ["mean", "median", "stdev", "sum", "min", "max"])
def test_figure_of_a_column_with_a_bad_value_is_an_error(late: Path, figure: str) -> None:
    """A column that is not all numbers has no mean; the error says how many values are in the way."""
    result = answer(late, f"column_{figure}_to_be_between", column="n", min_value=0)
    assert result.error is not None
    assert result.error.reason == "malformed_values"
    assert f"'n' has 1 value that is no integer, the first in line 50,003 of {str(late)!r}" in result.error.message
    assert "oops" not in str(result.error)


def test_fraction_late_in_a_column_of_whole_numbers_makes_it_a_column_of_fractions(late: Path) -> None:
    """1.5 is neither rounded nor malformed."""
    observed = found(late, "column_max_to_be_between", column="digit", max_value=9)
    assert observed["observed_value"] == 9
    between = found(late, "column_values_to_be_in_set", column="digit", value_set=list(range(10)))
    assert between["partial_unexpected_list"] == [1.5]


def test_nan_late_in_a_column_of_whole_numbers_is_missing(late: Path) -> None:
    """NaN is missing in CSV wherever it stands."""
    assert found(late, "column_values_to_not_be_null", column="wide")["partial_unexpected_index_list"] == [50_001]
    assert found(late, "column_max_to_be_between", column="wide", max_value=1e9)["observed_value"] == 50_000


def test_day_that_does_not_exist_is_unexpected(late: Path) -> None:
    """A text that is no date breaks a check of dates, and shows as it is written."""
    pattern = found(late, "column_values_to_match_regex", column="day", regex="^2013-0[12]-(0|1|2)")
    assert pattern["partial_unexpected_list"] == ["2013-02-30"]
    unique = found(late, "column_unique_value_count_to_be_between", column="day", min_value=1)
    assert unique["observed_value"] == 3


@pytest.mark.parametrize(
    ("suffix", "content"),
    [("csv", "x\n1.5\nNaN\n"), ("csv", "x\n1.5\nnan\n"), ("jsonl", '{"x": 1.5}\n{"x": NaN}\n')],
)
def test_nan_is_missing_in_text_formats(suffix: str, content: str, write: Write) -> None:
    """Floating NaN counts as missing, and leaves the figures alone."""
    path = write(f"a.{suffix}", content)
    assert found(path, "column_values_to_not_be_null", column="x")["unexpected_count"] == 1
    assert found(path, "column_max_to_be_between", column="x", min_value=1)["observed_value"] == 1.5


def test_text_with_line_breaks_and_quotes_is_one_value(write: Write) -> None:
    """A quoted field holds line breaks, separators and doubled quotes."""
    path = write("a.csv", 'a,b\n1,"x\ny"\n2,"p,""q"""\n3,z\n')
    observed = found(path, "column_values_to_be_in_set", column="b", value_set=["z"])
    assert observed["partial_unexpected_list"] == ["x\ny", 'p,"q"']


def test_byte_order_mark_is_no_part_of_a_name(write: Write) -> None:
    """What Excel writes first is not in the first column's name."""
    assert answer(write("a.csv", "\ufeffa,b\n1,2\n"), "column_to_exist", column="a").success


@pytest.mark.parametrize("content", ["a,b\n", "a,b"])
def test_csv_of_a_header_alone_has_columns_and_no_row(content: str, write: Write) -> None:
    """A table without rows is a table: checks of rows hold, and the mean of nothing does not."""
    path = write("a.csv", content)
    assert rows(path) == 0
    assert answer(path, "column_values_to_not_be_null", column="b").success
    assert not answer(path, "column_mean_to_be_between", column="a", min_value=0).success


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.csv.gz", "a.zip"])
@pytest.mark.parametrize("content", ["", "\ufeff", "\n"])
def test_empty_file_is_said_to_be_empty(name: str, content: str, tmp_path: Path) -> None:
    """There is no table in it: neither a row, nor a column with a name that nobody gave it."""
    if name.endswith(".zip"):
        _archive(tmp_path / name, [("a.csv", content)])
    else:
        (tmp_path / name).write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
    with pytest.raises(SourceError, match="is empty") as refused:
        rows(tmp_path / name)
    assert refused.value.reason == "empty_file"


@pytest.mark.parametrize(("ending", "content"), [("csv", CSV), ("jsonl", '{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n')])
@pytest.mark.parametrize("empty", ["0", "z"])
def test_empty_file_among_others_adds_nothing(
    empty: str, ending: str, content: str, write: Write, tmp_path: Path
) -> None:
    """Neither a row nor a column, whether it is read first or last."""
    write(f"{empty}.{ending}", "")
    write(f"a.{ending}", content)
    pattern = str(tmp_path / f"*.{ending}")
    assert rows(pattern) == 2
    observed = found(pattern, "table_columns_to_match_ordered_list", column_list=["a", "b"])
    assert observed["observed_value"] == ["a", "b"]


def test_archives_of_one_name_in_several_directories_are_told_apart(tmp_path: Path) -> None:
    """What one archive holds never overwrites what another held."""
    _archive(tmp_path / "1" / "data.zip", [("data.csv", CSV)])
    _archive(tmp_path / "2" / "data.zip", [("data.csv", CSV + "3,z\n")])
    pattern = str(tmp_path / "?" / "data.zip")
    assert found(pattern, "column_values_to_be_unique", column="a")["element_count"] == 5
    assert found(pattern, "column_max_to_be_between", column="a", max_value=9)["observed_value"] == 3


def test_archive_cannot_write_outside_its_directory(tmp_path: Path) -> None:
    """Members that climb or start at the root are read like any other, and each of them once."""
    members = [
        ("../../evil.csv", CSV),
        ("evil.csv", "a,b\n3,z\n"),
        ("/evil.csv", "a,b\n4,z\n"),
        ("__MACOSX/._evil.csv", "junk"),
    ]
    path = _archive(tmp_path / "in" / "data.zip", members)
    observed = found(path, "column_sum_to_be_between", column="a", min_value=0, options={"temp_directory": tmp_path})
    assert observed["observed_value"] == 10
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["in"]
    assert not Path("/evil.csv").exists()


def _encrypted(path: Path) -> Path:
    """Set the flag of a password on an archive's one member."""
    content = bytearray(_archive(path, [("a.csv", CSV)]).read_bytes())
    content[6] |= 1
    content[content.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(content))
    return path


def _damaged(path: Path) -> Path:
    content = bytearray(_archive(path, [("a.csv", CSV * 50)]).read_bytes())
    content[40:60] = bytes(20)
    path.write_bytes(bytes(content))
    return path


PARQUET = FRAME.to_parquet()
TWINS = BytesIO()
pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([None])], names=["id", "id"]), TWINS)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.parquet", PARQUET[: len(PARQUET) // 2], "unreadable_parquet"),
        ("a.parquet", b"", "unreadable_parquet"),
        ("a.parquet", CSV.encode() * 10, "unreadable_parquet"),
        ("a.parquet.gz", gzip.compress(PARQUET), "unreadable_parquet"),
        ("a.csv", gzip.compress(CSV.encode()), "unreadable_csv"),
        ("a.csv.gz", CSV.encode(), "unreadable_csv"),
        ("a.csv.gz", gzip.compress(CSV.encode() * 1000)[:-40], "unreadable_csv"),
        ("a.csv", "a\ncafé\n".encode("latin-1"), "unreadable_csv"),
        ("a.csv", b"a,b\n" + b"1,2\n" * 30_000 + b"1,2,3\n", "unreadable_csv"),
        ("a.zip", CSV.encode(), "unreadable_csv"),
        ("a.jsonl", b'{"a": 1}\n{"a":\n', "unreadable_json"),
        ("a.csv", b"a,A\n1,2\n", "ambiguous_columns"),
        ("a.csv", b"a,a\n1,2\n", "ambiguous_columns"),
        ("a.csv", b"dpq:row,a\n1,2\n", "reserved_name"),
        ("a.jsonl", b'{"a": 1, "dpq:number:a": 2}\n{"a": "x"}\n', "reserved_name"),
        ("a.parquet", pd.DataFrame({"DPQ:Position": [1]}).to_parquet(), "reserved_name"),
        ("a.jsonl", b'{"a": 1}\n{"A": 2}\n', "ambiguous_columns"),
        ("a.parquet", pd.DataFrame([[1, 2]], columns=["a", "A"]).to_parquet(), "ambiguous_columns"),
        ("a.parquet", TWINS.getvalue(), "ambiguous_columns"),
    ],
)
def test_unreadable_file_is_an_error_that_names_it(name: str, content: bytes, reason: str, write: Write) -> None:
    """What cannot be read as what its name says was not measured, and no part of it passes for the whole."""
    path = write(name, content)
    with pytest.raises(SourceError) as refused:
        rows(path)
    assert refused.value.reason == reason
    assert str(path) in str(refused.value)
    assert "SELECT" not in str(refused.value)


@pytest.mark.parametrize("make", [_encrypted, _damaged])
def test_archive_that_cannot_be_unpacked_is_an_error(make: Callable[[Path], Path], tmp_path: Path) -> None:
    """A password or a damaged member is told as such."""
    with pytest.raises(SourceError, match="cannot be read as a zip archive") as refused:
        rows(make(tmp_path / "a.zip"))
    assert refused.value.reason == "unreadable_csv"


def test_archive_without_a_file_is_an_error(tmp_path: Path) -> None:
    """Nothing to read is not zero rows."""
    with pytest.raises(SourceError, match="contains no table"):
        rows(_archive(tmp_path / "a.zip", [("directory/", "")]))


def test_columns_that_look_renamed_are_read_where_they_are_stored_so(write: Write) -> None:
    """`a` and `A_1` are two names, not one name in two cases."""
    path = write("a.jsonl", '{"a": 1, "A_1": 2}\n')
    assert found(path, "column_max_to_be_between", column="A_1", max_value=9)["observed_value"] == 2


@pytest.mark.parametrize(
    ("path", "reason", "words"),
    [
        ("none.csv", "missing_file", "does not exist"),
        ("", "missing_file", "is a directory"),
        ("none*.csv", "empty_glob", "No file matches"),
        ("**/none.csv", "empty_glob", "No file matches"),
        ("a\0.csv", "missing_file", "does not exist"),
        ("a" * 5000 + ".csv", "missing_file", "does not exist"),
        ("a" * 5000 + "*.csv", "empty_glob", "No file matches"),
    ],
)
def test_path_that_leads_nowhere_is_an_error(path: str, reason: str, words: str, tmp_path: Path) -> None:
    """A missing file and an empty glob are not empty tables."""
    with pytest.raises(SourceError, match=words) as refused:
        rows(f"{tmp_path}/{path}")
    assert refused.value.reason == reason


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.csv.bak", "a.2013"])
def test_unknown_format_is_refused_with_the_known_ones(name: str, write: Write) -> None:
    """A format is known by a file's ending, never guessed from its content."""
    with pytest.raises(DeclarationError, match=r"Known endings: .*\.parquet") as refused:
        rows(write(name, CSV))
    assert refused.value.reason == "unknown_format"


def test_several_formats_are_no_table(write: Write, tmp_path: Path) -> None:
    """A glob that matches more than one format matches too much."""
    write("a.csv", CSV)
    write("b.jsonl", '{"a": 1}\n')
    with pytest.raises(DeclarationError, match="several formats: csv, json"):
        rows(str(tmp_path / "*"))


@pytest.mark.parametrize(
    "path", ["../outside.csv", "inside/../../outside.csv", "link.csv", "linked/outside.csv", "*.csv"]
)
def test_path_outside_the_allowed_root_is_refused(path: str, write: Write, tmp_path: Path) -> None:
    """Neither climbing nor links nor globs lead out of the root."""
    write("outside.csv", CSV)
    write("root/inside/a.csv", CSV)
    (tmp_path / "root" / "link.csv").symlink_to(tmp_path / "outside.csv")
    (tmp_path / "root" / "linked").symlink_to(tmp_path)
    with pytest.raises(DeclarationError, match="outside of the allowed root") as refused:
        rows(f"{tmp_path}/root/{path}", root=tmp_path / "root")
    assert refused.value.reason == "outside_root"


def test_missing_path_outside_the_root_is_refused_before_it_is_looked_for(tmp_path: Path) -> None:
    """Whether a file exists outside of the root is not told."""
    with pytest.raises(DeclarationError, match="outside of the allowed root"):
        rows(tmp_path / "none.csv", root=tmp_path / "root")


def test_path_inside_the_root_is_read_through_links_and_dots(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies below the root may be reached in any way, also where the root itself is a link or relative."""
    write("root/inside/a.csv", CSV)
    (tmp_path / "alias").symlink_to(tmp_path / "root")
    assert rows(tmp_path / "root" / "inside" / ".." / "inside" / "a.csv", root=tmp_path / "alias") == 2
    monkeypatch.chdir(tmp_path)
    assert rows("root/inside/*.csv", root="root") == 2


def test_reference_outside_the_root_is_an_error_of_its_check(write: Write, tmp_path: Path) -> None:
    """The other table of a referential check lies below the root too."""
    other = write("outside.csv", CSV)
    path = write("root/a.csv", CSV)
    kwargs = {"column": "a", "other_table": str(other)}
    result = answer(path, "column_values_to_exist_in_other_table", options={"root": tmp_path / "root"}, **kwargs)
    assert result.error is not None
    assert result.error.reason == "unknown_reference"
    assert "outside of the allowed root" in result.error.message


def test_damaged_file_below_a_root_is_named_among_more_than_ten(tmp_path: Path) -> None:
    """DuckDB knows each by a number, of which one may begin another."""
    pd.DataFrame({"n": [1]}).to_parquet(tmp_path / "p00.parquet")
    whole = (tmp_path / "p00.parquet").read_bytes()
    for number in range(1, 12):
        (tmp_path / f"p{number:02}.parquet").write_bytes(b"PAR1 no footer" if number == 10 else whole)
    with pytest.raises(SourceError) as refused:
        check(tmp_path / "*.parquet", CHECKS, root=tmp_path)
    assert "p10.parquet" in refused.value.message
    assert "p01.parquet" not in refused.value.message
