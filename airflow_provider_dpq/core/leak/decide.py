"""Decide whether memory leaks, from the memory that a process used after each iteration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from airflow_provider_dpq.core.leak.growth import Growth, estimate_growth

COARSE: Final = 64 * 1024.0
"""Growth in B/op that is certain to be real in resident memory: smaller growth may be pages kept for reuse."""

LEAST_QUIET: Final = 320
"""Minimum number of iterations before a limit counts as met: a leak by rare jumps may not have shown yet."""

_PAGE: Final = 4 * 1024.0
"""Lasting growth outside the heap, in B/op, that no leak-free operation has shown."""


class Doubt(Enum):
    """Why a limit on the growth is undecided."""

    FADING = auto()
    OUTSIDE = auto()
    RESIDENT = auto()
    UNSTEADY = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is known about the growth of memory.

    Attributes:
        growth: The growth in B/op. A limit below its interval is exceeded, a limit above it is met, and a limit within
            it is undecided.
        doubt: Why limits within the interval are undecided.
    """

    growth: Growth
    doubt: Doubt

    def leaks(self, limits: Iterable[float]) -> bool:
        """Whether the growth exceeds any of the limits, in B/op."""
        return any(self.growth.low >= limit for limit in limits)

    def is_conclusive(self, limits: Sequence[float], iterations: int) -> bool:
        """Whether every limit is exceeded or, after enough iterations, met.

        Args:
            limits: The limits in B/op; without any, the answer is always False.
            iterations: Number of iterations so far.
        """
        growth, quiet = self.growth, iterations >= LEAST_QUIET
        return bool(limits) and all(limit <= growth.low or (quiet and limit >= growth.high) for limit in limits)


def decide(heap: Sequence[float] | None, resident: Sequence[float], *, final: bool) -> Decision:
    """Judge the memory that a process used after each iteration.

    Growth of the heap always counts. Growth of other memory, such as that of libraries with their own allocators,
    counts if it is certain and exceeds one page per iteration. It makes a limit undecided if it may end, or may exceed
    `COARSE`. Without heap figures, only growth above `COARSE` is certain, and no growth below it can be ruled out.

    Args:
        heap: Bytes on the heap after each iteration; None if unknown.
        resident: Resident bytes of the process after each iteration.
        final: Whether these are all the iterations there will be.
    """
    if heap is None:
        growth = estimate_growth(resident, final=final)
        low = growth.low if growth.low >= COARSE else min(growth.low, 0.0)
        coarse = Growth(growth.value, low, max(growth.high, COARSE), growth.fading)
        return Decision(coarse, _doubt(growth) if growth.high > COARSE else Doubt.RESIDENT)
    growth = estimate_growth(heap, final=final)
    outside_heap = [whole - part for whole, part in zip(resident, heap, strict=True)]
    outside = estimate_growth(outside_heap, final=final)
    if outside.low > _PAGE:
        return Decision(growth + outside, Doubt.OUTSIDE)
    if outside.high > COARSE or (outside.fading and outside.value > _PAGE):
        widened = Growth(growth.value, growth.low, growth.high + outside.high, growth.fading)
        return Decision(widened, Doubt.OUTSIDE)
    return Decision(growth, _doubt(growth))


def _doubt(growth: Growth) -> Doubt:
    return Doubt.FADING if growth.fading else Doubt.UNSTEADY
