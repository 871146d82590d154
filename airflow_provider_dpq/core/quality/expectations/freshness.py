"""Expectations of ours about how old a table is."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.unit import parse_duration
from airflow_provider_dpq.core.quality.expectations.base import ColumnName, Conditional, Merging, Observed


def _duration(value: Any) -> str:
    try:
        parse_duration(value if isinstance(value, str) else repr(value))
    except DeclarationError as error:
        raise ValueError(str(error).removesuffix(".")) from error
    return str(value)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:  # one that is none, a directory, no path at all
        message = f"{name!r} is not a time zone"
        raise ValueError(message) from error
    return name


Duration: TypeAlias = Annotated[str, BeforeValidator(_duration)]
TimeZone: TypeAlias = Annotated[str, AfterValidator(_zone)]


class ExpectColumnMaxToBeRecent(Conditional):
    """The newest moment of a column is not too old, and not in the future.

    Of no moments at all it fails: nothing is known to be recent.

    Attributes:
        column: A column of moments or days; a day counts from its beginning.
        max_age: How old the newest may be, such as ``26h`` or ``90 min``.
        relative_to: What its age is measured against: the time of the check, or the end of the run's data interval.
        max_ahead: How far it may lie after the time of the check: clocks differ.
        timezone: Time zone of days, and of moments that have none of their own.
    """

    type: ClassVar[str] = "expect_column_max_to_be_recent"
    ours: ClassVar[bool] = True
    merges: ClassVar[Merging] = Merging.NEVER
    observes: ClassVar[Observed] = Observed.VALUES
    looks_at_rows: ClassVar[bool] = True
    decides_rows: ClassVar[bool] = False
    column: ColumnName
    max_age: Duration
    relative_to: Literal["now", "data_interval_end"] = "now"
    max_ahead: Duration = "5 min"
    timezone: TimeZone = "UTC"

    @property
    def judges_nothing(self) -> bool:
        """Its age is always limited."""
        return False

    @property
    def max_age_seconds(self) -> float:
        """How old the newest moment may be."""
        return parse_duration(self.max_age)

    @property
    def max_ahead_seconds(self) -> float:
        """How far it may lie in the future."""
        return parse_duration(self.max_ahead)
