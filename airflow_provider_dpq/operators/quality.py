"""The data-quality gate as an Airflow task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_dpq.exceptions import declaring
from airflow_provider_dpq.operators.check import QualityCheck
from airflow_provider_dpq.operators.gate import GateOperator


class DataQualityCheckOperator(QualityCheck, GateOperator):
    """Checks a table, a file or a query against a suite of expectations, and blocks downstream tasks if it fails.

    A table or query is checked in its database by aggregate queries, a file by DuckDB in the worker.

    Args:
        quarantine: Where to write the rows that break a check whose verdict is not ``pass``, each with the names of the
            checks that it broke: a Parquet file (a path, a URL such as ``s3://conn_id@bucket/key.parquet``, or an
            `ObjectStoragePath`), or with `table` and `sql` a table of `conn_id`. Existing data there are replaced.
        good_rows: Where to write all other rows, in the same forms.
        **kwargs: Arguments of `QualityCheck` (path, table, suite ...), arguments of `GateOperator` (gate,
            thresholds, on_fail ...) and of Airflow's BaseOperator.

    Raises:
        GateDeclarationError: While the DAG file is parsed: an argument, a threshold or the suite is wrong.
    """

    template_fields: Sequence[str] = (
        *GateOperator.template_fields,
        *QualityCheck.template_fields,
        "quarantine",
        "good_rows",
    )

    def __init__(self, *, quarantine: Any = None, good_rows: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.quarantine = quarantine
        self.good_rows = good_rows
        with declaring(self.gate):
            self.validate_check()
