"""Contracts read from any of their forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality.contract import odcs
from airflow_provider_dpq.core.quality.contract.form import is_specification
from airflow_provider_dpq.core.quality.contract.model import Contract, build_contract, refuse_contract
from airflow_provider_dpq.core.quality.document import (
    find_document,
    is_document,
    read_document,
    require_bounded,
    split_name,
)


def is_contract(document: Any) -> bool:
    """Whether a document reads as a contract, and not as a suite."""
    if not isinstance(document, Mapping):
        return False
    ours = isinstance(document.get("columns"), list) and "expectations" not in document
    return ours or is_of_a_standard(document)


def is_of_a_standard(document: Mapping[str, Any]) -> bool:
    """Whether a document is a contract in another form than ours."""
    return document.get("kind") == "DataContract" or is_specification(document)


def load_contract(contract: Any) -> Contract:
    """Read a contract.

    Args:
        contract: A mapping, or the path or URL of a JSON or YAML file: a contract of ours, one of the Open Data
            Contract Standard 2 or 3, or one of the Data Contract Specification. One object of several is named after a
            ``#``: ``shop.odcs.yaml#orders``.

    Raises:
        DeclarationError: ``unreadable_contract``; or ``invalid_contract``: it is none, or contradicts itself.
    """
    if not is_document(contract):
        require_bounded(contract, "the contract")
        return parse_contract(contract)
    source, wanted = split_name(contract)
    path = find_document(source)
    try:
        document = read_document(path)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        message = f"The contract {str(path)!r} cannot be read: {why}."
        raise DeclarationError("unreadable_contract", message, hint="Give the path of a JSON or YAML file.") from error
    except ValueError as error:
        message = f"The contract {str(path)!r} {error}."
        raise DeclarationError("invalid_contract", message) from error
    return parse_contract(document, wanted)


def parse_contract(document: Any, wanted: str = "") -> Contract:
    """Read a contract from a document.

    Args:
        document: The document.
        wanted: Which of its objects, for a document of the standard that has several.

    Raises:
        DeclarationError: ``invalid_contract``.
    """
    if isinstance(document, Contract):
        return document
    if not isinstance(document, Mapping):
        raise refuse_contract(f"{type(document).__name__} is not one")
    if is_of_a_standard(document) or "apiVersion" in document:
        return odcs.to_contract(document, wanted)
    return build_contract(document)
