"""Conditions over the columns of a row: what each engine answers is what Python computes."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.compile.expression import RowCondition
from airflow_provider_dpq.core.quality.expression import parse_expression
from airflow_provider_dpq.core.table.reflection import typed_column
from tests.core.quality.answers import answer

KIND = "row_condition_to_hold"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """A part of a condition as it is written, and what it is worth for a row."""

    text: str
    worth: Callable[[Row], Any]


def _strict(function: Callable[..., Any], *parts: Part) -> Callable[[Row], Any]:
    """Apply a function to what the parts are worth; nothing comes of nothing."""

    def worth(row: Row) -> Any:
        values = [part.worth(row) for part in parts]
        return None if any(value is None for value in values) else function(*values)

    return worth


def _column(name: str) -> Part:
    return Part(f'"{name}"' if name == "the sum" else name, lambda row: row[name])


def _first(*parts: Part) -> Callable[[Row], Any]:
    return lambda row: next((value for part in parts if (value := part.worth(row)) is not None), None)


def _divided(a: Any, b: Any) -> float | None:
    return None if b == 0 else float(Fraction(float(a)) / Fraction(float(b)))


def _rest(a: int, b: int) -> int | None:
    return None if b == 0 else (abs(a) % abs(b)) * (1 if a >= 0 else -1)


ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
INTEGERS = st.integers(-4, 4)
HALVES = st.integers(-8, 8).map(lambda number: number / 2)
TEXTS = st.text("aAbB%_* ?[", max_size=3)


def _literal(value: Any) -> Part:
    text = "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
    return Part(text, lambda _: value)


def _pair(parts: st.SearchStrategy[Part], symbols: Mapping[str, Callable[..., Any]]) -> st.SearchStrategy[Part]:
    return st.builds(
        lambda a, symbol, b: Part(f"({a.text} {symbol} {b.text})", _strict(symbols[symbol], a, b)),
        parts,
        st.sampled_from(sorted(symbols)),
        parts,
    )


def _called(name: str, function: Callable[..., Any], parts: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    return st.builds(lambda part: Part(f"{name}({part.text})", _strict(function, part)), parts)


def _either(parts: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    return st.builds(lambda a, b: Part(f"coalesce({a.text}, {b.text})", _first(a, b)), parts, parts)


texts = st.recursive(
    st.sampled_from([_column("s"), _column("t")]) | TEXTS.map(_literal),
    lambda parts: _called("lower", str.lower, parts) | _called("UPPER", str.upper, parts) | _either(parts),
    max_leaves=3,
)
integers = st.recursive(
    st.sampled_from([_column("i"), _column("the sum")]) | INTEGERS.map(_literal) | _called("length", len, texts),
    lambda parts: (
        _pair(parts, {**ARITHMETIC, "%": _rest})
        | _called("abs", abs, parts)
        | _called("-", operator.neg, parts)
        | _either(parts)
    ),
    max_leaves=4,
)
numbers = st.recursive(
    integers
    | st.just(_column("x"))
    | st.sampled_from(["0.5", "2.5"]).map(lambda text: Part(text, lambda _: float(text))),
    lambda parts: _pair(parts, {**ARITHMETIC, "/": _divided}) | _called("abs", abs, parts) | _either(parts),
    max_leaves=3,
)


def _like(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in pattern), re.DOTALL)


def _not_or(negated: bool, value: bool) -> bool:
    return value is not negated


def _members(part: Part, members: list[Part], negated: bool) -> Part:
    listed = ", ".join(member.text for member in members)
    values = [member.worth({}) for member in members]
    text = f"{part.text} {'NOT ' if negated else ''}IN ({listed})"
    return Part(text, _strict(lambda value: _not_or(negated, value in values), part))


def _ranged(part: Part, low: Part, high: Part, negated: bool) -> Part:
    def worth(row: Row) -> bool | None:
        above = _strict(operator.ge, part, low)(row)
        below = _strict(operator.le, part, high)(row)
        both = False if False in (above, below) else None if None in (above, below) else True
        return None if both is None else _not_or(negated, both)

    return Part(f"{part.text} {'not ' if negated else ''}between {low.text} and {high.text}", worth)


def _patterned(part: Part, pattern: str, negated: bool) -> Part:
    text = f"{part.text} {'NOT ' if negated else ''}LIKE {_literal(pattern).text}"
    return Part(text, _strict(lambda value: _not_or(negated, bool(_like(pattern).fullmatch(value))), part))


def _joined(a: Part, word: str, b: Part) -> Part:
    def worth(row: Row) -> bool | None:
        values = (a.worth(row), b.worth(row))
        decisive = word == "OR"
        return decisive if decisive in values else None if None in values else not decisive

    return Part(f"({a.text} {word} {b.text})", worth)


def _absent(part: Part, negated: bool) -> Part:
    return Part(
        f"{part.text} IS {'NOT ' if negated else ''}NULL",
        lambda row: _not_or(negated, part.worth(row) is None),
    )


def _predicates(values: st.SearchStrategy[Part], literals: st.SearchStrategy[Any]) -> st.SearchStrategy[Part]:
    members = st.lists(literals.map(_literal), min_size=1, max_size=3)
    return (
        _pair(values, COMPARISONS)
        | st.builds(_members, values, members, st.booleans())
        | st.builds(_ranged, values, values, values, st.booleans())
        | st.builds(_absent, values, st.booleans())
    )


conditions = st.recursive(
    _predicates(numbers, INTEGERS)
    | _predicates(texts, TEXTS)
    | st.builds(_patterned, texts, TEXTS, st.booleans())
    | st.just(_column("f")),
    lambda parts: (
        st.builds(_joined, parts, st.sampled_from(["AND", "OR"]), parts)
        | st.builds(lambda part: Part(f"(NOT ({part.text}))", _strict(operator.not_, part)), parts)
    ),
    max_leaves=5,
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "i": st.none() | INTEGERS,
            "the sum": st.none() | INTEGERS,
            "x": st.none() | HALVES,
            "s": st.none() | TEXTS,
            "t": st.none() | TEXTS,
            "f": st.none() | st.booleans(),
        }
    ),
    max_size=5,
)
TYPES = {"i": "Int64", "the sum": "Int32", "x": "float64", "s": "str", "t": "str", "f": "boolean"}
COLUMNS = (*(name for name in TYPES if name != "the sum"), '"the sum"')


def _frame(table: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(table, columns=list(TYPES)).astype(TYPES)


def _expected(condition: Part, table: list[dict[str, Any]]) -> tuple[int, int, int]:
    worth = [condition.worth(row) for row in table]
    return len(table), worth.count(False), worth.count(None)


def _counts(data: Any, conditions: list[Part], **options: Any) -> list[tuple[Any, ...]]:
    suite = [{"type": f"expect_{KIND}", "kwargs": {"expression": condition.text}} for condition in conditions]
    results = check(data, suite, **options).results
    for result in results:
        assert result.error is None, (result.declaration, result.error)
    fields = ("element_count", "unexpected_count", "missing_count")
    return [tuple(result.result[field] for field in fields) for result in results]


def _named(part: Part) -> bool:
    return any(re.search(rf"(?<![\w']){re.escape(name)}(?![\w'])", part.text) for name in COLUMNS)


def _store(engine: sa.Engine, table: list[dict[str, Any]], name: str = "dpq_row_condition") -> None:
    columns = [sa.Column(column, kind) for column, kind in _SQL_TYPES.items()]
    stored = sa.Table(name, sa.MetaData(), *columns)
    with engine.begin() as connection:
        stored.drop(connection, checkfirst=True)
        stored.create(connection)
        if table:
            connection.execute(stored.insert(), table)


_SQL_TYPES: Mapping[str, Any] = {
    "i": sa.BigInteger(),
    "the sum": sa.Integer(),
    "x": sa.Double(),
    "s": sa.String(20),
    "t": sa.String(20),
    "f": sa.Boolean(),
}
GENERATED = settings(
    max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink]
)


@given(conditions=st.lists(conditions.filter(_named), min_size=1, max_size=4), table=rows)
@GENERATED
def test_frame_is_answered_as_python_would(conditions: list[Part], table: list[dict[str, Any]]) -> None:
    """Any condition over any rows: how many break it, and of how many nothing can be told."""
    assert _counts(_frame(table), conditions) == [_expected(condition, table) for condition in conditions]


@given(conditions=st.lists(conditions.filter(_named), min_size=1, max_size=4), table=rows)
@GENERATED
def test_sqlite_is_answered_as_python_would(conditions: list[Part], table: list[dict[str, Any]]) -> None:
    """The same in SQLite, whose LIKE, division and collations are its own."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    _store(engine, table)
    found = _counts("dpq_row_condition", conditions, connection=engine)
    engine.dispose()
    assert found == [_expected(condition, table) for condition in conditions]


