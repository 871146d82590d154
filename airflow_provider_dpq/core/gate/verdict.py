"""The five answers a gate can give, and their order."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What a gate decided, from best to worst.

    ``inconclusive`` means measured, but the data cannot decide; ``error`` means that it could not be measured, or
    that the measurement is not valid. Neither ever reads as a pass.
    """

    PASS = "pass"
    WARN = "warn"
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"
    ERROR = "error"

    @property
    def passed(self) -> bool:
        """Whether downstream work may run: ``pass`` and ``warn`` only."""
        return self in (Verdict.PASS, Verdict.WARN)

    @property
    def rank(self) -> int:
        """Position from best (0) to worst."""
        return tuple(Verdict).index(self)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts: error > fail > inconclusive > warn > pass.

    Args:
        verdicts: At least one verdict.

    Raises:
        ValueError: There is none. A gate that judged nothing has not passed.
    """
    return max(verdicts, key=lambda verdict: verdict.rank)
