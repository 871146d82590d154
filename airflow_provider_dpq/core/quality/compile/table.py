"""Plans of expectations about a table as a whole."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Plan, planner
from airflow_provider_dpq.core.quality.expectations import table as declared
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.table import Table


@planner.register
def plan_row_count_between(expectation: declared.ExpectTableRowCountToBeBetween, table: Table) -> Plan:
    """The table has a number of rows within bounds."""
    return Plan(
        figures={"rows": Domain(table, expectation.condition).count()},
        read=lambda found: _of_rows(expectation.holds(found["rows"]), found["rows"]),
    )


@planner.register
def plan_row_count_equal(expectation: declared.ExpectTableRowCountToEqual, table: Table) -> Plan:
    """The table has a given number of rows."""
    return Plan(
        figures={"rows": Domain(table, expectation.condition).count()},
        read=lambda found: _of_rows(expectation.holds(found["rows"]), found["rows"]),
    )


def _of_rows(held: bool, rows: int) -> Answer:
    return Answer(held, {"observed_value": rows}, part={"value_count": 1, "total": rows})


@planner.register
def plan_row_count_equal_other(expectation: declared.ExpectTableRowCountToEqualOtherTable, table: Table) -> Plan:
    """The table has as many rows as another one, of which all are counted."""
    other, _ = table.other(expectation.other_table_name)
    return Plan(
        figures={"rows": Domain(table, expectation.condition).count()},
        queries={"other": sa.select(sa.func.count()).select_from(other)},
        read=lambda found: Answer(
            found["rows"] == found["other"], {"observed_value": {"self": found["rows"], "other": found["other"]}}
        ),
    )


@planner.register
def plan_column_count_between(expectation: declared.ExpectTableColumnCountToBeBetween, table: Table) -> Plan:
    """The table has a number of columns within bounds."""
    count = len(table.columns)
    return _known(success=expectation.holds(count), result={"observed_value": count})


@planner.register
def plan_column_count_equal(expectation: declared.ExpectTableColumnCountToEqual, table: Table) -> Plan:
    """The table has a given number of columns."""
    count = len(table.columns)
    return _known(success=count == expectation.value, result={"observed_value": count})


@planner.register
def plan_column_exists(expectation: declared.ExpectColumnToExist, table: Table) -> Plan:
    """The table has a column, at a position where one is given."""
    names = list(table.columns)
    wanted = expectation.column_index
    try:  # by the rule of the checks that look at its values, which take a name in another case in files and frames
        found = table.column(expectation.column).name
    except (MeasurementError, NotScannableError):
        found = expectation.column
    if found not in names:
        return _known(success=False, result={})
    position = names.index(found)
    if not wanted:  # Great Expectations takes position 0 for none
        moved = f"it stands at position {position}, not at 0: Great Expectations takes column_index 0 for none"
        return _known(success=True, result={}, doubt=moved if wanted == 0 and position else "")
    return _known(success=position in (wanted, wanted + len(names)), result={})


@planner.register
def plan_columns_set(expectation: declared.ExpectTableColumnsToMatchSet, table: Table) -> Plan:
    """The table has these columns, in any order."""
    names = list(table.columns)
    result: dict[str, JsonValue] = {"observed_value": list[JsonValue](sorted(names))}
    wanted = {str(name) for name in expectation.column_set or ()}
    unexpected, missing = sorted(set(names) - wanted), sorted(wanted - set(names))
    mismatched: dict[str, JsonValue] = {}
    if unexpected:
        mismatched["unexpected"] = list[JsonValue](unexpected)
    if missing:
        mismatched["missing"] = list[JsonValue](missing)
    if mismatched:
        result["details"] = {"mismatched": mismatched}
    exact = expectation.exact_match or False
    return _known(success=not missing and not (exact and unexpected), result=result)


@planner.register
def plan_columns_ordered(expectation: declared.ExpectTableColumnsToMatchOrderedList, table: Table) -> Plan:
    """The table has these columns in this order."""
    names: list[Any] = list(table.columns)
    wanted = expectation.column_list
    result: dict[str, JsonValue] = {"observed_value": names}
    if wanted is None or list(wanted) == names:
        return _known(success=True, result=result)
    result["details"] = {
        "mismatched": [
            {"Expected Column Position": position, "Expected": expected, "Found": found}
            for position, (expected, found) in enumerate(zip_longest(wanted, names))
            if expected != found
        ]
    }
    return _known(success=False, result=result)


def _known(*, success: bool, result: dict[str, JsonValue], doubt: str = "") -> Plan:
    """Return the plan of a check that the table's columns alone answer."""
    return Plan(read=lambda _: Answer(success, result, doubt=doubt))