@pytest.fixture(params=["postgres_url", "mysql_url"])
def server(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A server, cleaned up afterwards."""
    engine = sa.create_engine(request.getfixturevalue(request.param))
    yield engine
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS dpq_row_condition"))
    engine.dispose()


@pytest.mark.service
def test_servers_are_answered_as_python_would(server: sa.Engine) -> None:
    """The same in PostgreSQL and MariaDB."""

    @given(conditions=st.lists(conditions.filter(_named), min_size=8, max_size=12), table=rows)
    @settings(parent=GENERATED, max_examples=25)
    def run(conditions: list[Part], table: list[dict[str, Any]]) -> None:
        _store(server, table)
        found = _counts("dpq_row_condition", conditions, connection=server)
        assert found == [_expected(condition, table) for condition in conditions]

    run()


ORDERS = pd.DataFrame(
    {
        "amount": [10.0, 20.0, 30.0, None],
        "tax": [2.0, 4.0, 5.0, 1.0],
        "total": [12.0, 24.0, 36.0, 1.0],
        "state": ["paid", "Paid", "sent", "paid "],
        "ordered_at": pd.to_datetime(["2026-01-01T09:00", "2026-01-02T09:00", "2026-01-03T09:00", None]),
        "paid_at": pd.to_datetime(
            ["2026-01-01T09:00:10", "2026-01-03T09:00", "2026-01-03T08:59:59.5", None], format="ISO8601"
        ),
    }
)


def _unexpected(data: Any, expression: str, **options: Any) -> tuple[Any, Any]:
    result = answer(data, KIND, expression=expression, options=options)
    assert result.error is None, result.error
    return result.result["unexpected_count"], result.result["missing_count"]


def test_result_shows_the_columns_that_the_condition_names() -> None:
    """A row that breaks it is shown by what the condition looked at, and by where it is."""
    result = answer(ORDERS, KIND, expression="total = amount + tax")
    assert not result.success
    shown = {name: result.result[name] for name in ("element_count", "unexpected_count", "missing_count")}
    assert shown == {"element_count": 4, "unexpected_count": 1, "missing_count": 1}
    assert result.result["partial_unexpected_list"] == [{"total": 36.0, "amount": 30.0, "tax": 5.0}]
    assert result.result["partial_unexpected_index_list"] == [2]
    assert result.result["unexpected_percent"] == pytest.approx(100 / 3)
    assert result.name == "expect_row_condition_to_hold(total = amount + tax)"


@pytest.mark.parametrize(("mostly", "held"), [(0.66, True), (0.67, False)])
def test_mostly_is_a_share_of_the_rows_that_can_be_told(mostly: float, held: bool) -> None:
    """Two of the three rows that have an amount hold."""
    assert answer(ORDERS, KIND, expression="total = amount + tax", mostly=mostly).success is held


def test_row_condition_chooses_the_rows() -> None:
    """Which rows are looked at is one condition, what must hold for them another."""
    result = answer(ORDERS, KIND, expression="total = amount + tax", row_condition="total < 30")
    assert (result.success, result.result["element_count"]) == (True, 3)


def test_texts_are_compared_by_their_characters(texts_of_every_engine: tuple[Any, dict[str, Any]]) -> None:
    """Case and spaces at the end count everywhere, whatever the collation of a column or the engine's LIKE."""
    data, options = texts_of_every_engine
    assert _unexpected(data, "s = 'paid'", **options) == (3, 1)
    assert _unexpected(data, "s IN ('paid')", **options) == (3, 1)
    assert _unexpected(data, "s LIKE 'pa%'", **options) == (2, 1)
    assert _unexpected(data, "s LIKE '100!%' ESCAPE '!'", **options) == (3, 1)
    assert _unexpected(data, "s LIKE '%[%' OR s LIKE 'p_i%'", **options) == (2, 1)
    assert _unexpected(data, "s < 'a'", **options) == (2, 1)
    assert _unexpected(data, "'B' < 'a' AND s IS NOT NULL AND 'x' <> 'x '", **options) == (1, 0)
    assert _unexpected(data, "upper(s) = 'PAID'", **options) == (2, 1)


_TEXTS = ["paid", "Paid", "paid ", "100%", None]


@pytest.fixture(
    params=[
        "frame",
        "sqlite",
        *(pytest.param(f"{name}_url", marks=pytest.mark.service) for name in ("postgres", "mysql")),
    ]
)
def texts_of_every_engine(request: pytest.FixtureRequest) -> Iterator[tuple[Any, dict[str, Any]]]:
    """A column of texts, on every engine."""
    if request.param == "frame":
        yield pd.DataFrame({"s": pd.Series(_TEXTS, dtype="str")}), {}
        return
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue(request.param)
    engine = sa.create_engine(url, poolclass=sa.StaticPool)
    table = sa.Table("dpq_row_texts", sa.MetaData(), sa.Column("s", sa.String(20)))
    table.drop(engine, checkfirst=True)
    table.create(engine)
    with engine.begin() as connection:
        connection.execute(table.insert(), [{"s": text} for text in _TEXTS])
    yield "dpq_row_texts", {"connection": engine}
    table.drop(engine)
    engine.dispose()


def test_malformed_text_breaks_the_condition(tmp_path: Path) -> None:
    """What could not be read is never taken for what is unknown."""
    path = tmp_path / "orders.csv"
    path.write_text("amount,tax\n" + "1,2\n" * 30_000 + "many,2\n,2\n")
    assert _unexpected(path, "amount < tax") == (1, 1)
    assert _unexpected(path, "amount < tax OR tax = 2") == (1, 0)


def test_moments_are_compared_with_texts_in_iso_form(tmp_path: Path) -> None:
    """Days and moments are written as ISO has them, with a time zone where the column has one."""
    zoned = ORDERS.assign(
        at=ORDERS["paid_at"].dt.tz_localize("UTC"), day=[date(2026, 1, 1), date(2026, 1, 2), None, date(2026, 1, 4)]
    )
    path = tmp_path / "orders.parquet"
    zoned.to_parquet(path)
    assert _unexpected(path, "paid_at >= '2026-01-03'") == (1, 1)
    assert _unexpected(path, "paid_at > ordered_at") == (1, 1)
    assert _unexpected(path, "at BETWEEN '2026-01-01T10:00:10+01:00' AND '2026-01-03T08:59:00Z'") == (2, 1)
    assert _unexpected(path, "day IN ('2026-01-01', '2026-01-04')") == (1, 1)
    assert _unexpected(path, "coalesce(day, '2026-01-04') > '2026-01-03'") == (2, 0)


def test_days_moments_and_instants_are_compared_with_each_other() -> None:
    """A day begins at 00:00, and what has no time zone is of UTC."""
    table = pa.table(
        {
            "day": pa.array([date(2026, 1, 1), date(2026, 1, 2)]),
            "at": pa.array([datetime(2026, 1, 1), datetime(2026, 1, 2, 3)], pa.timestamp("us")),  # noqa: DTZ001
            "instant": pa.array([datetime(2026, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("us", "UTC")),
        }
    )
    assert _unexpected(table, "day = at") == (1, 0)
    assert _unexpected(table, "day <= at") == (0, 0)
    assert _unexpected(table, "at = instant") == (1, 0)
    assert _unexpected(table, "day >= instant") == (0, 0)
    assert _unexpected(table, "seconds_between(day, at) IN (0, 10800)") == (0, 0)
    assert _unexpected(table, "at BETWEEN '2026-01-01T01:00+01:00' AND day") == (1, 0)
    assert _unexpected(table, "day < '2026-01-02T00:00:01' AND at < '2026-01-02T04:00:00Z'") == (0, 0)
    assert _unexpected(table, "day IN ('2026-01-01T00:00:00', '2026-01-02')") == (0, 0)
    assert _unexpected(table, "instant IN ('2026-01-01')") == (0, 0)
    assert _unexpected(table, "coalesce(day, '2026-01-04T00:00:05') <= at") == (0, 0)


def test_seconds_between_two_moments() -> None:
    """From the first to the second, with fractions; negative where the second comes first."""
    assert _unexpected(ORDERS, "seconds_between(ordered_at, paid_at) = 10") == (2, 1)
    assert _unexpected(ORDERS, "seconds_between(ordered_at, paid_at) BETWEEN -0.5 AND 24 * 3600") == (0, 1)
    assert _unexpected(ORDERS, "seconds_between(ordered_at, paid_at) > -0.5") == (1, 1)


@pytest.mark.service
@pytest.mark.parametrize("url", ["postgres_url", "mysql_url"])
def test_seconds_between_on_servers(url: str, request: pytest.FixtureRequest) -> None:
    """Moments and days, on servers."""
    engine = sa.create_engine(request.getfixturevalue(url))
    columns = [sa.Column(name, kind) for name, kind in (("a", sa.DateTime()), ("b", sa.DateTime()), ("d", sa.Date()))]
    table = sa.Table("dpq_row_moments", sa.MetaData(), *columns)
    table.drop(engine, checkfirst=True)
    table.create(engine)
    with engine.begin() as connection:
        moments = {"a": datetime(2026, 1, 1, 9), "b": datetime(2026, 1, 2, 9, 0, 1), "d": date(2026, 1, 1)}  # noqa: DTZ001
        connection.execute(table.insert(), [moments])
    try:
        for expression in ("seconds_between(a, b) = 86401", "seconds_between(d, d) = 0", "b > '2026-01-02'"):
            assert _unexpected("dpq_row_moments", expression, connection=engine) == (0, 0)
    finally:
        table.drop(engine)
        engine.dispose()


def test_decimals_are_exact(tmp_path: Path) -> None:
    """Cents add up, as they would not in floating numbers."""
    cents = [Decimal("0.10"), Decimal("0.20"), Decimal("0.30")]
    path = tmp_path / "cents.parquet"
    pd.DataFrame({"a": cents[:1], "b": cents[1:2], "c": cents[2:]}).to_parquet(path)
    assert _unexpected(path, "a + b = c AND a = 0.1 AND c = 0.3") == (0, 0)
    assert _unexpected(ORDERS.assign(a=0.1, b=0.2, c=0.3), "a + b = c") == (4, 0)


def test_whole_numbers_do_not_overflow() -> None:
    """The product of two columns of 32 bits may need more."""
    frame = pd.DataFrame({"a": pd.Series([2**31 - 1], dtype="int32"), "b": [2**63 - 1]})
    assert _unexpected(frame, "a * a = 4611686014132420609 AND a * b > 9223372036854775807") == (0, 0)


def test_what_stands_in_parentheses_stays_together(texts_of_every_engine: tuple[Any, dict[str, Any]]) -> None:
    """However deep, whatever an engine needs around a number."""
    data, options = texts_of_every_engine
    for expression in (
        "-(length(s) + length(s)) = -2 * length(s)",
        "10 - (length(s) - length(s)) = 10",
        "length(s) * (1 + 1) = length(s) + length(s)",
        "10 / (length(s) / length(s)) = 10",
        "(length(s) + 1) % (1 + 1) = length(s) % 2 OR NOT (length(s) % 2 = 7)",
    ):
        assert _unexpected(data, expression, **options) == (0, 1)


def test_arithmetic_that_the_engine_refuses_is_its_own_error() -> None:
    """Numbers beyond the widest type are told as the engine tells it; the other checks stand."""
    suite = [
        {"type": f"expect_{KIND}", "kwargs": {"expression": expression}} for expression in ("a * a * a > 1", "a > 1")
    ]
    refused, other = check(pd.DataFrame({"a": [2**62]}), suite).results
    assert refused.error is not None
    assert (refused.error.reason, refused.verdict) == ("query_failed", "error")
    assert "Overflow" in refused.error.message
    assert other.success


def test_names_and_values_are_never_part_of_the_sql() -> None:
    """What looks like SQL is a name, or a text, or refused."""
    frame = pd.DataFrame({'x" OR 1=1 --': [1], "s": ["'; DROP TABLE orders; --"]})
    assert _unexpected(frame, '"x"" OR 1=1 --" = 2') == (1, 0)
    assert _unexpected(frame, "`x\" OR 1=1 --` = 1 AND s = '''; DROP TABLE orders; --'") == (0, 0)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("amount > 'many'", "Column 'amount' > 'many' compares string with float."),
        ("state + 1 > 2", "Column 'state' is string, not a number."),
        ("amount", "Column 'amount' is float, which is neither true nor false."),
        ("amount AND total > 1", "Column 'amount' is float, which is neither true nor false."),
        ("length(amount) > 1", "Length cannot be taken of column 'amount', which is float."),
        ("amount LIKE '1%'", "LIKE is for texts, and column 'amount' is float."),
        ("paid_at > 'yesterday'", "'yesterday' is no timestamp in ISO form."),
        ("paid_at > '2026-01-01T00:00:00.123456789'", "'2026-01-01T00:00:00.123456789' is no timestamp in ISO form."),
        ("amount % 2 = 0", "Column 'amount' % 2 takes the rest of numbers that are not whole."),
        ("state IN ('paid', 1)", "Column 'state' IN ... compares integer with string."),
        ("seconds_between(paid_at, state) > 1", "Seconds_between cannot be taken of column 'state', which is string."),
        ("(amount > 1) > (tax > 1)", "Column 'amount' > 1 > column 'tax' > 1 orders what is true or false."),
        ("coalesce(amount, state) = 1", "Coalesce(...) compares string with float."),
    ],
)
def test_values_of_unlike_kinds_are_an_error(expression: str, told: str) -> None:
    """The message says which part of the condition, and of which kinds."""
    result = answer(ORDERS, KIND, expression=expression)
    assert result.error is not None
    assert (result.error.reason, result.verdict) == ("incomparable", "error")
    assert result.error.message.startswith(told)


def test_unknown_column_is_an_error_of_its_check() -> None:
    """A text in double quotes is the name of a column."""
    result = answer(ORDERS, KIND, expression='state = "paid"')
    assert result.error is not None
    assert (result.error.reason, "'paid'" in result.error.message) == ("missing_column", True)


@pytest.mark.parametrize(("dialect", "pattern"), [("mssql", "![a]%"), ("postgresql", "[a]%")])
def test_brackets_in_a_pattern_mean_themselves(dialect: str, pattern: str) -> None:
    """SQL Server's LIKE would read them as a set of characters."""
    spoken = sa.create_mock_engine(f"{dialect}://", print).dialect

    class Stand:
        def column(self, name: str) -> Any:
            return typed_column(name, sa.String(), spoken)

    Stand.dialect = dialect  # type: ignore[attr-defined]
    condition: Any = RowCondition(Stand(), parse_expression("c LIKE '[a]%'")).sql  # type: ignore[arg-type]
    assert pattern in condition.compile(dialect=spoken).params.values()


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("a.notnull()", 2),
        ("a.isna()", 1),
        ("(a > 1) & (b == 'y')", 1),
        ("(a > 1) | a.isnull()", 2),
        ("`a`.notna() and b == 'x'", 1),
    ],
)
def test_forms_of_pandas_choose_the_same_rows_on_a_check_and_on_the_gate(condition: str, rows: int) -> None:
    """They were delegated on a check, and refused on the gate and on databases."""
    frame = pd.DataFrame({"a": [1.0, 2.0, None], "b": ["x", "y", "y"]})
    count = {"type": "expect_table_row_count_to_equal", "kwargs": {"value": rows}}
    on_check = {**count, "kwargs": {"value": rows, "row_condition": condition, "condition_parser": "pandas"}}
    assert check(frame, [count], row_condition=condition).success
    assert check(frame, [on_check]).success
    assert len(frame.query(condition, engine="python")) == rows
