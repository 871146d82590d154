"""Failing rows and good rows of files and frames: every row in one of them, each failing one with what it broke."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.gate.report import Provenance
from airflow_provider_dpq.core.quality import SuiteResult, check
from airflow_provider_dpq.core.quality.gate import judge_suite

BETWEEN = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "max_value": 5}}
NOT_NULL = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "s"}}
MEAN = {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "n", "max_value": 0}}
JSON = {
    "type": "expect_column_values_to_be_json_parseable",
    "kwargs": {"column": "s", "row_condition": "s.str.len() < 3"},
}
FRAME = pd.DataFrame({"id": range(6), "n": [1, 9, 3, 9, 5, 7], "s": ["1", None, "{", None, "2", "3"]})


def rows(file: Path) -> pd.DataFrame:
    """Read what was written."""
    return duckdb.connect().execute(f"SELECT * FROM read_parquet('{file}')").df()


def broken(file: Path) -> dict[int, list[str]]:
    """Return the checks that each quarantined row broke, by its id."""
    frame = rows(file)
    return {int(row): list(names) for row, names in zip(frame["id"], frame["dpq_checks"], strict=True)}


def apart(data: Any, suite: list[dict[str, Any]], folder: Path, **options: Any) -> SuiteResult:
    """Check data and set its failing rows apart."""
    return check(data, suite, quarantine=folder / "bad.parquet", good_rows=folder / "good.parquet", **options)


Oracle = Callable[[pd.DataFrame], "pd.Series[bool]"]
CHECKS: list[tuple[dict[str, Any], Oracle]] = [
    (BETWEEN, lambda f: f["n"] > 5),
    (NOT_NULL, lambda f: f["s"].isna()),
    (
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n"}},
        lambda f: f["n"].duplicated(keep=False) & f["n"].notna(),
    ),
    (
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "s", "value_set": ["a", "b"]}},
        lambda f: ~f["s"].isin(["a", "b"]) & f["s"].notna(),
    ),
    (
        {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["n", "s"]}},
        lambda f: f.duplicated(["n", "s"], keep=False) & ~(f["n"].isna() & f["s"].isna()),
    ),
    (
        {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["s", "m"]}},
        lambda f: f.duplicated(["s", "m"], keep=False),
    ),
    (
        {"type": "expect_column_pair_values_a_to_be_greater_than_b", "kwargs": {"column_A": "n", "column_B": "m"}},
        lambda f: ~(f["n"] > f["m"]),
    ),
    (
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {
                "column": "m",
                "min_value": 2,
                "row_condition": {"type": "nullity", "column": {"name": "s"}, "is_null": True},
            },
        },
        lambda f: f["s"].isna() & (f["m"] < 2),
    ),
    (
        {"type": "expect_column_values_to_exist_in_other_table", "kwargs": {"column": "m", "other_table": "known"}},
        lambda f: ~f["m"].isin([1, 2, 3]),
    ),
]
KNOWN = pd.DataFrame({"m": [1, 2, 3]})


@st.composite
def _frames(draw: st.DrawFn) -> pd.DataFrame:
    size = draw(st.integers(0, 12))

    def column(values: list[Any]) -> list[Any]:
        return draw(st.lists(st.sampled_from(values), min_size=size, max_size=size))

    frame = pd.DataFrame(
        {
            "id": pd.Series(range(size), dtype="int64"),
            "n": pd.Series(column([None, 1.0, 4.0, 5.0, 6.0]), dtype="float64"),
            "s": pd.Series(column([None, "a", "b", "c"]), dtype="str"),
            "m": pd.Series(column([0, 1, 2, 5]), dtype="int64"),
        }
    )
    frame.index = draw(st.sampled_from([range(size), [7] * size]))
    return frame


@settings(max_examples=40, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    frame=_frames(), chosen=st.sets(st.integers(0, len(CHECKS) - 1), min_size=1), mostly=st.sampled_from([None, 0.6])
)
@pytest.mark.parametrize("form", ["pandas", "polars", "parquet"])
def test_every_row_is_in_one_part_with_the_checks_that_pandas_says_it_broke(
    form: str, frame: pd.DataFrame, chosen: set[int], mostly: float | None
) -> None:
    """Quarantined and good rows are all rows, in order, and each row names exactly the checks that it broke."""
    pairs = [CHECKS[number] for number in sorted(chosen)]
    with tempfile.TemporaryDirectory() as name:
        folder, data = Path(name), frame
        if form == "polars":
            data = pl.from_pandas(frame.reset_index(drop=True))
        elif form == "parquet":
            data = folder / "data.parquet"
            frame.reset_index(drop=True).to_parquet(data)
        suite = [
            {**declared, "name": str(number), "kwargs": declared["kwargs"] | ({"mostly": mostly} if mostly else {})}
            for number, (declared, _) in enumerate(pairs)
        ]
        found = apart(data, suite, folder, references={"known": KNOWN})
        assert found.error is None
        bad, good = rows(folder / "bad.parquet"), rows(folder / "good.parquet")
        said = broken(folder / "bad.parquet")
    failed = [result.name for result in found.results if result.verdict != "pass"]
    expected: dict[int, list[str]] = {}
    for number, (_, oracle) in enumerate(pairs):
        for row in frame["id"][oracle(frame).to_numpy(dtype=bool)] if str(number) in failed else []:
            expected.setdefault(int(row), []).append(str(number))
    assert said == expected
    assert list(bad["id"]) == sorted(expected)
    assert list(good["id"]) == [row for row in frame["id"] if row not in expected]
    assert [artifact.rows for artifact in found.artifacts] == [len(bad), len(good)]
    assert list(good.columns) == list(frame.columns)
    whole = pd.concat([bad.drop(columns="dpq_checks"), good]).sort_values("id", ignore_index=True)
    for column in frame:
        assert whole[column].isna().tolist() == frame[column].isna().tolist()
        assert whole[column].dropna().tolist() == frame[column].dropna().tolist()


def test_artifacts_say_where_rows_are_how_many_and_whose(tmp_path: Path) -> None:
    """The report has the files, their rows, and the checks that took part; one without rows takes none."""
    found = apart(FRAME, [BETWEEN, MEAN, NOT_NULL], tmp_path)
    report = judge_suite(found, gate="g", provenance=Provenance(run_id="r"))
    assert [(one.name, one.uri, one.media_type, one.rows) for one in report.artifacts] == [
        ("quarantine", str(tmp_path / "bad.parquet"), "application/vnd.apache.parquet", 3),
        ("good_rows", str(tmp_path / "good.parquet"), "application/vnd.apache.parquet", 3),
    ]
    between, not_null = found.results[0].name, found.results[2].name
    assert report.artifacts[0].checks == (between, not_null)
    assert broken(tmp_path / "bad.parquet") == {1: [between, not_null], 3: [between, not_null], 5: [between]}


def test_rows_of_checks_that_pass_are_good(tmp_path: Path) -> None:
    """What is tolerated by `mostly` or has no severity stays; what only warns is set apart."""
    tolerated = {**BETWEEN, "kwargs": {**BETWEEN["kwargs"], "mostly": 0.5}}
    apart(FRAME, [tolerated, {**NOT_NULL, "severity": "info"}], tmp_path)
    assert len(rows(tmp_path / "good.parquet")) == 6
    assert broken(tmp_path / "bad.parquet") == {}
    found = apart(FRAME, [{**NOT_NULL, "severity": "warning"}], tmp_path)
    assert list(broken(tmp_path / "bad.parquet")) == [1, 3]
    assert found.results[0].verdict == "warn"


def test_rows_that_great_expectations_found_are_set_apart_by_their_positions(tmp_path: Path) -> None:
    """A check that GX evaluates takes part, whatever labels the frame has and whichever rows are looked at."""
    data = FRAME.set_axis([4, 4, 4, 0, 0, 0])
    found = apart(data, [JSON, NOT_NULL], tmp_path, row_condition="n < 9")
    assert found.results[0].evaluated_by == "gx"
    assert broken(tmp_path / "bad.parquet") == {2: [found.results[0].name]}
    assert list(rows(tmp_path / "good.parquet")["id"]) == [0, 4, 5]
    path = tmp_path / "data.parquet"
    FRAME.to_parquet(path)
    apart(path, [JSON], tmp_path)
    assert list(broken(tmp_path / "bad.parquet")) == [2]


def test_only_rows_that_were_checked_are_written(tmp_path: Path) -> None:
    """Rows outside of the partition are neither good nor bad: nobody looked at them."""
    found = apart(FRAME, [NOT_NULL], tmp_path, partition={"n": [9, 7]})
    assert found.row_count == 3
    assert list(broken(tmp_path / "bad.parquet")) == [1, 3]
    assert list(rows(tmp_path / "good.parquet")["id"]) == [5]


def test_one_part_may_be_written_alone(tmp_path: Path) -> None:
    """Who wants only one of them gets only one."""
    check(FRAME, [BETWEEN], quarantine=tmp_path / "bad.parquet")
    check(FRAME, [BETWEEN], good_rows=tmp_path / "good.parquet")
    assert len(rows(tmp_path / "bad.parquet")) == len(rows(tmp_path / "good.parquet")) == 3


def test_csv_is_written_as_the_text_that_it_holds(tmp_path: Path) -> None:
    """A value that is none of its column's type is not lost, nor is a leading zero."""
    path = tmp_path / "data.csv"
    path.write_text("id,zip,n\n" + "".join(f"{i},00{i},{i}\n" for i in range(30_000)) + "a,00x,many\nb,NA,1\n")
    limit = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "max_value": 29_998}}
    apart(path, [limit], tmp_path, null_values=["NA"])
    bad, good = rows(tmp_path / "bad.parquet"), rows(tmp_path / "good.parquet")
    assert bad[["id", "zip", "n"]].to_numpy().tolist() == [["29999", "0029999", "29999"], ["a", "00x", "many"]]
    assert good["zip"].iloc[7] == "007"
    assert good["zip"].isna().iloc[-1]


