"""Checks of a table's columns, against Great Expectations itself."""

from __future__ import annotations

import great_expectations as gx
import pandas as pd
import pytest

from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check

FRAME = pd.DataFrame({"a": [1], "b": [2], "c": [3]})
KIND = "expect_column_to_exist"


@pytest.mark.parametrize("column", ["a", "b", "c", "d"])
@pytest.mark.parametrize("index", [None, 0, 1, 2, 3, -1, -2, -3, -4])
def test_column_exists_where_great_expectations_finds_it(column: str, index: int | None) -> None:
    """At a position counted from the front, or from the back; 0 is taken for none."""
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("p").add_dataframe_asset("a")
    batch = asset.add_batch_definition_whole_dataframe("b").get_batch({"dataframe": FRAME})
    theirs = batch.validate(gx.expectations.ExpectColumnToExist(column=column, column_index=index))
    (ours,) = check(FRAME, [{"type": KIND, "kwargs": {"column": column, "column_index": index}}]).results
    assert ours.success == theirs.success


def test_column_that_is_not_the_first_warns_where_it_should_be() -> None:
    """Great Expectations says that it exists, and not that it was looked for at position 0."""
    suite = [{"type": KIND, "kwargs": {"column": column, "column_index": 0}} for column in "ab"]
    first, second = check(FRAME, suite).results
    assert (first.success, first.verdict, first.remarks) == (True, Verdict.PASS, ())
    assert (second.success, second.verdict) == (True, Verdict.WARN)
    assert second.remarks == ("it stands at position 1, not at 0: Great Expectations takes column_index 0 for none",)
