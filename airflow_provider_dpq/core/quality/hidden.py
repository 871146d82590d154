"""Hidden columns that are not there: a slip of the pen would show what was meant to be hidden."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.disclosure import mentions
from airflow_provider_dpq.core.quality.suite import Suite
from airflow_provider_dpq.core.table.query import is_query

_ALIKE: Final = 0.5
"""Similarity, from 0 to 1, from which on two names are taken for a slip of the pen."""
_MOST_NAMED: Final = 50


@dataclass(frozen=True, slots=True)
class Hidden:
    """The columns that are to be hidden, each of which something must have.

    Attributes:
        names: Their names, in lower case.
        elsewhere: Those that are of something else than the table, and that a report could show all the same.
    """

    names: frozenset[str]
    elsewhere: frozenset[str]

    @classmethod
    def of(cls, names: frozenset[str], data: Any, suite: Suite, keys: Sequence[str]) -> Self:
        """Return the hidden columns of a gate.

        Args:
            names: Their names, in lower case.
            data: What is checked: a query may give a column another name.
            suite: Its checks may name columns of other tables, and of what a query finds.
            keys: Names of the columns or folders that make partitions.
        """
        texts = [str(data)] if isinstance(data, str) and is_query(data) else []
        expectations = [one.expectation for one in suite.expectations if one.expectation is not None]
        texts += [str(getattr(one, argument)) for one in expectations for argument in one.elsewhere]
        partitions = {key.casefold() for key in keys}
        found = {name for name in names if name in partitions or mentions([*texts], frozenset({name}))}
        return cls(names, frozenset(found))

    def require(self, columns: Collection[str], subject: str, folders: Callable[[], Collection[str]]) -> None:
        """Refuse hidden columns that nothing has, whatever the case of their names.

        Args:
            columns: The columns of the table.
            subject: The table, for people.
            folders: Returns the names that the folders of its files give.

        Raises:
            MeasurementError: ``missing_column``.
        """
        known = {name.casefold(): name for name in columns}
        unknown = sorted(self.names - self.elsewhere - set(known))
        unknown = sorted(set(unknown) - {name.casefold() for name in folders()}) if unknown else []
        if not unknown:
            return
        close = [known[found] for name in unknown for found in difflib.get_close_matches(name, known, 1, _ALIKE)]
        meant = f"Did you mean {' and '.join(map(repr, dict.fromkeys(close)))}? " if close else ""
        named = ", ".join(map(repr, list(columns)[:_MOST_NAMED]))
        what = f"columns {', '.join(map(repr, unknown))} are" if len(unknown) > 1 else f"column {unknown[0]!r} is"
        message = f"The {what} to be hidden, and {subject} has no such column."
        raise MeasurementError("missing_column", message, hint=f"{meant}Its columns are {named}.", quotes_data=False)