def test_columns_that_only_python_reads_are_written_as_text(tmp_path: Path) -> None:
    """No column of a pandas frame is left out."""
    data = FRAME.assign(
        c=pd.Categorical(["x", None, "y", "x", "x", "x"]),
        mixed=[1, "a", None, [2], {"k": 1}, b"z"],
        t=pd.Timedelta("1h"),
    )
    apart(data, [BETWEEN], tmp_path)
    good = rows(tmp_path / "good.parquet")
    assert good["c"].tolist() == ["x", "y", "x"]
    assert good["mixed"].fillna("-").tolist() == ["1", "-", "{'k': 1}"]
    assert good["t"].tolist() == ["0 days 01:00:00"] * 3


def test_types_and_values_survive(tmp_path: Path) -> None:
    """Numbers beyond 2^53, decimals, moments with a zone and odd names are written as they were read."""
    columns = [
        "9007199254740993 + i AS big",
        "CAST(170141183460469231731687303715884105 AS DECIMAL(38, 0)) AS huge",
        "CAST(1.10 AS DECIMAL(9, 2)) AS d",
        "TIMESTAMPTZ '2024-01-01 00:00+02' AS t",
        '[i] AS "l""ist"',
    ]
    source = f"SELECT {', '.join(columns)} FROM range(4) r(i)"
    duckdb.connect().execute(f"COPY ({source}) TO '{tmp_path}/a.parquet'")
    check(tmp_path / "a.parquet", [NOT_NULL | {"kwargs": {"column": "big"}}], good_rows=tmp_path / "good.parquet")
    written, source_rows = (pq.read_table(tmp_path / name) for name in ("good.parquet", "a.parquet"))
    assert written.to_pydict() == source_rows.to_pydict()
    assert written.schema.types == source_rows.schema.types


