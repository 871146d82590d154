"""What Python says of single texts: predicates, judged here, or in a process that can be ended where one may hang."""

from __future__ import annotations

import contextlib
import json
import re
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_dpq.core.errors import ChildError, MeasurementError, OperationTimeoutError
from airflow_provider_dpq.core.table.backtracking import may_backtrack, may_take_for_ever

if TYPE_CHECKING:
    from airflow_provider_dpq.core.operation.isolation import Child

LONGEST_SECONDS: Final = 10.0
"""How long one text may take to judge."""
_LONG_TEXT: Final = 2_000
_TOGETHER: Final = 64
_TOLD_SECONDS: Final = 0.5


class Predicate(ABC):
    """What holds of a text or not."""

    @abstractmethod
    def prepared(self) -> Callable[[str], bool]:
        """Return what judges a text.

        Raises:
            MeasurementError: It is declared so that it judges none.
        """

    @property
    def may_hang(self) -> bool:
        """Whether a short text may take for ever to judge."""
        return False


@dataclass(frozen=True, slots=True)
class ReadByDateutil(Predicate):
    """Can be read by dateutil."""

    def prepared(self) -> Callable[[str], bool]:
        """Return what judges a text."""
        from dateutil.parser import parse

        return lambda text: _succeeds(parse, text)


@dataclass(frozen=True, slots=True)
class ReadByFormat(Predicate):
    """Is a date or time in a format of ``strptime``."""

    format: str

    def prepared(self) -> Callable[[str], bool]:
        """Return what judges a text."""
        return lambda text: _succeeds(datetime.strptime, text, self.format)


@dataclass(frozen=True, slots=True)
class Json(Predicate):
    """Is JSON."""

    def prepared(self) -> Callable[[str], bool]:
        """Return what judges a text."""
        return lambda text: _succeeds(json.loads, text)


@dataclass(frozen=True, slots=True)
class Multiple(Predicate):
    """Is a whole multiple of a number."""

    unit: Fraction

    def prepared(self) -> Callable[[str], bool]:
        """Return what judges a text."""
        return self._holds

    def _holds(self, text: str) -> bool:
        try:
            return (Fraction(text) / self.unit).denominator == 1
        except ValueError:
            return False  # infinity, and what is no number


@dataclass(frozen=True, slots=True)
class Found(Predicate):
    """Has any, or all, of some patterns of Python's ``re``; with `wanted` False, it has not."""

    patterns: tuple[str, ...]
    every: bool
    wanted: bool

    def prepared(self) -> Callable[[str], bool]:
        """Return what judges a text."""
        compiled = [re.compile(pattern) for pattern in self.patterns]
        together = all if self.every else any
        return lambda text: together(pattern.search(text) is not None for pattern in compiled) is self.wanted

    @property
    def may_hang(self) -> bool:
        """Whether a pattern may backtrack for ever."""
        return any(map(may_backtrack, self.patterns))


@dataclass(frozen=True, slots=True)
class FollowsSchema(Predicate):
    """Is JSON that follows a JSON schema; one that is no JSON ends the check, as in Great Expectations."""

    schema: dict[Any, Any]
    column: str

    def prepared(self) -> Callable[[str], bool]:
        """Return what judges a text; references lead into the schema itself and nowhere else.

        Raises:
            MeasurementError: ``invalid_json_schema``.
        """
        from jsonschema import SchemaError
        from jsonschema.validators import validator_for
        from referencing import Registry

        kind = validator_for(self.schema)
        try:
            kind.check_schema(self.schema)
        except (SchemaError, RecursionError) as error:
            message = f"The JSON schema is not valid: {getattr(error, 'message', 'it is nested too deep')}."
            raise MeasurementError("invalid_json_schema", message, hint="Mend the schema.") from error
        follows: Callable[[Any], bool] = kind(self.schema, registry=Registry()).is_valid
        return lambda text: follows(self._value(text))

    @property
    def may_hang(self) -> bool:
        """Whether a value may take for ever."""
        return may_take_for_ever(self.schema)

    def _value(self, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            message = f"Column {self.column!r} has a value that is no JSON, so that no schema is about it."
            hint = "Expect the values to be JSON first, or leave those rows out by a row condition."
            raise MeasurementError("malformed_values", message, hint=hint, quotes_data=False) from None


def _succeeds(read: Callable[..., Any], *arguments: Any) -> bool:
    try:
        read(*arguments)
    except (ValueError, OverflowError, RecursionError):
        return False
    return True


class Judge:
    """Judges pages of a column's texts by a predicate, where one of them may hang in a process of its own.

    Args:
        predicate: The predicate.
        column: Name of the column, for messages.
    """

    def __init__(self, predicate: Predicate, column: str) -> None:
        self._predicate, self._column = predicate, column
        self._holds = _named(predicate.prepared(), column)
        self._child: Child | None = None
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def __call__(self, texts: Sequence[str]) -> Sequence[bool]:
        """Return for each text whether the predicate holds.

        Raises:
            MeasurementError: ``value_too_slow``: one took too long; ``unjudged_value``, or what the predicate raises.
        """
        if not self._predicate.may_hang and max(map(len, texts), default=0) <= _LONG_TEXT:
            with warnings.catch_warnings(action="ignore"):  # a parser's warning may quote the value
                return [self._holds(text) for text in texts]
        from airflow_provider_dpq.core.operation.isolation import Child

        if self._child is None:
            self._child = self._open.enter_context(Child(tell=lambda _: None))  # what it prints may quote a value
        asked = (self._predicate, self._column, list(texts))
        try:
            pages = self._child.stream(judge_texts, *asked, timeout_seconds=LONGEST_SECONDS)
            return [held for page in pages for held in page]
        except MeasurementError as error:
            raise self._told(error) from None

    def _told(self, error: MeasurementError) -> MeasurementError:
        if isinstance(error, OperationTimeoutError):
            message = f"A value of column {self._column!r} could not be judged within {LONGEST_SECONDS:g} s."
            hint = "Write a pattern that can match in one way only, or leave such rows out by a row condition."
            return MeasurementError("value_too_slow", message, hint=hint, quotes_data=False)
        if isinstance(error, ChildError):
            message = f"The process that judges values of column {self._column!r} has ended ({error.reason})."
            return MeasurementError("unjudged_value", message, quotes_data=False)
        return error


def judge_texts(predicate: Predicate, column: str, texts: Sequence[str]) -> Iterator[list[bool]]:
    """Yield for texts, in order, whether a predicate holds: some at a time, so that silence says that one hangs."""
    holds, held, told = _named(predicate.prepared(), column), [], time.monotonic()
    with warnings.catch_warnings(action="ignore"):
        for text in texts:
            held.append(holds(text))
            if len(held) >= _TOGETHER or time.monotonic() - told > _TOLD_SECONDS:
                yield held
                held, told = [], time.monotonic()
    yield held


def _named(holds: Callable[[str], bool], column: str) -> Callable[[str], bool]:
    """Say of an exception which column it is about, and nothing about the value."""

    def judge(value: str) -> bool:
        try:
            return holds(value)
        except MeasurementError:
            raise
        except Exception as error:  # noqa: BLE001 - a parser keeps no promise about what it raises on odd text
            message = f"A value of column {column!r} could not be judged: {type(error).__name__}."
            raise MeasurementError(
                "unjudged_value", message, hint="Look at the column's odd values.", quotes_data=False
            ) from None

    return judge
