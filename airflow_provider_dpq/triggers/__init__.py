"""Airflow triggers: what a deferred sensor waits for outside a worker."""