def test_rows_of_a_quarantine_are_checked_again_and_lose_its_mark(tmp_path: Path) -> None:
    """Mended rows return to the shape of the table that they came from."""
    check(FRAME, [BETWEEN], quarantine=tmp_path / "old.parquet")
    apart(tmp_path / "old.parquet", [NOT_NULL], tmp_path)
    assert list(rows(tmp_path / "good.parquet").columns) == list(FRAME.columns)
    assert list(broken(tmp_path / "bad.parquet").values()) == [["expect_column_values_to_not_be_null(s)"]] * 2


def test_another_try_replaces_what_the_last_one_wrote(tmp_path: Path) -> None:
    """The same gate on other data leaves the present rows alone, and no other file."""
    apart(FRAME, [BETWEEN], tmp_path)
    apart(FRAME.head(3), [BETWEEN], tmp_path)
    assert list(broken(tmp_path / "bad.parquet")) == [1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.parquet", "good.parquet"]


def test_check_that_cannot_be_evaluated_sets_nothing_apart(tmp_path: Path) -> None:
    """Which rows are good is not known then; what an earlier run wrote is not touched, and the results stand."""
    missing = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "nowhere"}}
    found = apart(FRAME, [BETWEEN, missing], tmp_path)
    assert found.error is not None
    assert found.error.reason == "quarantine_failed"
    assert "1 check of rows could not" in found.error.message
    assert found.results[0].result["unexpected_count"] == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("figure", ["max", "mean", "median", "quantile_values"])
