"""What a breach does, and the two vocabularies in which people say so."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """What a breach does: note it, or stop the pipeline."""

    WARN = "warn"
    FAIL = "fail"


_WORDS: Final[Mapping[str, Severity]] = {
    "warn": Severity.WARN,
    "warning": Severity.WARN,
    "fail": Severity.FAIL,
    "critical": Severity.FAIL,
}


def parse_severity(word: object) -> Severity | None:
    """Return the severity that a word names, ours (``warn``, ``fail``) or GX's (``warning``, ``critical``).

    Args:
        word: The word, in any case, or an enumeration's member whose value it is.

    Returns:
        The severity; None where the word names none.
    """
    return _WORDS.get(str(getattr(word, "value", word)).lower())
