"""Checks of a Spark table and the answers of Great Expectations' Spark engine to them, which take a minute to ask for.

Run as a program, it asks anew and writes them down: ``python -m tests.core.table.spark_cases``.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.data.gx_cases import enc

ANSWERS = Path(__file__).parents[2] / "data" / "gx_spark" / "answers.json"
RESULT_FORMAT = {"result_format": "COMPLETE", "unexpected_index_column_names": ["m"]}

COLUMNS = "n INT, m BIGINT, f DOUBLE, d DECIMAL(10, 2), s STRING, t TIMESTAMP, y DATE, b BOOLEAN, `odd name` STRING"
NAN = math.nan
ROWS: list[tuple[Any, ...]] = [
    (1, 2**53 + 1, 0.5, Decimal("1.10"), "a", datetime(2020, 1, 1), date(2020, 1, 1), True, "x"),
    (2, 2, 1.5, Decimal("1.10"), "ab", datetime(2020, 1, 2, 12), date(2020, 1, 2), False, "x"),
    (2, 2, 1.5, Decimal("2.20"), "ab", datetime(2020, 1, 2, 12), None, False, None),
    (None, 3, NAN, None, None, None, None, None, None),
    (3, None, -1.5, Decimal("-1.00"), "é中😀", datetime(2020, 3, 1), date(2020, 3, 1), True, "y"),
    (None, None, NAN, None, None, None, None, None, "y"),
    (4, 4, 1e300, Decimal("3.30"), "a1\n", datetime(1969, 7, 20), date(1969, 7, 20), None, "z"),
]

_SOME = {"min_value": 1, "max_value": 3}
_AB = {"column_A": "n", "column_B": "m"}
_PAIR_KEPT = ("both_values_are_missing", "either_value_is_missing", "neither")
_KEPT = ("all_values_are_missing", "any_value_is_missing", "never")
_FIGURES = ("min", "max", "mean", "median", "stdev", "sum", "unique_value_count", "proportion_of_unique_values")

EXPECTATIONS: list[tuple[str, dict[str, Any]]] = [
    ("table_row_count_to_be_between", {"min_value": 1, "max_value": 6}),
    ("table_row_count_to_equal", {"value": 7}),
    ("table_column_count_to_be_between", {"min_value": 9, "max_value": 9}),
    ("table_column_count_to_equal", {"value": 8}),
    ("column_to_exist", {"column": "n", "column_index": 1}),
    ("table_columns_to_match_set", {"column_set": ["n", "zz"]}),
    ("table_columns_to_match_ordered_list", {"column_list": ["n", "s"]}),
    *[
        (f"column_values_to_{kind}", {"column": column, "mostly": mostly})
        for kind in ("not_be_null", "be_null", "be_unique")
        for column, mostly in (("n", 0.7), ("f", 1), ("odd name", 1))
    ],
    ("column_values_to_be_unique", {"column": "d"}),
    ("column_values_to_be_unique", {"column": "t"}),
    ("column_values_to_be_between", {"column": "n", "min_value": 2, "max_value": 3}),
    ("column_values_to_be_between", {"column": "n", "min_value": 1.5, "strict_min": True, "mostly": 0.8}),
    ("column_values_to_be_between", {"column": "m", "max_value": 2**53, "strict_max": True}),
    ("column_values_to_be_between", {"column": "f", "min_value": -1.5, "max_value": 1.5, "strict_min": True}),
    ("column_values_to_be_between", {"column": "d", "min_value": 1.1}),
    (
        "column_values_to_be_between",
        {"column": "t", "min_value": "2020-01-01T00:00:00", "max_value": "2020-02-01T00:00:00"},
    ),
    ("column_values_to_be_between", {"column": "y", "min_value": "2020-01-02"}),
    ("column_values_to_be_in_set", {"column": "n", "value_set": [1, 2]}),
    ("column_values_to_be_in_set", {"column": "n", "value_set": [1, 2, None]}),
    ("column_values_to_be_in_set", {"column": "s", "value_set": ["a", "it's \\ :x"]}),
    ("column_values_to_be_in_set", {"column": "b", "value_set": [True]}),
    ("column_values_to_be_in_set", {"column": "n", "value_set": []}),
    ("column_values_to_not_be_in_set", {"column": "s", "value_set": ["ab"]}),
    ("column_values_to_not_be_in_set", {"column": "n", "value_set": [1, 2]}),
    ("column_values_to_match_regex", {"column": "s", "regex": "^a"}),
    ("column_values_to_match_regex", {"column": "s", "regex": r"^\w+$"}),
    ("column_values_to_not_match_regex", {"column": "s", "regex": r"\d"}),
    ("column_values_to_match_regex_list", {"column": "s", "regex_list": ["^a", "b$"], "match_on": "all"}),
    ("column_values_to_not_match_regex_list", {"column": "s", "regex_list": ["^b", "1"]}),
    ("column_value_lengths_to_be_between", {"column": "s", "min_value": 2, "max_value": 2}),
    ("column_value_lengths_to_equal", {"column": "s", "value": 3}),
    ("column_pair_values_a_to_be_greater_than_b", _AB),
    *[
        ("column_pair_values_a_to_be_greater_than_b", {**_AB, "or_equal": True, "ignore_row_if": kept})
        for kept in _PAIR_KEPT
    ],
    *[("column_pair_values_to_be_equal", {**_AB, "ignore_row_if": kept}) for kept in _PAIR_KEPT],
    *[
        ("column_pair_values_to_be_in_set", {**_AB, "value_pairs_set": [[2, 2], [4, None]], "ignore_row_if": kept})
        for kept in _PAIR_KEPT
    ],
    *[("compound_columns_to_be_unique", {"column_list": ["n", "b"], "ignore_row_if": kept}) for kept in _KEPT],
    *[
        ("select_column_values_to_be_unique_within_record", {"column_list": ["n", "m"], "ignore_row_if": kept})
        for kept in _KEPT
    ],
    *[
        ("multicolumn_sum_to_equal", {"column_list": ["n", "m"], "sum_total": 4, "ignore_row_if": kept})
        for kept in _KEPT
    ],
    *[("multicolumn_values_to_be_equal", {"column_list": ["n", "m"], "ignore_row_if": kept}) for kept in _KEPT],
    *[(f"column_{figure}_to_be_between", {"column": "n", **_SOME}) for figure in _FIGURES],
    *[(f"column_{figure}_to_be_between", {"column": "d", **_SOME}) for figure in _FIGURES[2:6]],
    ("column_proportion_of_non_null_values_to_be_between", {"column": "f", "min_value": 0.5, "max_value": 1}),
    ("column_median_to_be_between", {"column": "f", "min_value": 0.5}),
    ("column_min_to_be_between", {"column": "t", "min_value": datetime(2000, 1, 1)}),
    ("column_max_to_be_between", {"column": "y", "max_value": "2021-01-01"}),
    ("column_mean_to_be_between", {"column": "s", "min_value": 1}),
    ("column_values_to_be_of_type", {"column": "n", "type_": "IntegerType"}),
    ("column_values_to_be_of_type", {"column": "n", "type_": "LongType"}),
    ("column_values_to_be_in_type_list", {"column": "s", "type_list": ["LongType", "StringType"]}),
    ("column_type_to_be", {"column": "d", "type_": "DecimalType"}),
    ("column_value_z_scores_to_be_less_than", {"column": "n", "threshold": 1, "double_sided": True}),
    ("column_values_to_not_be_outliers", {"column": "n", "method": "iqr", "multiplier": 0.5}),
    ("column_values_to_not_be_outliers", {"column": "n", "method": "std", "multiplier": 1}),
    *[
        (
            "column_values_to_be_between",
            {"column": "n", "max_value": 1, "row_condition": text, "condition_parser": parser},
        )
        for text, parser in (
            ("s = 'ab'", "spark"),
            ("n > 1 AND (b IS NOT NULL OR d > 3) -- not all", "spark"),
            ("`odd name` RLIKE '^[xz]'", "spark"),
            ('col("s") == "ab"', "great_expectations"),
            ('col("m").notNull()', "great_expectations"),
        )
    ],
]


def suite() -> list[dict[str, Any]]:
    """Return the declarations."""
    return [{"type": f"expect_{kind}", "kwargs": dict(kwargs)} for kind, kwargs in EXPECTATIONS]


def start_session(directory: Path) -> Any:
    """Start a Spark session on this machine, as small as one can be, in UTC.

    Args:
        directory: Where its warehouse is.
    """
    from pyspark.sql import SparkSession

    os.environ["TZ"] = "UTC"  # for Python's own moments; Spark's session has a time zone of its own
    time.tzset()
    options = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        # Compiled in haste: a test is over before more would pay.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.driver.memory": "512m",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.warehouse.dir": str(directory),
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder.master("local[1]").appName("dpq")
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def plain(result: Mapping[str, Any]) -> dict[str, Any]:
    """Write a result of Great Expectations in the form that answers are compared in."""
    information = result["exception_info"]
    for problem in [information] if "raised_exception" in information else information.values():
        if problem["raised_exception"]:
            return {"exception": str(problem["exception_message"]).partition("\n")[0]}
    return {"success": result["success"], "result": enc.jsonable(result["result"])}


def ask(frame: Any) -> list[dict[str, Any]]:
    """Return the answers of Great Expectations' Spark engine."""
    import great_expectations as gx
    from great_expectations.expectations.registry import get_expectation_impl

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_spark("made up").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
    answers: list[dict[str, Any]] = []
    for one in suite():
        result = batch.validate(get_expectation_impl(one["type"])(**one["kwargs"]), result_format=RESULT_FORMAT)
        answers.append(plain(result.to_json_dict()))
    return answers


def record() -> None:
    """Ask about the rows, and about none of them; NaN is given to Great Expectations as a missing value."""
    with tempfile.TemporaryDirectory() as directory:
        session = start_session(Path(directory))
        missing = [tuple(None if value is NAN else value for value in row) for row in ROWS]
        frame = session.createDataFrame(missing, COLUMNS).cache()
        answers = {"rows": ask(frame), "no rows": ask(frame.limit(0).cache())}
        session.stop()
    ANSWERS.parent.mkdir(exist_ok=True)
    ANSWERS.write_text(_lines(answers), encoding="utf-8")


def _lines(answers: Mapping[str, list[dict[str, Any]]]) -> str:
    """Write answers as JSON, each on a line of its own."""
    parts = [
        f"{json.dumps(asked)}: [\n" + ",\n".join(json.dumps(answer, sort_keys=True) for answer in found) + "\n]"
        for asked, found in answers.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    record()
