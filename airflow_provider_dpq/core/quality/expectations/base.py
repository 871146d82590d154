"""What expectations have in common: arguments as Great Expectations reads them, refused where it refuses them."""

from __future__ import annotations

import math
from abc import abstractmethod
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from airflow_provider_dpq.core.gate.share import exact
from airflow_provider_dpq.core.quality.condition import Condition, parse_condition
from airflow_provider_dpq.core.table.instant import instant, read_moment
from airflow_provider_dpq.core.table.jsonable import is_nan


class Observed(StrEnum):
    """What an expectation's ``observed_value`` is, and so who may see it."""

    COUNTS = "counts"
    """How many rows or values, or a share of them."""
    NAMES = "names"
    """Names of columns or of types."""
    ROWS = "rows"
    """How many rows a query of the user's own finds; it shows them, and their columns may have any name."""
    FIGURES = "figures"
    """A figure that many values make, such as a mean; its details may hold values."""
    VALUES = "values"
    """Values as they stand in the data: the greatest, the most common, all distinct ones."""


class Merging(StrEnum):
    """How what was found in parts of a table makes what is found in the whole."""

    COUNTS = "counts"
    """A row holds or not, whatever the others are: counts are added."""
    TOTAL = "total"
    """Totals are added."""
    LEAST = "least"
    """The least of the parts is that of the whole."""
    GREATEST = "greatest"
    """The greatest of the parts is that of the whole."""
    MEAN = "mean"
    """Totals are added, and divided by the number of all values."""
    DEVIATION = "deviation"
    """Squares about the parts' means are added to those of these about the whole's."""
    WHOLE = "whole"
    """Not at all: it is judged on the whole table, also where it is about another table, which may change meanwhile."""
    METRICS = "metrics"
    """It is about what was measured of the whole."""
    NEVER = "never"
    """It says nothing about a table that is looked at part by part, and is refused there."""


class Expectation(BaseModel):
    """A declared statement about data that the scan can evaluate.

    Attributes:
        type: Its type in snake case.
        ours: Whether Great Expectations does not have it.
        observes: What its ``observed_value`` is.
        expects_rows: Whether it says how many rows there must be, and so may hold of none at all.
        looks_at_rows: Whether it is about rows and their values, so that where there is no row it has looked at
            nothing; False for what is about the table: how many rows it has, its columns, their types.
        elsewhere: Arguments that name columns of other tables, or of what a query finds.
        conditions: Arguments that choose rows.
        decides_rows: Whether a single row may break it; False for what is about a column or the table as a whole.
        reckons: Whether it computes with the values, or holds them against numbers that Great Expectations rounds.
        merges: How what was found in parts of a table makes what is found in the whole.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, arbitrary_types_allowed=True)
    type: ClassVar[str]
    ours: ClassVar[bool] = False
    observes: ClassVar[Observed]
    expects_rows: ClassVar[bool] = False
    looks_at_rows: ClassVar[bool]
    elsewhere: ClassVar[tuple[str, ...]] = ()
    conditions: ClassVar[tuple[str, ...]] = ("row_condition",)
    decides_rows: ClassVar[bool] = True
    reckons: ClassVar[bool] = False
    merges: ClassVar[Merging]

    @property
    @abstractmethod
    def judges_nothing(self) -> bool:
        """Whether it is declared so that no data could break it."""

    @property
    def may_hang(self) -> bool:
        """Whether Python may take for ever to judge one value by it."""
        return False


_WIDEST: Final = 1024
"""Bits of a whole number beyond which no floating one is near it, and Great Expectations takes none."""


def _bound(value: Any) -> Any:
    """Read a bound as Great Expectations does: a number, else an ISO date, else an ISO date and time.

    A whole or decimal number stays what it is, with all its digits.
    """
    if value is None or isinstance(value, date):
        return _no_nan(value)
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        if isinstance(value, int) and value.bit_length() > _WIDEST:
            message = "the number is too large"
            raise ValueError(message)
        return _no_nan(value)
    if isinstance(value, str):
        number = _float(value)
        found = read_moment(value) if number is None else _no_nan(number)
        if found is None:
            message = f"{value!r} is neither a number nor an ISO date or time, of microseconds at most"
            raise ValueError(message)
        return found
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        message = f"{value!r} is neither a number nor a date"
        raise ValueError(message) from error
    return _no_nan(number)


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def whole(value: Any) -> Any:
    """Read a whole number as Great Expectations does: ``3.7`` is 3, ``"3"`` is 3.

    Raises:
        ValueError: It is no number.
    """
    if value is None or isinstance(value, int):
        return value
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError) as error:
        message = f"{value!r} is not a whole number"
        raise ValueError(message) from error


def _number(value: Any) -> Any:
    bound = _bound(value)
    if isinstance(bound, date):
        message = f"{value!r} is not a number"
        raise ValueError(message)  # noqa: TRY004 - pydantic turns only ValueError into its own error
    return bound


def _no_nan(value: Any) -> Any:
    """Refuse NaN, of numbers or of times, as a limit: every comparison with it is false."""
    if is_nan(value):
        message = "NaN is no limit"
        raise ValueError(message)
    return value


Bound: TypeAlias = Annotated[int | float | Decimal | date | datetime | None, BeforeValidator(_bound)]
Number: TypeAlias = Annotated[float | None, BeforeValidator(_number)]
Whole: TypeAlias = Annotated[int | None, BeforeValidator(whole)]
ColumnName: TypeAlias = Annotated[str, Field(min_length=1, strict=True)]
Mostly: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Limit: TypeAlias = Annotated[float, AfterValidator(_no_nan)]
Parser: TypeAlias = Literal["great_expectations", "great_expectations__experimental__", "pandas", "spark"] | None


ENDLESS: Final = (-math.inf, math.inf)
"""The span of any number."""
COUNT: Final = (0, math.inf)
"""The span of a number of things."""
SHARE: Final = (0, 1)
"""The span of a share."""


class Conditional(Expectation):
    """An expectation that may look at some rows only.

    Attributes:
        row_condition: Which rows: an expression in the syntax that `condition_parser` names, GX's dict form or object.
        condition_parser: ``great_expectations``, ``pandas`` or ``spark``.
    """

    row_condition: Any = None
    condition_parser: Parser = None

    @model_validator(mode="after")
    def _readable_condition(self) -> Self:
        _ = self.condition
        return self

    @property
    def condition(self) -> Condition | None:
        """The row condition, parsed; None for all rows."""
        return parse_condition(self.row_condition, self.condition_parser)


class Bounded(Conditional):
    """An expectation with a lower and an upper bound, each inclusive unless strict.

    Attributes:
        span: The least and the greatest number that what is bounded can be: a bound at or beyond them limits nothing.
    """

    span: ClassVar[tuple[float, float]] = ENDLESS
    min_value: Any = None
    max_value: Any = None
    strict_min: bool = False
    strict_max: bool = False

    def holds(self, value: Any) -> bool:
        """Whether a value lies within the bounds: numbers as their shortest decimal texts, days as moments in UTC.

        Raises:
            TypeError: It cannot be compared with them.
        """
        low, high, found = map(_measure, (self.min_value, self.max_value, value))
        above = low is None or (found > low if self.strict_min else found >= low)
        below = high is None or (found < high if self.strict_max else found <= high)
        return bool(above and below)

    @property
    def judges_nothing(self) -> bool:
        """Whether neither bound leaves anything out."""
        return is_unbounded(self, self.span)


def _measure(value: Any) -> Any:
    """Return a value as one that is compared with others of its kind without rounding."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return exact(value) if isinstance(value, int) or math.isfinite(value) else float(value)
    return instant(value) if isinstance(value, date) else value


