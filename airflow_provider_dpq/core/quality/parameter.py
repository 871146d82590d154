"""Suite parameters: references to values that a suite is run with, and the little arithmetic that GX allows on them."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.table.jsonable import is_nan

PARAMETER: Final = "$PARAMETER"
_BINARY: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = MappingProxyType(
    {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
)
_GREATEST_POWER: Final = 1024
_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "sin": math.sin,
        "cos": math.cos,
        "tan": math.tan,
        "exp": math.exp,
        "abs": abs,
        "trunc": int,
        "round": round,
        "sgn": lambda value: (value > 1e-12) - (value < -1e-12),
        "now": datetime.now,
        "datetime": datetime,
        "timedelta": timedelta,
    }
)
_CONSTANTS: Final = {"pi": math.pi, "e": math.e}


def has_parameter(value: Any) -> bool:
    """Whether a parameter stands anywhere in an argument."""
    if isinstance(value, Mapping):
        return PARAMETER in value or any(has_parameter(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(has_parameter(item) for item in value)


def resolve(value: Any, parameters: Mapping[str, Any], owner: str) -> Any:
    """Return an argument with the values of its parameters.

    Args:
        value: The argument.
        parameters: The parameters by name.
        owner: Whose argument it is, for messages.

    Raises:
        DeclarationError: ``missing_parameter``: one has no value, or the value None, which an argument would read as
            "no limit"; or ``invalid_parameter``: what is written is no reference and no arithmetic.
    """
    if isinstance(value, Mapping) and PARAMETER in value:
        return _value(value, parameters, owner)
    if isinstance(value, Mapping):
        return {key: resolve(item, parameters, owner) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(resolve(item, parameters, owner) for item in value)
    return value


def _value(reference: Mapping[str, Any], parameters: Mapping[str, Any], owner: str) -> Any:
    """Return the value of ``{"$PARAMETER": name}``; ``"$PARAMETER.name"`` beside it says what it is if not given."""
    name = reference[PARAMETER]
    default = f"{PARAMETER}.{name}"
    if not isinstance(name, str) or not name.strip():
        raise _missing(name, parameters, owner)
    if any(key not in (PARAMETER, default) for key in reference):
        message = f"{dict(reference)!r} of {owner} is no reference to a parameter."
        raise DeclarationError("invalid_parameter", message, hint="Write {'$PARAMETER': 'name'}.")
    known = {name: reference[default], **parameters} if default in reference else parameters
    if name in known:
        return _given(known[name], name, owner)
    try:
        tree = ast.parse(name.replace("^", "**").strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise _missing(name, known, owner) from error
    if isinstance(tree, ast.Name):
        raise _missing(name, known, owner)
    found = _Arithmetic(known, owner, name).of(tree)
    return found.isoformat() if isinstance(found, datetime) else found


def _given(value: Any, name: str, owner: str) -> Any:
    if value is None or is_nan(value):
        message = f"The suite parameter {name!r} of {owner} has the value {value!r}: there would be no limit."
        raise DeclarationError("missing_parameter", message, hint="Give it a value, or leave the argument out.")
    return value


def _missing(name: object, parameters: Mapping[str, Any], owner: str) -> DeclarationError:
    known = ", ".join(sorted(map(str, parameters))) or "none"
    message = f"The suite parameter {name!r} of {owner} has no value; given are: {known}."
    return DeclarationError("missing_parameter", message, hint="Give it in suite_parameters.")


class _Arithmetic:
    """Arithmetic on parameters, as in Great Expectations."""

    def __init__(self, parameters: Mapping[str, Any], owner: str, text: str) -> None:
        self._parameters, self._owner, self._text = parameters, owner, text

    def of(self, node: ast.expr) -> Any:
        """Return the value of an expression.

        Raises:
            DeclarationError: ``missing_parameter`` or ``invalid_parameter``.
        """
        try:
            return self._of(node)
        except (ArithmeticError, TypeError, ValueError, RecursionError) as error:
            raise self._refused(str(error)) from error

    def _of(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return node.value
        if isinstance(node, ast.Name):
            return self._named(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            value = self._of(node.operand)
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            return _BINARY[type(node.op)](self._of(node.left), self._of(node.right))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            return self._power(self._of(node.left), self._of(node.right))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
            named = {keyword.arg: self._of(keyword.value) for keyword in node.keywords if keyword.arg}
            return _FUNCTIONS[node.func.id](*map(self._of, node.args), **named)
        raise self._refused("it may hold numbers, parameters, + - * / ^ and the functions of Great Expectations")

    def _named(self, name: str) -> Any:
        if name not in self._parameters:
            if name.lower() in _CONSTANTS:
                return _CONSTANTS[name.lower()]
            raise _missing(name, self._parameters, self._owner)
        value = _given(self._parameters[name], name, self._owner)
        if isinstance(value, str) and re.match(r"\s*[+-]?[\d.]", value):
            return _read(value)
        return value

    def _power(self, base: Any, exponent: Any) -> Any:
        if abs(exponent) > _GREATEST_POWER or abs(base) > 2**64:
            raise self._refused(f"the power {base!r} ^ {exponent!r} is too great")
        return base**exponent

    def _refused(self, problem: str) -> DeclarationError:
        message = f"The suite parameter {self._text!r} of {self._owner} cannot be computed: {problem}."
        hint = "Compute it before, and pass the value."
        return DeclarationError("invalid_parameter", message, hint=hint, quotes_data=True)


def _read(text: str) -> Any:
    """Read a value given as text as Great Expectations does: a whole number, a number, or a moment."""
    from dateutil.parser import parse

    for read in (int, float, parse):
        try:
            return read(text)
        except (ValueError, OverflowError):
            continue
    message = f"{text!r} is neither a number nor a moment"
    raise ValueError(message)
