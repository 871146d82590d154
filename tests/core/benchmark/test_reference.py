"""The workload that other times are divided by."""

from __future__ import annotations

from airflow_provider_dpq.core.benchmark.reference import reference_workload


def test_the_reference_workload_does_the_same_work_every_time() -> None:
    """Stored ratios hold only as long as nobody changes it: its result is written down here."""
    numbers = [(index * 7919) % 10007 for index in range(6000)]
    assert reference_workload() == reference_workload() == 5 * sum(numbers)
