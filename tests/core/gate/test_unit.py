"""Units: what is compared with what."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.unit import convert, parse_bytes, parse_duration, parse_percent, parse_unit

TIMES = ("ns", "us", "ms", "s", "min", "h", "d")
SIZES = ("B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB")


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (200, "ms", "s", 0.2),
        (2, "h", "min", 120),
        (1, "d", "s", 86400),
        (1, "KiB", "B", 1024),
        (1, "kB", "B", 1000),
        (1, "MiB", "kB", 1048.576),
        (6, "/min", "/s", 0.1),
        (5, "KiB/op", "B/op", 5120),
        (3, "ms/row", "s/row", 0.003),
        (7, "%", "%", 7),
        (7, "", "", 7),
    ],
)
def test_convert_applies_the_factor_between_two_units(value: float, unit: str, to: str, expected: float) -> None:
    """A value keeps its size in another unit of the same dimension."""
    assert convert(value, unit, to) == pytest.approx(expected)


@given(
    value=st.floats(-1e12, 1e12),
    units=st.sampled_from([TIMES, SIZES]).flatmap(lambda u: st.tuples(*[st.sampled_from(u)] * 2)),
)
def test_convert_comes_back_to_the_same_value(value: float, units: tuple[str, str]) -> None:
    """There and back again changes nothing."""
    there = convert(value, *units)
    assert convert(there, *reversed(units)) == pytest.approx(value)


@given(value=st.floats(allow_nan=False), unit=st.sampled_from(("", "%", *TIMES, *SIZES, "/s", "B/op")))
def test_convert_is_exact_within_one_unit(value: float, unit: str) -> None:
    """A value already in the unit asked for is not touched by arithmetic."""
    assert convert(value, unit, unit) == value


@pytest.mark.parametrize(
    ("unit", "to"), [("ms", "B"), ("", "%"), ("%", ""), ("B", "B/op"), ("/s", "/op"), ("s", ""), ("B/op", "B/row")]
)
def test_convert_refuses_units_of_different_dimensions(unit: str, to: str) -> None:
    """Seconds are never compared with bytes, nor a share with a count."""
    with pytest.raises(DeclarationError) as caught:
        convert(1, unit, to)
    assert caught.value.reason == "unit_mismatch"


@pytest.mark.parametrize(
    "symbol", ["sec", "MS", "Ms", "kb", "b", "percent", "/", "s/", "/x", "B/s/s", "op", "B / op", " s"]
)
def test_parse_unit_refuses_what_it_does_not_know(symbol: str) -> None:
    """An unknown unit is refused by its name, with those that are known."""
    with pytest.raises(DeclarationError, match="Use one of") as caught:
        parse_unit(symbol)
    assert caught.value.reason == "unknown_unit"
    assert repr(symbol) in str(caught.value)


@given(symbol=st.text(max_size=8))
def test_parse_unit_knows_a_symbol_or_refuses_it(symbol: str) -> None:
    """Whatever is written as a unit, the answer is a unit or a DeclarationError."""
    with suppress(DeclarationError):
        assert parse_unit(symbol).factor > 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("26h", 93_600), ("90 min", 5_400), (" 1.5 d ", 129_600), (".5s", 0.5), ("250ms", 0.25), ("0s", 0)],
)
def test_duration_is_a_number_with_a_unit_of_time(text: str, seconds: float) -> None:
    """A duration is written as a limit of a threshold is."""
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "26", "h", "26 hours", "2MB", "5%", "-1h", "1h30min", "1e400h", "9" * 400 + "h", "nanh", "\u0662h"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    """What could be misread is refused, with the units that are known."""
    with pytest.raises(DeclarationError, match="such as 26h or 90 min") as caught:
        parse_duration(text)
    assert caught.value.reason == "malformed_duration"


@pytest.mark.parametrize(("text", "amount"), [("512B", 512), ("1 kB", 1000), ("1.5KiB", 1536), (" .5 MiB ", 524288)])
def test_bytes_are_read_with_their_unit(text: str, amount: float) -> None:
    """Powers of ten and of two are told apart."""
    assert parse_bytes(text) == amount


@pytest.mark.parametrize(("text", "percent"), [("5%", 5), ("2.5 %", 2.5), ("0%", 0)])
def test_percent_is_read_with_its_sign(text: str, percent: float) -> None:
    """A share is in percent."""
    assert parse_percent(text) == percent


@pytest.mark.parametrize("text", ["512", "5%", "5s", "B", "-5B", "1e3B", "512B/op", "9" * 400 + "B", "\uff15B"])
def test_bytes_of_another_form_are_refused(text: str) -> None:
    """A number without its unit is never guessed at."""
    with pytest.raises(DeclarationError) as refused:
        parse_bytes(text)
    assert refused.value.reason == "malformed_bytes"


@pytest.mark.parametrize("text", ["5", "5B", "%", "-5%", "five%", "\u0665%"])
def test_percent_of_another_form_is_refused(text: str) -> None:
    """Whether 0.05 or 5 is meant is never guessed at."""
    with pytest.raises(DeclarationError) as refused:
        parse_percent(text)
    assert refused.value.reason == "malformed_percent"
