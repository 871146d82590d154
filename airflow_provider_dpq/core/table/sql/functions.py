"""Functions that every engine has under another name, or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class count_if(FunctionElement[int]):  # noqa: N801 - named as the SQL function
    """Number of rows for which a condition holds; 0 of no rows. DuckDB's own is 2 to 4 times faster than FILTER."""

    type = sa.BigInteger()
    inherit_cache = True
    name = "count_if"


class stdev(FunctionElement[float]):  # noqa: N801 - named as the SQL function
    """Sample standard deviation; NULL of fewer than two values."""

    type = sa.Double()
    inherit_cache = True
    name = "stdev"


class total(FunctionElement[float]):  # noqa: N801 - named as a SQL function
    """Sum of floating numbers, of which no more is lost than the last digits."""

    type = sa.Double()
    inherit_cache = True
    name = "total"


class mean(FunctionElement[float]):  # noqa: N801 - named as a SQL function
    """Mean of floating numbers, of which no more is lost than the last digits."""

    type = sa.Double()
    inherit_cache = True
    name = "mean"


class median(FunctionElement[float]):  # noqa: N801 - named as the SQL function
    """Median, interpolated between the two values in the middle."""

    type = sa.Double()
    inherit_cache = True
    name = "median"


class quantile(FunctionElement[float]):  # noqa: N801 - named as the SQL function
    """Value below which a part of the values lie, interpolated between the two beside it."""

    type = sa.Double()
    inherit_cache = True
    name = "quantile"


class finite(FunctionElement[float]):  # noqa: N801 - named as a SQL function
    """A floating number, NULL where it is infinite or NaN; NULL is what other databases have instead."""

    type = sa.Double()
    inherit_cache = True
    name = "finite"


class widened(FunctionElement[float]):  # noqa: N801 - named as a SQL function
    """The number of eight bytes that is written, in its shortest decimal text, as one of four bytes is."""

    type = sa.Double()
    inherit_cache = True
    name = "widened"


class characters(FunctionElement[int]):  # noqa: N801 - named as the SQL function
    """Number of characters (code points) of a text."""

    type = sa.Integer()
    inherit_cache = True
    name = "characters"


class matches(FunctionElement[bool]):  # noqa: N801 - named as the SQL function
    """Whether a regular expression is found anywhere in a text."""

    type = sa.Boolean()
    inherit_cache = True
    name = "matches"


class extracts(FunctionElement[bool]):  # noqa: N801 - named as a SQL function
    """Whether a regular expression finds something that is not empty.

    DuckDB extracts once for each value that a file's dictionary lists, where it would search once for each row. For a
    pattern that begins anywhere it takes longer.
    """

    type = sa.Boolean()
    inherit_cache = True
    name = "extracts"


class without_nan(FunctionElement[float]):  # noqa: N801 - named as a SQL function
    """A number, NULL where it is NaN: DuckDB has it in floating columns, PostgreSQL in decimal ones too."""

    type = sa.Double()
    inherit_cache = True
    name = "without_nan"


class known(FunctionElement[bool]):  # noqa: N801 - named as a SQL function
    """Whether a condition holds: false, and never NULL, where SQL does not know."""

    type = sa.Boolean()
    inherit_cache = True
    name = "known"


@compiles(known)
def _known(element: known, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(sa.func.coalesce(_only(element), sa.false()), **kw))


