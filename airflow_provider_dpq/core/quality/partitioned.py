"""Check a table partition by partition, only those that are new or have changed, and put the results together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Final, TypeAlias

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import DeclarationError, EndedError, MeasurementError, unexpected_error
from airflow_provider_dpq.core.gate.part import Part, PartCheck
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.quality import gx
from airflow_provider_dpq.core.quality.compile.plan import Answer
from airflow_provider_dpq.core.quality.compile.plausibility import impossible
from airflow_provider_dpq.core.quality.evaluate import Outcome, evaluate
from airflow_provider_dpq.core.quality.merge import counts_of, is_mergeable, merging_of, require_partitionable
from airflow_provider_dpq.core.quality.options import Progress
from airflow_provider_dpq.core.quality.partitions import (
    Partition,
    by_columns,
    evidence_beside,
    files_of,
    only,
)
from airflow_provider_dpq.core.quality.plan import ROWS
from airflow_provider_dpq.core.quality.result_format import ResultFormat
from airflow_provider_dpq.core.quality.suite import Suite
from airflow_provider_dpq.core.quality.whole import ALL, Found, Merged, is_hidden, merge_found
from airflow_provider_dpq.core.table.evidence import Evidence, readings, together
from airflow_provider_dpq.core.table.table import Table

Folders: TypeAlias = Callable[[Sequence[str]], Sequence[Partition] | None]
_Opened: TypeAlias = Callable[[Partition, Evidence | None], AbstractContextManager[Table]]
_MOST_ROUNDS: Final = 3
"""How often partitions are measured again: their columns are mostly read alike after the first time."""
_MOST_READ: Final = 20
_VERSION: Final = 3
"""Of what is known of a partition: another release may have measured otherwise."""


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
    mergeable = tuple(one for one in asked.suite.expectations if is_mergeable(merging_of(one.type)))
    parted = replace(asked, suite=replace(asked.suite, expectations=mergeable))
    found = folders(by) if folders is not None else None
    if found is not None:
        scan = _Scan(str(data), found, parted, lambda one, beside: opened(files_of(data, one, beside)))
        scan.measure()
        scan.measure_alike()
        return _with_others(scan.merged(), lambda: opened(data), asked)
    with opened(data) as table:
        scan = _Scan(table.subject, by_columns(table, by), parted, lambda one, _: only(table, one))
        scan.forget_others(table)
        scan.measure()
        return _with_others(scan.merged(), lambda: nullcontext(table), asked)


def _with_others(merged: Merged, opened: Callable[[], AbstractContextManager[Table]], asked: Asked) -> Merged:
    """Answer the checks whose figures cannot be put together on the whole table, so that they are judged alike."""
    others = tuple(one for one in asked.suite.expectations if one.name not in merged.outcomes)
    if not others:
        return merged
    asked.tell(f"all partitions together, for {len(others)} check{'' if len(others) == 1 else 's'}")
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
    answer = replace(outcome.answer, result={**outcome.answer.result, "scope": ALL})
    return replace(outcome, answer=answer, unexpected=None)


class _Scan:
    """The partitions of a table: those that are known from earlier reports, and those that are measured now."""

    def __init__(self, subject: str, partitions: Sequence[Partition], asked: Asked, opened: _Opened) -> None:
        if not partitions:
            message = f"{subject} has no partition."
            raise MeasurementError("no_partition", message, hint="Are the data written already?", quotes_data=False)
        self._subject, self._asked, self._opened = subject, asked, opened
        self._digest = _digest(asked.suite, asked.digest + subject)
        known = _known(asked.history, self._digest)
        parts = (known.get(_text(one.shown, one.state)) for one in partitions)
        self._found = [Found(one, part) for one, part in zip(partitions, parts, strict=True)]
        for one in self._found:
            one.readings = None if one.part is None else one.part.readings
        self._end: EndedError | None = None

    def forget_others(self, table: Table) -> None:
        """Forget the partitions whose columns were read otherwise than the table's are now."""
        parts = [one.part for one in self._found if one.part is not None]
        now = readings(table.evidence({name for part in parts for name in part.readings})).items()
        for one in self._found:
            if one.part is not None and not one.part.readings.items() <= now:
                one.part = None

    def measure(self) -> None:
        """Measure the partitions that are not known, each as those before it are read."""
        left = [one for one in self._found if one.part is None]
        beside = self._evidence() if len(left) < len(self._found) else None
        for number, one in enumerate(left, start=1):
            self._asked.tell(f"partition {number} of {len(left)}, {len(self._found)} in all")
            self._measure(one, beside)
            beside = together(beside or {}, one.evidence) if one.part is not None else beside
            if self._end is not None:
                return

    def measure_alike(self) -> None:
        """Measure again the partitions whose columns were read otherwise than all partitions together are."""
        for _ in range(_MOST_ROUNDS):
            whole = readings(self._evidence())
            left = [one for one in self._found if one.readings != whole]
            if self._end is not None or not left or all(one.part is None for one in self._found):
                return
            self._asked.tell(f"{len(left)} partitions again, whose columns are read as those of all partitions")
            besides = list(evidence_beside([one.evidence for one in self._found]))
            for one, beside in zip(self._found, besides, strict=True):
                if one.readings != whole and self._end is None:
                    self._measure(one, beside)
        error = MeasurementError(
            "schema_changed", "The types of columns in partitions changed while these were measured.", quotes_data=False
        )
        self._found[0].errors = dict.fromkeys((one.name for one in self._asked.suite.expectations), error)

    def _measure(self, one: Found, beside: Evidence | None) -> None:
        """Measure a partition: what could be is in the part, and what could not is an error.

        Args:
            one: The partition.
            beside: What the others hold; None where none of them is known.
        """
        asked, partition = self._asked, one.partition
        one.part, one.results, one.errors = None, {}, {}
        one.readings = None if beside is None else readings(beside)
        try:
            with self._opened(partition, beside) as table:
                rows, outcomes = evaluate(table, asked.suite, asked.built, asked.wanted, asked.tell)
                evidence = table.evidence(table.columns_used)
                table.confirm()
            _require_all(partition, rows)
        except DeclarationError:
            raise
        except Exception as error:  # noqa: BLE001 - of any engine; of this partition, and the others stand
            told = error if isinstance(error, MeasurementError) else unexpected_error(error, "Measuring it")
            self._note(one, {declared.name: told for declared in asked.suite.expectations})
            return
        one.is_scanned, one.readings = True, readings(together(evidence, beside or {}))
        found = dict(zip((declared.name for declared in asked.suite.expectations), outcomes, strict=True))
        answers = {name: outcome.answer for name, outcome in found.items()}
        made = {name: one for name, one in answers.items() if isinstance(one, Answer) and one.success is not None}
        # What Great Expectations says of a part decides nothing: it is asked about the whole.
        left = {name: PartCheck(success=False, evaluated_by=gx.NAME) for name in found if _is_left(found[name])}
        self._note(one, {name: answer for name, answer in answers.items() if name not in {**made, **left}})
        checks = {name: _part_check(answer, found[name].by) for name, answer in made.items()} | left
        one.results = {name: answer.result for name, answer in made.items() if name not in left}
        one.part = Part(
            key=partition.shown,
            state=partition.state,
            asked=self._digest,
            row_count=rows,
            checks=checks,
            readings=one.readings,
            evidence=evidence if partition.files else {},
        )

    def _evidence(self) -> Evidence:
        none: Evidence = {}
        return reduce(together, (one.evidence for one in self._found), none)

    def _note(self, one: Found, wrong: Mapping[str, object]) -> None:
        one.errors = {name: _within(one.partition, error, self._asked.wanted) for name, error in wrong.items()}
        self._end = next((error for error in one.errors.values() if isinstance(error, EndedError)), self._end)

    def merged(self) -> Merged:
        """Put the partitions together."""
        return merge_found(self._subject, self._found, self._asked.suite, self._asked.wanted)


