"""One line of text for a log, a terminal or a message, whatever stands in it."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return text with control characters escaped, line ends too: a name or a value forges no line and steers nothing.

    Args:
        text: Any text, also with what is no Unicode.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def printable_lines(text: str) -> str:
    """Return text whose line ends are meant with all other control characters escaped."""
    return "\n".join(printable(line) for line in text.split("\n"))
