"""What one check raises is that check's; what closing raises is nobody's."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import EndedError, MeasurementError
from airflow_provider_dpq.core.gate.report import Provenance
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check, evaluate, run
from airflow_provider_dpq.core.quality.gate import judge_suite
from airflow_provider_dpq.core.quality.quarantine import apart
from airflow_provider_dpq.core.table.database import DatabaseTable
from airflow_provider_dpq.core.table.duck import DuckTable
from airflow_provider_dpq.core.table.errors import NotScannableError

FRAME = pd.DataFrame({"n": [1, 2, 3], "word": ["a", "b", "c"]})
SUITE: list[dict[str, Any]] = [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "n"}},
    {"type": "expect_column_mean_to_be_between", "kwargs": {"column": "n", "min_value": 2, "max_value": 2}},
    {"type": "expect_column_value_lengths_to_equal", "kwargs": {"column": "word", "value": 1}},
]
ERRORS = [RuntimeError("of a driver"), MemoryError(), RecursionError("too deep"), OverflowError("year 20224")]


def verdicts(found: Any) -> list[str]:
    """The verdict of each check, with the reason where it is an error."""
    return [result.error.reason if result.error else result.verdict.value for result in found.results]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_what_a_planner_raises_is_an_error_of_its_check(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are answered."""
    plan = evaluate.plan_expectation

    def planned(expectation: Any, table: Any) -> Any:
        if type(expectation).__name__.endswith("MeanToBeBetween"):
            raise error
        return plan(expectation, table)

    monkeypatch.setattr(evaluate, "plan_expectation", planned)
    assert verdicts(check(FRAME, SUITE)) == ["pass", "unexpected_error", "pass"]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_what_handing_over_a_value_raises_is_an_error_of_its_check(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shared scan holds a value that Python cannot hold: each check is asked alone, and the others are answered."""
    fetch = DuckTable.fetch

    def fetched(self: DuckTable, query: Any) -> Any:
        if "length" in str(query).lower():
            raise error
        return fetch(self, query)

    monkeypatch.setattr(DuckTable, "fetch", fetched)
    found = check(FRAME, SUITE)
    assert verdicts(found) == ["pass", "pass", "unexpected_error"]


def test_what_judging_a_check_raises_is_an_error_of_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thresholds, disclosure, a value that is no JSON: the others stand."""
    write_down = run.write_down

    def written(declared: Any, outcome: Any, **rest: Any) -> Any:
        if declared.type == "expect_column_mean_to_be_between" and not isinstance(outcome.answer, MeasurementError):
            raise ZeroDivisionError("of this project")
        return write_down(declared, outcome, **rest)

    monkeypatch.setattr(run, "write_down", written)
    assert verdicts(check(FRAME, SUITE)) == ["pass", "unexpected_error", "pass"]


def test_what_handing_rows_to_great_expectations_raises_is_of_those_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the delegated check is in error."""
    plan = evaluate.plan_expectation

    def planned(expectation: Any, table: Any) -> Any:
        if type(expectation).__name__.endswith("MeanToBeBetween"):
            raise NotScannableError("for this test")
        return plan(expectation, table)

    def lose(_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(evaluate, "plan_expectation", planned)
    monkeypatch.setattr(evaluate, "_whole_table", lose)
    assert verdicts(check(FRAME, SUITE)) == ["pass", "unexpected_error", "pass"]


def test_what_setting_rows_apart_raises_leaves_the_results(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """The whole has an error, the checks have theirs."""

    def lose(*_: Any) -> Any:
        raise RuntimeError("of a driver")

    monkeypatch.setattr(apart, "_write", lose)
    found = check(FRAME, SUITE, quarantine=str(tmp_path / "bad.parquet"))
    assert verdicts(found) == ["pass", "pass", "pass"]
    assert found.error is not None
    assert found.error.reason == "quarantine_failed"


def test_a_connection_lost_half_way_leaves_what_was_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check that lost it and those after it are in error; the one before it stands."""
    answer = evaluate._answer

    def lost(table: Any, plan: Any, found: Any, wanted: Any, total: int) -> Any:
        if plan.queries or plan.procedure:
            return EndedError("connection_lost", "It is gone.")
        return answer(table, plan, found, wanted, total)

    monkeypatch.setattr(evaluate, "_answer", lost)
    suite = [*SUITE, {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n"}}, SUITE[0] | {"name": "z"}]
    found = check(FRAME, suite)
    assert verdicts(found)[0] == "pass"
    assert verdicts(found)[-1] == "connection_lost"
    assert judge_suite(found, gate="g", provenance=Provenance(run_id="r")).verdict is Verdict.ERROR


@pytest.mark.parametrize(
    "error", [RuntimeError("closed"), OSError("gone"), sa.exc.InterfaceError("x", {}, Exception())]
)
def test_a_finished_measurement_is_not_lost_by_closing(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the driver raises while it is closed: the results are there."""
    closed = []

    def close(self: DatabaseTable) -> None:
        closed.append(self)
        raise error

    engine = sa.create_engine("sqlite://")
    FRAME.to_sql("rows", engine, index=False)
    monkeypatch.setattr(DatabaseTable, "close", close)
    assert verdicts(check("rows", SUITE[:1], connection=engine)) == ["pass"]
    assert len(closed) == 1
    engine.dispose()


def test_a_connection_lost_while_columns_are_looked_at_again_leaves_the_results(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The gate is in error, for the columns may have changed; what was found is in the report."""

    def lose(_: DatabaseTable) -> None:
        raise EndedError("connection_lost", "It is gone.")

    engine = sa.create_engine("sqlite://")
    FRAME.to_sql("rows", engine, index=False)
    monkeypatch.setattr(DatabaseTable, "confirm", lose)
    found = check("rows", SUITE[:1], connection=engine)
    assert verdicts(found) == ["pass"]
    assert judge_suite(found, gate="g", provenance=Provenance(run_id="r")).verdict is Verdict.ERROR
    engine.dispose()
