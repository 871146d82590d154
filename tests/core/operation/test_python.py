"""Python callables as operations: what each function gets, and what gets into another interpreter."""

from __future__ import annotations

import operator
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import pytest

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.operation.python import PythonOperation, pickled, resolve

pytestmark = pytest.mark.alone

InChild = Callable[..., list[Any]]

DAG_FILE = """
from functools import partial

FACTOR = 3
with_lock = __import__("threading").Lock()

def scaled(number):
    return number * FACTOR

def work(number):
    return scaled(number) + 1

def locked():
    return (lambda: with_lock.locked())()

class Worker:
    def __init__(self, start):
        self.start = start
    def __call__(self, number):
        return scaled(number) + self.start
    def work(self, number):
        return self.start - scaled(number)

shorthand = lambda number: scaled(number)
bound = partial(work, 5)

def nested(start):
    def inner(number):
        return scaled(number) + start
    return inner
"""


def _double(rows: list[int]) -> list[int]:
    return [2 * row for row in rows]


async def _later() -> int:
    return 1


def _yielding() -> Iterator[int]:
    yield 1


class _Later:
    async def __call__(self) -> int:
        return 1


def test_the_dataset_stands_before_the_arguments() -> None:
    """The factory gets the size once, and what it returns is the first argument of each call."""
    made: list[int | None] = []

    def rows(size: int | None) -> list[int]:
        made.append(size)
        return [7] * (size or 0)

    operation = PythonOperation(target=lambda *args, **kw: (args, kw), arguments=(1,), keywords={"k": 2}, dataset=rows)
    with operation.opened(2) as iteration:
        results = [iteration.call(), iteration.call()]
    assert results == [(([7, 7], 1), {"k": 2})] * 2
    assert made == [2]
    assert operation.sized
    assert iteration.is_bare


def test_what_set_up_returns_takes_the_place_of_the_dataset() -> None:
    """A fresh copy for each call, made by set_up from the dataset."""
    operation = PythonOperation(
        target=lambda rows, n: (rows, n), arguments=(1,), set_up=lambda rows: [*rows, "fresh"], dataset=lambda _: ["a"]
    )
    with operation.opened(1) as iteration:
        assert iteration.set_up is not None
        assert iteration.set_up()() == (["a", "fresh"], 1)


def test_set_up_that_returns_nothing_leaves_the_arguments() -> None:
    """None is no argument: such a set_up works by what it does."""
    seen: list[str] = []
    operation = PythonOperation(target=lambda *args: args, arguments=(1,), set_up=lambda: seen.append("set up"))
    with operation.opened(None) as iteration:
        assert iteration.set_up is not None
        assert iteration.set_up()() == (1,)
    assert seen == ["set up"]


