"""Parts of runnable files, included in pages word by word."""

from __future__ import annotations

import textwrap

from docs._generate.region import ROOT

_LANGUAGES = {".py": "python", ".yaml": "yaml"}


def include(path: str, name: str = "") -> str:
    """Return what stands in a file between ``# [START name]`` and ``# [END name]``, or all of it, as a block of code.

    Args:
        path: The file, below the checkout.
        name: Name of the marked part.

    Raises:
        ValueError: The file has no such part.
    """
    file = ROOT / path
    text = file.read_text(encoding="utf-8")
    if name:
        start, end = f"# [START {name}]\n", f"# [END {name}]"
        if text.count(start) != 1 or text.count(end) != 1:
            message = f"{path} does not mark exactly one part {name!r}."
            raise ValueError(message)
        text = text.split(start)[1].split(end)[0].rpartition("\n")[0]
    return f"```{_LANGUAGES[file.suffix]}\n{textwrap.dedent(text).strip()}\n```"
