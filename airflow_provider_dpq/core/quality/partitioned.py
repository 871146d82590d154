"""Check a table partition by partition, only those that are new or have changed, and put the results together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final, TypeAlias

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import DeclarationError, EndedError, MeasurementError, unexpected_error
from airflow_provider_dpq.core.gate.part import Part, PartCheck
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.quality.compile.aggregate import observed
from airflow_provider_dpq.core.quality.compile.column import counted
from airflow_provider_dpq.core.quality.compile.plan import Answer
from airflow_provider_dpq.core.quality.disclosure import cut, hides_figures
from airflow_provider_dpq.core.quality.evaluate import Outcome, Progress, evaluate
from airflow_provider_dpq.core.quality.instant import read_fine_moment
from airflow_provider_dpq.core.quality.jsonable import jsonable
from airflow_provider_dpq.core.quality.merge import (
    COUNTS,
    MEAN,
    MERGES,
    OBSERVED,
    TOTAL,
    WEIGHT,
    figures_of,
    merge_figures,
    require_partitionable,
)
from airflow_provider_dpq.core.quality.plan import ROWS
from airflow_provider_dpq.core.quality.result_format import ResultFormat
from airflow_provider_dpq.core.quality.suite import Declared, Suite, load_suite
from airflow_provider_dpq.core.quality.tables.partitions import (
    Partition,
    by_columns,
    files_of,
    kinds_of,
    only,
    texts_among,
)
from airflow_provider_dpq.core.quality.tables.table import Table

Folders: TypeAlias = Callable[[Sequence[str]], Sequence[Partition] | None]
_Opened: TypeAlias = Callable[[Partition, frozenset[str]], AbstractContextManager[Table]]
_MOST_NAMED: Final = 20
_MOST_READ: Final = 20
_ALL: Final = "all partitions"
_PLAIN: Final = "string"
_COUNT: Final = "dpq:count:"
_MEAN: Final = "dpq:mean:"
_TOTAL: Final = "dpq:total:"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of each partition.

    Attributes:
        suite: The expectations about rows.
        built: Great Expectations' objects, by the name of the check.
        wanted: What results show.
        tell: Called with a few words at each stage.
        history: Returns at most so many reports of the gate, the newest first; None where there are none.
        digest: Of what else decides which rows are checked, and how they are read.
    """

    suite: Suite
    built: Mapping[str, Any]
    wanted: ResultFormat
    tell: Progress
    history: Callable[[int], Sequence[Report]] | None
    digest: str


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


def check_by_partition(
    data: Any, by: Sequence[str], opened: Callable[[Any], Table], asked: Asked, folders: Folders | None
) -> Merged:
    """Measure the partitions that no earlier report has measured as they are now, and merge all.

    Args:
        data: What is checked.
        by: Columns, or keys of folders, whose values make the partitions.
        opened: Opens the data, or the files of one partition.
        asked: What is asked of each partition.
        folders: Returns the partitions that folders name; None for what has no folders.

    Raises:
        DeclarationError: ``not_partitionable``, or ``invalid_partition``.
        SourceError: The data cannot be opened.
        MeasurementError: ``no_partition``: there is none.
    """
    require_partitionable(one.type for one in asked.suite.expectations)
    mergeable = tuple(one for one in asked.suite.expectations if one.type in MERGES)
    parted = replace(asked, suite=replace(asked.suite, expectations=mergeable))
    found = folders(by) if folders is not None else None
    if found is not None:
        merged = _merged(str(data), found, lambda one, texts: opened(files_of(data, one, texts)), parted)
        return _with_others(merged, lambda: opened(data), asked)
    with opened(data) as table:
        merged = _merged(table.subject, by_columns(table, by), lambda one, _: only(table, one), parted)
        return _with_others(merged, lambda: nullcontext(table), asked)


