"""What results show of failing rows on a database, where Great Expectations' SQL engine is the reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import great_expectations as gx
import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.quality import check
from tests.data.gx_cases import compare, enc

FRAME = pd.DataFrame({"id": range(500), "n": [1.5 * (i % 7) for i in range(500)], "s": ["a'b", None] * 250})
DECLARED: dict[str, Any] = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "n", "max_value": 3}}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "wanted",
    [
        {"result_format": "COMPLETE"},
        {"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]},
        {"result_format": "COMPLETE", "unexpected_index_column_names": ["id", "s"], "exclude_unexpected_values": True},
        {"result_format": "SUMMARY", "unexpected_index_column_names": ["id"], "partial_unexpected_count": 3},
        {"result_format": "BASIC", "include_unexpected_rows": True, "partial_unexpected_count": 3},
        {
            "result_format": "BOOLEAN_ONLY",
            "return_unexpected_index_query": True,
            "unexpected_index_column_names": ["s"],
        },
        {"result_format": "BASIC", "return_unexpected_index_query": True},
    ],
)
def test_database_samples_are_those_of_great_expectations(tmp_path: Path, wanted: dict[str, Any]) -> None:
    """Lists are as long, rows are the same ones, and the query is there when it is in GX's answer."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    database = sa.create_engine(url)
    FRAME.to_sql("t", database, index=False)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_sql("q", connection_string=url).add_table_asset("t", table_name="t")
    expectation = gx.expectations.ExpectColumnValuesToBeBetween(**DECLARED["kwargs"])
    batch = asset.add_batch_definition_whole_table("t").get_batch()
    theirs = batch.validate(expectation, result_format=dict(wanted)).to_json_dict()
    (result,) = check("t", [DECLARED], connection=database, result_format=wanted).results
    mine = {"success": result.success, "result": enc.jsonable(dict(result.result))}
    assert compare.diff(mine, {"success": theirs["success"], "result": enc.jsonable(theirs["result"])}) == []
    assert set(result.result) == set(theirs["result"])
    assert compare.eq(mine["result"].get("unexpected_rows"), enc.jsonable(theirs["result"].get("unexpected_rows")))
    database.dispose()


def test_query_of_a_database_finds_the_rows_that_were_counted() -> None:
    """The query in the result runs as it stands and returns the keys and the values of every failing row."""
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    FRAME.to_sql("t", database, index=False)
    suite = [
        DECLARED,
        {"type": "expect_column_values_to_not_be_in_set", "kwargs": {"column": "s", "value_set": ["a'b"]}},
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n"}},
    ]
    wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]}
    for result in check("t", suite, connection=database, result_format=wanted).results:
        with database.connect() as connection:
            found = connection.execute(sa.text(str(result.result["unexpected_index_query"]).rstrip(";"))).all()
        assert len(found) == result.result["unexpected_count"] > 0
        assert next(iter(found[0]._mapping)) == "id"
    database.dispose()


def test_complete_lists_are_bounded_as_in_great_expectations() -> None:
    """Two hundred values at most, while the positions of a frame's rows are all there."""
    (result,) = check(FRAME, [DECLARED], result_format="COMPLETE").results
    values, positions = result.result["unexpected_list"], result.result["unexpected_index_list"]
    assert isinstance(values, list)
    assert isinstance(positions, list)
    assert len(values) == 200
    assert len(positions) == result.result["unexpected_count"] > 200