@compiles(without_nan)
def _without_nan(element: without_nan, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


@compiles(without_nan, "duckdb")
@compiles(without_nan, "postgresql")
def _without_nan_null(element: without_nan, compiler: Any, **kw: Any) -> str:
    return f"nullif({compiler.process(element.clauses, **kw)}, 'NaN')"


@compiles(without_nan, "spark")
def _without_nan_spark(element: without_nan, compiler: Any, **kw: Any) -> str:
    return f"nullif({compiler.process(element.clauses, **kw)}, double('NaN'))"


@compiles(count_if)
def _count_if(element: count_if, compiler: Any, **kw: Any) -> str:
    condition = compiler.process(sa.func.coalesce(sa.func.sum(sa.case((_only(element), 1), else_=0)), 0), **kw)
    return str(condition)


@compiles(count_if, "duckdb")
@compiles(count_if, "spark")
def _count_if_duckdb(element: count_if, compiler: Any, **kw: Any) -> str:
    return f"coalesce(count_if({compiler.process(element.clauses, **kw)}), 0)"


@compiles(stdev)
def _stdev(element: stdev, compiler: Any, **kw: Any) -> str:
    return f"stddev_samp({compiler.process(element.clauses, **kw)})"


_OF_SQLITE = {"total": "dpq_sum", "mean": "dpq_mean"}
_SUMS = {"total": ("sum", "fsum"), "mean": ("avg", "favg")}


@compiles(total)
@compiles(mean)
def _sum(element: FunctionElement[float], compiler: Any, **kw: Any) -> str:
    return f"{_SUMS[element.name][0]}({compiler.process(element.clauses, **kw)})"


@compiles(total, "mysql")
@compiles(mean, "mysql")
@compiles(total, "mariadb")
@compiles(mean, "mariadb")
def _sum_mysql(element: FunctionElement[float], compiler: Any, **kw: Any) -> str:
    # Exactly, of numbers that its widest decimal type holds; it adds floating ones without compensation.
    function, value = _SUMS[element.name][0], compiler.process(element.clauses, **kw)
    greatest = f"max(abs({value}))"
    exactly = f"CAST({function}(CAST({value} AS DECIMAL(65, 30))) AS DOUBLE)"
    return f"(CASE WHEN {greatest} BETWEEN 1e-13 AND 1e25 THEN {exactly} ELSE {function}({value}) END)"


@compiles(total, "duckdb")
@compiles(mean, "duckdb")
def _sum_duckdb(element: FunctionElement[float], compiler: Any, **kw: Any) -> str:
    # Its plain ones lose a digit for each tenfold number of rows; the compensated ones lose what great numbers that
    # cancel each other leave, and know no infinite number. Exactly: as whole numbers, and fractions in units of 2^-80,
    # which are put together before they are rounded, by way of the text, where a HUGEINT has room for that.
    plain, compensated = _SUMS[element.name]
    value = compiler.process(element.clauses, **kw)
    whole = f"sum(CASE WHEN abs({value}) <= 1e25 THEN TRY_CAST(trunc({value}) AS HUGEINT) END)"
    rest = f"sum(TRY_CAST(({value} - trunc({value})) * pow(2, 80) AS HUGEINT))"
    unit = str(2**80)
    together = f"CAST(CAST({whole} * {unit} + {rest} AS VARCHAR) AS DOUBLE) / pow(2, 80)"
    apart = f"CAST({whole} + {rest} // {unit} AS DOUBLE) + CAST({rest} % {unit} AS DOUBLE) / pow(2, 80)"
    exactly = f"CASE WHEN abs({whole}) < {2**45} THEN {together} ELSE {apart} END"
    divided = f" / count({value})" if plain == "avg" else ""
    rounded = f"coalesce(nullif({compensated}({value}), 'NaN'), {plain}({value}))"
    return f"(CASE WHEN max(abs({value})) BETWEEN 1e-6 AND 1e25 THEN ({exactly}){divided} ELSE {rounded} END)"


@compiles(total, "sqlite")
@compiles(mean, "sqlite")
def _sum_sqlite(element: FunctionElement[float], compiler: Any, **kw: Any) -> str:
    # Functions of our own, which `tables.sqlite_sum` adds to the connection.
    return f"{_OF_SQLITE[element.name]}({compiler.process(element.clauses, **kw)})"


@compiles(total, "postgresql")
@compiles(mean, "postgresql")
def _sum_postgresql(element: FunctionElement[float], compiler: Any, **kw: Any) -> str:
    value = compiler.process(sa.cast(_only(element), sa.Double()), **kw)
    return f"CAST({_SUMS[element.name][0]}(CAST({value} AS NUMERIC)) AS DOUBLE PRECISION)"


@compiles(median, "duckdb")
@compiles(median, "spark")
def _median_duckdb(element: median, compiler: Any, **kw: Any) -> str:
    return f"median({compiler.process(element.clauses, **kw)})"


@compiles(median, "postgresql")
def _median_postgresql(element: median, compiler: Any, **kw: Any) -> str:
    return f"percentile_cont(0.5) WITHIN GROUP (ORDER BY {compiler.process(element.clauses, **kw)})"


@compiles(quantile)
def _quantile(element: quantile, compiler: Any, **kw: Any) -> str:
    value, part = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"percentile_cont({part}) WITHIN GROUP (ORDER BY {value})"


@compiles(quantile, "duckdb")
def _quantile_duckdb(element: quantile, compiler: Any, **kw: Any) -> str:
    return f"quantile_cont({compiler.process(element.clauses, **kw)})"


@compiles(quantile, "spark")
def _quantile_spark(element: quantile, compiler: Any, **kw: Any) -> str:
    return f"percentile({compiler.process(element.clauses, **kw)})"


@compiles(finite)
def _finite(element: finite, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


@compiles(finite, "duckdb")
@compiles(finite, "postgresql")
def _finite_null(element: finite, compiler: Any, **kw: Any) -> str:
    return f"nullif(nullif(nullif({compiler.process(element.clauses, **kw)}, 'NaN'), 'Infinity'), '-Infinity')"


@compiles(finite, "spark")
def _finite_spark(element: finite, compiler: Any, **kw: Any) -> str:
    number = compiler.process(element.clauses, **kw)
    return f"nullif(nullif(nullif({number}, double('NaN')), double('Infinity')), double('-Infinity'))"


@compiles(widened)
def _widened(element: widened, compiler: Any, **kw: Any) -> str:
    single: sa.ColumnElement[Any] = sa.cast(_only(element), sa.REAL())
    return str(compiler.process(sa.cast(sa.cast(single, sa.Text()), sa.Double()), **kw))


@compiles(widened, "mysql")
@compiles(widened, "mariadb")
def _widened_mysql(element: widened, compiler: Any, **kw: Any) -> str:
    # Both write six digits of the nine that such a number may have; the fewest that name it are looked for.
    number = compiler.process(_only(element), **kw)
    single = f"CAST({number} AS FLOAT)"
    texts = {6: f"CAST(CAST({single} AS CHAR) AS DOUBLE)"}
    for digits in (7, 8, 9):
        scale = f"{digits - 1} - floor(log10(abs({number})))"
        texts[digits] = f"CAST(round(CAST({number} AS DECIMAL(65, 30)), {scale}) AS DOUBLE)"
    cases = " ".join(f"WHEN CAST({text} AS FLOAT) = {single} THEN {text}" for text in texts.values())
    return f"(CASE {cases} ELSE {number} END)"


@compiles(characters)
def _characters(element: characters, compiler: Any, **kw: Any) -> str:
    return f"char_length({compiler.process(element.clauses, **kw)})"


@compiles(characters, "sqlite")
@compiles(characters, "duckdb")
def _characters_length(element: characters, compiler: Any, **kw: Any) -> str:
    return f"length({compiler.process(element.clauses, **kw)})"


@compiles(matches)
def _matches(element: matches, compiler: Any, **kw: Any) -> str:
    text, pattern = element.clauses
    # SQLAlchemy looks for a pattern in texts only; whether the column is one is for the database to say.
    return str(compiler.process(sa.type_coerce(text, sa.String()).regexp_match(pattern), **kw))


@compiles(matches, "spark")
def _matches_spark(element: matches, compiler: Any, **kw: Any) -> str:
    return f"regexp_like({compiler.process(element.clauses, **kw)})"


@compiles(extracts, "duckdb")
def _extracts_duckdb(element: extracts, compiler: Any, **kw: Any) -> str:
    return f"(regexp_extract({compiler.process(element.clauses, **kw)}) <> '')"


@compiles(matches, "duckdb")
def _matches_duckdb(element: matches, compiler: Any, **kw: Any) -> str:
    return f"regexp_matches({compiler.process(element.clauses, **kw)})"


def _only(element: FunctionElement[Any]) -> sa.ColumnElement[Any]:
    (argument,) = element.clauses
    return argument


class exact_text(FunctionElement[str]):  # noqa: N801 - named as a SQL function
    """A text that is compared by its characters, whatever collation its column has."""

    type = sa.Text()
    inherit_cache = True
    name = "exact_text"


class exact_integer(FunctionElement[Decimal]):  # noqa: N801 - named as a SQL function
    """A whole number in the widest type, so that arithmetic on it does not overflow."""

    type = sa.Numeric()
    inherit_cache = True
    name = "exact_integer"


class seconds_between(FunctionElement[float]):  # noqa: N801 - named as a SQL function
    """Seconds from one moment to another; whole milliseconds on SQLite."""

    type = sa.Double()
    inherit_cache = True
    name = "seconds_between"


@compiles(exact_text)
@compiles(exact_integer)
def _as_it_is(element: FunctionElement[Any], compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(_only(element), **kw)})"


@compiles(exact_text, "sqlite")
def _exact_text_sqlite(element: exact_text, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(_only(element), **kw)} COLLATE BINARY)"


