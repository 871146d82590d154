"""The pages: each an HTML response from a template, with the headers that all of them carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.render import figure, render_html
from airflow_provider_dpq.core.store import Entry, Start
from airflow_provider_dpq.ui.overview import Row, counted
from airflow_provider_dpq.ui.unmeasured import RunFindings

NamedEntry: TypeAlias = tuple[str, Entry]
"""The report of a part in brief, after what the part is called."""

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""No page runs a script, fetches anything, is kept in a cache, or is framed by another site."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the pages are.

    Attributes:
        root: Path that the application is mounted under, without a trailing slash.
        dag_ids: DAGs that the user may read: a report that was moved is read below one of them.
    """

    root: str
    dag_ids: frozenset[str]

    @property
    def gates(self) -> str:
        """Path of the list of gates."""
        return f"{self.root}/gates"

    def report(self, entry: Entry) -> str:
        """Return the path of a report."""
        dag_id = entry.dag_id if entry.dag_id in self.dag_ids else entry.measured_by
        return f"{self.root}/dags/{quote(str(dag_id), safe='')}/reports/{quote(entry.report_id, safe='')}"

    def task(self, start: Start) -> str:
        """Return the path of what is known of the task instance that started."""
        names = ("dags", start.dag_id, "runs", start.run_id, "tasks", start.task_id, str(start.map_index), "report")
        return "/".join((self.root, *(quote(name, safe="") for name in names)))


def gate_list(rows: Sequence[Row], addresses: Addresses, found: RunFindings) -> HTMLResponse:
    """Return the list of gates.

    Args:
        rows: One for each gate, the worst first.
        addresses: Where the reports are.
        found: What the runs of their DAGs add to their reports.
    """
    unmeasured = [("not measured", "error", len(found.unmeasured))] if found.unmeasured else []
    tally = [*unmeasured, *counted(rows)]
    return _response(_render("gates.html", rows=rows, tally=tally, found=found, addresses=addresses))


def report(
    shown: Report,
    entries: Sequence[Entry],
    addresses: Addresses,
    *,
    parts: Sequence[NamedEntry] = (),
    back: bool = False,
    begun: Sequence[Start] = (),
) -> HTMLResponse:
    """Return a report below links to the others of its task instance.

    Args:
        shown: The report.
        entries: All reports of the task instance, the newest try first.
        addresses: Where the reports are.
        parts: Of a mapped or merged gate the report of each part, the worst first, with what the part is called.
        back: Whether there is a link to the list of gates.
        begun: What the task instance has started since, and left no report of.
    """
    links = _links(shown.id, shown.gate, entries, addresses, parts=parts, back=back, begun=begun)
    return _response(render_html(shown, above=links))


def distrusted(
    shown: Entry,
    entries: Sequence[Entry],
    addresses: Addresses,
    *,
    parts: Sequence[NamedEntry] = (),
    back: bool = False,
    begun: Sequence[Start] = (),
) -> HTMLResponse:
    """Return in the place of a report that cannot be trusted or read why, below the same links.

    Args:
        shown: The entry of the report.
        entries: All reports of the task instance, the newest try first.
        addresses: Where the reports are.
        parts: Of a mapped or merged gate the report of each part, the worst first, with what the part is called.
        back: Whether there is a link to the list of gates.
        begun: What the task instance has started since, and left no report of.
    """
    problem = shown.problem
    text, reason = (problem.message, problem.reason) if problem else ("", "")
    links = _links(shown.report_id, shown.gate, entries, addresses, parts=parts, back=back, begun=begun)
    return _response(_render("message.html", title=f"error: {shown.identity}", text=text, reason=reason, above=links))


def _links(
    report_id: str,
    gate: str,
    entries: Sequence[Entry],
    addresses: Addresses,
    *,
    parts: Sequence[NamedEntry],
    back: bool,
    begun: Sequence[Start],
) -> Markup:
    links = _render(
        "links.html",
        report_id=report_id,
        gate=gate,
        gates=_newest_of_each_gate(entries),
        tries=[entry for entry in entries if entry.gate == gate],
        addresses=addresses,
        parts=parts,
        back=back,
        begun=begun,
    )
    return Markup(links)  # noqa: S704 - rendered by an escaping template


def _newest_of_each_gate(entries: Iterable[Entry]) -> list[Entry]:
    newest: dict[str, Entry] = {}
    for entry in entries:
        newest.setdefault(entry.gate, entry)
    return [newest[gate] for gate in sorted(newest)]


def message(
    title: str, text: str, *, status: int = 200, reason: str = "", headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """Return a page that says one thing.

    Args:
        title: What it is about, in a few words.
        text: One or two sentences.
        status: HTTP status.
        reason: Stable code of what is wrong.
        headers: HTTP headers beside those of every page.
    """
    return _response(_render("message.html", title=title, text=text, reason=reason, above=""), status, headers)


def _response(html: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    return HTMLResponse(html, status, {**(headers or {}), **HEADERS})


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("airflow_provider_dpq.ui"), PackageLoader("airflow_provider_dpq.core.render")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["figure"] = figure
    return environment
