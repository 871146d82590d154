"""soda-core on DuckDB: a contract with the same checks; it counts surplus copies where the others count all copies."""

import logging
import os
import sys
import tempfile
from pathlib import Path

from clock import report

os.environ["SODA_CORE_TELEMETRY_ENABLED"] = "false"
import json

import duckdb
from soda_core.contracts import verify_contract_locally
from soda_duckdb.common.data_sources.duckdb_data_source import DuckDBDataSourceImpl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import orders as table

logging.disable(logging.WARNING)


def contract(*, unique: bool) -> dict[str, object]:
    """Return the checks in soda's words."""

    def bad_rows(name, condition):
        return {"failed_rows": {"name": name, "expression": condition}}

    def figure(name, expression, low, high):
        limits = {"greater_than_or_equal": low, "less_than_or_equal": high}
        threshold = {"must_be_between": limits}
        return {"metric": {"name": name, "qualifier": name, "expression": expression, "threshold": threshold}}

    def invalid(name, **valid):
        return {"invalid": {"name": name, **valid}}

    checks: dict[str, list[object]] = {name: [] for name in table.COLUMNS}
    for name in ("customer_id", "amount", "pickup_ts"):
        checks[name].append({"missing": {"name": f"{name} present"}})
    checks["status"].append(invalid("status in set", valid_values=list(table.STATUSES)))
    checks["qty"].append(invalid("qty between", valid_min=1, valid_max=20))
    checks["lat"].append(invalid("lat between", valid_min=40, valid_max=41))
    checks["code"].append(invalid("code matches", valid_format={"name": "code", "regex": table.CODE}))
    checks["comment"].append(invalid("comment length", valid_min_length=1, valid_max_length=100))
    checks["store_id"].append(
        invalid("store exists", valid_reference_data={"dataset": "bench/main/stores", "column": "store_id"})
    )
    whole: list[object] = [
        {"row_count": {"name": "row count"}},
        {"schema": {"name": "column set"}},
        bad_rows("pickup before dropoff", "pickup_ts >= dropoff_ts"),
        figure("amount mean", "avg(amount)", 400, 600),
        figure("amount stdev", "stddev(amount)", 200, 400),
        figure("amount median", "median(amount)", 400, 600),
    ]
    if unique:
        checks["order_id"].append({"duplicate": {"name": "order_id unique"}})
        whole.append({"duplicate": {"name": "order_ref and line_no unique", "columns": ["order_ref", "line_no"]}})
    columns = [{"name": name, **({"checks": own} if own else {})} for name, own in checks.items()]
    return {"dataset": "bench/main/orders", "columns": columns, "checks": whole}


def work(orders: str, stores: str, checks: str) -> dict[str, object]:
    """Check the orders."""
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW orders AS SELECT * FROM read_parquet('{orders}')")
    connection.execute(f"CREATE VIEW stores AS SELECT * FROM read_parquet('{stores}')")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "orders.yml")
        path.write_text(json.dumps(contract(unique=checks == "17")))  # JSON is YAML
        source = DuckDBDataSourceImpl.from_existing_cursor(connection, "bench")
        session = verify_contract_locally(data_sources=[source], contract_file_path=str(path))
    found: dict[str, object] = {}
    for result in session.contract_verification_results[0].check_results:
        kind = result.check.type
        rows = kind in ("missing", "invalid", "duplicate", "failed_rows")
        found[result.check.name] = result.threshold_value if rows else result.outcome.name == "PASSED"
    return found


report(work)
