"""How text files are read, as far as their owner says so. Nothing here is heavy: DAG files import it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from airflow_provider_dpq.core.errors import DeclarationError

COLUMN_TYPES: Final = ("text", "integer", "decimal", "float", "boolean", "date", "timestamp", "timestamptz")
"""The types that a column can be declared to have."""

_REASON: Final = "invalid_read_option"
_DIRECTIVES: Final = frozenset("aAbBdHIjmMpSyYf%")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What is declared about text files of delimited fields; what is not is as described under each attribute.

    Attributes:
        column_types: Types of columns by name: ``text``, ``integer``, ``decimal``, ``float``, ``boolean``, ``date``,
            ``timestamp`` or ``timestamptz``. Of other columns the values decide, all of them.
        delimiter: The character between fields; None for the one of ``,``, ``;``, ``|`` and tab that fits every row.
        quote: The character around fields that hold delimiters, quotes or line ends; "" for none.
        decimal: The sign before the fraction of a number.
        thousands: The sign between groups of three digits; None for none.
        date_format: How days and moments are written, in the signs of ``strptime``, or that by column; where none is
            given, as in ISO 8601.
        encoding: The encoding, by its name in Python; None for UTF-8, or UTF-16 where a byte-order mark says so.
        header: Whether the first row holds the names of the columns; or the names, where no row does.
        skip_rows: How many lines to pass over before the first row.
        comment: What a line begins with that is no row; None where every line is one.
        null_values: Texts that mean a missing value, beside the empty one.
    """

    column_types: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    quote: str = '"'
    decimal: str = "."
    thousands: str | None = None
    date_format: str | Mapping[str, str] | None = None
    encoding: str | None = None
    header: bool | Sequence[str] = True
    skip_rows: int = 0
    comment: str | None = None
    null_values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            DeclarationError: ``invalid_read_option``.
        """
        for option, (fits, wanted) in _WANTED.items():
            value = getattr(self, option)
            if not fits(value):
                raise _refusal(option, value, wanted)
        signs = {"delimiter": self.delimiter, "quote": self.quote, "comment": self.comment}
        _require_different({name: sign for name, sign in signs.items() if sign})
        _require_different({"decimal": self.decimal, **({"thousands": self.thousands} if self.thousands else {})})

    @property
    def declared(self) -> dict[str, Any]:
        """The options that are not as they are where nothing is declared, but for the texts that mean missing."""
        plain = ReadOptions()
        given = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "null_values"}
        return {name: value for name, value in given.items() if value != getattr(plain, name)}

    def format_of(self, column: str) -> str | None:
        """Return how days and moments of a column are written; None for as in ISO 8601."""
        return self.date_format.get(column) if isinstance(self.date_format, Mapping) else self.date_format


def _is_sign(value: object) -> bool:
    return isinstance(value, str) and len(value) == 1 and value not in "\r\n\0"


def _is_format(value: object) -> bool:
    if not isinstance(value, str):
        return False
    directives = re.findall(r"%-?(.?)", value, re.DOTALL)
    return set(directives) <= _DIRECTIVES and bool({"y", "Y"} & set(directives))


def _is_encoding(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(codecs.lookup(value)._is_text_encoding)
    except (LookupError, ValueError):
        return False


def _are_texts(value: object) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(text, str) for text in value)


def _are_names(value: object) -> bool:
    if not isinstance(value, (list, tuple)) or not value or not _are_texts(value):
        return False
    return len({name.casefold() for name in value if name}) == len(value)


_WANTED: Final[Mapping[str, tuple[Any, str]]] = {
    "column_types": (
        lambda value: (
            isinstance(value, Mapping)
            and all(isinstance(name, str) and kind in COLUMN_TYPES for name, kind in value.items())
        ),
        f"a mapping of columns to types: {', '.join(COLUMN_TYPES)}",
    ),
    "delimiter": (lambda value: value is None or (_is_sign(value) and value != '"'), "one character, such as ;"),
    "quote": (lambda value: value == "" or _is_sign(value), 'one character, such as ", or "" for none'),
    "decimal": (
        lambda value: _is_sign(value) and not value.isalnum() and value not in "+- ",
        "one character, such as a comma",
    ),
    "thousands": (
        lambda value: value is None or (_is_sign(value) and not value.isalnum() and value not in "+-"),
        "one character, such as a dot",
    ),
    "date_format": (
        lambda value: (
            value is None
            or _is_format(value)
            or (isinstance(value, Mapping) and all(isinstance(k, str) and _is_format(v) for k, v in value.items()))
        ),
        "signs of strptime with a year, such as %d/%m/%Y, or a mapping of columns to them; time zones are not among "
        "them",
    ),
    "encoding": (lambda value: value is None or _is_encoding(value), "an encoding that Python knows, such as cp1252"),
    "header": (
        lambda value: isinstance(value, bool) or _are_names(value),
        "true, false, or a list of different names",
    ),
    "skip_rows": (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
        "a number of lines",
    ),
    "comment": (
        lambda value: (
            value is None or (isinstance(value, str) and value.strip() != "" and not set("\r\n\0") & {*value})
        ),
        "what such lines begin with, such as #",
    ),
    "null_values": (_are_texts, "a list of texts"),
}
"""For each option whether a value fits, and what does."""


def parse_read_options(value: Any, null_values: Sequence[str] = ()) -> ReadOptions:
    """Read the options that are given as an object, a mapping, or not at all.

    Args:
        value: The options.
        null_values: More texts that mean a missing value.

    Raises:
        DeclarationError: ``invalid_read_option``.
    """
    if isinstance(null_values, str):
        raise _refusal("null_values", null_values, f"a list: [{null_values!r}]")
    if isinstance(value, ReadOptions):
        given = value
    elif value is None:
        given = ReadOptions()
    elif isinstance(value, Mapping):
        given = ReadOptions(**_known(value))
    else:
        message = f"read_options is {value!r}."
        raise DeclarationError(_REASON, message, hint="Give a mapping of options, or ReadOptions.")
    if not null_values:
        return given
    return replace(given, null_values=tuple(dict.fromkeys([*given.null_values, *null_values])))


def _known(options: Mapping[Any, Any]) -> dict[str, Any]:
    known = [one.name for one in fields(ReadOptions)]
    unknown = [name for name in options if name not in known]
    if unknown:
        message = f"{unknown[0]!r} is no option of reading."
        raise DeclarationError(_REASON, message, hint=f"Options are {', '.join(known)}.")
    return {
        name: tuple(value) if name == "null_values" and isinstance(value, list) else value
        for name, value in options.items()
    }


def _require_different(signs: Mapping[str, str]) -> None:
    for name, sign in signs.items():
        for other, same in signs.items():
            if other != name and sign == same:
                raise _refusal(name, sign, f"another character than that of {other}")


def _refusal(option: str, value: object, wanted: str) -> DeclarationError:
    return DeclarationError(_REASON, f"The reading option {option} is {value!r}.", hint=f"Give {wanted}.")
