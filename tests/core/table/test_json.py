"""Files of JSON: every value is the one that stands there, and Python's own reader is the oracle."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.rows import read_frame
from airflow_provider_dpq.core.table.open import open_table
from airflow_provider_dpq.core.table.reading import Reading
from airflow_provider_dpq.core.table.references import References
from airflow_provider_dpq.core.table.scan import Limits
from tests.core.quality.answers import answer, found

_STRINGS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["BBD05AE7-1234-4321-ABCD-0123456789AB", "25-11-2025", "2024-03-01", "1", "true", "null", "2024-03-01T10:00:00Z"]
)
_WHOLE = st.integers() | st.integers(-(10**45), 10**45)
_FLOATS = st.floats(allow_nan=False)
_COLUMNS = st.one_of(
    *(st.lists(st.none() | kind, min_size=1) for kind in (_STRINGS, st.booleans(), _WHOLE, _FLOATS)),
    st.lists(st.none() | _STRINGS | st.booleans() | _WHOLE | _FLOATS, min_size=1),
)


def _read(path: Path) -> list[Any]:
    with open_table(path, None, References({}, Limits(), Reading())) as table:
        return list(read_frame(table)["a"])


def _write(folder: Path, *objects: Any, name: str = "a.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(one) + "\n" for one in objects), encoding="utf-8")
    return path


def _same(value: Any, expected: Any) -> bool:
    if expected is None:
        return value is None or str(value) in ("nan", "<NA>")
    if isinstance(expected, (bool, str)) or isinstance(value, (bool, str)):
        return type(expected) in (bool, str) and str(value) == str(expected)
    if isinstance(value, Decimal):
        return value == Decimal(repr(expected))
    return bool(value == expected)


@settings(max_examples=60, deadline=None)
@given(values=_COLUMNS)
def test_values_are_those_that_python_reads(values: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Texts, truth values and numbers of any size come back as they are; what is of several types stays so."""
    path = _write(tmp_path_factory.mktemp("json"), *({"a": value} for value in values), {"a": "x"})
    assert [_same(*pair) for pair in zip(_read(path), [*values, "x"], strict=True)] == [True] * (len(values) + 1)
    if any(value is not None for value in values):
        path = _write(path.parent, *({"a": value} for value in values))
        back = _read(path)
        numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values if value)
        exact = len({type(value) for value in values if value is not None}) == 1 or not numbers
        wide = any(isinstance(value, int) and abs(value) >= 10**38 for value in values)
        if exact and not wide:
            assert all(map(_same, back, values)), back


@pytest.mark.parametrize(
    "text", ["BBD05AE7-1234-4321-ABCD-0123456789AB", "25-11-2025", "2024-03-01", "2024-03-01T10:00:00Z", "12:30:00"]
)
def test_text_is_never_rewritten_for_what_it_looks_like(text: str, tmp_path: Path) -> None:
    """What looks like an identifier or a date is the text that stands there, and in its own set."""
    path = _write(tmp_path, {"a": text})
    assert answer(path, "column_values_to_be_in_set", column="a", value_set=[text]).success
    assert answer(path, "column_value_lengths_to_equal", column="a", value=len(text)).success
    failing = found(path, "column_values_to_be_in_set", column="a", value_set=["y"])
    assert failing["partial_unexpected_list"] == [text]


@pytest.mark.parametrize(
    ("kind", "kwargs", "unexpected"),
    [
        ("be_in_set", {"value_set": ["true"]}, [True, 1, "1", [1]]),
        ("be_in_set", {"value_set": ["1"]}, [True, "true", 1, [1]]),
        ("be_of_type", {"type_": "str"}, [True, 1, [1]]),
        ("be_unique", {}, []),
        ("not_be_null", {}, [None, None]),
    ],
)
def test_values_of_several_types_are_told_apart(
    kind: str, kwargs: dict[str, Any], unexpected: list[Any], tmp_path: Path
) -> None:
    """A text is not the truth value or the number that it spells."""
    path = _write(tmp_path, *({"a": value} for value in (True, "true", 1, "1", None, [1])), {"b": 1})
    suite = [{"type": f"expect_column_values_to_{kind}", "kwargs": {"column": "a", **kwargs}}]
    (result,) = check(path, suite, result_format="COMPLETE").results
    assert result.result["unexpected_list"] == unexpected


def test_truth_value_is_no_text_and_a_text_no_truth_value(tmp_path: Path) -> None:
    """Also where a whole column is of one or the other."""
    path = _write(tmp_path, {"a": True, "b": "true"})
    assert answer(path, "column_values_to_be_in_set", column="a", value_set=[True]).success
    assert not answer(path, "column_values_to_be_in_set", column="a", value_set=["true"]).success
    assert not answer(path, "column_values_to_be_in_set", column="b", value_set=[True]).success


