"""Targets: one text of the command line for each kind of operation."""

from __future__ import annotations

import pytest

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.operation.command import CommandOperation
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.iteration import Operation
from airflow_provider_dpq.core.operation.python import PythonOperation
from airflow_provider_dpq.core.operation.sql import SqlOperation
from airflow_provider_dpq.core.operation.target import parse_target

URL = "sqlite:///orders.db"


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ("json:loads", PythonOperation(target="json:loads")),
        (" json.decoder:JSONDecoder.decode ", PythonOperation(target="json.decoder:JSONDecoder.decode")),
        ("sql:SELECT 1", SqlOperation(statement="SELECT 1", url=URL)),
        ("sql: SELECT ':' || :size", SqlOperation(statement="SELECT ':' || :size", url=URL)),
        ("cmd:curl http://host/", CommandOperation(command="curl http://host/")),
        ("http://host:80/path?a=b", HttpOperation(url="http://host:80/path?a=b")),
        ("HTTPS://host", HttpOperation(url="HTTPS://host")),
    ],
)
def test_a_text_names_an_operation(text: str, operation: Operation) -> None:
    """By what it starts with."""
    assert parse_target(text, connection=URL) == operation


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "unknown_target"),
        ("json", "unknown_target"),
        ("json:nothing", "unknown_target"),
        ("no_such_module:run", "unknown_target"),
        ("sql:SELECT 1", "missing_connection"),
        ("cmd:", "invalid_command"),
        ("http://", "invalid_url"),
        ("postgresql://ada:hunter2@host/db", "invalid_url"),
    ],
)
def test_a_text_that_names_none_is_refused(text: str, reason: str) -> None:
    """With the reason of its kind, and never a password."""
    with pytest.raises(DeclarationError) as refused:
        parse_target(text)
    assert refused.value.reason == reason
    assert "hunter2" not in str(refused.value)


def test_an_empty_statement_is_refused() -> None:
    """Although it has a database."""
    with pytest.raises(DeclarationError) as refused:
        parse_target("sql: ", connection=URL)
    assert refused.value.reason == "empty_statement"


@pytest.mark.parametrize("text", ["sql:SELECT 1", "cmd:true", "http://host/", "json:loads"])
def test_every_kind_says_which_functions_are_in_it(text: str) -> None:
    """A target of the command line has none that must travel by value."""
    assert list(parse_target(text, connection=URL).functions) == []
