"""A Python callable as an operation, and how it is sent to another interpreter."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final, TypeAlias

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.operation.iteration import Clock, Iteration

_NAME_IT: Final = "Give it as 'package.module:function', in a module that can be imported where it runs."
_LAZY: Final[Mapping[Callable[[object], bool], str]] = {
    inspect.iscoroutinefunction: "a coroutine function",
    inspect.isgeneratorfunction: "a generator function",
    inspect.isasyncgenfunction: "an asynchronous generator function",
}
_registering: Final = threading.RLock()

Target: TypeAlias = Callable[..., Any] | str
"""A callable, or its name as ``package.module:function``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonOperation:
    """A call of a Python function.

    Attributes:
        target: The function to call.
        arguments: Positional arguments; they follow the dataset if there is one.
        keywords: Keyword arguments.
        set_up: Called before each iteration, not measured, with the dataset if there is one. Its result, unless None,
            replaces the dataset as the first argument, for instance with a fresh copy.
        tear_down: Called after each iteration, not measured, with the result of the target; not called after a failed
            iteration.
        dataset: Called once for each size with the number of rows; its result is the first argument.
        awaited: Whether an awaitable result of the target is awaited on an event loop, so that the target may be a
            coroutine function.
    """

    target: Target
    arguments: Sequence[Any] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    set_up: Target | None = None
    tear_down: Target | None = None
    dataset: Target | None = None
    awaited: bool = False

    @property
    def subject(self) -> str:
        """Location of the target: ``package.module:function``."""
        if isinstance(self.target, str):
            return self.target
        return f"{_shown_module(_module(self.target))}:{_name(self.target)}"

    @property
    def clock(self) -> Clock:
        """CPU time, which is far more stable than wall time on a shared machine."""
        return "cpu"

    @property
    def sized(self) -> bool:
        """Whether there is a dataset factory."""
        return self.dataset is not None

    @property
    def _targets(self) -> dict[str, Any]:
        parts = {"target": self.target, "set_up": self.set_up, "tear_down": self.tear_down, "dataset": self.dataset}
        return {name: part for name, part in parts.items() if part is not None}

    @property
    def functions(self) -> list[Callable[..., Any]]:
        """The functions that are given as callables, not by name."""
        return [part for part in self._targets.values() if callable(part)]

    def validate(self) -> None:
        """Check that every function can be found, or sent to another interpreter with its arguments.

        Raises:
            DeclarationError: ``unknown_target``, ``not_callable``, ``runs_nothing`` or ``not_picklable``.
        """
        for name, part in self._targets.items():
            if isinstance(part, str):
                require_target(part)
            elif callable(part):
                require_run(part, awaited=self.awaited and name == "target")
                pickled(part, [part])
            else:
                message = f"{name} is not callable: {part!r}."
                raise DeclarationError("not_callable", message, hint="Give a function or 'package.module:function'.")
        given = {f"arguments[{index}]": value for index, value in enumerate(self.arguments)}
        given |= {repr(name): value for name, value in self.keywords.items()}
        for name, value in given.items():
            pickled(value, self.functions, name=f"The argument {name}")

    @contextmanager
    def opened(self, size: int | None) -> Iterator[Iteration]:
        """Import functions given by name, make the dataset, and yield the iteration."""
        target, set_up, tear_down = resolve(self.target, awaited=self.awaited), self.set_up, self.tear_down
        first = () if self.dataset is None else (resolve(self.dataset)(size),)
        call = partial(target, *first, *self.arguments, **self.keywords)
        prepare = None
        if set_up is not None:
            prepare = partial(self._prepared, target, resolve(set_up), first, call)
        yield Iteration(call, prepare, None if tear_down is None else resolve(tear_down))

    def _prepared(
        self, target: Callable[..., Any], set_up: Callable[..., Any], first: tuple[Any, ...], call: Callable[[], Any]
    ) -> Callable[[], Any]:
        fresh = set_up(*first)
        return call if fresh is None else partial(target, fresh, *self.arguments, **self.keywords)


