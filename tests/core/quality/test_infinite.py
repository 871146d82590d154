"""Infinite numbers: figures of them are those of pandas, and what is no figure of them is no pass."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.core.quality.answers import answer, found

INF = math.inf
FIGURES = ("sum", "mean", "max", "min", "median", "stdev")


def _csv(values: list[float], folder: Path) -> Path:
    path = folder / "a.csv"
    path.write_text("x,y\n" + "".join(f"{value},1\n" for value in values))
    return path


@pytest.mark.parametrize("values", [[INF, 1.0], [-INF, 1.0], [INF, -INF, 1.0], [INF, INF]])
@pytest.mark.parametrize("figure", FIGURES)
def test_figure_is_that_of_pandas(values: list[float], figure: str, tmp_path: Path) -> None:
    """Infinite where pandas' is, and nothing that bounds hold for where pandas' is none."""
    series = pd.Series(values)
    with np.errstate(all="ignore"):
        expected = getattr(series, "std" if figure == "stdev" else figure)()
    for data in (_csv(values, tmp_path), pa.table({"x": values}), pd.DataFrame({"x": values})):
        for bounds in ({"min_value": 0}, {"max_value": 1e300}):
            result = answer(data, f"column_{figure}_to_be_between", column="x", **bounds)
            assert result.error is None
            held = expected >= 0 if "min_value" in bounds else expected <= 1e300
            assert result.success == held
            assert result.result["observed_value"] == (None if math.isnan(expected) else expected)


@pytest.mark.parametrize("figure", ["sum", "mean"])
def test_sum_beyond_floating_numbers_is_infinite(figure: str, tmp_path: Path) -> None:
    """As in pandas."""
    result = answer(_csv([1e308, 1e308], tmp_path), f"column_{figure}_to_be_between", column="x", max_value=9)
    assert (result.success, result.result["observed_value"]) == (False, INF)


def test_unexpected_values_are_named(tmp_path: Path) -> None:
    """Infinity breaks bounds, and is shown."""
    path = _csv([INF, 1.0, -INF], tmp_path)
    result = found(path, "column_values_to_be_between", column="x", min_value=0, max_value=9)
    assert result["partial_unexpected_list"] == [INF, -INF]
