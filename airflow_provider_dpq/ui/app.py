"""The application that serves the pages: its routes, who may read them, and what is said when something is wrong."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from airflow_provider_dpq.core.errors import DpqError, StoreError, text_of
from airflow_provider_dpq.core.gate.redaction import without_values
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.line import printable
from airflow_provider_dpq.core.render import figure, outcome
from airflow_provider_dpq.core.store import Entry, Start, Store
from airflow_provider_dpq.core.store.attendance import Lost
from airflow_provider_dpq.core.store.newest import newest_run
from airflow_provider_dpq.core.store.start import unanswered
from airflow_provider_dpq.ui import page
from airflow_provider_dpq.ui.overview import rows
from airflow_provider_dpq.ui.reader import Reader
from airflow_provider_dpq.ui.runs import NoRuns, Runs
from airflow_provider_dpq.ui.unmeasured import run_findings

log = logging.getLogger(__name__)

_READ: Final = ["GET", "HEAD"]
_ANY: Final = [*_READ, "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"]

_MOST_LINKED: Final = 50
"""So many of the parts that a report is merged from are linked."""

_MOST_EXPLAINED: Final = 50
"""Beside the verdicts of so many gates the list says why: each takes reading a whole report."""

_LONGEST_REASON: Final = 200

_UNMAPPED: Final = "{MAP_INDEX}"
"""What Airflow's UI leaves in the address of a tab where the task is not mapped."""

_MAP_INDEX: Final = re.compile("-1|[0-9]{1,9}")

_TITLES: Final = {401: "Not signed in", 403: "Not allowed", 404: "Not found"}


@dataclass(frozen=True, slots=True)
class Access:
    """FastAPI dependencies that decide who may read what.

    Attributes:
        signed_in: Refuses a request without valid credentials (401). Every page asks it, and every path without one.
        may_read_dag: Refuses a user who may not read what tasks of the DAG ``dag_id`` in the path left behind (403).
        readable_dags: Returns the ids of the DAGs of which the user may read that.
    """

    signed_in: Callable[..., Any]
    may_read_dag: Callable[..., Any]
    readable_dags: Callable[..., Collection[str]]


def build_app(open_store: Callable[[], Store], access: Access, runs: Runs | None = None) -> FastAPI:
    """Return the application that shows the reports of a store, to be mounted under any path.

    A report is read below the DAG that made it, so that reading it takes the right to read that DAG. A report made
    outside Airflow belongs to no DAG and is never shown, because no right of Airflow's covers it; the command
    ``dpq report`` shows it.

    Args:
        open_store: Opens the store; called for each page.
        access: Who may read what.
        runs: What became of the tasks of gates; None if this is unknown.
    """
    app = FastAPI(title="Quality gates", dependencies=[Depends(access.signed_in)], openapi_url=None)
    app.exception_handler(HTTPException)(_refused)
    app.exception_handler(DpqError)(_unreadable)
    may_read_dag = [Depends(access.may_read_dag)]

    reader = Reader()

    async def read(shown: Callable[[Store], HTMLResponse]) -> HTMLResponse:
        def work() -> HTMLResponse:
            with open_store() as store:
                return shown(store)

        return await reader.read(work)

    @app.api_route("/gates", methods=_READ)
    async def gates(request: Request, dag_ids: Collection[str] = Depends(access.readable_dags)) -> HTMLResponse:
        return await read(lambda store: _gates_page(store, runs or NoRuns(), _addresses(request, dag_ids)))

    @app.api_route(
        "/dags/{dag_id}/runs/{run_id}/tasks/{task_id}/{map_index}/report", methods=_READ, dependencies=may_read_dag
    )
    async def task(request: Request, dag_id: str, run_id: str, task_id: str, map_index: str) -> HTMLResponse:
        index = _map_index(map_index)
        return await read(
            lambda store: _task_page(
                store, runs or NoRuns(), (dag_id, task_id, run_id, index), _addresses(request, [dag_id])
            )
        )

    @app.api_route("/dags/{dag_id}/reports/{report_id}", methods=_READ, dependencies=may_read_dag)
    async def report(request: Request, dag_id: str, report_id: str) -> HTMLResponse:
        return await read(lambda store: _entry_page(store, dag_id, report_id, _addresses(request, [dag_id])))

    @app.api_route("/{path:path}", methods=_ANY)
    async def unknown(path: str) -> HTMLResponse:
        raise HTTPException(404, f"The page {path!r} does not exist.")

    return app


_NO_REPORT: Final = (
    "This task instance has stored no report. A gate stores its report before its task ends. The task may not be a "
    "gate, may not have finished measuring, or may use a store other than the one in [dpq] store_url."
)


def _addresses(request: Request, dag_ids: Collection[str]) -> page.Addresses:
    return page.Addresses(str(request.scope.get("root_path", "")), frozenset(dag_ids))


def _map_index(text: str) -> int:
    if text == _UNMAPPED:
        return -1
    if not _MAP_INDEX.fullmatch(text):
        raise HTTPException(404, f"{text!r} is not a map index.")
    return int(text)


def _first_to_read(entries: Sequence[Entry]) -> Entry:
    # Not the highest try: that may be of a run of the same id that was deleted.
    newest_try = max(entries, key=lambda entry: entry.number).try_number
    return max((entry for entry in entries if entry.try_number == newest_try), key=lambda entry: entry.verdict.rank)


