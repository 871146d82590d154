"""Airflow operators: gates that measure, judge, store and then act."""
