"""The table that the figures are measured on has the violations that it says it has."""

from __future__ import annotations

import sys
from pathlib import Path

from airflow_provider_dpq.core.quality import check

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import orders as table


def test_checks_find_what_is_planted(tmp_path: Path) -> None:
    """Each of the 17 checks finds as many rows as were planted in two blocks, and the five others hold."""
    rows, stores = table.write_orders(tmp_path, 2 * table.BLOCK_ROWS)
    results = check(rows, table.suite_of("17"), references={"stores": stores}).results
    found = {one.name: one.result["unexpected_count"] for one in results if "unexpected_count" in one.result}
    assert found == {name: 2 * count for name, count in table.PLANTED.items()}
    assert len(results) == 17
    assert all(one.success for one in results if one.name not in table.PLANTED)


def test_many_checks_are_all_different() -> None:
    """What a further check costs is not measured on a check that is there already."""
    checks = [repr((check["type"], check["kwargs"])) for check in table.suite_of("200")]
    assert len(set(checks)) == 200
