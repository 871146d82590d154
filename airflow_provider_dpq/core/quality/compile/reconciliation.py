"""Plan of the expectation that two tables say the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.share import Share
from airflow_provider_dpq.core.quality.compile.plan import Answer, Domain, Plan, planner
from airflow_provider_dpq.core.quality.compile.plausibility import share_of
from airflow_provider_dpq.core.quality.expectations.reconciliation import ExpectTableToReconcileWithOtherTable
from airflow_provider_dpq.core.quality.reconcile.figure import Figure, aggregates, compare_figures
from airflow_provider_dpq.core.quality.reconcile.pair import (
    Pair,
    Tolerance,
    common_columns,
    misfits,
    pair_columns,
    require_values,
)
from airflow_provider_dpq.core.quality.reconcile.row import CHANGED, EXTRA, MISSING, Counts, RowComparison
from airflow_provider_dpq.core.quality.result_format import MOST_VALUES, ResultFormat
from airflow_provider_dpq.core.table.form import Compared
from airflow_provider_dpq.core.table.jsonable import jsonable
from airflow_provider_dpq.core.table.other import open_other, scan_of
from airflow_provider_dpq.core.table.table import Table


@planner.register
def plan_reconciliation(expectation: ExpectTableToReconcileWithOtherTable, table: Table) -> Plan:
    """Two tables say the same.

    The table's figures ride on the shared scan, the other's are one statement there, after one that counts text
    which is no value, where there may be any. With keys the rows of both are compared in DuckDB.

    Raises:
        MeasurementError: The other table or a column does not exist, or two columns cannot be compared.
    """
    other = open_other(table, expectation.other_table, expectation.other_connection)
    keys, values = _pairs(expectation, table, other)
    pairs, zone, tolerance = [*keys, *values], expectation.time_zone, _tolerance(expectation)
    here, there = Domain(table, expectation.condition), Domain(other, expectation.other_condition)
    figures_there = aggregates(there, [pair.there for pair in pairs], pairs, zone)

    def compared(found: Mapping[str, Any]) -> list[Figure]:
        sides = (here, [pair.here for pair in pairs]), (there, [pair.there for pair in pairs])
        with_text: set[str] = set()  # there is no figure of a column with text that is no value
        if keys:
            counts = zip(pairs, *(misfits(*side) for side in sides), strict=True)
            with_text = {pair.name for pair, *found_text in counts if any(found_text)}
        else:
            for side in sides:
                require_values(*side)
        (row,) = other.fetch(there.select(*figures_there.values()))
        of_other = dict(zip(figures_there, row, strict=True))
        figures = compare_figures(found, of_other, pairs, tolerance, zone)
        return [figure for figure in figures if figure.column not in with_text]

    figures = aggregates(here, [pair.here for pair in pairs], pairs, zone)
    if not keys:
        return Plan(figures=figures, read=lambda found: _answer_of_figures(compared(found)))
    comparison = RowComparison(scan_of(table), keys, values, tolerance, zone)
    return Plan(
        figures=figures,
        procedure=lambda: {"counts": comparison.count(here, there)},
        read=lambda found: _answer_of_rows(found["counts"], compared(found), expectation.mostly),
        samples=lambda wanted: _samples(comparison.sample, wanted),
        by="duckdb",
    )


def _tolerance(expectation: ExpectTableToReconcileWithOtherTable) -> Tolerance:
    return Tolerance(expectation.absolute_tolerance, expectation.relative_tolerance, expectation.time_tolerance_seconds)


def _pairs(
    expectation: ExpectTableToReconcileWithOtherTable, table: Table, other: Table
) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs of key columns and those of the columns that are compared.

    Raises:
        MeasurementError: ``missing_column``, also of a column that is only mapped; or the tables have none in common.
    """
    mapped = {table.column(here).name: other.column(there).name for here, there in expectation.column_map.items()}
    common = common_columns(table, other, mapped)
    keys = pair_columns(table, other, expectation.key_columns or (), common, Compared.KEYS)
    names = [pair.name for pair in keys]
    compared = common if expectation.columns is None else expectation.columns
    if not keys and not compared:
        message = f"{table.subject} and {other.subject} have no column in common."
        hint = "Name columns that are the same by column_map."
        raise MeasurementError("missing_column", message, hint=hint, quotes_data=False)
    left = [name for name in compared if table.column(name).name not in names]
    return keys, pair_columns(table, other, left, common, Compared.VALUES if keys else Compared.FIGURES)


def _answer_of_figures(figures: Sequence[Figure]) -> Answer:
    differing = sum(not figure.agrees for figure in figures)
    return Answer(not differing, {"observed_value": differing, "figures": _written(figures)})


def _answer_of_rows(counts: Counts, figures: Sequence[Figure], mostly: float) -> Answer:
    elements = counts.here + counts.missing
    unexpected = counts.missing + counts.extra + counts.changed
    broken = share_of(unexpected, elements, "rows of both tables")
    share_of(counts.changed, counts.matched, "rows of the same key")
    result: dict[str, JsonValue] = {
        "element_count": elements,
        "unexpected_count": unexpected,
        "unexpected_percent": broken.percent,
        "matched_row_count": counts.matched,
        "missing_row_count": counts.missing,
        "extra_row_count": counts.extra,
        "changed_row_count": counts.changed,
        "changed_percent": Share(counts.changed, counts.matched).percent,
        "changed_columns": dict(counts.changed_columns),
        "figures": _written(figures),
    }
    return Answer(Share(broken.rest, elements).reaches(mostly), result)


def _written(figures: Sequence[Figure]) -> JsonValue:
    return [
        {
            "figure": figure.name,
            **({} if figure.column is None else {"column": figure.column}),
            "here": jsonable(figure.here),
            "there": jsonable(figure.there),
            "agrees": figure.agrees,
        }
        for figure in figures
    ]


_Sample = Callable[[str, int], Sequence[tuple[Mapping[str, Any], Mapping[str, tuple[Any, Any]]]]]


def _samples(sample: _Sample, wanted: ResultFormat) -> dict[str, JsonValue]:
    """Return the keys of some rows of each kind, and what changed; of values that are kept out only the index."""
    limit = wanted.most(MOST_VALUES if wanted.level == "COMPLETE" else wanted.partial_unexpected_count) or 0
    fields: dict[str, JsonValue] = {}
    if not limit or (wanted.exclude_unexpected_values and not wanted.index_columns):
        return fields
    for kind in (MISSING, EXTRA, CHANGED):
        rows: list[JsonValue] = []
        for key, changed in sample(kind, limit):
            if wanted.exclude_unexpected_values:
                rows.append({"key": jsonable({name: key[name] for name in wanted.index_columns if name in key})})
                continue
            columns = {name: {"here": jsonable(a), "there": jsonable(b)} for name, (a, b) in changed.items()}
            rows.append({"key": jsonable(key), **({"columns": columns} if columns else {})})  # type: ignore[dict-item]
        fields[f"partial_{kind}_list"] = rows
    return fields
