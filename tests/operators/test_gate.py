"""What a gate does with its verdict, in tasks that Airflow really runs."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk import DAG, BaseOperator

from airflow_provider_dpq.core.errors import DeclarationError, DpqError, MeasurementError, SourceError
from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import CheckResult, Provenance, Report, make_report
from airflow_provider_dpq.core.gate.summary import MAX_BYTES
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import render_text
from airflow_provider_dpq.core.store import Store
from airflow_provider_dpq.exceptions import GateMeasurementError
from airflow_provider_dpq.operators.gate import GateOperator, decision, read_thresholds
from airflow_provider_dpq.operators.run import XCOM_KEY, GateRun
from tests.airflow_home import LOGICAL_DATE, DagOutcome, RunDag


class CountRows(GateOperator):
    """A gate that finds as many rows as it is told, or raises what it is told."""

    kind = "quality"
    subject = "rows"

    def __init__(
        self, *, rows: float | None = 0, uncertainty: float = 0, error: DpqError | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rows = rows
        self.uncertainty = uncertainty
        self.error = error

    def measure(self, run: GateRun) -> Report:
        """Find the rows."""
        if self.error is not None:
            raise self.error
        interval = (
            (self.rows - self.uncertainty, self.rows + self.uncertainty) if self.uncertainty and self.rows else None
        )
        return make_report(
            gate=run.gate,
            kind=self.kind,
            subject=self.subject,
            provenance=run.provenance,
            started_at=datetime.now(UTC),
            duration_seconds=0.5,
            metrics=[Metric(name="row_count", value=self.rows, interval=interval)],
            thresholds=read_thresholds(self.thresholds, self.kind),
            data_interval=run.data_interval,
        )


class Publish(BaseOperator):
    """A task that is blocked or not."""

    def execute(self, context: Any) -> None:
        """Do nothing."""


def outcome_of(run_dag: RunDag, *, trigger_rule: str = "all_success", **arguments: Any) -> DagOutcome:
    """Run a gate and a task behind it."""
    settings: dict[str, Any] = {"thresholds": ["row_count >= 10"], "retries": 2, "retry_delay": timedelta(0)}
    with DAG("counting", schedule=None) as dag:
        CountRows(task_id="rows", **(settings | arguments)) >> Publish(task_id="publish", trigger_rule=trigger_rule)
    return run_dag(dag)


def entries(store: Store, outcome: DagOutcome, task_id: str = "rows", map_index: int = -1) -> list[Any]:
    """Return the store's entries of a task instance."""
    return store.of_task("counting", task_id, outcome.run_id, map_index)


def test_pass_lets_downstream_run_and_leaves_report_and_summary(run_dag: RunDag, store: Store) -> None:
    """A passing gate succeeds; its report is stored, and its summary is in XCom."""
    outcome = outcome_of(run_dag, rows=10)
    assert outcome.states == {"rows": "success", "publish": "success"}
    (entry,) = entries(store, outcome)
    assert (entry.gate, entry.verdict, entry.try_number) == ("rows", Verdict.PASS, 1)
    assert outcome.xcoms["rows", XCOM_KEY]["report_id"] == entry.report_id
    assert ("rows", "return_value") not in outcome.xcoms


def test_fail_ends_the_task_at_its_first_try_and_blocks_downstream(run_dag: RunDag, store: Store) -> None:
    """A failed verdict is final: with two retries left there is one try, and the report outlives the failure."""
    outcome = outcome_of(run_dag, rows=9)
    assert outcome.states == {"rows": "failed", "publish": "upstream_failed"}
    assert outcome.tries["rows"] == 1
    (entry,) = entries(store, outcome)
    assert entry.verdict is Verdict.FAIL
    summary = outcome.xcoms["rows", XCOM_KEY]
    assert (summary["verdict"], summary["report_id"]) == ("fail", entry.report_id)


