"""A histogram of durations with bounded relative error and exact merging, using HdrHistogram's buckets.

Method: Gil Tene's HdrHistogram with 3 significant digits and a resolution of 1 microsecond, up to an hour. Up to 2,047
microseconds, each microsecond has its own bucket; above, each doubling of the value is divided into 1,024 buckets, so
that the error of a value is at most half of 1/1,024 of it (0.05 %) plus half a microsecond. Durations of more than an
hour count as an hour.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

RELATIVE_ERROR: Final = 1 / 2048
"""Maximum relative error of a value from a histogram; half a microsecond of rounding adds to it."""

_PER_SECOND: Final = 1_000_000
DIGITS: Final = 3

_HALF_BITS: Final = 10
_HALF: Final = 1 << _HALF_BITS
_LARGEST: Final = 3600 * _PER_SECOND


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of durations by bucket; empty buckets are not kept.

    Attributes:
        buckets: Numbers of the buckets in ascending order, in HdrHistogram's numbering.
        counts: Number of values in each bucket.
    """

    buckets: array[int] = field(default_factory=lambda: array("H"))
    counts: array[int] = field(default_factory=lambda: array("Q"))

    @classmethod
    def of(cls, seconds: ArrayLike) -> Histogram:
        """Return the histogram of durations.

        Args:
            seconds: Durations in any order, all finite; below 0 they count as 0, over an hour as an hour.
        """
        import numpy as np

        values = np.rint(np.asarray(seconds, dtype=np.float64) * _PER_SECOND)
        found, counts = np.unique(_bucket(np.clip(values, 0, _LARGEST).astype(np.int64)), return_counts=True)
        return cls._of_arrays(found, counts)

    @classmethod
    def merged(cls, histograms: Iterable[Histogram]) -> Histogram:
        """Return the exact histogram of the values of all histograms."""
        import numpy as np

        filled = [histogram for histogram in histograms if histogram.buckets]
        if len(filled) <= 1:
            return filled[0] if filled else cls()
        dense = np.zeros(max(histogram.buckets[-1] for histogram in filled) + 1, dtype=np.uint64)
        for histogram in filled:
            dense[histogram.bucket_numbers] += histogram.bucket_counts
        found = np.flatnonzero(dense)
        return cls._of_arrays(found, dense[found])

    @classmethod
    def decode(cls, text: str) -> Histogram:
        """Return the histogram written by `encode`, or by another HdrHistogram writer with the same digits and unit.

        Args:
            text: HdrHistogram's compressed encoding, version 2, in base 64; empty for an empty histogram.

        Raises:
            ValueError: The text is not such an encoding.
        """
        import zlib

        import numpy as np
        from hdrh.codec import HdrCookieException, HdrLengthException
        from hdrh.histogram import HdrHistogram

        if not text:
            return cls()
        try:
            read = HdrHistogram.decode(text)
        except (zlib.error, HdrCookieException, HdrLengthException, TypeError) as error:
            message = f"Invalid HdrHistogram: {text[:40]!r}: {error}"
            raise ValueError(message) from error
        if read.significant_figures != DIGITS or read.unit_magnitude != 0:
            message = (
                f"Unsupported HdrHistogram: {read.significant_figures} digits and unit magnitude "
                f"{read.unit_magnitude}, not {DIGITS} and 0."
            )
            raise ValueError(message)
        dense = np.frombuffer(read.counts, dtype=np.uint64)
        found = np.flatnonzero(dense)
        return cls._of_arrays(found, dense[found])

    @classmethod
    def _of_arrays(cls, buckets: NDArray[Any], counts: NDArray[Any]) -> Histogram:
        import numpy as np

        return cls(
            array("H", buckets.astype(np.uint16).tobytes()),
            array("Q", counts.astype(np.uint64).tobytes()),
        )

    def encode(self) -> str:
        """Return HdrHistogram's compressed encoding, version 2, in base 64; empty if there are no values."""
        import numpy as np
        from hdrh.histogram import HdrHistogram

        if not self.buckets:
            return ""
        written = HdrHistogram(1, _LARGEST, DIGITS)
        np.frombuffer(written.counts, dtype=np.uint64)[self.bucket_numbers] = self.bucket_counts
        written.set_internal_tacking_values(self.buckets[0], self.buckets[-1], self.count)
        return str(written.encode(), "ascii")

    @property
    def bucket_numbers(self) -> NDArray[np.uint16]:
        """The numbers of the buckets, as an array that shares their memory."""
        import numpy as np

        return np.frombuffer(self.buckets, dtype=np.uint16)

    @property
    def bucket_counts(self) -> NDArray[np.uint64]:
        """The counts of the buckets, as an array that shares their memory."""
        import numpy as np

        return np.frombuffer(self.counts, dtype=np.uint64)

    @property
    def bucket_seconds(self) -> NDArray[np.float64]:
        """The duration that represents each bucket: its midpoint."""
        return middles(self.bucket_numbers)

    @property
    def count(self) -> int:
        """Number of values."""
        return sum(self.counts)

    @property
    def min(self) -> float:
        """The smallest value in seconds.

        Raises:
            ValueError: There is no value.
        """
        return self._at([0])[0]

    @property
    def max(self) -> float:
        """The largest value in seconds.

        Raises:
            ValueError: There is no value.
        """
        return self._at([self.count - 1])[0]

    @property
    def mean(self) -> float:
        """The arithmetic mean in seconds.

        Raises:
            ValueError: There is no value.
        """
        self._refuse_empty()
        return float(self.bucket_seconds @ self.bucket_counts) / self.count

    def percentile(self, percent: float) -> float:
        """Return a percentile in seconds, as defined by `core.stats.percentile.percentile`.

        Its error is no larger than that of a single value: `RELATIVE_ERROR` of it plus half a microsecond.

        Args:
            percent: Between 0 and 100, inclusive.

        Raises:
            ValueError: There is no value, or the percentile is out of range.
        """
        if not 0 <= percent <= 100:
            message = f"Invalid percentile: {percent}. It must be between 0 and 100."
            raise ValueError(message)
        last = self.count - 1
        below, part = divmod(last * percent / 100, 1)
        low, high = self._at([int(below), min(int(below) + 1, last)])
        return low + (high - low) * part

    def ordered(self, rank: int) -> float:
        """Return the value of a rank in ascending order, in seconds: 1 for the smallest.

        Raises:
            ValueError: There are fewer values.
        """
        return self._at([rank - 1])[0]

    def _at(self, positions: Sequence[int]) -> list[float]:
        """Return the values at the given positions in ascending order, counted from 0."""
        import numpy as np

        if not positions or not 0 <= min(positions) <= max(positions) < self.count:
            self._refuse_empty()
            message = f"Positions out of range: {positions}; the histogram has {self.count} values."
            raise ValueError(message)
        places = np.searchsorted(np.cumsum(self.bucket_counts), np.asarray(positions, dtype=np.uint64), side="right")
        return [float(value) for value in middles(self.bucket_numbers[places])]

    def _refuse_empty(self) -> None:
        if not self.buckets:
            message = "A histogram without values has no percentile and no mean."
            raise ValueError(message)


def _bucket(microseconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of each value's bucket."""
    import numpy as np

    _, bits = np.frexp((microseconds | (2 * _HALF - 1)).astype(np.float64))  # exact: an hour has 32 bits
    doubling = bits.astype(np.int64) - (_HALF_BITS + 1)
    return (doubling << _HALF_BITS) + (microseconds >> doubling)


def middles(buckets: NDArray[Any]) -> NDArray[np.float64]:
    """Return the midpoints of buckets in seconds; for a bucket of a single microsecond, that microsecond."""
    import numpy as np

    numbers = buckets.astype(np.int64)
    doubling = np.maximum((numbers >> _HALF_BITS) - 1, 0)
    lowest = (numbers - (doubling << _HALF_BITS)) << doubling
    seconds: NDArray[np.float64] = (lowest + ((1 << doubling) - 1) / 2) / _PER_SECOND
    return seconds
