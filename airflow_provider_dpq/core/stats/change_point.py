"""Detect changes of level in a long history."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

_SHUFFLES_AT_ONCE: Final = 250
"""Number of shuffles per batch; one batch is usually enough to recognise a history without a change."""

_OUTLYING_DEVIATIONS: Final = 4.0
"""Standard deviations from its neighbours' median beyond which a value is an outlier."""


def change_points(
    values: Sequence[float],
    *,
    min_magnitude: float = 0.05,
    max_p_value: float = 0.001,
    min_length: int = 3,
) -> tuple[int, ...]:
    """Return the positions where a new level begins.

    Method: binary segmentation on logarithms (Scott and Knott, "A Cluster Analysis Method for Grouping Means in the
    Analysis of Variance", Biometrics 30, 1974). A segment is split where the sum of squared deviations falls most, and
    then each part in turn. A split is kept if the fall, over the mean square of the steps from value to value (von
    Neumann, "Distribution of the Ratio of the Mean Square Successive Difference to the Variance", Annals of
    Mathematical Statistics 12, 1941), is more than that of shuffled orders of the same values. These are split at their
    best place too, so the p-value counts all places tried, and it asks for no distribution. Outliers are first drawn
    towards the median of their neighbours, and changes of less than the minimum magnitude are dropped at last, smallest
    first. The same values always give the same result: the shuffles are seeded.

    Limits: values are taken as independent but for the levels. A drift or a season shows as changes, and of 60 values
    that each keep .6 of the last one's deviation a change is found in one series of four. Of few values even the
    largest change could be chance: at the default p-value 3 behind it are enough after about 40, 5 after 10 and 8 after
    6. A change that is taken back after less than about 10 values may be missed.

    Args:
        values: The history, oldest first, each above 0.
        min_magnitude: Least change of the level, as a share of the lower one.
        max_p_value: A split is kept where chance makes one as good with less than this probability.
        min_length: Least values of a level.

    Returns:
        Indexes of the first value of each new level, in order.

    Raises:
        ValueError: A value is not finite or not above 0.
    """
    import numpy as np

    if not all(0 < value < math.inf for value in values):
        message = "A history must have only finite values above 0."
        raise ValueError(message)
    logs = np.asarray(_without_outliers([math.log(value) for value in values], min_length))
    found: list[int] = []
    segments = [(0, len(logs))]
    while segments:
        start, stop = segments.pop()
        split = _significant_split(logs[start:stop], max_p_value, min_length)
        if split is not None:
            found.append(start + split)
            segments += [(start, start + split), (start + split, stop)]
    return tuple(_of_magnitude(logs.tolist(), sorted(found), math.log1p(min_magnitude)))


def _without_outliers(logs: Sequence[float], min_length: int) -> list[float]:
    """Return the values, outliers drawn towards the median of their neighbours, which keeps levels of that length."""
    steps = [abs(after - before) for before, after in pairwise(logs)]
    # The median of the steps is .954 standard deviations of normal values.
    most = _OUTLYING_DEVIATIONS * median(steps) / 0.954 if steps else 0.0
    # At the ends the window stays as wide, so that a few outliers are no majority there.
    width = 2 * min_length - 1
    starts = (max(0, min(at - min_length + 1, len(logs) - width)) for at in range(len(logs)))
    around = (median(logs[start : start + width]) for start in starts)
    return [min(max(log, middle - most), middle + most) for log, middle in zip(logs, around, strict=True)]


def _significant_split(logs: NDArray[float64], max_p_value: float, min_length: int) -> int | None:
    """Return the best place to split, or None where chance makes one as good too often."""
    import numpy as np

    if len(logs) < 2 * min_length or np.ptp(logs) == 0:
        return None
    centred = logs - logs.mean()
    gains = _gains(centred[np.newaxis], min_length)[0]
    # Orders of the same values differ in the last digits of their sums.
    gain = gains.max() * (1 - 1e-9)
    shuffles = math.ceil(2 / max_p_value)
    as_good = 0
    source = np.random.default_rng(0)
    for done in range(0, shuffles, _SHUFFLES_AT_ONCE):
        rows = np.tile(centred, (min(_SHUFFLES_AT_ONCE, shuffles - done), 1))
        as_good += int((_gains(source.permuted(rows, axis=1), min_length).max(axis=1) >= gain).sum())
        if (as_good + 1) / (shuffles + 1) >= max_p_value:
            return None
    return min_length + int(gains.argmax())


def _gains(centred: NDArray[float64], min_length: int) -> NDArray[float64]:
    """Return for each row, whose mean is 0, and each place how much a split there explains."""
    import numpy as np

    count = centred.shape[1]
    left = np.arange(min_length, count - min_length + 1)
    falls: NDArray[float64] = np.cumsum(centred, axis=1)[:, left - 1] ** 2 * (count / (left * (count - left)))
    # Unlike the variance, the steps hardly grow with the levels that are still to be found.
    steps: NDArray[float64] = np.mean(np.diff(centred, axis=1) ** 2, axis=1, keepdims=True)
    return np.divide(falls, steps)


def _of_magnitude(logs: Sequence[float], found: list[int], least: float) -> list[int]:
    """Return the changes that are large enough between the levels that are left on either side."""
    kept = found
    while kept:
        levels = [fmean(logs[start:stop]) for start, stop in pairwise([0, *kept, len(logs)])]
        changes = [abs(after - before) for before, after in pairwise(levels)]
        smallest = min(range(len(kept)), key=changes.__getitem__)
        if changes[smallest] >= least:
            break
        kept = kept[:smallest] + kept[smallest + 1 :]
    return kept
