"""The plugin that shows reports in Airflow's UI: a page "Quality gates" and a tab "Gate report" on task instances."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from airflow_provider_dpq.core.store import Store

_PREFIX: Final = "/dpq"
_TASK: Final = "dags/{DAG_ID}/runs/{RUN_ID}/tasks/{TASK_ID}/{MAP_INDEX}"
"""Airflow's UI fills these in, but leaves ``{MAP_INDEX}`` as it is where the task is not mapped."""


class DpqPlugin(AirflowPlugin):
    """Mounts the pages into Airflow's API server and tells its UI where they belong.

    Every process of Airflow makes an instance of it, and only the API server reads these properties: what they import
    costs the others nothing.
    """

    name = "dpq"

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override] # Airflow only reads it
        """The application with the pages, for which Airflow's auth manager decides who may read what."""
        from airflow_provider_dpq.plugins.access import AIRFLOW
        from airflow_provider_dpq.plugins.runs import MetadataRuns
        from airflow_provider_dpq.ui.app import build_app

        return [
            {"app": build_app(_open_store, AIRFLOW, MetadataRuns()), "url_prefix": _PREFIX, "name": "Quality gates"}
        ]

    @cached_property
    def external_views(self) -> list[dict[str, Any]]:  # type: ignore[override] # Airflow only reads it
        """Where Airflow's UI shows which page."""
        from airflow_provider_dpq import conf
        from airflow_provider_dpq.operators.link import URL_ROUTE

        root = conf.ui_path() + _PREFIX
        return [
            {
                "name": "Quality gates",
                "href": f"{root}/gates",
                "destination": "nav",
                "category": "browse",
                "url_route": "quality-gates",
            },
            {
                "name": "Gate report",
                "href": f"{root}/{_TASK}/report",
                "destination": "task_instance",
                "url_route": URL_ROUTE,
            },
        ]


def _open_store() -> Store:
    from airflow_provider_dpq import conf
    from airflow_provider_dpq.core.store import open_store
    from airflow_provider_dpq.core.store.limits import PAGES

    return open_store(conf.store_url(), limits=PAGES)
