"""What counts as a number where people declare one."""

from __future__ import annotations

import math

import pytest

from airflow_provider_dpq.core.gate.number import is_number, is_whole


@pytest.mark.parametrize("value", [0, -3, 7, 2**70])
def test_whole_numbers_are_numbers(value: int) -> None:
    """Of any size that a float has, too."""
    assert is_whole(value)
    assert is_number(value)


@pytest.mark.parametrize("value", [0.0, -1.5, 1e308])
def test_floats_are_numbers_but_not_whole(value: float) -> None:
    """Even one without a fraction: who means a count writes one."""
    assert is_number(value)
    assert not is_whole(value)


@pytest.mark.parametrize("value", [True, False, None, "2", "", b"2", [2], math.nan, math.inf, -math.inf, 2j])
def test_nothing_else_is_a_number(value: object) -> None:
    """A truth value is no count, and a text no number."""
    assert not is_number(value)
    assert not is_whole(value)


def test_a_whole_number_larger_than_any_float_is_none_to_compute_with() -> None:
    """To turn it into a float would raise."""
    assert is_whole(10**400)
    assert not is_number(10**400)
