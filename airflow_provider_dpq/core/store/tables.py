"""The store's tables and indexes, each with the version that brought it. A change is a new step in `upgrade`."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.dialects import mysql

from airflow_provider_dpq.core.store.column import MYSQL, Moment, Name, Words

metadata: Final = MetaData()

_SERIAL: Final = BigInteger().with_variant(Integer(), "sqlite")  # SQLite only counts up an INTEGER
_DOCUMENT: Final = Text().with_variant(mysql.LONGTEXT(), *MYSQL)

# Names that differ in case or accents are different names, in MySQL and MariaDB too.
_EXACT: Final[dict[str, Any]] = {
    f"{dialect}_{option}": value
    for dialect in MYSQL
    for option, value in (("charset", "utf8mb4"), ("collate", "utf8mb4_bin"), ("engine", "InnoDB"))
}

schema: Final = Table("dpq_schema", metadata, Column("version", Integer, nullable=False), info={"since": 1}, **_EXACT)

reports: Final = Table(
    "dpq_report",
    metadata,
    # Counts up in the order of writing: the newest report has the highest number, whatever the clocks say.
    Column("number", _SERIAL, primary_key=True, autoincrement=True),
    # Hash of gate, dag_id, task_id, run_id, map_index and try_number. A unique constraint on the columns themselves
    # would be too wide for some databases.
    Column("key", String(64), nullable=False, unique=True),
    Column("report_id", Name, nullable=False, unique=True),
    Column("gate", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("subject", Words, nullable=False),
    Column("verdict", Name, nullable=False),
    # Empty outside Airflow, and not null, which compares with nothing.
    Column("dag_id", Name, nullable=False),
    Column("task_id", Name, nullable=False),
    Column("run_id", Name, nullable=False),
    Column("map_index", Integer, nullable=False),
    Column("try_number", Integer, nullable=False),
    Column("data_interval_start", Moment),
    Column("data_interval_end", Moment),
    Column("started_at", Moment, nullable=False),
    Column("duration_seconds", Double, nullable=False),
    # The whole report as JSON. The other columns only help to find it.
    Column("document", _DOCUMENT, nullable=False),
    # SHA-256 of the document, in hexadecimal digits. A row without it is not trusted.
    Column("digest", String(64), nullable=False, server_default=""),
    Index("dpq_report_gate", "gate", "dag_id", "number"),
    Index("dpq_report_run", "dag_id", "run_id", "gate"),
    Index("dpq_report_interval_of_gate", "gate", "dag_id", "data_interval_start", "data_interval_end"),
    Index("dpq_report_task", "dag_id", "task_id", "run_id", "map_index"),
    info={"since": 1},
    **_EXACT,
)

starts: Final = Table(
    "dpq_start",
    metadata,
    Column("number", _SERIAL, primary_key=True, autoincrement=True),
    # The same key as the report that will replace it.
    Column("key", String(64), nullable=False, unique=True),
    Column("gate", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("subject", Words, nullable=False),
    Column("dag_id", Name, nullable=False),
    Column("task_id", Name, nullable=False),
    Column("run_id", Name, nullable=False),
    Column("map_index", Integer, nullable=False),
    Column("try_number", Integer, nullable=False),
    Column("data_interval_start", Moment),
    Column("data_interval_end", Moment),
    Column("started_at", Moment, nullable=False),
    Column("ends_by", Moment, nullable=False),
    Column("process", Name, nullable=False),
    # Number of the newest report when it was written: a report with a higher number came later.
    Column("after", BigInteger, nullable=False),
    Index("dpq_start_gate", "gate", "dag_id"),
    info={"since": 4},
    **_EXACT,
)

audit: Final = Table(
    "dpq_audit",
    metadata,
    Column("number", _SERIAL, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("actor", Words, nullable=False),
    Column("event", Name, nullable=False),
    Column("dag_id", Name),
    Column("task_id", Name),
    Column("run_id", Name),
    Column("map_index", Integer, nullable=False),
    Column("try_number", Integer),
    Column("verdict", Name),
    Column("detail", Words, nullable=False),
    info={"since": 1},
    **_EXACT,
)

baselines: Final = Table(
    "dpq_baseline",
    metadata,
    # Counts up in the order of acceptance.
    Column("number", _SERIAL, primary_key=True, autoincrement=True),
    Column("gate", Name, nullable=False),
    # Not a foreign key: a baseline outlives its report, whose time is stored here too.
    Column("report_id", Name, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("accepted_at", Moment, nullable=False),
    Column("actor", Words, nullable=False),
    Column("reason", Words, nullable=False),
    # Empty outside Airflow, as in its report.
    Column("dag_id", Name, nullable=False, server_default=""),
    Index("dpq_baseline_of_gate", "gate", "dag_id", "number"),
    info={"since": 2},
    **_EXACT,
)
