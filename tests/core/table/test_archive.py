"""Archives: every bit that is not as it was packed is an error, or changes nothing; and what they hold is bounded."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from airflow_provider_dpq.core.errors import DeclarationError, DpqError, SourceError
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.table import scan as scanning
from airflow_provider_dpq.core.table.archive import unpacked
from airflow_provider_dpq.core.table.disk import PlainFile
from airflow_provider_dpq.core.table.files import format_of
from airflow_provider_dpq.core.table.scan import Limits, Scan
from tests.core.quality.answers import found, rows

CSV = b"a,b\n1,x\n2,y\n3,z\n"
_CHOSEN = random.Random(5)


@pytest.fixture
def scan() -> Iterator[Scan]:
    """A scan that unpacks."""
    opened = Scan(Limits())
    yield opened
    opened.close()


ROWS = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 0}}


def _zip(members: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as packed:
        for name, text in members:
            packed.writestr(name, text)
    return content.getvalue()


def _content(scan: Scan, path: Path) -> list[bytes]:
    return [file.path.read_bytes() for file in unpacked(scan, PlainFile(str(path), path), "csv", format_of)]


@pytest.mark.parametrize(
    ("name", "packed", "expected"),
    [
        ("a.csv.gz", gzip.compress(CSV), [CSV]),
        ("a.csv.gz", gzip.compress(CSV[:8]) + gzip.compress(CSV[8:]), [CSV]),
        ("a.zip", _zip([("a.csv", CSV)]), [CSV]),
        ("a.zip", _zip([("a.csv", CSV), ("b.csv", CSV)], zipfile.ZIP_STORED), [CSV, CSV]),
        ("a.zip", _zip([("a.csv", CSV)], zipfile.ZIP_LZMA), [CSV]),
        ("a.zip", _zip([("a.csv", CSV)], zipfile.ZIP_BZIP2), [CSV]),
    ],
    ids=["gzip", "members", "deflated", "stored", "lzma", "bzip2"],
)
def test_each_flipped_bit_is_an_error_or_changes_nothing(
    name: str, packed: bytes, expected: list[bytes], scan: Scan, tmp_path: Path
) -> None:
    """No damage of one bit, anywhere in the archive, becomes other rows."""
    path = tmp_path / name
    refused = 0
    for bit in range(len(packed) * 8):
        damaged = bytearray(packed)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            assert _content(scan, path) == expected, f"bit {bit}"
        except SourceError:
            refused += 1
    assert refused > len(packed) * 8 / 4


@pytest.mark.parametrize(
    ("name", "packed"), [("a.csv.gz", gzip.compress(CSV * 9)), ("a.zip", _zip([("a.csv", CSV * 9)]))], ids=["gz", "zip"]
)
def test_archive_that_is_cut_or_goes_on_is_an_error(name: str, packed: bytes, scan: Scan, tmp_path: Path) -> None:
    """At every length."""
    path = tmp_path / name
    for content in [*(packed[:end] for end in range(len(packed))), packed[:-8] + b"1,2,3\n"]:
        path.write_bytes(content)
        with pytest.raises(SourceError) as refused:
            _content(scan, path)
        assert refused.value.reason == "unreadable_csv"


@pytest.mark.parametrize("place", [12, 13, 14, 15, 16, 17, 18, 19])
def test_directory_that_lies_nowhere_is_an_error(place: int, tmp_path: Path) -> None:
    """A zip says at its end how long its directory is and where it begins: what is wrong there is told as such."""
    packed = bytearray(_zip([("a.csv", CSV), ("README.txt", b"hello")]))
    packed[packed.rindex(b"PK\x05\x06") + place] ^= 0x40
    path = tmp_path / "a.zip"
    path.write_bytes(packed)
    with pytest.raises(SourceError) as refused:
        check(path, [ROWS])
    assert refused.value.reason == "unreadable_csv"


def test_something_after_a_gzip_file_is_an_error_unless_it_is_padding(scan: Scan, tmp_path: Path) -> None:
    """Tapes fill up with zeros; anything else was to be read."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(CSV) + bytes(3000))
    assert _content(scan, path) == [CSV]
    path.write_bytes(gzip.compress(CSV) + b"4,w\n")
    with pytest.raises(SourceError, match="gzip file"):
        _content(scan, path)


def test_large_gzip_file_is_unpacked_whole(scan: Scan, tmp_path: Path) -> None:
    """In pieces that end where they end, member after member."""
    content = _CHOSEN.randbytes(3_000_000) + bytes(5_000_000)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(content, 1) + gzip.compress(b"") + gzip.compress(content[::-1], 9))
    assert _content(scan, path) == [content + content[::-1]]


@pytest.mark.parametrize(
    ("members", "read", "left"),
    [
        ([("README.txt", b"hello\nworld\n"), ("a.csv", CSV)], 3, "README.txt"),
        ([("a.csv", CSV), ("__MACOSX/._a.csv", b"\0\5"), (".DS_Store", b"x"), ("_SUCCESS", b"")], 3, "_SUCCESS"),
        ([("a.csv", CSV), ("notes.md", b"# a"), ("inside/", b"")], 3, "notes.md"),
        ([("README.txt", b"a"), ("data.txt", CSV)], 3, "README.txt"),
        ([("data.txt", CSV)], 3, None),
        ([("export", CSV)], 3, None),
        ([("1.csv", CSV), ("2.csv", b"")], 3, None),
        ([("1.csv", CSV), ("2.csv", b"b,c\nv,7\n")], 4, None),
        ([("a.csv.gz", gzip.compress(CSV))], 3, None),
    ],
)
def test_only_what_is_a_table_is_read_of_an_archive(
    members: list[tuple[str, bytes]], read: int, left: str | None, tmp_path: Path
) -> None:
    """What lies beside it is left out and named, and adds neither a row nor a column."""
    path = tmp_path / "a.zip"
    path.write_bytes(_zip(members))
    assert rows(path) == read
    observed = found(path, "table_columns_to_match_set", column_set=["a", "b"], exact_match=False)["observed_value"]
    assert set(observed) <= {"a", "b", "c"}
    told: list[str] = []
    checked = check(path, [ROWS], progress=told.append).checked
    assert checked is not None
    assert left is None or f"{left!r}" in str(checked.reading["left_out"])
    assert left is None or any(words.startswith("left out: ") and f"{left!r}" in words for words in told)


