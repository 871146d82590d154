r"""Python's regular expressions for RE2, the engine inside DuckDB, or not at all.

Great Expectations searches with Python's ``re``. RE2 reads most of the same syntax with other meanings: ``\d``, ``\w``
and ``\s`` are ASCII only, ``$`` does not match before a trailing newline, and look-around and back-references do not
exist. A pattern is therefore translated from Python's own parse of it, node by node; what has no exact counterpart is
not translated, and the check goes to Great Expectations.
"""

from __future__ import annotations

import re
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

_MAX_REPEAT: Final = 1000  # RE2 refuses more
_MAX_BOUNDED_REPEAT: Final = 100  # beyond, RE2's automaton makes a scan slower than the detour through Python
_CATEGORIES: Final = {
    sre.CATEGORY_DIGIT: r"\p{Nd}",
    sre.CATEGORY_NOT_DIGIT: r"\P{Nd}",
    sre.CATEGORY_WORD: r"\p{L}\p{N}_",
    sre.CATEGORY_SPACE: (
        r"\t-\r\x{1c}-\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
    ),
}
_FLAGS: Final = re.UNICODE | re.DOTALL | re.MULTILINE


class _UntranslatableError(Exception):
    """The pattern has a part that RE2 cannot say exactly."""


def to_re2(pattern: str) -> str | None:
    """Translate a pattern of Python's ``re`` to RE2.

    Args:
        pattern: A pattern that Python compiles.

    Returns:
        The same language in RE2's syntax, or None where RE2 cannot say it exactly.

    Raises:
        re.error: Python does not compile the pattern.
    """
    parsed = _parser.parse(pattern)
    if parsed.state.flags & ~_FLAGS:
        return None
    try:
        return _sequence(parsed, parsed.state.flags, tail=True)
    except _UntranslatableError:
        return None


def is_found_at_start(pattern: str) -> bool:
    """Whether all that a pattern of Python's ``re`` finds begins where the text does and is not empty."""
    parsed = _parser.parse(pattern)
    first = parsed[0] if len(parsed) else None
    starts = first in ((sre.AT, sre.AT_BEGINNING_STRING), (sre.AT, sre.AT_BEGINNING))
    return starts and not parsed.state.flags & re.MULTILINE and parsed.getwidth()[0] > 0


def _sequence(nodes: Any, flags: int, *, tail: bool) -> str:
    """Translate nodes that follow each other; `tail` says that nothing of the pattern comes after them."""
    last = len(nodes) - 1
    return "".join(
        _node(code, argument, flags, tail=tail and index == last) for index, (code, argument) in enumerate(nodes)
    )


def _node(code: Any, argument: Any, flags: int, *, tail: bool) -> str:  # noqa: PLR0911 - one branch a kind of node
    if code is sre.LITERAL:
        return _character(argument)
    if code is sre.NOT_LITERAL:
        return f"[^{_character(argument)}]"
    if code is sre.ANY:
        return r"(?s:.)" if flags & re.DOTALL else r"[^\n]"
    if code is sre.IN:
        return _set(argument)
    if code is sre.BRANCH:
        return "(?:" + "|".join(_sequence(branch, flags, tail=tail) for branch in argument[1]) + ")"
    if code is sre.SUBPATTERN:
        _, added, removed, nodes = argument
        if added or removed:
            raise _UntranslatableError
        return f"(?:{_sequence(nodes, flags, tail=tail)})"
    if code in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return _repeat(argument, flags, lazy=code is sre.MIN_REPEAT)
    if code is sre.AT:
        return _anchor(argument, flags, tail=tail)
    raise _UntranslatableError


def _repeat(argument: tuple[int, Any, Any], flags: int, *, lazy: bool) -> str:
    low, high, nodes = argument
    unbounded = high is sre.MAXREPEAT
    if low > _MAX_BOUNDED_REPEAT or (not unbounded and high > _MAX_REPEAT):
        raise _UntranslatableError
    bounds = f"{{{low},}}" if unbounded else f"{{{low},{high}}}"
    short = {"{0,}": "*", "{1,}": "+", "{0,1}": "?"}.get(bounds, bounds)
    return f"(?:{_sequence(nodes, flags, tail=False)}){short}{'?' if lazy else ''}"


def _anchor(at: Any, flags: int, *, tail: bool) -> str:
    multiline = flags & re.MULTILINE
    if at is sre.AT_END and not multiline and not tail:
        raise _UntranslatableError  # its newline would have to be matched again by what follows
    if at is sre.AT_BEGINNING_STRING or (at is sre.AT_BEGINNING and not multiline):
        return r"\A"
    if at is sre.AT_BEGINNING:
        return r"(?m:^)"
    if at is sre.AT_END_STRING:
        return r"\z"
    if at is sre.AT_END:
        return r"(?m:$)" if multiline else r"(?:\n?\z)"
    raise _UntranslatableError


def _set(items: list[tuple[Any, Any]]) -> str:
    negated = items[0][0] is sre.NEGATE
    parts = []
    for code, argument in items[1:] if negated else items:
        if code is sre.LITERAL:
            parts.append(_character(argument))
        elif code is sre.RANGE:
            parts.append(f"{_character(argument[0])}-{_character(argument[1])}")
        elif code is sre.CATEGORY and argument in _CATEGORIES:
            parts.append(_CATEGORIES[argument])
        elif code is sre.CATEGORY and len(items) == 1:
            positive = {sre.CATEGORY_NOT_WORD: sre.CATEGORY_WORD, sre.CATEGORY_NOT_SPACE: sre.CATEGORY_SPACE}[argument]
            return f"[^{_CATEGORIES[positive]}]"
        else:
            raise _UntranslatableError
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def _character(code: int) -> str:
    character = chr(code)
    return character if character.isascii() and character.isalnum() else f"\\x{{{code:x}}}"
