"""Columns of text files: typed if all values are, and cast where checks need it; the same verdict in every row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.table.read_options import ReadOptions, parse_read_options

ROWS = [11, 4_000]
"""How many good values stand before the bad one."""


def answer(path: Path, kind: str, options: dict[str, Any] | None = None, **kwargs: Any) -> Any:
    """Return the result of one check."""
    (result,) = check(path, [{"type": f"expect_{kind}", "kwargs": kwargs}], **(options or {})).results
    return result


def written(path: Path, *lines: str) -> Path:
    """Write a file."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("other", ["1e0", "2.5E-3", "-1.2e3", "nan", "NaN", "0.1", "x"])
def test_value_of_another_kind_among_long_numbers_rounds_none_of_them(tmp_path: Path, other: str) -> None:
    """An exact number stays one beside numbers with exponents and what is not a number."""
    long, short = "9007199254740993", "9007199254740992"
    path = written(tmp_path / "a.csv", "n,x", f"{long},1", f"{short},1", f"{other},1", "nan,1")
    misfits = [other] if other == "x" else []
    numbers = [Decimal(short), 1, Decimal("0.0025"), -1200, Decimal("0.1")]
    in_set = answer(path, "column_values_to_be_in_set", column="n", value_set=numbers)
    assert in_set.result["partial_unexpected_list"] == [int(long), *misfits]
    between = answer(path, "column_values_to_be_between", column="n", max_value=int(short))
    assert between.result["partial_unexpected_list"] == [int(long), *misfits]


@pytest.mark.parametrize("above", [0, 3_000])
@pytest.mark.parametrize("other", ["1e25", "1e200", "inf", "1" * 40])
def test_numbers_that_no_type_holds_together_are_never_rounded(tmp_path: Path, other: str, above: int) -> None:
    """Two long numbers that floating ones would not tell apart are an error of each check of numbers beside these."""
    first, second = 12345678901234567890, 12345678901234567891
    path = written(tmp_path / "a.csv", "n", *["1"] * above, other, str(first), str(second))
    for kind, kwargs in (
        ("column_values_to_not_be_in_set", {"value_set": [first]}),
        ("column_values_to_be_between", {"min_value": second, "mostly": 0.6}),
        ("column_values_to_be_multiples", {"multiple_of": 5}),
        ("column_mean_to_be_between", {"min_value": 0}),
        ("column_values_to_be_unique", {"row_condition": f"n > {first}", "condition_parser": "pandas"}),
    ):
        error = answer(path, kind, column="n", **kwargs).error
        assert error is not None, kind
        assert error.reason == "rounded_numbers"
        assert f"in line {above + (2 if len(other) == 40 else 3):,} of" in error.message
    declared = {"read_options": {"column_types": {"n": "float"}}}
    assert answer(path, "column_max_to_be_between", declared, column="n", min_value=first).verdict == "pass"
    texts = answer(path, "column_values_to_not_be_in_set", column="n", value_set=[str(first)])
    assert texts.result["unexpected_count"] == 1


def test_number_that_no_decimal_type_holds_is_no_declared_decimal(tmp_path: Path) -> None:
    """A declared type is never another one that rounds."""
    path = written(tmp_path / "a.csv", "n", "1" * 40, "1" * 39 + "2")
    with pytest.raises(MeasurementError) as caught:
        answer(path, "column_values_to_be_unique", {"read_options": {"column_types": {"n": "decimal"}}}, column="n")
    assert caught.value.reason == "rounded_numbers"


