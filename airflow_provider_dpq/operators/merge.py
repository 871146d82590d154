"""The verdict on a table whose parts were checked by mapped tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import get_current_context

from airflow_provider_dpq.operators.gate import GateOperator, read_thresholds
from airflow_provider_dpq.operators.run import XCOM_KEY

if TYPE_CHECKING:
    from airflow.sdk.bases.operator import BaseOperator
    from airflow.sdk.definitions.mappedoperator import MappedOperator

    from airflow_provider_dpq.core.gate.report import Report
    from airflow_provider_dpq.operators.run import GateRun


class MergeReportsOperator(GateOperator):
    """Merges the reports of a mapped `DataQualityCheckOperator` into one report with one verdict.

    It runs once every part has ended, in whatever state. The verdict is the worst of the parts; a part without a report
    makes it an ``error``. Thresholds judge the total counts.

    Args:
        parts: The mapped gate, which becomes upstream of this task.
        **kwargs: Arguments of `GateOperator` (gate, thresholds, on_fail ...) and of Airflow's BaseOperator.

    Raises:
        GateDeclarationError: While the DAG file is parsed: an argument or a threshold is wrong.
    """

    kind: ClassVar[str] = "quality"

    def __init__(self, *, parts: BaseOperator | MappedOperator, **kwargs: Any) -> None:
        super().__init__(**{"trigger_rule": "all_done"} | kwargs)
        self.parts = parts.task_id
        self._mapped = parts.is_mapped or parts.get_closest_mapped_task_group() is not None
        self.set_upstream(parts)

    @property
    def subject(self) -> str:
        """What is merged, for people."""
        return f"the parts of {self.parts}"

    def measure(self, run: GateRun) -> Report:
        """Read the parts' reports from the store and merge them."""
        from airflow_provider_dpq.core.quality.parts import merge_reports
        from airflow_provider_dpq.hooks.dpq import DpqHook

        ti = get_current_context()["ti"]
        found = summaries(ti, self.parts, _indexes(ti, self.parts) if self._mapped else [-1])
        with DpqHook(self.dpq_conn_id).get_store() as store:
            parts = [None if summary is None else store.report(summary["report_id"]) for summary in found]
        return merge_reports(
            parts,
            gate=run.gate,
            provenance=run.provenance,
            thresholds=read_thresholds(self.thresholds, self.kind),
            data_interval=run.data_interval,
        )


def summaries(ti: Any, task_id: str, indexes: Iterable[int]) -> list[Any]:
    """Return for instances of a task the summary that the last try of each left in XCom; None where it left none.

    XCom shows which report is from the last try, because the XComs of a try are deleted when the next one starts.

    Args:
        ti: An instance of any task of the same run.
        task_id: The task.
        indexes: Map indexes of the instances; -1 for a task that is not mapped.
    """
    return [ti.xcom_pull(task_ids=task_id, key=XCOM_KEY, map_indexes=index) for index in indexes]


def _indexes(ti: Any, task_id: str) -> range:
    of_task = {"dag_id": ti.dag_id, "task_ids": [task_id], "run_ids": [ti.run_id]}
    return range(ti.get_ti_count(**of_task) - ti.get_ti_count(**of_task, states=["removed"]))
