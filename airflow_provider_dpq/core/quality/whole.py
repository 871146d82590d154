"""The partitions of a table as one: what came of each check in all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import EndedError, MeasurementError, unexpected_error
from airflow_provider_dpq.core.gate.part import Part, PartCheck
from airflow_provider_dpq.core.quality import gx
from airflow_provider_dpq.core.quality.compile.aggregate import observed
from airflow_provider_dpq.core.quality.compile.column import counted
from airflow_provider_dpq.core.quality.compile.plan import Answer
from airflow_provider_dpq.core.quality.declared import Declared
from airflow_provider_dpq.core.quality.disclosure import cut, hides_figures
from airflow_provider_dpq.core.quality.evaluate import Outcome
from airflow_provider_dpq.core.quality.merge import COUNTS, OBSERVED, WEIGHT, holding, merge_figures, merging_of
from airflow_provider_dpq.core.quality.partitions import Partition
from airflow_provider_dpq.core.quality.plan import ROWS
from airflow_provider_dpq.core.quality.result_format import ResultFormat
from airflow_provider_dpq.core.quality.suite import Suite
from airflow_provider_dpq.core.table.evidence import Evidence
from airflow_provider_dpq.core.table.instant import read_fine_moment
from airflow_provider_dpq.core.table.jsonable import jsonable

ALL: Final = "all partitions"
_MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of all partitions.

    Attributes:
        subject: What was checked, for people.
        rows: Their rows.
        outcomes: What came of each check, by its name.
        parts: The partitions that are measured; one that could not be is not among them.
        scanned: How many were measured now.
        total: How many there are.
    """

    subject: str
    rows: int
    outcomes: Mapping[str, Outcome]
    parts: tuple[Part, ...]
    scanned: int
    total: int


@dataclass(slots=True)
class Found:
    """What is known of one partition.

    Attributes:
        partition: The partition.
        part: What was measured, earlier or now; None before, and where it could not be.
        readings: How its columns were read; None where that is not known.
        errors: Why checks could not be made, by their names.
        results: What checks found, by their names, where they were made now.
        is_scanned: Whether it was measured now.
    """

    partition: Partition
    part: Part | None
    readings: Mapping[str, str] | None = None
    errors: Mapping[str, MeasurementError] = field(default_factory=dict)
    results: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    is_scanned: bool = False

    @property
    def evidence(self) -> Evidence:
        """What decides how the columns of all partitions are read, of this one's values."""
        return {} if self.part is None else self.part.evidence


def merge_found(subject: str, found: Sequence[Found], suite: Suite, wanted: ResultFormat) -> Merged:
    """Put partitions together.

    Args:
        subject: What was checked, for people.
        found: What is known of each.
        suite: What was asked of each.
        wanted: What results show.

    Raises:
        MeasurementError: ``not_evaluated``: a partition is neither measured nor in error.
    """
    parts = [one.part for one in found if one.part is not None]
    whole = tuple(part for part in parts if len(part.checks) == len(suite.expectations))
    if len(whole) < len(found) and not any(one.errors for one in found):
        raise MeasurementError("not_evaluated", "A partition is neither measured nor in error.", quotes_data=False)
    outcomes = {
        one.name: outcome for one in suite.expectations if (outcome := _outcome(one, found, wanted)) is not None
    }
    kept = tuple(part for part in whole if not _hides(part, suite, wanted))
    scanned = sum(one.is_scanned for one in found)
    return Merged(subject, sum(part.row_count for part in parts), outcomes, kept, scanned, len(found))