class Between(Bounded):
    """An expectation whose lower bound must not lie above its upper one."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        try:
            low, high = _measure(self.min_value), _measure(self.max_value)
            reversed_bounds = None not in (low, high) and low > high
        except TypeError as error:
            message = f"min_value {self.min_value!r} and max_value {self.max_value!r} cannot be compared"
            raise ValueError(message) from error
        if reversed_bounds:
            message = f"min_value {self.min_value!r} is greater than max_value {self.max_value!r}"
            raise ValueError(message)
        return self


def is_unbounded(bounded: Any, span: tuple[float, float]) -> bool:
    """Whether bounds leave nothing out of what a number within a span can be.

    Args:
        bounded: What has ``min_value`` and ``max_value``, and may have ``strict_min`` and ``strict_max``.
        span: The least and the greatest number possible.
    """
    low, high = bounded.min_value, bounded.max_value
    strict_low, strict_high = getattr(bounded, "strict_min", False), getattr(bounded, "strict_max", False)
    if isinstance(low, (int, float)):
        low = None if (low < span[0] if strict_low else low <= span[0]) else low
    if isinstance(high, (int, float)):
        high = None if (high > span[1] if strict_high else high >= span[1]) else high
    return low is None and high is None


def require_bound(expectation: Between) -> None:
    """Refuse an expectation that gives no bound.

    Raises:
        ValueError: Both bounds are None.
    """
    if expectation.min_value is None and expectation.max_value is None:
        message = "min_value and max_value cannot both be None"
        raise ValueError(message)


def as_list(value: Any) -> Any:
    """Read a set or tuple as a list, as Great Expectations does; anything else stays as it is."""
    return list(value) if isinstance(value, (set, frozenset, tuple)) else value


ValueSet: TypeAlias = Annotated[list[Any], BeforeValidator(as_list)]

__all__ = [
    "COUNT",
    "ENDLESS",
    "SHARE",
    "Between",
    "Bound",
    "Bounded",
    "ColumnName",
    "Conditional",
    "Expectation",
    "Limit",
    "Merging",
    "Mostly",
    "Number",
    "ValueSet",
    "Whole",
    "as_list",
    "is_unbounded",
    "require_bound",
    "whole",
]