def _bare(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that a partial application finally calls."""
    while isinstance(function, partial):
        function = function.func
    return function


def _name(function: Callable[..., Any]) -> str:
    bare = _bare(function)
    return str(getattr(bare, "__qualname__", type(bare).__qualname__))


def _module(function: Callable[..., Any]) -> str:
    bare = _bare(function)
    owner = getattr(bare, "__objclass__", type(bare))  # a method of a built-in type has no module, its type has
    return str(getattr(bare, "__module__", None) or owner.__module__)


def _shown_module(name: str) -> str:
    """Return a readable module name: Airflow makes up names for DAG files that differ from process to process."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file).stem if file and name != "__main__" and not _importable(name) else name


def resolve(target: Target, *, awaited: bool = False) -> Callable[..., Any]:
    """Return the callable of a target, importing its module if it is given by name.

    Args:
        target: A callable or its name.
        awaited: Whether it may be a coroutine function.

    Raises:
        DeclarationError: ``unknown_target``, ``not_callable`` or ``runs_nothing``.
    """
    if not isinstance(target, str):
        return target
    module, _, attributes = target.partition(":")
    found: Any = importlib.import_module(module)
    for attribute in attributes.split("."):
        try:
            found = getattr(found, attribute)
        except AttributeError as error:
            raise DeclarationError("unknown_target", f"{target!r} was not found: {error}.", hint=_NAME_IT) from error
    if not callable(found):
        message = f"{target!r} is not callable: it is of type {type(found).__name__}."
        raise DeclarationError("not_callable", message, hint="Give a function.")
    require_run(found, awaited=awaited)
    return found  # type: ignore[no-any-return]


def is_coroutine_function(function: Callable[..., Any]) -> bool:
    """Whether the function's result has to be awaited."""
    return _is(inspect.iscoroutinefunction, function)


def require_run(function: Callable[..., Any], *, awaited: bool = False) -> None:
    """Raise an error for a function whose call does no work by itself, such as a generator function.

    Args:
        function: The function.
        awaited: Whether it may be a coroutine function.

    Raises:
        DeclarationError: ``runs_nothing``.
    """
    for kind, words in _LAZY.items():
        if _is(kind, function) and not (awaited and kind is inspect.iscoroutinefunction):
            message = f"{_name(function)!r} is {words}: calling it does not run its body."
            raise DeclarationError("runs_nothing", message, hint="Wrap it in a function that runs it to completion.")


def _is(kind: Callable[[object], bool], function: Callable[..., Any]) -> bool:
    bare = _bare(function)
    return kind(bare) or kind(getattr(bare, "__call__", None))  # noqa: B004 - an object's method


def require_target(target: str) -> None:
    """Raise an error for a name that cannot exist, without importing its module.

    Raises:
        DeclarationError: ``unknown_target``.
    """
    module, colon, attributes = target.partition(":")
    names = [*module.split("."), *attributes.split(".")]
    if not colon or not all(name.isidentifier() for name in names):
        raise DeclarationError("unknown_target", f"Invalid function name: {target!r}.", hint=_NAME_IT)
    name = attributes.partition(".")[0]
    if hasattr(sys.modules.get(module), name):
        return
    try:
        spec = find_spec(module)
        has_text = spec is not None and spec.origin is not None and spec.origin.endswith(".py")
        may_define = _may_define(Path(str(spec.origin)), name) if spec and has_text else module not in sys.modules
    except Exception as error:  # importing the parent packages runs their code, which may raise anything
        message = f"{target!r} cannot be imported: {type(error).__name__}: {error}."
        raise DeclarationError("unknown_target", message, hint=_NAME_IT) from error
    if spec is None:
        raise DeclarationError("unknown_target", f"{target!r} cannot be imported: no module {module!r}.", hint=_NAME_IT)
    if not may_define:
        raise DeclarationError("unknown_target", f"Module {module!r} has no {name!r}.", hint=_NAME_IT)


def _may_define(path: Path, name: str) -> bool:
    """Whether a module's source binds a name anywhere, or may bind any name."""
    tree = ast.parse(path.read_bytes())
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.Name) and (isinstance(node.ctx, ast.Store) or node.id == "globals"):
            bound.add(node.id)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).partition(".")[0])
    return not bound.isdisjoint({name, "*", "__getattr__", "globals"})


def pickled(value: Any, functions: Sequence[Callable[..., Any]], *, name: str | None = None) -> bytes:
    """Pickle a value for another interpreter.

    Functions of modules that it could not import, such as a DAG file's, are pickled by value, with what they refer to.

    Args:
        value: Any value.
        functions: Functions in the value, or sent with it.
        name: Name of the value in the error message; None to name the variable of a function that cannot be pickled.

    Raises:
        DeclarationError: ``not_picklable``: the value cannot be pickled.
    """
    import cloudpickle

    with _by_value(functions):
        try:
            return bytes(cloudpickle.dumps(value))
        except Exception as error:  # pickling may raise anything
            culprit = name or next((found for function in functions if (found := _culprit(function))), "")
            message = f"{culprit or 'An argument'} cannot be sent to another process: {error}."
            hint = "Create it inside the function, or in set_up."
            raise DeclarationError("not_picklable", message, hint=hint) from error


@contextmanager
def _by_value(functions: Sequence[Callable[..., Any]]) -> Iterator[None]:
    import cloudpickle

    names = {_module(part) for function in functions for part in _parts(function)}
    with _registering:  # cloudpickle has one registry for all threads
        registered = []
        for name in sorted(names - set(cloudpickle.list_registry_pickle_by_value())):
            if name != "__main__" and name in sys.modules and not _importable(name):
                cloudpickle.register_pickle_by_value(sys.modules[name])
                registered.append(sys.modules[name])
        try:
            yield
        finally:
            for module in registered:
                cloudpickle.unregister_pickle_by_value(module)


def _parts(function: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Yield a function, and the functions of its partial application or its object."""
    yield function
    if isinstance(function, partial):
        for part in (function.func, *function.args, *function.keywords.values()):
            if callable(part):
                yield from _parts(part)
    owner = getattr(function, "__self__", None)
    if owner is not None and not isinstance(owner, ModuleType):
        yield owner if isinstance(owner, type) else type(owner)


def _importable(name: str) -> bool:
    """Whether a new interpreter with the same import path finds a module of this name."""
    top = name.partition(".")[0]
    return any(finder.find_spec(top, None) is not None for finder in sys.meta_path)


def _culprit(function: Callable[..., Any]) -> str:
    """Name the variable that a function refers to and that cannot be pickled."""
    import cloudpickle

    bare: Any = _bare(function)
    code = getattr(bare, "__code__", None)
    if code is None:
        return ""
    outer = {name: bare.__globals__[name] for name in _names(code) if name in bare.__globals__}
    for name, cell in zip(code.co_freevars, bare.__closure__ or (), strict=False):
        with suppress(ValueError):  # the cell is empty
            outer[name] = cell.cell_contents
    for name, value in outer.items():
        try:
            cloudpickle.dumps(value)
        except Exception:  # noqa: BLE001 - pickling may raise anything
            return f"The variable {name!r} that {_name(bare)!r} refers to"
    return ""


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that a function and the functions within it refer to."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