def test_tear_down_gets_the_result_of_the_call() -> None:
    """One iteration is set_up, call, tear_down, in this order."""
    seen: list[Any] = []
    operation = PythonOperation(
        target=lambda value: seen.append(value) or "result", set_up=lambda: "made", tear_down=seen.append
    )
    with operation.opened(None) as iteration:
        iteration.run()
    assert seen == ["made", "result"]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("no_such_module:run", "unknown_target"),
        ("airflow_provider_dpq.core.no_such_module:run", "unknown_target"),
        ("json:no_such_function", "unknown_target"),
        ("json:len", "unknown_target"),
        ("os:no_such_function", "unknown_target"),
        ("json", "unknown_target"),
        ("json:", "unknown_target"),
        ("json:loads()", "unknown_target"),
        (":run", "unknown_target"),
        (3, "not_callable"),
        (_later, "runs_nothing"),
        (_yielding, "runs_nothing"),
        (partial(_yielding), "runs_nothing"),
        (_Later(), "runs_nothing"),
    ],
)
def test_validate_refuses_what_cannot_be_called(target: Any, reason: str) -> None:
    """What is wrong is said when the DAG is parsed, whichever function it is."""
    with pytest.raises(DeclarationError) as refused:
        PythonOperation(target=_double, set_up=target).validate()
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "target", ["os:getcwd", "math:sqrt", "json.decoder:JSONDecoder.decode", "sys:exit", _double, len]
)
def test_validate_accepts_functions_of_every_kind_of_module(target: Any) -> None:
    """Built-in, frozen and compiled modules have no text to look into, and are taken at their word."""
    PythonOperation(target=target).validate()


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("def run(): pass", True),
        ("run = 1", True),
        ("from json import loads as run", True),
        ("from json import *", True),
        ("globals()['run'] = len", True),
        ("def __getattr__(name): ...", True),
        ("# -*- coding: latin-1 -*-\nrun = '\xe4'", True),
        ("def other(): pass", False),
        ("def run(:", False),
    ],
)
def test_validate_reads_a_module_without_importing_it(
    text: str, accepted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that the text of a module cannot bind is refused, and nothing of the module runs."""
    (tmp_path / "module_to_read.py").write_text(text, encoding="latin-1")
    monkeypatch.syspath_prepend(tmp_path)
    operation = PythonOperation(target="module_to_read:run")
    if accepted:
        operation.validate()
    else:
        with pytest.raises(DeclarationError, match="module_to_read") as refused:
            operation.validate()
        assert refused.value.reason == "unknown_target"
    assert "module_to_read" not in sys.modules


def test_validate_survives_a_package_that_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To find a module its package is imported, whose code may raise anything."""
    (tmp_path / "package_that_raises").mkdir()
    (tmp_path / "package_that_raises" / "__init__.py").write_text("raise RuntimeError('not today')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DeclarationError, match="not today"):
        PythonOperation(target="package_that_raises.module:run").validate()


@pytest.mark.parametrize(("target", "reason"), [("json:nothing", "unknown_target"), ("json:__name__", "not_callable")])
def test_resolve_names_what_is_not_there(target: str, reason: str) -> None:
    """What the text of a module could not tell is told once it is imported."""
    with pytest.raises(DeclarationError) as refused:
        resolve(target)
    assert refused.value.reason == reason


def test_a_closure_that_cannot_be_pickled_is_named(dag_module: Callable[[str], ModuleType]) -> None:
    """The variable is named, whether it is a cell or a global that a function within refers to."""
    lock = threading.Lock()

    def holds() -> bool:
        return lock.locked()

    for target, name in ((holds, "lock"), (partial(holds), "lock"), (dag_module(DAG_FILE).locked, "with_lock")):
        with pytest.raises(DeclarationError, match=rf"variable '{name}' that '.*' refers to") as refused:
            PythonOperation(target=target).validate()
        assert refused.value.reason == "not_picklable"


def test_a_cell_without_a_value_does_not_hide_the_culprit() -> None:
    """A variable that is assigned later has no value to look at."""
    lock = threading.Lock()

    def holds() -> Any:
        return assigned_later, lock

    with pytest.raises(DeclarationError, match="variable 'lock'"):
        PythonOperation(target=holds).validate()
    assigned_later = 1


def test_an_argument_that_cannot_be_pickled_is_refused(in_child: InChild) -> None:
    """It is said before the child is asked anything."""
    with pytest.raises(DeclarationError, match="An argument cannot be sent") as refused:
        in_child(PythonOperation(target=_double, arguments=(threading.Lock(),)))
    assert refused.value.reason == "not_picklable"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"arguments": (1, threading.Lock())}, r"arguments\[1\]"),
        ({"arguments": (1,), "keywords": {"by": [threading.Lock()]}}, "'by'"),
    ],
)
def test_validate_names_the_argument_that_cannot_be_pickled(given: dict[str, Any], name: str) -> None:
    """It is said when the DAG is parsed, by its place or its keyword."""
    with pytest.raises(DeclarationError, match=f"The argument {name} cannot be sent") as refused:
        PythonOperation(target=_double, **given).validate()
    assert refused.value.reason == "not_picklable"


