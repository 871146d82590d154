"""A program that writes reports into a store, and names each one on standard output once it is kept.

Arguments: the URL of the store, a name that tells its runs from those of others, and how many reports to write.
"""

from __future__ import annotations

import sys
import uuid
from datetime import UTC, datetime

from airflow_provider_dpq.core.gate.report import CheckResult, Provenance, make_report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import open_store


def main(url: str, name: str, count: int) -> None:
    """Write the reports."""
    check = CheckResult(
        name="c", type="t", verdict=Verdict.PASS, severity="critical", success=True, result={"rows": ["x" * 50] * 20}
    )
    started_at = datetime.now(UTC)
    source = Provenance(run_id="", dag_id="flights", task_id="check")
    first = make_report(
        gate="shared",
        kind="quality",
        subject="flights.csv",
        provenance=source,
        started_at=started_at,
        duration_seconds=1.0,
        checks=[check],
    )
    with open_store(url) as store:
        for number in range(count):
            provenance = source.model_copy(update={"run_id": f"{name}-{number}"})
            report = first.model_copy(update={"id": str(uuid.uuid4()), "provenance": provenance})
            store.write(report)
            sys.stdout.write(f"{report.id}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