@compiles(exact_text, "duckdb")
def _exact_text_duckdb(element: exact_text, compiler: Any, **kw: Any) -> str:
    return f'({compiler.process(_only(element), **kw)} COLLATE "binary")'


@compiles(exact_text, "spark")
def _exact_text_spark(element: exact_text, compiler: Any, **kw: Any) -> str:
    return f"({compiler.process(_only(element), **kw)} COLLATE UTF8_BINARY)"


@compiles(exact_text, "postgresql")
def _exact_text_postgresql(element: exact_text, compiler: Any, **kw: Any) -> str:
    text = _only(element)
    # A text of PostgreSQL's citext is equal in any case, whatever its collation; a CHAR alone is filled with spaces.
    plain = text if isinstance(text.type, sa.types.CHAR) else sa.cast(text, sa.Text())
    return f'({compiler.process(plain, **kw)} COLLATE "C")'


@compiles(exact_text, "mysql")
@compiles(exact_text, "mariadb")
def _exact_text_mysql(element: exact_text, compiler: Any, **kw: Any) -> str:
    # The plain binary collation of either would ignore spaces at the end.
    collation = "utf8mb4_nopad_bin" if compiler.dialect.is_mariadb else "utf8mb4_0900_bin"
    return f"(CONVERT({compiler.process(_only(element), **kw)} USING utf8mb4) COLLATE {collation})"