def test_type_is_that_of_all_files(tmp_path: Path) -> None:
    """A text in the last file of a pattern makes texts of no number before it."""
    for name, value in (("1.jsonl", 1), ("2.jsonl", 2), ("3.jsonl", "x")):
        _write(tmp_path, {"a": value}, name=name)
    mean = answer(str(tmp_path / "*.jsonl"), "column_mean_to_be_between", column="a", min_value=0)
    assert mean.error is not None
    failing = found(str(tmp_path / "*.jsonl"), "column_values_to_be_in_set", column="a", value_set=["x"])
    assert failing["partial_unexpected_list"] == [1, 2]


def test_number_that_no_floating_one_is_stays_exact_among_fractions(tmp_path: Path) -> None:
    """2**53 + 1 and 1.5 are one column of decimals."""
    path = _write(tmp_path, {"a": 2**53 + 1}, {"a": 1.5})
    assert found(path, "column_max_to_be_between", column="a", min_value=0)["observed_value"] == 2**53 + 1


_LONG = st.builds(
    lambda sign, whole, fraction: f"{sign}{whole}.{fraction}",
    st.sampled_from(["", "-"]),
    st.integers(0, 10**15),
    st.text("0123456789", min_size=1, max_size=22),
)


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(_LONG | st.integers(-(10**15), 10**15).map(str) | st.floats(0, 1e6).map(repr), min_size=1))
def test_fractions_keep_their_digits(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever a floating number would make of them: Python's decimal numbers are the oracle."""
    path = tmp_path_factory.mktemp("json") / "a.jsonl"
    numbers = [text for text in texts if "e" not in text]
    path.write_text("".join(f'{{"a": {text}, "rowid": 1}}\n' for text in numbers), encoding="utf-8")
    if numbers:
        read = [Decimal(str(value)) for value in _read(path)]
        assert read == [json.loads(text, parse_float=Decimal, parse_int=Decimal) for text in numbers]


def test_digits_stay_with_their_rows_in_many_files(tmp_path: Path) -> None:
    """A pattern of files, some of whose numbers have more digits than a floating one, and others not."""
    for name in range(3):
        rows = (f'{{"n": {i}, "a": {i}.{"5" if i % 3 else "12345678901234567890"}}}\n' for i in range(3_000))
        (tmp_path / f"{name}.jsonl").write_text("".join(rows), encoding="utf-8")
    path = str(tmp_path / "*.jsonl")
    held = found(path, "row_condition_to_hold", expression="a > n and a < n + 0.6")
    assert (held["element_count"], held["unexpected_count"]) == (9_000, 0)
    exact = {"column": "a", "strict_min": True, "min_value": Decimal("2997.1234567890123456789")}
    assert found(path, "column_values_to_be_between", **exact)["unexpected_count"] == 3 * 2_998


@pytest.mark.parametrize("misfit", ['"N/A"', '"2"', "true", "[1]", '{"x": 1}', "1e400"])
def test_what_is_no_number_among_numbers_is_counted_as_in_text_files(misfit: str, tmp_path: Path) -> None:
    """It is unexpected where a number is, and a figure names the object that holds it."""
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"a": 1}}\n{{"a": 2.5}}\n{{"a": {misfit}}}\n{{"a": null}}\n', encoding="utf-8")
    shown = json.loads(misfit)
    between = found(path, "column_values_to_be_between", column="a", min_value=0, max_value=2)
    assert (between["unexpected_count"], between["missing_count"]) == (2, 1)
    assert between["partial_unexpected_list"] == [2.5, shown]
    assert found(path, "column_values_to_be_in_set", column="a", value_set=[1, 2.5])["unexpected_count"] == 1
    assert found(path, "column_values_to_be_multiples", column="a", multiple_of=0.5)["unexpected_count"] == 1
    assert found(path, "row_condition_to_hold", expression="a > 0")["unexpected_count"] == 1
    for figure in ("mean", "max", "sum", "median", "stdev"):
        error = answer(path, f"column_{figure}_to_be_between", column="a", min_value=0).error
        assert error is not None
        assert error.reason == "malformed_values"
        assert "the first in object 3" in error.message


def test_members_of_several_types_are_found_among_values_of_several(tmp_path: Path) -> None:
    """Numbers among the numbers and texts among the texts; no text is the number that it spells."""
    path = _write(tmp_path, *({"a": value} for value in (1, "1", "x", True, None)), {"b": 1})
    expected = {"column": "a", "value_set": [1, "x"]}
    assert found(path, "column_values_to_be_in_set", **expected)["partial_unexpected_list"] == ["1", True]
    assert found(path, "column_values_to_not_be_in_set", **expected)["partial_unexpected_list"] == [1, "x"]


def test_same_values_of_several_types_are_found_in_one_row(tmp_path: Path) -> None:
    """Numbers are the same beside texts, too, however they are written."""
    path = _write(tmp_path, {"a": 1, "b": 1.0}, {"a": "x", "b": "x"}, {"a": 1, "b": "1"})
    assert found(path, "column_pair_values_to_be_equal", column_A="a", column_B="b")["unexpected_count"] == 1
    record = found(path, "select_column_values_to_be_unique_within_record", column_list=["a", "b"])
    assert record["unexpected_count"] == 2


