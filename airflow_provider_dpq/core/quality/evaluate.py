"""Answer the expectations of a suite on an open table: in the scan what it can say, by others what it cannot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, TypeAlias

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import (
    DeclarationError,
    EndedError,
    MeasurementError,
    QueryError,
    QueryTimeoutError,
    RefusedQueryError,
    UnsupportedExpectationError,
    unexpected_error,
)
from airflow_provider_dpq.core.line import printable
from airflow_provider_dpq.core.quality import gx
from airflow_provider_dpq.core.quality.compile.plan import Answer, Plan, Unexpected
from airflow_provider_dpq.core.quality.compile.plausibility import require_counts, require_rows
from airflow_provider_dpq.core.quality.declared import Declared
from airflow_provider_dpq.core.quality.options import Progress
from airflow_provider_dpq.core.quality.plan import (
    ROWS,
    one_statement,
    plan_expectation,
    shared_scan,
    split_figures,
    split_statement,
)
from airflow_provider_dpq.core.quality.result_format import ResultFormat
from airflow_provider_dpq.core.quality.rows import read_frame
from airflow_provider_dpq.core.quality.sample import describe_unexpected
from airflow_provider_dpq.core.quality.suite import Suite
from airflow_provider_dpq.core.table.database import DatabaseTable
from airflow_provider_dpq.core.table.errors import NotScannableError, TooManyDigitsError
from airflow_provider_dpq.core.table.table import Table
from airflow_provider_dpq.core.watch import within

_Found: TypeAlias = Answer | MeasurementError | NotScannableError


_Formats: TypeAlias = Mapping[str, ResultFormat]
"""What is shown of each check, by its name."""

_MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a check, who evaluated it, and which rows break it, where a query can say that."""

    answer: _Found
    by: str | None
    unexpected: Unexpected | None = None


def evaluate(
    table: Table, suite: Suite, built: Mapping[str, Any], wanted: ResultFormat, tell: Progress
) -> tuple[int, list[Outcome]]:
    """Answer all expectations: in the scan what it can say, by Great Expectations what it cannot."""
    formats = {declared.name: declared.shown(wanted) for declared in suite.expectations}
    planned = {declared.name: _plan(declared, table) for declared in suite.expectations}
    plans = {name: plan for name, plan in planned.items() if isinstance(plan, Plan)}
    tell(f"scanning {table.subject} for {_named(plans)}")
    try:
        rows, answers = _scan(table, plans, formats, tell)
    except QueryError:
        table.confirm()  # it is refused for a column that is gone since the check was planned, or it is not
        raise
    found: dict[str, _Found] = {name: plan for name, plan in planned.items() if not isinstance(plan, Plan)}
    found |= answers
    outcomes = {
        name: Outcome(answer, plans[name].by, plans[name].unexpected)
        if name in plans
        else Outcome(answer, None if _is_refused(answer) else "scan")
        for name, answer in found.items()
    }
    left = [declared for declared in suite.expectations if isinstance(found[declared.name], NotScannableError)]
    end = next((answer for answer in answers.values() if isinstance(answer, EndedError)), None)
    if end is not None:
        outcomes |= {declared.name: Outcome(end, None) for declared in left}
    elif left:
        delegated = _delegate(table, left, built, formats, tell)
        outcomes |= {name: _told(outcome, found[name]) for name, outcome in delegated.items()}
    return rows, [outcomes[declared.name] for declared in suite.expectations]


def _plan(declared: Declared, table: Table) -> Plan | MeasurementError | NotScannableError:
    if declared.expectation is None:
        return NotScannableError(f"{declared.type} is Great Expectations' own.")
    try:
        return plan_expectation(declared.expectation, table)
    except DeclarationError:
        raise
    except TooManyDigitsError as error:
        return _rounded(error) if declared.expectation.reckons else error
    except (MeasurementError, NotScannableError) as error:
        return error
    except Exception as error:  # noqa: BLE001 - of this check, and the others stand
        return unexpected_error(error, f"Planning {declared.type}")


def _rounded(error: TooManyDigitsError) -> MeasurementError:
    hint = "Write them with fewer digits, or cast the column to floating numbers, which rounds them."
    return MeasurementError("rounded_numbers", str(error), hint=hint, quotes_data=False)


