"""A benchmark's samples as the JSON that pyperf reads: ``pyperf show``, ``stats``, ``hist`` and ``compare_to``."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any, Final

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.gate.series import Series
from airflow_provider_dpq.core.render import measured

_VERSION: Final = "1.0"
"""Version of pyperf's format, which ``pyperf`` 1.0 and later write."""

_KIND: Final = "benchmark"


def require_samples(kind: str) -> None:
    """Refuse a kind of gate whose reports have nothing that pyperf reads.

    Args:
        kind: Kind of the gate.

    Raises:
        DeclarationError: ``wrong_form``.
    """
    if kind != _KIND:
        message = f"The report of a {kind} gate cannot be written for pyperf, which needs the samples of a benchmark."
        raise DeclarationError("wrong_form", message, hint="Use the form json.")


def render_pyperf(report: Report) -> str:
    """Return the wall times of a benchmark as pyperf's JSON: a benchmark for each size, with one run of its samples.

    The name of a benchmark is that of the gate, followed by its size, so that ``pyperf compare_to`` finds it again.

    Args:
        report: The report of a benchmark.

    Raises:
        DeclarationError: ``wrong_form``: the report is of another kind of gate; ``no_wall_times``: it has none, or one
            that is not above zero, which pyperf refuses.
    """
    require_samples(report.kind)
    samples = [item for item in report.series if item.name == "wall" and item.values]
    if not samples or any(min(item.values) <= 0 for item in samples):
        message = f"Report {report.id} has no wall times, or some of them are not above zero."
        raise DeclarationError("no_wall_times", message, hint="pyperf needs positive wall times; use the form json.")
    samples.sort(key=lambda item: measured.order(item.tags))
    document = {
        "version": _VERSION,
        "metadata": _facts(report),
        "benchmarks": [_benchmark(report, item) for item in samples],
    }
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _benchmark(report: Report, samples: Series) -> dict[str, Any]:
    size = samples.tags.get(measured.SIZE)
    name = report.gate if size is None else f"{report.gate} {measured.SIZE}={size}"
    return {"metadata": {"name": _line(name) or "benchmark"}, "runs": [{"values": list(samples.values)}]}


def _facts(report: Report) -> dict[str, str | int]:
    """Return what all benchmarks share, under pyperf's names, which takes no empty text and no line break."""
    place = report.environment
    facts: dict[str, str | int] = {
        "unit": "second",
        "loops": 1,
        "date": report.started_at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" "),
        "hostname": place.host,
        "platform": place.platform,
        "python_version": place.python,
        "cpu_count": place.cpu_count,
        "cpu_model_name": place.processor,
        "dpq_report_id": report.id,
        "dpq_subject": report.subject,
        **{f"dpq_package_{name}": version for name, version in place.packages.items()},
    }
    lines = {name: _line(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
    return {name: fact for name, fact in lines.items() if fact != ""}


def _line(text: str) -> str:
    return " ".join(text.split())