def _with_others(merged: Merged, opened: Callable[[], AbstractContextManager[Table]], asked: Asked) -> Merged:
    """Answer the checks whose figures cannot be put together on the whole table, so that they are judged alike."""
    others = tuple(one for one in asked.suite.expectations if one.name not in merged.outcomes)
    if not others:
        return merged
    asked.tell(f"all partitions together, for {len(others)} checks")
    try:
        with opened() as table:
            _, found = evaluate(table, replace(asked.suite, expectations=others), asked.built, asked.wanted, asked.tell)
    except MeasurementError as error:
        found = [Outcome(error, None)] * len(others)
    outcomes = {one.name: _of_all(outcome) for one, outcome in zip(others, found, strict=True)}
    return replace(merged, outcomes={**merged.outcomes, **outcomes})


def _of_all(outcome: Outcome) -> Outcome:
    """Return an outcome that says that it is of all partitions."""
    if not isinstance(outcome.answer, Answer):
        return outcome
    answer = replace(outcome.answer, result={**outcome.answer.result, "scope": _ALL})
    return replace(outcome, answer=answer, unexpected=None)


def _merged(subject: str, partitions: Sequence[Partition], opened: _Opened, asked: Asked) -> Merged:
    if not partitions:
        message = f"{subject} has no partition."
        raise MeasurementError("no_partition", message, hint="Are the data written already?", quotes_data=False)
    digest = _digest(asked.suite, asked.digest + subject)
    known = _known(asked.history, digest)
    found = {_text(one.shown, one.state): known.get(_text(one.shown, one.state)) for one in partitions}
    left = [one for one in partitions if found[_text(one.shown, one.state)] is None]
    scan = _Scan(asked, _extended(asked.suite), digest, opened)
    for number, partition in enumerate(left, start=1):
        asked.tell(f"partition {number} of {len(left)}, {len(partitions)} in all")
        found[_text(partition.shown, partition.state)] = scan.measure(partition)
        if (end := next((error for error in scan.errors.values() if isinstance(error, EndedError)), None)) is not None:
            # The partitions that follow are not measured, for any check.
            scan.errors = {one.name: end for one in asked.suite.expectations} | scan.errors
            break
    scan.measure_alike(partitions, found)
    parts = [part for part in found.values() if part is not None]
    whole = tuple(part for part in parts if len(part.checks) == len(asked.suite.expectations))
    if len(whole) < len(partitions) and not scan.errors:
        raise MeasurementError("not_evaluated", "A partition is neither measured nor in error.", quotes_data=False)
    merged = {one.name: scan.outcome(one, parts) for one in asked.suite.expectations}
    outcomes = {name: outcome for name, outcome in merged.items() if outcome is not None}
    kept = tuple(part for part in whole if not _hides(part, asked))
    return Merged(subject, sum(part.row_count for part in parts), outcomes, kept, scan.count, len(partitions))


def _hides(part: Part, asked: Asked) -> bool:
    """Whether a part holds a value of a hidden column: then no report keeps it, and it is measured again."""
    if _is_hidden(part.key, asked.wanted):
        return True
    observing = {name for name, check in part.checks.items() if {OBSERVED, MEAN} & check.figures.keys()}
    return any(
        one.name in observing
        and hides_figures(one.observes, {n: jsonable(v) for n, v in one.kwargs.items()}, asked.wanted)
        for one in asked.suite.expectations
    )


def _is_hidden(key: Mapping[str, JsonValue], wanted: ResultFormat) -> bool:
    return any(name.casefold() in wanted.hidden_columns for name in key)


