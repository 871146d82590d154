"""`make demo` runs the example DAGs, and says what each gate decided."""

from __future__ import annotations

import fcntl
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo import run

PROGRAM = "import sys; from pathlib import Path; from demo import run; sys.exit(run.main(Path(sys.argv[1])))"


def demonstrate(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the demonstration with its files in a folder."""
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(run.CHECKOUT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.system
def test_demonstration_ends_as_designed_again_and_again(tmp_path: Path) -> None:
    """Twice in the same folder the gates decide the same, and the failing one is no failure of the demonstration."""
    for _ in range(2):
        done = demonstrate(tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        told = dict(line.split()[:2] for line in done.stdout.splitlines() if line.startswith("  "))
        assert run.EXPECTED.items() <= told.items()
        assert "destination is a known airport: 7,602 of 336,776 unexpected (2.26%)" in done.stdout
    written = {path.stem for path in (tmp_path / "reports").glob("*.html")}
    assert written == {name for name, outcome in run.EXPECTED.items() if outcome in ("pass", "warn", "fail")}


@pytest.mark.system
def test_crash_is_told_with_a_bad_exit_code(tmp_path: Path) -> None:
    """What is not of this design ends with exit code 1, the error, and where the log is."""
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow/airflow.db").write_text("this is no database")
    done = demonstrate(tmp_path)
    assert done.returncode == 1
    assert "file is not a database" in done.stderr
    assert str(tmp_path / "airflow/demo.log") in done.stderr


def test_running_airflow_in_the_same_home_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The scheduler of `make up` would run the demonstration's tasks a second time."""
    (tmp_path / "airflow").mkdir()
    with (tmp_path / "airflow/up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert run.main(tmp_path) == 1
    assert "An Airflow already runs in" in capsys.readouterr().err


def test_other_outcome_than_designed_is_a_bad_exit_code(tmp_path: Path) -> None:
    """A gate that decides otherwise, or a task that never ran, is named."""
    console = io.StringIO()
    demonstration = run._Demonstration(tmp_path, tmp_path, console)
    demonstration._found = {**run.EXPECTED, "weather": "fail"}
    del demonstration._found["publish"]
    assert demonstration._conclude(1.0) == 1
    assert "weather should have ended as warn, not as fail." in console.getvalue()
    assert "publish should have ended as upstream_failed, not as None." in console.getvalue()
