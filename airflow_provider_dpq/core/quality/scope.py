"""What a suite is answered on: the rows, files and other tables that its report names."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.checked import Checked, CheckedSuite
from airflow_provider_dpq.core.quality.disclosure import HIDDEN, mentions, without_folders
from airflow_provider_dpq.core.quality.options import CheckOptions
from airflow_provider_dpq.core.quality.suite import Suite
from airflow_provider_dpq.core.table.address import without_secrets
from airflow_provider_dpq.core.table.files import Files
from airflow_provider_dpq.core.table.jsonable import jsonable
from airflow_provider_dpq.core.table.place import is_place
from airflow_provider_dpq.core.table.query import is_query
from airflow_provider_dpq.core.table.table import Table

_DIGITS: Final = 12
"""Digits of a hash that tell texts apart for people."""


@dataclass(slots=True)
class Scope:
    """What is declared about the data, and what is learned of it as its tables are opened.

    Attributes:
        data: What is checked: a path, a frame, a table's name or a query.
        options: How it is checked.
        null_values: Texts that are read as missing.
        hidden: Names of the columns whose values the report does not say, in lower case.
        columns: Names of the columns of all tables that were opened.
    """

    data: Any
    options: CheckOptions
    null_values: Sequence[str]
    hidden: frozenset[str]
    columns: dict[str, None] = field(default_factory=dict, init=False)
    _table: Table | None = field(default=None, init=False)

    @property
    def partition_by(self) -> tuple[str, ...]:
        """Columns or keys of folders by which the table is taken apart; none where it is read as one."""
        by = self.options.partition_by
        return (by,) if isinstance(by, str) else tuple(by or ())

    def note(self, table: Table) -> None:
        """Remember the table that was opened: its columns, its size, who answers."""
        self._table = table
        self.columns |= dict.fromkeys(table.columns)

    def checked(self, suite: Suite, rows: int) -> Checked | None:
        """Return what the report says of it; None where no table was opened, because nothing was new.

        Args:
            suite: The suite that was answered.
            rows: Rows that were looked at.
        """
        table = self._table
        if table is None:
            return None
        partition, references = self.options.partition or {}, self.options.references or {}
        files = table.sizes if not self.partition_by else None  # of partitions only those that were new were opened
        return Checked(
            source=self._source(),
            engine=table.dialect,
            query_digest=_digest(self.data) if self._source() == "query" else None,
            row_count=rows,
            file_count=None if files is None else files[0],
            size_bytes=None if files is None else files[1],
            columns={column.name: column.dtype or column.native for column in table.columns.values()},
            partition={str(name): self._shown(str(name), value) for name, value in partition.items()},
            partition_by=self.partition_by,
            row_condition=self._condition(),
            null_values=tuple(self.null_values),
            reading={name: self._told(value) for name, value in table.reading.items()},
            references={name: without_folders(_place(source), self.hidden) for name, source in references.items()},
            suite=CheckedSuite(name=suite.name, version=suite.version, digest=_digest(_declared(suite))),
        )

    @property
    def chosen_by_hidden(self) -> bool:
        """Whether values of hidden columns choose the rows that are checked."""
        keys = {str(name).casefold() for name in (*(self.options.partition or {}), *self.partition_by)}
        return bool(keys & self.hidden) or mentions(jsonable(self.options.row_condition), self.hidden)

    def _told(self, value: Any) -> JsonValue:
        listed = [without_folders(str(item), self.hidden) for item in value] if isinstance(value, list) else value
        return jsonable(listed)

    def _shown(self, column: str, value: Any) -> JsonValue:
        return HIDDEN if column.casefold() in self.hidden else jsonable(value)

    def _condition(self) -> str | None:
        condition = self.options.row_condition
        if condition is None:
            return None
        text = condition if isinstance(condition, str) else json.dumps(jsonable(condition))
        return HIDDEN if mentions(condition, self.hidden) else text

    def _source(self) -> str:
        if self.options.connection is not None:
            return "query" if is_query(str(self.data)) else "table"
        return "files" if _is_path(self.data) else "frame"


def _is_path(data: Any) -> bool:
    return isinstance(data, (str, Path, Files, list, tuple)) or is_place(data)


def _place(source: Any) -> str:
    return without_secrets(str(source)) if _is_path(source) else f"a frame of {type(source).__module__.split('.')[0]}"


def _declared(suite: Suite) -> str:
    declared: list[JsonValue] = [
        [one.name, one.type, jsonable(one.kwargs), one.severity, list(map(str, one.thresholds))]
        for one in suite.expectations
    ]
    return json.dumps(declared, sort_keys=True, default=str)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


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
