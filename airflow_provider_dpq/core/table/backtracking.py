"""Which patterns of Python's ``re``, and which JSON schemas, may take for ever on one value.

``re`` backtracks: a repetition within a repetition, or several in a row over the same text, tries more ways than there
is time for. What is told here errs on the side of caution: what it calls safe takes a time that grows with the square
of the text at most, and what it does not may be as quick.
"""

from __future__ import annotations

import functools
import re
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

_MANY, _FEW, _TOO_MUCH, _FOR_EVER = 8, 1, 16, 1000
_SHORT: Final = 12
"""How long a text may be for any pattern."""
_STEPS: Final = 10**7
"""How many steps take no time to speak of."""
_FEW_LENGTHS: Final = 4
_REPEATS: Final = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
"""An atomic group and a possessive repetition give nothing back, but what is in them may before they end."""
_SINGLE: Final = (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN, sre.CATEGORY, sre.AT, sre.FAILURE)
"""What matches in one way alone."""
_RISKY_KEYS: Final = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "uniqueItems"})


def may_backtrack(pattern: str) -> bool:
    """Whether a search for a pattern of Python's ``re`` may take for ever on one text."""
    return _weigh(pattern) >= _TOO_MUCH


def is_quick(pattern: str, length: int) -> bool:
    """Whether a search for a pattern of Python's ``re`` in a text of a length takes no time to speak of."""
    weight = _weigh(pattern)
    if weight < _FOR_EVER:
        steps: int = length ** -(-weight // _MANY)
        return steps <= _STEPS
    return length <= _SHORT


@functools.lru_cache(maxsize=256)
def _weigh(pattern: str) -> int:
    try:
        nodes = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return 0  # it is refused where it is compiled
    return _weight(nodes, inside=False)


def _weight(nodes: Any, *, inside: bool) -> int:
    """Weigh the repetitions of several lengths; one within another, or a choice within one, weighs too much."""
    weight = 0
    for code, argument in nodes:
        if code in _REPEATS:
            low, high, repeated = argument
            if high != low:
                own = _MANY if high is sre.MAXREPEAT or high - low > _FEW_LENGTHS else _FEW
                weight += _FOR_EVER if inside else own
            weight += _weight(repeated, inside=inside or high > 1)
        elif code is sre.BRANCH:
            weight += _FOR_EVER if inside else 0
            weight += max((_weight(branch, inside=inside) for branch in argument[1]), default=0)
        elif code is sre.SUBPATTERN:
            weight += _weight(argument[3], inside=inside)
        elif code in (sre.ASSERT, sre.ASSERT_NOT):
            weight += _weight(argument[1], inside=inside)
        elif code is sre.ATOMIC_GROUP:
            weight += _weight(argument, inside=inside)
        elif code not in _SINGLE:  # a reference to a group, or what a later Python knows
            weight += _FOR_EVER
    return weight


def may_take_for_ever(schema: Any) -> bool:
    """Whether a JSON schema may take for ever on a value: by a pattern, by references, or by comparing all pairs."""
    if isinstance(schema, dict):
        patterns = schema.get("patternProperties")
        searched = [
            *([schema["pattern"]] if "pattern" in schema else []),
            *(patterns if isinstance(patterns, dict) else ()),
        ]
        if not _RISKY_KEYS.isdisjoint(schema) or any(isinstance(one, str) and may_backtrack(one) for one in searched):
            return True
        return any(map(may_take_for_ever, schema.values()))
    return isinstance(schema, list) and any(map(may_take_for_ever, schema))
