"""What tells a query from the name of a table."""

from __future__ import annotations

import re
from typing import Final

_QUERY: Final = re.compile(r"\s*(?:select|with)\b(?!\s*(?:\.|$))", re.IGNORECASE)


def subject_of(data: str) -> str:
    """Return what people read of a table or query in messages: of a query nothing, for its literals may be values."""
    return "the query" if is_query(data) else data


def is_query(text: str) -> bool:
    """Whether a text is a query: it begins with SELECT or WITH and goes on, not as a name with a dot in it does."""
    return _QUERY.match(text) is not None
