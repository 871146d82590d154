"""Numbers that people declare: what is none is refused where it is written, not where it is used."""

from __future__ import annotations

import sys
from typing import TypeGuard


def is_whole(number: object) -> TypeGuard[int]:
    """Whether something is a whole number; a truth value is none."""
    return isinstance(number, int) and not isinstance(number, bool)


def is_number(number: object) -> TypeGuard[float]:
    """Whether something is a finite number; a truth value is none."""
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        return False
    return abs(number) <= sys.float_info.max  # also of a whole number that is larger than any float
