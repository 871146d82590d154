"""One check at a time, for tests that are about one answer."""

from __future__ import annotations

from typing import Any

from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.quality import check


def answer(data: Any, kind: str, *, options: dict[str, Any] | None = None, **kwargs: Any) -> CheckResult:
    """Return the result of one check.

    Args:
        data: The table.
        kind: Expectation type without its leading ``expect_``.
        options: Arguments of `check`.
        kwargs: Arguments of the expectation.
    """
    (result,) = check(data, [{"type": f"expect_{kind}", "kwargs": kwargs}], **(options or {})).results
    return result


def found(data: Any, kind: str, *, options: dict[str, Any] | None = None, **kwargs: Any) -> dict[str, Any]:
    """Return what a check observed; fail where it could not be evaluated."""
    result = answer(data, kind, options=options, **kwargs)
    assert result.error is None, result.error
    return dict(result.result)


def rows(data: Any, **options: Any) -> int:
    """Return the number of rows of a table."""
    return check(data, [{"type": "expect_table_row_count_to_be_between", "kwargs": {}}], **options).row_count
