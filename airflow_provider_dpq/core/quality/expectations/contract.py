"""Expectations of ours about a table's contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import model_validator

from airflow_provider_dpq.core.quality.contract.model import Contract
from airflow_provider_dpq.core.quality.contract.read import load_contract
from airflow_provider_dpq.core.quality.document import is_document, split_name
from airflow_provider_dpq.core.quality.expectations.base import Expectation, Merging, Observed


class ExpectTableToMatchContract(Expectation):
    """The table is what a contract promises: its columns, their types, values in every row, and uniqueness.

    Attributes:
        contract: The contract, or the path of one: in the form of this project, or of the Open Data Contract Standard.
        previous: The version before, or its path; a change that breaks readers or data does not hold.
        additional_columns: Whether the table may have other columns; the contract's own answer where not given.
    """

    type: ClassVar[str] = "expect_table_to_match_contract"
    ours: ClassVar[bool] = True
    merges: ClassVar[Merging] = Merging.NEVER
    observes: ClassVar[Observed] = Observed.COUNTS
    looks_at_rows: ClassVar[bool] = False
    decides_rows: ClassVar[bool] = False
    contract: Any
    previous: Any = None
    additional_columns: bool | None = None

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.contract in (None, ""):
            message = "contract is missing"
            raise ValueError(message)
        # A contract in a file is read where it is there: the processor of DAGs may not have what the worker has.
        for declared in (self.contract, self.previous):
            if declared is not None and (not is_document(declared) or _is_there(declared)):
                load_contract(declared)
        return self

    @property
    def judges_nothing(self) -> bool:
        """A contract has columns, and these must exist or have a type."""
        return False

    def load(self) -> Contract:
        """Read the contract.

        Raises:
            DeclarationError: ``unreadable_contract`` or ``invalid_contract``.
        """
        contract = load_contract(self.contract)
        if self.additional_columns is None:
            return contract
        return contract.model_copy(update={"additional_columns": self.additional_columns})

    def load_previous(self) -> Contract | None:
        """Read the version before; None where none is declared.

        Raises:
            DeclarationError: ``unreadable_contract`` or ``invalid_contract``.
        """
        return None if self.previous is None else load_contract(self.previous)


def _is_there(source: Any) -> bool:
    path, _ = split_name(source)
    return isinstance(path, (str, Path)) and Path(path).is_file()
