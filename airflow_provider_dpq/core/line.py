"""Text as one line for a log, a terminal or a message, whatever it contains."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return text with control characters and line ends escaped, so that a name or a value can forge no log line.

    Args:
        text: Any text, valid Unicode or not.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def printable_lines(text: str) -> str:
    """Return text with its line ends kept and all other control characters escaped."""
    return "\n".join(printable(line) for line in text.split("\n"))
