"""What texts can be read as, judged by the functions that Great Expectations uses, once for each distinct text."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
import sqlalchemy as sa
from dateutil.parser import parse

from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer, found

TEXTS = ["", "{}", '{"a": 1}', '{"a": "ü"}', "[1", "null", "NaN", "2024-02-29", "2023-02-29", "10:15", "é", "1e400"]
TEXTS += ["[" * 100_000, "9" * 5000, "\0", "2024-02-29 ", "99999999999999999999", None]
FRAME = pd.DataFrame({"s": [*TEXTS, *TEXTS[1:]], "n": range(2 * len(TEXTS) - 1)})
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "$ref": "#/$defs/any", "$defs": {"any": True}}


def _holds(read: Callable[[str], Any]) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            read(text)
        except (ValueError, OverflowError, RecursionError):
            return False
        return True

    return holds


@pytest.mark.parametrize(
    ("kind", "kwargs", "read"),
    [
        ("be_json_parseable", {}, json.loads),
        ("be_dateutil_parseable", {}, parse),
        (
            "match_strftime_format",
            {"strftime_format": "%Y-%m-%d"},
            lambda text: datetime.strptime(text, "%Y-%m-%d"),  # noqa: DTZ007 - as Great Expectations reads
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::dateutil.parser.UnknownTimezoneWarning")
def test_texts_are_read_by_the_same_functions(kind: str, kwargs: dict[str, Any], read: Callable[[str], Any]) -> None:
    """Every row whose text cannot be read is unexpected, in the order of the rows; missing ones are skipped."""
    options = {"result_format": "COMPLETE"}
    result = answer(FRAME, f"column_values_to_{kind}", column="s", options=options, **kwargs)
    holds = _holds(read)
    expected = [row for row, text in enumerate(FRAME["s"]) if isinstance(text, str) and not holds(text)]
    assert result.evaluated_by == "distinct values"
    assert result.result["unexpected_index_list"] == expected
    assert result.result["missing_count"] == 2


def test_json_follows_its_schema() -> None:
    """References into the schema itself are followed; what breaks it is unexpected."""
    texts = ["{}", '{"a": 1}', '{"a": "x"}', "[]", None]
    result = found(
        pd.DataFrame({"s": texts}), "column_values_to_match_json_schema", column="s", json_schema=SCHEMA, mostly=0.5
    )
    valid = jsonschema.validators.validator_for(SCHEMA)(SCHEMA).is_valid
    expected = [text for text in texts if text is not None and not valid(json.loads(text))]
    assert result["partial_unexpected_list"] == expected
    assert result["unexpected_percent"] == 50


@pytest.mark.parametrize(
    ("texts", "schema", "reason"),
    [
        (["{}", "secret"], {}, "malformed_values"),
        (["{}"], {"type": "no type"}, "invalid_json_schema"),
        ([None], {"type": "no type"}, "invalid_json_schema"),
        (['"secret"'], {"$ref": "http://127.0.0.1:9/schema.json"}, "unjudged_value"),
        (['"secret"'], {"$ref": "#/nowhere"}, "unjudged_value"),
    ],
)
def test_what_no_schema_can_judge_is_an_error_without_the_value(
    texts: list[str | None], schema: dict[str, Any], reason: str
) -> None:
    """The check is an error, as in Great Expectations; nothing is fetched, and no value is told."""
    frame = pd.DataFrame({"s": pd.Series(texts, dtype="str")})
    result = answer(frame, "column_values_to_match_json_schema", column="s", json_schema=schema)
    assert result.error is not None
    assert (result.error.reason, result.verdict) == (reason, "error")
    assert "secret" not in result.model_dump_json()


@pytest.mark.parametrize("kind", ["be_dateutil_parseable", "match_strftime_format", "match_json_schema"])
def test_column_of_no_text_is_an_error_unless_it_is_empty(kind: str, tmp_path: Path) -> None:
    """Numbers are not turned into text to be read; a column without any value says nothing about its type."""
    kwargs = {"match_strftime_format": {"strftime_format": "%Y"}, "match_json_schema": {"json_schema": {}}}.get(
        kind, {}
    )
    pd.DataFrame({"n": [2024, 2025], "m": [None, None]}).astype("float64").to_parquet(tmp_path / "data.parquet")
    judged = answer(tmp_path / "data.parquet", f"column_values_to_{kind}", column="n", **kwargs)
    assert judged.error is not None
    assert (judged.error.reason, judged.evaluated_by) == ("incomparable", "scan")
    assert found(tmp_path / "data.parquet", f"column_values_to_{kind}", column="m", **kwargs)["missing_count"] == 2


def test_number_is_no_json() -> None:
    """Python's JSON reads text only, so that every number is unexpected, in the scan."""
    result = answer(FRAME, "column_values_to_be_json_parseable", column="n")
    assert (result.evaluated_by, result.result["unexpected_count"]) == ("scan", len(FRAME))


def test_dates_in_csv_are_read_as_the_text_in_the_file(tmp_path: Path) -> None:
    """A CSV column that looks like dates is text for these checks, as pandas reads it."""
    (tmp_path / "data.csv").write_text("d\n2024-02-29\n2024-03-01\n\n")
    for text_format, success in (("%Y-%m-%d", True), ("%Y%m%d", False)):
        kwargs = {"column": "d", "strftime_format": text_format}
        result = answer(tmp_path / "data.csv", "column_values_to_match_strftime_format", **kwargs)
        assert (result.evaluated_by, result.success) == ("distinct values", success)


def test_database_refuses_by_name_and_is_not_asked() -> None:
    """Great Expectations' SQL engine has none of these checks; the column is not read for them."""
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    pd.DataFrame({"s": ["{}"]}).to_sql("t", database, index=False)
    asked: list[str] = []
    sa.event.listen(database, "before_cursor_execute", lambda *event: asked.append(event[2]))
    kinds: dict[str, dict[str, Any]] = {
        "be_dateutil_parseable": {},
        "be_json_parseable": {},
        "match_json_schema": {"json_schema": {}},
        "match_strftime_format": {"strftime_format": "%Y"},
    }
    suite = [
        {"type": f"expect_column_values_to_{kind}", "kwargs": {"column": "s", **kwargs}}
        for kind, kwargs in kinds.items()
    ]
    for result in check("t", suite, connection=database).results:
        assert result.error is not None
        assert result.error.reason == "unsupported_expectation"
        assert result.type in result.error.message
    assert not any('"s"' in statement for statement in asked)
