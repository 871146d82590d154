"""A check's outcome, judged by its thresholds, else by its severity, and written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.gate.report import CheckResult, Problem
from airflow_provider_dpq.core.gate.threshold import ThresholdResult, judge
from airflow_provider_dpq.core.gate.verdict import Verdict, worst
from airflow_provider_dpq.core.quality.compile.plan import Answer
from airflow_provider_dpq.core.quality.declared import Declared
from airflow_provider_dpq.core.quality.disclosure import disclose
from airflow_provider_dpq.core.quality.emptiness import OnEmpty
from airflow_provider_dpq.core.quality.evaluate import Outcome
from airflow_provider_dpq.core.quality.result import check_metrics
from airflow_provider_dpq.core.quality.result_format import ResultFormat
from airflow_provider_dpq.core.table.errors import NotScannableError
from airflow_provider_dpq.core.table.jsonable import jsonable

_WEAK: Final = {"critical": Verdict.WARN, "warning": Verdict.WARN, "info": Verdict.PASS}
_BREACHED: Final = {"critical": Verdict.FAIL, "warning": Verdict.WARN, "info": Verdict.PASS}


def write_down(
    declared: Declared, outcome: Outcome, rows: int, wanted: ResultFormat, on_empty: OnEmpty = OnEmpty.WARN
) -> CheckResult:
    """Write a check's outcome down, judged by its thresholds, else by its severity.

    Args:
        declared: The check.
        outcome: What came of it.
        rows: Rows of the table.
        wanted: How much results show; of this check no more than its own result format lets.
        on_empty: The gate's policy for no rows to look at, for a check about rows that has none of its own.
    """
    answer, wanted = outcome.answer, declared.shown(wanted)
    policy = declared.on_empty or (on_empty if declared.looks_at_rows else OnEmpty.EXPECTATION)
    full = CheckResult(
        name=declared.name,
        type=declared.type,
        verdict=Verdict.ERROR,
        severity=declared.severity,
        success=answer.success if isinstance(answer, Answer) else False,
        declaration={key: jsonable(value) for key, value in declared.kwargs.items()},
        result=answer.result if isinstance(answer, Answer) else {},
        on_empty=policy.value,
        error=answer.undecided if isinstance(answer, Answer) else _problem(answer),
        evaluated_by=outcome.by,
    )
    if isinstance(answer, Answer) and answer.undecided is not None:
        return full.model_copy(update={"verdict": Verdict.INCONCLUSIVE})
    if full.error is not None:
        return disclose(full, declared.observes, wanted, conditions=declared.conditions)
    judged = judge(declared.thresholds, tuple(check_metrics(full)))
    shown = _query_alone(full.result, wanted) if wanted.level == "BOOLEAN_ONLY" else full.result
    weak = dict(_weaknesses(declared, answer, rows, policy)) if isinstance(answer, Answer) else {}
    verdict = worst([_verdict(declared, full, judged), *weak.values()])
    judgement = {"thresholds": judged, "result": shown, "verdict": verdict, "remarks": tuple(weak)}
    return disclose(full.model_copy(update=judgement), declared.observes, wanted, conditions=declared.conditions)


def _weaknesses(declared: Declared, answer: Answer, rows: int, policy: OnEmpty) -> Iterator[tuple[str, Verdict]]:
    """Yield why a check that holds may say nothing of the data, and the best verdict that it can then have."""
    if declared.judges_nothing and not declared.thresholds:
        yield "judges nothing: as declared, no data could break it", _WEAK[declared.severity]
    if answer.doubt:  # whatever thresholds say of figures that nothing could change
        yield answer.doubt, _WEAK[declared.severity]
    if not declared.looks_at_rows and declared.on_empty is None:
        return
    looked_at = answer.result.get("element_count", rows) if answer.rows is None else answer.rows
    if looked_at == 0:
        why = "its row condition matches no row" if declared.has_row_condition and rows else "there is no row to check"
        yield f"{why} (on_empty: {policy.value})", policy.verdict or Verdict.PASS


def _query_alone(result: Mapping[str, JsonValue], wanted: ResultFormat) -> dict[str, JsonValue]:
    """Return all that the least result format shows: the query that finds the rows, where it was asked for."""
    asked = ("unexpected_index_query", "unexpected_index_column_names") if wanted.index_query else ()
    return {name: result[name] for name in asked if "unexpected_index_query" in result and name in result}


def _problem(error: MeasurementError | NotScannableError) -> Problem:
    if isinstance(error, MeasurementError):
        return Problem.of(error)
    return Problem(reason="not_evaluated", message=str(error))


def _verdict(declared: Declared, result: CheckResult, judged: Sequence[ThresholdResult]) -> Verdict:
    if judged:
        return worst(item.verdict for item in judged)
    return Verdict.PASS if result.success else _BREACHED[declared.severity]
