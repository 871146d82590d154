"""Pages that show reports in a browser: a FastAPI application over the store, which knows no Airflow."""
