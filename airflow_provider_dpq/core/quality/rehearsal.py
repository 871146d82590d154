"""A generated table and a check of it, to see how much checking a machine bears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from airflow_provider_dpq.core.gate.verdict import Verdict

if TYPE_CHECKING:
    import pandas as pd

SUITE: Final[dict[str, Any]] = {
    "name": "rehearsal",
    "expectations": [
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}},
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}},
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "amount", "min_value": 0}},
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "kind", "value_set": ["a", "b", "c"]}},
    ],
}
"""What is expected of the table."""


def table(rows: int) -> pd.DataFrame:
    """Return a table that meets every expectation, the same for the same number of rows.

    Args:
        rows: How many rows it has.
    """
    import numpy as np
    import pandas as pd

    numbers = np.arange(rows)
    amounts = np.random.default_rng(rows).gamma(2.0, 50.0, rows)
    return pd.DataFrame({"id": numbers, "amount": amounts, "kind": np.array(["a", "b", "c"])[numbers % 3]})


def check(data: pd.DataFrame) -> None:
    """Check a table against the suite.

    Args:
        data: The table.

    Raises:
        AssertionError: The verdict is not a pass.
        MeasurementError: It cannot be checked.
    """
    from airflow_provider_dpq.core.gate.report import Provenance
    from airflow_provider_dpq.core.quality import check as check_suite
    from airflow_provider_dpq.core.quality.gate import judge_suite

    report = judge_suite(check_suite(data, SUITE), gate="rehearsal", provenance=Provenance(run_id="rehearsal"))
    if report.verdict is not Verdict.PASS:
        message = f"The table did not pass: {report.verdict.value}."
        raise AssertionError(message)
