"""What parts are called, and which of them decided."""

from __future__ import annotations

import pytest

from airflow_provider_dpq.core.gate.merged import Instance, names, tally
from airflow_provider_dpq.core.gate.verdict import Verdict


@pytest.mark.parametrize(
    ("instances", "named"),
    [
        ([Instance("EWR", "w.csv", 0), Instance("JFK", "w.csv", 1)], ["EWR", "JFK"]),
        ([Instance(None, "/d/a.csv", 0), Instance(None, "/d/ab.csv", 1)], ["a.csv", "ab.csv"]),
        ([Instance(None, "w.csv", 0), Instance(None, "w.csv", 1)], ["[0]", "[1]"]),
        ([Instance(None, "/d/a.csv", 3)], ["[3]"]),
    ],
)
def test_parts_are_named_by_what_tells_them_apart(instances: list[Instance], named: list[str]) -> None:
    """By label, else by what was measured, else by map index."""
    assert names(instances) == named


def test_tally_names_those_that_decided() -> None:
    """At most three of them, and none where all decided alike."""
    judged = [(f"p{number}", Verdict.PASS if number == 0 else Verdict.FAIL) for number in range(6)]
    assert tally(judged) == "5 of 6 failed: p1, p2, p3, 2 more"
    assert tally(judged[:2], "parts") == "1 of 2 parts failed: p1"
    assert tally(judged[1:]) == "5 of 5 failed"
    assert tally(judged[:1]) == ""
