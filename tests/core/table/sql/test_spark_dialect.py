"""What queries look like in Spark's SQL."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.table.column import named
from airflow_provider_dpq.core.table.sql.functions import (
    characters,
    count_if,
    matches,
    median,
    stdev,
    without_nan,
)
from airflow_provider_dpq.core.table.sql.spark_dialect import compile_query

N, S = named("n", sa.Integer()), named("s", sa.Text())
ZONE = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (named("a`b"), "`a``b`"),
        (count_if(N > 1), "coalesce(count_if(`n` > :value_1), 0)"),
        (stdev(sa.cast(N, sa.Double())), "stddev_samp(CAST(`n` AS DOUBLE))"),
        (median(N), "median(`n`)"),
        (characters(S), "char_length(`s`)"),
        (matches(S, sa.bindparam("p", "^a")), "regexp_like(`s`, :p)"),
        (without_nan(N), "nullif(`n`, double('NaN'))"),
        (sa.func.sum(N), "sum(CAST(`n` AS DECIMAL(20, 0)))"),
        (sa.func.sum(sa.cast(N, sa.Double())), "sum(CAST(`n` AS DOUBLE))"),
        (sa.try_cast(S, sa.DateTime()), "TRY_CAST(`s` AS TIMESTAMP)"),
        (sa.cast(N, sa.String()), "CAST(`n` AS STRING)"),
        (N.is_not_distinct_from(S), "`n` IS NOT DISTINCT FROM `s`"),
        (N.in_([1, 2]), "`n` IN (:value_1_1, :value_1_2)"),
        (S.like("a", escape="\\"), r"`s` LIKE :value_1 ESCAPE '\\'"),
        (S.like("a", escape="'"), r"`s` LIKE :value_1 ESCAPE '\''"),
        (N % 2, "`n` % :value_1"),
    ],
)
def test_expression_is_said_in_spark_sql(expression: Any, text: str) -> None:
    """Names are in backticks, values are parameters, and functions have Spark's names."""
    assert compile_query(sa.select(expression.label("x")), ZONE)[0] == f"SELECT {text} AS x"


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        ("it's", "it's"),
        (2**63 - 1, 2**63 - 1),
        (2**63, Decimal(2**63)),
        (-(2**63) - 1, Decimal(-(2**63) - 1)),
        (datetime(2020, 1, 1), datetime(2020, 1, 1, tzinfo=ZONE)),
        (datetime(2020, 1, 1, tzinfo=ZoneInfo("UTC")), datetime(2020, 1, 1, tzinfo=ZoneInfo("UTC"))),
    ],
)
def test_value_is_bound_as_spark_takes_it(value: Any, bound: Any) -> None:
    """Integers beyond BIGINT are decimals, and moments without a time zone are in the session's."""
    ((found),) = compile_query(sa.select(sa.literal(value)), ZONE)[1].values()
    assert (found, type(found)) == (bound, type(bound))
