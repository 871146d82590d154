"""Every expectation answers alike about a whole table and by partition, whatever the table holds."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.gate.report import CheckResult, Provenance, Report, parse_report
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.expectations import registered
from airflow_provider_dpq.core.quality.expectations.base import Merging
from airflow_provider_dpq.core.quality.gate import judge_suite
from docs._generate.examples import COUNTRIES, EXAMPLES

Table = list[list[dict[str, Any]]]
"""The rows of each partition."""

HIGH = {"row_condition": "amount > 15", "condition_parser": "pandas"}
MORE: list[tuple[str, dict[str, Any]]] = [
    *((f"column_{name}_to_be_between", {"column": column, "min_value": 1})
      for name in ("min", "max", "sum", "mean", "stdev") for column in ("order_id", "price", "amount")),
    *((f"column_{name}_to_be_between", {"column": "ordered_at", "min_value": "2026-01-02"}) for name in ("min", "max")),
    ("column_values_to_be_between", {"column": "ordered_at", "max_value": "2026-01-02T12:00:00"}),
    ("column_mean_to_be_between", {"column": "amount", "max_value": 20, **HIGH}),
    ("column_values_to_not_be_null", {"column": "tax", "mostly": 0.7, **HIGH}),
    ("column_values_to_be_in_set", {"column": "price", "value_set": [0.1, 1.05]}),
    ("column_values_to_match_regex", {"column": "order_id", "regex": "^[12]$"}),
    ("column_values_to_be_unique", {"column": "state", "mostly": 0.4}),
    ("table_row_count_to_be_between", {"min_value": 5, "max_value": 12}),
]  # fmt: skip
"""Arguments beside those of the examples: numbers of each kind, moments, conditions."""


def _suite() -> list[dict[str, Any]]:
    kinds = registered()
    examples = [
        {"type": name, "kwargs": dict(arguments)}
        for name, arguments in EXAMPLES.items()
        if kinds[name].merges not in (Merging.NEVER, Merging.METRICS)
    ]
    more = [{"type": f"expect_{name}", "kwargs": arguments} for name, arguments in MORE]
    return [{**one, "name": f"{number} {one['type']}"} for number, one in enumerate([*examples, *more])]


def _table(chance: random.Random) -> Table:
    """Return partitions: some without a row, with values that are missing, repeat, and are written in many ways."""
    missing = chance.choice([0, 0.2, 0.6])
    parts = []
    for _ in range(chance.randint(2, 4)):
        rows = []
        for _ in range(chance.choice([0, 1, 3, 6])):
            moment = datetime(2026, 1, 1, 9) + timedelta(hours=chance.randrange(72))  # noqa: DTZ001
            amount = chance.choice([10.0, 20.0, 0.1, 1e9 + 0.25])
            row = {
                "order_id": chance.choice([1, 2, 3, 2**53 + 1]),
                "country": chance.choice(["NO", "SE", "xx"]),
                "amount": amount,
                "tax": chance.choice([2.0, 4.0]),
                "total": amount + 2,
                "state": chance.choice(["paid", "sent", "lost"]),
                "details": chance.choice(['{"gift": true}', "[]", "{"]),
                "day": chance.choice(["2026-01-01", "2026-01-32"]),
                "ordered_at": moment,
                "paid_at": moment + timedelta(hours=chance.choice([-1, 1])),
                "price": chance.choice([Decimal("1.05"), Decimal("0.10"), Decimal("1.07")]),
            }
            rows.append({name: None if chance.random() < missing else value for name, value in row.items()})
        parts.append(rows)
    return parts


COLUMNS = {
    "order_id": pl.Int64(), "country": pl.String(), "amount": pl.Float64(), "tax": pl.Float64(), "total": pl.Float64(),
    "state": pl.String(), "details": pl.String(), "day": pl.String(), "ordered_at": pl.Datetime("us"),
    "paid_at": pl.Datetime("us"), "price": pl.Decimal(12, 2),
}  # fmt: skip


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def _whole(table: Table) -> pl.DataFrame:
    return pl.concat(_frame(rows).with_columns(part=pl.lit(part, pl.Int64())) for part, rows in enumerate(table))


def _folders(table: Table, folder: Path, ending: str, write: Callable[[pl.DataFrame, Path], Any]) -> Any:
    for part, rows in enumerate(table):
        path = folder / f"part={part}" / f"a.{ending}"
        path.parent.mkdir(parents=True)
        write(_frame(rows), path)
    return str(folder / "*" / f"*.{ending}"), {}


def _lines(frame: pl.DataFrame, path: Path) -> None:
    def written(value: Any) -> Any:
        if isinstance(value, Decimal):
            return float(value)
        return str(value) if isinstance(value, datetime) else value

    rows = ({name: written(value) for name, value in row.items()} for row in frame.to_dicts())
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _sqlite(table: Table, folder: Path) -> Any:
    engine = sa.create_engine(f"sqlite:///{folder / 'orders.db'}", poolclass=sa.NullPool)
    frame = _whole(table).with_columns(price=pl.col("price").cast(pl.Float64)).to_pandas().astype(object)
    types = {"order_id": sa.BigInteger(), "ordered_at": sa.DateTime(), "paid_at": sa.DateTime(), "part": sa.Integer()}
    types |= {name: sa.Double() for name in ("amount", "tax", "total", "price")}
    frame.where(frame.notna(), None).to_sql("orders", engine, index=False, dtype=types)
    pd.DataFrame({"code": COUNTRIES}).to_sql("countries", engine, index=False)
    return "orders", {"connection": engine}


SOURCES: dict[str, Callable[[Table, Path], tuple[Any, dict[str, Any]]]] = {
    "csv": lambda table, folder: _folders(table, folder, "csv", lambda frame, path: frame.write_csv(path)),
    "json": lambda table, folder: _folders(table, folder, "jsonl", _lines),
    "parquet": lambda table, folder: _folders(table, folder, "parquet", lambda frame, path: frame.write_parquet(path)),
    "polars": lambda table, _: (_whole(table), {}),
    "pandas": lambda table, _: (_whole(table).to_pandas(), {}),
    "sqlite": _sqlite,
}

NUMBERS = ("element_count", "unexpected_count", "missing_count", "observed_value")
NUMBERS += ("unexpected_percent", "missing_percent", "unexpected_percent_total", "unexpected_percent_nonmissing")


def _seen(result: CheckResult) -> dict[str, Any]:
    if result.error is not None:
        return {"error": True, "verdict": result.verdict}
    return {
        "verdict": result.verdict,
        "success": result.success,
        "remarks": result.remarks,
        **{name: result.result.get(name) for name in NUMBERS},
    }


def _alike(one: Any, other: Any) -> bool:
    floats = isinstance(one, float) or isinstance(other, float)
    if floats and isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-12) or (math.isnan(one) and math.isnan(other))
    return bool(one == other)


def differences(source: str, seed: int, folder: Path) -> list[tuple[str, Mapping[str, Any]]]:
    """Return what is answered otherwise by partition: at once, and once more from what is known."""
    table = _table(random.Random(seed))
    data, options = SOURCES[source](table, folder)
    if "connection" not in options:
        options["references"] = {"countries": pd.DataFrame({"code": COUNTRIES})}
    reports: list[Report] = []
    suite = _suite()
    whole = check(data, suite, **options)
    found = []
    for _ in range(2):
        parts = check(data, suite, partition_by="part", history=lambda limit: reports[:limit], **options)
        report = judge_suite(parts, gate="orders", provenance=Provenance(run_id="1"))
        reports.insert(0, parse_report(report.to_json()))
        assert parts.row_count == whole.row_count
        for merged, direct in zip(parts.results, whole.results, strict=True):
            one, other = _seen(direct), _seen(merged)
            different = {name: (one.get(name), other.get(name)) for name in {**one, **other}}
            different = {name: pair for name, pair in different.items() if not _alike(*pair)}
            if different:
                found.append((direct.name, different))
    return found


@pytest.mark.parametrize(("source", "seed"), [*((source, 3) for source in SOURCES), ("parquet", 8), ("sqlite", 8)])
def test_every_expectation_is_judged_alike_whole_and_by_partition(source: str, seed: int, tmp_path: Path) -> None:
    """Verdict, success, counts, shares and observed value are those of one scan, floating numbers to 1e-12."""
    assert differences(source, seed, tmp_path) == []
