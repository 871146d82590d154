"""Histograms of durations: against the HdrHistogram library and against numpy."""

from __future__ import annotations

import pickle
from array import array

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.stats.histogram import RELATIVE_ERROR, Histogram

HOUR = 3600.0
HALF_MICROSECOND = 0.5e-6

microseconds = st.integers(0, 3_600_000_000) | st.integers(0, 10_000)
samples = st.lists(microseconds, min_size=1, max_size=60)


def of(values: list[int]) -> Histogram:
    """Return the histogram of whole microseconds."""
    return Histogram.of(np.asarray(values, dtype=float) / 1e6)


def library(values: list[int]) -> HdrHistogram:
    """Return the library's histogram of the same."""
    histogram = HdrHistogram(1, 3_600_000_000, 3)
    for value in values:
        assert histogram.record_value(value)
    return histogram


@given(samples)
def test_buckets_are_those_of_the_library(values: list[int]) -> None:
    """Each value falls into the bucket that HdrHistogram has for it."""
    theirs = library(values)
    counts = {bucket: theirs.get_count_at_index(bucket) for bucket in range(theirs.counts_len)}
    assert dict(zip(*_columns(of(values)), strict=True)) == {key: count for key, count in counts.items() if count}


def _columns(histogram: Histogram) -> tuple[array[int], array[int]]:
    return histogram.buckets, histogram.counts


@given(samples)
def test_what_is_encoded_is_read_by_the_library_and_the_other_way_round(values: list[int]) -> None:
    """Both write the text that the other reads."""
    ours, theirs = of(values), library(values)
    read = HdrHistogram.decode(ours.encode())
    assert read.get_total_count() == len(values)
    assert [read.get_count_at_index(bucket) for bucket in ours.buckets] == list(ours.counts)
    for percent in (0, 50, 95, 100):
        assert read.get_value_at_percentile(percent) == theirs.get_value_at_percentile(percent)
    assert Histogram.decode(theirs.encode().decode()) == ours
    assert Histogram.decode(ours.encode()) == ours


@given(st.lists(st.lists(microseconds, max_size=30), max_size=6))
def test_merged_histograms_are_the_histogram_of_all_values(parts: list[list[int]]) -> None:
    """Nothing is lost or counted twice, also of parts that are empty."""
    assert Histogram.merged(map(of, parts)) == of([value for part in parts for value in part])


@given(st.lists(st.floats(0, HOUR), min_size=1, max_size=60), st.floats(0, 100))
def test_percentiles_are_numpys_within_the_stated_error(seconds: list[float], percent: float) -> None:
    """A percentile, the ends and the mean are off by a 2,048th of the values next to it and half a microsecond."""
    histogram = Histogram.of(seconds)
    low, high = (float(np.percentile(seconds, percent, method=method)) for method in ("lower", "higher"))
    expected = float(np.percentile(seconds, percent))
    error = RELATIVE_ERROR * max(low, high) + HALF_MICROSECOND + 1e-9 * high
    assert histogram.percentile(percent) == pytest.approx(expected, abs=error)
    assert histogram.min == pytest.approx(min(seconds), abs=RELATIVE_ERROR * min(seconds) + HALF_MICROSECOND + 1e-9)
    assert histogram.max == pytest.approx(max(seconds), abs=RELATIVE_ERROR * max(seconds) + HALF_MICROSECOND + 1e-9)
    assert histogram.mean == pytest.approx(float(np.mean(seconds)), abs=RELATIVE_ERROR * max(seconds) + 1e-6)


def test_values_out_of_range_count_at_the_end_of_it() -> None:
    """A clock that went back a little gives 0, and what is longer than an hour counts as an hour."""
    histogram = Histogram.of([-0.001, 7200.0])
    assert (histogram.count, histogram.min) == (2, 0.0)
    assert histogram.max == pytest.approx(HOUR, rel=RELATIVE_ERROR)


def test_a_histogram_of_nothing_has_no_values() -> None:
    """It is written as an empty text, and has neither percentile nor mean."""
    empty = Histogram.of([])
    assert (empty.count, empty.encode(), Histogram.decode("")) == (0, "", empty)
    assert Histogram.merged([empty, of([5])]) == of([5])
    for ask in (lambda: empty.percentile(50), lambda: empty.mean, lambda: empty.max):
        with pytest.raises(ValueError, match="without values"):
            ask()


@pytest.mark.parametrize("percent", [-1, 100.5])
def test_there_is_no_percentile_beyond_the_ends(percent: float) -> None:
    """Only 0 to 100 are percentiles."""
    with pytest.raises(ValueError, match="between 0 and 100"):
        of([1]).percentile(percent)


def test_ordered_counts_from_the_smallest() -> None:
    """The first is the smallest, the last the largest, and there is none beyond."""
    histogram = of([30, 10, 20, 20])
    assert [histogram.ordered(rank) for rank in (1, 2, 3, 4)] == [1e-5, 2e-5, 2e-5, 3e-5]
    for rank in (0, 5):
        with pytest.raises(ValueError, match="out of range"):
            histogram.ordered(rank)


@pytest.mark.parametrize("text", ["x", "HISTFAAAAA==", of([1, 2]).encode()[:-8], "AAAA" * 10])
def test_what_is_no_histogram_is_refused(text: str) -> None:
    """A text that was cut or is something else is not taken for an empty histogram."""
    with pytest.raises(ValueError, match=r"."):
        Histogram.decode(text)


def test_a_histogram_of_other_digits_is_refused() -> None:
    """Its buckets are not ours."""
    with pytest.raises(ValueError, match="2 digits"):
        Histogram.decode(HdrHistogram(1, 1000, 2).encode().decode())


def test_a_histogram_goes_to_another_process() -> None:
    """It is pickled whole."""
    assert pickle.loads(pickle.dumps(of([1, 10_000]))) == of([1, 10_000])  # noqa: S301 - our own