def test_validate_accepts_an_argument_of_a_class_of_the_dag_file(dag_module: Callable[[str], ModuleType]) -> None:
    """It is pickled as it is when it is sent: with the class, which no other process can import."""
    module = dag_module(DAG_FILE)
    PythonOperation(target=module.work, arguments=(module.Worker(1),), keywords={"of": module.Worker}).validate()


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        (lambda module: module.work, 22),
        (lambda module: module.shorthand, 21),
        (lambda module: module.nested(10), 31),
        (lambda module: module.Worker(10), 31),
        (lambda module: module.Worker(100).work, 79),
        (lambda module: partial(module.work), 22),
        (lambda module: partial(partial(module.nested(1))), 22),
        (lambda module: partial(_apply, module.work), 22),
    ],
    ids=["function", "lambda", "nested", "object", "method", "partial", "partial of nested", "argument of a partial"],
)
def test_a_function_of_a_dag_file_travels_whole(
    take: Callable[[ModuleType], Any], expected: int, dag_module: Callable[[str], ModuleType], in_child: InChild
) -> None:
    """Its module cannot be imported in the child; the helpers and constants it refers to come along."""
    target = take(dag_module(DAG_FILE))
    operation = PythonOperation(target=target, arguments=(7,))
    operation.validate()
    assert in_child(operation) == [expected]


def _apply(function: Callable[[int], int], number: int) -> int:
    return function(number)


@pytest.mark.parametrize(
    ("target", "arguments", "expected"),
    [
        ("operator:mul", (2, 3), 6),
        (operator.mul, (2, 3), 6),
        (str.upper, ("a",), "A"),
        ("collections:Counter.fromkeys", ([],), None),
    ],
)
def test_importable_functions_run_in_the_child(
    target: Any, arguments: tuple[Any, ...], expected: Any, in_child: InChild
) -> None:
    """Named, built-in and of a library."""
    if expected is None:
        with pytest.raises(Exception, match="NotImplementedError"):
            in_child(PythonOperation(target=target, arguments=arguments))
    else:
        assert in_child(PythonOperation(target=target, arguments=arguments)) == [expected]


@pytest.mark.parametrize(
    ("target", "subject"),
    [
        ("json:loads", "json:loads"),
        (len, "builtins:len"),
        (str.upper, "builtins:str.upper"),
        (partial(partial(operator.mul, 2), 3), "_operator:mul"),
        (_Later(), f"{__name__}:_Later"),
        (_double, f"{__name__}:_double"),
    ],
)
def test_the_subject_says_where_the_target_is(target: Any, subject: str) -> None:
    """Of a partial application it is the function that is called in the end."""
    assert PythonOperation(target=target).subject == subject


def test_the_subject_of_a_dag_files_function_names_the_file(dag_module: Callable[[str], ModuleType]) -> None:
    """Not the name that Airflow made up for its module: reports of several places tell of the same subject."""
    module = dag_module("def load():\n    return 1\n")
    assert PythonOperation(target=module.load).subject == "flights:load"


def test_a_module_is_by_value_for_as_long_as_it_is_pickled(dag_module: Callable[[str], ModuleType]) -> None:
    """The register of cloudpickle is everyone's: it is left as it was, by threads at once too, and after a failure."""
    module = dag_module(DAG_FILE)
    before = cloudpickle.list_registry_pickle_by_value()
    failures: list[BaseException] = []
    sizes: set[int] = set()

    def pickle_often() -> None:
        try:
            for _ in range(30):
                sizes.add(len(pickled(module.work, [module.work])))
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=pickle_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pytest.raises(DeclarationError):
        pickled((module.work, threading.Lock()), [module.work])
    assert not failures
    assert len(sizes) == 1
    assert cloudpickle.list_registry_pickle_by_value() == before


def test_a_function_of_an_installed_module_is_sent_by_name() -> None:
    """What the child can import is not taken along: the function measured is the installed one."""
    assert len(pickled(pytest.raises, [pytest.raises])) < 100
