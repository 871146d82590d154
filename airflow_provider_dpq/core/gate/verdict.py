"""The five answers a gate can give, and their order."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


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

    @property
    def did(self) -> str:
        """What a gate has done that decided so, in a word or two: ``failed``."""
        return _DID[self]


_DID: Final = {
    Verdict.PASS: "passed",
    Verdict.WARN: "warned",
    Verdict.INCONCLUSIVE: "undecided",
    Verdict.FAIL: "failed",
    Verdict.ERROR: "in error",
}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts: error > fail > inconclusive > warn > pass.

    Args:
        verdicts: At least one verdict.

    Raises:
        ValueError: There is none. A gate that judged nothing has not passed.
    """
    return max(verdicts, key=lambda verdict: verdict.rank)
