"""Plans of expectations about the type of a column."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Plan, planner
from airflow_provider_dpq.core.quality.expectations import types as declared
from airflow_provider_dpq.core.quality.expectations.column import ColumnValues
from airflow_provider_dpq.core.table.column import Column, Kind
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.table import Table


@planner.register
def plan_of_type(expectation: declared.ExpectColumnValuesToBeOfType, table: Table) -> Plan:
    """The column is of a type."""
    return _plan(expectation, [expectation.type_], table, _is_of_type)


@planner.register
def plan_in_type_list(expectation: declared.ExpectColumnValuesToBeInTypeList, table: Table) -> Plan:
    """The column is of one of some types."""
    return _plan(expectation, expectation.type_list, table, _is_in_list)


@planner.register
def plan_column_type(expectation: declared.ExpectColumnTypeToBe, table: Table) -> Plan:
    """The column is declared with a type."""
    column = table.column(expectation.column)
    if not table.pandas_like:
        return Plan(read=lambda _: _of_declared_type(column, expectation.type_, table))

    def judge(dtype: Any) -> Answer:
        return Answer(_is_dtype(dtype, expectation.type_), {"observed_value": str(dtype)})

    return _of_dtype(column, table, judge)


def _plan(
    expectation: ColumnValues, names: Sequence[str] | None, table: Table, matches: Callable[[Any, Any], bool]
) -> Plan:
    column = table.column(expectation.column)
    if not table.pandas_like:
        return Plan(read=lambda _: _database_answer(column, names, table))

    def judge(dtype: Any) -> Answer:
        if dtype == "object":
            raise NotScannableError(f"pandas holds column {column.name!r} as objects.")
        success = names is None or any(matches(dtype, name) for name in names)
        return Answer(success, {"observed_value": dtype.type.__name__})

    return _of_dtype(column, table, judge)


def _of_dtype(column: Column, table: Table, judge: Callable[[Any], Answer]) -> Plan:
    """Plan a check of the dtype that a column has in pandas, which for files hangs on the values."""
    domain = Domain(table, None)
    malformed = {} if column.malformed is None else {"malformed": domain.count(column.malformed)}
    return Plan(
        figures={"missing": domain.count(column.missing), **malformed},
        read=lambda found: judge(
            _pandas_dtype(column, missing=bool(found["missing"]), malformed=bool(found.get("malformed")))
        ),
    )


_BY_NAME: Final = frozenset({"databricks", "duckdb", "mssql", "postgresql", "snowflake", "trino"})
"""Dialects for which GX's SQL engine compares the name that the database writes, whatever its case."""


def _database_answer(column: Column, names: Sequence[str] | None, table: Table) -> Answer:
    """Compare with the database's own type as GX's SQL engine does: by its name in some dialects, else by its class."""
    if table.dialect in _BY_NAME:
        written = _written(column, table)
        known = {name.casefold() for name in names or ()}
        return Answer(names is None or written.casefold() in known, {"observed_value": written})
    success = names is None or any(_is_a(column, name, table) for name in names)
    return Answer(success, {"observed_value": type(column.type).__name__})


def _of_declared_type(column: Column, name: str, table: Table) -> Answer:
    answer = _database_answer(column, [name], table)
    return Answer(answer.success or str(answer.result["observed_value"]).casefold() == name.casefold(), answer.result)


def _written(column: Column, table: Table) -> str:
    return type(column.type).__name__ if table.dialect == "mssql" else column.native


def _is_a(column: Column, name: str, table: Table) -> bool:
    """Whether a column's type is of the class that the dialect's module, or Spark's of types, has by a name."""
    family = {"mariadb": "mysql"}.get(table.dialect, table.dialect)
    try:
        module: Any = importlib.import_module(
            "pyspark.sql.types" if family == "spark" else f"sqlalchemy.dialects.{family}"
        )
    except ModuleNotFoundError:
        module = sa
    found = getattr(module, name, None)
    if not isinstance(found, type):
        return False
    return isinstance(column.type, (sa.Numeric, sa.Float) if found is sa.Numeric else found)


_READ_AS: Mapping[Kind, tuple[str, str]] = {
    Kind.INTEGER: ("int64", "float64"),
    Kind.FLOAT: ("float64", "float64"),
    Kind.BOOLEAN: ("bool", "object"),
    Kind.STRING: ("str", "str"),
    Kind.TIMESTAMP: ("datetime64[us]", "datetime64[us]"),
    Kind.TIMESTAMP_TZ: ("datetime64[us, UTC]", "datetime64[us, UTC]"),
}
"""The dtype that pandas reads a file's column as, without and with missing values."""


def _pandas_dtype(column: Column, *, missing: bool, malformed: bool) -> Any:
    """Return the dtype that pandas has, or would read a file's column as."""
    import pandas as pd

    kind = Kind.STRING if column.textual or malformed else column.kind
    return pd.api.types.pandas_dtype(column.dtype or _READ_AS.get(kind, ("object", "object"))[missing])


def _is_dtype(dtype: Any, name: str) -> bool:
    """Compare a dtype with the one that pandas knows by a name, as GX does for the type of a column.

    Raises:
        NotScannableError: pandas knows none by that name.
    """
    import numpy as np
    import pandas as pd

    try:
        wanted: Any = pd.api.types.pandas_dtype(name)
    except Exception as error:  # the parsers of several libraries are asked, each raises as it likes
        raise NotScannableError(f"pandas knows no type {name!r}.") from error
    if isinstance(wanted, np.dtype) and wanted.kind in "mM" and np.datetime_data(wanted)[0] == "generic":
        return isinstance(dtype, np.dtype) and dtype.kind == wanted.kind
    if isinstance(dtype, pd.StringDtype) and isinstance(wanted, pd.StringDtype):
        return str(dtype) == str(wanted)
    return dtype in (wanted, name)


def _is_of_type(dtype: Any, name: str) -> bool:
    """Compare by the type of scalars, as GX does for one type."""
    import numpy as np

    try:
        named: list[Any] = [np.dtype(name).type]
    except (TypeError, ValueError):
        named = _extension_types(name)
    return dtype.type in [*named, *_NATIVE.get(name.lower(), ())]


def _is_in_list(dtype: Any, name: str) -> bool:
    """Compare dtypes themselves, as GX does for a list of types."""
    import numpy as np

    try:
        named: list[Any] = [np.dtype(name).type, np.dtype(name)]
    except (TypeError, ValueError):
        named = _extension_types(name)
        named += [kind() for kind in named if kind.__module__.startswith("pandas") and _is_extension(kind)]
    return dtype in [*named, *_NATIVE.get(name.lower(), ())]


def _is_extension(kind: type) -> bool:
    import pandas as pd

    parametrised = (pd.PeriodDtype, pd.DatetimeTZDtype, pd.SparseDtype, pd.ArrowDtype)
    return issubclass(kind, pd.api.extensions.ExtensionDtype) and not issubclass(kind, parametrised)


def _extension_types(name: str) -> list[type]:
    import pandas as pd

    modules = (pd, pd.core.dtypes.dtypes)
    return [found for module in modules if isinstance(found := getattr(module, name, None), type)]


_NATIVE: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "bytes": (bytes,),
    "complex": (complex,),
    "dict": (dict,),
    "float": (float,),
    "int": (int,),
    "long": (int,),
    "list": (list,),
    "str": (str,),
    "string_types": (str,),
}
