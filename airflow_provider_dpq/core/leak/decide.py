"""Whether memory leaks: a pure rule on what a process held after each iteration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from airflow_provider_dpq.core.leak.growth import Growth, estimate_growth

COARSE: Final = 64 * 1024.0
"""Growth in B/op that shows in resident memory beyond doubt: less of it may be pages that are kept for later."""

LEAST_QUIET: Final = 320
"""Iterations before which no limit is taken for kept: a leak by rare jumps may not have jumped yet."""

_PAGE: Final = 4 * 1024.0
"""Growth in B/op outside of the heap that no clean operation was seen to have, given that it lasts."""


class Doubt(Enum):
    """Why a limit cannot be told from the growth."""

    FADING = auto()
    OUTSIDE = auto()
    RESIDENT = auto()
    UNSTEADY = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is known of the growth of memory.

    Attributes:
        growth: The growth in B/op. A limit below its interval is exceeded, one above it is kept, and one within is
            undecided.
        doubt: Why limits within the interval are undecided.
    """

    growth: Growth
    doubt: Doubt

    def leaks(self, limits: Iterable[float]) -> bool:
        """Whether the growth exceeds one of some limits in B/op."""
        return any(self.growth.low >= limit for limit in limits)

    def settles(self, limits: Sequence[float], iterations: int) -> bool:
        """Whether all of some limits are exceeded or, after enough iterations, kept.

        Args:
            limits: The limits in B/op; without any, nothing is settled.
            iterations: How many there were.
        """
        growth, quiet = self.growth, iterations >= LEAST_QUIET
        return bool(limits) and all(limit <= growth.low or (quiet and limit >= growth.high) for limit in limits)


def decide(heap: Sequence[float] | None, resident: Sequence[float], *, final: bool) -> Decision:
    """Judge the memory that a process held after each iteration.

    The heap answers for itself. What is in memory beside it, such as that of libraries with an allocator of their own,
    counts where its growth is certain and more than a page an iteration. It puts a limit in doubt where that growth may
    end, or may be above `COARSE`. Without figures of the heap, only growth above `COARSE` is certain, and none is
    excluded below it.

    Args:
        heap: Bytes on the heap after each iteration; None where they are unknown.
        resident: Bytes of the process in memory.
        final: Whether no further iterations can be had.
    """
    if heap is None:
        growth = estimate_growth(resident, final=final)
        low = growth.low if growth.low >= COARSE else min(growth.low, 0.0)
        coarse = Growth(growth.value, low, max(growth.high, COARSE), growth.fading)
        return Decision(coarse, _doubt(growth) if growth.high > COARSE else Doubt.RESIDENT)
    growth = estimate_growth(heap, final=final)
    beside = [whole - part for whole, part in zip(resident, heap, strict=True)]
    outside = estimate_growth(beside, final=final)
    if outside.low > _PAGE:
        return Decision(growth + outside, Doubt.OUTSIDE)
    if outside.high > COARSE or (outside.fading and outside.value > _PAGE):
        widened = Growth(growth.value, growth.low, growth.high + outside.high, growth.fading)
        return Decision(widened, Doubt.OUTSIDE)
    return Decision(growth, _doubt(growth))


def _doubt(growth: Growth) -> Doubt:
    return Doubt.FADING if growth.fading else Doubt.UNSTEADY
