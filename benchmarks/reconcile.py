"""What reconciling a million rows with a million others costs, in a process of its own: run it to see.

.venv/bin/python benchmarks/reconcile.py [SQLAlchemy URL of a database to fill]

Without a URL only files are reconciled. The tables `dpq_here` and `dpq_there` of the database are replaced.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import duckdb
import sqlalchemy as sa

ROWS: Final = 1_000_000
CHUNK: Final = 50_000
MEMORY_LIMIT: Final = "256MB"
QUERY: Final = """
SELECT i AS id, i * 7 % 1000003 AS ref, 'customer ' || (i % 50000) AS name,
       CAST(i * 0.37 % 1000 AS DECIMAL(10, 2)) {more} AS amount, TIMESTAMP '2026-01-01' + to_seconds(i) AS at,
       ['new', 'paid', 'sent'][1 + i % 3] AS status
FROM range({rows}) AS t(i) WHERE {kept}
"""
SIDES: Final = {
    "here": {"more": "", "kept": "i NOT BETWEEN 2000 AND 2499"},
    "there": {"more": "+ CASE WHEN i BETWEEN 5000 AND 5999 THEN 1 ELSE 0 END", "kept": "i >= 1000"},
}
EXPECTED: Final = {"missing_row_count": 500, "extra_row_count": 1000, "changed_row_count": 1000}


def write_files(directory: Path) -> None:
    """Write both tables as Parquet."""
    for name, parts in SIDES.items():
        query = QUERY.format(rows=ROWS, **parts)
        duckdb.sql(f"COPY ({query}) TO '{directory / name}.parquet' (FORMAT parquet)")


def fill_database(url: str, directory: Path) -> None:
    """Write both tables into a database."""
    engine = sa.create_engine(url)
    for name in SIDES:
        metadata = sa.MetaData()
        table = sa.Table(
            f"dpq_{name}",
            metadata,
            sa.Column("id", sa.BigInteger()),
            sa.Column("ref", sa.BigInteger()),
            sa.Column("name", sa.Text()),
            sa.Column("amount", sa.Numeric(10, 2)),
            sa.Column("at", sa.DateTime()),
            sa.Column("status", sa.Text()),
        )
        metadata.drop_all(engine)
        metadata.create_all(engine)
        rows = duckdb.connect().execute(f"FROM '{directory / name}.parquet'")
        names = [column.name for column in table.columns]
        with engine.begin() as connection:
            while part := rows.fetchmany(CHUNK):
                connection.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in part])
    engine.dispose()


def reconcile(directory: Path, here: str, there: str, url: str) -> None:
    """Reconcile once in this process, and print what it cost."""
    from airflow_provider_dpq.core.quality import check

    kwargs: dict[str, Any] = {"key_columns": ["id"], "other_table": f"{directory}/there.parquet"}
    if there == "database":
        kwargs |= {"other_table": "dpq_there", "other_connection": "database"}
    suite = [{"type": "expect_table_to_reconcile_with_other_table", "kwargs": kwargs}]
    started, used = time.perf_counter(), time.process_time()
    (result,) = check(
        "dpq_here" if here == "database" else f"{directory}/here.parquet",
        suite,
        connection=url if here == "database" else None,
        connect=lambda _: url,
        memory_limit=MEMORY_LIMIT,
    ).results
    took, used = time.perf_counter() - started, time.process_time() - used
    assert {name: result.result.get(name) for name in EXPECTED} == EXPECTED, result  # noqa: S101
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{here:>10} with {there:<10} {used:6.1f} s of processor, {took:6.1f} s, peak {peak} MB")


def main() -> None:
    """Make the tables, and reconcile each combination in a process of its own."""
    if len(sys.argv) > 2:
        reconcile(Path(sys.argv[1]), *sys.argv[2:])
        return
    url = sys.argv[1] if len(sys.argv) == 2 else ""
    with tempfile.TemporaryDirectory() as name:
        write_files(Path(name))
        if url:
            fill_database(url, Path(name))
        kinds = ("file", "database") if url else ("file",)
        for here, there in [(kinds[0], kinds[0]), (kinds[0], kinds[-1]), (kinds[-1], kinds[-1])][: 2 * len(kinds) - 1]:
            subprocess.run([sys.executable, __file__, name, here, there, url], check=True)


if __name__ == "__main__":
    main()
