"""Object storage: only what is needed is read, every format as on a disk, and failures are told without secrets."""

from __future__ import annotations

import gzip
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from upath import UPath

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError, SourceError
from airflow_provider_dpq.core.quality import SuiteResult, check
from tests.bucket import SECRET, Bucket, BucketFileSystem, open_bucket

ROWS = 200_000
SUITE = [
    {"type": "expect_column_values_to_be_between", "kwargs": {"column": "c1", "min_value": 0.1}},
    {"type": "expect_column_max_to_be_between", "kwargs": {"column": "c1", "max_value": 1}},
]
PRESENT = [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "name"}}]
FRAME = pl.DataFrame({"id": [1, 2, 3, 4], "name": ["x", "y", None, "z"]})


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """A store on loopback."""
    with open_bucket() as bucket:
        yield bucket


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Parquet file of ten columns in several row groups."""
    path = tmp_path_factory.mktemp("wide") / "wide.parquet"
    random = np.random.default_rng(7)
    frame = pl.DataFrame({f"c{number}": random.random(ROWS) for number in range(10)})
    frame.write_parquet(path, row_group_size=20_000)
    return path


def _parquet(frame: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    frame.write_parquet(content)
    return content.getvalue()


def _zip(text: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("data.csv", text)
    return content.getvalue()


FORMS = {
    "data.parquet": _parquet(FRAME),
    "data.csv": FRAME.write_csv().encode(),
    "data.csv.gz": gzip.compress(FRAME.write_csv().encode()),
    "data.csv.zip": _zip(FRAME.write_csv()),
    "data.jsonl": FRAME.write_ndjson().encode(),
    "data.jsonl.gz": gzip.compress(FRAME.write_ndjson().encode()),
}


def _results(found: SuiteResult) -> list[Any]:
    return [(result.success, result.result, result.error) for result in found.results]


def test_parquet_is_read_by_the_columns_that_checks_need(bucket: Bucket, wide: Path) -> None:
    """Of ten columns one is read, once, and the answers are those of the same file on a disk."""
    bucket.objects["wide.parquet"] = wide.read_bytes()
    there = check("bucket://wide.parquet", SUITE, result_format="BASIC")
    assert _results(there) == _results(check(wide, SUITE, result_format="BASIC"))
    size = len(bucket.objects["wide.parquet"])
    assert bucket.sent < 0.25 * size, f"{bucket.sent} bytes of {size} were read"
    assert there.subject == "bucket://wide.parquet"


def test_parquet_is_read_right_by_many_threads(bucket: Bucket, wide: Path) -> None:
    """Threads that read one file at once each get the bytes that they asked for."""
    bucket.objects["wide.parquet"] = wide.read_bytes()
    sums = [
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": f"c{number}", "max_value": 1}}
        for number in range(10)
    ]
    local = _results(check(wide, sums))
    for _ in range(5):
        assert _results(check("bucket://wide.parquet", sums, threads=8)) == local


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("as_path", [False, True], ids=["url", "path"])
def test_every_format_gives_what_it_gives_on_a_disk(bucket: Bucket, tmp_path: Path, name: str, as_path: bool) -> None:
    """A URL, and a path that carries its file system, are read as the file that they name."""
    bucket.objects[f"orders/{name}"] = FORMS[name]
    (tmp_path / name).write_bytes(FORMS[name])
    url = f"bucket://orders/{name}"
    assert _results(check(UPath(url) if as_path else url, PRESENT)) == _results(check(tmp_path / name, PRESENT))


def test_text_is_read_from_the_store_once(bucket: Bucket) -> None:
    """However many checks and samples there are, a text is sent one time."""
    lines = "".join(f'{{"id": {number}, "name": null}}\n' for number in range(5_000))
    bucket.objects["data.jsonl"] = lines.encode()
    many = [{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}, *PRESENT]
    assert not check("bucket://data.jsonl", many).success
    assert bucket.sent == len(lines)


def test_globs_take_the_files_that_match(bucket: Bucket) -> None:
    """Stars stand for names in a folder, two of them for folders, and a name that looks like a pattern is itself."""
    for day in (1, 2, 3):
        bucket.objects[f"orders/day={day}/part.csv"] = FORMS["data.csv"]
    bucket.objects["orders/[a]*.csv"] = b"name\nx\n"
    assert check("bucket://orders/day=*/part.csv", PRESENT).row_count == 12
    assert check("bucket://orders/**/part.csv", PRESENT).row_count == 12
    assert check("bucket://orders/[a]*.csv", PRESENT).row_count == 1


def test_references_may_lie_in_object_storage(bucket: Bucket, tmp_path: Path) -> None:
    """A file on a disk is looked up in one of a store, and the other way round."""
    bucket.objects["names.parquet"] = _parquet(pl.DataFrame({"name": ["x", "y"]}))
    bucket.objects["orders.csv"] = FORMS["data.csv"]
    (tmp_path / "orders.csv").write_bytes(FORMS["data.csv"])
    (tmp_path / "names.csv").write_text("name\nx\ny\n")
    known = [
        {
            "type": "expect_column_values_to_exist_in_other_table",
            "kwargs": {"column": "name", "other_table": "names"},
        }
    ]
    for data, names in (
        (tmp_path / "orders.csv", "bucket://names.parquet"),
        ("bucket://orders.csv", tmp_path / "names.csv"),
    ):
        (result,) = check(data, known, references={"names": names}).results
        assert result.result["partial_unexpected_list"] == ["z"]


def test_suite_may_lie_in_object_storage(bucket: Bucket) -> None:
    """A suite is read by its URL, and one that is not there says so."""
    bucket.objects["orders.csv"] = FORMS["data.csv"]
    bucket.objects["suites/orders.json"] = json.dumps(PRESENT).encode()
    assert [
        r.result["unexpected_count"] for r in check("bucket://orders.csv", "bucket://suites/orders.json").results
    ] == [1]
    with pytest.raises(SourceError) as caught:
        check("bucket://orders.csv", "bucket://suites/none.json")
    assert caught.value.reason == "missing_file"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("bucket://orders/none.csv", "missing_file"),
        ("bucket://orders", "missing_file"),
        ("bucket://orders/*.pq", "empty_glob"),
        ("bucket://orders/data.docx", "unknown_format"),
        ("bucket://orders/broken.parquet", "unreadable_parquet"),
    ],
)
def test_what_cannot_be_read_is_named(bucket: Bucket, url: str, reason: str) -> None:
    """What is not there, and what is there but no table, is an error that names it by its URL."""
    bucket.objects |= {"orders/data.docx": b"x", "orders/broken.parquet": b"PAR1 and nothing more"}
    with pytest.raises((SourceError, DeclarationError)) as caught:
        check(url, PRESENT)
    assert caught.value.reason == reason
    assert url in str(caught.value)


def test_wrong_credentials_are_told_without_them(bucket: Bucket) -> None:
    """The server's words quote the secret; the error, whatever it is chained to, does not."""
    bucket.objects["orders.csv"] = FORMS["data.csv"]
    with pytest.raises(SourceError) as caught:
        check(UPath("bucket://orders.csv", secret="wrong-" + SECRET), PRESENT)
    assert caught.value.reason == "access_denied"
    assert "no entry with ***" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__suppress_context__


