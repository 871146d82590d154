"""The distance between distributions, held against scipy's."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from scipy.stats import entropy

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality.compile.divergence import divergence
from airflow_provider_dpq.core.quality.suite import validate_suite
from tests.core.quality.answers import answer, found

KIND = "column_kl_divergence_to_be_less_than"


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        ([0.2, 0.3, 0.5], [0.3, 0.3, 0.4]),
        ([3, 2, 5], [10, 20, 70]),
        ([0, 1], [0.5, 0.5]),
        ([0.5, 0.5], [0, 1]),
        ([0, 0], [0.5, 0.5]),
        ([math.nan, 1], [0.5, 0.5]),
    ],
)
def test_divergence_is_that_of_scipy(observed: list[float], expected: list[float]) -> None:
    """Weights are shares of their sum; what was not expected is infinitely far, and nothing is no distribution."""
    with np.errstate(all="ignore"):
        reference = entropy(observed, expected)
    assert divergence(observed, expected) == pytest.approx(reference, nan_ok=True)


def test_values_beyond_the_outer_edges_are_in_the_tails() -> None:
    """The last bin holds its upper edge, and what lies outside of all bins meets the tail's weight."""
    frame = pd.DataFrame({"x": [-1.0, 0.0, 1.0, 2.0, 3.0]})
    partition = {"bins": [0, 1, 2], "weights": [0.5, 0.5]}
    result = found(frame, KIND, column="x", partition_object=partition, threshold=1, tail_weight_holdout=0.5)
    assert result["details"]["observed_partition"] == {
        "bins": [0, 1, 2],
        "weights": [0.2, 0.4],
        "tail_weights": [0.2, 0.2],
    }
    assert result["observed_value"] == pytest.approx(entropy([0.2, 0.2, 0.4, 0.2], [0.25, 0.25, 0.25, 0.25]))


def test_database_without_values_has_no_distribution() -> None:
    """What could not be measured is an error, never a pass."""
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    pd.DataFrame({"x": pd.Series([], dtype="float64")}).to_sql("t", database, index=False)
    partition = {"bins": [0, 1], "weights": [1.0]}
    result = answer("t", KIND, column="x", partition_object=partition, options={"connection": database})
    assert result.error is not None
    assert (result.error.reason, result.success) == ("no_values", False)


@pytest.mark.parametrize(
    "declared",
    [
        {"partition_object": {"values": ["a"], "weights": [0.5]}},
        {"partition_object": {"values": ["a", "b"], "weights": [1]}},
        {"partition_object": {"bins": [1, 0], "weights": [1]}},
        {"partition_object": {"bins": [0, 1], "weights": [0.5], "tail_weights": [0.5]}},
        {"partition_object": {"bins": [0, math.inf], "weights": [0.5], "tail_weights": [0.25, 0.25]}},
        {"partition_object": {"bins": [0, 1], "weights": [1]}, "bucketize_data": False},
        {"partition_object": {"values": ["a"], "weights": [1]}, "internal_weight_holdout": 0.1},
        {"partition_object": {"bins": [0, 1], "weights": [0.5], "tail_weights": [0, 0.5]}, "tail_weight_holdout": 0.1},
        {"partition_object": {"bins": [0, 1], "weights": [1]}, "threshold": -1},
        {"partition_object": None, "tail_weight_holdout": 0.1},
    ],
)
def test_partition_that_is_none_is_refused_when_it_is_declared(declared: dict[str, object]) -> None:
    """What Great Expectations finds out on the data is known without any."""
    with pytest.raises(DeclarationError):
        validate_suite([{"type": f"expect_{KIND}", "kwargs": {"column": "x", **declared}}])
