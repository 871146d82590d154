-- The reports' own database, next to Airflow's.
CREATE DATABASE dpq;
