"""The reading of CSV of release 0.1: types guessed from a sample, texts staged and cast in every scan.

The same checks of this project then run on the table.
"""

import sys
import tempfile
from pathlib import Path

import duckdb
from clock import report

from airflow_provider_dpq.core.quality import check

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import orders as table


def work(orders: str, stores: str, checks: str) -> dict[str, object]:
    """Read the orders as DuckDB guesses them, and check what it made of them."""
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(f"{folder}/texts", config={"memory_limit": "2GB"}) as connection,
    ):
        described = connection.execute(f"DESCRIBE FROM read_csv('{orders}')").fetchall()
        connection.execute(f"CREATE TABLE texts AS FROM read_csv('{orders}', all_varchar = true)")
        cast = ", ".join(f"TRY_CAST({row[0]} AS {row[1]}) AS {row[0]}" for row in described)
        connection.execute(f"CREATE VIEW orders AS SELECT {cast} FROM texts")
        connection.execute(f"CREATE VIEW stores AS FROM '{stores}'")
        result = check("orders", table.suite_of(checks), connection=connection)
    return {item.name: item.result.get("unexpected_count", item.success) for item in result.results}


report(work)
