"""A Python callable as an operation, and how it gets into another interpreter."""

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

_NAME_IT: Final = "Name it as 'package.module:function', in a module that can be imported where it runs."
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
        target: What is called.
        arguments: Positional arguments; they stand behind the dataset where there is one.
        keywords: Keyword arguments.
        set_up: Called before each iteration, outside the measured span, with the dataset where there is one. What it
            returns, unless that is None, takes the place of the dataset as the first argument: a fresh copy, say.
        tear_down: Called after each iteration, outside the measured span, with what the target returned; not after one
            that failed, which has returned nothing.
        dataset: Called once for each size with the number of rows; what it returns is the first argument.
        awaited: Whether what the target returns is awaited on an event loop, where it can be: the target may then be a
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
        """Where the target is: ``package.module:function``."""
        if isinstance(self.target, str):
            return self.target
        return f"{_shown_module(_module(self.target))}:{_name(self.target)}"

    @property
    def clock(self) -> Clock:
        """Processor time: it is far steadier than the wall's on a shared machine."""
        return "cpu"

    @property
    def sized(self) -> bool:
        """Whether there is a factory of datasets."""
        return self.dataset is not None

    @property
    def _targets(self) -> dict[str, Any]:
        parts = {"target": self.target, "set_up": self.set_up, "tear_down": self.tear_down, "dataset": self.dataset}
        return {name: part for name, part in parts.items() if part is not None}

    @property
    def functions(self) -> list[Callable[..., Any]]:
        """The callables that are given as such, not by name."""
        return [part for part in self._targets.values() if callable(part)]

    def validate(self) -> None:
        """Check that every function can be found, or sent to another interpreter with the arguments.

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
                message = f"{name} is {part!r}, which cannot be called."
                raise DeclarationError("not_callable", message, hint="Give a function or 'package.module:function'.")
        given = {f"arguments[{index}]": value for index, value in enumerate(self.arguments)}
        given |= {repr(name): value for name, value in self.keywords.items()}
        for name, value in given.items():
            pickled(value, self.functions, name=f"The argument {name}")

    @contextmanager
    def opened(self, size: int | None) -> Iterator[Iteration]:
        """Import what is named, make the dataset of a size, and give the iteration."""
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
    """Return what a partial application calls in the end."""
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
    """Return the name of a module for people: for that of a DAG file Airflow makes one up, another in each place."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file).stem if file and name != "__main__" and not _importable(name) else name


def resolve(target: Target, *, awaited: bool = False) -> Callable[..., Any]:
    """Return the callable that a target is or names, importing its module.

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
            raise DeclarationError("unknown_target", f"{target!r} is not there: {error}.", hint=_NAME_IT) from error
    if not callable(found):
        message = f"{target!r} is {type(found).__name__}, which cannot be called."
        raise DeclarationError("not_callable", message, hint="Name a function.")
    require_run(found, awaited=awaited)
    return found  # type: ignore[no-any-return]


def is_coroutine_function(function: Callable[..., Any]) -> bool:
    """Whether what a call returns has to be awaited."""
    return _is(inspect.iscoroutinefunction, function)


def require_run(function: Callable[..., Any], *, awaited: bool = False) -> None:
    """Refuse a function of which a call does no work yet: what it returns does, once somebody goes through it.

    Args:
        function: The function.
        awaited: Whether it may be a coroutine function.

    Raises:
        DeclarationError: ``runs_nothing``.
    """
    for kind, words in _LAZY.items():
        if _is(kind, function) and not (awaited and kind is inspect.iscoroutinefunction):
            message = f"{_name(function)!r} is {words}: a call of it runs none of its lines."
            raise DeclarationError("runs_nothing", message, hint="Wrap it in a function that runs it to its end.")


def _is(kind: Callable[[object], bool], function: Callable[..., Any]) -> bool:
    bare = _bare(function)
    return kind(bare) or kind(getattr(bare, "__call__", None))  # noqa: B004 - an object's method


def require_target(target: str) -> None:
    """Refuse a name behind which nothing can be, without importing the module that it is in.

    Raises:
        DeclarationError: ``unknown_target``.
    """
    module, colon, attributes = target.partition(":")
    names = [*module.split("."), *attributes.split(".")]
    if not colon or not all(name.isidentifier() for name in names):
        raise DeclarationError("unknown_target", f"{target!r} does not name a function.", hint=_NAME_IT)
    name = attributes.partition(".")[0]
    if hasattr(sys.modules.get(module), name):
        return
    try:
        spec = find_spec(module)
        has_text = spec is not None and spec.origin is not None and spec.origin.endswith(".py")
        may_define = _may_define(Path(str(spec.origin)), name) if spec and has_text else module not in sys.modules
    except Exception as error:  # the packages above it are imported, and their code raises what it likes
        message = f"{target!r} cannot be imported: {type(error).__name__}: {error}."
        raise DeclarationError("unknown_target", message, hint=_NAME_IT) from error
    if spec is None:
        raise DeclarationError("unknown_target", f"{target!r} cannot be imported: no module {module!r}.", hint=_NAME_IT)
    if not may_define:
        raise DeclarationError("unknown_target", f"Module {module!r} has no {name!r}.", hint=_NAME_IT)


def _may_define(path: Path, name: str) -> bool:
    """Whether a module's text binds a name anywhere, or could bind any."""
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
    """Return a value as bytes that another interpreter reads.

    Functions of modules that it could not import, such as a DAG file's, are taken along whole, with what they refer to.

    Args:
        value: Anything.
        functions: Functions in it, or in what is sent with it.
        name: What to call it where it cannot be sent; None to name the variable of a function that is in the way.

    Raises:
        DeclarationError: ``not_picklable``: something in it has no form outside this process.
    """
    import cloudpickle

    with _by_value(functions):
        try:
            return bytes(cloudpickle.dumps(value))
        except Exception as error:  # what refuses to be pickled raises what it likes
            culprit = name or next((found for function in functions if (found := _culprit(function))), "")
            message = f"{culprit or 'An argument'} cannot be sent to another process: {error}."
            hint = "Make it inside the function, or in set_up."
            raise DeclarationError("not_picklable", message, hint=hint) from error


@contextmanager
def _by_value(functions: Sequence[Callable[..., Any]]) -> Iterator[None]:
    import cloudpickle

    names = {_module(part) for function in functions for part in _parts(function)}
    with _registering:  # the register is cloudpickle's one for all threads
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
    """Yield a function, and those that its partial application or its object brings with it."""
    yield function
    if isinstance(function, partial):
        for part in (function.func, *function.args, *function.keywords.values()):
            if callable(part):
                yield from _parts(part)
    owner = getattr(function, "__self__", None)
    if owner is not None and not isinstance(owner, ModuleType):
        yield owner if isinstance(owner, type) else type(owner)


def _importable(name: str) -> bool:
    """Whether a new interpreter with the same path finds a module of this name."""
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
        with suppress(ValueError):  # it has no value yet
            outer[name] = cell.cell_contents
    for name, value in outer.items():
        try:
            cloudpickle.dumps(value)
        except Exception:  # noqa: BLE001 - what refuses to be pickled raises what it likes
            return f"The variable {name!r} that {_name(bare)!r} refers to"
    return ""


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that a function and the functions within it refer to."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
