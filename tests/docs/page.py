"""The pages as the tests read them: their text and their blocks of code."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Final

from docs._generate.region import ROOT, pages

PAGES: Final = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in pages()}
"""Text of each page, by its path below the checkout."""

BLOCK: Final = re.compile(r"^```(?P<language>\w*)(?: (?P<file>[\w.]+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(*languages: str) -> Iterator[tuple[str, str]]:
    """Yield the page and the text of every block of code in some languages."""
    for page, text in PAGES.items():
        for block in BLOCK.finditer(text):
            if block["language"] in languages:
                yield page, textwrap.dedent(block["text"]).strip()