def test_fail_names_the_gate_the_numbers_and_the_link(
    run_dag: RunDag, store: Store, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Who reads the log of a failed task sees which threshold was missed by how much, and where the report is."""
    outcome = outcome_of(run_dag, rows=9)
    out = capfd.readouterr().out + caplog.text
    assert "GateFailedError: Gate 'counting > rows': fail, 0 of 1 threshold passed." in out
    assert "fail: row_count >= 10: observed 9, limit 10" in out
    assert f"Report: {outcome.xcoms['rows', XCOM_KEY]['link']}" in out


def test_warn_succeeds(run_dag: RunDag, store: Store) -> None:
    """A warning lets downstream run."""
    outcome = outcome_of(run_dag, rows=9, thresholds=[{"threshold": "row_count >= 10", "severity": "warn"}])
    assert outcome.states == {"rows": "success", "publish": "success"}
    assert entries(store, outcome)[0].verdict is Verdict.WARN


def test_continue_succeeds_on_fail(run_dag: RunDag, store: Store) -> None:
    """With on_fail="continue" the verdict stays fail in the store, and downstream runs."""
    outcome = outcome_of(run_dag, rows=9, on_fail="continue")
    assert outcome.states == {"rows": "success", "publish": "success"}
    assert entries(store, outcome)[0].verdict is Verdict.FAIL


def test_skip_skips_downstream_and_keeps_the_report(run_dag: RunDag, store: Store) -> None:
    """With on_fail="skip" nothing fails, and nothing behind the gate runs."""
    outcome = outcome_of(run_dag, rows=9, on_fail="skip")
    assert outcome.states == {"rows": "skipped", "publish": "skipped"}
    assert entries(store, outcome)[0].verdict is Verdict.FAIL
    assert outcome.xcoms["rows", XCOM_KEY]["verdict"] == "fail"
    assert outcome.state == "success"


def test_one_failing_mapped_gate_skips_what_follows_all_of_them(run_dag: RunDag, store: Store) -> None:
    """A task behind a mapped gate is skipped when one instance decides so."""
    with DAG("counting", schedule=None) as dag:
        gates = CountRows.partial(task_id="rows", thresholds=["row_count >= 10"], on_fail="skip").expand(rows=[9, 10])
        gates >> Publish(task_id="publish")
    outcome = run_dag(dag)
    assert outcome.states == {("rows", 0): "skipped", ("rows", 1): "success", "publish": "skipped"}


@pytest.mark.parametrize(
    ("on_inconclusive", "gate", "publish"),
    [("warn", "success", "success"), ("fail", "failed", "upstream_failed"), ("skip", "skipped", "skipped")],
)
def test_inconclusive_does_as_declared(
    on_inconclusive: str, gate: str, publish: str, run_dag: RunDag, store: Store
) -> None:
    """What the data cannot decide warns, unless it is to fail or to skip."""
    outcome = outcome_of(run_dag, rows=10, uncertainty=1, on_inconclusive=on_inconclusive)
    assert outcome.states == {"rows": gate, "publish": publish}
    assert outcome.tries["rows"] == 1
    assert entries(store, outcome)[0].verdict is Verdict.INCONCLUSIVE


def test_error_is_retried_and_every_try_is_reported(run_dag: RunDag, store: Store) -> None:
    """What could not be measured is tried again, and never passes, whatever on_fail says."""
    outcome = outcome_of(run_dag, error=MeasurementError("broken", "It broke."), on_fail="continue")
    assert outcome.states == {"rows": "failed", "publish": "upstream_failed"}
    assert outcome.tries["rows"] == 3
    found = entries(store, outcome)
    assert [(entry.try_number, entry.verdict) for entry in found] == [(n, Verdict.ERROR) for n in (3, 2, 1)]
    report = store.report(found[0].report_id)
    assert report.error is not None
    assert (report.error.reason, report.subject, report.error.message) == ("broken", "rows", "It broke.")


def test_error_verdict_is_retried_too(run_dag: RunDag, store: Store) -> None:
    """A threshold without a value to judge is no verdict on the data."""
    outcome = outcome_of(run_dag, rows=None, retries=1)
    assert (outcome.states["rows"], outcome.tries["rows"]) == ("failed", 2)


def test_source_error_is_retried(run_dag: RunDag, store: Store) -> None:
    """Data that is not there yet may be there at the next try."""
    assert outcome_of(run_dag, error=SourceError("missing_file", "No file."), retries=1).tries["rows"] == 2


def test_declaration_error_is_not_retried_and_is_reported(run_dag: RunDag, store: Store) -> None:
    """What only shows itself as declared wrongly when the task runs fails at once, with a report."""
    outcome = outcome_of(run_dag, error=DeclarationError("unknown_option", "Wrong."))
    assert (outcome.states["rows"], outcome.tries["rows"]) == ("failed", 1)
    (entry,) = entries(store, outcome)
    assert (entry.verdict, outcome.xcoms["rows", XCOM_KEY]["error"]["reason"]) == (Verdict.ERROR, "unknown_option")


def test_error_that_is_not_ours_fails_the_task(run_dag: RunDag, store: Store) -> None:
    """A bug in measuring is not mistaken for a verdict."""

    class Broken(CountRows):
        def measure(self, run: GateRun) -> Report:
            raise ZeroDivisionError

    with DAG("counting", schedule=None) as dag:
        Broken(task_id="rows", thresholds=["row_count > 0"]) >> Publish(task_id="publish")
    outcome = run_dag(dag)
    assert outcome.states == {"rows": "failed", "publish": "upstream_failed"}


@pytest.mark.parametrize("rows", [9, 10])
def test_store_out_of_reach_is_retried_and_never_passes(
    rows: int, run_dag: RunDag, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A report that cannot be stored fails the task, whatever the verdict; only the log has the verdict."""
    monkeypatch.setenv("AIRFLOW__DPQ__STORE_URL", "sqlite:////dev/null/reports.db")
    with caplog.at_level("INFO", logger="airflow_provider_dpq"):
        outcome = outcome_of(run_dag, rows=rows, retries=1)
    assert (outcome.states["rows"], outcome.tries["rows"]) == ("failed", 2)
    assert ("rows", XCOM_KEY) not in outcome.xcoms
    assert f"quality gate counting > rows: {'PASS' if rows == 10 else 'FAIL'}" in caplog.text


def test_declaration_error_is_told_when_the_store_is_out_of_reach_too(
    run_dag: RunDag, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wrong declaration decides, not the store: no retry."""
    monkeypatch.setenv("AIRFLOW__DPQ__STORE_URL", "sqlite:////dev/null/reports.db")
    assert outcome_of(run_dag, error=DeclarationError("unknown_option", "Wrong.")).tries["rows"] == 1


def test_mapped_gates_have_reports_and_summaries_of_their_own(run_dag: RunDag, store: Store) -> None:
    """Each instance of a mapped gate keeps its own verdict."""
    with DAG("counting", schedule=None) as dag:
        CountRows.partial(task_id="rows", gate="counts", thresholds=["row_count >= 10"]).expand(rows=[9, 10, 11])
    outcome = run_dag(dag)
    assert [outcome.states["rows", index] for index in range(3)] == ["failed", "success", "success"]
    for index, verdict in enumerate([Verdict.FAIL, Verdict.PASS, Verdict.PASS]):
        (entry,) = entries(store, outcome, map_index=index)
        assert (entry.gate, entry.verdict) == ("counts", verdict)
        summary = outcome.xcoms[("rows", index), XCOM_KEY]
        assert summary["report_id"] == entry.report_id
        assert f"/mapped/{index}/plugin/gate-report" in summary["link"]


def test_report_says_where_it_comes_from(run_dag: RunDag, store: Store) -> None:
    """The report names the task instance, its try and the run's data interval."""
    with DAG("counting", schedule=None) as dag:
        CountRows(task_id="rows", rows=10, thresholds=["row_count >= 10"])
    outcome = run_dag(dag)
    report = store.report(entries(store, outcome)[0].report_id)
    source = report.provenance
    assert (source.dag_id, source.task_id, source.run_id) == ("counting", "rows", outcome.run_id)
    assert (source.map_index, source.try_number) == (-1, 1)
    assert report.data_interval is not None
    assert report.data_interval.start == report.data_interval.end == LOGICAL_DATE


def test_report_has_no_data_interval_when_the_run_has_none(run_dag: RunDag, store: Store) -> None:
    """A run without a logical date is measured like any other."""
    with DAG("counting", schedule=None) as dag:
        CountRows(task_id="rows", rows=10, thresholds=["row_count >= 10"])
    outcome = run_dag(dag, logical_date=None)
    assert outcome.states == {"rows": "success"}
    assert store.report(entries(store, outcome)[0].report_id).data_interval is None


def test_summary_is_plain_json_of_bounded_size(run_dag: RunDag, store: Store) -> None:
    """However much a gate judges, XCom gets at most 16 KiB of plain JSON."""
    outcome = outcome_of(run_dag, rows=9, thresholds=[f"row_count >= {limit}" for limit in range(10, 1010)])
    summary = outcome.xcoms["rows", XCOM_KEY]
    assert len(json.dumps(summary).encode()) <= MAX_BYTES
    assert summary["omitted_thresholds"] > 0


def test_lone_threshold_needs_no_list(run_dag: RunDag, store: Store) -> None:
    """A plain text is one threshold, templated or not."""
    assert outcome_of(run_dag, rows=9, thresholds="row_count >= {{ 3 * 3 }}").states["rows"] == "success"
    assert outcome_of(run_dag, rows=9, thresholds="row_count >= 10").states["rows"] == "failed"


def test_gate_and_thresholds_are_templated(run_dag: RunDag, store: Store) -> None:
    """Name and thresholds may be templates; they are read once they are rendered."""
    outcome = outcome_of(run_dag, rows=9, gate="rows of {{ ds }}", thresholds=["row_count >= {{ 3 * 3 }}"])
    assert outcome.states["rows"] == "success"
    assert entries(store, outcome)[0].gate == "rows of 2026-01-01"


def test_template_that_renders_to_a_malformed_threshold_is_not_retried(run_dag: RunDag, store: Store) -> None:
    """What could not be checked at parse time is checked when the task runs."""
    outcome = outcome_of(run_dag, rows=9, thresholds=["row_count >= {{ 'many' }}"])
    assert (outcome.states["rows"], outcome.tries["rows"]) == ("failed", 1)
    assert outcome.xcoms["rows", XCOM_KEY]["error"]["reason"] == "malformed_threshold"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"thresholds": ["row_count"]}, "Malformed threshold 'row_count'"),
        ({"thresholds": ["rows > 1"]}, "'rows'"),
        ({"thresholds": "row_count"}, "Malformed threshold 'row_count'"),
        ({"on_fail": "explode"}, "Invalid on_fail: 'explode'"),
        ({"on_inconclusive": "continue"}, "Invalid on_inconclusive: 'continue'"),
    ],
)
def test_wrong_argument_is_refused_while_the_dag_is_parsed(arguments: dict[str, Any], told: str) -> None:
    """A wrong argument is an import error of the DAG file that names the gate."""
    with pytest.raises(DeclarationError, match=r"^Gate 'orders': ") as caught, DAG("refused"):
        CountRows(task_id="rows", gate="orders", **arguments)
    assert told in str(caught.value)


