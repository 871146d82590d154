"""Expressions over the columns of a row: parsed here into a tree, turned into SQL by ``compile.expression``.

    condition   := conjunction ("OR" conjunction)*
    conjunction := negation ("AND" negation)*
    negation    := "NOT" negation | predicate
    predicate   := sum [("=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=") sum
                       | ["NOT"] "IN" "(" literal ("," literal)* ")"
                       | ["NOT"] "BETWEEN" sum "AND" sum
                       | ["NOT"] "LIKE" text ["ESCAPE" text]
                       | "IS" ["NOT"] "NULL"]
    sum         := product (("+" | "-") product)*
    product     := factor (("*" | "/" | "%") factor)*
    factor      := "-" factor | literal | column | function "(" sum ("," sum)* ")" | "(" condition ")"
    literal     := number | text | "TRUE" | "FALSE"

A text stands in single quotes. A column is a word, or anything in double quotes or backticks. Keywords and functions
are read in any case. What is parsed is never pasted into SQL: names are quoted there, and values are bound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NoReturn, TypeAlias

_TOKENS: Final = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | '(?P<text>(?:[^']|'')*)'
      | "(?P<double>(?:[^"]|"")+)"
      | `(?P<back>(?:[^`]|``)+)`
      | (?P<word>[^\W\d]\w*)
      | (?P<symbol><=|>=|<>|!=|==|[=<>+\-*/%(),])""",
    re.VERBOSE,
)
_KEYWORDS: Final = frozenset({"and", "or", "not", "in", "between", "like", "escape", "is", "null", "true", "false"})
_COMPARISONS: Final[Mapping[str, str]] = {
    **{symbol: symbol for symbol in ("=", "!=", "<", "<=", ">", ">=")},
    "==": "=",
    "<>": "!=",
}
FUNCTIONS: Final[Mapping[str, tuple[int, int | None]]] = {
    "length": (1, 1),
    "lower": (1, 1),
    "upper": (1, 1),
    "abs": (1, 1),
    "coalesce": (2, None),
    "seconds_between": (2, 2),
}
"""The least and the most arguments of each function; None for any number."""

_DEEPEST: Final = 60
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Name:
    """The value of a column."""

    column: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, or a truth value."""

    value: int | float | Decimal | str | bool


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers and one of ``+ - * / %``."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function of some values."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values and one of ``= != < <= > >=``."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a value is one of a list."""

    operand: Node
    members: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """Whether a value lies between two others, both inclusive."""

    operand: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class Pattern:
    """Whether a text matches a pattern, given as its characters, each with whether it is a wildcard."""

    operand: Node
    parts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Absence:
    """Whether a value is missing."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary of a condition."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions that must all hold, or of which one must."""

    parts: tuple[Node, ...]
    every: bool


Node: TypeAlias = (
    Name | Literal | Arithmetic | Call | Comparison | Membership | Range | Pattern | Absence | Not | Junction
)
_CONDITIONS: Final = (Comparison, Membership, Range, Pattern, Absence, Not, Junction)
_MAYBE: Final = (*_CONDITIONS, Name, Call)


