"""How a text file is written, as far as its owner does not say: the delimiter is found, and the columns are named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Final

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.table.disk import PlainFile
from airflow_provider_dpq.core.table.read_options import ReadOptions
from airflow_provider_dpq.core.table.records import Dialect, read_records

DELIMITERS: Final = (",", ";", "|", "\t")
"""The delimiters that are looked for where none is declared."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file, and how its records are written.

    Attributes:
        dialect: How they are written.
        names: The names of the columns.
        headed: Whether the first record holds the names.
        delimited: Whether there is a delimiter at all.
    """

    dialect: Dialect
    names: tuple[str, ...]
    headed: bool
    delimited: bool


def find_layout(file: PlainFile, options: ReadOptions) -> Layout:
    """Find out how a file is written, from the declared options and from its first record.

    Where no delimiter is declared it is the one of `DELIMITERS` that the first record holds. Where that holds several,
    it is the one by which every record of the file has as many fields as the first. Where it holds none, the file has
    one column.

    Raises:
        SourceError: ``empty_file``; ``unreadable_csv``: several delimiters fit, or a column has no name that can be
            used.
    """
    if options.delimiter is not None:
        first, dialect, delimited = (
            _first(file, options, options.delimiter),
            _dialect(options, options.delimiter),
            True,
        )
    else:
        first, dialect, delimited = _guess(file, options)
    names = _names(first, options)
    if any("\0" in name for name in names):
        message = f"The names of the columns of {file.name!r} hold the character NUL."
        raise SourceError(
            "unreadable_csv", message, hint="Declare the file's encoding, such as utf-16-le.", quotes_data=False
        )
    return Layout(dialect, names, options.header is True, delimited)


def _dialect(options: ReadOptions, delimiter: str) -> Dialect:
    return Dialect(delimiter, options.quote, options.skip_rows, options.comment)


def _first(file: PlainFile, options: ReadOptions, delimiter: str) -> Sequence[str]:
    record = next(read_records(file, _dialect(options, delimiter)), None)
    if record is None:
        message = (
            f"{file.name!r} holds no table: it is empty." if options.header is True else f"{file.name!r} is empty."
        )
        raise SourceError("empty_file", message, hint="Was it written to its end?", quotes_data=False)
    return record[1]


def _guess(file: PlainFile, options: ReadOptions) -> tuple[Sequence[str], Dialect, bool]:
    found: dict[str, Sequence[str]] = {}
    refused: SourceError | None = None
    for delimiter in DELIMITERS:
        try:
            found[delimiter] = _first(file, options, delimiter)
        except SourceError as error:  # by this delimiter a quoted field goes on after its quote
            refused = error
    if not found and refused is not None:
        raise refused
    several = {delimiter: first for delimiter, first in found.items() if len(first) > 1}
    if not several:
        absent = absent_character(file)
        return _first(file, options, absent), _dialect(options, absent), False
    delimiter = next(iter(several)) if len(several) == 1 else _fitting(file, options, several)
    return several[delimiter], _dialect(options, delimiter), True


def _fitting(file: PlainFile, options: ReadOptions, several: dict[str, Sequence[str]]) -> str:
    """Return the delimiter by which all records have as many fields as the first; the likeliest where none does.

    Raises:
        SourceError: ``unreadable_csv``: there are several.
    """
    fitting = [one for one, first in several.items() if _fits(file, _dialect(options, one), len(first))]
    if len(fitting) > 1:
        message = f"{file.name!r} can be read with each of the delimiters {', '.join(map(repr, fitting))}."
        raise SourceError("unreadable_csv", message, hint="Declare its delimiter.", quotes_data=False)
    return fitting[0] if fitting else max(several, key=lambda one: len(several[one]))


def _fits(file: PlainFile, dialect: Dialect, width: int) -> bool:
    try:
        return all(len(record) == width for _, record in read_records(file, dialect))
    except SourceError:
        return False


def _names(first: Sequence[str], options: ReadOptions) -> tuple[str, ...]:
    """Return the names of the columns; one without a name has that which pandas gives it."""
    if not isinstance(options.header, bool):
        return tuple(options.header)
    if not options.header:
        return tuple(map(str, range(len(first))))
    taken = {name for name in first if name}
    names = []
    for index, name in enumerate(first):
        free = (f"Unnamed: {index}{suffix}" for suffix in chain([""], (f".{number}" for number in count(1))))
        names.append(name or next(one for one in free if one not in taken))
        taken.add(names[-1])
    return tuple(names)


_CHUNK: Final = 256 * 1024
_CONTROLS: Final = ("\x1f", "\x1e", "\x1d", "\x1c", "\x01", "\x02", "\x03", "\x04", "\x05", "\x06")


@dataclass(frozen=True, slots=True)
class Census:
    """Characters of a file.

    Attributes:
        counts: How often each stands in it.
        lines: Lines that end with a line feed, or with the file.
        pairs: How often a line feed follows a carriage return.
    """

    counts: Mapping[str, int]
    lines: int
    pairs: int


def take_census(file: PlainFile, characters: str) -> Census:
    """Count some ASCII characters of a file, carriage returns among them."""
    sought = {character: ord(character) for character in {*characters, "\n", "\r"}}
    counts = dict.fromkeys(sought, 0)
    pairs, last = 0, ord("\n")
    with file.open() as stream:
        while content := stream.read(_CHUNK):
            for character, count in _counted(content, sought):
                counts[character] += count
            if counts["\r"]:
                pairs += content.count(b"\r\n") + int(last == ord("\r") and content[0] == ord("\n"))
            last = content[-1]
    return Census(counts, counts["\n"] + (last != ord("\n")), pairs)


def _counted(content: bytes, sought: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    if len(content) < _CHUNK:  # to import numpy takes longer than to count in a small file
        yield from ((character, content.count(number)) for character, number in sought.items())
        return
    import numpy as np

    chunk = np.frombuffer(content, dtype=np.uint8)
    yield from ((character, int(np.count_nonzero(chunk == number))) for character, number in sought.items())


def holds_any(file: PlainFile, *sought: bytes) -> bool:
    """Whether a file holds one of some short sequences of bytes."""
    longest = max(map(len, sought))
    tail = b""
    with file.open() as stream:
        while chunk := stream.read(_CHUNK):
            window = tail + chunk
            if any(one in window for one in sought):
                return True
            tail = window[-(longest - 1) :] if longest > 1 else b""
    return False


def absent_character(file: PlainFile) -> str:
    """Return a control character that a file does not hold; of one that holds all, the first."""
    return next((one for one in _CONTROLS if not holds_any(file, one.encode())), _CONTROLS[0])
