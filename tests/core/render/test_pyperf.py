"""A benchmark for pyperf."""

from __future__ import annotations

import json
import statistics

import pytest

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.render import render_pyperf


def test_pyperf_has_a_benchmark_for_each_size(sized: Report) -> None:
    """The document has the fields that pyperf's format demands, and all wall times."""
    document = json.loads(render_pyperf(sized))
    assert document["version"] == "1.0"
    assert {"unit": "second", "loops": 1, "hostname": sized.environment.host}.items() <= document["metadata"].items()
    assert document["metadata"]["date"] == "2026-11-20 01:02:03"
    names = [item["metadata"]["name"] for item in document["benchmarks"]]
    assert names == ["delays size=100", "delays size=1000", "delays size=10000"]
    walls = {item.tags["size"]: list(item.values) for item in sized.series if item.name == "wall"}
    assert [item["runs"] for item in document["benchmarks"]] == [
        [{"values": walls[size]}] for size in ("100", "1000", "10000")
    ]


def test_pyperf_reads_it(sized: Report, compared: Report) -> None:
    """The library itself finds every benchmark with its median, its unit and the machine."""
    pyperf = pytest.importorskip("pyperf")
    suite = pyperf.BenchmarkSuite.loads(render_pyperf(sized))
    for benchmark in suite.get_benchmarks():
        size = benchmark.get_name().removeprefix("delays size=")
        (wall,) = [item.values for item in sized.series if item.name == "wall" and item.tags["size"] == size]
        assert benchmark.median() == statistics.median(wall)
        assert benchmark.get_unit() == "second"
        assert benchmark.get_metadata()["python_version"] == sized.environment.python
    assert len(suite) == 3
    assert pyperf.Benchmark.loads(render_pyperf(compared)).get_name() == "delays"


def test_pyperf_takes_odd_names(sized: Report) -> None:
    """Pyperf refuses empty texts and line breaks in what it is told of a run."""
    pyperf = pytest.importorskip("pyperf")
    environment = sized.environment.model_copy(update={"host": "", "platform": "a\nb", "packages": {"x": " "}})
    odd = sized.model_copy(update={"gate": "\n", "subject": "SELECT 1\r\nFROM t", "environment": environment})
    suite = pyperf.BenchmarkSuite.loads(render_pyperf(odd))
    metadata = suite.get_metadata()
    assert (metadata["platform"], metadata["dpq_subject"]) == ("a b", "SELECT 1 FROM t")
    assert "hostname" not in metadata
    assert suite.get_benchmark_names()[0] == "size=100"


def test_pyperf_is_refused_for_another_kind(report: Report) -> None:
    """A quality report has no samples."""
    with pytest.raises(DeclarationError, match="report of a quality gate cannot be written for pyperf") as refusal:
        render_pyperf(report)
    assert refusal.value.reason == "wrong_form"


@pytest.mark.parametrize("values", [None, (), (0.1, 0.0), (-1.0,)])
def test_pyperf_is_refused_without_times(sized: Report, values: tuple[float, ...] | None) -> None:
    """A benchmark that failed before its first sample, or whose clock stood still, has nothing that pyperf accepts."""
    series = () if values is None else (Series(name="wall", unit="s", values=values),)
    with pytest.raises(DeclarationError) as refusal:
        render_pyperf(sized.model_copy(update={"series": series}))
    assert refusal.value.reason == "no_wall_times"
