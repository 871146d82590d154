"""Figures of two tables: the row count, and of each column count, sum, least and greatest, against pandas."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check

KIND = "expect_table_to_reconcile_with_other_table"
START = datetime(2026, 1, 1)  # noqa: DTZ001 - a wall clock
HERE = pd.DataFrame(
    {
        "n": [1, 2, 3],
        "f": [0.1, 0.2, None],
        "s": ["a", None, "c"],
        "at": [START, START + timedelta(days=1), START],
    }
)


def reconcile(here: Any, there: Any, *, options: dict[str, Any] | None = None, **kwargs: Any) -> CheckResult:
    """Return the result of reconciling two tables by their figures."""
    declared = {"type": KIND, "kwargs": {"other_table": "there", **kwargs}}
    (result,) = check(here, [declared], references={"there": there}, **(options or {})).results
    assert result.error is None, result.error
    return result


def differing(result: CheckResult) -> list[tuple[str, Any]]:
    """Return the figures that do not agree, by name and column."""
    figures: Any = result.result["figures"]
    return [(figure["figure"], figure.get("column")) for figure in figures if not figure["agrees"]]


def test_figures_are_those_of_pandas() -> None:
    """Each figure is the one that pandas computes; text has a count alone."""
    figures: Any = reconcile(HERE, HERE).result["figures"]
    found = {(figure["figure"], figure.get("column")): figure["here"] for figure in figures}
    assert found.pop(("row_count", None)) == 3
    expected = {("count", name): int(HERE[name].count()) for name in HERE}
    expected |= {(name, column): HERE[column].agg(name) for name in ("sum", "min", "max") for column in ("n", "f")}
    expected |= {(name, "at"): HERE["at"].agg(name).isoformat() for name in ("min", "max")}
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("columns", "missing"),
    [({"nn": "N2"}, "'nn' does not exist in pandas frame"), ({"n": "N3"}, "'N3' does not exist in there")],
)
@pytest.mark.parametrize("keys", [{}, {"key_columns": ["s"]}])
def test_mapped_column_that_is_not_there_is_an_error(columns: dict[str, str], missing: str, keys: Any) -> None:
    """A slip of the pen would leave the column out of the comparison, and pass."""
    there = HERE.rename(columns={"n": "N2"}).assign(N2=[7, 8, 9])
    declared = {"type": KIND, "kwargs": {"other_table": "there", "column_map": columns, **keys}}
    (result,) = check(HERE, [declared], references={"there": there}).results
    assert result.error is not None
    assert (result.error.reason, missing in result.error.message) == ("missing_column", True)


@pytest.mark.parametrize("arguments", [{}, {"column_map": {"N": "N"}}, {"columns": ["N"]}, {"key_columns": ["S"]}])
def test_columns_are_paired_whatever_the_case_of_their_names(arguments: dict[str, Any]) -> None:
    """What both tables have is compared; where a table has a name in two cases, each stands for itself alone."""
    there = HERE.rename(columns=str.upper).assign(N=[1, 2, 4])
    assert ("sum", "n") in differing(reconcile(HERE, there, **arguments))
    twice = there.assign(n=[1, 2, 3])
    assert ("sum", "n") not in differing(reconcile(HERE, twice))


def test_tables_of_the_same_figures_reconcile() -> None:
    """Without keys, rows in another order are the same table."""
    result = reconcile(HERE, HERE.iloc[::-1])
    assert (result.verdict, result.result["observed_value"], result.evaluated_by) == (Verdict.PASS, 0, "scan")


@pytest.mark.parametrize(
    ("there", "names"),
    [
        (HERE.assign(n=[1, 2, 4]), [("sum", "n"), ("max", "n")]),
        (HERE.assign(s=["a", "b", "c"]), [("count", "s")]),
        (HERE.assign(at=START), [("max", "at")]),
        (HERE.assign(f=None).astype({"f": float}), [("count", "f"), ("sum", "f"), ("min", "f"), ("max", "f")]),
        (
            HERE.iloc[:2],
            [("row_count", None), ("count", "n"), ("sum", "n"), ("max", "n"), ("count", "s"), ("count", "at")],
        ),
    ],
)
def test_figures_that_differ_are_named(there: pd.DataFrame, names: list[tuple[str, Any]]) -> None:
    """Each difference is counted and named."""
    result = reconcile(HERE, there)
    assert sorted(map(str, differing(result))) == sorted(map(str, names))
    assert (result.result["observed_value"], result.verdict) == (len(names), Verdict.FAIL)


def test_sums_of_floating_numbers_may_be_added_in_another_order() -> None:
    """Two engines' sums differ in their last digits; a difference that is one is seen all the same."""
    values = np.random.default_rng(5).normal(0, 1000, 20_000)
    here, there = pd.DataFrame({"f": values}), pd.DataFrame({"f": values[::-1]})
    assert differing(reconcile(here, there)) == []
    there.loc[7, "f"] += 1.0
    assert differing(reconcile(here, there)) == [("sum", "f")]


def test_tolerances_hold_for_figures_but_not_for_counts() -> None:
    """A tolerated difference of numbers excuses no missing value."""
    there = pd.DataFrame({"n": [1, 2, 4], "f": [0.1, 0.2, 0.0], "s": HERE["s"], "at": HERE["at"]})
    assert ("sum", "n") not in differing(reconcile(HERE, there, absolute_tolerance=1))
    assert ("count", "f") in differing(reconcile(HERE, there, absolute_tolerance=10))
    assert ("sum", "n") not in differing(reconcile(HERE, there, relative_tolerance=0.25))


def test_other_database_answers_one_statement(tmp_path: Path) -> None:
    """The figures are one statement, however many columns there are; one more of SQLite's looks for misfits."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'there.db'}", poolclass=sa.NullPool)
    HERE.to_sql("orders", engine, index=False, dtype={"at": sa.DateTime(), "f": sa.Double()})
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: seen.append(arguments[2]))
    declared = {"type": KIND, "kwargs": {"other_table": "orders", "other_connection": "shop"}}
    (result,) = check(HERE, [declared], connect=lambda _: engine).results
    assert result.success, result
    assert len([statement for statement in seen if "FROM orders" in statement or 'FROM "orders"' in statement]) == 2


@pytest.mark.parametrize(
    "kwargs",
    [
        {"key_columns": []},
        {"key_columns": ["id", "id"]},
        {"columns": ["n", "n"]},
        {"mostly": 0.5},
        {"time_zone": "Europe/Nowhere"},
        {"relative_tolerance": -1},
    ],
)
def test_what_makes_no_sense_is_refused(kwargs: dict[str, Any]) -> None:
    """What is wrong in itself is refused before anything is read."""
    with pytest.raises(DeclarationError):
        check(HERE, [{"type": KIND, "kwargs": {"other_table": "there", **kwargs}}])
