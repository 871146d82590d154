"""`dpq report` and `dpq store`: reading what is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.gate.report import Report, parse_report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.render import render_hdr, render_html
from airflow_provider_dpq.core.render.schema import report_schema
from airflow_provider_dpq.core.store import Start, open_store
from tests.core.load.loads import load as load_test
from tests.core.load.loads import record


def _dpq(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(main, arguments, prog_name="dpq")


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """The address of a store in a file."""
    return f"sqlite:///{tmp_path / 'dpq.db'}"


@pytest.fixture
def kept(store_url: str, report: Report) -> list[Report]:
    """Three reports of the gate flights and one of the gate planes in that store, the oldest first."""
    reports = []
    for number in range(4):
        source = report.provenance.model_copy(update={"run_id": f"run {number}"})
        changes = {
            "id": f"00000000-0000-4000-8000-00000000000{number}",
            "gate": "planes" if number == 3 else "flights",
            "provenance": source,
            "started_at": report.started_at + timedelta(days=number),
        }
        reports.append(report.model_copy(update=changes))
    with open_store(store_url) as store:
        for item in reports:
            store.write(item)
    return reports


def test_list_shows_the_newest_report_of_each_gate(store_url: str, kept: list[Report]) -> None:
    """Without a gate there is one line for each, with verdict, time and identifier."""
    result = _dpq("report", "list", "--store", store_url)
    rows = [line.split() for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert rows[0] == ["verdict", "gate", "part", "started", "took", "subject", "report"]
    named = {(" ".join(row[1:4]), row[4], row[-1]) for row in rows[1:]}
    assert named == {
        ("flights_quality > flights", "[3]", kept[2].id),
        ("flights_quality > planes", "[3]", kept[3].id),
    }
    assert "2013-01-04 03:04:05 UTC  1.25 s  /data/flights.csv" in result.stdout


def test_list_shows_the_history_of_a_gate(store_url: str, kept: list[Report]) -> None:
    """With a gate its reports come newest first, as many as asked for."""
    identifiers = [report.id for report in kept]
    whole = _dpq("report", "list", "--gate", "flights", "--store", store_url).stdout.splitlines()[1:]
    assert [line.split()[-1] for line in whole] == identifiers[2::-1]
    two = _dpq("report", "list", "--gate", "flights", "--limit", "2", "--store", store_url).stdout.splitlines()[1:]
    assert [line.split()[-1] for line in two] == identifiers[2:0:-1]
    one = _dpq("report", "list", "--limit", "1", "--store", store_url).stdout.splitlines()[1:]
    assert len(one) == 1


def test_list_says_where_there_is_nothing(store_url: str, kept: list[Report]) -> None:
    """An unknown gate is told on standard error, so that a program reads no line."""
    result = _dpq("report", "list", "--gate", "trains", "--store", store_url)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "The store has no reports of gate 'trains'.\n")
    of_nobody = ["--dag", "nobody", "--store", store_url]
    assert _dpq("report", "list", *of_nobody).stderr == "The store has no reports of DAG 'nobody'.\n"
    assert "The store has no reports of DAG 'nobody'." in _dpq("report", "show", "latest", *of_nobody).stderr


@pytest.mark.parametrize(
    ("options", "asked"), [(["--gate", "flihgts"], "flihgts"), (["--gate", "flights", "--dag", "no"], "no > flights")]
)
def test_gate_that_is_nearly_named_is_proposed(
    store_url: str, kept: list[Report], options: list[str], asked: str
) -> None:
    """By each command that takes the name of a gate."""
    near = "Did you mean 'flights_quality > flights'?"
    store = ["--store", store_url]
    listed = _dpq("report", "list", *options, *store)
    assert listed.stderr == f"The store has no reports of gate {asked!r}. {near}\n"
    shown = _dpq("report", "show", "latest", *options, *store)
    assert (shown.exit_code, f"The store has no reports of gate {asked!r}. {near}" in shown.stderr) == (2, True)
    name, *dag = options[1:]
    renamed = _dpq("gate", "rename", name, "new", *dag, *store)
    assert (renamed.exit_code, near in renamed.stderr) == (2, True)
    baselines = _dpq("baseline", "list", name, *dag, *store)
    assert baselines.stderr == f"The store has no baseline of gate {asked!r}. {near}\n"


@pytest.mark.parametrize("killed", [True, False])
def test_list_and_show_tell_of_what_started_and_left_no_report(
    store_url: str, kept: list[Report], killed: bool
) -> None:
    """After kill -9, and while a gate measures, no older report is the newest, in text nor in JSON."""
    start = Start.now("flights", "quality", "today.csv", kept[2].provenance.model_copy(update={"run_id": "run 9"}))
    start = replace(start, ends_by=start.started_at, process="elsewhere/1/1") if killed else start
    with open_store(store_url) as store:
        store.begin(start)
    state, verdict = ("killed", "error") if killed else ("measuring", None)
    for gate in ([], ["--gate", "flights"]):
        first = _dpq("report", "list", *gate, "--limit", "1", "--store", store_url).stdout.splitlines()[1]
        assert first.split()[:4] == [state, "flights_quality", ">", "flights"]
        listed = json.loads(_dpq("report", "list", *gate, "--format", "json", "--store", store_url).stdout)
        assert (listed[0]["state"], listed[0]["verdict"], listed[0]["report_id"]) == (state, verdict, None)
        assert {one["state"] for one in listed[1:]} == {"reported"}
        assert all(one.keys() == listed[0].keys() for one in listed)
        shown = _dpq("report", "show", "latest", *gate, "--store", store_url)
        assert shown.exit_code == 3
        assert "run 9 and has left no report" in shown.stderr
    planes = _dpq("report", "show", "latest", "--gate", "planes", "--store", store_url)
    assert (planes.exit_code, planes.stderr) == (0, "")


def test_a_gate_whose_first_run_was_killed_is_found_by_its_name(store_url: str, report: Report) -> None:
    """It has no report yet, and is told of all the same."""
    with open_store(store_url) as store:
        store.begin(Start.now("trains", "quality", "trains.csv", report.provenance))
    listed = _dpq("report", "list", "--gate", "trains", "--store", store_url)
    assert "flights_quality > trains" in listed.stdout
    shown = _dpq("report", "show", "latest", "--gate", "trains", "--store", store_url)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "has left no report yet" in shown.stderr


def test_list_names_the_checks_where_none_is_meant(store_url: str, kept: list[Report]) -> None:
    """A misspelt check is refused with those that there are."""
    result = _dpq("report", "list", "--gate", "flights", "--check", "nope", "--store", store_url)
    assert (result.exit_code, result.stdout) == (2, "")
    told = " ".join(result.stderr.split())
    assert "'nope'" in told
    assert all(repr(check.name) in told for check in kept[0].checks)


def test_list_says_where_a_store_is_empty(store_url: str) -> None:
    """A store that was just created lists nothing."""
    assert _dpq("store", "upgrade", "--store", store_url).exit_code == 0
    result = _dpq("report", "list", "--store", store_url)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "The store has no reports.\n")


def test_show_writes_the_report_as_it_was_stored(store_url: str, kept: list[Report]) -> None:
    """A stored report reads as it did when it was made, in each form, and exits with 0 whatever its verdict."""
    shown = {
        form: _dpq("report", "show", kept[1].id, "--format", form, "--store", store_url) for form in ("json", "html")
    }
    assert [result.exit_code for result in shown.values()] == [0, 0]
    assert parse_report(shown["json"].stdout_bytes) == kept[1]
    assert shown["html"].stdout == render_html(kept[1])
    text = _dpq("report", "show", kept[1].id, "--store", store_url).stdout
    assert text.endswith(f"Report {kept[1].id}\n")


def test_show_writes_a_benchmark_for_pyperf(store_url: str, report: Report) -> None:
    """The samples of a stored benchmark are there for pyperf, and a report of another kind is refused."""
    wall = Series(name="wall", unit="s", values=(0.5, 0.25))
    benchmark = report.model_copy(update={"kind": "benchmark", "series": (wall,)})
    other = report.model_copy(update={"id": "00000000-0000-4000-8000-000000000009", "gate": "planes"})
    with open_store(store_url) as store:
        store.write(benchmark)
        store.write(other)
    shown, refused = (
        _dpq("report", "show", item.id, "--format", "pyperf", "--store", store_url) for item in (benchmark, other)
    )
    assert json.loads(shown.stdout)["benchmarks"][0]["runs"] == [{"values": [0.5, 0.25]}]
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "cannot be written for pyperf" in refused.stderr


def test_show_writes_a_load_for_hdrhistogram(store_url: str, report: Report) -> None:
    """The histograms of a stored load are there as a log, and a report of another kind is refused."""
    load = report.model_copy(update={"kind": "load", "recording": record(load_test()).recording()})
    other = report.model_copy(update={"id": "00000000-0000-4000-8000-000000000009", "gate": "planes"})
    with open_store(store_url) as store:
        store.write(load)
        store.write(other)
    shown, refused = (
        _dpq("report", "show", item.id, "--format", "hdr", "--store", store_url) for item in (load, other)
    )
    assert (shown.exit_code, shown.stdout) == (0, render_hdr(load))
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "cannot be written for HdrHistogram" in refused.stderr


def test_show_refuses_a_report_that_is_not_there(store_url: str, kept: list[Report]) -> None:
    """An unknown identifier is named in one line."""
    result = _dpq("report", "show", "no-such-report", "--store", store_url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("dpq: ")
    assert "no-such-report" in result.stderr


@pytest.mark.parametrize("command", [["report", "list"], ["report", "show", "x"], ["store", "upgrade"]])
def test_reading_needs_a_store(command: list[str], tmp_path: Path) -> None:
    """Without a store there is a usage error that names the variable; one out of reach is told in one line."""
    missing = _dpq(*command)
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "Missing option '--store'" in missing.stderr
    assert "DPQ_STORE" in missing.stderr
    no_directory = tmp_path / "file"
    no_directory.touch()
    unreachable = _dpq(*command, "--store", f"sqlite:///{no_directory}/dpq.db")
    assert (unreachable.exit_code, unreachable.stdout) == (2, "")
    assert unreachable.stderr.startswith("dpq: ")


@pytest.mark.parametrize("command", [["report", "list"], ["report", "show", "x"]])
def test_reading_creates_no_store(command: list[str], tmp_path: Path) -> None:
    """A mistyped address of a store is told, and leaves no empty database behind."""
    result = _dpq(*command, "--store", f"sqlite:///{tmp_path}/typo.db")
    assert (result.exit_code, result.stdout) == (2, "")
    assert list(tmp_path.iterdir()) == []


def test_upgrade_says_which_schema_the_store_has(store_url: str) -> None:
    """Upgrading creates the store, and does nothing the second time."""
    first, second = (_dpq("store", "upgrade", "--store", store_url) for _ in range(2))
    assert (first.exit_code, first.stdout) == (0, "The store is at schema version 4 now, and was at 0.\n")
    assert (second.exit_code, second.stdout) == (0, "The store is at schema version 4 already.\n")


def test_schema_is_the_published_one() -> None:
    """`dpq report schema` writes the JSON Schema of a report, and needs no store."""
    result = _dpq("report", "schema")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == report_schema()


def test_list_writes_json_for_programs(store_url: str, kept: list[Report]) -> None:
    """Each entry with its identity, its verdict and its moments; nothing where there is nothing."""
    listed = json.loads(_dpq("report", "list", "--gate", "flights", "--format", "json", "--store", store_url).stdout)
    assert [(item["report_id"], item["verdict"]) for item in listed] == [(one.id, "error") for one in kept[2::-1]]
    assert {"gate", "dag_id", "task_id", "run_id", "kind", "subject", "started_at"} <= set(listed[0])
    none = _dpq("report", "list", "--gate", "none", "--format", "json", "--store", store_url)
    assert json.loads(none.stdout) == []


def test_list_shows_since_when_a_check_is_broken(store_url: str, kept: list[Report]) -> None:
    """What one check found in each report stands beside it."""
    arguments = ("report", "list", "--gate", "flights", "--check", "tailnum present", "--store", store_url)
    told = " ".join(_dpq(*arguments).stdout.split())
    assert told.count("fail: 2,512 of") == 3
    assert _dpq("report", "list", "--check", "x", "--store", store_url).exit_code == 2


def test_show_latest_is_the_newest_report(store_url: str, kept: list[Report]) -> None:
    """Of the store, or of one gate."""

    def shown(*options: str) -> str:
        found = _dpq("report", "show", "latest", "--format", "json", "--store", store_url, *options)
        return parse_report(found.stdout).id

    assert shown() == kept[3].id
    assert shown("--gate", "flights") == kept[2].id
    missing = _dpq("report", "show", "latest", "--gate", "none", "--store", store_url)
    assert (missing.exit_code, "no report" in missing.stderr) == (2, True)
    assert _dpq("report", "show", kept[0].id, "--gate", "flights", "--store", store_url).exit_code == 2


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_is_forced_and_forbidden_by_the_environment(
    store_url: str, kept: list[Report], environment: dict[str, str], coloured: bool
) -> None:
    """As other programs have it: FORCE_COLOR for logs of jobs, and NO_COLOR wins."""
    runner = CliRunner(env={"FORCE_COLOR": None, "NO_COLOR": None, **environment})
    shown = runner.invoke(main, ["report", "show", kept[0].id, "--store", store_url], prog_name="dpq").stdout_bytes
    assert (b"\x1b[" in shown) is coloured
