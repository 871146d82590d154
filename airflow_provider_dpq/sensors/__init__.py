"""Airflow sensors: wait for a gate, or for the data itself, to pass."""
