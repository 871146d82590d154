"""Regions of a page that are written by a program, between two comments that stay where they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
"""The checkout."""

_REGION: Final = re.compile(
    r"(?P<start><!-- make docs: (?P<order>.+?) -->\n)(?P<text>.*?)(?P<end><!-- end -->)", re.DOTALL
)
_MARK: Final = re.compile(r"<!-- (?:make docs: .+?|end) -->")

Write = Callable[[str], str]
"""Returns the text of a region, given the words of its first comment."""


def pages(root: Path = ROOT) -> Iterator[Path]:
    """Yield every page of the documentation, the README first."""
    yield root / "README.md"
    yield from sorted((root / "docs").rglob("*.md"))


def fill(text: str, write: Write) -> str:
    """Return a page with all its regions written anew.

    Args:
        text: The page.
        write: Writes a region.

    Raises:
        ValueError: A comment has no counterpart, so that what lies between them is not known.
    """
    regions = list(_REGION.finditer(text))
    if len(_MARK.findall(text)) != 2 * len(regions):
        message = "A '<!-- make docs: ... -->' has no '<!-- end -->', or the other way round."
        raise ValueError(message)
    return _REGION.sub(lambda match: f"{match['start']}{write(match['order']).strip()}\n{match['end']}", text)
