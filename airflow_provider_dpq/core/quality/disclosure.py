"""What of a check's result leaves the process: nothing of hidden columns, no more rows than the gate allows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TypeVar

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import DpqError, unexpected_error
from airflow_provider_dpq.core.gate.report import CheckResult, Problem
from airflow_provider_dpq.core.gate.threshold import ThresholdResult
from airflow_provider_dpq.core.quality.expectations.base import Observed
from airflow_provider_dpq.core.quality.result_format import ResultFormat

_Error = TypeVar("_Error", bound=DpqError)

COUNTS: Final = frozenset(
    {
        "element_count",
        "missing_count",
        "missing_percent",
        "unexpected_count",
        "unexpected_percent",
        "unexpected_percent_total",
        "unexpected_percent_nonmissing",
        "matched_row_count",
        "missing_row_count",
        "extra_row_count",
        "changed_row_count",
        "changed_percent",
    }
)
"""Fields of a result that count rows, and are shown of hidden columns too."""

_PARTIAL: Final = ("partial_unexpected_list", "partial_unexpected_counts", "unexpected_rows")
_INDEXES: Final = ("partial_unexpected_index_list", "unexpected_index_list")
_SAMPLES: Final = (*_PARTIAL, *_INDEXES, "unexpected_list")
_NO_VALUES: Final = (Observed.COUNTS, Observed.NAMES, Observed.ROWS)
_OF_VALUES: Final = ("min", "max")
"""Figures of a reconciliation that are values of rows."""

HIDDEN: Final = "(hidden)"
"""What stands in place of a value of a hidden column, or of a condition that names one."""

_KEPT_OUT: Final = "What was said is kept out: it may quote a value that the gate does not show."


def disclose(
    check: CheckResult, observes: Observed | None, wanted: ResultFormat, *, conditions: Collection[str] = ()
) -> CheckResult:
    """Return a check as the gate lets it be seen.

    What is expected stands as it was declared. A condition that chooses rows by a hidden column does not: it would say
    of whom is told what was found.

    Args:
        check: The check with all that is known of it, its thresholds judged.
        observes: What the check observes; None where nobody knows, which counts as values.
        wanted: What results show.
        conditions: Arguments of the check that choose rows.
    """
    result = _bounded(check.result, wanted)
    chosen = [name for name in conditions if mentions(check.declaration.get(name), wanted.hidden_columns)]
    if wanted.rows_hidden or chosen:
        result = {name: item for name, item in result.items() if name != "unexpected_index_query" or _is_pandas(item)}
    if wanted.values_kept_out:
        result = _without_values(result, observes)
        if observes not in _NO_VALUES and observes is not Observed.FIGURES:
            check = check.model_copy(update={"thresholds": _silent(check.thresholds)})
    error = _shown(check.error, wanted) if check.error is not None and wanted.hides_some else check.error
    declaration = {**check.declaration, **dict.fromkeys(chosen, HIDDEN)}
    if not _about_hidden(observes, check.declaration, wanted):
        shown = {"result": _without(result, wanted.hidden_columns), "error": error, "declaration": declaration}
        return check.model_copy(update=shown)
    shown = {"result": _counted(observes, result, wanted), "error": error, "declaration": declaration}
    return check.model_copy(update=shown | {"thresholds": _silent(check.thresholds)})


def _silent(thresholds: tuple[ThresholdResult, ...]) -> tuple[ThresholdResult, ...]:
    """Return judged thresholds with what was observed of counts alone."""
    return tuple(item if item.metric in COUNTS else item.model_copy(update={"observed": None}) for item in thresholds)


def hides_figures(observes: Observed | None, declaration: Mapping[str, JsonValue], wanted: ResultFormat) -> bool:
    """Whether what a check observes, but for counts, stays in the process."""
    if wanted.values_kept_out and observes not in _NO_VALUES and observes is not Observed.FIGURES:
        return True
    return observes not in _NO_VALUES and _about_hidden(observes, declaration, wanted)


def _about_hidden(observes: Observed | None, declaration: Mapping[str, JsonValue], wanted: ResultFormat) -> bool:
    """Whether a check is about a hidden column, or nobody can say that what it shows is of no such column."""
    if not wanted.hidden_columns:
        return False
    return wanted.names_lost or observes in (Observed.ROWS, None) or mentions(declaration, wanted.hidden_columns)


@contextmanager
def data_kept_out(wanted: ResultFormat) -> Iterator[None]:
    """Keep an error's words, where they may quote data, out of the error inside if the gate hides any.

    Raises:
        DpqError: The error inside, without its words; ``unexpected_error`` for one of anybody else.
    """
    try:
        yield
    except DpqError as error:
        kept = error_shown(error, wanted)
        if kept is error:
            raise
        raise kept from None
    except Exception as error:
        if not wanted.hides_some:
            raise
        raise error_shown(unexpected_error(error, "Measuring"), wanted) from None


def error_shown(error: _Error, wanted: ResultFormat) -> _Error:
    """Return an error as the gate lets it be seen: without its words where they may quote what it hides."""
    text = str(error)
    told = without_folders(text, wanted.hidden_columns)
    if wanted.hides_some and error.quotes_data:
        return error.without_data(_KEPT_OUT)
    return error if told == text else error.without_data(told)


def without_folders(text: str, hidden: Collection[str]) -> str:
    """Return a text without the values of hidden columns in names of folders, as in ``people/ssn=078-05/a.csv``.

    Args:
        text: What names files.
        hidden: Names of the hidden columns, in any case.
    """
    if not hidden or "=" not in text:
        return text
    names = "|".join(map(re.escape, hidden))
    return re.sub(rf"(?i)(^|[/\\'\"\s])({names})=[^/\\]*", rf"\1\2={HIDDEN}", text)


def loses_names(query: str, columns: Iterable[str], hidden: frozenset[str]) -> bool:
    """Whether a query that is checked may show a hidden column under another name.

    It may unless each time that it names the column is a column of what it finds.

    Args:
        query: The query.
        columns: Names of the columns that it finds.
        hidden: Names of the hidden columns, in lower case.
    """
    found = [name.casefold() for name in columns]
    return any(len(_words(name).findall(query.casefold())) > found.count(name) for name in hidden)


def _words(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")


def _bounded(result: Mapping[str, JsonValue], wanted: ResultFormat) -> dict[str, JsonValue]:
    """Cut lists to what the gate allows, whoever made them: Great Expectations does not bound all of them."""
    limits = dict.fromkeys((*_PARTIAL, _INDEXES[0]), wanted.partial_unexpected_count)
    limits |= {name: wanted.sample_rows for name in ("unexpected_list", _INDEXES[1]) if wanted.sample_rows is not None}
    shown = {name: cut(item, limits[name]) if name in limits else item for name, item in result.items()}
    if wanted.exclude_unexpected_values:
        shown.pop("unexpected_rows", None)  # Great Expectations shows them all the same
    if wanted.sample_rows is not None and _names_more_rows(shown, wanted.sample_rows):
        shown.pop("unexpected_index_query", None)
    return shown


def _without_values(result: Mapping[str, JsonValue], observes: Observed | None) -> dict[str, JsonValue]:
    """Return a result without the values that it shows beside those of failing rows, which are bounded already."""
    shown = dict(result)
    if isinstance(figures := shown.get("figures"), list):
        shown["figures"] = [_figure_shown(figure) for figure in figures]
    if observes in _NO_VALUES:
        return shown
    shown.pop("details", None)
    if observes is Observed.FIGURES:
        return shown
    shown.pop("observed_value", None)
    if observes is not None:
        return shown
    known = {*COUNTS, *_SAMPLES, "unexpected_index_column_names", "unexpected_index_query"}
    return {name: item for name, item in shown.items() if name in known}


def _figure_shown(figure: JsonValue) -> JsonValue:
    of_values = isinstance(figure, dict) and figure.get("figure") in _OF_VALUES
    if not (isinstance(figure, dict) and of_values):
        return figure
    return {name: item for name, item in figure.items() if name not in ("here", "there")}


def cut(item: JsonValue, limit: int | None) -> JsonValue:
    """Cut a list about unexpected rows to a number of them; None for all."""
    if not isinstance(item, list):
        return item
    head = item[:limit]
    # With excluded values GX writes one mapping, of lists of keys.
    keyed = len(item) == 1 and isinstance(item[0], dict) and bool(item[0])
    if keyed and all(isinstance(keys, list) for keys in item[0].values()):  # type: ignore[union-attr]
        return [{name: keys[:limit] for name, keys in item[0].items()}] if limit != 0 else []  # type: ignore[index, union-attr]
    return head


def _is_pandas(query: JsonValue) -> bool:
    """Whether a query that finds rows is pandas code, which names them by their labels."""
    return isinstance(query, str) and query.startswith("df.")


def _names_more_rows(result: Mapping[str, JsonValue], most: int) -> bool:
    """Whether the query is pandas code, which names each row, and there are more of them than may be shown."""
    query, count = result.get("unexpected_index_query"), result.get("unexpected_count")
    return _is_pandas(query) and not (isinstance(count, int) and count <= most)


def mentions(declared: JsonValue | Mapping[str, JsonValue], hidden: frozenset[str]) -> bool:
    """Whether an argument names a hidden column, also inside of a condition or a query."""
    if isinstance(declared, str):
        text = declared.casefold()
        return any(_words(name).search(text) for name in hidden)
    if isinstance(declared, Mapping):
        return any(mentions(part, hidden) for pair in declared.items() for part in pair)
    return isinstance(declared, list) and any(mentions(item, hidden) for item in declared)


def _counted(observes: Observed | None, result: Mapping[str, JsonValue], wanted: ResultFormat) -> dict[str, JsonValue]:
    """Return what is shown of a check about a hidden column: counts, and which rows they are."""
    kept = {*COUNTS, "unexpected_index_column_names", "unexpected_index_query"}
    if observes in _NO_VALUES:
        kept.add("observed_value")
    shown = {name: item for name, item in result.items() if name in kept}
    keys = frozenset(wanted.index_columns)
    return shown | {name: _only(result[name], keys) for name in _INDEXES if name in result}


def _only(item: JsonValue, keys: frozenset[str]) -> JsonValue:
    """Return named rows with nothing but their keys."""
    if isinstance(item, list):
        return [_only(one, keys) for one in item]
    return {name: value for name, value in item.items() if name in keys} if isinstance(item, dict) else item


def _without(result: Mapping[str, JsonValue], hidden: frozenset[str]) -> dict[str, JsonValue]:
    """Return a result without what it says of hidden columns beside the check's own columns."""
    return {name: _kept(item, hidden, sample=name in _SAMPLES) for name, item in result.items()}


def _kept(item: JsonValue, hidden: frozenset[str], *, sample: bool) -> JsonValue:
    if isinstance(item, list):
        about = [one for one in item if sample or not _is_about(one, hidden)]
        return [_kept(one, hidden, sample=sample) for one in about]
    if isinstance(item, dict):
        return {
            name: _kept(value, hidden, sample=sample) for name, value in item.items() if name.casefold() not in hidden
        }
    return item


def _is_about(item: JsonValue, hidden: frozenset[str]) -> bool:
    """Whether an entry of a list is a mapping that names a hidden column, as ``{"column": ..., "sum": ...}`` does."""
    return isinstance(item, dict) and any(isinstance(v, str) and v.casefold() in hidden for v in item.values())


def _shown(problem: Problem, wanted: ResultFormat) -> Problem:
    told = _KEPT_OUT if problem.quotes_data else without_folders(problem.message, wanted.hidden_columns)
    return problem.model_copy(update={"message": told, "quotes_data": False})
