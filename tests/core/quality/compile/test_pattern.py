"""Regular expressions that RE2 cannot say, lists of patterns, and LIKE where Great Expectations has none."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer, found

TEXTS = ["", "a", "A", "ab", "a\n", "a_b", "a%b", "50%", "é", "中文", "😀", "%", "_", "!", "!!", "a!b", None]
FRAME = pd.DataFrame({"s": TEXTS, "n": range(len(TEXTS)), "f": [number / 4 for number in range(len(TEXTS))]})
COMPLETE = {"result_format": "COMPLETE"}
LOOKING = r"^(?!a).*(?<=%)$"


@pytest.fixture(params=["frame", "parquet", "csv"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """The texts in a frame and in files; an empty text in CSV is a missing one."""
    if request.param == "parquet":
        FRAME.to_parquet(tmp_path / "data.parquet")
        return tmp_path / "data.parquet"
    if request.param == "csv":
        FRAME.to_csv(tmp_path / "data.csv", index=False)
        return tmp_path / "data.csv"
    return FRAME


def test_pattern_with_look_around_is_searched_for_in_distinct_values(data: Any) -> None:
    """What RE2 cannot say is answered by Python's own engine, without Great Expectations, rows and all."""
    result = answer(data, "column_values_to_match_regex", column="s", regex=LOOKING, options=COMPLETE)
    assert result.evaluated_by == "distinct values"
    present = [text for text in TEXTS if text is not None and (text or not str(data).endswith(".csv"))]
    unexpected = [text for text in present if not re.search(LOOKING, text)]
    assert result.result["unexpected_list"] == unexpected
    assert result.result["unexpected_index_list"] == [TEXTS.index(text) for text in unexpected]


def test_one_pattern_that_only_python_knows_takes_the_whole_list_with_it() -> None:
    """A list is answered by one of the two, and its patterns are joined by any or by all."""
    patterns = [r"(.)\1", "^a"]
    for match_on, together in (("any", any), ("all", all)):
        kwargs = {"column": "s", "regex_list": patterns, "match_on": match_on}
        (result,) = check(
            FRAME, [{"type": "expect_column_values_to_match_regex_list", "kwargs": kwargs}], **COMPLETE
        ).results
        assert result.evaluated_by == "distinct values"
        expected = [text for text in TEXTS if text and not together(re.search(one, text) for one in patterns)]
        assert [text for text in result.result["unexpected_list"] if text] == expected  # type: ignore[union-attr]


@pytest.mark.parametrize("mostly", [0.5, 0.5000001])
def test_mostly_and_row_condition_hold_for_distinct_values(mostly: float) -> None:
    """The rows of a value are counted, not the value, and only those that the condition keeps."""
    frame = pd.DataFrame({"s": ["aa", "aa", "b", "b", "b"], "n": [1, 2, 3, 4, 5]})
    kwargs = {"column": "s", "regex": r"(.)\1", "mostly": mostly, "row_condition": "n < 5"}
    result = answer(frame, "column_values_to_match_regex", **kwargs)
    assert (result.result["element_count"], result.result["unexpected_count"]) == (4, 2)
    assert result.result["partial_unexpected_index_list"] == [2, 3]
    assert result.success is (mostly == 0.5)


def test_samples_of_distinct_values_survive_a_column_named_as_the_hidden_one() -> None:
    """Refused values are joined to the rows without anything that a table's own names could be mistaken for."""
    frame = pd.DataFrame({"rowid": ["aa", "b"], "dpq:key": ["b", "aa"], "copies": [1, 2]})
    for column, index in (("rowid", 1), ("dpq:key", 0)):
        shown = found(frame, "column_values_to_match_regex", column=column, regex=r"(.)\1")
        assert shown["partial_unexpected_list"] == ["b"]
        assert shown["partial_unexpected_index_list"] == [index]


@pytest.mark.parametrize("kind", ["match_regex_list", "not_match_regex_list"])
def test_invalid_pattern_of_a_list_is_an_error_that_names_it(kind: str) -> None:
    """Of several patterns, the message says which one cannot be read."""
    result = answer(FRAME, f"column_values_to_{kind}", column="s", regex_list=["a", "(b"])
    assert result.error is not None
    assert result.error.reason == "invalid_regex"
    assert "'(b'" in result.error.message


def test_numbers_and_truth_are_matched_as_pandas_writes_them() -> None:
    """The scan says the text of a number or a truth value without the detour through pandas."""
    frame = pd.DataFrame({"f": [1.0, 1e16, -0.0, float("inf")], "b": [True, False, True, True]})
    for column in frame:
        texts = map(re.escape, frame[column].astype(str))
        result = answer(frame, "column_values_to_match_regex", column=column, regex=f"^({'|'.join(texts)})$")
        assert (result.evaluated_by, result.success) == ("scan", True)


PATTERNS = ["a%", "%b", "_", "__", "", "%", "a!_b", "%!%%", "!!", "A%", "é", "中_", "a_b", "%!_%"]


@pytest.mark.parametrize("escape", [None, "!"])
def test_like_on_files_means_what_a_database_means(escape: str | None) -> None:
    """LIKE selects what SQLite selects when it minds case: wildcards, the escape character, characters beyond ASCII."""
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    FRAME.to_sql("t", database, index=False)
    with database.connect() as connection:
        connection.exec_driver_sql("PRAGMA case_sensitive_like = ON")
    for pattern in PATTERNS:
        arguments = {"column": "s", "like_pattern": pattern, "escape": escape, "options": COMPLETE}
        ours = found(FRAME, "column_values_to_match_like_pattern", **arguments)
        theirs = found(
            "t", "column_values_to_match_like_pattern", **arguments | {"options": {**COMPLETE, "connection": database}}
        )
        assert sorted(ours["unexpected_list"]) == sorted(theirs["unexpected_list"]), pattern
        others = found(FRAME, "column_values_to_not_match_like_pattern", **arguments)
        assert ours["unexpected_count"] + others["unexpected_count"] == len(TEXTS) - 1


def test_like_lists_join_their_patterns() -> None:
    """Any, all, or none of the patterns must match."""
    patterns = ["a%", "%b"]
    kwargs = {"column": "s", "like_pattern_list": patterns, "options": COMPLETE}
    like = {text: (text.startswith("a"), text.endswith("b")) for text in TEXTS if text is not None}
    matched = "column_values_to_match_like_pattern_list"
    every = found(FRAME, matched, match_on="all", **kwargs)
    some = found(FRAME, matched, **kwargs)
    none = found(FRAME, "column_values_to_not_match_like_pattern_list", **kwargs)
    assert every["unexpected_list"] == [text for text, both in like.items() if not all(both)]
    assert some["unexpected_list"] == [text for text, both in like.items() if not any(both)]
    assert none["unexpected_list"] == [text for text, both in like.items() if any(both)]


@pytest.mark.parametrize(
    ("kwargs", "reason"),
    [
        ({"column": "s", "like_pattern": "a!", "escape": "!"}, "invalid_like_pattern"),
        ({"column": "s", "like_pattern": "a!!!", "escape": "!"}, "invalid_like_pattern"),
        ({"column": "t", "like_pattern": "a%"}, "incomparable"),
    ],
)
def test_like_that_cannot_be_is_an_error_and_no_detour(kwargs: dict[str, Any], reason: str) -> None:
    """Great Expectations could not answer it either, so that it is not asked."""
    frame = FRAME.assign(t=pd.Timestamp("2026-01-01"))
    result = answer(frame, "column_values_to_match_like_pattern", **kwargs)
    assert result.error is not None
    assert (result.error.reason, result.evaluated_by) == (reason, "scan")
