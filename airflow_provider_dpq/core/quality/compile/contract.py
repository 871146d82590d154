"""Plan of the expectation about a table's contract: the plans of its rules, in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from pydantic import JsonValue

from airflow_provider_dpq.core.errors import UnsupportedExpectationError
from airflow_provider_dpq.core.quality.compile.column import plan_not_null
from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Plan, planner
from airflow_provider_dpq.core.quality.compile.unique import plan_compound_unique, plan_unique
from airflow_provider_dpq.core.quality.contract.compatibility import Breaks, changes
from airflow_provider_dpq.core.quality.contract.model import Contract, ContractColumn
from airflow_provider_dpq.core.quality.expectations.column import (
    ExpectColumnValuesToNotBeNull,
)
from airflow_provider_dpq.core.quality.expectations.contract import ExpectTableToMatchContract
from airflow_provider_dpq.core.quality.expectations.unique import (
    ExpectColumnValuesToBeUnique,
    ExpectCompoundColumnsToBeUnique,
)
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.table import Table

_MYSQL: Final = ("mysql", "mariadb")
_PLAIN_TEXT: Final = "str"
"""What a column of CSV is called that reads as nothing but text."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """One promise of a contract.

    Attributes:
        column: The column, or columns; empty for the table.
        rule: What kind of promise it is.
        expected: What is promised.
        found: Says from the figures what breaks it; empty where it is kept.
        measure: The plan that measures it; None where the columns alone tell.
    """

    column: str
    rule: str
    expected: str
    found: Callable[[Mapping[str, Any]], str]
    measure: Plan | None = None


@planner.register
def plan_contract(expectation: ExpectTableToMatchContract, table: Table) -> Plan:
    """The table is what a contract promises.

    Raises:
        DeclarationError: The contract cannot be read, or is none.
        MeasurementError: ``unsupported_expectation``: the values of a column cannot be told apart.
    """
    contract = expectation.load()
    rules = [*_rules(contract, table), *_compatibility(expectation, contract)]

    def read(found: Mapping[str, Any]) -> Answer:
        own: list[dict[str, Any]] = [{} for _ in rules]
        for key, figure in found.items():
            index, _, name = key.partition(".")
            own[int(index)][name] = figure
        broken = [(rule, what) for rule, figures in zip(rules, own, strict=True) if (what := rule.found(figures))]
        return _answer(contract, len(rules), broken)

    return _together([rule.measure for rule in rules], read)


def _together(plans: Sequence[Plan | None], read: Callable[[Mapping[str, Any]], Answer]) -> Plan:
    """Return one plan that measures what several do, each figure named after the position of its own plan."""
    numbered = [(index, plan) for index, plan in enumerate(plans) if plan is not None]
    procedures = [(index, plan.procedure) for index, plan in numbered if plan.procedure is not None]

    def measure() -> Mapping[str, Any]:
        return {f"{index}.{name}": figure for index, run in procedures for name, figure in run().items()}

    return Plan(
        figures={f"{index}.{name}": figure for index, plan in numbered for name, figure in plan.figures.items()},
        queries={f"{index}.{name}": query for index, plan in numbered for name, query in plan.queries.items()},
        procedure=measure if procedures else None,
        read=read,
    )


def _answer(contract: Contract, checked: int, broken: list[tuple[_Rule, str]]) -> Answer:
    mismatched: list[JsonValue] = [
        {"column": rule.column, "rule": rule.rule, "expected": rule.expected, "found": what} for rule, what in broken
    ]
    details: dict[str, JsonValue] = {"checked": checked, "mismatched": mismatched}
    if contract.not_checked:
        details["not_checked"] = list(contract.not_checked)
    return Answer(not broken, {"observed_value": len(broken), "details": details})


def _rules(contract: Contract, table: Table) -> Iterator[_Rule]:
    for promised in contract.columns:
        there = promised.name in table.columns
        if not promised.optional:
            yield _fixed(promised.name, "column", "there", "" if there else "absent")
        if there:
            yield from _of_column(promised, table)
    for name in contract.unique:
        if name in table.columns:
            yield _unique((name,), "unique", table)
    if len(contract.primary_key) > 1 and set(contract.primary_key) <= set(table.columns):
        yield _unique(contract.primary_key, "primary_key", table)
    if not contract.additional_columns:
        known = {column.name for column in contract.columns}
        others = [name for name in table.columns if name not in known]
        yield _fixed("", "additional_columns", "none", ", ".join(others))


def _fixed(column: str, rule: str, expected: str, found: str) -> _Rule:
    return _Rule(column, rule, expected, lambda _: found)


def _of_column(promised: ContractColumn, table: Table) -> Iterator[_Rule]:
    if promised.type:
        yield _type(promised, table.columns[promised.name], table)
    if promised.always_there:
        plan = _planned(plan_not_null, ExpectColumnValuesToNotBeNull(column=promised.name), table)
        yield _counting(plan, promised.name, "required", "a value in every row", "missing")


def _type(promised: ContractColumn, column: Column, table: Table) -> _Rule:
    expected = " or ".join(promised.type)
    if column.raw is not None or column.native == _PLAIN_TEXT:
        return _type_of_text(promised, column, table)
    if column.malformed is not None and column.kind in promised.kinds:
        return _type_of_stored(promised, column, column.malformed, table)
    truth = table.dialect in _MYSQL and column.native.upper().startswith("TINYINT") and Kind.BOOLEAN in promised.kinds
    found = "" if column.kind in promised.kinds or truth else column.dtype or column.native
    return _fixed(promised.name, "type", expected, found)


def _type_of_stored(promised: ContractColumn, column: Column, misfit: sa.ColumnElement[bool], table: Table) -> _Rule:
    """Hold the values of a column of SQLite to its type, which SQLite itself does not."""
    if Kind.INTEGER in promised.kinds and not {Kind.DECIMAL, Kind.FLOAT} & set(promised.kinds):
        misfit = sa.and_(sa.not_(column.missing), sa.func.typeof(column.key) != "integer")
    plan = Plan(read=lambda _: Answer(success=True, result={}), figures={"misfits": Domain(table, None).count(misfit)})

    def found(figures: Mapping[str, Any]) -> str:
        return f"{figures['misfits']} values that are none" if figures["misfits"] else ""

    return _Rule(promised.name, "type", " or ".join(promised.type), found, plan)


def _type_of_text(promised: ContractColumn, column: Column, table: Table) -> _Rule:
    """Hold a column of CSV to a type: text has none of its own, so that each value must read as one of the type.

    Any text is a string, any number is a decimal one, and a column without a value is of any type.
    """
    accepted = set(promised.kinds) - {Kind.OTHER}
    if Kind.DECIMAL in accepted or Kind.FLOAT in accepted:
        accepted |= {Kind.INTEGER, Kind.FLOAT}
    domain = Domain(table, None)
    expected = " or ".join(promised.type)
    if Kind.STRING in accepted or not accepted:
        return _fixed(promised.name, "type", expected, "" if accepted else str(Kind.STRING))
    if column.read_as is not None:
        promise = next(kind for kind in Kind if kind in accepted)
        column = column.read_as(Kind.FLOAT if promise.numeric else promise)
    malformed = column.malformed if column.malformed is not None else sa.false()
    figures = {"present": domain.count(sa.not_(column.missing)), "malformed": domain.count(malformed)}

    def found(figures: Mapping[str, Any]) -> str:
        if not figures["present"]:
            return ""
        if figures["malformed"] == figures["present"]:
            return str(Kind.STRING)
        if column.kind not in accepted:
            return str(column.kind)
        return f"{figures['malformed']} values that are none" if figures["malformed"] else ""

    plan = Plan(read=lambda counted: Answer(not found(counted), {}), figures=figures)
    return _Rule(promised.name, "type", expected, found, plan)


def _unique(names: tuple[str, ...], rule: str, table: Table) -> _Rule:
    if len(names) == 1:
        plan = _planned(plan_unique, ExpectColumnValuesToBeUnique(column=names[0]), table)
    else:
        compound = ExpectCompoundColumnsToBeUnique(column_list=list(names), ignore_row_if="any_value_is_missing")
        plan = _planned(plan_compound_unique, compound, table)
    return _counting(plan, ", ".join(names), rule, "no value twice", "rows that share theirs")


def _planned(planner: Callable[..., Plan], expectation: Any, table: Table) -> Plan:
    try:
        return planner(expectation, table)
    except NotScannableError as error:
        raise UnsupportedExpectationError("unsupported_expectation", str(error), hint="Cast the column.") from error


def _counting(plan: Plan, column: str, rule: str, expected: str, noun: str) -> _Rule:
    def found(figures: Mapping[str, Any]) -> str:
        count = figures["unexpected"] or 0
        return f"{count} {noun}" if count else ""

    return _Rule(column, rule, expected, found, plan)


def _compatibility(expectation: ExpectTableToMatchContract, contract: Contract) -> Iterator[_Rule]:
    previous = expectation.load_previous()
    if previous is None:
        return
    breaking = [change for change in changes(previous, contract) if change.breaks is not Breaks.NOBODY]
    yield from (
        _fixed(change.column, "compatibility", change.old, f"{change.new}, which breaks {change.breaks}")
        for change in breaking
    )
    if not breaking:
        yield _fixed("", "compatibility", f"nothing that breaks version {previous.version}".rstrip(), "")
