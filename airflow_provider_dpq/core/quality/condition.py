"""Row conditions: which rows a check looks at, in every syntax that Great Expectations reads.

A condition is parsed into a small tree once; the module of that name in ``compile`` turns the tree into SQL. Text in
pandas' or Spark's own syntax is read as far as it consists of comparisons joined by and, or; more than that stays text,
for Great Expectations to evaluate.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeAlias

from airflow_provider_dpq.core.table.instant import read_moment

_OPERATORS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "IN", "NOT_IN"})
_GX = re.compile(
    r"""\s*col\(\s*(?P<quote>["'])(?P<column>.+?)(?P=quote)\s*\)\s*
        (?:(?P<notnull>\.notnull\(\))
          |(?P<operator><=|>=|==|!=|<|>)\s*
           (?:(?P<number>[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)
             |date\(\s*(?P<dquote>["'])(?P<date>[^"']*)(?P=dquote)\s*\)
             |(?P<squote>["'])(?P<text>[^"']*)(?P=squote)))\s*""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column compared with a value, or with a list of values for ``IN`` and ``NOT_IN``."""

    column: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Nullity:
    """Whether a column's value is missing, or is not."""

    column: str
    is_null: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions that must all hold, or of which one must."""

    conditions: tuple[Condition, ...]
    every: bool


@dataclass(frozen=True, slots=True)
class Opaque:
    """Text that only Great Expectations can evaluate, or Spark where it is in Spark's syntax."""

    text: str
    parser: str | None = None


Condition: TypeAlias = Comparison | Nullity | Group | Opaque


def parse_condition(condition: Any, parser: str | None = None) -> Condition | None:
    """Read a row condition.

    Args:
        condition: Text, GX's dict form, or a GX condition object; None or empty text for all rows.
        parser: Syntax of the text: ``great_expectations``, ``pandas`` (also where None is given) or ``spark``.

    Raises:
        ValueError: It is not a condition.
    """
    if condition is None or (isinstance(condition, str) and not condition):
        return None
    if not isinstance(condition, str):
        return _from_mapping(condition)
    if parser in ("great_expectations", "great_expectations__experimental__"):
        return _from_gx(condition)
    return _from_python(condition, parser)


def _from_mapping(condition: Any) -> Condition:
    mapping = condition.dict() if hasattr(condition, "dict") else condition
    if not isinstance(mapping, Mapping):
        message = f"{condition!r} is not a condition"
        raise ValueError(message)  # noqa: TRY004 - pydantic turns only ValueError into its own error
    kind, conditions = mapping.get("type"), mapping.get("conditions")
    if kind in ("and", "or") and isinstance(conditions, (list, tuple)) and conditions:
        return Group(tuple(map(_from_mapping, conditions)), every=kind == "and")
    if kind == "nullity" and isinstance(mapping.get("is_null"), bool):
        return Nullity(_name(mapping), mapping["is_null"])
    if kind == "comparison":
        operator = str(getattr(mapping.get("operator"), "value", mapping.get("operator")))
        value = mapping.get("parameter")
        listed = operator in ("IN", "NOT_IN")
        if operator not in _OPERATORS or value is None or (listed and not isinstance(value, (list, tuple, set))):
            message = f"unable to parse condition: {dict(mapping)!r}"
            raise ValueError(message)
        return Comparison(_name(mapping), operator, list(value) if listed else value)
    if kind == "pass_through" and isinstance(mapping.get("pass_through_filter"), str):
        return _from_python(mapping["pass_through_filter"])
    known = kind in ("and", "or", "nullity", "pass_through")
    message = f"unable to {'parse' if known else 'determine the type of'} condition {dict(mapping)!r}"
    raise ValueError(message)


def _name(mapping: Mapping[str, Any]) -> str:
    column = mapping.get("column")
    name = column.get("name") if isinstance(column, Mapping) else getattr(column, "name", column)
    if not isinstance(name, str) or not name:
        message = f"condition {dict(mapping)!r} names no column"
        raise ValueError(message)
    return name


def _from_gx(text: str) -> Condition:
    match = _GX.fullmatch(text)
    if match is None:
        message = f"unable to parse condition: {text}"
        raise ValueError(message)
    if match["notnull"]:
        return Nullity(match["column"], is_null=False)
    value: Any = match["text"]
    if match["number"] is not None:
        value = float(match["number"]) if re.search(r"[.eE]", match["number"]) else int(match["number"])
    elif match["date"] is not None:
        value = _moment(match["date"])
    return Comparison(match["column"], match["operator"], value)


def _moment(text: str) -> date:
    if read_moment(text) is None:
        message = f"{text!r} is not an ISO date, of microseconds at most"
        raise ValueError(message)
    return datetime.fromisoformat(text)


_PYTHON: Final[Mapping[type[ast.cmpop], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "IN",
    ast.NotIn: "NOT_IN",
}


_NULLITY: Final[Mapping[str, bool]] = {"isnull": True, "isna": True, "notnull": False, "notna": False}
"""Methods of pandas that tell whether a value is missing."""


def _from_python(text: str, parser: str | None = None) -> Condition:
    quoted: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        if match["column"] is None:
            return match[0]
        stands_in = f"dpq_column_{len(quoted)}"
        quoted[stands_in] = match["column"]
        return stands_in

    try:
        tree = ast.parse(_QUOTED.sub(name, text.strip()), mode="eval")
    except (SyntaxError, ValueError):
        return Opaque(text, parser)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = quoted.get(node.id, node.id)
    return _from_node(tree.body) or Opaque(text, parser)


_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?P<column>[^`]+)`""")
"""A text, in which a backtick is a character, or a column's name in backticks, which may have blanks and signs."""


def _nullity(node: ast.Call) -> Nullity | None:
    method = node.func
    if node.args or node.keywords or not isinstance(method, ast.Attribute) or method.attr not in _NULLITY:
        return None
    return Nullity(method.value.id, _NULLITY[method.attr]) if isinstance(method.value, ast.Name) else None


def _group(node: ast.BoolOp | ast.BinOp) -> Group | None:
    if not isinstance(node.op, (ast.And, ast.Or, ast.BitAnd, ast.BitOr)):
        return None
    parts = [_from_node(value) for value in (node.values if isinstance(node, ast.BoolOp) else (node.left, node.right))]
    known = tuple(part for part in parts if part is not None)
    return Group(known, every=isinstance(node.op, (ast.And, ast.BitAnd))) if len(known) == len(parts) else None


def _from_node(node: ast.expr) -> Condition | None:
    if isinstance(node, (ast.BoolOp, ast.BinOp)):
        return _group(node)
    if isinstance(node, ast.Call):
        return _nullity(node)
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.left, ast.Name):
        operator = _PYTHON.get(type(node.ops[0]))
        try:
            value = ast.literal_eval(node.comparators[0])
        except (ValueError, TypeError):
            return None
        if operator is None or value is None or isinstance(value, (list, tuple, set)) != (operator in ("IN", "NOT_IN")):
            return None
        return Comparison(node.left.id, operator, list(value) if isinstance(value, (tuple, set)) else value)
    return None