@pytest.mark.parametrize("above", ROWS)
@pytest.mark.parametrize("bad", ["N/A", "€ 12", "1_000", "0x1F", "007", " 5 ", "+5", "1e999"])
def test_text_among_numbers_is_unexpected_wherever_it_stands(tmp_path: Path, bad: str, above: int) -> None:
    """It is counted, shown and set apart, and a figure over it names its line and not its text."""
    path = written(tmp_path / "a.csv", "n,x", *["1,1"] * above, f"{bad},1", "nan,1")
    quarantine = tmp_path / "bad.parquet"
    apart = {"quarantine": str(quarantine)}
    between = answer(path, "column_values_to_be_between", apart, column="n", min_value=0, max_value=9)
    assert (between.verdict, between.result["unexpected_count"], between.result["missing_count"]) == ("fail", 1, 1)
    assert between.result["partial_unexpected_list"] == [bad]
    assert quarantine.exists()
    within = answer(path, "column_values_to_be_in_set", column="n", value_set=[1])
    assert within.result["partial_unexpected_list"] == [bad]
    for figure in ("mean", "max", "min", "sum", "median", "stdev"):
        error = answer(path, f"column_{figure}_to_be_between", column="n", min_value=0).error
        assert error is not None
        assert error.reason == "malformed_values"
        assert f"line {above + 2:,} of" in error.message
        assert repr(bad) not in error.message
    ranges = {"quantiles": [0.5], "value_ranges": [[0, 9]]}
    error = answer(path, "column_quantile_values_to_be_between", column="n", quantile_ranges=ranges).error
    assert error.reason == "malformed_values"


@pytest.mark.parametrize(("good", "unit"), [("4", 2), ("0.3", 0.1), ("4", 0.5)])
def test_text_among_multiples_is_unexpected(tmp_path: Path, good: str, unit: float) -> None:
    """One text among numbers is one unexpected value, and no error."""
    path = written(tmp_path / "a.csv", "n,x", *[f"{good},1"] * 11, "N/A,1", ",1")
    found = answer(path, "column_values_to_be_multiples", column="n", multiple_of=unit)
    assert (found.error, found.verdict) == (None, "fail")
    assert (found.result["unexpected_count"], found.result["missing_count"]) == (1, 1)
    assert found.result["partial_unexpected_list"] == ["N/A"]


@pytest.mark.parametrize("above", ROWS)
@pytest.mark.parametrize("bad", ["epoch", "20224-02-30", "2024-02-30", "2024-01-02 10:00:00", "10:00", "01/02/2024"])
def test_text_among_days_is_unexpected_wherever_it_stands(tmp_path: Path, bad: str, above: int) -> None:
    """No moment is cut to a day, no word is one, and no day that does not exist."""
    path = written(tmp_path / "a.csv", "d,x", *["2024-01-01,1"] * above, f"{bad},1")
    between = answer(path, "column_values_to_be_between", column="d", max_value=date(2030, 1, 1))
    assert between.result["partial_unexpected_list"] == [bad]
    error = answer(path, "column_max_to_be_between", column="d", max_value=date(2030, 1, 1)).error
    assert error.reason == "malformed_values"
    assert not answer(path, "column_values_to_match_regex", column="d", regex="^2024-01-01$").success


