"""Contracts: what the columns of a table are promised to be, in our own form or the Open Data Contract Standard's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from airflow_provider_dpq.core.errors import DeclarationError

_MOMENTS: Final = frozenset({"timestamp", "timestamp with time zone"})
TYPES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "integer": frozenset({"integer"}),
        "float": frozenset({"float"}),
        "decimal": frozenset({"decimal"}),
        "number": frozenset({"integer", "float", "decimal"}),
        "boolean": frozenset({"boolean"}),
        "string": frozenset({"string"}),
        "date": frozenset({"date"}),
        "timestamp": _MOMENTS,
        "timestamp_ntz": frozenset({"timestamp"}),
        "timestamp_tz": frozenset({"timestamp with time zone"}),
        "other": frozenset({"other"}),
    }
)
"""Types that a contract may name, and the kinds of columns that each stands for."""


def _types(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Types: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_types)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ContractColumn(_Frozen):
    """What one column is promised to be.

    Attributes:
        name: Its name in the table.
        type: A type of `TYPES`, or several of which it is one; none where the contract promises no type.
        required: Whether every row has a value; where not given, whether it is of the primary key.
        nullable: The contrary of `required`, for those who write it so.
        unique: Whether no value appears twice; where not given, whether it alone is the primary key.
        primary_key: Whether it is a part of the primary key.
        optional: Whether the column itself may be absent.
        description: For people.
    """

    name: Annotated[str, Field(min_length=1)]
    type: Types = ()
    required: bool | None = None
    nullable: bool | None = None
    unique: bool | None = None
    primary_key: bool = False
    optional: bool = False
    description: str | None = None

    @model_validator(mode="after")
    def _without_contradiction(self) -> Self:
        unknown = [name for name in self.type if name not in TYPES]
        problems = {
            f"{self.name} is of unknown type {', '.join(map(repr, unknown))}: use {', '.join(TYPES)}": bool(unknown),
            f"{self.name} is both required and nullable": self.required is True and self.nullable is True,
            f"{self.name} is neither required nor nullable": self.required is False and self.nullable is False,
            f"{self.name} is of the primary key and not required": self.primary_key
            and (self.required is False or self.nullable is True),
            f"{self.name} is optional, and of the primary key or required": self.optional and self.always_there,
        }
        for problem, found in problems.items():
            if found:
                raise ValueError(problem)
        return self

    @property
    def always_there(self) -> bool:
        """Whether every row has a value."""
        return bool(self.required or self.primary_key or self.nullable is False)

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of columns that it may be; empty for any."""
        return frozenset().union(*(TYPES[name] for name in self.type))


class Contract(_Frozen):
    """What a table is promised to be.

    Attributes:
        name: Name of the table or of the contract.
        version: Version of the contract.
        description: For people.
        columns: The columns, in any order.
        additional_columns: Whether the table may have others.
        not_checked: What the document promises beside, which a schema cannot hold.
    """

    name: str = ""
    version: Annotated[str, BeforeValidator(str)] = ""
    description: str | None = None
    columns: Annotated[tuple[ContractColumn, ...], Field(min_length=1)]
    additional_columns: bool = True
    not_checked: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _without_contradiction(self) -> Self:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"{', '.join(twice)} is declared twice"
            raise ValueError(message)
        if len(self.primary_key) == 1 and self.column(self.primary_key[0]).unique is False:
            message = f"{self.primary_key[0]} is the primary key and not unique"
            raise ValueError(message)
        return self

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return tuple(column.name for column in self.columns if column.primary_key)

    @property
    def unique(self) -> tuple[str, ...]:
        """The columns in which no value appears twice."""
        alone = self.primary_key if len(self.primary_key) == 1 else ()
        return tuple(column.name for column in self.columns if column.unique or column.name in alone)

    def column(self, name: str) -> ContractColumn:
        """Return what is promised of a column.

        Raises:
            KeyError: Nothing is.
        """
        return {column.name: column for column in self.columns}[name]


def build_contract(fields: Mapping[str, Any], of: str = "") -> Contract:
    """Return a contract with these fields.

    Args:
        fields: The fields of `Contract`.
        of: What the contract is of, for the message.

    Raises:
        DeclarationError: ``invalid_contract``.
    """
    try:
        return Contract.model_validate(dict(fields))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        text = str(first["msg"]).removeprefix("Value error, ")
        raise refuse_contract(f"{place}: {text}" if place and first["type"] != "value_error" else text, of) from error


def refuse_contract(problem: str, of: str = "") -> DeclarationError:
    """Return the error that a contract is none, or contradicts itself."""
    message = f"The contract{' of ' + of if of else ''} is not valid: {problem}."
    return DeclarationError("invalid_contract", message, hint="See the reference of contracts.")


def listed(names: Iterable[str]) -> str:
    """Write names for people."""
    return ", ".join(map(repr, names))
