"""Shares of counts as exact ratios, held against Python's own fractions."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.share import Share, exact
from airflow_provider_dpq.core.gate.threshold import judge, parse_threshold
from airflow_provider_dpq.core.gate.unit import convert_exactly
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality.compile.column import counted

ROWS = 10**12
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
SHARES = st.integers(1, ROWS).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))
LIMITS = st.integers(0, 24).flatmap(lambda places: st.decimals(0, 100, places=places, allow_nan=False))


@given(share=SHARES, symbol=st.sampled_from(list(OPERATORS)), limit=LIMITS)
@example(share=(7, 100), symbol="<=", limit=Decimal(7))
@example(share=(29, 100), symbol="==", limit=Decimal(29))
@example(share=(2, 3), symbol="<", limit=Decimal("66.66666666666667"))
@example(share=(1, ROWS), symbol="<=", limit=Decimal("0.0000000001"))
@example(share=(ROWS - 1, ROWS), symbol=">=", limit=Decimal("99.99999999999999"))
@example(share=(ROWS - 1, ROWS), symbol=">=", limit=Decimal("99.9999999999999999"))
def test_threshold_in_percent_judges_the_ratio_of_the_counts(
    share: tuple[int, int], symbol: str, limit: Decimal
) -> None:
    """A limit with any number of digits is held against the counts themselves, at every number of rows."""
    part, whole = share
    metric = Metric.percent("unexpected_percent", Share(part, whole))
    (result,) = judge([parse_threshold(f"unexpected_percent {symbol} {limit:f}", "quality")], [metric])
    right = OPERATORS[symbol](Fraction(100 * part, whole), Fraction(limit))
    assert (result.verdict is Verdict.PASS) is right


@given(share=SHARES, mostly=st.floats(0, 1))
@example(share=(3, 10), mostly=0.7)
@example(share=(3, 10), mostly=0.70000001)
@example(share=(1, ROWS), mostly=0.9999999999989999)
@example(share=(333333333333, ROWS - 1), mostly=0.6666666666666667)
def test_mostly_is_held_against_the_ratio_of_the_counts(share: tuple[int, int], mostly: float) -> None:
    """What holds for 7 of 10 rows holds mostly 0.7, and not mostly 0.70000001, whatever floating division says."""
    unexpected, rows = share
    answer = counted({"elements": rows + 5, "missing": 5, "unexpected": unexpected}, mostly)
    assert answer.success is (Fraction(rows - unexpected, rows) >= Fraction(repr(mostly)))
    assert answer.result["unexpected_percent"] == float(Fraction(100 * unexpected, rows))


@pytest.mark.parametrize("rows", [10, 100, 1000, 999_983])
def test_percent_is_the_nearest_number_to_what_is_shown(rows: int) -> None:
    """A percentage is the floating number nearest to the ratio: 7 of 100 is 7, not 7.000000000000001."""
    for part in range(0, rows + 1, max(1, rows // 500)):
        assert Share(part, rows).percent == float(Fraction(100 * part, rows))


def test_share_of_nothing_is_none_and_reaches_everything() -> None:
    """Of no rows there is no share; nothing breaks a check of nothing."""
    assert (Share(0, 0).ratio, Share(0, 0).percent, Share(0, 0).reaches(1)) == (None, None, True)
    assert Metric.percent("missing_percent", Share(0, 0)).value is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_exact_is_the_number_that_the_shortest_text_writes(number: float) -> None:
    """The number of a floating number is that of its shortest decimal text."""
    assert exact(number) == Fraction(repr(number))


@given(number=st.decimals(0, 10**6, places=3), pair=st.sampled_from([("ms", "s", 3), ("us", "s", 6), ("ns", "ms", 6)]))
def test_units_are_converted_without_rounding(number: Decimal, pair: tuple[str, str, int]) -> None:
    """1.1 ms are 0.0011 s, of which floating multiplication makes another number."""
    unit, to, power = pair
    assert convert_exactly(Fraction(number), unit, to) == Fraction(number) / 10**power


@pytest.mark.parametrize(
    ("limit", "seconds", "verdict"), [("1.1ms", 0.0011, Verdict.PASS), ("1.1ms", 0.0011000000000000003, Verdict.FAIL)]
)
def test_time_equal_to_its_limit_holds_it(limit: str, seconds: float, verdict: Verdict) -> None:
    """A limit in another unit is the same number: 1.1 ms and 0.0011 s are equal."""
    metric = Metric(name="median", value=seconds, unit="s")
    assert judge([parse_threshold(f"median <= {limit}", "load")], [metric])[0].verdict is verdict


@pytest.mark.parametrize("text", ["9007199254740993", "99.99999999999999999", "1e-999999999", "0.1"])
def test_limit_keeps_its_digits(text: str) -> None:
    """A limit with more digits than a floating number holds is neither rounded nor written otherwise."""
    threshold = parse_threshold(f"row_count > {text}", "quality")
    assert parse_threshold(str(threshold), "quality") == threshold
    assert threshold.exact_limit == (Fraction(text) if "e" not in text else 0)


def test_whole_numbers_beyond_floating_ones_are_told_apart() -> None:
    """2**53 + 1 rows are more than 2**53."""
    metric = Metric(name="row_count", value=2**53 + 1)
    thresholds = [parse_threshold(f"row_count <= {2**53 + more}", "quality") for more in (0, 1)]
    assert [result.verdict for result in judge(thresholds, [metric])] == [Verdict.FAIL, Verdict.PASS]