def _scan(table: Table, plans: Mapping[str, Plan], formats: _Formats, tell: Progress) -> tuple[int, dict[str, _Found]]:
    """Run the shared scan; where the engine refuses it, run each check alone to find the one at fault."""
    try:
        row = _one(table, shared_scan(list(plans.values()), table))
    except QueryError as error:
        if not plans:
            raise
        rows = int(_one(table, shared_scan([], table))[0])
        # Where the time was over, all checks together may take it once more.
        with within(len(plans) if isinstance(error, QueryTimeoutError) else 1):
            return rows, _each(plans, lambda name, plan: _alone(table, plan, formats[name]), tell)
    figures = dict(zip(plans, split_figures(list(plans.values()), row), strict=True))
    try:
        together = _ask_together(table, plans)
    except EndedError as end:
        return int(row[0]), dict.fromkeys(plans, end)
    found = {name: figures[name] | together.get(name, {}) for name in plans}
    total = require_rows(row[0])
    return total, _each(plans, lambda name, plan: _answer(table, plan, found[name], formats[name], total), tell)


def _one(table: Table, query: sa.Select[Any]) -> tuple[Any, ...]:
    """Return the one row of a query.

    Raises:
        MeasurementError: What `Table.fetch` raises; ``unexpected_error`` where a driver cannot hand over a value.
    """
    try:
        (row,) = table.fetch(query)
    except MeasurementError:
        raise
    except Exception as error:  # drivers raise what they like where Python has no such value
        problem = unexpected_error(error, "Reading the answer of a query")
        raise QueryError(problem.reason, problem.message, hint=problem.hint) from error
    return row


def _named(names: Collection[str]) -> str:
    """Say how many checks there are, and name them."""
    first = ", ".join(map(printable, list(names)[:_MOST_NAMED]))
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{len(names)} check{'' if len(names) == 1 else 's'}{': ' if names else ''}{first}{more}"


def _each(plans: Mapping[str, Plan], answer: Callable[[str, Plan], _Found], tell: Progress) -> dict[str, _Found]:
    """Answer one check after the other; once the table answers nothing more, the others share that error."""
    answers: dict[str, _Found] = {}
    end: EndedError | None = None
    for index, (name, plan) in enumerate(plans.items(), start=1):
        tell(f"check {index} of {len(plans)}: {printable(name)}")
        answers[name] = found = end or answer(name, plan)
        end = found if isinstance(found, EndedError) else None
    return answers


def _ask_together(table: Table, plans: Mapping[str, Plan]) -> dict[str, dict[str, Any]]:
    """Ask a database all queries of one figure each in one statement; where it refuses that, each is asked alone.

    DuckDB is asked one after the other: it is no way to go, and the memory of each is free before the next.
    """
    statement = None if table.pandas_like else one_statement(plans)
    if statement is None:
        return {}
    try:
        row = _one(table, statement)
    except QueryError:
        return {}
    return split_statement(plans, row)


def _alone(table: Table, plan: Plan, wanted: ResultFormat) -> _Found:
    try:
        row = _one(table, shared_scan([plan], table))
        total = require_rows(row[0])
    except MeasurementError as error:
        return _refused(table, error)
    return _answer(table, plan, split_figures([plan], row)[0], wanted, total)


def _refused(table: Table, error: MeasurementError) -> _Found:
    """Return what follows when the engine refuses a check: GX can still try files and frames."""
    if not table.pandas_like or not isinstance(error, RefusedQueryError):
        return error
    left = NotScannableError(str(error))
    left.__cause__ = error
    return left