class _Scan:
    """The partitions that are measured now: their samples, and the first error of each check."""

    def __init__(self, asked: Asked, extended: Suite, digest: str, opened: _Opened) -> None:
        self.errors: dict[str, MeasurementError] = {}
        self._asked, self._extended, self._digest, self._opened = asked, extended, digest, opened
        self._fresh: dict[str, dict[str, Mapping[str, JsonValue]]] = {}
        self._measured: set[str] = set()

    @property
    def count(self) -> int:
        """How many partitions were measured."""
        return len(self._measured)

    def measure_alike(self, partitions: Sequence[Partition], found: dict[str, Part | None]) -> None:
        """Measure again, as text, what is text in one partition of text files and of a type in another."""
        texts = texts_among(part.kinds for part in found.values() if part is not None)
        for partition in partitions if texts else ():
            key = _text(partition.shown, partition.state)
            part = found[key]
            if part is not None and any(part.kinds.get(name, _PLAIN) != _PLAIN for name in texts):
                found[key] = self.measure(partition, texts)

    def measure(self, partition: Partition, texts: frozenset[str] = frozenset()) -> Part | None:
        """Measure a partition: what could be is in the part, and what could not is an error.

        Args:
            partition: The partition.
            texts: Columns that are text in another one.
        """
        asked = self._asked
        try:
            with self._opened(partition, texts) as table:
                kinds = kinds_of(table)
                rows, outcomes = evaluate(table, self._extended, asked.built, asked.wanted, asked.tell)
                table.confirm()
        except DeclarationError:
            raise
        except Exception as error:  # noqa: BLE001 - of any engine; of this partition, and the others stand
            told = error if isinstance(error, MeasurementError) else unexpected_error(error, "Measuring it")
            self.errors = {one.name: _within(partition, told, asked.wanted) for one in asked.suite.expectations} | (
                self.errors
            )
            return None
        key = _text(partition.shown, partition.state)
        self._measured.add(key)
        found = dict(zip((one.name for one in self._extended.expectations), outcomes, strict=True))
        wrong = {
            _declared_name(name): _within(partition, outcome.answer, asked.wanted)
            for name, outcome in found.items()
            if not isinstance(outcome.answer, Answer) or outcome.answer.success is None
        }
        self.errors = wrong | self.errors
        checks = {one.name: _part_check(one.name, found) for one in asked.suite.expectations if one.name not in wrong}
        for name in checks:
            answer = found[name].answer
            self._fresh.setdefault(name, {})[key] = answer.result if isinstance(answer, Answer) else {}
        return Part(
            key=partition.shown, state=partition.state, asked=self._digest, row_count=rows, checks=checks, kinds=kinds
        )

    def outcome(self, one: Declared, parts: Sequence[Part]) -> Outcome | None:
        """Return what came of a check in all partitions; None where their figures cannot be put together.

        A check that could not be measured in one of them is an error.
        """
        held = [part for part in parts if one.name in part.checks]
        checks = [part.checks[one.name] for part in held]
        by = ", ".join(sorted({check.evaluated_by for check in checks if check.evaluated_by})) or None
        if one.name in self.errors:
            return Outcome(self.errors[one.name], by)
        try:
            figures = merge_figures(one.type, [check.figures for check in checks])
            if figures is None:
                return None
            answer = _answer(one, figures)
        except MeasurementError as refused:
            return Outcome(refused, by)
        except Exception as error:  # noqa: BLE001 - of this check, and the others stand
            return Outcome(unexpected_error(error, "Merging the partitions"), by)
        wanted = self._asked.wanted
        scope: dict[str, JsonValue] = {"scope": _ALL}
        broken = [part.key for part in held if part.checks[one.name].figures.get("unexpected_count")]
        shown = [dict(key) for key in broken if not _is_hidden(key, wanted)]
        if shown and not (wanted.exclude_unexpected_values or wanted.values_kept_out):
            scope["partitions_with_unexpected"] = list[JsonValue](shown[:_MOST_NAMED])
        samples = _samples(list(self._fresh.get(one.name, {}).values()), wanted)
        return Outcome(replace(answer, result={**samples, **answer.result, **scope}, rows=_looked_at(checks)), by)


def _declared_name(name: str) -> str:
    """Return the name of the check that a check of ours was added for, or else its own."""
    return name.removeprefix(_COUNT).removeprefix(_MEAN).removeprefix(_TOTAL)


def _looked_at(checks: Sequence[PartCheck]) -> int | None:
    """Add the rows that a check's own condition left it; None where a partition does not say."""
    rows = [check.figures.get(ROWS) for check in checks]
    return sum(row for row in rows if isinstance(row, int)) if rows and None not in rows else None


