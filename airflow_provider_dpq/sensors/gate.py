"""The sensor that waits until a gate has passed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import BaseSensorOperator, conf
from airflow.sdk.exceptions import AirflowSkipException

from airflow_provider_dpq.core.errors import DeclarationError, DpqError
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.line import printable
from airflow_provider_dpq.exceptions import GateFailedError, airflow_error, declaring
from airflow_provider_dpq.operators.gate import one_of

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_dpq.triggers.gate import GateQuery, Standing

KINDS: Final = ("quality", "benchmark", "load", "leak")
"""Kinds of gates that can be waited for."""


class QualityGateSensor(BaseSensorOperator):
    """Blocks downstream tasks until a gate, usually of another DAG, has passed.

    A gate has passed if, in its newest run, the newest try of every instance of every task that shares it has the
    verdict ``pass`` or ``warn``. A task that is running again, or has ended without a report, keeps it closed.
    The reports that count are those for exactly the data interval of this DAG run or, with `max_age`, those recent
    enough. The newest run is the one that was stored last, whatever the clocks of the machines show; if it began more
    than five minutes ahead of this machine's clock, the gate has not passed.

    Args:
        gate: Name of the gate.
        dag_id: DAG of the gate. Without it, the gate is the one of that name; if several DAGs have one, the name is
            refused.
        kind: Kind of the gate: ``quality``, ``benchmark``, ``load`` or ``leak``. Reports of other kinds do not count.
        outside_airflow: Whether the gate belongs to no DAG, such as one run by ``dpq check``. Otherwise such reports do
            not count.
        max_age: Maximum age of the reports, from the start of their measurement. For runs without a data
            interval, such as those triggered by hand or by an asset, and for DAGs on different schedules.
        fail_on_verdict: Whether a final negative verdict (``fail`` or ``inconclusive``) fails this task at once,
            without a retry. Otherwise it waits, because the gate may run again.
        deferrable: Whether to wait in the triggerer instead of in a worker.
        dpq_conn_id: Connection of the report store; by default the configured store.
        **kwargs: Arguments of Airflow's BaseSensorOperator.
    """

    template_fields: Sequence[str] = ("gate", "gate_dag_id")
    ui_color = "#e3eef7"

    def __init__(
        self,
        *,
        gate: str,
        dag_id: str | None = None,
        kind: str = KINDS[0],
        outside_airflow: bool = False,
        max_age: timedelta | None = None,
        fail_on_verdict: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        dpq_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.gate = gate
        self.gate_dag_id = dag_id  # every operator has a dag_id, its own
        self.kind = kind
        self.outside_airflow = outside_airflow
        self.max_age = max_age
        self.fail_on_verdict = fail_on_verdict
        self.deferrable = deferrable
        self.dpq_conn_id = dpq_conn_id
        with declaring(gate):
            one_of("kind", kind, KINDS)
            if dag_id is not None and (outside_airflow or not dag_id):
                message = f"Both dag_id ({dag_id!r}) and outside_airflow ({outside_airflow!r}) are given."
                raise DeclarationError("invalid_option", message, hint="Give one of them, or neither.")
            if max_age is not None and max_age <= timedelta(0):
                message = f"Invalid max_age: {max_age!r}."
                raise DeclarationError("invalid_option", message, hint="Use a positive timedelta.")

    def execute(self, context: Context) -> Any:
        """Wait until the gate has passed.

        Raises:
            GateDeclarationError: The run has no data interval and no `max_age` is given, or several DAGs have a gate of
                that name and no `dag_id` is given; not retried.
            GateFailedError: The gate's final verdict is against it, and `fail_on_verdict` is set; not retried.
            GateStoreError: The store could not be read; retried.
            AirflowSensorTimeout: It has not passed in time.
        """
        self._query(context)
        if not self.deferrable:
            return super().execute(context)
        try:
            standing = self._look(context)
            passed = self._passed(standing)
        except GateFailedError as error:
            # What BaseSensorOperator does around a poke of its own.
            if self.soft_fail or self.never_fail:
                raise AirflowSkipException(str(error)) from None
            raise
        if not passed:
            self._wait_in_triggerer(context, standing)
        return None

    def resume(self, context: Context, event: dict[str, Any], deadline: float | None = None) -> None:
        """Look again once the trigger has fired, and wait on where the gate has not passed after all.

        Args:
            context: Of the task.
            event: What the trigger saw.
            deadline: When the time is up, in seconds since 1970; None where Airflow does not hand it on, as in
                `DAG.test`.
        """
        self.log.info("The trigger saw gate %r: %s.", self._named, printable(str(event["standing"])))
        standing = self._look(context)
        if not self._passed(standing):
            self._wait_in_triggerer(context, standing, deadline)

    def poke(self, context: Context) -> bool:
        """Return whether the gate has passed."""
        return self._passed(self._look(context))

    def _passed(self, standing: Standing) -> bool:
        self.log.info("Gate %r: %s", self._named, printable(standing.sentence))
        if self.fail_on_verdict and standing.final:
            message = printable(f"Gate {self._named!r} will not pass: {standing}.")
            raise GateFailedError(message)
        return standing.passed

    def _look(self, context: Context) -> Standing:
        from airflow_provider_dpq.hooks.dpq import DpqHook
        from airflow_provider_dpq.triggers.runs import AirflowRuns

        try:
            with DpqHook(self.dpq_conn_id).get_store() as store:
                return self._query(context).standing(store, AirflowRuns())
        except DpqError as error:
            raise airflow_error(error, self._named) from None

    @property
    def _named(self) -> str:
        return str(Gate.of(self.gate, self.gate_dag_id))

    def _query(self, context: Context) -> GateQuery:
        from airflow_provider_dpq.triggers.gate import GateQuery

        start, end = context["dag_run"].data_interval_start, context["dag_run"].data_interval_end
        if self.gate_dag_id == "":
            with declaring(self.gate):
                message = "dag_id is empty after its template was rendered."
                raise DeclarationError("invalid_option", message, hint="Give the DAG of the gate, or remove dag_id.")
        query = GateQuery(
            gate=self.gate,
            dag_id=self.gate_dag_id,
            kind=self.kind,
            outside_airflow=self.outside_airflow,
            max_age=self.max_age,
        )
        if self.max_age is not None:
            return query
        if start is None or end is None:
            with declaring(self._named):
                message = "This run has no data interval by which to find reports."
                raise DeclarationError("no_data_interval", message, hint="Give max_age, such as timedelta(days=1).")
        return replace(query, interval=(start, end))

    def _wait_in_triggerer(self, context: Context, standing: Standing, deadline: float | None = None) -> None:
        from airflow_provider_dpq.triggers.gate import QualityGateTrigger

        deadline = time.time() + self.timeout if deadline is None else deadline
        query = self._query(context)
        interval = query.interval
        self.defer(
            trigger=QualityGateTrigger(
                gate=query.gate,
                dag_id=query.dag_id,
                kind=query.kind,
                outside_airflow=query.outside_airflow,
                interval_start=interval[0].isoformat() if interval else None,
                interval_end=interval[1].isoformat() if interval else None,
                max_age_seconds=self.max_age.total_seconds() if self.max_age else None,
                fail_on_verdict=self.fail_on_verdict,
                poke_interval=self.poke_interval,
                dpq_conn_id=self.dpq_conn_id,
                overtaken=standing.overtaken,
            ),
            method_name="resume",
            kwargs={"deadline": deadline},
            timeout=timedelta(seconds=max(0.0, deadline - time.time())),
        )
