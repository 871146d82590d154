"""pandera on polars: one schema with the same checks, lazily validated so that all of them are answered."""

import sys
from pathlib import Path

import pandera.polars as pa
import polars as pl
from clock import report

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import orders as table


def work(orders: str, stores: str, checks: str) -> dict[str, object]:
    """Check the orders."""
    frame = pl.read_parquet(orders)
    keys = pl.read_parquet(stores)["store_id"]
    c = pl.col
    rows = {
        "status in set": c("status").is_in(list(table.STATUSES)),
        "qty between": c("qty").is_between(1, 20),
        "lat between": c("lat").is_between(40, 41),
        "code matches": c("code").str.contains(table.CODE),
        "comment length": c("comment").str.len_chars().is_between(1, 100),
        "pickup before dropoff": (c("dropoff_ts") > c("pickup_ts")).fill_null(True),
        "store exists": c("store_id").is_in(keys.implode()),
    }
    figures = {
        "row count": pl.len() >= 1,
        "amount mean": c("amount").mean().is_between(400, 600),
        "amount stdev": c("amount").std().is_between(200, 400),
        "amount median": c("amount").median().is_between(400, 600),
    }
    if checks == "17":
        rows["order_id unique"] = c("order_id").is_unique()
        rows["order_ref and line_no unique"] = pl.struct("order_ref", "line_no").is_unique()
    present = {name: pa.Column(nullable=False) for name in ("customer_id", "amount", "pickup_ts")}
    columns = {name: present.get(name, pa.Column(nullable=True)) for name in table.COLUMNS}
    every = {**rows, **figures}
    schema = pa.DataFrameSchema(
        columns,
        checks=[pa.Check(_holds(expression), name=name) for name, expression in every.items()],
        strict=True,
    )
    found: dict[str, object] = {"column set": True} | dict.fromkeys(figures, True) | dict.fromkeys(rows, 0)
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for error in errors.schema_errors:
            name = error.check.name if isinstance(error.check, pa.Check) else f"{error.schema.name} present"
            found[name] = len(error.failure_cases) if name not in figures else False
    return found


def _holds(expression):
    return lambda data: data.lazyframe.select(expression)


report(work)
