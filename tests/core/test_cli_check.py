"""`dpq check`: what it exits with, what it writes, and what it leaves behind when something is wrong."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.cli.check import check
from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import Report, parse_report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import run as quality_run
from airflow_provider_dpq.core.store import open_store
from airflow_provider_dpq.triggers.gate import GateQuery

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-c", "from airflow_provider_dpq.core.cli import main; main(prog_name='dpq')")

Dpq = Callable[..., Result]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A table of three people, one of them without a name."""
    path = tmp_path / "people.csv"
    path.write_text("name,age\nAnn,31\nBob,NA\n,45\n", encoding="utf-8")
    return path


def _expectation(column: str, **fields: Any) -> dict[str, Any]:
    return {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": column}, **fields}


@pytest.fixture
def suite(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a suite and returns its file; without arguments one that the people pass."""

    def write(*expectations: dict[str, Any], name: str = "") -> Path:
        path = tmp_path / "people_suite.json"
        declared = list(expectations) or [_expectation("age")]
        path.write_text(json.dumps({"name": name, "expectations": declared}), encoding="utf-8")
        return path

    return write


@pytest.fixture
def dpq(people: Path) -> Dpq:
    """A function that runs `dpq check` on the people in this process."""

    def run(suite_path: Path, *arguments: str | Path, data: str | Path = people) -> Result:
        command = ["check", str(data), "--suite", str(suite_path), *map(str, arguments)]
        return CliRunner().invoke(main, command, prog_name="dpq")

    return run


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "90"}


def _refusal(result: Result) -> str:
    """Return the one line that a refused command leaves."""
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("dpq: ")
    return line


@pytest.mark.parametrize(
    ("expectation", "thresholds", "exits"),
    [
        (_expectation("age"), [], (0, Verdict.PASS)),
        (_expectation("name", severity="info"), [], (0, Verdict.PASS)),
        (_expectation("name", severity="warning"), [], (0, Verdict.WARN)),
        (_expectation("name"), [], (1, Verdict.FAIL)),
        (_expectation("age"), ["row_count > 3"], (1, Verdict.FAIL)),
        (_expectation("no_such_column"), [], (3, Verdict.ERROR)),
        (_expectation("age"), ["observed_value < 1"], (3, Verdict.ERROR)),
        (_expectation("age"), ["row_count > 0.9x baseline"], (0, Verdict.WARN)),
    ],
)
def test_check_exits_as_the_verdict_demands(
    dpq: Dpq,
    suite: Callable[..., Path],
    expectation: dict[str, Any],
    thresholds: list[str],
    *,
    exits: tuple[int, Verdict],
) -> None:
    """A script can tell a failed gate from one that could not be measured or decided."""
    options = [part for text in thresholds for part in ("--threshold", text)]
    result = dpq(suite(expectation), "--format", "json", *options)
    assert (result.exit_code, parse_report(result.stdout_bytes).verdict) == exits


def test_check_writes_the_report_and_nothing_else_as_json(dpq: Dpq, suite: Callable[..., Path]) -> None:
    """Standard output is the report, so that a program can read it."""
    result = dpq(suite(), "--format", "json")
    report = parse_report(result.stdout_bytes)
    assert result.stdout == report.to_json(indent=2) + "\n"
    assert result.stderr == ""
    assert report.provenance.dag_id is None
    assert len(report.checks) == 1


def test_check_writes_text_by_default(dpq: Dpq, suite: Callable[..., Path]) -> None:
    """A person reads the gate, its check and the verdict, without colour where it is no terminal."""
    result = dpq(suite(_expectation("name")))
    lines = result.stdout.splitlines()
    assert lines[0] == "quality gate people_suite: FAIL"
    assert lines[-2] == "FAIL: 0 of 1 check passed"
    assert "\x1b" not in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(("form", "start"), [("html", "<!DOCTYPE html>"), ("junit", "<?xml version")])
def test_check_writes_other_forms(dpq: Dpq, suite: Callable[..., Path], form: str, start: str) -> None:
    """HTML and JUnit come out whole on standard output."""
    result = dpq(suite(), "--format", form)
    assert result.stdout.startswith(start)
    assert result.stdout.rstrip().endswith(("</html>", "</testsuites>"))


@pytest.mark.parametrize(
    ("options", "name", "gate"),
    [([], "", "people_suite"), ([], "named", "named"), (["--gate", "mine"], "named", "mine")],
)
def test_check_names_the_gate(dpq: Dpq, suite: Callable[..., Path], options: list[str], name: str, gate: str) -> None:
    """The gate is called what the user says, else like the suite, else like the suite's file."""
    result = dpq(suite(_expectation("age"), name=name), "--format", "json", *options)
    assert parse_report(result.stdout_bytes).gate == gate


def test_check_reads_null_texts(dpq: Dpq, suite: Callable[..., Path]) -> None:
    """A text given with --null is a missing value."""
    assert dpq(suite()).exit_code == 0
    assert dpq(suite(), "--null", "NA").exit_code == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("2.5", 2.5),
        ("true", True),
        ("null", None),
        ('["Ann", "Bob"]', ["Ann", "Bob"]),
        ('"5"', "5"),
        ("Ann", "Ann"),
        ("2013-01-01", "2013-01-01"),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        ("", ""),
        ("a=b", "a=b"),
    ],
)
def test_check_reads_the_values_of_parameters(text: str, value: Any) -> None:
    """A parameter's value is what its JSON says, and text where it is not JSON."""
    arguments = ["people.csv", "--suite", "suite.json", "--param", f"limit={text}", "--param", "other=1"]
    parameters = check.make_context("dpq check", arguments).params["suite_parameters"]
    assert parameters == {"limit": value, "other": 1}
    assert type(parameters["limit"]) is type(value)


