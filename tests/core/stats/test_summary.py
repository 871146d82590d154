"""The summary of a sample: against numpy and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import median_abs_deviation

from airflow_provider_dpq.core.stats.summary import Summary, summarize


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40))
def test_summary_is_that_of_numpy_and_scipy(values: list[float]) -> None:
    """Every number of a summary is what numpy or scipy computes."""
    summary = summarize(values)
    assert (summary.count, summary.min, summary.max) == (len(values), np.min(values), np.max(values))
    assert (summary.mean, summary.median, summary.stdev, summary.mad) == pytest.approx(
        (np.mean(values), np.median(values), np.std(values, ddof=1), median_abs_deviation(values)), rel=1e-9, abs=1e-6
    )


def test_one_value_has_no_standard_deviation() -> None:
    """A single value tells its level and nothing of its scatter."""
    assert summarize([3.5]) == Summary(count=1, min=3.5, max=3.5, mean=3.5, median=3.5, stdev=None, mad=0.0)


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [-math.inf]])
def test_what_is_no_sample_is_refused(values: list[float]) -> None:
    """No summary is made of nothing, or of what is no number."""
    with pytest.raises(ValueError, match="A sample needs"):
        summarize(values)
