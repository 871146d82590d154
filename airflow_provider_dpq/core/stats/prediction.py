"""The interval in which the next run is expected after those of a history."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Prediction:
    """Where the next value is expected.

    Attributes:
        centre: Geometric mean of the values of the last level.
        half_width_log: Half of the interval's width, as a difference of natural logarithms.
        count: How many values it stands on, those of earlier levels included.
        degrees_of_freedom: On how many of them the scatter stands.
        detectable_ratio: Least ratio to the centre that a single value shows with a probability of about 95 %.
    """

    centre: float
    half_width_log: float
    count: int
    degrees_of_freedom: int
    detectable_ratio: float

    @property
    def low(self) -> float:
        """Lower limit, in the values' unit."""
        return self.centre * math.exp(-self.half_width_log)

    @property
    def high(self) -> float:
        """Upper limit, in the values' unit."""
        return self.centre * math.exp(self.half_width_log)


def predict(segments: Sequence[Sequence[float]], *, confidence: float = 0.99) -> Prediction | None:
    """Return the interval in which the next value is expected.

    Method: Student's prediction interval of one further value of a normal sample (Hahn and Meeker, "Statistical
    Intervals", 1991, section 4.2) on logarithms, as run times scatter by ratios. A change that was accepted begins a
    new segment: the centre is that of the last segment alone, while the scatter is pooled over all, so that a new level
    can be judged from its first value on. The detectable ratio adds Student's 95th percentile to the interval's.

    Limits: values are taken as independent and of equal scatter in all segments; a drift widens the interval. Of values
    that are all alike the interval has no width: the caller asks for a minimum effect besides.

    Args:
        segments: The values of each level, oldest first, each above 0.
        confidence: Probability that the next value lies inside, if nothing changed.

    Returns:
        The prediction; None where the last level has no value yet, or no level has two.

    Raises:
        ValueError: A value is not finite or not above 0.
    """
    if not all(0 < value < math.inf for segment in segments for value in segment):
        message = "A history must have only finite values above 0."
        raise ValueError(message)
    logs = [[math.log(value) for value in segment] for segment in segments]
    count = sum(map(len, logs))
    degrees_of_freedom = count - sum(map(bool, logs))
    if degrees_of_freedom == 0 or not logs[-1]:
        return None

    from scipy.special import stdtrit

    squares = math.fsum(_squares(segment) for segment in logs if segment)
    scatter = math.sqrt(squares / degrees_of_freedom * (1 + 1 / len(logs[-1])))
    half_width_log = float(stdtrit(degrees_of_freedom, (1 + confidence) / 2)) * scatter
    return Prediction(
        centre=math.exp(fmean(logs[-1])),
        half_width_log=half_width_log,
        count=count,
        degrees_of_freedom=degrees_of_freedom,
        detectable_ratio=math.exp(half_width_log + float(stdtrit(degrees_of_freedom, 0.95)) * scatter),
    )


def _squares(values: Sequence[float]) -> float:
    """Return the sum of squared deviations from the mean."""
    mean = fmean(values)
    return math.fsum((value - mean) ** 2 for value in values)
