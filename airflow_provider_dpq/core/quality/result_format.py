"""How much of what broke a check its result shows: Great Expectations' result format, within what the gate allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any, Final

from airflow_provider_dpq.core.errors import DeclarationError

LEVELS: Final = ("BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE")
_OPTIONS: Final = (
    *("result_format", "partial_unexpected_count", "include_unexpected_rows", "exclude_unexpected_values"),
    *("unexpected_index_column_names", "return_unexpected_index_query", "map_expectation_unexpected_rows_as_dict"),
)
_FLAGS: Final = (
    *("include_unexpected_rows", "exclude_unexpected_values", "return_unexpected_index_query"),
    "map_expectation_unexpected_rows_as_dict",
)
MOST_VALUES: Final = 200
"""Most values in ``unexpected_list``, as in Great Expectations."""


@dataclass(frozen=True, slots=True)
class ResultFormat:
    """What a result shows, in the terms of Great Expectations, and what the gate lets out of the process.

    Attributes:
        level: ``BOOLEAN_ONLY``, ``BASIC``, ``SUMMARY`` or ``COMPLETE``.
        partial_unexpected_count: Most rows in the partial lists and in ``unexpected_rows``; never above `sample_rows`.
        exclude_unexpected_values: Whether values of unexpected rows, but for `index_columns`, stay out of the result.
        index_columns: Columns that name an unexpected row, instead of its position.
        index_query: Whether to show the query that finds the unexpected rows; None for in ``COMPLETE`` only.
        unexpected_rows: Whether to show the first unexpected rows whole.
        sample_rows: Most unexpected rows that any field shows; None for what the level says.
        hidden_columns: Columns whose values no field shows, in lower case.
        values_kept_out: Whether the gate shows no value of the data at all, whatever Great Expectations would show.
        rows_hidden: Whether values of hidden columns choose the rows, which a query that finds rows would name.
        names_lost: Whether columns may hold values of hidden ones under other names, as a query may call them.
    """

    level: str = "SUMMARY"
    partial_unexpected_count: int = 20
    exclude_unexpected_values: bool = False
    index_columns: tuple[str, ...] = ()
    index_query: bool | None = None
    unexpected_rows: bool = False
    sample_rows: int | None = None
    hidden_columns: frozenset[str] = frozenset()
    values_kept_out: bool = False
    names_lost: bool = False
    rows_hidden: bool = False

    @property
    def hides_some(self) -> bool:
        """Whether there are values that the gate does not show, so that no error may quote any."""
        return bool(self.hidden_columns) or self.values_kept_out

    @property
    def keeps_back(self) -> bool:
        """Whether there are values of unexpected rows that the gate does not show, or shows of some rows alone."""
        return self.hides_some or self.sample_rows is not None

    @property
    def shows_query(self) -> bool:
        """Whether the query that finds the unexpected rows is shown."""
        return self.level == "COMPLETE" if self.index_query is None else self.index_query

    def most(self, rows: int | None) -> int | None:
        """Return how many rows a field shows that would show `rows` of them, None for all."""
        limits = [limit for limit in (rows, self.sample_rows) if limit is not None]
        return min(limits) if limits else None


def parse_result_format(
    declared: str | Mapping[str, Any],
    *,
    sample_rows: int | None = None,
    hidden_columns: Sequence[str] = (),
    exclude_unexpected_values: bool = False,
) -> ResultFormat:
    """Read GX's result format, a level or a mapping with ``result_format`` and its options, within a gate's limits.

    Args:
        declared: The result format.
        sample_rows: Most unexpected rows that a check may show; 0 for none, None for what the result format says.
        hidden_columns: Columns whose values are never shown.
        exclude_unexpected_values: Whether to exclude unexpected values whatever the result format says.

    Raises:
        DeclarationError: ``invalid_result_format``, ``invalid_sample_rows``, ``invalid_hidden_columns`` or
            ``hidden_index_column``.
    """
    options = {"result_format": declared} if isinstance(declared, str) else declared
    if not isinstance(options, Mapping):
        raise _invalid(declared)
    unknown = sorted(str(key) for key in options if key not in _OPTIONS)
    if unknown:
        message = f"The result format has unknown options {unknown}."
        raise DeclarationError("invalid_result_format", message, hint=f"It takes {', '.join(_OPTIONS)}.")
    level = str(getattr(options.get("result_format"), "value", options.get("result_format", "SUMMARY")))
    count = options.get("partial_unexpected_count", 20)
    if level not in LEVELS or not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise _invalid(declared)
    _validate_flags(options)
    _validate_limits(sample_rows, hidden_columns)
    index_columns = tuple(options.get("unexpected_index_column_names") or ())
    hidden = frozenset(name.casefold() for name in hidden_columns)
    shown = [name for name in index_columns if name.casefold() in hidden]
    if shown:
        message = f"The columns {shown!r} are hidden, and name unexpected rows."
        raise DeclarationError("hidden_index_column", message, hint="Name rows by other columns.")
    query = options.get("return_unexpected_index_query")
    return ResultFormat(
        level,
        count if sample_rows is None else min(count, sample_rows),
        bool(options.get("exclude_unexpected_values")) or exclude_unexpected_values,
        index_columns,
        None if query is None else bool(query),
        bool(options.get("include_unexpected_rows")),
        sample_rows,
        hidden,
        exclude_unexpected_values or sample_rows == 0,
    )


def _invalid(declared: object) -> DeclarationError:
    message = f"Result format {declared!r} is not valid."
    return DeclarationError("invalid_result_format", message, hint=f"Use one of {', '.join(LEVELS)}.")


def _validate_flags(options: Mapping[str, Any]) -> None:
    """Refuse what would be read otherwise than it is meant: ``"false"`` as true, a name as its letters."""
    for name in _FLAGS:
        if not isinstance(options.get(name), (bool, NoneType)):
            message = f"{name} of the result format is {options[name]!r}."
            raise DeclarationError("invalid_result_format", message, hint="Give true or false.")
    names = options.get("unexpected_index_column_names")
    if names is not None and not (isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names)):
        message = f"unexpected_index_column_names of the result format is {names!r}."
        raise DeclarationError("invalid_result_format", message, hint="Give a list of column names.")


def _validate_limits(sample_rows: object, hidden_columns: Any) -> None:
    if sample_rows is not None and (
        not isinstance(sample_rows, int) or isinstance(sample_rows, bool) or sample_rows < 0
    ):
        message = f"sample_rows is {sample_rows!r}."
        raise DeclarationError("invalid_sample_rows", message, hint="Give a number of rows, 0 for none.")
    listed = isinstance(hidden_columns, (list, tuple, set, frozenset))
    if not (listed and all(isinstance(name, str) for name in hidden_columns)):
        message = f"hidden_columns is {hidden_columns!r}."
        raise DeclarationError("invalid_hidden_columns", message, hint="Give a list of column names.")