def _outcome(declared: Declared, found: Sequence[Found], wanted: ResultFormat) -> Outcome | None:
    """Return what came of a check in all partitions; None where their figures cannot be put together.

    A check that could not be measured in one of them is an error; where no connection is left, each is one.
    """
    name = declared.name
    held = [one.part for one in found if one.part is not None and name in one.part.checks]
    checks = [part.checks[name] for part in held]
    by = ", ".join(sorted({check.evaluated_by for check in checks if check.evaluated_by})) or None
    if (wrong := _error(name, found)) is not None:
        return Outcome(wrong, by)
    if any(check.evaluated_by == gx.NAME for check in checks):
        return None  # pandas may read a part otherwise than the whole
    try:
        figures = merge_figures(merging_of(declared.type), [check.figures for check in checks])
        if figures is None:
            return None
        answer = _answer(declared, figures)
    except MeasurementError as refused:
        return Outcome(refused, by)
    except Exception as error:  # noqa: BLE001 - of this check, and the others stand
        return Outcome(unexpected_error(error, "Merging the partitions"), by)
    wanted = declared.shown(wanted)
    scope: dict[str, JsonValue] = {"scope": ALL}
    broken = [part.key for part in held if part.checks[name].figures.get("unexpected_count")]
    holders = holding(merging_of(declared.type), [check.figures for check in checks])
    for what, keys in (("unexpected", broken), ("observed", [held[number].key for number in holders])):
        shown = [dict(key) for key in keys if not is_hidden(key, wanted)]
        if shown and not (wanted.exclude_unexpected_values or wanted.values_kept_out):
            scope[f"partitions_with_{what}"] = list[JsonValue](shown[:_MOST_NAMED])
    samples = _samples([one.results[name] for one in found if name in one.results], wanted)
    # The parts are read alike, so that what is in doubt in one is in each.
    doubt = next((check.doubt for check in checks if check.doubt), "")
    result = {**samples, **answer.result, **scope}
    return Outcome(replace(answer, result=result, rows=_looked_at(checks), doubt=doubt), by)


def _error(name: str, found: Sequence[Found]) -> MeasurementError | None:
    """Return the first error of a check, or else the one after which no partition was measured."""
    ends = (error for one in found for error in one.errors.values() if isinstance(error, EndedError))
    return next((one.errors[name] for one in found if name in one.errors), None) or next(ends, None)


def _hides(part: Part, suite: Suite, wanted: ResultFormat) -> bool:
    """Whether a part holds a value of a hidden column: then no report keeps it, and it is measured again."""
    if is_hidden(part.key, wanted):
        return True
    observing = {name for name, check in part.checks.items() if check.figures.keys() - {*COUNTS, WEIGHT, ROWS}}
    return any(
        one.name in observing and hides_figures(one.observes, {n: jsonable(v) for n, v in one.kwargs.items()}, wanted)
        for one in suite.expectations
    )


def is_hidden(key: Mapping[str, JsonValue], wanted: ResultFormat) -> bool:
    """Whether a partition's key holds a value that no result shows."""
    return any(name.casefold() in wanted.hidden_columns for name in key)


def _looked_at(checks: Sequence[PartCheck]) -> int | None:
    """Add the rows that a check's own condition left it; None where a partition does not say."""
    rows = [check.figures.get(ROWS) for check in checks]
    return sum(row for row in rows if isinstance(row, int)) if rows and None not in rows else None


def _answer(one: Declared, figures: Mapping[str, Any]) -> Answer:
    if OBSERVED not in figures:
        found = {name.removesuffix("_count"): figures[name] for name in COUNTS if name in figures}
        found["elements"] = found.pop("element")
        return counted(found, float(one.kwargs.get("mostly", 1)))
    value = figures[OBSERVED]
    expectation: Any = one.expectation
    if not isinstance(value, str):
        return observed(expectation, value)
    return replace(observed(expectation, read_fine_moment(value) or value), result={OBSERVED: value})


def _samples(fresh: Sequence[Mapping[str, JsonValue]], wanted: ResultFormat) -> dict[str, JsonValue]:
    """Return the unexpected rows of the partitions that were measured now; positions in a partition name no row."""
    joined: dict[str, list[JsonValue]] = {}
    for result in fresh:
        for name, value in result.items():
            indexed = "index" in name and not wanted.index_columns
            if isinstance(value, list) and "unexpected" in name and not indexed and not name.endswith("_counts"):
                joined.setdefault(name, []).extend(value)
    short = ("partial_unexpected", "unexpected_rows")
    limits = {
        name: wanted.partial_unexpected_count if name.startswith(short) else wanted.sample_rows for name in joined
    }
    limits["unexpected_index_column_names"] = len(wanted.index_columns)
    if wanted.exclude_unexpected_values:
        joined |= {name: _one_mapping(values) for name, values in joined.items() if name.endswith("index_list")}
    return {name: cut(values, limits[name]) for name, values in joined.items()}


def _one_mapping(values: Sequence[JsonValue]) -> list[JsonValue]:
    """Put the keys of rows of all partitions together: with excluded values each has one mapping, of lists of keys."""
    whole: dict[str, JsonValue] = {}
    for entry in values:
        for name, keys in entry.items() if isinstance(entry, dict) else ():
            held = whole.setdefault(name, [])
            if isinstance(held, list) and isinstance(keys, list):
                held.extend(keys)
    return [whole] if whole else []
