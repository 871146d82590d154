"""The mark beside a SQLite store, which tells a store that is gone from one that was never made."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from airflow_provider_dpq.core.errors import StoreError

_SUFFIX: Final = ".made"
_TEXT: Final = (
    "A store of quality-gate reports was created here; its file has this name without .made.\n"
    "While this marker exists, a missing or empty store is an error and is not created again.\n"
)


class Mark:
    """The mark of a store in a file.

    Args:
        store: The file of the store.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._path = store.with_name(store.name + _SUFFIX)

    def require_store(self) -> None:
        """Refuse a store that was here and no longer is.

        Raises:
            StoreError: ``store_gone``: its file is missing or empty.
        """
        if not _exists(self._path) or (_exists(self._store) and self._store.stat().st_size > 0):
            return
        what = "is empty" if _exists(self._store) else "is gone"
        message = f"A store of reports was created as {str(self._store)!r}, but the file {what}."
        raise StoreError("store_gone", message, hint=BEGIN_ANEW, quotes_data=False)

    def leave(self) -> None:
        """Leave the mark if it is missing; a user who may not write here could not have made the store either."""
        if not _exists(self._path):
            with contextlib.suppress(OSError):
                self._path.write_text(_TEXT, encoding="utf-8")


def _exists(path: Path) -> bool:
    """Whether a file exists; False if its name is too long, or its folder may not be searched."""
    return os.path.exists(path)  # noqa: PTH110 - `Path.exists` raises in these cases


BEGIN_ANEW: Final = "Restore it from a backup, or start a new one: dpq store upgrade --anew."
"""What to do if a store is gone."""
