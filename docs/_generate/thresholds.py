"""What thresholds may name, and in which units."""

from __future__ import annotations

from typing import Final

from airflow_provider_dpq.core.gate import unit
from airflow_provider_dpq.core.gate.metric import CATALOGUES
from docs._generate.markdown import code, table

_MEANINGS: Final = {
    "row_count": "rows of the table, after the row condition and the partition",
    "partition_count": "partitions of a table that is checked by partition",
    "scanned_partition_count": "partitions that were scanned in this run; the others had been before",
    "check_count": "expectations in the suite",
    "failed_check_count": "checks whose own verdict is not `pass`",
    "success_percent": "share of the expectations that held",
    "element_count": "rows that a check looked at",
    "unexpected_count": "rows that break a check",
    "unexpected_percent": "their share among the rows that have a value",
    "missing_count": "rows that a check skipped because they have no value",
    "missing_percent": "their share among the rows that the check looked at",
    "age_seconds": "age of the newest moment, where the check is about it",
    "observed_value": "the figure that a check observed: a mean, a sum, a number of rows",
    "missing_row_count": "rows of the other table that a reconciliation does not find in this one",
    "extra_row_count": "rows of this table that it does not find in the other one",
    "changed_row_count": "rows of both that are not the same",
    "changed_percent": "these as a share of the rows that both have",
}
_OF_TIMES: Final = {
    "min": "shortest time on the wall",
    "max": "longest time on the wall",
    "mean": "mean time on the wall",
    "median": "median time on the wall",
    "stdev": "standard deviation of the time on the wall",
    "mad": "median absolute deviation of the time on the wall",
}
_OF_OPERATIONS: Final = {
    "p": "a percentile of the time on the wall, written `p(95)`",
    **_OF_TIMES,
    **{f"cpu_{name}": meaning.replace("time on the wall", "processor time") for name, meaning in _OF_TIMES.items()},
    "throughput": "rows in a second, where there are sizes",
    "peak_memory": "most memory that an iteration held at once",
    "retained_memory": "memory that an iteration did not give back",
    "wall_ratio": "median time on the wall over that of fixed work that is timed right before",
    "exponent": "exponent with which the time grows with the size",
    "sample_count": "samples that were taken",
    "pair_count": "pairs of samples of an operation and its baseline",
    "detectable_change": "smallest change that as many pairs would have found 95 times in 100",
    "growth": "memory that each iteration leaves behind",
    "open_file_growth": "open files that each iteration leaves behind",
    "thread_growth": "threads that each iteration leaves behind",
    "child_process_growth": "child processes that each iteration leaves behind",
    "uncollectable_growth": "objects that each iteration leaves behind and the garbage collector cannot free",
    "iteration_count": "iterations that were measured",
}
_OF_LOAD: Final = {
    "p": "a percentile of the response time, from when an iteration was due to its end, written `p(95)`",
    "min": "shortest response time",
    "max": "longest response time",
    "mean": "mean response time",
    "median": "median response time",
    "service_p": "a percentile of the time from the start of an iteration to its end, written `service_p(95)`",
    "service_median": "its median",
    "service_max": "its longest",
    "error_rate": "iterations that failed, of those that ended",
    "error_count": "how many that were; with the tag `error` of one kind, such as `{error:status 503}`",
    "throughput": "iterations that ended without a failure, per second: of the schedule, where time alone ends it",
    "iteration_count": "iterations that ended",
    "dropped_iterations": "arrivals that found no worker in time, and counted iterations that were never started",
    "lateness_p": "a percentile of how late the generator itself was, written `lateness_p(99)`",
    "generator_cpu": "processor time of the busiest generator; 100% is one processor",
    "sampler_cpu": "processor time that looking at resources took",
    "worker_memory": "most resident memory of the generators",
    "worker_open_files": "most open files of the generators",
    "worker_threads": "most threads of the generators",
    "target_cpu": "processor time of the process under test, where it is on this machine",
    "target_memory": "its most resident memory",
    "target_open_files": "its most open files",
    "target_threads": "its most threads",
    "slowdown": "median response time of a level over that of the lowest, with the tag `level`: `slowdown{level:500}`",
    "throughput_retention": "share of what was due that a level did, over that of the first; with the tag `level`",
    "breaking_point": "highest rate at which all thresholds held, of a search",
    "recovery": "how long after a search the first level's response times were back",
}
_OF_TABLE: Final = (
    "row_count",
    "partition_count",
    "scanned_partition_count",
    "check_count",
    "failed_check_count",
    "success_percent",
)


def metrics(kind: str) -> str:
    """Return the metrics of a kind of gate."""
    if kind != "quality":
        meanings = _OF_LOAD if kind == "load" else _OF_OPERATIONS
        of_kind = [
            [code(name), code(symbol) or "a number", meanings[name]] for name, symbol in CATALOGUES[kind].items()
        ]
        return table(["Metric", "Unit", "Meaning"], of_kind)
    rows = [
        [code(name), code(symbol) or "a number", "the gate" if name in _OF_TABLE else "each check", _MEANINGS[name]]
        for name, symbol in CATALOGUES[kind].items()
    ]
    return table(["Metric", "Unit", "Measured for", "Meaning"], rows)


def units() -> str:
    """Return the units that limits may be written in."""
    dimensions: dict[str, list[str]] = {}
    for symbol, found in unit._SYMBOLS.items():
        if symbol:
            dimensions.setdefault(found.dimension, []).append(code(symbol))
    rows = [[dimension, ", ".join(symbols)] for dimension, symbols in dimensions.items()]
    per = ", ".join(code(f"/{name}") for name in unit._PER)
    return table(["Dimension", "Units"], [*rows, ["a rate", f"any of them, or nothing, followed by {per}"]])
