"""The sensor that waits until a gate has passed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, conf
from airflow.sdk.exceptions import AirflowSkipException

from airflow_provider_dpq.core.errors import DeclarationError, StoreError
from airflow_provider_dpq.exceptions import GateFailedError, airflow_error, declaring

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_dpq.triggers.gate import GateQuery, Standing


class QualityGateSensor(BaseSensorOperator):
    """Blocks downstream tasks until a gate, mostly one of another DAG, has passed.

    A gate has passed when in its newest run the newest try of every task instance has the verdict ``pass`` or ``warn``.
    The reports that count are those for exactly the data interval of this DAG run or, with `max_age`, those young
    enough.

    Args:
        gate: Name of the gate.
        max_age: Age that the reports may have at most, counted from the start of measuring. For runs without a data
            interval, such as those triggered by hand or by an asset, and for DAGs on different schedules.
        fail_on_verdict: Whether a final verdict against it (``fail`` or ``inconclusive``) fails this task at once,
            without a retry. Otherwise it waits, for the gate may be run again.
        deferrable: Whether to wait in the triggerer instead of in a worker.
        dpq_conn_id: Connection of the store of reports; the configured store where it is not given.
        **kwargs: Arguments of Airflow's BaseSensorOperator.
    """

    template_fields: Sequence[str] = ("gate",)
    ui_color = "#e3eef7"

    def __init__(
        self,
        *,
        gate: str,
        max_age: timedelta | None = None,
        fail_on_verdict: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        dpq_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.gate = gate
        self.max_age = max_age
        self.fail_on_verdict = fail_on_verdict
        self.deferrable = deferrable
        self.dpq_conn_id = dpq_conn_id
        with declaring(gate):
            if max_age is not None and max_age <= timedelta(0):
                message = f"max_age is {max_age!r}."
                raise DeclarationError("invalid_option", message, hint="Give a positive timedelta.")

    def execute(self, context: Context) -> Any:
        """Wait until the gate has passed.

        Raises:
            GateDeclarationError: The run has no data interval and no `max_age` is given; not retried.
            GateFailedError: The gate's final verdict is against it, and `fail_on_verdict` is set; not retried.
            GateStoreError: The store could not be read; retried.
            AirflowSensorTimeout: It has not passed in time.
        """
        self._query(context)
        if not self.deferrable:
            return super().execute(context)
        try:
            passed = self.poke(context)
        except GateFailedError as error:
            # What BaseSensorOperator does around a poke of its own.
            if self.soft_fail or self.never_fail:
                raise AirflowSkipException(str(error)) from error
            raise
        if not passed:
            self._wait_in_triggerer(context)
        return None

    def resume(self, context: Context, event: dict[str, Any], deadline: float | None = None) -> None:
        """Look again once the trigger has fired, and wait on where the gate has not passed after all.

        Args:
            context: Of the task.
            event: What the trigger saw.
            deadline: When the time is up, in seconds since 1970; None where Airflow does not hand it on, as in
                `DAG.test`.
        """
        self.log.info("The trigger saw gate %r: %s.", self.gate, event["standing"])
        if not self.poke(context):
            self._wait_in_triggerer(context, deadline)

    def poke(self, context: Context) -> bool:
        """Return whether the gate has passed."""
        standing = self._look(context)
        self.log.info("Gate %r: %s.", self.gate, standing)
        if self.fail_on_verdict and standing.final:
            message = f"Gate {self.gate!r} will not pass: {standing}."
            raise GateFailedError(message)
        return standing.passed

    def _look(self, context: Context) -> Standing:
        from airflow_provider_dpq.hooks.dpq import DpqHook
        from airflow_provider_dpq.triggers.gate import count_tasks

        try:
            with DpqHook(self.dpq_conn_id).get_store() as store:
                return self._query(context).standing(store, count_tasks)
        except StoreError as error:
            raise airflow_error(error, self.gate) from error

    def _query(self, context: Context) -> GateQuery:
        from airflow_provider_dpq.triggers.gate import GateQuery

        start, end = context["dag_run"].data_interval_start, context["dag_run"].data_interval_end
        if self.max_age is not None:
            return GateQuery(gate=self.gate, max_age=self.max_age)
        if start is None or end is None:
            with declaring(self.gate):
                message = "This run has no data interval to look for reports of."
                raise DeclarationError("no_data_interval", message, hint="Give max_age, such as timedelta(days=1).")
        return GateQuery(gate=self.gate, interval=(start, end))

    def _wait_in_triggerer(self, context: Context, deadline: float | None = None) -> None:
        from airflow_provider_dpq.triggers.gate import QualityGateTrigger

        deadline = time.time() + self.timeout if deadline is None else deadline
        interval = self._query(context).interval
        self.defer(
            trigger=QualityGateTrigger(
                gate=self.gate,
                interval_start=interval[0].isoformat() if interval else None,
                interval_end=interval[1].isoformat() if interval else None,
                max_age_seconds=self.max_age.total_seconds() if self.max_age else None,
                fail_on_verdict=self.fail_on_verdict,
                poke_interval=self.poke_interval,
                dpq_conn_id=self.dpq_conn_id,
            ),
            method_name="resume",
            kwargs={"deadline": deadline},
            timeout=timedelta(seconds=max(0.0, deadline - time.time())),
        )
