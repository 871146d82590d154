"""A histogram of durations whose relative error is bounded, and that merges exactly: HdrHistogram's buckets.

Method: Gil Tene's HdrHistogram with 3 significant digits and a resolution of 1 microsecond, up to an hour. Up to 2,047
microseconds each has a bucket of its own; above, each doubling of the value is divided into 1,024 buckets, so that a
value is off by at most half of 1/1,024 of itself, 0.05 %, and half a microsecond. What is longer than an hour counts as
an hour.
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
"""By which share of itself a value that a histogram gives back is off at most; half a microsecond besides."""

_PER_SECOND: Final = 1_000_000
DIGITS: Final = 3

_HALF_BITS: Final = 10
_HALF: Final = 1 << _HALF_BITS
_LARGEST: Final = 3600 * _PER_SECOND


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often durations fell into which bucket; only buckets with something in them are kept.

    Attributes:
        buckets: Numbers of the buckets in ascending order, as HdrHistogram counts them.
        counts: How many values each has.
    """

    buckets: array[int] = field(default_factory=lambda: array("H"))
    counts: array[int] = field(default_factory=lambda: array("Q"))

    @classmethod
    def of(cls, seconds: ArrayLike) -> Histogram:
        """Return the histogram of some durations.

        Args:
            seconds: In any order, all finite; one below 0 counts as 0, one over an hour as an hour.
        """
        import numpy as np

        values = np.rint(np.asarray(seconds, dtype=np.float64) * _PER_SECOND)
        found, counts = np.unique(_bucket(np.clip(values, 0, _LARGEST).astype(np.int64)), return_counts=True)
        return cls._of_arrays(found, counts)

    @classmethod
    def merged(cls, histograms: Iterable[Histogram]) -> Histogram:
        """Return the histogram of the values of all, exactly."""
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
        """Return the histogram that `encode` wrote, or another writer of HdrHistogram with the same digits and unit.

        Args:
            text: HdrHistogram's compressed encoding, version 2, in base 64; empty for a histogram of nothing.

        Raises:
            ValueError: It is no such text.
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
            message = f"{text[:40]!r} is no HdrHistogram: {error}"
            raise ValueError(message) from error
        if read.significant_figures != DIGITS or read.unit_magnitude != 0:
            message = f"an HdrHistogram of {read.significant_figures} digits, not {DIGITS}"
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
        """Return it in HdrHistogram's compressed encoding, version 2, in base 64; empty where it has no values."""
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
        """The duration that stands for each bucket: the middle of it."""
        return middles(self.bucket_numbers)

    @property
    def count(self) -> int:
        """How many values it has."""
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
        """Return a percentile in seconds, as `core.stats.percentile.percentile` defines it.

        It is off by no more than the values next to it are: `RELATIVE_ERROR` of it, and half a microsecond.

        Args:
            percent: Between 0 and 100, both included.

        Raises:
            ValueError: There is no value, or no such percentile.
        """
        if not 0 <= percent <= 100:
            message = f"There is no percentile {percent}: it lies between 0 and 100."
            raise ValueError(message)
        last = self.count - 1
        below, part = divmod(last * percent / 100, 1)
        low, high = self._at([int(below), min(int(below) + 1, last)])
        return low + (high - low) * part

    def ordered(self, rank: int) -> float:
        """Return the value in seconds that so many are not larger than: 1 for the smallest.

        Raises:
            ValueError: There are fewer values.
        """
        return self._at([rank - 1])[0]

    def _at(self, positions: Sequence[int]) -> list[float]:
        """Return the values at some positions of all in order, counted from 0."""
        import numpy as np

        if not positions or not 0 <= min(positions) <= max(positions) < self.count:
            self._refuse_empty()
            message = f"There are no values at {positions} of {self.count}."
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
    """Return the middle of some buckets in seconds; of one that holds a single microsecond, that one."""
    import numpy as np

    numbers = buckets.astype(np.int64)
    doubling = np.maximum((numbers >> _HALF_BITS) - 1, 0)
    lowest = (numbers - (doubling << _HALF_BITS)) << doubling
    seconds: NDArray[np.float64] = (lowest + ((1 << doubling) - 1) / 2) / _PER_SECOND
    return seconds
