"""The one signal of compiling: SQL cannot say this as Great Expectations means it."""

from __future__ import annotations


class NotScannableError(Exception):
    """SQL cannot answer this exactly as Great Expectations would; the check is delegated to it."""
