"""The one signal of compiling: SQL cannot say this as Great Expectations means it."""

from __future__ import annotations


class NotScannableError(Exception):
    """SQL cannot answer this exactly as Great Expectations would; the check is delegated to it.

    Attributes:
        doubt: Why its success may then say less than was meant; empty where it says what it seems to.
    """

    doubt: str = ""


class TooManyDigitsError(NotScannableError):
    """A column holds numbers that no type of the scan holds together.

    Great Expectations tells them apart and counts them, but makes floating numbers of bounds and means.
    """
