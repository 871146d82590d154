"""What the values of a column of text are written as, counted: that decides how the column is read.

Counts of the parts of a table add up to those of the whole, so that a part is read as the whole is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from airflow_provider_dpq.core.table.column import Kind

NUMBER: Final = "number"
"""Any number: the form to which texts are cast."""
PLAIN: Final = "plain"
"""A number without an exponent: decimal where floating numbers would not tell the values apart."""
SCALED: Final = "scaled"
"""A number that an exact type may hold, also one with an exponent."""
NOT_A_NUMBER: Final = "nan"
WHOLE: Final = "integer"
WIDE: Final = "wide integer"
DECIMAL: Final = "decimal"
MOMENTS: Final[Mapping[str, Kind]] = {
    "date": Kind.DATE,
    "timestamp": Kind.TIMESTAMP,
    "timestamptz": Kind.TIMESTAMP_TZ,
}
"""The forms of days and moments, the narrowest first."""
FORMS: Final = (WHOLE, WIDE, "float", "boolean", *MOMENTS)
"""The forms that make a type, in the order in which they are tried; `PLAIN` comes after them."""
_MOST_DIGITS: Final = 38


class Counts(Protocol):
    """How many values of a column are written in each form."""

    @property
    def values(self) -> int:
        """How many values there are."""

    @property
    def digits(self) -> tuple[int, int]:
        """The most digits before and after the point among those of the form `SCALED`."""

    def fitting(self, form: str) -> int:
        """Return how many values are written in a form; 0 in one that the column has not."""

    def all_fit(self, form: str) -> bool:
        """Whether all values are written in a form, and there is one."""


def type_of(column: Counts) -> str | None:
    """Return the form that makes a column's type; None for text, and where there is no value."""
    found = next((form for form in FORMS if column.all_fit(form)), None)
    return DECIMAL if found is None and column.all_fit(PLAIN) and are_exact(column) else found


def are_exact(column: Counts) -> bool:
    """Whether one decimal type is wide enough for all numbers of a column."""
    return sum(column.digits) <= _MOST_DIGITS


def number_form(column: Counts) -> str:
    """Return the form by which a column of text is cast to numbers.

    Whole ones where all are, exact ones where floating would change some, and else floating ones. What is not a number
    is missing in each of them.
    """
    missing = column.fitting(NOT_A_NUMBER)
    numbers = column.fitting(NUMBER) - missing
    if not numbers or numbers == column.fitting(WIDE):
        return WIDE if numbers else NUMBER
    exact = column.fitting("float") - missing < numbers == column.fitting(SCALED)
    return DECIMAL if exact and are_exact(column) else NUMBER


def widest_moment(column: Counts) -> str:
    """Return the form of the widest kind of days and moments in a column; days where there is none."""
    return next((form for form in reversed(tuple(MOMENTS)) if column.fitting(form)), "date")


def prevailing(column: Counts) -> Kind | None:
    """Return the kind that at least half of a column's values have; of days and moments the widest among them."""
    kinds = {NUMBER: Kind.FLOAT, "boolean": Kind.BOOLEAN, **MOMENTS}
    held = [(kind, count) for form, kind in kinds.items() if (count := column.fitting(form))]
    moments = [(kind, count) for kind, count in held if kind.temporal]
    together = [(moments[-1][0], sum(count for _, count in moments))] if moments else []
    return next((kind for kind, count in [*held, *together] if 2 * count >= column.values), None)


def reading(column: Counts) -> str:
    """Say all that decides how a column is read: two readings that are equal read every value alike."""
    found = type_of(column)
    if found is not None:
        return found
    return f"text, {casts(column)}"


def casts(column: Counts) -> str:
    """Say all that decides how checks cast the values of a column that is none of one type."""
    most = prevailing(column)
    digits = "exact" if are_exact(column) else "rounded"
    return f"{number_form(column)} ({digits}), {widest_moment(column)}, {'text' if most is None else most.value}"


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts that are known.

    Attributes:
        values: How many values there are.
        forms: How many are written in each form.
        digits: The most digits before and after the point.
    """

    values: int = 0
    forms: Mapping[str, int] = field(default_factory=dict)
    digits: tuple[int, int] = (0, 0)

    def fitting(self, form: str) -> int:
        """Return how many values are written in a form."""
        return self.forms.get(form, 0)

    def all_fit(self, form: str) -> bool:
        """Whether all values are written in a form, and there is one."""
        return 0 < self.values == self.fitting(form)

    def __add__(self, other: Tally) -> Tally:
        """Return the counts of two parts of a column together."""
        forms = {form: self.fitting(form) + other.fitting(form) for form in {**self.forms, **other.forms}}
        before, after = zip(self.digits, other.digits, strict=True)
        return Tally(self.values + other.values, forms, (max(before), max(after)))

    def written(self) -> dict[str, int]:
        """Return it as numbers by name, which `read_tally` reads."""
        before, after = self.digits
        found = {"values": self.values, "before": before, "after": after, **self.forms}
        return {name: count for name, count in found.items() if count}


def read_tally(written: Mapping[str, Any]) -> Tally:
    """Return the counts that `Tally.written` wrote."""
    forms = {form: int(written[form]) for form in (*FORMS, NUMBER, PLAIN, SCALED, NOT_A_NUMBER) if form in written}
    digits = int(written.get("before", 0)), int(written.get("after", 0))
    return Tally(int(written.get("values", 0)), forms, digits)
