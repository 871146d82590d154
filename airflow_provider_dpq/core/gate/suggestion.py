"""Which metric somebody meant who wrote a name that a kind of gate does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from airflow_provider_dpq.core.gate.metric import PERCENTILES

_PERCENTILE: Final = re.compile(
    r"""(?P<family>service_|lateness_)?
        (?P<word>p|q|pct|perc|percentile|quantile)?[\s_]*
        (?P<open>[(\[])?\s*(?P<number>\d*\.?\d+)\s*(?P<sign>%|st|nd|rd|th)?\s*[)\]]?
        [\s_]*(?P<noun>pct|perc|percentile|quantile)?""",
    re.VERBOSE,
)
_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "age": ("age_seconds",),
    "average": ("mean",),
    "avg": ("mean",),
    "count": ("row_count", "iteration_count", "sample_count"),
    "cpu": ("cpu_median", "target_cpu"),
    "duration": ("median", "p(95)"),
    "errors": ("error_count",),
    "error_percent": ("error_rate",),
    "failed": ("error_rate", "failed_check_count"),
    "failure_rate": ("error_rate",),
    "freshness": ("age_seconds",),
    "http_req_duration": ("p(95)",),
    "http_req_failed": ("error_rate",),
    "http_reqs": ("throughput",),
    "iterations": ("iteration_count",),
    "latency": ("p(95)",),
    "leak": ("growth",),
    "max_rss": ("peak_memory",),
    "maximum": ("max",),
    "med": ("median",),
    "memory": ("peak_memory", "target_memory", "growth"),
    "memory_growth": ("growth",),
    "minimum": ("min",),
    "null_count": ("missing_count",),
    "null_percent": ("missing_percent",),
    "nulls": ("missing_count",),
    "qps": ("throughput",),
    "response_time": ("p(95)",),
    "rows": ("row_count",),
    "rps": ("throughput",),
    "rss": ("peak_memory", "target_memory", "growth"),
    "sd": ("stdev",),
    "std": ("stdev",),
    "stddev": ("stdev",),
    "success_rate": ("success_percent",),
    "tps": ("throughput",),
}
"""Names that other tools give to metrics, each with ours; the first that a kind of gate measures is meant."""


def suggest_metric(written: str, catalogue: Mapping[str, str]) -> str:
    """Return the metric that was probably meant; empty where nothing comes near.

    Args:
        written: What stands where a threshold has its metric: ``p95``, ``P(95)``, ``95th``, ``p(0.95)``, ``avg``.
        catalogue: What the kind of gate measures, one of `CATALOGUES`.
    """
    text = written.strip().lower()
    if percentile := _percentile(text, catalogue):
        return percentile
    name = re.sub(r"[^a-z0-9]+", "_", text).strip("_")
    meant = _SYNONYMS.get(name, ()) if name not in catalogue else (name,)
    for candidate in meant:
        if candidate.partition("(")[0] in catalogue:
            return candidate
    import difflib

    return next(iter(difflib.get_close_matches(name, catalogue.keys() - set(PERCENTILES), n=1, cutoff=0.7)), "")


def _percentile(text: str, catalogue: Mapping[str, str]) -> str:
    match = _PERCENTILE.fullmatch(text)
    if match is None or not (match["word"] or match["sign"] or match["noun"]):
        return ""
    family = f"{match['family'] or ''}p"
    number = match["number"]
    if number.startswith("99") and number.isdecimal() and len(number) > 2:
        number = f"{number[:2]}.{number[2:]}"  # p999 is p(99.9)
    rank = Decimal(number)
    if rank < 1:
        rank *= 100  # a quantile
    if family not in catalogue or not 0 < rank < 100:
        return ""
    return f"{family}({rank.normalize():f})"