def parse_expression(text: str) -> Node:
    """Read a condition on a row.

    Raises:
        ValueError: It is none; the message names the position, counted from 1, and what was expected there.
    """
    tokens = list(_tokens(text))
    node = _Parser(tokens).whole()
    if not any(isinstance(part, Name) for part in walk(node)):
        message = "the condition names no column: it says the same of every row"
        raise ValueError(message)
    return node


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all that it consists of."""
    yield node
    children: Mapping[type[Any], Callable[[Any], tuple[Node, ...]]] = {
        Arithmetic: lambda n: (n.left, n.right),
        Comparison: lambda n: (n.left, n.right),
        Call: lambda n: n.arguments,
        Junction: lambda n: n.parts,
        Range: lambda n: (n.operand, n.low, n.high),
        Membership: lambda n: (n.operand,),
        Pattern: lambda n: (n.operand,),
        Absence: lambda n: (n.operand,),
        Not: lambda n: (n.operand,),
    }
    for child in children.get(type(node), lambda _: ())(node):
        yield from walk(child)


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of the text: its kind, its value, where it begins, and how it is written."""

    kind: str
    value: str
    position: int
    written: str


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKENS.match(text, position)
        if match is None:
            quote = text[position] in "'\"`"
            expected = "the closing quote, and something within" if quote else "a name, a value or an operator"
            message = f"at position {position + 1}: expected {expected}, found {text[position : position + 20]!r}"
            raise ValueError(message)
        kind = str(match.lastgroup)
        value = match[kind]
        if kind == "word" and value.lower() in _KEYWORDS:
            kind, value = "keyword", value.lower()
        elif kind in ("double", "back"):
            quote_ = '"' if kind == "double" else "`"
            kind, value = "quoted", value.replace(quote_ * 2, quote_)
        elif kind == "text":
            value = value.replace("''", "'")
        if kind != "space":
            yield _Token(kind, value, position + 1, match[0])
        position = match.end()
    yield _Token("end", "", len(text) + 1, "")


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def whole(self) -> Node:
        start = self._peek
        node = self._condition()
        if self._peek.kind != "end":
            self._fail("an operator or the end")
        return self._require_truth(node, start)

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._peek
        self._next += 1
        return token

    def _found(self, kind: str, *values: str) -> bool:
        return self._peek.kind == kind and self._peek.value in values

    def _accept(self, kind: str, *values: str) -> str | None:
        return self._take().value if self._found(kind, *values) else None

    def _demand(self, kind: str, value: str) -> None:
        if self._accept(kind, value) is None:
            self._fail(value.upper() if kind == "keyword" else repr(value))

    def _fail(self, expected: str, token: _Token | None = None) -> NoReturn:
        at = token or self._peek
        found = "the end" if at.kind == "end" else repr(at.written[:40])
        message = f"at position {at.position}: expected {expected}, found {found}"
        raise ValueError(message)

    def _chain(self, part: Callable[[], Node], kind: str, *values: str) -> Iterator[tuple[str, Node]]:
        count = 0
        while (operator := self._accept(kind, *values)) is not None:
            count += 1
            if count > _LONGEST:
                self._fail(f"at most {_LONGEST} of {' '.join(values).upper()} in a row")
            yield operator, part()

    def _condition(self) -> Node:
        return self._junction(lambda: self._junction(self._negation, "and"), "or")

    def _junction(self, part: Callable[[], Node], word: str) -> Node:
        start = self._peek
        first = part()
        parts = [first, *(node for _, node in self._chain(lambda: self._truth(part), "keyword", word))]
        if len(parts) == 1:
            return first
        self._require_truth(first, start)
        return Junction(tuple(parts), every=word == "and")

    def _truth(self, part: Callable[[], Node]) -> Node:
        start = self._peek
        return self._require_truth(part(), start)

    def _require_truth(self, node: Node, start: _Token) -> Node:
        if not isinstance(node, _MAYBE):
            self._fail("a comparison or another condition", start)
        return node

    def _negation(self) -> Node:
        if self._accept("keyword", "not") is None:
            return self._predicate()
        return Not(self._deeper(lambda: self._truth(self._negation)))

    def _deeper(self, part: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail(f"at most {_DEEPEST} levels of nesting")
        node = part()
        self._depth -= 1
        return node

    def _predicate(self) -> Node:
        left = self._sum()
        symbol = self._accept("symbol", *_COMPARISONS)
        if symbol is not None:
            return Comparison(_COMPARISONS[symbol], left, self._sum())
        if self._accept("keyword", "is") is not None:
            negated = self._accept("keyword", "not") is not None
            self._demand("keyword", "null")
            return Not(Absence(left)) if negated else Absence(left)
        negated = self._accept("keyword", "not") is not None
        word = self._accept("keyword", "in", "between", "like")
        if word is None:
            if negated:
                self._fail("IN, BETWEEN or LIKE")
            return left
        node = {"in": self._membership, "between": self._range, "like": self._pattern}[word](left)
        return Not(node) if negated else node

    def _membership(self, operand: Node) -> Node:
        self._demand("symbol", "(")
        members = [self._literal()]
        while self._accept("symbol", ",") is not None:
            members.append(self._literal())
        self._demand("symbol", ")")
        return Membership(operand, tuple(members))

    def _range(self, operand: Node) -> Node:
        low = self._sum()
        self._demand("keyword", "and")
        return Range(operand, low, self._sum())

    def _pattern(self, operand: Node) -> Node:
        pattern = self._text("a text as the pattern")
        escape = self._text("a text of one character") if self._accept("keyword", "escape") is not None else ""
        if len(escape) > 1:
            self._fail("a text of one character", self._tokens[self._next - 1])
        return Pattern(operand, tuple(_parts(pattern, escape)))

    def _text(self, expected: str) -> str:
        if self._peek.kind != "text":
            self._fail(expected)
        return self._take().value

    def _sum(self) -> Node:
        return self._arithmetic(lambda: self._arithmetic(self._factor, "*", "/", "%"), "+", "-")

    def _arithmetic(self, part: Callable[[], Node], *symbols: str) -> Node:
        start = self._peek
        node = part()
        for operator, right in self._chain(lambda: self._number(part), "symbol", *symbols):
            self._require_value(node, start)
            node = Arithmetic(operator, node, right)
        return node

    def _number(self, part: Callable[[], Node]) -> Node:
        start = self._peek
        return self._require_value(part(), start)

    def _require_value(self, node: Node, start: _Token) -> Node:
        odd = isinstance(node, Literal) and isinstance(node.value, (str, bool))
        if odd or isinstance(node, _CONDITIONS):
            self._fail("a number", start)
        return node

    def _factor(self) -> Node:
        if self._accept("symbol", "-") is not None:
            operand = self._deeper(lambda: self._number(self._factor))
            if isinstance(operand, Literal) and not isinstance(operand.value, (str, bool)):
                return Literal(-operand.value)
            return Arithmetic("-", Literal(0), operand)
        if self._accept("symbol", "(") is not None:
            node = self._deeper(self._condition)
            self._demand("symbol", ")")
            return node
        if self._peek.kind == "quoted":
            return Name(self._take().value)
        if self._peek.kind == "word":
            word = self._take()
            return self._call(word) if self._found("symbol", "(") else Name(word.value)
        return self._literal("a column or a value")

    def _call(self, word: _Token) -> Node:
        name = word.value.lower()
        if name not in FUNCTIONS:
            self._fail(f"one of the functions {', '.join(FUNCTIONS)}", word)
        self._take()
        arguments = [self._deeper(self._sum)]
        while self._accept("symbol", ",") is not None:
            arguments.append(self._deeper(self._sum))
        self._demand("symbol", ")")
        least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= (most or len(arguments)):
            self._fail(f"{least}{'' if most else ' or more'} arguments of {name}", word)
        return Call(name, tuple(arguments))

    def _literal(self, expected: str = "a number, a text, TRUE or FALSE") -> Literal:
        negative = self._accept("symbol", "-") is not None
        token = self._peek
        if token.kind == "number":
            number = _numeral(self._take().value)
            return Literal(-number if negative else number)
        if negative or not (token.kind == "text" or self._found("keyword", "true", "false")):
            null = self._found("keyword", "null")
            self._fail(f"{expected} (a missing value is tested by IS NULL)" if null else expected)
        self._take()
        return Literal(token.value if token.kind == "text" else token.value == "true")


def _numeral(text: str) -> int | float | Decimal:
    if "e" in text.lower():
        return float(text)
    return Decimal(text) if "." in text else int(text)


def _parts(pattern: str, escape: str) -> Iterator[tuple[str, bool]]:
    """Yield each character of a pattern, and whether it is a wildcard."""
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            following = next(characters, None)
            if following is None:
                message = f"the pattern {pattern!r} ends in its escape character"
                raise ValueError(message)
            yield following, False
        else:
            yield character, character in "%_"
