"""Great Expectations itself, for what the scan cannot evaluate exactly as it would. Importing it takes seconds."""

from __future__ import annotations

import logging
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from airflow_provider_dpq.core.errors import (
    DeclarationError,
    MeasurementError,
    OperationTimeoutError,
    UnsupportedExpectationError,
)
from airflow_provider_dpq.core.gate.report import Problem
from airflow_provider_dpq.core.quality.compile.plan import Answer
from airflow_provider_dpq.core.quality.result_format import ResultFormat
from airflow_provider_dpq.core.table.jsonable import jsonable
from airflow_provider_dpq.core.table.table import Table

if TYPE_CHECKING:
    import pandas as pd

    from airflow_provider_dpq.core.quality.declared import Declared
    from airflow_provider_dpq.core.table.database import DatabaseTable

Asked: TypeAlias = tuple[Any, ResultFormat]
"""A Great Expectations object, and how much of its unexpected values to show."""
_Validate: TypeAlias = Callable[[Any, Any], Any]
NAME: Final = "gx"
"""What results name Great Expectations by, as the evaluator."""

_NO_METRIC: Final = re.compile(r"No provider found for \S+")
_FALLBACK: Final = "Great Expectations could not evaluate it."


def build(declared: Declared) -> Any:
    """Return the Great Expectations object of an expectation.

    Raises:
        DeclarationError: ``unknown_expectation`` or ``invalid_argument``: Great Expectations refuses it.
    """
    if declared.native is not None:
        return declared.native
    with _quiet():  # what it imports warns too, where pandas is newer than that knows
        import great_expectations.expectations.core  # noqa: F401 - registers the core expectations
        from great_expectations.exceptions import GreatExpectationsError
        from great_expectations.expectations.registry import get_expectation_impl

    try:
        with _quiet():
            return get_expectation_impl(declared.type)(**declared.kwargs)
    except (ValueError, TypeError, ArithmeticError, GreatExpectationsError) as error:
        message = f"{declared.type}: {error}"
        raise DeclarationError("invalid_argument", message) from error


_APART_SECONDS: Final = 120.0
"""How long Great Expectations may take in a process of its own, its import included."""


def answer(asked: Sequence[Asked], rows: Any) -> list[Answer | MeasurementError]:
    """Let Great Expectations evaluate expectations, and count the rows that their row conditions keep."""
    if not asked:
        return []
    counts = [_row_count(expectation) for expectation, _ in asked]
    answers = evaluate([*asked, *((count, ResultFormat()) for count in counts if count is not None)], rows)
    counted = iter(answers[len(asked) :])
    found = [None if count is None else _observed_rows(next(counted)) for count in counts]
    return [
        replace(one, rows=row) if isinstance(one, Answer) else one
        for one, row in zip(answers[: len(asked)], found, strict=True)
    ]


def answer_apart(declared: Declared, frame: pd.DataFrame, wanted: ResultFormat) -> Answer | MeasurementError:
    """Let Great Expectations evaluate an expectation in a process that is ended where a value makes it hang.

    Args:
        declared: The expectation.
        frame: A pandas frame.
        wanted: How much of the unexpected values to show.
    """
    from airflow_provider_dpq.core.operation.isolation import Child

    try:
        with Child(tell=lambda _: None) as child:  # what it prints may quote a value
            asked = (declared.type, dict(declared.kwargs), frame, wanted)
            (found,) = child.stream(_answers, *asked, timeout_seconds=_APART_SECONDS)
    except OperationTimeoutError:
        message = f"Great Expectations did not evaluate {declared.type} within {_APART_SECONDS:g} s."
        hint = "Write a pattern that can match in one way only, or leave such rows out by a row condition."
        return MeasurementError("value_too_slow", message, hint=hint, quotes_data=False)
    except MeasurementError as error:
        return error
    assert isinstance(found, (Answer, MeasurementError))  # noqa: S101 - what `_answers` yields
    return found


def _answers(
    kind: str, kwargs: Mapping[str, Any], frame: pd.DataFrame, wanted: ResultFormat
) -> Iterator[Answer | MeasurementError]:
    from airflow_provider_dpq.core.quality.suite import load_suite

    # PySpark, which it imports, takes a program without a file for its own tests, and ends it.
    vars(sys.modules["__main__"]).setdefault("__file__", __file__)
    (declared,) = load_suite([{"type": kind, "kwargs": dict(kwargs)}]).expectations
    yield from answer([(build(declared), wanted)], frame)


def _row_count(expectation: Any) -> Any:
    """Return what counts the rows that the row condition of a Great Expectations object keeps; None without one."""
    condition = getattr(expectation, "row_condition", None)
    if not condition:
        return None
    from great_expectations.expectations.core import ExpectTableRowCountToBeBetween

    parser = getattr(expectation, "condition_parser", None)
    with _quiet():
        return ExpectTableRowCountToBeBetween(min_value=0, row_condition=condition, condition_parser=parser)