def test_day_after_the_year_9999_is_later_than_every_bound(tmp_path: Path) -> None:
    """Python has none, and DuckDB has: such a column is text, which checks of days cast."""
    path = written(tmp_path / "a.csv", "d,x", "2024-01-01,1", "20224-01-01,2")
    for bound in (date(2030, 1, 1), datetime(2030, 1, 1)):  # noqa: DTZ001
        greatest = answer(path, "column_max_to_be_between", column="d", max_value=bound)
        assert (greatest.verdict, greatest.result) == ("fail", {"observed_value": "20224-01-01"})
        between = answer(path, "column_values_to_be_between", column="d", max_value=bound)
        assert between.result["partial_unexpected_list"] == ["20224-01-01"]
    assert answer(path, "column_min_to_be_between", column="d", min_value=date(2024, 1, 1)).success
    chosen = {"row_condition": "d == '2024-01-01T00:00:00'", "condition_parser": "pandas"}
    assert answer(path, "column_values_to_be_in_set", column="x", value_set=[1], **chosen).success


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("2024-01-01", "2024-12-31"),
        ("2024-01-01T00:00:00", "2024-12-31T00:00:00"),
        ("2024-01-01T00:00:00Z", "2024-12-31T02:00:00+02:00"),
        ("2024-01-01", "2024-12-31T00:00:00"),
    ],
)
@pytest.mark.parametrize(
    "values",
    [
        ("2024-01-01", "2023-12-31", "2025-01-01"),
        ("2024-01-01T00:00:00", "2023-12-31 23:59:59.999999", "2024-12-31T00:00:01"),
        ("2024-01-01T02:00:00+02:00", "2024-01-01T01:59:59+02:00", "2024-12-31T00:00:01Z"),
        ("2024-02-01T00:00:00Z", "2023-12-31T23:00:00", "2025-01-01 00:00"),
    ],
)
def test_only_what_is_no_day_and_no_moment_is_malformed(
    tmp_path: Path, values: tuple[str, str, str], low: str, high: str
) -> None:
    """Values and bounds may be of different kinds, in CSV and JSON lines: a day begins at 00:00, in UTC."""
    good, early, late = values
    csv = written(tmp_path / "a.csv", "d,x", f"{good},1", f"{early},1", f"{late},1", f"{good},1", "N/A,1")
    lines = [f'{{"d": "{value}"}}' for value in (good, early, late, good)]
    json_lines = written(tmp_path / "a.jsonl", *lines, '{"d": "N/A"}')
    for path in (csv, json_lines):
        between = answer(path, "column_values_to_be_between", column="d", min_value=low, max_value=high)
        assert between.result["partial_unexpected_list"] == [early, late, "N/A"]
    strings = written(tmp_path / "b.jsonl", *lines)
    assert answer(strings, "column_max_to_be_between", column="d", min_value=high).success
    assert not answer(strings, "column_min_to_be_between", column="d", min_value=low).success
    assert answer(strings, "column_min_to_be_between", column="d", max_value=low).success


@pytest.mark.parametrize(("first", "second"), [("yes", "no"), ("t", "f"), ("T", "F"), ("0", "1")])
def test_words_are_no_truth_values(tmp_path: Path, first: str, second: str) -> None:
    """They are the texts that stand there, or numbers."""
    path = written(tmp_path / "a.csv", "x,y", f"{first},1", f"{second},1")
    members: list[Any] = [int(text) if text.isdigit() else text for text in (first, second)]
    assert answer(path, "column_values_to_be_in_set", column="x", value_set=members).success
    assert (
        answer(path, "column_values_to_not_be_in_set", column="x", value_set=members[:1]).result["unexpected_count"]
        == 1
    )


BIG = ("12345678901234567890", "12345678901234567891")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        BIG,
        ("12345678901234567890.25", "12345678901234567890.26"),
        ("2024-03-01T10:00:00.123456789", "2024-03-01T10:00:00.123456788"),
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:01Z"),
        ("01/02/2024", "02/01/2024"),
    ],
)
def test_value_is_equal_to_itself_and_to_no_other(tmp_path: Path, first: str, second: str) -> None:
    """In pairs, references, sets and counts of different values."""
    path = written(tmp_path / "a.csv", "a,b,c", f"{first},{first},{second}", f"{second},{second},{first}")
    assert answer(path, "column_pair_values_to_be_equal", column_A="a", column_B="b").success
    assert answer(path, "column_pair_values_to_be_equal", column_A="a", column_B="c").result["unexpected_count"] == 2
    assert answer(path, "column_values_to_be_unique", column="a").success
    assert answer(path, "column_values_to_exist_in_other_table", column="a", other_table=str(path)).success
    one = written(tmp_path / "one.csv", "a,b", f"{first},1")
    found = answer(path, "column_values_to_exist_in_other_table", column="a", other_table=str(one))
    assert found.result["unexpected_count"] == 1
    keyed = {"key_columns": ["a"], "other_table": str(path)}
    assert answer(path, "table_to_reconcile_with_other_table", **keyed).success


def test_instants_are_compared_as_such(tmp_path: Path) -> None:
    """12:00+02:00 is 10:00Z, and shows as it is written."""
    path = written(tmp_path / "a.csv", "i,x", "2024-03-01T10:00:00Z,1", "2024-03-01T12:00:00+02:00,2")
    ten = datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert answer(path, "column_values_to_be_between", column="i", min_value=ten, max_value=ten).success
    later = answer(path, "column_values_to_be_between", column="i", min_value=datetime(2024, 3, 1, 11, tzinfo=UTC))
    assert later.result["partial_unexpected_list"] == ["2024-03-01T10:00:00Z", "2024-03-01T12:00:00+02:00"]