@pytest.mark.parametrize(
    ("members", "reason", "words"),
    [
        ([("README.txt", b"hello")], "no_table", "contains no table. It contains 'README.txt'"),
        ([("a.pdf", b"x"), ("b.png", b"y")], "no_table", "'a.pdf', 'b.png'"),
        ([("a.xml", b"<a/>\n")], "no_table", "contains no table. It contains 'a.xml'"),
        ([("a.csv", CSV), ("b.zip", _zip([("c.csv", CSV)]))], "unreadable_csv", "archives in archives"),
        ([("b.tar", b"x")], "unreadable_csv", "archives in archives"),
        ([("a.csv", CSV), ("b.jsonl", b'{"a": 1}\n')], "unknown_format", "several formats: csv, json"),
        ([("a.csv.gz", gzip.compress(CSV)[:-9])], "unreadable_csv", "a.csv.gz"),
    ],
)
def test_archive_without_one_table_is_refused(
    members: list[tuple[str, bytes]], reason: str, words: str, tmp_path: Path
) -> None:
    """With the names of what is there."""
    path = tmp_path / "a.zip"
    path.write_bytes(_zip(members))
    with pytest.raises((SourceError, DeclarationError), match=words) as refused:
        rows(path)
    assert refused.value.reason == reason


def test_name_of_an_archive_says_which_of_its_members_are_read(tmp_path: Path) -> None:
    """`a.csv.zip` is a CSV file; what else is packed with it is not."""
    path = tmp_path / "a.csv.zip"
    path.write_bytes(_zip([("a.csv", CSV), ("schema.json", b'{"a": 1}')]))
    assert rows(path) == 3


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    """Programs differ in which of the two they read."""
    path = tmp_path / "a.zip"
    path.write_bytes(_zip([("a.csv", CSV), ("a.csv", CSV + b"4,w\n")]))
    with pytest.raises(SourceError, match="several members named"):
        rows(path)


@pytest.mark.parametrize("name", ["a.csv.zst", "a.csv.bz2", "a.csv.xz", "a.tar", "a.csv.tgz", "a.7z"])
def test_what_is_packed_otherwise_is_refused_in_plain_words(name: str, tmp_path: Path) -> None:
    """With how else to pack it."""
    (tmp_path / name).write_bytes(CSV)
    with pytest.raises(
        DeclarationError, match=r"which is not supported. Unpack it, or compress it with gzip or zip"
    ) as refused:
        rows(tmp_path / name)
    assert refused.value.reason == "unknown_format"


def _bomb(size: int) -> bytes:
    return gzip.compress(b"a\n" + b"0\n" * (size // 2))


def test_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes that hold many megabytes, in gzip and in zip, alone and many of them."""
    monkeypatch.setattr(scanning, "_FREE_BYTES", 1_000_000)
    (tmp_path / "a.csv.gz").write_bytes(_bomb(20_000_000))
    (tmp_path / "a.zip").write_bytes(_zip([("a.csv", b"0\n" * 10_000_000)]))
    for number in range(20):
        (tmp_path / f"b{number}.csv.gz").write_bytes(_bomb(900_000))
    for name in ("a.csv.gz", "a.zip", "b*.csv.gz"):
        with pytest.raises(SourceError, match="200 times its size") as refused:
            rows(str(tmp_path / name), temp_directory=tmp_path)
        assert refused.value.reason == "archive_too_large"
    assert not list(tmp_path.glob("dpq-*"))


def test_archives_together_hold_no_more_than_the_limit(tmp_path: Path) -> None:
    """Whatever their ratio."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a\n" + _CHOSEN.randbytes(40_000).hex().encode()))
    limited = Scan(Limits(most_unpacked=50_000))
    with pytest.raises(SourceError, match="50,000 bytes that may be unpacked"):
        _content(limited, path)
    limited.close()


def test_archive_of_too_many_members_is_refused(tmp_path: Path) -> None:
    """Before its directory is read, also where the number that is noted lies."""
    packed = _zip([(f"{number}.csv", b"a\n") for number in range(30_000)], zipfile.ZIP_STORED)
    path = tmp_path / "a.zip"
    path.write_bytes(packed)
    with pytest.raises(SourceError, match="30,000 members") as refused:
        rows(path)
    assert refused.value.reason == "too_many_members"
    end = packed.rfind(b"PK\5\6")
    path.write_bytes(packed[: end + 8] + struct.pack("<HH", 5, 5) + packed[end + 12 :])
    with pytest.raises(DpqError):
        rows(path)


def test_temporary_folder_without_room_is_a_named_error(
    scan: Scan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a traceback, and not a damaged file."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(CSV))
    monkeypatch.setattr(scan, "fresh_directory", lambda: tmp_path / "gone")
    with pytest.raises(DpqError, match="temporary folder") as refused:
        _content(scan, path)
    assert refused.value.reason == "read_failed"
