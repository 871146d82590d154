"""The store: every report once, whole and for good, and who did what around it; SQLite in a file, or PostgreSQL."""

from __future__ import annotations

from airflow_provider_dpq.core.store.audit import AuditEvent
from airflow_provider_dpq.core.store.baseline import Baseline
from airflow_provider_dpq.core.store.entry import Entry
from airflow_provider_dpq.core.store.newest import NewestRun
from airflow_provider_dpq.core.store.start import DamagedStart, Start
from airflow_provider_dpq.core.store.store import Store, open_store, upgrade_store

__all__ = [
    "AuditEvent",
    "Baseline",
    "DamagedStart",
    "Entry",
    "NewestRun",
    "Start",
    "Store",
    "open_store",
    "upgrade_store",
]
