"""The allowed root: what was resolved is what is opened, whoever asks, and nothing is contacted outside of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pytest

from airflow_provider_dpq.core.errors import DeclarationError, DpqError
from airflow_provider_dpq.core.quality import SuiteResult, check
from airflow_provider_dpq.core.table.address import require_address

CSV = "a,b\n1,x\n2,y\n"
COUNT = [{"type": "expect_column_sum_to_be_between", "kwargs": {"column": "a", "max_value": 3}}]


def _query(text: str) -> dict[str, Any]:
    return {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": text}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a table in three formats, and one with a secret beside it."""
    folder = tmp_path / "root"
    folder.mkdir()
    (tmp_path / "outside").mkdir()
    for place, values in ((folder, [1, 2]), (tmp_path / "outside", [1000, 2000])):
        frame = pd.DataFrame({"a": values, "b": ["x", "y"]})
        frame.to_csv(place / "a.csv", index=False)
        frame.to_parquet(place / "a.parquet")
        frame.to_json(place / "a.jsonl", orient="records", lines=True)
        frame.to_csv(place / "a.csv.gz", index=False)
        frame.to_csv(place / "a.zip", index=False)
    return folder


@contextmanager
def _flipping(link: Path, inside: Path, outside: Path) -> Iterator[None]:
    """Let a link point inside and outside of the root in turn, as fast as it goes."""
    stopped = threading.Event()
    other = link.with_name(".other")

    def flip() -> None:
        while not stopped.is_set():
            for target in (outside, inside):
                other.symlink_to(target)
                other.replace(link)

    link.symlink_to(inside)
    thread = threading.Thread(target=flip)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _sum(result: SuiteResult) -> Any:
    (one,) = result.results
    return None if one.error else one.result["observed_value"]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.jsonl", "a.csv.gz", "a.zip"])
@pytest.mark.parametrize("folder", [False, True])
def test_link_that_is_flipped_while_it_is_read_leads_nowhere_else(folder: bool, name: str, root: Path) -> None:
    """Of many reads, none is of the file outside; each is of the file inside, or refused."""
    outside = root.parent / "outside"
    (root / "inside").mkdir()
    (root / name).replace(root / "inside" / name)
    link = root / ("link" if folder else name)
    inside = root / "inside"
    path = link / name if folder else link
    sums, refused = [], 0
    targets = (inside, outside) if folder else (inside / name, outside / name)
    with _flipping(link, *targets):
        for _ in range(30):
            try:
                sums.append(_sum(check(path, COUNT, root=root, threads=1)))
            except DpqError:
                refused += 1
    assert set(sums) <= {3, None}
    assert refused + len(sums) == 30
    assert _sum(check(root / "inside" / name, COUNT, root=root)) == 3


def test_quarantine_is_not_written_through_a_link_that_is_flipped(root: Path) -> None:
    """The folder that was looked at is the one that is written to."""
    outside = root.parent / "outside"
    (root / "inside").mkdir()
    before = sorted(outside.iterdir())
    suite = [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "max_value": 1}}]
    with _flipping(root / "link", root / "inside", outside):
        for number in range(20):
            try:
                check(root / "a.parquet", suite, root=root, quarantine=root / "link" / f"{number}.parquet", threads=1)
            except DpqError:
                continue
    assert sorted(outside.iterdir()) == before


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.jsonl"])
def test_queries_of_the_user_read_the_table_and_nothing_else(name: str, root: Path) -> None:
    """Several of them, with references between, and a quarantine afterwards."""
    outside = root.parent / "outside" / "a.csv"
    exists = {"column": "a", "other_table": "other"}
    suite = [
        _query("SELECT * FROM {batch} WHERE a > 5"),
        _query(f"SELECT * FROM read_csv('{outside}')"),
        _query(f"SELECT * FROM '{outside}'"),
        _query("SELECT * FROM read_text('/etc/hostname')"),
        _query("SELECT * FROM glob('/*')"),
        {"type": "expect_column_values_to_exist_in_other_table", "kwargs": exists},
        _query("SELECT * FROM {batch} WHERE a > 1"),
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "max_value": 1}},
    ]
    found = check(root / name, suite, root=root, references={"other": root / "a.csv"})
    assert [result.verdict.value for result in found.results] == [
        "pass", "error", "error", "error", "error", "pass", "fail", "fail",
    ]  # fmt: skip
    assert not any("1000" in str(result) for result in found.results)
    kept = [suite[0], *suite[5:]]
    written = check(root / name, kept, root=root, references={"other": root / "a.csv"}, quarantine=root / "q.parquet")
    assert written.error is None
    assert len(pd.read_parquet(root / "q.parquet")) == 1


