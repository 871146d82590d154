"""Who may read reports, decided by Airflow's auth manager: whoever may read the XComs of the DAG that made them.

Importing this costs about a second of the API server's own modules, so that only the API server does it.
"""

from __future__ import annotations

from typing import Final

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag

from airflow_provider_dpq.ui.app import Access


def signed_in(user: GetUserDep) -> None:
    """Refuse a request without valid credentials: to resolve the user is all it takes."""


def readable_dags(user: GetUserDep) -> set[str]:
    """Return the ids of the DAGs whose XComs the user may read, as Airflow's own list of all XComs decides it."""
    manager = get_auth_manager()
    every_dag = DagDetails(id=None, team_name=None)
    if not manager.is_authorized_dag(method="GET", access_entity=DagAccessEntity.XCOM, details=every_dag, user=user):
        return set()
    return manager.get_authorized_dag_ids(user=user, method="GET")


AIRFLOW: Final = Access(
    signed_in=signed_in,
    may_read_dag=requires_access_dag("GET", DagAccessEntity.XCOM),
    readable_dags=readable_dags,
)