def _of_same_task(store: Store, shown: Entry) -> Sequence[Entry]:
    measured_by = str(shown.measured_by or shown.dag_id)
    return store.of_task(measured_by, str(shown.task_id), shown.run_id, shown.map_index)


def _gates_page(store: Store, runs: Runs, addresses: page.Addresses) -> HTMLResponse:
    newest = store.latest(dag_ids=addresses.dag_ids)
    shown = {run.gate for run in newest}
    begun = [
        start
        for start in store.starts()
        if start.dag_id in addresses.dag_ids or start.identity in shown or start.may_be_of_any_gate
    ]
    starts = unanswered(begun, newest)
    found = run_findings(store, runs, newest, starts, addresses.dag_ids)
    broken = [run for run in newest if run.verdict is not Verdict.PASS and run.worst.problem is None]
    worst_first = sorted(broken, key=lambda run: -run.verdict.rank)[:_MOST_EXPLAINED]
    reasons = {run.gate: _reason(store, run.worst) for run in worst_first}
    return page.gate_list(rows(newest, starts, reasons, found.missing), addresses, found)


def _reason(store: Store, entry: Entry) -> str:
    """Say in one sentence, without values of the data, what gave a report its verdict."""
    try:
        reasons = outcome.reasons(without_values(store.report(entry.report_id)))
    except StoreError as error:
        return error.message
    of_verdict = [text for verdict, text in reasons if verdict is entry.verdict]
    return figure.value(of_verdict[0], limit=_LONGEST_REASON) if of_verdict else ""


def _begun(store: Store, instance: tuple[str, str, str, int]) -> list[Start]:
    """Return what a task instance has started and left no report of, the newest first."""
    return [
        start
        for start in store.starts(dag_ids=[instance[0]])
        if (start.dag_id, start.task_id, start.run_id, start.map_index) == instance
    ]


def _unmeasured(runs: Runs, instance: tuple[str, str, str, int]) -> str:
    """Say how a task that is a gate ended where it has measured nothing; empty where it is none, or may still do so."""
    dag_id, task_id, run_id, map_index = instance
    one = runs.task(dag_id, run_id, (task_id, map_index))
    if one is None or not one.is_gate:
        return ""
    why = "the log of the upstream task that failed" if one.state == "upstream_failed" else "its log"
    return f"{Lost(one.instance, one.state)}, and nothing was measured. See {why} for the reason."


def _task_page(
    store: Store, runs: Runs, instance: tuple[str, str, str, int], addresses: page.Addresses
) -> HTMLResponse:
    entries = store.of_task(*instance)
    if not entries and (begun := _begun(store, instance)):
        advice = f" {begun[0].advice}" if begun[0].is_over() else ""
        return page.message("No report", f"{begun[0].identity}: {begun[0].describe()}.{advice}")
    if not entries:
        return page.message("No report", _unmeasured(runs, instance) or _NO_REPORT)
    return _report_page(store, _first_to_read(entries), entries, addresses)


def _entry_page(store: Store, dag_id: str, report_id: str, addresses: page.Addresses) -> HTMLResponse:
    entry = store.entry(report_id)
    if entry is None or dag_id not in entry.dag_ids:
        raise HTTPException(404, f"The DAG {dag_id!r} has no report {report_id!r}.")
    return _report_page(store, entry, _of_same_task(store, entry), addresses, back=True)


def _report_page(
    store: Store, shown: Entry, entries: Sequence[Entry], addresses: page.Addresses, *, back: bool = False
) -> HTMLResponse:
    entries = [entry for entry in entries if entry.dag_ids & addresses.dag_ids]
    of_run = [entry for entry in store.of_run(shown.identity, shown.run_id) if entry.dag_ids & addresses.dag_ids]
    run = newest_run(of_run)
    parts = [*zip(run.names, run.entries, strict=True)] if run is not None and shown.map_index >= 0 else []
    instance = (str(shown.measured_by or shown.dag_id), str(shown.task_id), shown.run_id, shown.map_index)
    # A start of an earlier try was killed, and the retry has said what there is to say.
    begun = [
        start
        for start in _begun(store, instance)
        if start.try_number >= shown.try_number and start.dag_id in addresses.dag_ids
    ]
    if shown.problem is not None:
        return page.distrusted(shown, entries, addresses, parts=parts, back=back, begun=begun)
    whole = store.report(shown.report_id)
    return page.report(
        whole, entries, addresses, parts=parts or _merged(store, whole, addresses), back=back, begun=begun
    )


def _merged(store: Store, whole: Report, addresses: page.Addresses) -> list[page.NamedEntry]:
    """Return the reports that one is merged from, the worst first, with what each part is called."""
    worst_first = sorted(whole.merged, key=lambda part: -part.verdict.rank)
    found = [(part.name, store.entry(part.report_id)) for part in worst_first[:_MOST_LINKED] if part.report_id]
    return [(name, entry) for name, entry in found if entry is not None and entry.dag_ids & addresses.dag_ids]


def _refused(_: Request, error: HTTPException) -> HTMLResponse:
    title = _TITLES.get(error.status_code, "Not possible")
    return page.message(title, error.detail, status=error.status_code, headers=error.headers)


_NEUTRAL: Final = "The report store did not answer correctly. Try again later; the server's log has the details."
"""For anyone who is signed in: neither where the store is, nor what its driver says."""


def _unreadable(_: Request, error: DpqError) -> HTMLResponse:
    log.error("A page could not be shown (%s): %s", error.reason, printable(text_of(error)))
    return page.message("The reports cannot be read", _NEUTRAL, status=503, reason=error.reason)