def test_query_names_no_variable_of_the_process(tmp_path: Path) -> None:
    """A frame that some code holds is no table, with a root and without."""
    secret = pd.DataFrame({"a": [1]})
    (tmp_path / "a.csv").write_text(CSV)
    for root in (None, tmp_path):
        (result,) = check(tmp_path / "a.csv", [_query("SELECT * FROM secret")], root=root).results
        assert result.error is not None
    assert len(secret) == 1


def test_queries_below_a_root_that_is_a_url_work() -> None:
    """DuckDB is confined to what it is given there as well."""
    store = fsspec.filesystem("memory")
    store.pipe_file("/root-of-queries/a.csv", CSV.encode())
    store.pipe_file("/root-of-queries/a.parquet", pd.DataFrame({"a": [1, 2]}).to_parquet())
    for name in ("a.csv", "a.parquet"):
        suite = [_query("SELECT * FROM {batch} WHERE a > 5"), _query("SELECT * FROM {batch} WHERE a > 1")]
        suite.append(_query("SELECT * FROM read_text('/etc/hostname')"))
        found = check(f"memory://root-of-queries/{name}", suite, root="memory://root-of-queries")
        assert [result.verdict.value for result in found.results] == ["pass", "fail", "error"]


@pytest.mark.parametrize(
    "path",
    [
        "ftp://127.0.0.1:1/a.csv",
        "sftp://127.0.0.1:1/a.csv",
        "github://org:repo@main/a.csv",
        "http://127.0.0.1:1/a.csv",
        "HTTP://127.0.0.1:1/a.csv",
        "smb://127.0.0.1:1/a.csv",
        "memory://a.csv",
        "zip://a.csv::http://127.0.0.1:1/a.zip",
        "nonsense://a.csv",
        "file:///etc/hostname.csv",
        "local:///etc/hostname.csv",
    ],
)
@pytest.mark.parametrize("used", ["path", "reference", "quarantine"])
def test_no_file_system_is_made_for_a_url_outside_of_the_root(
    path: str, used: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The protocol is looked at first: making a file system may connect."""

    def refuse(*_: object) -> None:
        raise AssertionError(path)

    if not path.startswith(("file", "local")):
        monkeypatch.setattr(fsspec, "get_filesystem_class", refuse)
    if used == "reference":
        kwargs = {"column": "a", "other_table": path}
        suite = [{"type": "expect_column_values_to_exist_in_other_table", "kwargs": kwargs}]
        (result,) = check(root / "a.csv", suite, root=root).results
        assert result.error is not None
        assert "outside of the allowed root" in result.error.message
        return
    options = (
        {"quarantine": path.replace(".csv", ".parquet").replace(".zip", ".parquet")} if used == "quarantine" else {}
    )
    with pytest.raises(DeclarationError) as refused:
        check(path if used == "path" else root / "a.csv", COUNT, root=root, **options)
    assert refused.value.reason == "outside_root"


@pytest.mark.parametrize(
    ("path", "root", "allowed"),
    [
        ("https://h/public/a.csv", "https://h/public", True),
        ("https://h/public/a.csv", "https://h/public/", True),
        ("HTTPS://H:443/public/a.csv", "https://h/public", True),
        ("https://user:word@h/public/a.csv", "https://h/public", True),
        ("s3://lake@bucket/public/a.csv", "s3://bucket/public", True),
        ("https://h/public2/a.csv", "https://h/public", False),
        ("https://h/Public/a.csv", "https://h/public", False),
        ("http://h/public/a.csv", "https://h/public", False),
        ("https://h:444/public/a.csv", "https://h/public", False),
        ("https://h.evil/public/a.csv", "https://h/public", False),
        ("https://h@evil/public/a.csv", "https://h/public", False),
        ("https://evil\\@h/public/a.csv", "https://h/public", False),
        ("https://evil/https://h/public/a.csv", "https://h/public", False),
        ("https://h/public/../a.csv", "https://h/public", False),
        ("https://h/public/%2e%2e/a.csv", "https://h/public", False),
        ("https://h/public/%252e%252E/a.csv", "https://h/public", False),
        ("https://h/public/..%2fa.csv", "https://h/public", False),
        ("https://h/public/..\\a.csv", "https://h/public", False),
        ("https://h/public/..%5ca.csv", "https://h/public", False),
        ("https://h/public/..;x/a.csv", "https://h/public", False),
        ("https://h/public/.\t./a.csv", "https://h/public", False),
        ("https://h/public/.%0a./a.csv", "https://h/public", False),
        ("sftp://other/public/a.csv", "sftp://h/public", False),
        ("s3://other/public/a.csv", "s3://bucket/public", False),
        ("http://[fe80::1]/public/a.csv", "http://[FE80::1]:80/public", True),
        ("http://[fe80::1]:8080/public/a.csv", "http://[fe80::1]:8080/public", True),
        ("http://[fe80::2]/public/a.csv", "http://[fe80::1]/public", False),
        ("http://[fe80::1]:9090/public/a.csv", "http://[fe80::1]:8080/public", False),
        ("http://[fe80::1/public/a.csv", "http://[fe80::1]/public", False),
    ],
)
def test_url_lies_below_another_however_it_is_written(path: str, root: str, allowed: bool) -> None:
    """Case, ports, users, percent signs and backslashes lead neither out nor in."""
    if allowed:
        require_address(path, root)
        return
    with pytest.raises(DeclarationError) as refused:
        require_address(path, root)
    assert refused.value.reason == "outside_root"


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that redirects, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            asked.append(self.path)
            moved = {"/public/moved.csv": "/public/a.csv", "/public/out.csv": "/secret/a.csv"}.get(self.path)
            self.send_response(302 if moved else 200)
            if moved:
                self.send_header("Location", moved)
            body = b"" if moved else CSV.encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}", asked
        http.shutdown()
        thread.join()


def test_redirect_out_of_the_root_is_not_followed(server: tuple[str, list[str]]) -> None:
    """One that stays below it is."""
    base, asked = server
    root = f"{base}/public"
    assert check(f"{root}/moved.csv", COUNT, root=root).row_count == 2
    with pytest.raises(DeclarationError) as refused:
        check(f"{root}/out.csv", COUNT, root=root)
    assert refused.value.reason == "outside_root"
    assert "/secret/a.csv" not in asked
    assert check(f"{root}/out.csv", COUNT).row_count == 2


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "loop", "dangling", "nul", "long", "surrogate"])
@pytest.mark.parametrize("rooted", [True, False])
def test_path_of_no_file_is_a_named_error(kind: str, rooted: bool, root: Path) -> None:
    """Nothing is waited for, and nothing ends in a traceback."""
    path = root / "x.csv"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero") if not rooted else path
        path.symlink_to("/dev/zero") if rooted else None
    elif kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "dangling":
        path.symlink_to(root / "gone")
    given = {"nul": f"{root}/a\0.csv", "long": f"{root}/{'a' * 5000}.csv", "surrogate": f"{root}/\ud800.csv"}.get(
        kind, path
    )
    for data in (given, str(root / "x*.csv")) if kind in ("fifo", "dangling") else (given,):
        with pytest.raises(DpqError) as refused:
            check(data, COUNT, root=root if rooted else None)
        assert refused.value.reason in {"missing_file", "not_a_file", "outside_root"}