def test_store_out_of_reach_is_an_error(bucket: Bucket) -> None:
    """A port that nobody listens on is no file that does not exist."""
    with open_bucket() as other:
        port = other.server_port
    with pytest.raises(SourceError) as caught:
        check(UPath("bucket://orders.csv", port=port), PRESENT)
    assert caught.value.reason == "storage_unreachable"


def test_protocol_without_a_package_names_what_to_install() -> None:
    """A file system that is not installed is refused with the package that brings it."""
    with pytest.raises(DeclarationError, match="install gcsfs") as caught:
        check("gs://bucket/orders.csv", PRESENT)
    assert caught.value.reason == "missing_filesystem"
    with pytest.raises(DeclarationError) as caught:
        check("nonsense://bucket/orders.csv", PRESENT)
    assert caught.value.reason == "missing_filesystem"


@pytest.mark.parametrize("name", ["wide.parquet", "wide.csv"])
def test_connection_lost_while_a_file_is_opened_is_an_error(bucket: Bucket, wide: Path, name: str) -> None:
    """Half of an answer is not read as if it were all."""
    bucket.objects |= {"wide.parquet": wide.read_bytes(), "wide.csv": b"c1\n" + b"0.5\n" * 10_000}
    bucket.breaks_after = 0
    with pytest.raises(SourceError) as caught:
        check(f"bucket://{name}", SUITE)
    assert caught.value.reason == "storage_unreachable"


