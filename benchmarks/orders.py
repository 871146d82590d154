"""An orders table of any size, with violations of known number planted in every 100,000 rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

BLOCK_ROWS: Final = 100_000
"""Violations repeat in every block of so many rows."""

PLANTED: Final = {
    "customer_id present": 7,
    "amount present": 11,
    "pickup_ts present": 3,
    "order_id unique": 10,
    "status in set": 13,
    "qty between": 17,
    "lat between": 19,
    "code matches": 23,
    "comment length": 29,
    "order_ref and line_no unique": 8,
    "pickup before dropoff": 31,
    "store exists": 37,
}
"""Rows of a block that break each check; all copies of a repeated value count. The other five checks hold."""

STATUSES: Final = ("new", "paid", "packed", "shipped", "delivered", "returned")
CODE: Final = "^[A-Z]{2}-[0-9]{6}$"
COLUMNS: Final = [
    *("order_id", "order_ref", "line_no", "customer_id", "store_id", "qty", "amount", "tip", "lat"),
    *("status", "code", "comment", "pickup_ts", "dropoff_ts", "is_card"),
]
STORES: Final = 10_000

_ORDERS: Final = """
COPY (
    SELECT
        (CASE WHEN k BETWEEN 400 AND 404 THEN i + 5 ELSE i END)::BIGINT AS order_id,
        (CASE WHEN k BETWEEN 500 AND 503 THEN (i + 4) // 4 ELSE i // 4 END)::BIGINT AS order_ref,
        (i % 4 + 1)::INTEGER AS line_no,
        CASE WHEN k BETWEEN 100 AND 106 THEN NULL ELSE (i * 7919) % 500000 END::BIGINT AS customer_id,
        (CASE WHEN k BETWEEN 1000 AND 1036 THEN 99999 ELSE (i * 104729) % {stores} END)::INTEGER AS store_id,
        (CASE WHEN k BETWEEN 1100 AND 1116 THEN 500 ELSE i % 20 + 1 END)::INTEGER AS qty,
        CASE WHEN k BETWEEN 200 AND 210 THEN NULL ELSE ((i * 31) % 100000) / 100.0 END::DOUBLE AS amount,
        CASE WHEN i % 100 = 0 THEN NULL ELSE ((i * 17) % 2000) / 100.0 END::DOUBLE AS tip,
        (CASE WHEN k BETWEEN 1200 AND 1218 THEN 123.5 ELSE 40.5 + (i % 500) / 1000.0 END)::DOUBLE AS lat,
        CASE WHEN k BETWEEN 1300 AND 1312 THEN 'lost' ELSE {statuses}[(i % 6 + 1)::INTEGER] END AS status,
        CASE WHEN k BETWEEN 1400 AND 1422 THEN 'bad code'
             ELSE 'AB-' || lpad(((i * 13) % 5000)::VARCHAR, 6, '0') END AS code,
        CASE WHEN k BETWEEN 1500 AND 1528 THEN repeat('x', 150)
             ELSE repeat('order ', (i % 8 + 1)::INTEGER) || i END AS comment,
        CASE WHEN k BETWEEN 300 AND 302 THEN NULL
             ELSE TIMESTAMP '2026-01-01' + to_seconds(i % 2592000) END AS pickup_ts,
        TIMESTAMP '2026-01-01' + to_seconds(i % 2592000)
            + to_minutes(CASE WHEN k BETWEEN 1600 AND 1630 THEN -10 ELSE i % 60 + 1 END) AS dropoff_ts,
        i % 3 = 0 AS is_card
    FROM (SELECT range AS i, range % {block} AS k FROM range({rows}))
) TO '{path}' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 122880)
"""


def write_orders(folder: Path, rows: int) -> tuple[Path, Path]:
    """Write the orders and the stores they refer to as Parquet, unless they are there, and return both paths.

    Args:
        folder: Where to write.
        rows: How many orders, a multiple of `BLOCK_ROWS`.
    """
    import duckdb  # the other programs' environments lack it

    orders, stores = folder / f"orders-{rows}.parquet", folder / "stores.parquet"
    statuses = str(list(STATUSES))
    with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
        if not stores.exists():
            connection.execute(f"COPY (SELECT range::INTEGER AS store_id FROM range({STORES})) TO '{stores}'")
        if not orders.exists():
            part = orders.with_suffix(".part")
            query = _ORDERS.format(rows=rows, block=BLOCK_ROWS, stores=STORES, statuses=statuses, path=part)
            connection.execute(query)
            part.rename(orders)
    return orders, stores


def suite_of(checks: str) -> list[dict[str, Any]]:
    """Return a set of checks as expectations, by its name.

    Args:
        checks: ``17`` for all, named as in `PLANTED`; ``15`` for those without uniqueness; another number for so many
            checks that ride on one scan, no two of them equal.
    """
    if checks in ("17", "15"):
        return [check for check in _CHECKS if checks == "17" or "unique" not in check["name"]]
    return [_numbered(number) for number in range(int(checks))]


def _check(name: str, expectation: str, **kwargs: Any) -> dict[str, Any]:
    return {"name": name, "type": f"expect_{expectation}", "kwargs": kwargs}


_CHECKS: Final = (
    _check("row count", "table_row_count_to_be_between", min_value=1),
    _check("column set", "table_columns_to_match_set", column_set=COLUMNS),
    _check("customer_id present", "column_values_to_not_be_null", column="customer_id"),
    _check("amount present", "column_values_to_not_be_null", column="amount"),
    _check("pickup_ts present", "column_values_to_not_be_null", column="pickup_ts"),
    _check("order_id unique", "column_values_to_be_unique", column="order_id"),
    _check("status in set", "column_values_to_be_in_set", column="status", value_set=list(STATUSES)),
    _check("qty between", "column_values_to_be_between", column="qty", min_value=1, max_value=20),
    _check("lat between", "column_values_to_be_between", column="lat", min_value=40, max_value=41),
    _check("code matches", "column_values_to_match_regex", column="code", regex=CODE),
    _check("comment length", "column_value_lengths_to_be_between", column="comment", min_value=1, max_value=100),
    _check("amount mean", "column_mean_to_be_between", column="amount", min_value=400, max_value=600),
    _check("amount stdev", "column_stdev_to_be_between", column="amount", min_value=200, max_value=400),
    _check("amount median", "column_median_to_be_between", column="amount", min_value=400, max_value=600),
    _check("order_ref and line_no unique", "compound_columns_to_be_unique", column_list=["order_ref", "line_no"]),
    _check(
        "pickup before dropoff",
        "column_pair_values_a_to_be_greater_than_b",
        column_A="dropoff_ts",
        column_B="pickup_ts",
        ignore_row_if="either_value_is_missing",
    ),
    _check("store exists", "column_values_to_exist_in_other_table", column="store_id", other_table="stores"),
)


def _numbered(number: int) -> dict[str, Any]:
    kinds = (
        _check("", "column_values_to_be_between", column="amount", min_value=-number, max_value=1000 + number),
        _check("", "column_values_to_be_between", column="qty", min_value=-number, max_value=1000 + number),
        _check("", "column_values_to_not_be_in_set", column="code", value_set=[str(number), "none"]),
        _check("", "column_values_to_be_in_set", column="status", value_set=[*STATUSES, "lost", str(number)]),
        _check("", "column_value_lengths_to_be_between", column="comment", min_value=0, max_value=200 + number),
    )
    return {**kinds[number % len(kinds)], "name": f"check {number}"}
