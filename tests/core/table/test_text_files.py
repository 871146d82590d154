"""Text files of delimited fields: every row of a file is a row of the table, with the texts that stand there."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.rows import read_frame
from airflow_provider_dpq.core.table import text_file
from airflow_provider_dpq.core.table.column import Column
from airflow_provider_dpq.core.table.open import open_table
from airflow_provider_dpq.core.table.read_options import COLUMN_TYPES, parse_read_options
from airflow_provider_dpq.core.table.reading import Reading
from airflow_provider_dpq.core.table.references import References
from airflow_provider_dpq.core.table.scan import Limits


def texts(path: Path | str, **options: Any) -> pd.DataFrame:
    """Read a file as the texts that stand there."""
    references = References({}, Limits(), Reading(None, parse_read_options(options)))
    with open_table(str(path), None, references) as table:
        table.columns = {name: column.as_text() for name, column in table.columns.items()}
        frame = read_frame(table).astype(object)
    return frame.where(frame.notna(), None)


def columns(path: Path | str, **options: Any) -> Mapping[str, Column]:
    """Return the columns of a file."""
    references = References({}, Limits(), Reading(None, parse_read_options(options)))
    with open_table(str(path), None, references) as table:
        return table.columns


def by_pandas(content: bytes, **options: Any) -> pd.DataFrame:
    """Read the same by pandas, which tells no empty text from a missing one."""
    frame = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, **options)
    return frame.astype(object).where(frame != "", None)


def assert_as_pandas(content: bytes, options: Mapping[str, Any] | None = None, **of_pandas: Any) -> None:
    """Assert that a file says what it says to pandas."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(content)
        found = texts(path, **(options or {}))
    expected = by_pandas(content, **of_pandas)
    assert list(found.columns) == list(expected.columns)
    assert found.to_numpy().tolist() == expected.to_numpy().tolist()


def refused(path: Path, content: bytes, **options: Any) -> str:
    """Return why a file is refused."""
    path.write_bytes(content)
    with pytest.raises(SourceError) as error:
        texts(path, **options)
    assert error.value.reason == "unreadable_csv"
    assert not error.value.quotes_data
    return str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        b"ticket,prio\n#1042,1\n1043,2\n",
        b"a,b\n'x',1\n'y, z',2\n".replace(b", z", b" z"),
        b"a,b\n" + b"x,1\n" * 30_000 + b'"q, ""r""",2\n',
        b"a,b\n" + b"x,1\n" * 30_000 + b'"two\nlines",2\n',
        b'a,b\nx"y,1\nx"y"z,2\n',
        b'a,b\n "x" ,1\n',
        b"a,b\n1,2\r\n3,4\n5,6\r7,8",
        b"a,b\r\n1,2\r\n3,4\r\n",
        b"a,b\r1,2\r3,4\r",
        b'a,b\r\n"x\ny",2\r\n"x\r\ny",3\r\n',
        b"a,b\n1,2\n\n3,4\n\n\n",
        b"\n\na,b\n1,2\n",
        b"a\n1\n\n3\n",
        b"a,b\n1,2\n  \n3,4\n",
        b'a\n""\nx\n',
        b"a,b\n1,\n,2\n,\n",
        b"a,b,\n1,2,\n3,4,x\n",
        b",Unnamed: 0,b\n0,1,2\n",
        b",,\n1,2,3\n",
        b"\xef\xbb\xbfa,b\r\n1,2\r\n",
        b"a,b\n" + b"x" * 2_500_000 + b",1\n",
        b'a,b\n"' + b"y\n" * 1_300_000 + b'",1\n',
        b"a,b\n1, 2 \n 3,4\n",
        b'a,b\n\\N,1\n"\\",2\n',
        b'"a,1","b\nc"\nx,y\n',
        b"a,b\n1,2",
        b'a,b\n1,"2"',
        b"a,b\n",
        b"a,b",
        "a,b\n\u2028,\x0b\n\x85,\x1c\n".encode(),
    ],
)
def test_file_says_what_it_says_to_pandas(content: bytes) -> None:
    """The dialect is not guessed: no comments, no quotes but double ones, any line ends, nothing stripped."""
    assert_as_pandas(content)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"a,b\n1,2,3\n4,5,6\n", "line 2: 3 fields, not 2"),
        (b"a,b\n" + b"1,2\n" * 100 + b"1,2,3\n", "line 102: 3 fields, not 2"),
        (b"a,b\n1,2\n3\n", "line 3: 1 field, not 2"),
        (b"a,b\n1,2,\n", "line 2: 3 fields, not 2"),
        (b'a,b\n1,""\n1,2,\n', "line 3: 3 fields, not 2"),
        (b"order_id,amount,note\n" + b"0,0.5,ok,extra\n" * 100, "line 2: 4 fields, not 3"),
        (b'a,b\n"x\ny",1\n1,2,3\n', "line 4: 3 fields, not 2"),
        (b'a,b\n1,2\n"x"y,3\n', "line 3: a quoted field goes on"),
        (b'a,b\n1,2\n"x,3\n4,5\n', "line 3: a quoted field does not end"),
        (b"a,b\n1,2\ncaf\xe9,3\n", "line 3: this is not utf-8"),
        (gzip.compress(b"a,b\n1,2\n"), "begins like a gzip file"),
        (pd.DataFrame({"a": [1.5, 2.25]}).to_parquet(), "begins like a Parquet file"),
        (b"a;b,c\n1;2,3\n4;5,6\n", "can be read with each of the delimiters ',', ';'"),
        ("a,b\n1,2\n".encode("utf-16-le"), "NUL"),
    ],
)
def test_file_with_a_row_of_other_fields_is_refused_with_its_line(content: bytes, where: str, tmp_path: Path) -> None:
    """No row is left out, cut or filled up."""
    assert where in refused(tmp_path / "a.csv", content)


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_delimiter_is_the_one_that_fits_every_row(delimiter: str) -> None:
    """The header names it; where it names several, the rows decide."""
    rows = [["a", "b.c"], ["1", "x:y"], ["2", "z"]]
    assert_as_pandas("\n".join(delimiter.join(row) for row in rows).encode(), sep=delimiter)
    others = [one for one in ",;|\t" if one != delimiter]
    mixed = [["a", f"b{others[0]}c"], ["1", "x"], ["2", f"z{others[1]}"]]
    assert_as_pandas("\n".join(delimiter.join(row) for row in mixed).encode(), sep=delimiter)