def _observed_rows(answer: Answer | MeasurementError) -> int | None:
    value = answer.result.get("observed_value") if isinstance(answer, Answer) else None
    return value if isinstance(value, int) else None


def evaluate(asked: Sequence[Asked], rows: Any) -> list[Answer | MeasurementError]:
    """Let Great Expectations evaluate expectations: by its pandas engine, or by its SQL engine.

    Args:
        asked: Great Expectations objects, each with how much of its unexpected values to show.
        rows: A pandas frame, or an open table of a database.

    Returns:
        For each expectation its answer, or why it could not be evaluated.
    """
    import great_expectations as gx

    with _quiet(), _current_context_kept():
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
        # It keeps no promise about what it raises. Whatever that is, it is about these checks and no others.
        try:
            validate = (_open_table if isinstance(rows, Table) else _open_frame)(context, rows)
        except Exception as error:  # noqa: BLE001
            return [_raised(error)] * len(asked)
        return [_validate(validate, expectation, _format(wanted)) for expectation, wanted in asked]


def _open_frame(context: Any, frame: pd.DataFrame) -> _Validate:
    source = context.data_sources.add_pandas("dpq")
    definition = source.add_dataframe_asset("dpq").add_batch_definition_whole_dataframe("dpq")
    batch = definition.get_batch({"dataframe": frame})
    return lambda expectation, result_format: batch.validate(expectation, result_format=result_format)


def _open_table(context: Any, table: DatabaseTable) -> _Validate:
    from airflow_provider_dpq.core.quality.gx_database import open_batch

    return open_batch(context, table)


def _validate(validate: _Validate, expectation: Any, result_format: dict[str, Any]) -> Answer | MeasurementError:
    try:
        return _answer(validate(expectation, result_format))
    except Exception as error:  # noqa: BLE001 - as above
        return _raised(error)


def _raised(error: Exception) -> MeasurementError:
    return MeasurementError("gx_exception", f"{_FALLBACK} {type(error).__name__}: {_words(str(error))}")


def _words(message: str) -> str:
    """Return a message without SQLAlchemy's echo of the statement and its values."""
    return message.partition("\n[SQL:")[0]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Great Expectations' own log lines, which may quote data, and warnings about its inside out of the log."""
    logger = logging.getLogger("great_expectations")
    handlers, propagate = logger.handlers, logger.propagate
    logger.handlers, logger.propagate = [logging.NullHandler()], False  # some of its loggers have a level of their own
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logger.handlers, logger.propagate = handlers, propagate


@contextmanager
def _current_context_kept() -> Iterator[None]:
    """Leave a context of the caller's the current one: Great Expectations replaces it with each that it makes."""
    from great_expectations.data_context.data_context.context_factory import project_manager
    from great_expectations.exceptions import DataContextRequiredError

    try:
        current = project_manager.get_current_project()
    except DataContextRequiredError:
        current = None
    try:
        yield
    finally:
        project_manager.set_project(current)


def _format(wanted: ResultFormat) -> dict[str, Any]:
    """Return the result format for Great Expectations: counts are always asked for, since thresholds judge them."""
    declared: dict[str, Any] = {
        "result_format": "BASIC" if wanted.level == "BOOLEAN_ONLY" else wanted.level,
        "partial_unexpected_count": wanted.partial_unexpected_count,
        "exclude_unexpected_values": wanted.exclude_unexpected_values,
    }
    if wanted.index_query is not None:
        declared["return_unexpected_index_query"] = wanted.index_query
    if wanted.unexpected_rows and not wanted.exclude_unexpected_values:
        declared["include_unexpected_rows"] = True
    if wanted.index_columns:
        declared["unexpected_index_column_names"] = list(wanted.index_columns)
    return declared


def _answer(validated: Any) -> Answer | MeasurementError:
    document = _document(validated)
    problem = _problem(document.get("exception_info") or {})
    if problem is not None:
        absent = _NO_METRIC.match(problem.message)
        if absent:
            return UnsupportedExpectationError("unsupported_expectation", absent[0], quotes_data=False)
        return MeasurementError(problem.reason, problem.message)
    result = {key: jsonable(value) for key, value in (document.get("result") or {}).items()}
    return Answer(bool(document["success"]), result)


def _document(validated: Any) -> Mapping[str, Any]:
    try:
        document: Mapping[str, Any] = validated.to_json_dict()
    except TypeError:  # a value that it cannot write, a span of time for one: here it becomes text
        return {name: getattr(validated, name) for name in ("success", "result", "exception_info")}
    return document


def _problem(information: Mapping[str, Any]) -> Problem | None:
    """Find the exception that GX hides in a result that merely looks like a failure."""
    entries = [information] if "raised_exception" in information else list(information.values())
    for entry in entries:
        if isinstance(entry, Mapping) and entry.get("raised_exception"):
            return Problem(reason="gx_exception", message=_words(str(entry.get("exception_message") or _FALLBACK)))
    return None
