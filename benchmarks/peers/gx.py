"""Great Expectations on pandas or PostgreSQL: the same suite; on pandas the stores are a set of values."""

import logging
import sys
from pathlib import Path

import great_expectations as gx
import great_expectations.expectations.core  # registers the expectations
import pandas as pd
from clock import report
from great_expectations.expectations.registry import get_expectation_impl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import orders as table

logging.disable(logging.WARNING)


def batch_of(orders: str):
    """Return what is checked."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    if "://" in orders:
        asset = context.data_sources.add_postgres("orders", connection_string=orders).add_table_asset("orders")
        return asset.add_batch_definition_whole_table("orders").get_batch()
    asset = context.data_sources.add_pandas("orders").add_dataframe_asset("orders")
    frame = pd.read_parquet(orders)
    return asset.add_batch_definition_whole_dataframe("orders").get_batch({"dataframe": frame})


def work(orders: str, stores: str, checks: str) -> dict[str, object]:
    """Check the orders."""
    batch = batch_of(orders)
    expectations = gx.ExpectationSuite(name="orders")
    for item in table.suite_of(checks):
        kwargs, kind = dict(item["kwargs"]), item["type"]
        if "other_table" in kwargs:
            del kwargs["other_table"]
            kind = "expect_column_values_to_be_in_set"
            kwargs["value_set"] = pd.read_parquet(stores)["store_id"].tolist()
        expectations.add_expectation(get_expectation_impl(kind)(**kwargs, meta={"name": item["name"]}))
    result = batch.validate(expectations, result_format="SUMMARY")
    return {
        item.expectation_config.meta["name"]: item.result.get("unexpected_count", item.success)
        for item in result.results
    }


report(work)
