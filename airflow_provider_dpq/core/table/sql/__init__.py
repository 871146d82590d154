"""SQL by dialect: functions, numbers and moments, and how DuckDB and Spark write them."""