def test_figure_that_cannot_be_evaluated_decides_no_row(tmp_path: Path, figure: str) -> None:
    """The rows that checks of rows know are set apart, whatever becomes of what is about the column as a whole."""
    data = tmp_path / "a.csv"
    data.write_text("id,n\n1,5\n2,N/A\n3,50\n", encoding="utf-8")
    ranges = {"quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 9]]}}
    kwargs = {"column": "n", **(ranges if figure == "quantile_values" else {"max_value": 99})}
    found = apart(data, [BETWEEN, {"type": f"expect_column_{figure}_to_be_between", "kwargs": kwargs}], tmp_path)
    assert [result.verdict for result in found.results] == ["fail", "error"]
    assert found.error is None
    assert list(rows(tmp_path / "bad.parquet")["id"]) == ["2", "3"]
    assert list(rows(tmp_path / "good.parquet")["id"]) == ["1"]


def _fails(found: SuiteResult) -> None:
    """Assert that all results stand, and that the gate is in error for what was not written."""
    report = judge_suite(found, gate="g", provenance=Provenance(run_id="r"), thresholds=())
    assert report.verdict == "error"
    assert report.error is not None
    assert report.error.reason == "quarantine_failed"
    assert report.checks[0].result["unexpected_count"] == 3
    assert report.checks[0].verdict == "fail"
    assert report.artifacts == ()
    assert not found.success


def test_target_that_cannot_be_written_leaves_the_verdicts(tmp_path: Path) -> None:
    """A file in the place of the folder, or a folder in the place of the file: the checks stand, the gate errs."""
    (tmp_path / "file").touch()
    _fails(check(FRAME, [BETWEEN], quarantine=tmp_path / "file" / "bad.parquet"))
    (tmp_path / "bad.parquet").mkdir()
    _fails(check(FRAME, [BETWEEN], quarantine=tmp_path / "bad.parquet"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.parquet", "file"]


def test_neither_part_is_replaced_where_one_cannot_be_written(tmp_path: Path) -> None:
    """Good rows of this run never stand beside failing rows of another."""
    apart(FRAME, [BETWEEN], tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / "file").touch()
    found = check(
        FRAME.head(4), [BETWEEN], quarantine=tmp_path / "bad.parquet", good_rows=tmp_path / "file" / "good.parquet"
    )
    assert found.error is not None
    assert {path: path.read_bytes() for path in before} == before


_SCRIPT = """
import resource, signal, sys
from airflow_provider_dpq.core.quality import check
if sys.argv[4] == "killed":
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
suite = [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "max_value": 499}}]
found = check(sys.argv[1], suite, quarantine=sys.argv[2], threads=1, temp_directory=sys.argv[3])
print(found.results[0].result["unexpected_count"], found.error and found.error.reason)
"""


def _limited(large: Path, target: Path, ending: str) -> subprocess.CompletedProcess[str]:
    """Write in a process whose files may not grow: the system refuses it, or kills the process while it writes."""
    return subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(large), str(target), str(large.parent), ending],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of some megabytes whose rows break the check by half."""
    path = tmp_path / "large.parquet"
    columns = "i % 1000 AS n, hash(i) AS a, hash(i + 1) AS b, hash(i + 2) AS c"
    duckdb.connect().execute(f"COPY (SELECT {columns} FROM range(1_000_000) r(i)) TO '{path}'")
    return path


def test_full_disk_leaves_the_verdict_and_no_partial_file(large: Path, tmp_path: Path) -> None:
    """The system refuses to let a file grow: the check stands, nothing is left under any name."""
    target = tmp_path / "out" / "bad.parquet"
    done = _limited(large, target, "refused")
    assert done.stdout.split() == ["500000", "quarantine_failed"], done.stderr
    assert list(target.parent.iterdir()) == []


def test_killed_process_leaves_no_file_under_the_name(large: Path, tmp_path: Path) -> None:
    """A process that is killed while it writes leaves the file of the run before as it was."""
    target = tmp_path / "out" / "bad.parquet"
    target.parent.mkdir()
    target.write_bytes(b"before")
    done = _limited(large, target, "killed")
    assert done.returncode == -signal.SIGXFSZ, done.stderr
    assert len(list(target.parent.glob(".*.part"))) == 1
    assert target.read_bytes() == b"before"
    assert check(large, [BETWEEN], quarantine=target).error is None
    assert pq.read_metadata(target).num_rows == 994_000