def _answer(table: Table, plan: Plan, found: dict[str, Any], wanted: ResultFormat, total: int) -> _Found:
    rows = found.pop(ROWS, None)
    try:
        for name in plan.queries.keys() - found.keys():
            ((found[name],),) = table.fetch(plan.queries[name])
        if plan.procedure is not None:
            found |= plan.procedure()
        figures = {name: _whole(value) for name, value in found.items()}
        require_counts(plan, figures, total)
        answer = replace(plan.read(figures), rows=None if rows is None else int(rows))
        if plan.describe is not None and wanted.level != "BOOLEAN_ONLY":
            answer = replace(answer, result={**answer.result, **plan.describe(figures, wanted)})
        if plan.unexpected is not None:
            shown = describe_unexpected(table, plan.unexpected, wanted, unexpected_count(answer))
            answer = replace(answer, result=answer.result | shown)
        if plan.samples is not None and wanted.level != "BOOLEAN_ONLY":
            answer = replace(answer, result=answer.result | plan.samples(wanted))
    except NotScannableError as error:
        return error
    except MeasurementError as error:
        return _refused(table, error)
    except Exception as error:  # noqa: BLE001 - of this check, and the others stand
        return unexpected_error(error, "Evaluating the check")
    return answer


def unexpected_count(answer: object) -> int:
    """Return how many rows break a check, as its answer says; 0 where it counts none."""
    return int(str(answer.result.get("unexpected_count") or 0)) if isinstance(answer, Answer) else 0


def _whole(value: Any) -> Any:
    """Return an integral decimal, as databases sum integers to, as an integer."""
    integral = isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value()
    return int(value) if integral else value


def _delegate(
    table: Table, left: Sequence[Declared], built: Mapping[str, Any], formats: _Formats, tell: Progress
) -> dict[str, Outcome]:
    outcomes = {declared.name: Outcome(_unsupported(table, declared), None) for declared in left}
    known = [declared for declared in left if _is_of_gx(table, declared)]
    if known:
        tell(f"evaluating with Great Expectations {_named([declared.name for declared in known])}")
        answers = _asked_of_gx(table, known, built, formats)
        for declared, answer in zip(known, answers, strict=True):
            if not _is_refused(answer):
                outcomes[declared.name] = Outcome(answer, gx.NAME)
    return outcomes


def _asked_of_gx(
    table: Table, known: Sequence[Declared], built: Mapping[str, Any], formats: _Formats
) -> Sequence[Answer | MeasurementError]:
    try:
        rows = _whole_table(table)
        apart = [one for one in known if table.pandas_like and one.expectation is not None and one.expectation.may_hang]
        here = [one for one in known if one not in apart]
        asked = [(built.get(one.name) or gx.build(one), formats[one.name]) for one in here]
        answers = dict(zip((one.name for one in here), gx.answer(asked, rows), strict=True))
        answers |= {one.name: gx.answer_apart(one, rows, formats[one.name]) for one in apart}
        return [answers[one.name] for one in known]
    except DeclarationError:
        raise
    except MeasurementError as error:
        return [error] * len(known)
    except Exception as error:  # noqa: BLE001 - of these checks, and the others stand
        return [unexpected_error(error, "Handing the rows to Great Expectations")] * len(known)


def _told(outcome: Outcome, found: _Found) -> Outcome:
    """Return why the engine refused a check that nobody else can answer either; or the answer, and its doubt."""
    if isinstance(found, NotScannableError) and isinstance(outcome.answer, Answer):
        return replace(outcome, answer=replace(outcome.answer, doubt=found.doubt))
    cause = found.__cause__ if isinstance(found, NotScannableError) else None
    return Outcome(cause, "scan") if outcome.by is None and isinstance(cause, MeasurementError) else outcome


def _is_refused(answer: _Found) -> bool:
    return isinstance(answer, UnsupportedExpectationError)


def _whole_table(table: Table) -> Any:
    """Return the rows as Great Expectations takes them: a frame, or the table of a database itself."""
    if not table.pandas_like:
        return table
    frame = table.frame()
    return read_frame(table) if frame is None else frame


def _is_of_gx(table: Table, declared: Declared) -> bool:
    if not table.pandas_like and not isinstance(table, DatabaseTable):
        return False
    return declared.native is not None or (declared.expectation is None or not declared.expectation.ours)


def _unsupported(table: Table, declared: Declared) -> MeasurementError:
    message = f"{declared.type} as declared cannot be evaluated on {table.subject} ({table.dialect})."
    return UnsupportedExpectationError(
        "unsupported_expectation", message, hint="Check other columns, or an export as a file.", quotes_data=False
    )
