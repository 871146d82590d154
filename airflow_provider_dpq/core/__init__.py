"""The gates themselves, usable from plain Python, CI and the command line: nothing here imports Airflow."""
