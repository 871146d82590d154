"""A contract as a suite: one check for each of its promises, so that each has a name, a severity and samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_dpq.core.quality.contract.model import Contract, ContractColumn
from airflow_provider_dpq.core.quality.contract.odcs_rule import Rules, rules, without_rules
from airflow_provider_dpq.core.quality.contract.read import is_of_a_standard, parse_contract


def as_suite(document: Mapping[str, Any], wanted: str = "") -> dict[str, Any]:
    """Return the suite that a contract stands for, as a mapping with ``expectations``.

    Columns and types are one check; each column that is required or unique is one, and so is the primary key, and each
    rule of a contract of the Open Data Contract Standard.

    Args:
        document: The contract, in any form that `load_contract` reads.
        wanted: Name of the object, for a contract of the standard that has several.

    Returns:
        The suite; ``not_checked`` names what the contract promises and no check evaluates.

    Raises:
        DeclarationError: ``invalid_contract``.
    """
    contract = parse_contract(document, wanted)
    found = rules(document, wanted) if is_of_a_standard(document) else Rules()
    not_checked = [
        *(without_rules(contract) if is_of_a_standard(document) else contract).not_checked,
        *found.not_checked,
    ]
    schema = {"type": "expect_table_to_match_contract", "kwargs": {"contract": _schema(contract)}}
    expectations = [schema, *_promises(contract), *found.declarations]
    return {"name": contract.name, "expectations": expectations, "not_checked": list(dict.fromkeys(not_checked))}


def _promises(contract: Contract) -> Iterator[dict[str, Any]]:
    for column in contract.columns:
        if column.always_there:
            yield {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": column.name}}
    for name in contract.unique:
        if not contract.column(name).optional:
            yield {"type": "expect_column_values_to_be_unique", "kwargs": {"column": name}}
    if len(contract.primary_key) > 1:
        kwargs = {"column_list": list(contract.primary_key), "ignore_row_if": "any_value_is_missing"}
        yield {"type": "expect_compound_columns_to_be_unique", "kwargs": kwargs}


def _schema(contract: Contract) -> dict[str, Any]:
    """Return the part of a contract that is about the table and not about rows, as a user would write it."""
    columns = tuple(_bare(column) for column in contract.columns)
    bare = contract.model_copy(update={"columns": columns, "not_checked": ()})
    return bare.model_dump(mode="json", exclude_defaults=True)


def _bare(column: ContractColumn) -> ContractColumn:
    # Whether an optional column is there is known only at the table: its uniqueness stays with the schema.
    unique = column.unique if column.optional else None
    return ContractColumn(name=column.name, type=column.type, optional=column.optional, unique=unique)
