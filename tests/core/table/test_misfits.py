"""Values that are none of their column's kind, in text files: each is counted, and none changes what others are."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.quality import check
from tests.core.quality.answers import answer, found

_NUMBERS = ["1", "1.0", "1.50", "2", "-3", "1e1"]
_MOMENTS = ["2024-01-01", "2024-01-01T00:00:00", "2024-01-02 12:00:00", "2024-01-02T12:00:00Z", "2023-12-31"]


def _suite(members: list[Any], other: Path) -> list[dict[str, Any]]:
    pair = {"column_A": "a", "column_B": "b"}
    kwargs: dict[str, dict[str, Any]] = {
        "column_pair_values_to_be_equal": pair,
        "column_pair_values_a_to_be_greater_than_b": {**pair, "or_equal": True},
        "multicolumn_values_to_be_equal": {"column_list": ["a", "b"]},
        "column_values_to_be_in_set": {"column": "a", "value_set": members},
        "column_values_to_not_be_in_set": {"column": "a", "value_set": members},
        "column_values_to_be_between": {"column": "a", "min_value": members[0]},
        "column_values_to_exist_in_other_table": {"column": "a", "other_table": str(other), "other_column": "b"},
        "row_condition_to_hold": {"expression": "a <= b"},
    }
    return [{"type": f"expect_{kind}", "kwargs": arguments} for kind, arguments in kwargs.items()]


@settings(max_examples=12, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize(
    ("values", "members"),
    [(_NUMBERS, [1, 2]), (_MOMENTS, [datetime(2024, 1, 1), date(2024, 1, 2)])],  # noqa: DTZ001
)
def test_misfit_is_one_more_unexpected_value(
    data: st.DataObject, values: list[str], members: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Wherever it stands, and whatever is compared with the others."""
    one = st.sampled_from(values)
    rows = data.draw(st.lists(st.tuples(one, one), min_size=4, max_size=8))
    misfit = data.draw(st.sampled_from(["N/A", "x", "€ 1", "2024-02-30", "1,5"]))
    place = data.draw(st.integers(0, len(rows)))
    folder = tmp_path_factory.mktemp("misfits")
    counts = []
    for name, lines in (("a.csv", rows), ("b.csv", [*rows[:place], (misfit, rows[0][1]), *rows[place:]])):
        (folder / name).write_text("a;b\n" + "".join(f"{a};{b}\n" for a, b in lines), encoding="utf-8")
        results = check(folder / name, _suite(members, folder / "a.csv")).results
        assert not [result.error for result in results if result.error is not None]
        counts.append({result.type: result.result["unexpected_count"] for result in results})
    assert counts[1] == {kind: count + 1 for kind, count in counts[0].items()}


@pytest.mark.parametrize("condition", ["d == '2024-01-02T00:00:00'", "d > '2024-01-01'", "d in ['2024-01-02']"])
def test_row_condition_does_not_take_days_for_texts_beside_a_misfit(condition: str, tmp_path: Path) -> None:
    """It finds the days, or says which row it cannot read; it never looks at nothing in silence."""
    path = tmp_path / "a.csv"
    path.write_text("d,n\n2024-01-01,1\n2024-01-02,5\n")
    chosen = {"row_condition": condition, "condition_parser": "pandas"}
    assert found(path, "column_values_to_be_in_set", column="n", value_set=[7], **chosen)["unexpected_count"] == 1
    path.write_text("d,n\n2024-01-01,1\n2024-01-02,5\n2024-01-03,7\n2024-01-04,7\nN/A,1\n")
    error = answer(path, "column_values_to_be_in_set", column="n", value_set=[7], **chosen).error
    assert error is not None
    assert (error.reason, "line 6 of" in error.message) == ("malformed_values", True)


@pytest.mark.parametrize("rest", ["", "N/A,1\n"])
@pytest.mark.parametrize(
    "members",
    [[date(2024, 1, 1), date(2024, 1, 2)], [datetime(2024, 1, 1), date(2024, 1, 2)], ["2024-01-01", date(2024, 1, 2)]],  # noqa: DTZ001
)
def test_days_are_found_in_sets_of_days(members: list[Any], rest: str, tmp_path: Path) -> None:
    """YAML writes days without quotes as days; a misfit is in no set, and is no day outside of one."""
    path = tmp_path / "a.csv"
    path.write_text(f"d,n\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n{rest}")
    misfits = ["N/A"] if rest else []
    inside = found(path, "column_values_to_be_in_set", column="d", value_set=members)
    assert inside["partial_unexpected_list"] == ["2024-01-03", *misfits]
    outside = found(path, "column_values_to_not_be_in_set", column="d", value_set=members)
    texts = any(isinstance(member, str) for member in members)
    assert outside["partial_unexpected_list"] == ["2024-01-01", "2024-01-02", *([] if texts else misfits)]
    if not texts:
        distinct = found(path, "column_distinct_values_to_be_in_set", column="d", value_set=members)
        assert distinct["partial_unexpected_list"] == ["2024-01-03", *misfits]
        contained = found(
            path, "column_distinct_values_to_contain_set", column="d", value_set=[*members, date(2025, 1, 1)]
        )
        assert contained["partial_missing_list"] == ["2025-01-01"]
        pairs = [[member, number] for number, member in enumerate([*members, date(2024, 1, 3)], start=1)]
        paired = found(path, "column_pair_values_to_be_in_set", column_A="d", column_B="n", value_pairs_set=pairs)
        assert paired["unexpected_count"] == len(misfits)


def test_greatest_of_days_and_moments_is_one_of_them(tmp_path: Path) -> None:
    """Days and moments in one column have a greatest without bounds that say which of them are meant."""
    path = tmp_path / "a.csv"
    path.write_text("d,n\n2024-01-01,1\n2024-01-02T10:00:00,1\n2024-01-02,1\n")
    assert found(path, "column_max_to_be_between", column="d")["observed_value"] == "2024-01-02T10:00:00"


def test_texts_without_numbers_are_compared_as_texts(tmp_path: Path) -> None:
    """Codes of which some look like numbers are none."""
    path = tmp_path / "a.csv"
    path.write_text("a,b\nA1,A1\n1.0,1\nB,B\nC,C\n")
    equal = found(path, "column_pair_values_to_be_equal", column_A="a", column_B="b")
    assert equal["partial_unexpected_list"] == [["1.0", "1"]]
    there = found(path, "column_values_to_exist_in_other_table", column="a", other_table=str(path), other_column="b")
    assert there["partial_unexpected_list"] == ["1.0"]


@pytest.mark.parametrize(
    ("lines", "expression", "unexpected"),
    [
        ("1,5;2024-01-01 2024-01-01;2024-01-01 2024-01-01;2024-01-01T00:00:00 2024-01-01;x", "a <= b", 2),
        ("10;9 9;10 8;11 x;1 7;y", "a <= b", 3),
        ("1.0;1 2;2.00 3;3 x;x 1;y", "a = b", 2),
        ("10;9 9;10 8;11 x;1 7;y", "a between b and b", 5),
    ],
)
def test_two_columns_with_misfits_are_compared_as_what_most_of_their_values_are(
    lines: str, expression: str, unexpected: int, tmp_path: Path
) -> None:
    """As texts 10 comes before 9, and a word after every day."""
    path = tmp_path / "a.csv"
    path.write_text("a;b\n" + "\n".join(lines.split(" ")) + "\n", encoding="utf-8")
    assert found(path, "row_condition_to_hold", expression=expression)["unexpected_count"] == unexpected
