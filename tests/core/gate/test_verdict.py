"""The order of the five verdicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.gate.verdict import Verdict, worst

ORDER = ("pass", "warn", "inconclusive", "fail", "error")


def test_verdicts_are_ordered_from_best_to_worst() -> None:
    """The order is error, fail, inconclusive, warn and pass, from the worst."""
    assert sorted(Verdict, key=lambda verdict: verdict.rank) == [Verdict(name) for name in ORDER]


@given(verdicts=st.lists(st.sampled_from(Verdict), min_size=1))
def test_worst_is_the_one_furthest_down_the_order(verdicts: list[Verdict]) -> None:
    """No verdict hides a worse one, in whatever order they come."""
    assert worst(iter(verdicts)) is verdicts[[v.rank for v in verdicts].index(max(ORDER.index(v) for v in verdicts))]


def test_worst_refuses_to_judge_nothing() -> None:
    """A gate that judged nothing has no verdict, least of all a pass."""
    with pytest.raises(ValueError, match="empty"):
        worst([])


@pytest.mark.parametrize(("verdict", "passed"), list(zip(Verdict, (True, True, False, False, False), strict=True)))
def test_only_pass_and_warn_let_work_go_on(verdict: Verdict, passed: bool) -> None:
    """What could not be measured or decided never reads as a pass."""
    assert verdict.passed is passed
