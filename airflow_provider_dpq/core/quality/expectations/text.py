"""Expectations about what the texts of a column can be read as."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator

from airflow_provider_dpq.core.quality.expectations.base import Merging
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues
from airflow_provider_dpq.core.table.backtracking import may_take_for_ever


def _usable_format(text: str) -> str:
    """Refuse a format that cannot read what it writes, as Great Expectations does."""
    try:
        datetime.strptime(datetime.now(UTC).strftime(text), text)  # noqa: DTZ007 - the format decides about the zone
    except ValueError as error:
        message = f"the format {text!r} cannot be used: {error}"
        raise ValueError(message) from error
    return text


class ExpectColumnValuesToBeDateutilParseable(ColumnValues):
    """Every value can be read as a date or time by dateutil."""

    type: ClassVar[str] = "expect_column_values_to_be_dateutil_parseable"
    merges: ClassVar[Merging] = Merging.COUNTS


class ExpectColumnValuesToMatchStrftimeFormat(ColumnValues):
    """Every value is a date or time in a format of `strftime`."""

    type: ClassVar[str] = "expect_column_values_to_match_strftime_format"
    merges: ClassVar[Merging] = Merging.COUNTS
    strftime_format: Annotated[str, AfterValidator(_usable_format)]


class ExpectColumnValuesToBeJsonParseable(ColumnValues):
    """Every value is JSON."""

    type: ClassVar[str] = "expect_column_values_to_be_json_parseable"
    merges: ClassVar[Merging] = Merging.COUNTS


class ExpectColumnValuesToMatchJsonSchema(ColumnValues):
    """Every value is JSON that follows a JSON schema."""

    type: ClassVar[str] = "expect_column_values_to_match_json_schema"
    merges: ClassVar[Merging] = Merging.COUNTS
    json_schema: dict[Any, Any]

    @property
    def may_hang(self) -> bool:
        """Whether the schema may take for ever on a value."""
        return may_take_for_ever(self.json_schema)
