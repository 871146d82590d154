"""The operation that a task measures: the arguments that benchmark, load and leak gates share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.unit import parse_duration
from airflow_provider_dpq.operators.connection import database_url, http_address
from airflow_provider_dpq.operators.template import is_literal

if TYPE_CHECKING:
    from airflow_provider_dpq.core.operation.iteration import Operation

_TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "target": ("op_args", "op_kwargs", "set_up", "tear_down", "dataset"),
    "sql": ("conn_id", "op_kwargs", "set_up", "tear_down"),
    "command": ("set_up", "tear_down"),
    "url": ("http_conn_id", "op_kwargs"),
}
"""The kinds of operation, and the further arguments that each of them takes."""

_REQUEST: Final[Mapping[str, tuple[type, ...]]] = {
    "method": (str,),
    "headers": (Mapping, NoneType),
    "body": (str, bytes, NoneType),
    "expected_status": (int, NoneType),
    "timeout_seconds": (int, float, str, timedelta),
}
"""The arguments of a request, and what each of them may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationArguments:
    """A function, a statement, a command or a request: the arguments of `OperationGateOperator`."""

    target: Any = None
    sql: str | None = None
    conn_id: str | None = None
    command: Any = None
    url: str | None = None
    http_conn_id: str | None = None
    op_args: Any = None
    op_kwargs: Any = None
    set_up: Any = None
    tear_down: Any = None
    dataset: Any = None

    @classmethod
    def of(cls, task: object) -> OperationArguments:
        """Return what a task with attributes of these names measures, as they are now: rendered, once it runs."""
        return cls(**{field.name: getattr(task, field.name) for field in fields(cls)})

    @property
    def kind(self) -> str:
        """Which of the kinds of operation is given.

        Raises:
            DeclarationError: ``ambiguous_operation``: none is, or several are.
        """
        given = [name for name in _TAKES if getattr(self, name) is not None]
        if len(given) != 1:
            message = f"Ambiguous operation: {' and '.join(given)}." if given else "No operation to measure."
            raise DeclarationError(
                "ambiguous_operation", message, hint="Give exactly one of target, sql, command and url."
            )
        return given[0]

    @property
    def subject(self) -> str:
        """What is measured, for people, whether or not it can be; never a secret."""
        if self.sql is not None:
            return f"a statement on {self.conn_id}"
        if self.http_conn_id is not None:
            return f"a request on {self.http_conn_id}"
        try:
            operation = self.declared()
            if operation is not None:
                operation.validate()
                return operation.subject
        except Exception:  # noqa: BLE001, S110 - the measurement reports the error
            pass
        return "an operation"

    def other(self, thing: Any) -> OperationArguments:
        """Return the same with another function, statement, command or address."""
        return replace(self, **{self.kind: unwrapped(thing)})

    def declared(self) -> Operation | None:
        """Return the operation before any connection is looked up, to check it; None where a template is still in it.

        Raises:
            DeclarationError: An argument is wrong whatever the others are.
        """
        self._require_arguments()
        parts = [getattr(self, self.kind), self.set_up, self.tear_down, self.dataset]
        if self.kind in ("sql", "url"):
            parts.append(self.op_kwargs)
        late = any(_is_late(arguments) for arguments in (self.op_args, self.op_kwargs))
        if all(is_literal_or_function(part) for part in parts) and not late:
            return self._early()._built("airflow://", "http://host" if self.http_conn_id else "", {})
        return None

    def _early(self) -> OperationArguments:
        """Return the same with None for each argument of the function that only the run will know."""
        known = {name: value if is_literal_or_function(value) else None for name, value in self._keywords.items()}
        return replace(
            self,
            op_args=tuple(value if is_literal_or_function(value) else None for value in self._positional),
            op_kwargs=known,
        )

    def declared_or_unknown(self) -> Operation:
        """Return the operation as `declared` does; where a template is still in it, a stand-in for it.

        What does not depend on the operation can be checked with the stand-in.

        Raises:
            DeclarationError: An argument is wrong whatever the others are.
        """
        from airflow_provider_dpq.core.operation.python import PythonOperation

        return self.declared() or PythonOperation(target="builtins:object")

    def operation(self) -> Operation:
        """Return the operation, with what its connection says.

        Raises:
            DeclarationError: What is declared is wrong.
            MeasurementError: ``unknown_connection``.
        """
        self._require_arguments()
        database = database_url(str(self.conn_id)) if self.kind == "sql" else ""
        server, headers = http_address(self.http_conn_id) if self.http_conn_id else ("", {})
        return self._built(database, server, headers)

    def _require_arguments(self) -> None:
        taken = (self.kind, *_TAKES[self.kind])
        others = [field.name for field in fields(self) if field.name not in taken]
        unused = [name for name in others if getattr(self, name) not in (None, (), {}, [])]
        if unused:
            message = f"An operation of kind {self.kind} takes no {unused[0]}."
            raise DeclarationError(
                "unused_argument", message, hint=f"Its arguments are {', '.join(_TAKES[self.kind])}."
            )
        if self.kind == "sql" and not self.conn_id:
            message = "A statement (sql) needs a connection."
            raise DeclarationError("missing_connection", message, hint="Give conn_id.")
        if self.kind == "url" and isinstance(self.op_kwargs, Mapping):
            unknown = [name for name in self.op_kwargs if name not in _REQUEST]
            if unknown:
                message = f"A request has no argument {unknown[0]!r}."
                raise DeclarationError("unused_argument", message, hint=f"Its arguments are {', '.join(_REQUEST)}.")

    @property
    def _positional(self) -> tuple[Any, ...]:
        given = () if self.op_args is None else self.op_args
        if not isinstance(given, Sequence) or isinstance(given, (str, bytes)):
            message = f"op_args must be a list, but is of type {type(given).__name__}."
            raise DeclarationError("invalid_argument", message, hint="Use a list of positional arguments.")
        return tuple(given)

    @property
    def _keywords(self) -> dict[str, Any]:
        given = {} if self.op_kwargs is None else self.op_kwargs
        if not isinstance(given, Mapping):
            message = f"op_kwargs must be a mapping, but is of type {type(given).__name__}."
            raise DeclarationError("invalid_argument", message, hint="Use a mapping of names to values.")
        return dict(given)

    def _built(self, database: str, server: str, headers: Mapping[str, str]) -> Operation:
        match self.kind:
            case "target":
                return self._call()
            case "sql":
                return self._statement(database)
            case "command":
                return self._program()
            case _:
                return self._request(server, headers)

    def _call(self) -> Operation:
        from airflow_provider_dpq.core.operation.python import PythonOperation

        return PythonOperation(
            target=self.target,
            arguments=self._positional,
            keywords=self._keywords,
            set_up=self.set_up,
            tear_down=self.tear_down,
            dataset=self.dataset,
        )

    def _statement(self, database: str) -> Operation:
        from airflow_provider_dpq.core.operation.sql import SqlOperation

        return SqlOperation(
            statement=str(self.sql),
            url=database,
            parameters=self._keywords,
            set_up=_statements(self.set_up),
            tear_down=_statements(self.tear_down),
        )

    def _program(self) -> Operation:
        from airflow_provider_dpq.core.operation.command import CommandOperation

        return CommandOperation(command=self.command, set_up=self.set_up, tear_down=self.tear_down)

    def _request(self, server: str, headers: Mapping[str, str]) -> Operation:
        from airflow_provider_dpq.core.operation.http import HttpOperation

        given = self._keywords
        for name, value in given.items():
            if not isinstance(value, _REQUEST[name]):
                message = (
                    f"Invalid {name} of a request: it is of type {type(value).__name__}."  # a header may hold a secret
                )
                raise DeclarationError("invalid_argument", message, hint="See the reference of operators for its type.")
        if isinstance(given.get("timeout_seconds"), (str, timedelta)):
            given["timeout_seconds"] = seconds("timeout_seconds", given["timeout_seconds"])
        path = str(self.url)
        address = f"{server}/{path.lstrip('/')}" if server else path
        return HttpOperation(url=address, **{**given, "headers": {**headers, **(given.get("headers") or {})}})


