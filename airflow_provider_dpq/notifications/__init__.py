"""Airflow notifiers and callbacks."""
