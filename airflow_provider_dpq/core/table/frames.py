"""Frames in memory: pandas, polars and Arrow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from numbers import Integral
from typing import TYPE_CHECKING, Any, Final

import duckdb

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.table.column import Column
from airflow_provider_dpq.core.table.duck_column import pick, typed_column, without_values
from airflow_provider_dpq.core.table.scan import Scan, quote_name

if TYPE_CHECKING:
    import pandas as pd


_FRAMES: Final = (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "Table"), ("pyarrow", "RecordBatch"))

UNREADABLE: Final = "UNREADABLE"
"""Stands for the type of a column that DuckDB cannot read as pandas means it."""

_EXACT: Final = 2**53
"""Up to this size every whole number is a floating one."""


def is_frame(data: object) -> bool:
    """Whether something is a frame of pandas, polars or Arrow, judged without importing any of them."""
    return (library_of(data), type(data).__name__) in _FRAMES


def library_of(data: object) -> str:
    """Return the name of the library that an object is of."""
    return type(data).__module__.partition(".")[0]


def attach_frame(scan: Scan, relation: str, data: Any) -> dict[str, Column]:
    """Give DuckDB a frame as a relation and return its columns; what DuckDB cannot read is left for GX.

    Raises:
        DeclarationError: ``unknown_data``; or ``invalid_frame``: columns that are not named by distinct texts.
    """
    if not is_frame(data):
        message = f"{type(data).__name__} is no table."
        raise DeclarationError("unknown_data", message, hint="Give a path, a frame, or a table with a connection.")
    names = list(data.column_names if library_of(data) == "pyarrow" else data.columns)
    if len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
        message = f"The frame's columns {names[:20]!r} are not distinct texts."
        raise DeclarationError("invalid_frame", message, hint="Name each column by a text of its own.")
    # DuckDB does not tell "A" from "a", so that the columns go by their number there.
    aliases = {name: f"c{number}" for number, name in enumerate(names)}
    if library_of(data) == "pandas":
        return _attach_pandas(scan, relation, data, aliases)
    arrow = library_of(data) == "pyarrow"
    register(scan, relation, data.rename_columns(list(aliases.values())) if arrow else data.rename(aliases))
    found = pick(scan, relation, scan.columns(quote_name(relation)))
    return {name: replace(found[alias], name=name) for name, alias in aliases.items()}


def register(scan: Scan, relation: str, data: Any) -> None:
    """Give DuckDB a frame as a relation.

    Raises:
        DeclarationError: ``invalid_frame``: a column is of a type that DuckDB cannot read.
    """
    try:
        scan.connection.register(relation, data)
    except duckdb.Error as error:
        message = f"A column of the {library_of(data)} frame is of a type that DuckDB cannot read: {error}."
        raise DeclarationError(
            "invalid_frame", message, hint="Cast the column, or leave it out.", quotes_data=True
        ) from error
    scan.count_rows(relation)


def _attach_pandas(scan: Scan, relation: str, data: pd.DataFrame, aliases: Mapping[str, str]) -> dict[str, Column]:
    import pandas as pd

    names = list(aliases)
    arrays = {aliases[name]: array for name in names if (array := _read(data[name])) is not None}
    plain = pd.DataFrame(arrays or {"dpq_rows": range(len(data))}, index=range(len(data)))
    register(scan, relation, plain)
    found = pick(scan, relation, scan.columns(quote_name(relation)))
    # What it would hold is unknown, and the same check must not hang on whether there is a value today.
    found |= {aliases[name]: without_values(aliases[name]) for name in names if _is_empty(data[name])}
    unreadable = {name: typed_column(aliases[name], UNREADABLE) for name in names if aliases[name] not in found}
    return {
        name: replace(unreadable.get(name) or found[aliases[name]], name=name, dtype=str(data[name].dtype))
        for name in names
    }


def _read(series: pd.Series) -> Any:
    """Return a series as an array that DuckDB reads as pandas means it; None if it would not."""
    import pandas as pd

    if not pd.api.types.is_object_dtype(series.dtype):
        return series.array if _readable(series) else None
    present = series.dropna()
    if len(present) > 0 and bool(present.map(_is_text).all()):
        return series.array
    kinds = set(map(type, present))
    if kinds in ({date}, {bool}):
        return _of_one_type(series)
    if not kinds:
        return pd.array([None] * len(series), dtype="string")
    if not kinds <= {Decimal, int, float} or not has_many_digits(present):
        return None
    numbers = series.map(lambda number: Decimal(str(number)), na_action="ignore")
    return _of_one_type(numbers) if all(map(Decimal.is_finite, numbers.dropna())) else None


def has_many_digits(series: pd.Series) -> bool:
    """Whether a series holds numbers as objects that may have more digits than a floating bound.

    Great Expectations makes a floating number of each bound, which is exact beside floating and small whole ones.
    """
    import pandas as pd

    if not pd.api.types.is_object_dtype(series.dtype):
        return False
    return any(
        isinstance(value, Decimal) or (isinstance(value, Integral) and abs(int(value)) > _EXACT) for value in series
    )


def _is_empty(series: pd.Series) -> bool:
    return series.dtype == object and bool(series.isna().all())


def _of_one_type(series: pd.Series) -> Any:
    """Return the days, truth values or decimal numbers that a series holds as objects; None if there is no room."""
    import pandas as pd
    import pyarrow as pa

    try:
        array = pa.array([None if gone else value for value, gone in zip(series, series.isna(), strict=True)])
    except pa.ArrowInvalid:  # too many digits
        return None
    return None if pa.types.is_decimal256(array.type) else pd.array(array, dtype=pd.ArrowDtype(array.type))


def _readable(series: pd.Series) -> bool:
    """Whether DuckDB reads a series' values as pandas means them, which are no objects."""
    import pandas as pd

    dtype = series.dtype
    if isinstance(dtype, (pd.CategoricalDtype, pd.PeriodDtype, pd.IntervalDtype, pd.SparseDtype)):
        return False
    if isinstance(dtype, pd.DatetimeTZDtype) and dtype.unit == "ns":
        return not (series.dropna().astype("int64") % 1000).any()  # DuckDB would cut them
    return dtype.kind not in "mcSUV" and dtype.name not in ("longdouble", "float128", "float96")


def _is_text(value: object) -> bool:
    """Whether a value is a text that can be written in UTF-8: Python's may hold halves of characters."""
    try:
        return type(value) is str and bool(value.encode() or True)
    except UnicodeEncodeError:
        return False
