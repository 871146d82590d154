"""`dpq baseline`: accepting a change of speed, and listing what was accepted."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import open_store


def _dpq(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "200"}).invoke(main, arguments, prog_name="dpq")


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """The address of a store in a file."""
    return f"sqlite:///{tmp_path / 'dpq.db'}"


@pytest.fixture
def kept(store_url: str, report: Report) -> Report:
    """A report of a benchmark that failed, in that store."""
    slower = report.model_copy(update={"kind": "benchmark", "verdict": Verdict.FAIL})
    with open_store(store_url) as store:
        store.write(slower)
    return slower


def test_accept_keeps_who_and_why(store_url: str, kept: Report) -> None:
    """The report becomes the baseline of its gate, and the command says so in one line."""
    result = _dpq("baseline", "accept", kept.id, "--reason", "two files", "--actor", "ann", "--store", store_url)
    assert (result.exit_code, result.stdout) == (
        0,
        f"Gate {str(kept.identity)!r} is now judged against reports from {kept.id} on.\n",
    )
    with open_store(store_url) as store:
        (baseline,) = store.baselines(kept.identity)
        (event,) = store.audit()
    assert (baseline.report_id, baseline.actor, baseline.reason) == (kept.id, "ann", "two files")
    assert (event.event, event.actor) == ("baseline_accepted", "ann")


def test_accept_is_by_the_login_name(store_url: str, kept: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is logged in accepts, unless somebody else is named."""
    monkeypatch.setattr(getpass, "getuser", lambda: "ben")
    assert _dpq("baseline", "accept", kept.id, "--reason", "why", "--store", store_url).exit_code == 0
    with open_store(store_url) as store:
        assert [item.actor for item in store.baselines(kept.identity)] == ["ben"]


def test_accept_by_nobody_is_refused(store_url: str, kept: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a name, as containers have, must be named."""

    def unnamed() -> str:
        raise KeyError("getpwuid(): uid not found: 50000")

    monkeypatch.setattr(getpass, "getuser", unnamed)
    result = _dpq("baseline", "accept", kept.id, "--reason", "why", "--store", store_url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Missing option '--actor'" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["nowhere", "--reason", "why"], "no report 'nowhere'"), ([], "Missing argument 'REPORT_ID'")],
)
def test_accept_refuses_what_is_not_there(store_url: str, kept: Report, arguments: list[str], words: str) -> None:
    """A report that is unknown or not named is refused, and nothing is written."""
    result = _dpq("baseline", "accept", *arguments, "--store", store_url)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


@pytest.mark.parametrize("arguments", [[], ["--reason", " "]])
def test_accept_needs_a_reason(store_url: str, kept: Report, arguments: list[str]) -> None:
    """Without a reason, or with an empty one, nothing is accepted."""
    result = _dpq("baseline", "accept", kept.id, *arguments, "--store", store_url)
    assert (result.exit_code, result.stdout) == (2, "")
    with open_store(store_url) as store:
        assert store.baselines(kept.identity) == []


def test_list_shows_what_was_accepted(store_url: str, kept: Report) -> None:
    """A line for each, the newest first, with who, when and why, and nothing that steers a terminal."""
    for reason in ("two files", "back to \x1b[31mone"):
        assert (
            _dpq("baseline", "accept", kept.id, "--reason", reason, "--actor", "ann", "--store", store_url).exit_code
            == 0
        )
    result = _dpq("baseline", "list", kept.gate, "--store", store_url)
    head, newest, oldest = result.stdout.splitlines()
    assert (result.exit_code, head.split()) == (0, ["accepted", "by", "measured", "reason", "report"])
    assert "back to \\x1b[31mone" in newest
    assert "ann  2013-01-02 03:04:05 UTC  two files" in oldest
    assert oldest.endswith(kept.id)


def test_list_says_where_there_is_nothing(store_url: str, kept: Report) -> None:
    """A gate without a baseline is told on standard error, so that a program reads no line."""
    result = _dpq("baseline", "list", kept.gate, "--store", store_url)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"The store has no baseline of gate {str(kept.identity)!r}.\n"


@pytest.mark.parametrize("command", [["list", "gate"], ["accept", "x", "--reason", "why"]])
def test_baselines_need_a_store_that_is_there(command: list[str], tmp_path: Path) -> None:
    """Without a store there is a usage error; a mistyped address leaves no empty database behind."""
    missing = _dpq("baseline", *command)
    assert missing.exit_code == 2
    assert "Missing option '--store'" in missing.stderr
    result = _dpq("baseline", *command, "--store", f"sqlite:///{tmp_path}/typo.db")
    assert (result.exit_code, result.stdout) == (2, "")
    assert list(tmp_path.iterdir()) == []
