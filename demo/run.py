"""`make demo`: runs the example DAGs through a real Airflow, without a server, and says what each gate decided.

Airflow runs in this process, on a SQLite database of its own in .demo/airflow, the same that `make up` shows. One gate
fails, because the data are bad: that is what is to be seen here, and no reason for a bad exit code.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.report import Report

CHECKOUT = Path(__file__).resolve().parent.parent
DAGS = ("flights_quality", "flights_report")
EXPECTED = {
    "airlines": "pass",
    "airports": "pass",
    "planes": "pass",
    "weather": "warn",
    "flights": "warn",
    "flight_references": "fail",
    "publish": "upstream_failed",
    "flights_are_good": "success",
    "flights_by_airport": "success",
}
"""What each gate decides and how each other task ends, on data that never change."""


class DemoError(Exception):
    """The demonstration cannot run; the message says why and what to do."""


def main(folder: Path = CHECKOUT / ".demo") -> int:
    """Run the demonstration.

    Args:
        folder: Where all of its files go.

    Returns:
        0 where everything ended as designed, the failing gate included; 1 where it did not, or where it crashed.
    """
    home = folder / "airflow"
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    log = home / "demo.log"
    try:
        with _only_one_in(home), _output_to(log) as console:
            return _Demonstration(home, folder / "reports", console).run()
    except DemoError as error:
        print(error, file=sys.stderr)
    except Exception:  # noqa: BLE001 - whatever it is, the person gets the end of it and the rest is in the log
        with log.open("a") as file:
            traceback.print_exc(file=file)
        print(f"{traceback.format_exc(limit=-2)}\nThe demonstration crashed. Its log: {log}", file=sys.stderr)
    return 1


@contextmanager
def _only_one_in(home: Path) -> Iterator[None]:
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = (
                f"An Airflow already runs in {home}: its scheduler would run the tasks a second time. Stop it first."
            )
            raise DemoError(message) from None
        yield


@contextmanager
def _output_to(log: Path) -> Iterator[TextIO]:
    """Send what Airflow and its tasks print to a file; the file given goes on to where output went before."""
    sys.stdout.flush()
    kept = [os.dup(1), os.dup(2)]
    with log.open("w") as file, os.fdopen(os.dup(1), "w", buffering=1) as console:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield console
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, original in enumerate(kept, start=1):
                os.dup2(original, number)
                os.close(original)


class _Demonstration:
    """One run of the example DAGs.

    Args:
        home: AIRFLOW_HOME.
        reports: Folder of the HTML files.
        console: Where a person reads.
    """

    def __init__(self, home: Path, reports: Path, console: TextIO) -> None:
        self._home = home
        self._reports = reports
        self._console = console
        self._found: dict[str, str] = {}
        self._decided: list[Report] = []

    def run(self) -> int:
        """Run the DAGs and tell; returns the exit code."""
        began = time.monotonic()
        self._configure()
        self._say("Starting Airflow, in this process and without a server ...")
        self._migrate()
        for dag_id in DAGS:
            self._say(f"\nDAG {dag_id}")
            self._run_dag(dag_id)
        self._say("\nThe gates have decided. Their reports:")
        for report in self._decided:
            self._say(f"  {report.gate:20} {report.verdict.value:8} {self._written(report)}")
        self._say(f"They are in the store {_shown(self._home / 'dpq.db')} as well.\n")
        return self._conclude(time.monotonic() - began)

    def _say(self, line: str) -> None:
        self._console.write(f"{line}\n")

    def _configure(self) -> None:
        """Set the environment that Airflow reads: nothing of the developer's own Airflow gets in."""
        for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
            del os.environ[name]
        lines = (CHECKOUT / "demo/airflow.env").read_text().splitlines()
        os.environ.update(line.split("=", 1) for line in lines if line.strip() and not line.startswith("#"))
        os.environ["AIRFLOW_HOME"] = str(self._home)
        os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(CHECKOUT / "dags")

    def _migrate(self) -> None:
        from airflow.utils import db

        if not (self._home / "airflow.db").exists():
            self._say("Making Airflow's database, once ...")
        db.initdb()

    def _run_dag(self, dag_id: str) -> None:
        """Run a DAG once, telling of each task as it ends."""
        from airflow.sdk.listener import get_listener_manager
        from airflow.utils.cli import get_bagged_dag

        listener = _listener(self._ended)
        get_listener_manager().add_listener(listener)
        try:
            run = get_bagged_dag(bundle_names=["dags-folder"], dag_id=dag_id).test()
        finally:
            get_listener_manager().pm.unregister(listener)
        for ti in run.get_task_instances():
            if ti.task_id not in self._found:
                self._tell(ti.task_id, str(ti.state), "blocked by the gate before it")

    def _ended(self, ti: Any, state: str) -> None:
        """Tell of a task that ended: a gate by its verdict, any other by its state."""
        from airflow_provider_dpq.core.render.outcome import conclusion
        from airflow_provider_dpq.hooks.dpq import DpqHook

        with DpqHook().get_store() as store:
            entries = store.of_task(ti.dag_id, ti.task_id, ti.run_id)
            reports = [store.report(entry.report_id) for entry in entries]
        self._decided += reports
        if not reports:
            self._tell(ti.task_id, state)
        for report in reports:
            self._tell(ti.task_id, report.verdict.value, f"{conclusion(report)}, in {report.duration_seconds:.1f} s")

    def _tell(self, task_id: str, outcome: str, remark: str = "") -> None:
        self._found[task_id] = outcome
        self._say(f"  {task_id:20} {outcome:16} {remark}".rstrip())

    def _written(self, report: Report) -> str:
        from airflow_provider_dpq.core.render import render_html

        self._reports.mkdir(exist_ok=True)
        path = self._reports / f"{report.gate}.html"
        path.write_text(render_html(report), encoding="utf-8")
        return _shown(path)

    def _conclude(self, seconds: float) -> int:
        if self._found != EXPECTED:
            wrong = {name for name in EXPECTED | self._found if EXPECTED.get(name) != self._found.get(name)}
            for name in sorted(wrong):
                self._say(f"{name} should have ended as {EXPECTED.get(name)}, not as {self._found.get(name)}.")
            self._say(f"The log: {_shown(self._home / 'demo.log')}")
            return 1
        for report in self._decided:
            for reason in _failures(report):
                self._say(f"As designed, {report.gate} failed and nothing was published:\n  {reason}")
        self._say(f"It took {seconds:.0f} s. To see it in Airflow's UI: make up")
        return 0


def _listener(ended: Callable[[Any, str], None]) -> object:
    """Return a listener of Airflow's that passes on every task that ends, with its state."""
    from airflow.listeners import hookimpl

    class Listener:
        @hookimpl
        def on_task_instance_success(self, task_instance: Any) -> None:
            ended(task_instance, "success")

        @hookimpl
        def on_task_instance_failed(self, task_instance: Any) -> None:
            ended(task_instance, "failed")

        @hookimpl
        def on_task_instance_skipped(self, task_instance: Any) -> None:
            ended(task_instance, "skipped")

    return Listener()


def _failures(report: Report) -> list[str]:
    from airflow_provider_dpq.core.gate.verdict import Verdict
    from airflow_provider_dpq.core.render.outcome import finding

    return [f"{check.name}: {finding(check)}" for check in report.checks if check.verdict is Verdict.FAIL]


def _shown(path: Path) -> str:
    return str(path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path)


if __name__ == "__main__":
    sys.exit(main())
