"""This project: the same suite, with the default result format, samples of failing rows included."""

import sys
from pathlib import Path

from clock import report

from airflow_provider_dpq.core.quality import check

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import orders as table


def work(orders: str, stores: str, checks: str) -> dict[str, object]:
    """Check the orders: a file, or a table of the database at a URL."""
    suite = table.suite_of(checks)
    if "://" in orders:
        result = check("orders", suite, connection=orders)
    else:
        result = check(orders, suite, references={"stores": stores})
    return {item.name: item.result.get("unexpected_count", item.success) for item in result.results}


report(work)
