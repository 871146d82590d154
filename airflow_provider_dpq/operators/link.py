"""Where the report of a task instance is read in Airflow's UI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink

from airflow_provider_dpq import conf

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

URL_ROUTE: Final = "gate-report"
"""Name of the "Gate report" tab in the routes of Airflow's UI."""


class GateReportLink(BaseOperatorLink):
    """The button "Gate report" on a task instance: opens the tab of that name."""

    name = "Gate report"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the path of the tab, so that the browser stays in the UI it is in."""
        return conf.ui_path() + tab_path(ti_key.dag_id, ti_key.run_id, ti_key.task_id, ti_key.map_index)


def tab_path(dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> str:
    """Return the path of the "Gate report" tab of a task instance, below the address of Airflow's UI."""
    task = "/".join(("dags", quote(dag_id, safe=""), "runs", quote(run_id, safe=""), "tasks", quote(task_id, safe="")))
    mapped = f"/mapped/{map_index}" if map_index >= 0 else ""
    return f"/{task}{mapped}/plugin/{URL_ROUTE}"
