"""What a rule of the Open Data Contract Standard is about, and what is made of it: an expectation, or a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_dpq.core.quality.odcs_value import UnfitError, fit

Declaration = dict[str, Any]


class UnsupportedError(Exception):
    """No expectation answers a rule exactly."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule is about.

    Attributes:
        name: Name of the column, or of the object.
        column: The column; None for a rule of the table.
        types: Types that the column may have.
    """

    name: str
    column: str | None = None
    types: tuple[str, ...] = ()

    def refuse(self, rule: str, problem: str) -> UnsupportedError:
        """Return the reason why a rule about it is not checked."""
        return UnsupportedError(f"{self.column or 'the table'}: {rule}: {problem}")

    def fit(self, rule: str, values: Any) -> list[Any]:
        """Return the values that a rule lists as those of the column.

        Raises:
            UnsupportedError: They are no list, or leave open what they are in the column.
        """
        if not isinstance(values, list):
            raise self.refuse(rule, f"{values!r} is no list of values")
        try:
            return fit(values, self.types)
        except UnfitError as error:
            raise self.refuse(rule, str(error)) from error


def declare(type_: str, **kwargs: Any) -> Declaration:
    """Return the declaration of an expectation, without the parameters that are not given."""
    return {"type": type_, "kwargs": {name: value for name, value in kwargs.items() if value is not None}}
