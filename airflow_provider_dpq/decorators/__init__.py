"""Task decorators: functions of a DAG file as what a gate measures."""