def test_connection_lost_in_the_middle_of_a_scan_ends_it(bucket: Bucket, wide: Path) -> None:
    """No check passes on the part of a file that arrived before the connection broke."""
    bucket.objects["wide.parquet"] = wide.read_bytes()
    bucket.breaks_after = 3
    with pytest.raises(MeasurementError) as caught:
        check("bucket://wide.parquet", SUITE)
    assert caught.value.reason == "connection_lost"
    assert "bucket://wide.parquet" in str(caught.value)


def test_root_that_is_a_url_allows_what_lies_below_it(bucket: Bucket, tmp_path: Path) -> None:
    """The root of a store allows no neighbour, no way up and no file on a disk; a folder allows no store."""
    for key in ("good/orders.csv", "good2/orders.csv", "orders.csv"):
        bucket.objects[key] = FORMS["data.csv"]
    (tmp_path / "orders.csv").write_bytes(FORMS["data.csv"])
    assert check("bucket://good/orders.csv", PRESENT, root="bucket://good").row_count == 4
    assert check(f"file://{tmp_path}/orders.csv", PRESENT, root=tmp_path).row_count == 4
    assert check(tmp_path / "orders.csv", PRESENT, root=f"file://{tmp_path}").row_count == 4
    outside = [
        ("bucket://good2/orders.csv", "bucket://good"),
        ("bucket://good/../orders.csv", "bucket://good"),
        ("bucket://good/%2e%2e/orders.csv", "bucket://good"),
        ("bucket://*/orders.csv", "bucket://good"),
        ("bucket://good/orders.csv", str(tmp_path)),
        ("bucket://good/orders.csv", "memory://good"),
        (str(tmp_path / "orders.csv"), "bucket://good"),
        (f"file://{tmp_path}/orders.csv", str(tmp_path / "below")),
    ]
    for path, root in outside:
        with pytest.raises(DeclarationError) as caught:
            check(path, PRESENT, root=root)
        assert caught.value.reason == "outside_root", path
    assert bucket.sent == len(FORMS["data.csv"])


def test_reference_outside_of_the_root_is_refused(bucket: Bucket, tmp_path: Path) -> None:
    """A reference in a store is held by the root as the table is."""
    bucket.objects["names.csv"] = b"name\nx\n"
    (tmp_path / "orders.csv").write_bytes(FORMS["data.csv"])
    kwargs = {"column": "name", "other_table": "bucket://names.csv"}
    suite = [{"type": "expect_column_values_to_exist_in_other_table", "kwargs": kwargs}]
    (result,) = check(tmp_path / "orders.csv", suite, root=tmp_path).results
    assert result.error is not None
    assert result.error.reason == "unknown_reference"
    assert "outside" in result.error.message
    assert bucket.sent == 0


def test_subject_names_neither_users_nor_signatures() -> None:
    """What a URL may carry beside the place stays out of reports and messages."""
    from airflow_provider_dpq.core.table.address import without_secrets

    assert without_secrets("ftp://me:password@host/a.csv") == "ftp://host/a.csv"
    assert without_secrets("ftp://me:pass@word@host/a.csv") == "ftp://host/a.csv"
    assert without_secrets("https://host/a.csv?X-Amz-Signature=abc") == "https://host/a.csv"
    assert str(BucketFileSystem(1)._strip_protocol("bucket://a/b")) == "a/b"


class _Status(BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.split("/")[1]))
        self.end_headers()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """A server of HTTP that refuses."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Status) as opened:
        thread = threading.Thread(target=opened.serve_forever, daemon=True)
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "access_denied"), (403, "access_denied"), (404, "missing_file"), (503, "storage_unreachable")],
)
def test_server_that_refuses_a_file_is_not_told_as_a_file_that_is_missing(
    server: ThreadingHTTPServer, status: int, reason: str
) -> None:
    """The status says which it is."""
    with pytest.raises(SourceError) as refused:
        check(f"http://127.0.0.1:{server.server_port}/{status}/a.csv", PRESENT)
    assert refused.value.reason == reason
    assert (str(status) in refused.value.message.partition("a.csv")[2]) is (reason != "missing_file")


def test_server_that_does_not_answer_is_out_of_reach() -> None:
    """A port that nobody listens on."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Status) as closed:
        port = closed.server_port
    with pytest.raises(SourceError) as refused:
        check(f"http://127.0.0.1:{port}/a.csv", PRESENT)
    assert refused.value.reason == "storage_unreachable"
