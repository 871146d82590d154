"""Shares of events over time, and percentiles, with intervals that remain valid for values correlated in time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_dpq.core.stats.histogram import Histogram
from airflow_provider_dpq.core.stats.percentile import interval_ranks

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_BLOCKS: Final = 6
"""Minimum number of blocks of time: fewer say too little about their variance."""


def share_interval(
    parts: Sequence[float], wholes: Sequence[float], *, confidence: float = 0.99
) -> tuple[float, float] | None:
    """Return an interval of the share that the parts have of the wholes, from blocks of time.

    Method: the blocks are clusters, of which the share is a ratio; its variance is that of the residuals ``part - share
    * whole`` (Cochran, "Sampling Techniques", 3rd edition, 1977, section 9A.2 with sections 6.3 and 6.4), the interval
    Student's with one degree of freedom less than there are blocks. Requests in one block may depend on each other as
    they like: a stall that takes many of them counts as one block that is off.

    Limits: blocks are taken as independent, so that they are to be longer than what makes neighbours alike. Where
    hardly any block has a part the variance is far too small, and where none has one the interval is a point; then the
    exact interval of the counts is wider, which `percentile_interval` puts beside it.

    Args:
        parts: What was counted in each block.
        wholes: Of how many.
        confidence: Probability that the interval holds the share.

    Returns:
        The ends, between 0 and 1; None with fewer than `LEAST_BLOCKS` blocks that are not empty.
    """
    import numpy as np

    filled = [(part, whole) for part, whole in zip(parts, wholes, strict=True) if whole > 0]
    if len(filled) < LEAST_BLOCKS:
        return None
    columns = np.asarray(filled, dtype=float)
    share, half = _shares(columns[:, :1], columns[:, 1], confidence)
    return max(float(share[0] - half[0]), 0.0), min(float(share[0] + half[0]), 1.0)


def exact_interval(part: int, whole: int, *, confidence: float = 0.99) -> tuple[float, float]:
    """Return an interval of the share of which a number of cases is one outcome.

    Method: Clopper and Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial",
    Biometrika 26, 1934; it holds the share with at least the probability asked for.

    Limits: cases are taken as independent. Of outcomes that come in bursts it says how often they came this time, not
    how often they will.

    Args:
        part: How many cases have the outcome.
        whole: Of how many, at least 1.
        confidence: Probability that the interval holds the share.
    """
    from scipy.special import betaincinv

    tail = (1 - confidence) / 2
    low = float(betaincinv(part, whole - part + 1, tail)) if part else 0.0
    high = float(betaincinv(part + 1, whole - part, 1 - tail)) if part < whole else 1.0
    return low, high


def percentile_interval(
    blocks: Sequence[Histogram], percent: float, *, confidence: float = 0.99
) -> tuple[float, float]:
    """Return an interval of a percentile of durations, from a histogram for each block of time.

    Method: a limit lies in the interval where the share of values above it cannot be told from ``1 - percent / 100``:
    `share_interval` of that share, turned round. The exact interval of the order of all values
    (`core.stats.percentile.percentile_interval`) is joined to it, which is wider where few values lie beyond the
    percentile. With fewer than `LEAST_BLOCKS` blocks it stands alone, and takes the values as independent.

    Limits: those of `share_interval`; the ends are as exact as the histogram's buckets are.

    Args:
        blocks: Values of each block; empty ones are left out.
        percent: Between 0 and 100, neither included.
        confidence: Probability that the interval holds the percentile.

    Returns:
        The ends in seconds; an end for which there are too few values is ``-inf`` or ``inf``.

    Raises:
        ValueError: There is no such percentile.
    """
    whole = Histogram.merged(blocks)
    low_rank, high_rank = interval_ranks(whole.count, percent, error=(1 - confidence) / 2)
    low = -math.inf if low_rank is None else whole.ordered(low_rank)
    high = math.inf if high_rank is None else whole.ordered(high_rank)
    filled = [block for block in blocks if block.count]
    if len(filled) < LEAST_BLOCKS:
        return low, high
    of_blocks = _inverted(filled, whole, 1 - percent / 100, confidence)
    return min(low, of_blocks[0]), max(high, of_blocks[1])


def _inverted(blocks: Sequence[Histogram], whole: Histogram, tail: float, confidence: float) -> tuple[float, float]:
    """Return the ends of the interval: the limits above which the share of values is consistent with a tail share."""
    import numpy as np

    limits = whole.bucket_seconds
    within = np.zeros((len(blocks), len(limits)))
    for row, block in zip(within, blocks, strict=True):
        row[np.searchsorted(whole.bucket_numbers, block.bucket_numbers)] = block.bucket_counts
    below = np.cumsum(within, axis=1)
    wholes = below[:, -1]
    share, half = _shares(wholes[:, None] - below, wholes, confidence)
    # A limit in a bucket has the values of that bucket, or only those after it, above it.
    possible = np.flatnonzero((share - half <= tail) & (tail <= np.concatenate(([1.0], (share + half)[:-1]))))
    return float(limits[possible[0]]), float(limits[possible[-1]])


def _shares(parts: NDArray[Any], wholes: NDArray[Any], confidence: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the share of each column of parts, and half the width of its interval."""
    import numpy as np
    from scipy.special import stdtrit

    count, total = len(wholes), wholes.sum()
    share = parts.sum(axis=0) / total
    squares = ((parts - share * wholes[:, None]) ** 2).sum(axis=0)
    quantile = float(stdtrit(count - 1, (1 + confidence) / 2))
    return share, quantile * np.sqrt(count / (count - 1) * squares) / total
