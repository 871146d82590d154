"""The list of reports, with what has started and left none: one row each, as text and as JSON."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import figure
from airflow_provider_dpq.core.render.layout import Column, table
from airflow_provider_dpq.core.store import Entry, NewestRun, Start


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the list.

    Attributes:
        order: What rows are sorted by, the newest last.
        state: ``reported``, or of what has left no report ``measuring``, ``killed`` or ``damaged``.
        entry: The report in brief, or what has started.
        verdict: Its verdict; ``error`` of what was killed or is damaged, None of what is still measuring.
        part: Which part of a mapped gate it is, or how many of them decided as this one.
        subject: What was measured, or why that cannot be said.
        found: What one check found; None where none was asked for.
    """

    order: tuple[int, float]
    state: str
    entry: Entry | Start
    verdict: Verdict | None
    part: str
    subject: str
    found: str | None = None

    @classmethod
    def of_entry(cls, entry: Entry, found: str | None = None) -> Row:
        """Return the row of a report, and of what one of its checks found."""
        subject = entry.problem.message if entry.problem else entry.subject
        return cls((entry.number, 0), "reported", entry, entry.verdict, entry.part, subject, found)

    @classmethod
    def of_run(cls, run: NewestRun) -> Row:
        """Return the row of a gate's newest run: the worst of it."""
        row = cls.of_entry(run.worst)
        return replace(row, order=(run.number, 0), part=run.tally or row.part)

    @classmethod
    def of_start(cls, start: Start) -> Row:
        """Return the row of what has started: newer than each report that was there when it did."""
        verdict = Verdict.ERROR if start.is_over() else None
        part = f"[{start.map_index}]" if start.map_index >= 0 else ""
        return cls((start.after, start.started_at.timestamp()), start.state, start, verdict, part, start.subject)

    @property
    def report_id(self) -> str | None:
        """Identifier of the report; None where there is none."""
        return self.entry.report_id if isinstance(self.entry, Entry) else None

    @property
    def began(self) -> datetime | None:
        """When measuring began; None where nobody can tell."""
        return self.entry.began if isinstance(self.entry, Start) else self.entry.started_at

    def brief(self) -> dict[str, Any]:
        """Return it as JSON has it, with the same keys for every row."""
        names = [one.name for one in fields(Entry) if one.name not in ("number", "problem")]
        plain = {name: getattr(self.entry, name, None) for name in names} | {"started_at": self.began}
        moments = {name: item.isoformat() for name, item in plain.items() if isinstance(item, datetime)}
        problem = self.entry.problem if isinstance(self.entry, Entry) else None
        facts = {"verdict": self.verdict, "problem": problem and problem.model_dump(mode="json"), "state": self.state}
        return plain | moments | facts | ({} if self.found is None else {"found": self.found})


def render(rows: Sequence[Row]) -> str:
    """Return the rows as a table as wide as the terminal."""
    parts, found = [row.part for row in rows], [row.found or "" for row in rows]
    began = [row.began for row in rows]
    took = [getattr(row.entry, "duration_seconds", None) for row in rows]
    columns = [
        Column(
            "verdict", [row.verdict.value if row.state == "reported" and row.verdict else row.state for row in rows]
        ),
        Column("gate", [str(row.entry.identity) for row in rows], narrowest=12),
        *([Column("part", parts, narrowest=12)] if any(parts) else []),
        Column("started", [figure.moment(at) if at else "?" for at in began]),
        *([Column("found", found, narrowest=16)] if any(found) else []),
        Column("took", ["" if seconds is None else figure.duration(seconds) for seconds in took], right=True),
        Column("subject", [row.subject for row in rows], narrowest=12),
        Column("report", [row.report_id or "" for row in rows]),
    ]
    return "\n".join(table(columns, shutil.get_terminal_size((160, 24)).columns)) + "\n"
