"""Data-quality checks: a suite of expectations answered on a table in as few scans as possible.

`check` and `SuiteResult` load on first use: a DAG that only validates a suite must not pay for SQLAlchemy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_dpq.core.quality.result import SuiteResult
    from airflow_provider_dpq.core.quality.run import check

__all__ = ["SuiteResult", "check"]


def __getattr__(name: str) -> Any:
    """Import the public names on first use."""
    if name == "check":
        from airflow_provider_dpq.core.quality.run import check

        return check
    if name == "SuiteResult":
        from airflow_provider_dpq.core.quality.result import SuiteResult

        return SuiteResult
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
