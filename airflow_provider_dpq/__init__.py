"""Quality gates for Apache Airflow: data quality, benchmark, load and leak gates."""

__version__ = "0.1.0"
