"""What a leak check refuses before anything runs."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from airflow_provider_dpq.core.benchmark.design import Benchmark
from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.leak.design import LeakCheck
from airflow_provider_dpq.core.operation.command import CommandOperation
from airflow_provider_dpq.core.operation.http import HttpOperation
from airflow_provider_dpq.core.operation.iteration import Operation
from airflow_provider_dpq.core.operation.python import PythonOperation
from airflow_provider_dpq.core.operation.sql import SqlOperation

PLAIN = PythonOperation(target="math:sqrt", arguments=(4,))
SIZED = PythonOperation(target="builtins:len", dataset="builtins:range")


def test_a_sound_check_is_taken() -> None:
    """The defaults, a sized operation with its size, and a shorter check are all right."""
    LeakCheck(operation=PLAIN).validate()
    LeakCheck(operation=SIZED, size=10).validate()
    LeakCheck(operation=PLAIN, warm_up_iterations=0, stages=(40,), iteration_timeout_seconds=1).validate()


@pytest.mark.parametrize(
    ("operation", "external_process"),
    [
        (CommandOperation(command="true"), "program"),
        (HttpOperation(url="http://localhost/"), "server"),
        (SqlOperation(statement="SELECT 1", url="postgresql://localhost/db"), "database server"),
        (SqlOperation(statement="SELECT 1", url="sqlite://"), None),
        (SqlOperation(statement="SELECT 1", url="duckdb://"), None),
        (PLAIN, None),
    ],
)
def test_what_works_in_another_process_is_known(operation: Operation, external_process: str | None) -> None:
    """A database in this process is none."""
    assert LeakCheck(operation=operation).external_process == external_process


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"size": 10}, "invalid_sizes"),
        ({"operation": SIZED}, "invalid_sizes"),
        ({"operation": SIZED, "size": 0}, "invalid_sizes"),
        ({"operation": SIZED, "size": -5}, "invalid_sizes"),
        ({"operation": SIZED, "size": 1.5}, "invalid_sizes"),
        ({"operation": SIZED, "size": True}, "invalid_sizes"),
        ({"warm_up_iterations": -1}, "invalid_option"),
        ({"warm_up_iterations": 2.0}, "invalid_option"),
        ({"stages": ()}, "invalid_option"),
        ({"stages": 160}, "invalid_option"),
        ({"stages": (39,)}, "invalid_option"),
        ({"stages": (80, 80)}, "invalid_option"),
        ({"stages": (160, 80)}, "invalid_option"),
        ({"stages": (160.0,)}, "invalid_option"),
        ({"iteration_timeout_seconds": 0}, "invalid_option"),
        ({"iteration_timeout_seconds": math.inf}, "invalid_option"),
        ({"iteration_timeout_seconds": math.nan}, "invalid_option"),
        ({"iteration_timeout_seconds": "1s"}, "invalid_option"),
        ({"operation": PythonOperation(target="no_such_module:f")}, "unknown_target"),
    ],
)
def test_a_wrong_check_is_refused(changes: dict[str, Any], reason: str) -> None:
    """Each wrong value is refused by a reason of its own, with the value in the message."""
    check = dataclasses.replace(LeakCheck(operation=PLAIN), **changes)
    with pytest.raises(DeclarationError) as refused:
        check.validate()
    assert refused.value.reason == reason


@pytest.mark.parametrize("changes", [{"size": 0}, {"stages": (3,)}, {"warm_up_iterations": -1}])
def test_options_are_checked_without_the_operation(changes: dict[str, Any]) -> None:
    """What is wrong with them is told whatever the operation is; whether it takes a size is not asked."""
    unknown = LeakCheck(operation=PythonOperation(target="no_such_module:f"), size=10)
    unknown.validate_options()
    with pytest.raises(DeclarationError, match=str(next(iter(changes.values()))).strip("()")):
        dataclasses.replace(unknown, **changes).validate_options()


def test_an_iteration_has_the_time_that_one_of_a_benchmark_has() -> None:
    """The defaults of both are alike."""
    check, benchmark = LeakCheck(operation=PLAIN), Benchmark(operation=PLAIN)
    assert check.iteration_timeout_seconds == benchmark.iteration_timeout_seconds