def test_date_among_texts_is_named_by_its_object(tmp_path: Path) -> None:
    """A text among days is counted, and a figure names the object that holds it."""
    path = _write(tmp_path, {"d": "2024-01-01"}, {"d": "2024-01-02"}, {"d": "x"}, {"d": 5})
    bounds = {"column": "d", "max_value": "2030-01-01"}
    assert found(path, "column_values_to_be_between", **bounds)["partial_unexpected_list"] == ["x", 5]
    error = answer(path, "column_max_to_be_between", **bounds).error
    assert error is not None
    assert (error.reason, "the first in object 3" in error.message) == ("malformed_values", True)


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        ('{"a": 1, "a": 2}\n', "unreadable_json", "duplicate key"),
        ('{"a": {"x": 1, "x": 2}}\n', "unreadable_json", "duplicate key"),
        ('{"a": 1}\n5\n', "unreadable_json", "the first is value 2"),
        ('{"a": 1}\n[1]\n', "unreadable_json", "the first is value 2"),
        ('{"": 1}\n', "unreadable_json", "a key without a name"),
        ('{"a": 1}\n{"a"', "unreadable_json", "unexpected end"),
        ('{"a": "\\ud800"}\n', "unreadable_json", "surrogate"),
        ('{"a": ' + "[" * 30_000 + "]" * 30_000 + "}\n", "unreadable_json", "nested too deeply"),
        ("", "empty_file", "is empty"),
        ("\ufeff \n\n", "empty_file", "is empty"),
        ("[]", "empty_file", "it is empty"),
        ("{}\n{}\n", "empty_file", "2 objects without keys"),
    ],
)
def test_what_is_no_table_is_refused_in_plain_words(content: str, reason: str, words: str, tmp_path: Path) -> None:
    """No row is guessed, left out or taken from the last of two values; what is refused is not quoted."""
    (tmp_path / "a.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=words) as refused:
        check(tmp_path / "a.jsonl", [{"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 0}}])
    assert refused.value.reason == reason
    assert '"a"' not in refused.value.message.replace('key "a"', "")


def test_reference_that_is_nested_too_deeply_is_the_error_of_its_own_check(tmp_path: Path) -> None:
    """The others stand; brackets within texts nest nothing."""
    path = _write(tmp_path, {"a": 1, "s": "[{" * 500}, {"a": 2, "s": '\\"[' * 500})
    deep = tmp_path / "deep.jsonl"
    deep.write_text('{"a": ' + "[" * 30_000 + "]" * 30_000 + "}\n")
    suite = [
        {"type": "expect_column_values_to_exist_in_other_table", "kwargs": {"column": "a", "other_table": str(deep)}},
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "a", "max_value": 2}},
    ]
    looked_up, greatest = check(path, suite).results
    assert looked_up.error is not None
    assert "nested too deeply" in looked_up.error.message
    assert (greatest.verdict, greatest.error) == ("pass", None)


@pytest.mark.parametrize(
    "content",
    [
        '\ufeff{"a": 1}\n{"a": 2}\n',
        '{"a": 1}\n\n\n{"a": 2}',
        '{"a": 1}\r\n{"a": 2}\r\n',
        '[{"a": 1},\n {"a": 2}]',
        '{"\\u0061": 1}\n{"a": 2}\n',
    ],
)
def test_rows_are_the_objects_however_they_are_laid_out(content: str, tmp_path: Path) -> None:
    """Marks, blank lines, line ends, escapes, and an array in the place of lines make no row and lose none."""
    (tmp_path / "a.json").write_bytes(content.encode())
    assert _read(tmp_path / "a.json") == [1, 2]


def test_missing_key_and_null_are_missing(tmp_path: Path) -> None:
    """As pandas has them."""
    values = _read(_write(tmp_path, {"a": 1}, {"a": None}, {"b": 2}))
    assert [value is None or math.isnan(value) for value in values] == [False, True, True]


@pytest.mark.parametrize("other", ["", '{"n": "x"}\n'])
def test_numbers_that_no_type_holds_are_never_rounded(tmp_path: Path, other: str) -> None:
    """Numbers of 40 digits that floating ones would not tell apart are an error of checks of numbers, and unique."""
    path = tmp_path / "a.jsonl"
    first, second = "1" * 40, "1" * 39 + "2"
    path.write_text(f'{{"n": {first}}}\n{{"n": {second}}}\n{other}')
    for kind, kwargs in (("be_between", {"max_value": int(second)}), ("not_be_in_set", {"value_set": [int(first)]})):
        expectation = {"type": f"expect_column_values_to_{kind}", "kwargs": {"column": "n", **kwargs}}
        (result,) = check(path, [expectation]).results
        assert result.error is not None
        assert result.error.reason == "rounded_numbers"
        assert "'n'" in result.error.message
        assert "object 1" in result.error.message
    (unique,) = check(path, [{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n"}}]).results
    assert unique.verdict == "pass"
