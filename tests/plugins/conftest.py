"""Fixtures that run DAGs."""

from tests.airflow_home import metadata_database, run_dag, store, store_url

__all__ = ["metadata_database", "run_dag", "store", "store_url"]
