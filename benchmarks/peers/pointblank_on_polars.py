"""pointblank on a lazy polars frame: the same checks but for the median, which it has no check for."""

import sys
from pathlib import Path

import pointblank as pb
import polars as pl
from clock import report

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import orders as table


def work(orders: str, stores: str, checks: str) -> dict[str, object]:
    """Check the orders."""
    frame = pl.scan_parquet(orders)
    keys = pl.read_parquet(stores)["store_id"].to_list()
    steps: list[tuple[str, object]] = []
    plan = pb.Validate(frame)

    def add(name, method, *arguments, **options):
        nonlocal plan
        plan = getattr(plan, method)(*arguments, **options, brief=name)
        steps.append((name, method))

    for name in ("customer_id", "amount", "pickup_ts"):
        add(f"{name} present", "col_vals_not_null", name)
    add("status in set", "col_vals_in_set", "status", list(table.STATUSES))
    add("qty between", "col_vals_between", "qty", 1, 20)
    add("lat between", "col_vals_between", "lat", 40, 41)
    add("code matches", "col_vals_regex", "code", table.CODE)
    add("comment length", "col_vals_expr", expr=pl.col("comment").str.len_chars().is_between(1, 100))
    add("pickup before dropoff", "col_vals_gt", "dropoff_ts", pb.col("pickup_ts"), na_pass=True)
    add("store exists", "col_vals_in_set", "store_id", keys)
    add("amount mean", "col_avg_gt", "amount", 400)
    add("amount stdev", "col_sd_gt", "amount", 200)
    if checks == "17":
        add("order_id unique", "rows_distinct", columns_subset="order_id")
        add("order_ref and line_no unique", "rows_distinct", columns_subset=["order_ref", "line_no"])
    plan = plan.interrogate()
    failed = plan.n_failed()
    found: dict[str, object] = {}
    for index, (name, method) in enumerate(steps, start=1):
        found[name] = not failed[index] if method.startswith(("col_avg", "col_sd")) else failed[index]
    schema = plan.schema if hasattr(plan, "schema") else None
    found["column set"] = schema is None or list(schema.columns) == table.COLUMNS
    found["row count"] = frame.select(pl.len()).collect().item() >= 1
    return found


report(work)
