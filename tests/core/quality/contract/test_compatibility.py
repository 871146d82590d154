"""What changes between two versions of a contract, and whom it breaks."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.quality.contract.compatibility import Breaks, changes
from airflow_provider_dpq.core.quality.contract.model import TYPES, Contract
from airflow_provider_dpq.core.quality.contract.read import load_contract

A: dict[str, Any] = {"name": "a"}
B: dict[str, Any] = {"name": "b"}


def _contract(*columns: dict[str, Any], **more: Any) -> Contract:
    return load_contract({"columns": list(columns), **more})


@pytest.mark.parametrize(
    ("old", "new", "breaks"),
    [
        ([A, B], [A], "readers"),
        ([A, {**B, "required": True}], [A], "readers"),
        ([A, {**B, "optional": True}], [A], "nobody"),
        ([A], [A, B], "nobody"),
        ([A], [A, {**B, "optional": True}], "nobody"),
        ([A], [A, {**B, "required": True}], "data"),
        ([{**A, "type": "integer"}], [{**A, "type": "string"}], "readers"),
        ([{**A, "type": "integer"}], [{**A, "type": "number"}], "readers"),
        ([{**A, "type": "number"}], [{**A, "type": "integer"}], "data"),
        ([{**A, "type": "integer"}], [A], "readers"),
        ([A], [{**A, "type": "integer"}], "data"),
        ([{**A, "required": True}], [A], "readers"),
        ([{**A, "required": True}], [{**A, "nullable": True}], "readers"),
        ([A], [{**A, "required": True}], "data"),
        ([A], [{**A, "nullable": False}], "data"),
        ([{**A, "optional": True}], [A], "data"),
        ([A], [{**A, "optional": True}], "readers"),
        ([{**A, "unique": True}], [A], "readers"),
        ([A], [{**A, "unique": True}], "data"),
    ],
)
def test_change_breaks_readers_or_data_or_nobody(
    old: list[dict[str, Any]], new: list[dict[str, Any]], breaks: str
) -> None:
    """A promise taken back breaks those who read, a promise added breaks what was written before."""
    assert [change.breaks.value for change in changes(_contract(*old), _contract(*new))] == [breaks]


def test_another_primary_key_breaks_readers() -> None:
    """They join by it."""
    old = _contract({**A, "primary_key": True}, {**B, "required": True, "unique": True})
    new = _contract({**A, "required": True, "unique": True}, {**B, "primary_key": True})
    (change,) = changes(old, new)
    assert (str(change), change.breaks) == ("table: primary key (a) -> primary key (b)", Breaks.READERS)


def test_closing_a_contract_breaks_data() -> None:
    """Columns that were allowed are no longer; opening it breaks nobody."""
    opened, closed = _contract(A), _contract(A, additional_columns=False)
    assert [change.breaks for change in changes(opened, closed)] == [Breaks.DATA]
    assert [change.breaks for change in changes(closed, opened)] == [Breaks.NOBODY]


_columns = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from("abcd"),
            "type": st.lists(st.sampled_from(sorted(TYPES)), max_size=2),
            "required": st.none() | st.booleans(),
            "unique": st.booleans(),
        }
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda column: column["name"],
)


@given(columns=_columns)
def test_version_is_compatible_with_itself(columns: list[dict[str, Any]]) -> None:
    """Where nothing changed, there is no change, in whatever order the columns stand."""
    assert changes(_contract(*columns), _contract(*reversed(columns))) == ()


@given(old=_columns, new=_columns)
def test_way_back_has_the_same_changes(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    """Each change of a column has its contrary on the way back."""
    there = changes(_contract(*old), _contract(*new))
    back = changes(_contract(*new), _contract(*old))
    assert {change.column for change in there} == {change.column for change in back}


def test_command_lists_changes_and_fails_on_a_breaking_one(tmp_path: Any) -> None:
    """A pipeline stops where the next version of a contract breaks somebody."""
    texts = {
        "old": "columns: [{name: a, type: integer}, {name: b, required: true}]",
        "new": "columns: [{name: a, type: integer}, {name: c}]",
        "wider": "columns: [{name: a, type: integer}, {name: b, required: true}, {name: c}]",
        "none": "columns: [{name: a}, {name: a}]",
    }
    paths = {name: tmp_path / f"{name}.yaml" for name in texts}
    for name, text in texts.items():
        paths[name].write_text(text)

    def diff(old: str, new: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["contract", "diff", str(paths[old]), str(paths[new])])
        return result.exit_code, result.output

    code, output = diff("old", "new")
    assert (code, output.splitlines()) == (
        1,
        [
            "breaks readers  b: required -> removed",
            "compatible      c: absent -> added, nullable",
            "2 changes, 1 breaking",
        ],
    )
    assert diff("old", "wider") == (0, "compatible      c: absent -> added, nullable\n1 changes, 0 breaking\n")
    assert diff("old", "old") == (0, "0 changes, 0 breaking\n")
    code, output = diff("old", "none")
    assert (code, "a is declared twice" in output) == (2, True)
    paths["absent"] = tmp_path / "absent.yaml"
    assert diff("old", "absent")[0] == 2
