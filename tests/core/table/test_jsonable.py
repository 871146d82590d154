"""Values of data in JSON: what is shown is the value, and not one near it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.table.jsonable import jsonable


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("0.10"), 0.1),
        (Decimal(3), 3.0),
        (Decimal(2**53 + 1), 2**53 + 1),
        (Decimal("1E+25"), 1e25),
        (Decimal("0.1000000000000000055"), "0.1000000000000000055"),
        (Decimal("-1234567890123456789.5"), "-1234567890123456789.5"),
        (Decimal("NaN"), None),
        (Decimal("Infinity"), float("inf")),
        (0.1, 0.1),
    ],
)
def test_decimal_is_shown_with_its_digits(value: Any, shown: Any) -> None:
    """A floating number stands for a decimal where it is written alike."""
    assert jsonable(value) == shown
    assert type(jsonable(value)) is type(shown)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_what_is_shown_of_a_decimal_is_that_decimal(value: Decimal) -> None:
    """Read back by its decimal text, it is the same number."""
    assert Fraction(str(jsonable(value))) == Fraction(value)
