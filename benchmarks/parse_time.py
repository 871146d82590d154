"""What importing an operator adds to the parsing of a DAG file, over what every DAG file imports: run it to see.

.venv/bin/python benchmarks/parse_time.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile

MODULES = (
    "airflow_provider_dpq.operators.quality",
    "airflow_provider_dpq.sensors.gate",
    "airflow_provider_dpq.sensors.quality",
)
ROUNDS = 7
PROGRAM = """
import sys, time
from airflow.sdk import DAG, BaseHook, BaseOperator, BaseSensorOperator, conf, task
started = time.process_time()
import {module}
print(1000 * (time.process_time() - started))
"""


def import_milliseconds(module: str, home: str) -> float:
    """Import a module in a new interpreter, after `airflow.sdk`, and return the processor time it took."""
    environment = {"AIRFLOW_HOME": home, "PATH": ""}
    command = [sys.executable, "-c", PROGRAM.format(module=module)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    """Print the median of several imports of each module."""
    with tempfile.TemporaryDirectory() as home:
        for module in MODULES:
            times = [import_milliseconds(module, home) for _ in range(ROUNDS + 1)][1:]
            print(f"{module:45} {statistics.median(times):6.1f} ms of processor time, median of {ROUNDS}")


if __name__ == "__main__":
    main()