@pytest.mark.parametrize("condition", ["d == '2024-01-02T00:00:00'", "d == '2024-01-02'", "d > '2024-01-01T12:00:00'"])
def test_row_condition_with_a_moment_finds_days(tmp_path: Path, condition: str) -> None:
    """A day is the moment at which it begins."""
    path = written(tmp_path / "a.csv", "d,x", "2024-01-01,1", "2024-01-02,5")
    found = answer(
        path,
        "column_values_to_be_in_set",
        column="x",
        value_set=[7],
        row_condition=condition,
        condition_parser="pandas",
    )
    assert found.result["partial_unexpected_list"] == [5]


def test_query_of_the_user_sees_the_texts(tmp_path: Path) -> None:
    """What fits no number is no NULL; where a type is declared that does not hold, there is no answer."""
    path = written(tmp_path / "a.csv", "n,x", "10,1", "N/A,1")
    query = {"unexpected_rows_query": "SELECT * FROM {batch} WHERE n = 'N/A'"}
    suite = [{"type": "unexpected_rows_expectation", "kwargs": query}]
    (found,) = check(path, suite).results
    assert found.result["observed_value"] == 1
    (declared,) = check(path, suite, read_options={"column_types": {"n": "integer"}}).results
    assert declared.error is not None
    assert declared.error.reason == "malformed_values"


def test_reconciliation_of_texts_does_not_agree_by_leaving_them_out(tmp_path: Path) -> None:
    """Without keys the sums cannot be told; with keys the texts are compared."""
    here = written(tmp_path / "a.csv", "id,n", "1,10", "2,N/A")
    there = written(tmp_path / "b.csv", "id,n", "1,10", "2,11")
    kind = "table_to_reconcile_with_other_table"
    for one, other in ((here, there), (there, here), (here, here)):
        assert answer(one, kind, other_table=str(other)).error.reason == "malformed_values"
    assert answer(here, kind, other_table=str(there), key_columns=["id"]).result["unexpected_count"] == 1
    assert answer(here, kind, other_table=str(here), key_columns=["id"]).success


def test_excel_with_decimal_commas_is_read_as_declared(tmp_path: Path) -> None:
    """Semicolons, decimal commas, dots between thousands, days in the local order and the local encoding."""
    path = tmp_path / "a.csv"
    path.write_bytes("k;größe;tag\n1;1.234,56;31.12.2024\n2;12,5;01.01.2025\n".encode("cp1252"))
    options = {"read_options": {"decimal": ",", "thousands": ".", "date_format": "%d.%m.%Y", "encoding": "cp1252"}}
    total = answer(path, "column_sum_to_be_between", options, column="größe", min_value=0)
    assert total.result["observed_value"] == pytest.approx(1247.06)
    late = answer(path, "column_values_to_be_between", options, column="tag", min_value=date(2025, 1, 1))
    assert late.result["partial_unexpected_list"] == ["31.12.2024"]


def test_declared_type_holds_whatever_the_values_are(tmp_path: Path) -> None:
    """A code of digits is text, and a number that is none is malformed; of no column there is no type."""
    path = written(tmp_path / "a.csv", "code,n", "1,5", "2,x")
    text = {"read_options": {"column_types": {"code": "text", "n": "integer"}}}
    assert answer(path, "column_values_to_be_in_set", text, column="code", value_set=["1", "2"]).success
    assert answer(path, "column_values_to_be_between", text, column="n", min_value=0).result[
        "partial_unexpected_list"
    ] == ["x"]
    with pytest.raises(MeasurementError, match="'z' is declared"):
        answer(path, "column_values_to_not_be_null", {"read_options": {"column_types": {"z": "text"}}}, column="n")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"delimeter": ";"}, "'delimeter' is no option"),
        ({"delimiter": ";;"}, "delimiter is ';;'"),
        ({"delimiter": "'", "quote": "'"}, "another character"),
        ({"decimal": ",", "thousands": ","}, "another character"),
        ({"decimal": "5"}, "decimal is '5'"),
        ({"encoding": "klingon"}, "'klingon'"),
        ({"encoding": "base64"}, "'base64'"),
        ({"column_types": {"a": "int"}}, "column_types is"),
        ({"date_format": "%d/%m"}, "a year"),
        ({"date_format": "%Y %z"}, "time zones"),
        ({"header": ["a", "A"]}, "header is"),
        ({"skip_rows": -1}, "skip_rows is -1"),
        ({"skip_rows": True}, "skip_rows is True"),
        ({"comment": ""}, "comment is ''"),
        ({"null_values": "NA"}, "null_values is 'NA'"),
        (";", "read_options is ';'"),
    ],
)
def test_option_that_cannot_be_meant_is_refused(options: Any, told: str) -> None:
    """Before anything is read."""
    with pytest.raises(DeclarationError) as refused:
        parse_read_options(options)
    assert refused.value.reason == "invalid_read_option"
    assert told in str(refused.value)


