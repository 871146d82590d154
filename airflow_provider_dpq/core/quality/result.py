"""What a suite found on a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.checked import Checked
from airflow_provider_dpq.core.gate.metric import CATALOGUES, Metric
from airflow_provider_dpq.core.gate.part import Part
from airflow_provider_dpq.core.gate.report import Artifact, CheckResult
from airflow_provider_dpq.core.gate.share import Share
from airflow_provider_dpq.core.gate.verdict import Verdict


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """Results of all checks of a suite, in the order in which the suite declares them.

    Attributes:
        suite_name: Name of the suite; empty for a plain list of expectations.
        subject: What was checked, for people.
        results: One result for each expectation.
        row_count: Rows of the table after the row condition and partition filter.
        started_at: When checking began.
        duration_seconds: How long it took.
        parts: The partitions that are measured, where the table was checked by partition.
        partition_count: How many partitions there are; None where the table was checked as one.
        scanned_partition_count: How many of them were scanned now.
        artifacts: Where failing rows and good rows were written, where that was asked for.
        error: Why they could not be written; the results stand.
        not_checked: What the suite or its contract promises beside, which nobody here evaluates.
        checked: What the suite was answered on; None where that is not known.
    """

    suite_name: str
    subject: str
    results: tuple[CheckResult, ...]
    row_count: int
    started_at: datetime
    duration_seconds: float
    parts: tuple[Part, ...] = ()
    partition_count: int | None = None
    scanned_partition_count: int | None = None
    artifacts: tuple[Artifact, ...] = ()
    error: MeasurementError | None = None
    not_checked: tuple[str, ...] = ()
    checked: Checked | None = None

    @property
    def success(self) -> bool:
        """Whether every check held, whatever its severity, and all that was asked for was written."""
        return self.error is None and all(result.success for result in self.results)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What thresholds can judge: figures of the whole table, and of each check with its tags."""
        return tuple(self._table_metrics()) + tuple(
            metric for result in self.results for metric in check_metrics(result)
        )

    def _table_metrics(self) -> Iterator[Metric]:
        total = len(self.results)
        held = sum(1 for result in self.results if result.success)
        yield Metric(name="row_count", value=self.row_count)
        if self.partition_count is not None:
            yield Metric(name="partition_count", value=self.partition_count)
            yield Metric(name="scanned_partition_count", value=self.scanned_partition_count)
        yield Metric(name="check_count", value=total)
        # By verdict, as the report counts: a check of severity "info" that did not hold has not failed.
        yield Metric(name="failed_check_count", value=sum(1 for r in self.results if r.verdict is not Verdict.PASS))
        yield Metric.percent("success_percent", Share(held, total))


def check_metrics(result: CheckResult) -> Iterator[Metric]:
    """Yield the numbers in a check's result as metrics, tagged with the check, its type and its column."""
    column = result.declaration.get("column")
    tags = {"check": result.name, "type": result.type, **({"column": str(column)} if column is not None else {})}
    for name, unit in CATALOGUES["quality"].items():
        value = result.result.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            share = _share(name, result.result)
            yield Metric(name=name, value=value, unit=unit, tags=tags, share=share)


_SHARES: Final[Mapping[str, tuple[str, str]]] = {
    "unexpected_percent": ("unexpected_count", "element_count"),
    "missing_percent": ("missing_count", "element_count"),
    "changed_percent": ("changed_row_count", "matched_row_count"),
}
"""Of each share in a result, the part and the whole; what is missing is no part of the whole of unexpected ones."""


def _share(name: str, result: Mapping[str, JsonValue]) -> Share | None:
    """Return the counts of a share in a check's result, where it has them."""
    if name not in _SHARES:
        return None
    part, whole = (result.get(count) for count in _SHARES[name])
    missing = result.get("missing_count") or 0 if name == "unexpected_percent" else 0
    if not isinstance(part, int) or not isinstance(whole, int) or not isinstance(missing, int) or whole <= missing:
        return None
    return Share(part, whole - missing)
