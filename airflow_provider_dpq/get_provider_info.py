"""The register that Airflow reads: what this provider brings, and where its classes are."""

from __future__ import annotations

from typing import Any, Final

_INTEGRATION: Final = "Quality gates"
_DOCUMENTATION: Final = "https://github.com/airflow-provider-dpq/airflow-provider-dpq#readme"


def get_provider_info() -> dict[str, Any]:
    """Return the provider's register, in the form of Airflow's ``provider_info.schema.json``.

    It is read in every process that Airflow starts, so that it imports nothing. The plugin is not in it: Airflow reads
    that key only where providers are discovered eagerly, so the plugin has an entry point of its own.
    """
    return {
        "package-name": "airflow-provider-dpq",
        "name": "Quality gates",
        "description": "Quality gates: a measurement is judged by thresholds, reported, stored, and then acted on.",
        "integrations": [{"integration-name": _INTEGRATION, "external-doc-url": _DOCUMENTATION, "tags": ["software"]}],
        "operators": [
            _modules(
                "operators.quality",
                "operators.merge",
                "operators.benchmark",
                "operators.leak",
                "operators.load",
                "operators.load_group",
            )
        ],
        "sensors": [_modules("sensors.gate", "sensors.quality")],
        "hooks": [_modules("hooks.dpq")],
        "triggers": [_modules("triggers.gate")],
        "task-decorators": [
            {"name": "benchmark", "class-name": "airflow_provider_dpq.decorators.benchmark.benchmark_task"},
            {"name": "load_test", "class-name": "airflow_provider_dpq.decorators.load.load_test_task"},
            {"name": "leak_check", "class-name": "airflow_provider_dpq.decorators.leak.leak_check_task"},
        ],
        "connection-types": [_CONNECTION_TYPE],
        "extra-links": ["airflow_provider_dpq.operators.link.GateReportLink"],
        "notifications": ["airflow_provider_dpq.notifications.audit.AuditNotifier"],
        "config": {"dpq": {"description": "Options of the quality gates.", "options": _OPTIONS}},
    }


def _modules(*names: str) -> dict[str, Any]:
    return {
        "integration-name": _INTEGRATION,
        "python-modules": [f"airflow_provider_dpq.{name}" for name in names],
    }


_CONNECTION_TYPE: Final = {
    "connection-type": "dpq",
    "hook-class-name": "airflow_provider_dpq.hooks.dpq.DpqHook",
    "hook-name": "Data quality store",
    "ui-field-behaviour": {
        "hidden-fields": [],
        "relabeling": {"host": "Host, or SQLAlchemy URL without a password", "schema": "Database"},
        "placeholders": {
            "host": "db.example.com, or sqlite:////data/dpq.db",
            "port": "5432",
            "schema": "dpq",
        },
    },
    "conn-fields": {
        "driver": {
            "label": "Driver",
            "description": "SQLAlchemy driver of a store given by host and database; a URL contains its own.",
            "schema": {"type": ["string", "null"], "default": "postgresql+psycopg2"},
        },
    },
}

_OPTIONS: Final = {
    "store_url": {
        "description": "SQLAlchemy URL of the report store, used where no connection is given. "
        "Empty: the SQLite file dpq.db in AIRFLOW_HOME.",
        "version_added": "0.1.0",
        "type": "string",
        "sensitive": True,
        "example": "postgresql+psycopg2://dpq@db.example.com/dpq",
        "default": "",
    },
    "allowed_root": {
        "description": "Folder, or object storage URL, that checked files must be in. "
        "Empty: any file that the worker can read.",
        "version_added": "0.1.0",
        "type": "string",
        "example": "/data",
        "default": "",
    },
    "memory_limit": {
        "description": "Memory that one check of files or frames may use before it spills to disk.",
        "version_added": "0.1.0",
        "type": "string",
        "example": "500MB",
        "default": "2GB",
    },
    "query_timeout": {
        "description": "Longest time that one statement of a check may take, in seconds or as a duration. "
        "A statement that takes longer is cancelled, and its check is an error. Empty: one hour.",
        "version_added": "0.2.0",
        "type": "string",
        "example": "30min",
        "default": "",
    },
    "threads": {
        "description": (
            "Number of threads that one check of files or frames may use. Empty: one per processor, at most 4."
        ),
        "version_added": "0.1.0",
        "type": "string",
        "example": "2",
        "default": "",
    },
}
