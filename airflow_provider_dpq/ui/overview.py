"""The overview: one row for each gate, with its newest attempt, whether that left a report or not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Entry, NewestRun, Start
from airflow_provider_dpq.core.store.attendance import Attendance

_ORDER: Final = ("damaged", "killed", *(verdict.value for verdict in reversed(Verdict)))
"""What rows are sorted by, the worst first."""

_MEASURING: Final = "measuring"


@dataclass(frozen=True, slots=True)
class Row:
    """What the overview says of a gate.

    Attributes:
        gate: The gate.
        word: Its verdict; ``killed``, ``measuring`` or ``damaged`` where its newest attempt has left no report.
        reason: Why it has that verdict, in one sentence; empty where it passed.
        latest: The report of its newest run, the worst of several; None where it has none.
        tally: How many parts of that run decided so, and which.
        start: The newest attempt, where that has left no report.
        missing: Who is missing from a run that would pass otherwise; None where nobody is.
    """

    gate: Gate
    word: str
    reason: str
    latest: Entry | None
    tally: str = ""
    start: Start | None = None
    missing: Attendance | None = None

    @property
    def shade(self) -> str:
        """The verdict in whose colour the word stands; empty where nothing is decided."""
        return {"damaged": Verdict.ERROR.value, "killed": Verdict.ERROR.value, _MEASURING: ""}.get(self.word, self.word)

    @property
    def began(self) -> datetime | None:
        """When its newest attempt began to measure; None where nobody can tell."""
        if self.start is None:
            return self.latest.started_at if self.latest else None
        return self.start.began

    @property
    def _place(self) -> int:
        # What is still measuring may come to anything: below what is broken, above what has passed.
        return _ORDER.index(Verdict.INCONCLUSIVE.value if self.word == _MEASURING else self.word)

    @property
    def order(self) -> tuple[int, Gate]:
        """What rows are sorted by."""
        return 0 if self.missing else self._place, self.gate


def rows(
    runs: Iterable[NewestRun],
    starts: Iterable[Start],
    reasons: Mapping[Gate, str],
    missing: Mapping[Gate, Attendance],
) -> list[Row]:
    """Return a row for each gate, the worst first.

    Args:
        runs: The newest run of each gate that has a report.
        starts: What has started since and left no report.
        reasons: Why gates have their verdicts.
        missing: Who is missing from the newest runs of gates.
    """
    newest = {run.gate: run for run in runs}
    begun: dict[Gate, list[Start]] = defaultdict(list)
    for start in starts:
        begun[start.identity].append(start)
    found = [
        _unreported(gate, begun[gate], newest.get(gate)) if begun[gate] else _reported(newest[gate], reasons, missing)
        for gate in sorted({*newest, *begun})
    ]
    return sorted(found, key=lambda row: row.order)


def _reported(run: NewestRun, reasons: Mapping[Gate, str], missing: Mapping[Gate, Attendance]) -> Row:
    problem = run.worst.problem
    reason = problem.message if problem else reasons.get(run.gate, "")
    return Row(run.gate, run.verdict.value, reason, run.worst, run.tally, missing=missing.get(run.gate))


def _unreported(gate: Gate, begun: Sequence[Start], run: NewestRun | None) -> Row:
    killed = [start for start in begun if start.is_over()]
    start = (killed or begun)[0]
    parts = f"{len(killed or begun)} parts" if len(killed or begun) > 1 else ""
    reason = f"{start.fate} {start.advice}" if killed else ""
    return Row(gate, start.state, reason, run.worst if run else None, parts, start)


def counted(listed: Sequence[Row]) -> list[tuple[str, str, int]]:
    """Return how many rows bear each word, with the shade of it, the worst first."""
    found = Counter(("incomplete", "error") if row.missing else (row.word, row.shade) for row in listed)
    return [(word, shade, count) for (word, shade), count in found.items()]
