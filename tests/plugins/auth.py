"""An auth manager under which a user may read some DAGs and not others."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser


class PartialAuthManager(SimpleAuthManager):
    """Airflow's simple auth manager, but ``partial`` may read one DAG only, and ``no_xcom`` no XComs."""

    def is_authorized_dag(
        self,
        *,
        method: Any,
        user: SimpleAuthManagerUser,
        access_entity: DagAccessEntity | None = None,
        details: DagDetails | None = None,
    ) -> bool:
        """Whether the user may do this."""
        dag_id = details.id if details else None
        if user.username == "partial" and dag_id not in (None, "flights"):
            return False
        if user.username == "no_xcom" and access_entity is DagAccessEntity.XCOM:
            return False
        return super().is_authorized_dag(method=method, user=user, access_entity=access_entity, details=details)
