"""The audit trail: who ran what, when, and with which verdict, appended by callbacks of tasks and DAGs.

A best-effort edge. Airflow calls back once the outcome of a task is settled, and only logs what a callback raises, so
that a missing entry can never be a reason to trust a verdict: the report itself is stored by the gate before it acts.
Here an entry that cannot be appended is logged with its traceback and goes no further.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import BaseNotifier

from airflow_provider_dpq.core.errors import DpqError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_dpq.core.store import AuditEvent, Store

_EVENTS: Final[Mapping[str | None, str]] = {
    "running": "on_execute_callback",
    "success": "on_success_callback",
    "failed": "on_failure_callback",
    "up_for_retry": "on_retry_callback",
    "skipped": "on_skipped_callback",
}

log = logging.getLogger(__name__)


class AuditNotifier(BaseNotifier):
    """Appends an entry to the audit trail; for any ``on_..._callback`` of tasks and DAGs.

    Args:
        dpq_conn_id: Connection of the store; by default the configured store.
    """

    def __init__(self, dpq_conn_id: str | None = None) -> None:
        super().__init__()
        self.dpq_conn_id = dpq_conn_id

    def notify(self, context: Context) -> None:
        """Append what happened; a store that is out of reach is logged and changes nothing."""
        from airflow_provider_dpq.hooks.dpq import DpqHook

        try:
            with DpqHook(self.dpq_conn_id).get_store() as store:
                store.append_audit(_event(context, store))
        except DpqError:
            log.exception("No entry could be added to the audit trail for %s.", _about(context))


def audit_callback(context: Context) -> None:
    """Append an entry to the audit trail of the configured store: ``on_failure_callback=audit_callback``."""
    # Not called as a notifier: there is nothing to render, which `DAG.test` cannot do for the callbacks of a DAG.
    AuditNotifier().notify(context)


def _event(context: Mapping[str, Any], store: Store) -> AuditEvent:
    from airflow_provider_dpq.core.store import AuditEvent

    ti = context.get("ti")
    of_dag = "reason" in context
    return AuditEvent(
        at=datetime.now(UTC),
        actor=_actor(context),
        event=_name(context),
        dag_id=context["dag"].dag_id,
        task_id=None if of_dag or ti is None else ti.task_id,
        run_id=context["run_id"],
        map_index=-1 if of_dag or ti is None or ti.map_index is None else ti.map_index,
        try_number=None if of_dag or ti is None else ti.try_number,
        verdict=_verdict(ti, store),
        detail=_detail(context),
    )


def _name(context: Mapping[str, Any]) -> str:
    if "reason" in context:
        return "on_success_callback" if context["reason"] == "success" else "on_failure_callback"
    # Without a state the worker died: then Airflow only calls back about failures.
    return _EVENTS.get(context["ti"].state, "on_failure_callback")


def _actor(context: Mapping[str, Any]) -> str:
    user = getattr(context.get("dag_run"), "triggering_user_name", None)
    return str(user or context["dag"].owner)


def _verdict(ti: Any, store: Store) -> str | None:
    """Return the verdict of the try that a task instance is in, if a gate of it has reported."""
    if ti is None:
        return None
    entries = store.of_task(ti.dag_id, ti.task_id, ti.run_id, -1 if ti.map_index is None else ti.map_index)
    return next((entry.verdict.value for entry in entries if entry.try_number == ti.try_number), None)


def _detail(context: Mapping[str, Any]) -> str:
    exception = context.get("exception")
    parts = {
        "owner": context["dag"].owner,
        "run type": getattr(context.get("dag_run"), "run_type", None),
        "reason": context.get("reason"),
        # Its text may hold values of the data.
        "exception": type(exception).__name__ if isinstance(exception, BaseException) else None,
    }
    return ", ".join(f"{name}: {part}" for name, part in parts.items() if part)


def _about(context: Mapping[str, Any]) -> str:
    ti = context.get("ti")
    task = f", task {ti.task_id!r}" if ti is not None else ""
    return f"DAG {context['dag'].dag_id!r}, run {context['run_id']!r}{task}"