def _within(partition: Partition, error: object, wanted: ResultFormat) -> MeasurementError:
    reason = error.reason if isinstance(error, MeasurementError) else "not_evaluated"
    place = "a partition" if is_hidden(partition.shown, wanted) else f"the partition {partition.shown!r}"
    kind = type(error) if isinstance(error, EndedError) else MeasurementError
    return kind(reason, f"In {place}: {error}")


def _require_all(partition: Partition, rows: int) -> None:
    """Refuse to have looked at fewer rows than a partition's values have: the others would be of no partition.

    Raises:
        MeasurementError: ``impossible_figure``.
    """
    if partition.rows is not None and rows < partition.rows:
        raise impossible(f"Only {rows:,} rows are found by values that {partition.rows:,} rows have.")


def _is_left(outcome: Outcome) -> bool:
    return outcome.by == gx.NAME and not isinstance(outcome.answer, EndedError)


def _part_check(answer: Answer, by: str | None) -> PartCheck:
    figures = {**counts_of(answer.result), **answer.part}
    if answer.rows is not None:
        figures[ROWS] = answer.rows
    return PartCheck(success=bool(answer.success), figures=figures, evaluated_by=by, doubt=answer.doubt)


def _digest(suite: Suite, rest: str) -> str:
    declared = [(one.name, one.type, dict(one.kwargs)) for one in suite.expectations]
    return hashlib.sha256(json.dumps([_VERSION, declared, rest], default=str, sort_keys=True).encode()).hexdigest()


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