def _statements(declared: str | Sequence[str] | None) -> tuple[str, ...]:
    return (declared,) if isinstance(declared, str) else tuple(declared or ())


def unwrapped(thing: Any) -> Any:
    """Return the function of a ``@task``, and anything else as it is."""
    return thing.function if getattr(thing, "_airflow_is_task_decorator", False) else thing


def _is_late(arguments: Any) -> bool:
    """Return whether op_args or op_kwargs as a whole are only known once the task runs."""
    return hasattr(arguments, "resolve") or (isinstance(arguments, str) and not is_literal(arguments))


def is_literal_or_function(value: Any) -> bool:
    """Return whether an argument is a literal or a function; see `is_literal`."""
    return is_literal(value) or (callable(value) and not hasattr(value, "resolve"))


def seconds(argument: str, value: object) -> float:
    """Return a duration in seconds.

    Args:
        argument: Name of the argument that gives it.
        value: A text such as ``2min``, or a timedelta.

    Raises:
        DeclarationError: ``malformed_duration``.
    """
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, str):
        return parse_duration(value)
    message = f"{argument} is {value!r}, which has no unit."
    raise DeclarationError("malformed_duration", message, hint="Use a string such as '2min', or a timedelta.")


def with_unit(argument: str, value: object) -> str:
    """Return a quantity that has to be written with its unit.

    Args:
        argument: Name of the argument that gives it.
        value: What it is.

    Raises:
        DeclarationError: ``missing_unit``.
    """
    if not isinstance(value, str):
        message = f"{argument} is {value!r}, which has no unit."
        raise DeclarationError("missing_unit", message, hint="Use a string with a unit.")
    return value