def _within(partition: Partition, error: object, wanted: ResultFormat) -> MeasurementError:
    reason = error.reason if isinstance(error, MeasurementError) else "not_evaluated"
    place = "a partition" if _is_hidden(partition.shown, wanted) else f"the partition {partition.shown!r}"
    kind = type(error) if isinstance(error, EndedError) else MeasurementError
    return kind(reason, f"In {place}: {error}")


def _part_check(name: str, found: Mapping[str, Outcome]) -> PartCheck:
    outcome = found[name]
    assert isinstance(outcome.answer, Answer)  # noqa: S101 - the caller has looked
    figures = figures_of(outcome.answer.result)
    weight, mean = found.get(_COUNT + name), found.get(_MEAN + name)
    if weight is not None and isinstance(weight.answer, Answer):
        counts = weight.answer.result
        figures[WEIGHT] = int(str(counts["element_count"])) - int(str(counts["unexpected_count"] or 0))
    if mean is not None and isinstance(mean.answer, Answer):
        figures[MEAN] = mean.answer.result[OBSERVED]
    total = found.get(_TOTAL + name)
    if total is not None and isinstance(total.answer, Answer):
        figures[TOTAL] = total.answer.result[OBSERVED]
    if outcome.answer.rows is not None:
        figures[ROWS] = outcome.answer.rows
    return PartCheck(success=bool(outcome.answer.success), figures=figures, evaluated_by=outcome.by)


def _extended(suite: Suite) -> Suite:
    """Add what merging means and standard deviations needs: how many values there are, and their mean."""
    added = []
    for one in suite.expectations:
        kwargs = {
            name: one.kwargs[name] for name in ("column", "row_condition", "condition_parser") if name in one.kwargs
        }
        if one.type in ("expect_column_mean_to_be_between", "expect_column_stdev_to_be_between"):
            kind = "expect_column_values_to_not_be_null"
            added.append({"name": _COUNT + one.name, "type": kind, "kwargs": kwargs})
        if one.type == "expect_column_mean_to_be_between":
            added.append({"name": _TOTAL + one.name, "type": "expect_column_sum_to_be_between", "kwargs": kwargs})
        if one.type == "expect_column_stdev_to_be_between":
            kind = "expect_column_mean_to_be_between"
            added.append({"name": _MEAN + one.name, "type": kind, "kwargs": kwargs})
    more = load_suite(added).expectations if added else ()
    return replace(suite, expectations=(*suite.expectations, *more))


def _digest(suite: Suite, rest: str) -> str:
    declared = [(one.name, one.type, dict(one.kwargs)) for one in suite.expectations]
    return hashlib.sha256(json.dumps([declared, rest], default=str, sort_keys=True).encode()).hexdigest()


def _text(key: Mapping[str, JsonValue], state: str) -> str:
    return json.dumps([key, state], sort_keys=True)


def _known(history: Callable[[int], Sequence[Report]] | None, digest: str) -> dict[str, Part]:
    """Return what the newest report that measured partitions for the same suite knows of them."""
    if history is None:
        return {}
    # Mostly the last report has them; those of failed attempts, which have none, may follow it.
    reports = (report for limit in (1, _MOST_READ) for report in history(limit))
    found = ([part for part in report.parts if part.asked == digest] for report in reports)
    return {_text(part.key, part.state): part for part in next(filter(None, found), [])}


def _answer(one: Declared, figures: Mapping[str, Any]) -> Answer:
    if OBSERVED not in figures:
        found = {name.removesuffix("_count"): figures[name] for name in COUNTS if name in figures}
        found["elements"] = found.pop("element")
        return counted(found, float(one.kwargs.get("mostly", 1)))
    value = figures[OBSERVED]
    expectation: Any = one.expectation
    if one.type == "expect_table_row_count_to_equal":
        return Answer(value == expectation.value, {OBSERVED: value})
    shown = float(value) if isinstance(value, Fraction) else value
    return replace(
        observed(expectation, (isinstance(value, str) and read_fine_moment(value)) or value),
        result={OBSERVED: jsonable(shown)},
    )


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
