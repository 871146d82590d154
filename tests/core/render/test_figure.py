"""How numbers, times and values read."""

from __future__ import annotations

import math
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from airflow_provider_dpq.core.gate.metric import OF_BASELINE, Metric
from airflow_provider_dpq.core.gate.report import DataInterval
from airflow_provider_dpq.core.gate.unit import convert
from airflow_provider_dpq.core.render import figure


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (None, "%", "-"),
        (336776, "", "336,776"),
        (0, "", "0"),
        (0.0, "%", "0%"),
        (0.7458964772, "%", "0.745896%"),
        (95.0, "%", "95%"),
        (12.34567, "s", "12.35 s"),
        (93784.2, "s", "93,784 s"),
        (0.2, "s", "200 ms"),
        (0.00123, "s", "1.23 ms"),
        (0.00123456, "s", "1.235 ms"),
        (4.2e-5, "s", "42 us"),
        (3e-10, "s", "0.3 ns"),
        (0.0, "s", "0 s"),
        (-0.0015, "s", "-1.5 ms"),
        (512, "B", "512 B"),
        (52_428_800, "B", "52.43 MB"),
        (12_000, "B", "12 kB"),
        (512, "B/op", "512 B/op"),
        (-40.0, "B/op", "-40 B/op"),
        (102_400.0, "B/op", "102.4 kB/op"),
        (1.0712, OF_BASELINE, "1.071x baseline"),
        (1.05, OF_BASELINE, "1.05x baseline"),
        (123456.789, "/s", "123,457 /s"),
        (-1234567.891, "", "-1,234,568"),
        (6.895376757, "", "6.89538"),
        (0.00001234567, "", "1.23457e-05"),
        (1e300, "", "1e+300"),
        (10**20, "", "100,000,000,000,000,000,000"),
        (math.nan, "", "nan"),
        (math.inf, "s", "inf s"),
    ],
)
def test_number_reads_well(value: float | None, unit: str, expected: str) -> None:
    """Six digits at most, thousands apart, the unit behind."""
    assert figure.number(value, unit) == expected


@given(value=st.floats(-1e14, 1e14))
def test_number_is_close_to_what_it_writes(value: float) -> None:
    """What is written is the number to six significant digits."""
    assert float(figure.number(value).replace(",", "")) == pytest.approx(value, rel=1e-5, abs=1e-300)


@pytest.mark.parametrize(
    ("value", "limit", "expected"),
    [
        (0.5, 0.1, ("0.5%", "0.1%")),
        (0.1, 0.1, ("0.1%", "0.1%")),
        (0.10000001, 0.1, ("0.10000001%", "0.1%")),
        (None, 0.1, ("-", "0.1%")),
        (0.1, None, ("0.1%", "-")),
    ],
)
def test_numbers_apart_never_show_a_breach_as_equal(
    value: float | None, limit: float | None, expected: tuple[str, str]
) -> None:
    """Where rounding hides the difference that decided, the digits are written in full."""
    assert figure.numbers_apart(value, limit, "%") == expected


def test_numbers_apart_tell_times_and_ratios_apart_too() -> None:
    """A breach by less than four digits show is written in full, in the metric's own unit."""
    assert figure.numbers_apart(0.05000001, 0.05, "s") == ("0.05000001 s", "0.05 s")
    assert figure.numbers_apart(1.0500001, 1.05, OF_BASELINE) == ("1.0500001x baseline", "1.05x baseline")


@given(value=st.floats(1e-9, 1e15), unit=st.sampled_from(["s", "B", "B/op"]))
def test_number_is_in_the_multiple_of_its_unit_that_it_says(value: float, unit: str) -> None:
    """Converted back by the threshold grammar's own factors, what is written is the number."""
    digits, symbol = figure.number(value, unit).split(" ")
    assert convert(float(digits.replace(",", "")), symbol, unit) == pytest.approx(value, rel=6e-4)


_OPEN = sys.float_info.max


@pytest.mark.parametrize(
    ("value", "interval", "unit", "between", "brackets"),
    [
        (1.07, (1.04, 1.11), OF_BASELINE, "1.04x to 1.11x", "[1.04x, 1.11x]"),
        (12.0, (-3.0, 40.0), "B/op", "-3 B/op to 40 B/op", "[-3, 40]"),
        (0.010, (0.0098, 0.0104), "s", "9.8 ms to 10.4 ms", "[9.8, 10.4]"),
        (1.5, (1.0, 2.0), "%", "1% to 2%", "[1, 2]"),
        (1.07, (1.04, _OPEN), OF_BASELINE, "from 1.04x", "[1.04x, no upper limit]"),
        (1.07, (-_OPEN, 1.11), OF_BASELINE, "up to 1.11x", "[no lower limit, 1.11x]"),
        (1.07, (-_OPEN, _OPEN), OF_BASELINE, "no limits", "[no lower limit, no upper limit]"),
        (1.07, None, OF_BASELINE, "", ""),
    ],
)
def test_interval_says_which_end_its_sample_does_not_support(
    value: float, interval: tuple[float, float] | None, unit: str, between: str, brackets: str
) -> None:
    """An end that stands for none is told as such, and beside a value both ends are in the value's multiple."""
    metric = Metric(name="median", value=value, unit=unit, interval=interval)
    assert (figure.between(metric), figure.brackets(metric)) == (between, brackets)


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0, "0%"), (100, "100%"), (0.7458964772, "0.75%"), (0.0035632, "0.0036%"), (99.999, ">99.99%"), (50, "50.00%")],
)
def test_percent_is_short(share: float, expected: str) -> None:
    """A share has two decimals, more where it is tiny."""
    assert figure.percent(share) == expected


@given(share=st.floats(0, 100, exclude_min=True, exclude_max=True))
def test_percent_of_some_is_never_none_or_all(share: float) -> None:
    """One unexpected row in a billion is not shown as 0%, nor one expected as 100%."""
    assert figure.percent(share) not in ("0%", "100%", "0.00%", "100.00%")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (0.0423, "0.0423 s"),
        (12.34, "12.3 s"),
        (125, "2 min 5 s"),
        (3599.7, "1 h 0 min"),
        (7260, "2 h 1 min"),
    ],
)
def test_duration_uses_the_unit_that_fits(seconds: float, expected: str) -> None:
    """Seconds below a minute, then minutes, then hours."""
    assert figure.duration(seconds) == expected


def test_moments_are_written_in_utc() -> None:
    """Two readers in two time zones read the same moment."""
    start = datetime(2013, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert figure.moment(start) == "2013-01-01 00:00:00 UTC"
    span = DataInterval(start=start, end=datetime(2013, 1, 2, tzinfo=UTC))
    assert figure.interval(span) == "2013-01-01 00:00:00 UTC to 2013-01-02 00:00:00 UTC"
    assert figure.interval(span.model_copy(update={"end": span.start})) == "2013-01-01 00:00:00 UTC"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (1234, "1,234"),
        ("text", "text"),
        (["a", 1, None], '["a", 1, null]'),
        ({"é": [1.5]}, '{"é": [1.5]}'),
        ("x" * 301, "x" * 299 + "…"),
    ],
)
def test_value_is_one_short_text(item: JsonValue, expected: str) -> None:
    """Any JSON has a form for people, cut off where it is long."""
    assert figure.value(item) == expected


def test_memory_is_written_in_gibibytes() -> None:
    """A machine's memory reads as it is sold."""
    assert figure.memory(16 * 1024**3) == "16.0 GiB"