def test_options_are_given_as_a_mapping_or_an_object() -> None:
    """Null values of both kinds are joined."""
    given = parse_read_options({"delimiter": ";", "null_values": ["NA"]}, ["-"])
    assert given == parse_read_options(ReadOptions(delimiter=";", null_values=("NA", "-")))


@pytest.mark.parametrize("condition", ["amount > 100", "amount > 100 or status == 'ok'", "amount != 5"])
def test_condition_passes_over_no_row_that_it_cannot_read(tmp_path: Path, condition: str) -> None:
    """What may be more than 100 is left out by neither a check's own condition nor the gate's."""
    path = written(tmp_path / "a.csv", "amount,status", "150,ok", "€ 900,BAD", "120,ok")
    suite = {"column": "status", "value_set": ["ok"]}
    own = answer(path, "column_values_to_be_in_set", **suite, row_condition=condition, condition_parser="pandas")
    assert (own.verdict, own.error.reason) == ("error", "malformed_values")
    assert "line 3 of" in own.error.message
    assert "900" not in own.error.message
    with pytest.raises(MeasurementError, match="line 3 of") as refused:
        answer(path, "column_values_to_be_in_set", {"row_condition": condition}, **suite)
    assert refused.value.reason == "malformed_values"
    elsewhere = {"row_condition": condition, "partition": {"status": "ok"}}
    assert answer(path, "column_values_to_be_in_set", elsewhere, **suite).success


@pytest.mark.parametrize("partition", [{"n": 150}, {"n": [120, 150]}, {"n": 150, "status": "ok"}])
def test_partition_passes_over_no_row_that_it_cannot_read(tmp_path: Path, partition: dict[str, Any]) -> None:
    """What may be a partition's value is not taken for another's."""
    path = written(tmp_path / "a.csv", "n,status", "150,ok", "x150,BAD", "120,ok")
    with pytest.raises(MeasurementError, match="line 3 of") as refused:
        answer(path, "column_values_to_be_in_set", {"partition": partition}, column="status", value_set=["ok"])
    assert refused.value.reason == "malformed_values"
    declared = {"partition": {"n": "120"}, "read_options": {"column_types": {"n": "integer"}}}
    with pytest.raises(MeasurementError, match="line 3 of"):
        answer(path, "column_values_to_be_in_set", declared, column="status", value_set=["ok"])
    named = {"partition": partition, "null_values": ["x150"]}
    assert answer(path, "column_values_to_be_in_set", named, column="status", value_set=["ok"]).success


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"column_types": {"dayy": "date"}}, "The type of the column 'dayy' is declared"),
        ({"date_format": {"dayy": "%d/%m/%Y"}}, "The date format of the column 'dayy' is declared"),
    ],
)
def test_declaration_of_a_column_that_is_not_there_is_refused(
    options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    """A slip of the pen would leave the true column as if nothing were declared."""
    path = written(tmp_path / "a.csv", "day", "01/02/2024")
    with pytest.raises(MeasurementError, match=said) as refused:
        answer(path, "column_values_to_not_be_null", {"read_options": options}, column="day")
    assert refused.value.reason == "missing_column"