def test_one_column_whose_values_have_commas_is_one_column(tmp_path: Path) -> None:
    """A header without a delimiter names one column, and the rows stand as they are."""
    path = tmp_path / "a.csv"
    path.write_text('name\nDoe, John\nRoe, Jane\n"a, b"\n', encoding="utf-8")
    assert texts(path)["name"].to_list() == ["Doe, John", "Roe, Jane", "a, b"]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("a,b\ncafé,€\n".encode("utf-16"), None),
        (b"\xfe\xff" + "a,b\ncafé,€\n".encode("utf-16-be"), None),
        ("a,b\ncafé,€\n".encode("utf-8-sig"), None),
        ("a,b\ncafé,€\n".encode("utf-8-sig"), "utf-8"),
        ("a,b\ncafé,€\n".encode("cp1252"), "cp1252"),
        ("a,b\ncafé,€\n".encode("utf-16-le"), "utf-16-le"),
        ("\ufeffa,b\ncafé,€\n".encode("utf-16-le"), "utf-16-le"),
        ("\ufeffa,b\ncafé,€\n".encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_encoding_is_utf8_or_as_the_mark_or_the_owner_says(
    content: bytes, encoding: str | None, tmp_path: Path
) -> None:
    """Nothing else is guessed."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert texts(path, encoding=encoding).to_numpy().tolist() == [["café", "€"]]


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        ("title\nof it\na,b\n1,2\n", {"skip_rows": 2}, {"a": ["1"], "b": ["2"]}),
        ("# one\na,b\n#2,3\n1,2\n", {"comment": "#"}, {"a": ["1"], "b": ["2"]}),
        ('a,b\n1,"x\n# no comment"\n', {"comment": "#"}, {"a": ["1"], "b": ["x\n# no comment"]}),
        ("1,2\n3,4\n", {"header": False}, {"0": ["1", "3"], "1": ["2", "4"]}),
        ("1,2\n3,4\n", {"header": ["x", "y"]}, {"x": ["1", "3"], "y": ["2", "4"]}),
        ("a,b\n'x,y',2\n", {"quote": "'"}, {"a": ["x,y"], "b": ["2"]}),
        ('a,b\n"x,2\n', {"quote": ""}, {"a": ['"x'], "b": ["2"]}),
        ("a:b\n1:2\n", {"delimiter": ":"}, {"a": ["1"], "b": ["2"]}),
        ("a,b\nNA,-\n", {"null_values": ["NA"]}, {"a": [None], "b": ["-"]}),
    ],
)
def test_declared_options_are_followed(content: str, options: Any, expected: Any, tmp_path: Path) -> None:
    """What the owner says of a file is how it is read."""
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    assert texts(path, **options).to_dict("list") == expected


FIELDS = st.text(alphabet=st.sampled_from("ab ,;\"'\n\r#\\\té€.0-1"), max_size=6)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(FIELDS, min_size=width, max_size=width), max_size=6)),
    st.booleans(),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_written_rows_are_read_as_pandas_reads_them(
    rows: list[list[str]], sparing: bool, line_end: str, ended: bool
) -> None:
    """Whatever the csv module of Python writes is read back as it was written."""
    out = io.StringIO(newline="")
    sparing = sparing and not any("\r" in field for row in rows for field in row)  # it would leave them unquoted
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL if sparing else csv.QUOTE_ALL, lineterminator=line_end)
    width = len(rows[0]) if rows else 2
    writer.writerow([f"c{number}" for number in range(width)])
    writer.writerows(rows)
    content = out.getvalue()
    assert_as_pandas((content if ended else content.removesuffix(line_end)).encode())


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=st.sampled_from('ab,"\n \t'), max_size=30))
def test_any_text_is_read_as_pandas_reads_it_or_refused(body: str) -> None:
    """A file that is read has what pandas finds in it; what pandas fills up or joins is refused."""
    content = ("c0,c1\n" + body).encode()
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.csv")
        path.write_bytes(content)
        try:
            found = texts(path)
        except SourceError:
            return
    expected = by_pandas(content, index_col=False)
    assert found.to_numpy().tolist() == expected.to_numpy().tolist()


PAGE = Path(__file__).parents[3] / "docs" / "reference" / "text-files.md"
PUBLISHED = re.findall(r"^\| `([^`]+)` \| (\w+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
KINDS = {"text": "string", "timestamptz": "timestamp with time zone"}


def test_grammar_is_published() -> None:
    """The page names texts of every type."""
    assert {type_ for _, type_ in PUBLISHED} == set(COLUMN_TYPES)


@pytest.mark.parametrize("late", [False, True])
def test_published_grammar_decides_the_types_of_columns(tmp_path: Path, late: bool) -> None:
    """Each text of the page makes a column of the type that stands beside it, alone or after many numbers and days."""
    path = tmp_path / "a.csv"
    above = {"date": "2024-01-01", "timestamp": "2024-01-01 10:00:00", "timestamptz": "2024-01-01T10:00:00Z"}
    texts_above = [
        above.get(type_, "1" if type_ in ("integer", "float", "decimal", "text") else "") for _, type_ in PUBLISHED
    ]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([f"c{number}" for number in range(len(PUBLISHED))])
        writer.writerows([texts_above] * (2_100 if late else 0))
        writer.writerow([text for text, _ in PUBLISHED])
    found = {text: column.kind.value for (text, _), column in zip(PUBLISHED, columns(path).values(), strict=True)}
    assert found == {text: KINDS.get(type_, type_) for text, type_ in PUBLISHED}


@pytest.mark.parametrize(
    "content",
    ["a,b\n1,x\n2,y\n", 'a,b\n1,"x,y"\n2,""\n', "a;b\n1;x\n2;y\n", "a\tb\n1\tx\n"],
    ids=["plain", "quoted", "semicolons", "tabs"],
)
def test_usual_files_are_read_by_duckdb_alone(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Record by record takes five times as long, with the same rows."""

    def read(*_: Any) -> None:
        message = "The file was read record by record."
        raise AssertionError(message)

    monkeypatch.setattr(text_file, "read_records", read)
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode())
    assert check(path, [{"type": "expect_column_to_exist", "kwargs": {"column": "a"}}]).success