def test_check_bounds_the_memory_of_a_scan(
    dpq: Dpq, suite: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memory limit reaches the scan, 2 GB where none is given."""
    limits = []

    def remember(*_: Any, memory_limit: str, **__: Any) -> None:
        limits.append(memory_limit)
        raise MeasurementError("enough", "The limit is known.")

    monkeypatch.setattr(quality_run, "check", remember)
    dpq(suite())
    dpq(suite(), "--memory-limit", "1GB")
    assert limits == ["2GB", "1GB"]


def test_check_says_what_no_rows_mean(dpq: Dpq, suite: Callable[..., Path]) -> None:
    """The gate's policy is one for checks without one of their own."""
    nobody = {"column": "age", "row_condition": "name == 'Nobody'"}
    assert dpq(suite(_expectation("age", kwargs=nobody))).exit_code == 0
    assert dpq(suite(_expectation("age", kwargs=nobody)), "--on-empty", "fail").exit_code == 1
    assert dpq(suite(_expectation("age", kwargs=nobody, on_empty="pass")), "--on-empty", "fail").exit_code == 0


@pytest.mark.parametrize("option", [[], ["--sample-rows", "0"], ["--hide", "age"], ["--exclude-values"]])
def test_check_keeps_values_out_of_the_report(dpq: Dpq, suite: Callable[..., Path], option: list[str]) -> None:
    """Values of failing rows are in the report unless an option keeps them out."""
    limits = {"column": "age", "value_set": [-1]}
    path = suite({"type": "expect_column_values_to_be_in_set", "kwargs": limits})
    result = dpq(path, "--format", "json", *option)
    (found,) = json.loads(result.stdout)["checks"]
    assert found["result"]["unexpected_count"] > 0
    assert bool(found["result"].get("partial_unexpected_list")) == (not option)


def test_check_sets_failing_rows_apart(dpq: Dpq, suite: Callable[..., Path], tmp_path: Path) -> None:
    """Both files are written and named; where that is not possible the checks are shown and the program has failed."""
    bad, good = tmp_path / "bad.parquet", tmp_path / "good.parquet"
    result = dpq(suite(), "--quarantine", str(bad), "--good-rows", str(good))
    assert bad.is_file()
    assert good.is_file()
    assert f"rowsin{good}" in "".join(result.stdout.split())  # wherever the line ends
    failed = dpq(suite(), "--format", "json", "--quarantine", str(bad / "below.parquet"))
    assert failed.exit_code == 3
    report = parse_report(failed.stdout)
    assert report.checks[0].error is None
    assert report.error is not None
    assert report.error.reason == "quarantine_failed"


def test_check_puts_parameters_into_the_suite(dpq: Dpq, suite: Callable[..., Path]) -> None:
    """A suite with an open parameter is judged by the value given, and refused without it."""
    limits = {"min_value": {"$PARAMETER": "least"}}
    path = suite({"type": "expect_table_row_count_to_be_between", "kwargs": limits})
    assert dpq(path, "--param", "least=3").exit_code == 0
    assert dpq(path, "--param", "least=4").exit_code == 1
    assert "'least'" in _refusal(dpq(path))


def test_check_refuses_a_parameter_that_loses_a_value(dpq: Dpq, suite: Callable[..., Path]) -> None:
    """A key that stands twice in its JSON, as in a file."""
    line = _refusal(dpq(suite(), "--param", 'limits={"least": 1, "least": 2}'))
    assert "'--param limits' has the key 'least' twice" in line


@pytest.mark.parametrize(
    ("option", "exits"), [("--threshold", (1, Verdict.FAIL)), ("--warn-threshold", (0, Verdict.WARN))]
)
def test_check_takes_thresholds_that_fail_and_that_warn(
    dpq: Dpq, suite: Callable[..., Path], option: str, exits: tuple[int, Verdict]
) -> None:
    """A breach of the one fails the gate, of the other it warns."""
    result = dpq(suite(), "--format", "json", "--threshold", "row_count > 1", option, "row_count > 3")
    report = parse_report(result.stdout_bytes)
    assert (result.exit_code, report.verdict) == exits
    assert [threshold.threshold for threshold in report.thresholds] == ["row_count > 1", "row_count > 3"]


@pytest.mark.parametrize("options", [["--param", "limit"], ["--param", "=5"], ["--param", "a=1", "--param", "a=2"]])
def test_check_refuses_malformed_parameters(dpq: Dpq, suite: Callable[..., Path], options: list[str]) -> None:
    """A parameter without name or value, or given twice, is a usage error."""
    result = dpq(suite(), *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Invalid value for '--param'" in result.stderr


@pytest.mark.parametrize(
    ("expectation", "options", "word"),
    [
        (_expectation("age"), ["--threshold", "row_count >"], "'row_count >'"),
        (_expectation("age"), ["--threshold", "rows > 1"], "'rows'"),
        (_expectation("age"), ["--memory-limit", "much"], "'much'"),
        ({"type": "expect_nothing", "kwargs": {}}, [], "'expect_nothing'"),
        (_expectation("age", kwargs={"columns": "age"}), [], "'columns'"),
    ],
)
def test_check_refuses_a_wrong_declaration(
    dpq: Dpq, suite: Callable[..., Path], expectation: dict[str, Any], options: list[str], word: str
) -> None:
    """What is declared wrong is named in one line, before any data are read."""
    assert word in _refusal(dpq(suite(expectation), *options))


def test_check_refuses_data_and_suites_that_are_not_there(dpq: Dpq, suite: Callable[..., Path], tmp_path: Path) -> None:
    """A missing file, an empty glob and a missing suite are named in one line."""
    assert "nowhere.csv" in _refusal(dpq(suite(), data=tmp_path / "nowhere.csv"))
    assert "nowhere-*.csv" in _refusal(dpq(suite(), data=tmp_path / "nowhere-*.csv"))
    assert "nowhere.json" in _refusal(dpq(tmp_path / "nowhere.json"))


def test_check_reads_a_suite_from_a_pipe(dpq: Dpq) -> None:
    """A suite that can be read only once, as `--suite <(...)` is, is read only once."""
    read_end, write_end = os.pipe()
    os.write(write_end, json.dumps([_expectation("age")]).encode())
    os.close(write_end)
    result = dpq(Path(f"/dev/fd/{read_end}"))
    os.close(read_end)
    assert result.exit_code == 0


def test_check_needs_data_and_suite() -> None:
    """Without data or suite there is a usage error."""
    for arguments in (["check"], ["check", "people.csv"], ["check", "people.csv", "--format", "pdf"], ["measure"]):
        result = CliRunner().invoke(main, arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith("Usage: ")


def test_check_refuses_a_form_for_benchmarks_before_it_measures(
    dpq: Dpq, suite: Callable[..., Path], tmp_path: Path
) -> None:
    """A quality gate has no samples for pyperf: nothing is measured, and nothing written."""
    output = tmp_path / "report.json"
    result = dpq(suite(_expectation("name")), "--format", "pyperf", "--output", output)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "dpq: The report of a quality gate cannot be written for pyperf, which needs the samples of a benchmark. "
        "Use the form json.\n"
    )
    assert not output.exists()


@pytest.mark.parametrize("form", ["text", "json", "junit", "html"])
def test_check_saves_the_report_to_a_file(dpq: Dpq, suite: Callable[..., Path], tmp_path: Path, form: str) -> None:
    """The file holds the report, standard output one line of what came of it, and nothing else is left behind."""
    output = tmp_path / "out" / "report"
    output.parent.mkdir()
    output.write_text("old", encoding="utf-8")
    result = dpq(suite(_expectation("name")), "--format", form, "--output", output)
    assert result.exit_code == 1
    assert result.stdout.startswith("FAIL: 0 of 1 check passed\nReport ")
    identifier = result.stdout.split()[-3]
    assert identifier in output.read_text(encoding="utf-8")
    assert list(output.parent.iterdir()) == [output]


def test_check_saves_through_a_link(dpq: Dpq, suite: Callable[..., Path], tmp_path: Path) -> None:
    """A link to the report's file stays a link, and its target is replaced."""
    target, link = tmp_path / "target.json", tmp_path / "latest.json"
    link.symlink_to(target)
    dpq(suite(), "--format", "json", "--output", link)
    assert link.is_symlink()
    assert parse_report(target.read_bytes()).verdict is Verdict.PASS


def test_check_writes_to_a_device_as_it_is(dpq: Dpq, suite: Callable[..., Path], tmp_path: Path) -> None:
    """A device or pipe is written to, not replaced by a file, and nothing is mixed into it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        result = dpq(suite(), "--format", "json", "--output", pipe)
        received = b""
        while part := os.read(reader, 65536):
            received += part
    finally:
        os.close(reader)
    assert parse_report(received).verdict is Verdict.PASS
    assert (result.stdout, pipe.is_fifo()) == ("", True)


@pytest.mark.parametrize("refused", [("nowhere/report.json", "No such file or directory"), (".", "Is a directory")])
def test_check_refuses_an_output_before_it_measures(
    dpq: Dpq, suite: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: tuple[str, str]
) -> None:
    """A file that cannot be written is refused at once, not after the scan."""
    monkeypatch.setattr(quality_run, "check", lambda *_, **__: pytest.fail("the data were read"))
    output, why = tmp_path / refused[0], refused[1]
    assert f"cannot be written to '{output}': {why}." in _refusal(dpq(suite(), "--output", output))


def test_check_keeps_the_old_file_when_writing_fails(
    dpq: Dpq, suite: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full leaves what was there before, and no part of the new report."""
    output = tmp_path / "out" / "report.json"
    output.parent.mkdir()
    output.write_text("old", encoding="utf-8")

    def full(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    result = dpq(suite(), "--output", output)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "dpq: [Errno 28] No space left on device\n"
    assert (output.read_text(encoding="utf-8"), list(output.parent.iterdir())) == ("old", [output])


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """The address of a store that does not exist yet."""
    return f"sqlite:///{tmp_path / 'store' / 'dpq.db'}"


@pytest.fixture
def store_directory(tmp_path: Path) -> Path:
    """The directory of that store."""
    path = tmp_path / "store"
    path.mkdir()
    return path


def _stored(url: str, gate: str = "people_suite") -> list[Report]:
    with open_store(url) as store:
        return [store.report(entry.report_id) for entry in store.history(Gate("", gate))]


@pytest.mark.usefixtures("store_directory")
def test_check_keeps_the_report_in_the_store(dpq: Dpq, suite: Callable[..., Path], store_url: str) -> None:
    """Each run leaves the report that it wrote, under its own run."""
    runs = [dpq(suite(_expectation("name")), "--format", "json", "--store", store_url) for _ in range(2)]
    assert [run.exit_code for run in runs] == [1, 1]
    written = {parse_report(run.stdout_bytes).id for run in runs}
    assert {report.id for report in _stored(store_url)} == written


@pytest.mark.usefixtures("store_directory")
def test_check_takes_the_store_from_the_environment(
    dpq: Dpq, suite: Callable[..., Path], store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DPQ_STORE is the store where --store is not given; text says where the report lies."""
    monkeypatch.setenv("DPQ_STORE", store_url)
    result = dpq(suite())
    assert len(_stored(store_url)) == 1
    assert result.stdout.splitlines()[-1] == f"Stored in {store_url}"


def test_check_refuses_a_store_out_of_reach(
    dpq: Dpq, suite: Callable[..., Path], people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that cannot be opened is told before any data are read."""
    monkeypatch.setattr(quality_run, "check", lambda *_, **__: pytest.fail("the data were read"))
    for url in (f"sqlite:///{people}/dpq.db", "no url", "postgresql+psycopg2://u:SECRET@127.0.0.1:1/x"):
        assert "SECRET" not in _refusal(dpq(suite(), "--store", url))


@pytest.mark.usefixtures("store_directory")
def test_check_shows_nothing_when_the_report_cannot_be_kept(
    dpq: Dpq, suite: Callable[..., Path], store_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A report that the store loses is not shown as if it were kept."""
    with open_store(store_url):
        pass
    scan = quality_run.check

    def scan_and_lose_the_store(*arguments: Any, **options: Any) -> Any:
        found = scan(*arguments, **options)
        shutil.rmtree(tmp_path / "store")
        return found

    monkeypatch.setattr(quality_run, "check", scan_and_lose_the_store)
    output = tmp_path / "report.json"
    result = dpq(suite(), "--format", "json", "--store", store_url, "--output", output)
    assert (result.exit_code, result.stdout, output.exists()) == (3, "", False)
    assert result.stderr.startswith("dpq: ")


@pytest.mark.usefixtures("store_directory")
def test_check_reports_that_the_whole_could_not_be_measured(
    dpq: Dpq, suite: Callable[..., Path], people: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan that breaks off is an error report, stored and written like any other."""

    def break_off(*_: Any, **__: Any) -> None:
        raise MeasurementError("out_of_memory", "The scan needs more memory.", hint="Raise --memory-limit.")

    monkeypatch.setattr(quality_run, "check", break_off)
    result = dpq(suite(), "--format", "json", "--store", store_url)
    report = parse_report(result.stdout_bytes)
    assert (result.exit_code, report.verdict, report.subject) == (3, Verdict.ERROR, str(people))
    assert report.error
    assert (report.error.reason, report.error.message) == (
        "out_of_memory",
        "The scan needs more memory. Raise --memory-limit.",
    )
    assert _stored(store_url) == [report]


def test_check_never_exits_as_failed_on_a_fault_of_its_own(
    dpq: Dpq, suite: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody foresaw is a traceback and exit code 3, because 1 means that the gate failed."""

    def fault(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(quality_run, "check", fault)
    result = dpq(suite())
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("Traceback")
    assert "ZeroDivisionError" in result.stderr


def test_check_is_quiet_when_its_reader_leaves(suite: Callable[..., Path], people: Path) -> None:
    """With `| head` there is no traceback, and the exit code still is the gate's."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [*PROGRAM, "check", str(people), "--suite", str(suite(_expectation("name"))), "--format", "html"]
    done = subprocess.run(command, check=False, stdout=write_end, stderr=subprocess.PIPE, env=_environment())
    os.close(write_end)
    assert (done.returncode, done.stderr) == (1, b"")


def test_check_ends_at_once_when_interrupted(people: Path, tmp_path: Path) -> None:
    """Ctrl-C exits with 130, without traceback and without leaving anything behind."""
    suite_pipe, output = tmp_path / "suite.json", tmp_path / "out" / "report.json"
    output.parent.mkdir()
    os.mkfifo(suite_pipe)
    command = [*PROGRAM, "check", str(people), "--suite", str(suite_pipe), "--output", str(output)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment())
    with suite_pipe.open("wb"):  # opens once the program reads its suite
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout, stderr) == (130, b"", b"")
    assert list(output.parent.iterdir()) == []


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a pseudo-terminal: the one that a person sees, and the one that a program writes to."""
    seen, written = pty.openpty()
    yield seen, written
    os.close(seen)


def test_check_colours_a_terminal_and_clears_its_progress(
    suite: Callable[..., Path], people: Path, terminal: tuple[int, int]
) -> None:
    """On a terminal the verdict is coloured, and what was shown of the progress is gone before the report comes."""
    seen, written = terminal
    command = [*PROGRAM, "check", str(people), "--suite", str(suite())]
    process = subprocess.Popen(command, stdout=written, stderr=written, env=_environment())
    os.close(written)
    shown = b""
    while process.poll() is None or not shown.endswith(b"\n"):
        try:
            shown += os.read(seen, 65536)
        except OSError:  # the program's end is closed
            break
    process.wait(timeout=60)
    progress, _, report = shown.decode().rpartition("\r\x1b[K")
    assert "quality gate people_suite: \x1b[32m\x1b[1mPASS\x1b[0m" in report
    assert "quality gate" not in progress


def test_history_is_that_of_the_gate_in_the_store(dpq: Dpq, suite: Callable[..., Path], tmp_path: Path) -> None:
    """Checks of a gate's own history read the store that the report is kept in; without one they are errors."""
    kwargs = {"metric": "row_count", "min_reports": 3}
    path = suite({"type": "expect_metric_to_follow_its_history", "kwargs": kwargs})
    store = f"sqlite:///{tmp_path / 'reports.db'}"
    assert dpq(path).exit_code == 3
    runs = [dpq(path, "--store", store, "--gate", "people").exit_code for _ in range(4)]
    assert runs == [4, 4, 4, 0]
    assert dpq(path, "--store", store, "--gate", "others").exit_code == 4


def test_text_file_is_read_as_the_command_line_says(dpq: Dpq, suite: Callable[..., Path], tmp_path: Path) -> None:
    """Each option of reading reaches the check; one that cannot be meant is refused in its own words."""
    path = tmp_path / "excel.csv"
    path.write_bytes("-- größe;tag;id\n'1.001,5';31/12/2024;007\n".encode("cp1252"))
    expectations = [
        ("column_sum_to_be_between", {"column": "a", "min_value": 1001.5, "max_value": 1001.5}),
        ("column_values_to_be_in_set", {"column": "c", "value_set": ["007"]}),
        ("column_values_to_match_regex", {"column": "b", "regex": "^31/12/2024$"}),
    ]
    declared = suite(*({"type": f"expect_{kind}", "kwargs": kwargs} for kind, kwargs in expectations))
    options = [
        *("--delimiter", ";", "--quote", "'", "--decimal", ",", "--thousands", ".", "--date-format", "%d/%m/%Y"),
        *("--encoding", "cp1252", "--column-names", "a,b,c", "--comment", "--", "--column-type", "c=text"),
    ]
    result = dpq(declared, *options, data=path)
    assert result.exit_code == 0, result.output
    assert dpq(declared, *options, "--skip-rows", "1", data=path).exit_code == 0
    assert dpq(declared, data=path).exit_code == 2
    refused = dpq(declared, "--encoding", "klingon", data=path)
    assert refused.exit_code == 2
    assert "'klingon'" in refused.stderr
    assert dpq(declared, "--column-type", "c=int", data=path).exit_code == 2


def test_text_file_may_have_no_names(dpq: Dpq, suite: Callable[..., Path], tmp_path: Path) -> None:
    """Its first row is one of the table, and its columns are numbers; names that are given beside are refused."""
    path = tmp_path / "a.csv"
    path.write_text("1,2\n3,4\n")
    declared = suite(
        {"type": "expect_column_sum_to_be_between", "kwargs": {"column": "0", "min_value": 4, "max_value": 4}}
    )
    assert dpq(declared, "--no-header", data=path).exit_code == 0
    refused = dpq(declared, "--no-header", "--column-names", "a,b", data=path)
    assert refused.exit_code == 2
    assert "--no-header and --column-names" in refused.stderr


def test_older_pass_does_not_outlive_data_that_cannot_be_read(
    dpq: Dpq, suite: Callable[..., Path], people: Path, tmp_path: Path
) -> None:
    """The exit code stays 2, and the store has a report that says why; a wrong declaration leaves nothing behind."""
    url = f"sqlite:///{tmp_path / 'dpq.db'}"
    declared = suite(name="people")
    waiting = GateQuery(gate="people", outside_airflow=True, max_age=timedelta(hours=1))

    def passed() -> bool:
        with open_store(url) as store:
            return waiting.standing(store, lambda *_: 0).passed

    assert dpq(declared, "--store", url).exit_code == 0
    assert passed()
    assert dpq(declared, "--query-timeout", "soon", "--store", url).exit_code == 2
    assert passed()
    people.write_text("name,age\nAnn,31,5\n", encoding="utf-8")
    refused = dpq(declared, "--store", url)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert not passed()
    with open_store(url) as store:
        newest, _ = store.history(Gate("", "people"))
        error = store.report(newest.report_id).error
        assert (newest.verdict, store.starts()) == (Verdict.ERROR, [])
    assert error is not None
    assert error.message.split()[0] in refused.stderr
    assert dpq(declared, "--store", url, data=tmp_path / "none.csv").exit_code == 2
    assert not passed()