@compiles(exact_integer, "duckdb")
def _exact_integer_duckdb(element: exact_integer, compiler: Any, **kw: Any) -> str:
    return f"CAST({compiler.process(_only(element), **kw)} AS HUGEINT)"


@compiles(exact_integer, "postgresql")
def _exact_integer_postgresql(element: exact_integer, compiler: Any, **kw: Any) -> str:
    return f"CAST({compiler.process(_only(element), **kw)} AS NUMERIC)"


@compiles(exact_integer, "mysql")
@compiles(exact_integer, "mariadb")
def _exact_integer_mysql(element: exact_integer, compiler: Any, **kw: Any) -> str:
    return f"CAST({compiler.process(_only(element), **kw)} AS DECIMAL(65))"


@compiles(exact_integer, "spark")
def _exact_integer_spark(element: exact_integer, compiler: Any, **kw: Any) -> str:
    return f"CAST({compiler.process(_only(element), **kw)} AS DECIMAL(38, 0))"


@compiles(seconds_between, "spark")
def _seconds_between_spark(element: seconds_between, compiler: Any, **kw: Any) -> str:
    start, end = (f"unix_micros(CAST({compiler.process(m, **kw)} AS TIMESTAMP))" for m in element.clauses)
    return f"(({end} - {start}) / 1e6D)"


@compiles(seconds_between, "duckdb")
def _seconds_between_duckdb(element: seconds_between, compiler: Any, **kw: Any) -> str:
    start, end = (compiler.process(moment, **kw) for moment in element.clauses)
    return f"((epoch_us({end}) - epoch_us({start})) / 1e6)"


@compiles(seconds_between, "postgresql")
def _seconds_between_postgresql(element: seconds_between, compiler: Any, **kw: Any) -> str:
    start, end = (compiler.process(moment, **kw) for moment in element.clauses)
    return f"CAST(extract(epoch FROM {end}) - extract(epoch FROM {start}) AS DOUBLE PRECISION)"


@compiles(seconds_between, "mysql")
@compiles(seconds_between, "mariadb")
def _seconds_between_mysql(element: seconds_between, compiler: Any, **kw: Any) -> str:
    start, end = (compiler.process(moment, **kw) for moment in element.clauses)
    return f"(timestampdiff(MICROSECOND, {start}, {end}) / 1e6)"


@compiles(seconds_between, "sqlite")
def _seconds_between_sqlite(element: seconds_between, compiler: Any, **kw: Any) -> str:
    start, end = (compiler.process(moment, **kw) for moment in element.clauses)
    return f"round((julianday({end}) - julianday({start})) * 86400.0, 3)"
