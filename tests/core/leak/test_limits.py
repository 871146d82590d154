"""The thresholds of a leak gate, given and by default."""

from __future__ import annotations

import pytest

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.leak.limits import DEFAULTS, KIND, growth_limits, with_defaults


def test_each_metric_has_a_threshold_by_default() -> None:
    """Without thresholds all that may leak is judged."""
    assert [str(threshold) for threshold in with_defaults(())] == list(DEFAULTS)


def test_a_threshold_takes_the_place_of_the_default_of_its_metric() -> None:
    """A limit of growth replaces that of growth, however severe, and leaves the others."""
    given = parse_thresholds([{"threshold": "growth < 1KiB/op", "severity": "warn"}], KIND)
    found = with_defaults(given)
    assert [threshold.metric for threshold in found].count("growth") == 1
    assert found[0] == given[0]
    assert len(found) == len(DEFAULTS)


@pytest.mark.parametrize("declared", ["growth < 1.5x baseline", "iteration_count > 1x baseline"])
def test_a_multiple_of_a_baseline_is_refused(declared: str) -> None:
    """A leak gate has no baseline: the threshold would warn, in the place of a limit that fails."""
    with pytest.raises(DeclarationError, match=f"Threshold '{declared}' needs a baseline") as refused:
        with_defaults(parse_thresholds([declared], KIND))
    assert refused.value.reason == "missing_baseline"


@pytest.mark.parametrize(
    ("declared", "limits"),
    [
        (["growth < 512B/op"], (512.0,)),
        (["growth < 1KiB/op", "growth < 2kB/op", "thread_growth < 1"], (1024.0, 2000.0)),
        (["growth < 100B/op"], (100.0,)),
        (["thread_growth < 1"], ()),
    ],
)
def test_limits_of_growth_are_in_bytes(declared: list[str], limits: tuple[float, ...]) -> None:
    """Limits are converted, and those of other metrics are none of memory."""
    assert growth_limits(parse_thresholds(declared, KIND)) == limits
