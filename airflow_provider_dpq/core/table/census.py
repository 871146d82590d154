"""How often a few characters stand in a file: what a reading of it must add up to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from airflow_provider_dpq.core.table.disk import PlainFile

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
