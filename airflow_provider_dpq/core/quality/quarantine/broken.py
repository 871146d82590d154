"""Which checks set rows apart: those about rows that did not pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from airflow_provider_dpq.core.errors import MeasurementError, QuarantineError
from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import gx
from airflow_provider_dpq.core.quality.compile.plan import Unexpected
from airflow_provider_dpq.core.quality.declared import Declared
from airflow_provider_dpq.core.quality.evaluate import Outcome, unexpected_count
from airflow_provider_dpq.core.quality.result_format import ResultFormat
from airflow_provider_dpq.core.quality.rows import fetch_positions, read_frame
from airflow_provider_dpq.core.table.table import Table

CHECKS: Final = "dpq_checks"
"""Column of quarantined rows: the names of the checks that a row broke, in the order of the suite."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A check that some rows broke.

    Attributes:
        name: Its name.
        count: How many rows broke it.
        unexpected: Which ones, where a query can say it.
        positions: Which ones, by their positions in a file or frame, where Great Expectations evaluated it.
    """

    name: str
    count: int
    unexpected: Unexpected | None = None
    positions: Sequence[int] = ()


def find_broken(
    table: Table, declared: Sequence[Declared], outcomes: Mapping[str, Outcome], results: Sequence[CheckResult]
) -> list[Broken]:
    """Return the checks that set rows apart: those whose verdict is not ``pass`` and that know their rows.

    Args:
        table: The table.
        declared: The suite's checks, in order.
        outcomes: What came of them, by name.
        results: How they were judged.

    Raises:
        MeasurementError: ``quarantine_failed``: a check of rows could not be evaluated, or knows only some of its rows.
    """
    deciding = {one.name for one in declared if one.decides_rows}
    unknown = [result.name for result in results if result.error is not None and result.name in deciding]
    if unknown:
        checks = "1 check" if len(unknown) == 1 else f"{len(unknown):,} checks"
        message = f"No row was set apart: {checks} of rows could not be evaluated, the first is {unknown[0]!r}."
        raise QuarantineError(
            "quarantine_failed", message, hint="A row is good only where all of them were.", quotes_data=False
        )
    failed = {result.name for result in results if result.verdict is not Verdict.PASS}
    failing = [one for one in declared if one.name in outcomes and one.name in failed]
    _require_complete([(one.name, outcomes[one.name].unexpected) for one in failing])
    found = {one.name: _of_query(one.name, outcomes[one.name]) for one in failing}
    delegated = [one for one in failing if outcomes[one.name].by == gx.NAME]
    if delegated and table.pandas_like:
        found |= _of_gx(table, delegated)
    return [broken for broken in found.values() if broken is not None and broken.count]


def _require_complete(found: Sequence[tuple[str, Unexpected | None]]) -> None:
    """Refuse to take for good the rows of a check that only counted most of those that break it."""
    for name, unexpected in found:
        if unexpected is not None and not unexpected.complete:
            message = f"No row was set apart: too many values break {name!r} to find all of its rows."
            hint = "Bring the other table into the same database, or set rows apart without this check."
            raise QuarantineError("quarantine_failed", message, hint=hint, quotes_data=False)


def _of_query(name: str, outcome: Outcome) -> Broken | None:
    if outcome.unexpected is None:
        return None
    return Broken(name, unexpected_count(outcome.answer), outcome.unexpected)


def _of_gx(table: Table, declared: Sequence[Declared]) -> dict[str, Broken]:
    """Ask Great Expectations again, of rows labelled by their position: the user's own labels may repeat.

    Raises:
        MeasurementError: ``quarantine_failed``: it could not evaluate a check this time.
    """
    frame = table.frame()
    numbered = (read_frame(table) if frame is None else frame).reset_index(drop=True)
    wanted = ResultFormat("COMPLETE", partial_unexpected_count=0, index_query=False)
    answers = gx.evaluate([(gx.build(one), wanted) for one in declared], numbered)
    positions = fetch_positions(table)
    found = {}
    for one, answer in zip(declared, answers, strict=True):
        if isinstance(answer, MeasurementError):
            message = f"No row was set apart: those of {one.name!r} were not found again ({answer.reason})."
            raise QuarantineError("quarantine_failed", message, hint="The gate may be run again.", quotes_data=False)
        rows = answer.result.get("unexpected_index_list")
        if isinstance(rows, list) and all(isinstance(row, int) for row in rows):
            found[one.name] = Broken(one.name, len(rows), positions=[positions[int(str(row))] for row in rows])
    return found
