"""The expectations, from their models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from airflow_provider_dpq.core.quality.expectations import registered
from docs._generate.answers import on_databases, on_frames
from docs._generate.examples import EXAMPLES
from docs._generate.markdown import code, read_docstring, table

_MEANINGS: Final = {
    "absolute_tolerance": "difference of two numbers that counts as none, in their unit",
    "absolute_floor": "distance, in the unit of what is compared, that never counts",
    "additional_columns": "whether the table may have other columns; the contract's own answer where it is not given",
    "allow_relative_error": "whether quantiles may be approximate, on databases that can",
    "base_query": "query on the table",
    "bucketize_data": "whether to sort values into the partition's bins first",
    "check": "name of the check whose metric it is, where tags do not say it",
    "column": "the column",
    "column_A": "the first column",
    "column_B": "the second column",
    "column_index": (
        "position of the column, counted from 0, or from -1 at the end; Great Expectations takes 0 for none, so it "
        "holds, and warns, where the column stands elsewhere"
    ),
    "column_list": "the columns",
    "column_map": "names of the other table's columns where they differ, by the names here",
    "columns": "columns that are compared; all that both tables have where it is not given",
    "column_set": "the columns, in any order",
    "comparison_data_source_name": "Great Expectations data source of the other query",
    "comparison_query": "query whose result is compared",
    "condition_parser": "syntax of `row_condition`: `pandas` (if not given), `great_expectations` or `spark`",
    "deviations": "how far from the median a metric may lie, in scaled median absolute deviations",
    "direction": "which deviations alarm: `both`, `drop` or `rise`",
    "contract": "a [contract](contracts.md), or the path of one",
    "double_sided": "whether values far below the mean count too",
    "escape": "character that takes a wildcard's meaning away",
    "exact_match": "whether no other column may be there",
    "ignore_row_if": "which rows with missing values are skipped",
    "expression": "a [condition over columns](../how-to/state-a-rule-over-rows.md): `total = amount + tax`",
    "internal_weight_holdout": "weight given to values inside of the partition that it does not name",
    "json_schema": "the JSON Schema",
    "key_columns": "columns that together name a row",
    "last": "most reports used, the newest",
    "like_pattern": "pattern of SQL's LIKE",
    "like_pattern_list": "patterns of SQL's LIKE",
    "match_on": "whether `any` or `all` of the patterns must match",
    "max_age": "how old the newest moment may be: a number and a unit, as `26h` or `90 min`",
    "max_ahead": "how far the newest moment may lie after the time of the check",
    "max_value": "upper bound; none where it is not given",
    "metric": "a metric as thresholds name it: `row_count`, `unexpected_percent{column:tailnum}`",
    "method": "how outliers are told: `iqr` or `std`",
    "min_reports": "fewest accepted reports that it judges by",
    "min_value": "lower bound; none where it is not given",
    "multiple_of": "the number, greater than 0, in its decimal digits",
    "mostly": "share of the rows with a value, 0 to 1, for which it must hold",
    "multiplier": "how far from the rest a value may lie, in units of the method",
    "or_equal": "whether equal values hold too",
    "other_column": "column of the other table; the same name where it is not given",
    "other_connection": "connection that the other table is on, where it is another one",
    "other_row_condition": "which rows of the other table the check looks at",
    "other_table": "name given in `references`, else a path (files) or a table of the same connection (databases)",
    "other_table_name": "the other table, in the same database",
    "partition_object": "expected distribution: `values` or `bins`, and `weights`",
    "previous": "the version of the contract before, or its path",
    "quantile_ranges": "`quantiles`, and for each its bounds in `value_ranges`",
    "regex": "a regular expression of Python's `re`, searched for anywhere in the text",
    "regex_list": "regular expressions",
    "relative_tolerance": "difference of two numbers that counts as none, as a share of the other table's",
    "relative_floor": "distance, as a share of the median, that never counts",
    "relative_to": "what ages are measured against: `now`, or the `data_interval_end` of the run",
    "row_condition": "which rows the check looks at: `\"carrier == 'UA'\"`, or Great Expectations' dict form",
    "season": "`weekday`: only reports of the same weekday are used, by the start of the data interval, in UTC",
    "strict_max": "whether the upper bound itself is outside",
    "strict_min": "whether the lower bound itself is outside",
    "strictly": "whether equal neighbours break it",
    "strftime_format": "format as of `datetime.strptime`",
    "sum_total": "what each row must add up to",
    "tail_weight_holdout": "weight given to values outside of the partition",
    "threshold": "the limit",
    "ties_okay": "whether several values may be the commonest",
    "timezone": "time zone of days, and of moments that have none of their own",
    "time_tolerance_seconds": "difference of two times that counts as none",
    "time_zone": "time zone of times without one, where the other side has one",
    "type_": "name of a type, as the source names it: a pandas dtype, a SQL type",
    "type_list": "names of types",
    "unexpected_rows_query": "query that returns the unexpected rows; `{batch}` stands for the table",
    "value": "the number",
    "value_pairs_set": "the pairs allowed",
    "value_set": "the values",
}
_TITLES: Final = {
    "table": "The table as a whole",
    "column": "Each value of a column",
    "unique": "Values that appear once",
    "multiple": "Multiples of a number",
    "pattern": "The patterns that values match",
    "text": "What text can be read as",
    "order": "The order of values",
    "spread": "How far values lie from the middle",
    "aggregate": "One figure of a column",
    "membership": "The different values of a column",
    "quantile": "Quantiles of a column",
    "divergence": "The distribution of a column",
    "columns": "Several columns of a row",
    "types": "The type of a column",
    "contract": "A contract",
    "query": "A query of your own",
    "row": "A row as a whole",
    "freshness": "How old the table is",
    "reference": "Values of another table",
    "reconciliation": "Another table that says the same",
    "history": "The gate's own history",
}


def arguments() -> str:
    """Return what the arguments mean; they mean the same wherever they appear.

    Raises:
        KeyError: An expectation has an argument that nobody has explained.
    """
    names = sorted({name for model in registered().values() for name in model.model_fields})
    return table(["Argument", "Meaning"], [[code(name), _MEANINGS[name]] for name in names])


def summary() -> str:
    """Return one line for each expectation: who evaluates it, and what it says of missing values and of no rows."""
    rows = [[f"[{name}](#{name})", *_policy(name)] for names in _by_kind().values() for name in names]
    return table(["Expectation", "Files and frames", "Databases", "A missing value", "No rows"], rows)


def _policy(name: str) -> list[str]:
    frames, databases = on_frames()[name], on_databases()[name]
    return [
        frames.by,
        databases.by,
        _both(frames.of_missing, databases.of_missing),
        _both(frames.of_no_rows, databases.of_no_rows),
    ]


def _both(frames: str, databases: str) -> str:
    if not databases or frames == databases:
        return frames
    return f"{frames}; on a database: {databases}" if frames else f"on a database: {databases}"


def details() -> str:
    """Return a section for each expectation: what it says, its arguments, an example."""
    parts = []
    for kind, names in _by_kind().items():
        parts.append(f"### {_TITLES[kind]}")
        for name in names:
            parts += [f"#### {name}", _statement(name), f"Arguments: {', '.join(_arguments(name))}.", _example(name)]
    return "\n\n".join(parts)


@cache
def _by_kind() -> Mapping[str, list[str]]:
    kinds: dict[str, list[str]] = {kind: [] for kind in _TITLES}
    for name, model in registered().items():
        kinds[model.__module__.rpartition(".")[2]].append(name)
    return kinds


def _statement(name: str) -> str:
    return read_docstring(registered()[name]).text


def _arguments(name: str) -> Iterator[str]:
    own = sorted(registered()[name].model_fields.items(), key=lambda item: not item[1].is_required())
    for argument, field in own:
        yield code(argument) + _type(field)


def _type(field: FieldInfo) -> str:
    words = ["needed"] if field.is_required() else []
    if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) > 1:
        words.append(" or ".join(map(code, get_args(field.annotation))))
    if not field.is_required() and field.default_factory is None and field.default not in (None, False):
        words.append(f"{code(field.default)} if not given")
    return f" ({'; '.join(words)})" if words else ""


def _example(name: str) -> str:
    import yaml

    declared: dict[str, Any] = {"type": name, "kwargs": dict(EXAMPLES[name])}
    text = yaml.safe_dump([declared], sort_keys=False, default_flow_style=None, width=110)
    return f"```yaml\n{text.strip()}\n```"