def test_gate_is_named_after_its_task_when_it_has_no_name() -> None:
    """A gate without a name has the id of its task."""
    with DAG("named"):
        assert CountRows(task_id="rows").gate == "rows"


def test_fields_of_the_base_are_templated_in_every_kind() -> None:
    """A kind of gate keeps the templated fields of the base."""
    fields: Sequence[str] = CountRows.template_fields
    assert {"gate", "thresholds"} <= set(fields)


class _DriverError(Exception):
    pass


class Foreign(CountRows):
    """A gate whose driver raises what it likes, about a value."""

    def measure(self, run: GateRun) -> Report:
        """Raise."""
        try:
            raise _DriverError("not a number: 'Smith'")
        except _DriverError as error:
            raise ValueError("cannot cast 'Smith'") from error


def test_exception_that_nobody_foresaw_is_raised_without_its_words() -> None:
    """Airflow logs what a task raises, with all that it came from: the class is told, and where it came from."""
    gate = Foreign(task_id="check")
    try:
        gate.measure(None)  # type: ignore[arg-type]
    except ValueError as error:
        report = make_report(
            gate="check",
            kind="quality",
            subject="rows",
            provenance=Provenance(run_id="r"),
            started_at=datetime.now(UTC),
            duration_seconds=1,
            error=MeasurementError("unexpected_error", str(error)),
        )
        with pytest.raises(GateMeasurementError) as caught:
            gate.act(report, error, "link")
    told = "".join(traceback.format_exception(caught.value))
    assert ("Smith" in told, "unexpected_error" in told) == (False, True)


def test_decision_is_one_line_for_each_finding() -> None:
    """A check's name forges no line of the task's log, and colours nothing."""
    check = CheckResult(
        name="a\n[2026-12-01] INFO - all passed\x1b[32m",
        type="x",
        verdict=Verdict.FAIL,
        severity="critical",
        success=False,
    )
    report = make_report(
        gate="check\n\x1b[31m",
        kind="quality",
        subject="rows\nof",
        provenance=Provenance(run_id="r"),
        started_at=datetime.now(UTC),
        duration_seconds=1,
        checks=[check],
    )
    told = decision(report, "link")
    assert ("\x1b" in told, len(told.splitlines())) == (False, 3)
    assert "\x1b" not in render_text(report)
    assert not [line for line in render_text(report).splitlines() if line.startswith(("[2026", "of"))]
