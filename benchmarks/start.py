"""What it costs to start: imports, the command line and the parsing of a DAG file, beside peers: run it to see.

.venv/bin/python benchmarks/start.py              this checkout
.venv/bin/python benchmarks/start.py 29393e2      beside the revision given, as ratios

Every figure is the median of fresh interpreters that take turns, in ms of processor time (user and system). What
`check` needs is what the interpreter holds after a check of a small CSV and did not hold before.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from peers.interpreter import interpreter

HERE = Path(__file__).resolve().parents[1]
CSV = "order_id,status\n1,new\n2,paid\n3,\n"
SUITE = {
    "name": "orders",
    "expectations": [
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "order_id"}},
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "status", "value_set": ["new", "paid"]}},
    ],
}
NEEDED = """
import json, sys
before = set(sys.modules)
from airflow_provider_dpq.core.quality import check
assert check(sys.argv[1], sys.argv[2]).success
print(json.dumps([name for name in sys.modules if name not in before]))
"""
IMPORT_ALL = """
import importlib, json, sys
for name in json.load(open(sys.argv[1])):
    try:
        importlib.import_module(name)
    except ImportError:
        pass  # some modules are put into the register by others, under names that nobody can import
"""
PARSE = """
import time
from airflow.sdk import DAG, BaseHook, BaseOperator, BaseSensorOperator, conf, task
started = time.process_time()
import airflow_provider_dpq.operators.quality
print(1000 * (time.process_time() - started))
"""
PEERS = {
    "import pandera.polars": ("pandera_on_polars", "import pandera.polars"),
    "import pointblank": ("pointblank_on_polars", "import pointblank"),
    "import soda_core": ("soda_on_duckdb", "import soda_core"),
}


@dataclass(frozen=True)
class Program:
    """A command, the tree whose package it uses (None for a peer's), and whether it prints its own figure."""

    command: Sequence[str | Path]
    tree: Path | None = None
    prints: bool = False


def processor_ms(program: Program, home: str) -> float:
    """Run a program in a new interpreter and return the processor time that it took, in ms."""
    environment = {"AIRFLOW_HOME": home, "HOME": home, "PATH": os.environ["PATH"], "TMPDIR": home}
    if program.tree is not None:
        environment["PYTHONPATH"] = str(program.tree)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(program.command, env=environment, capture_output=True, text=True, cwd=home, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{program.command} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    if program.prints:
        return float(done.stdout.split()[-1])
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def of_tree(tree: Path, home: Path) -> dict[str, Program]:
    """Return what is measured of one tree of this project, by its name; a bare interpreter is among it."""
    home.mkdir()
    data, suite, needed = home / "orders.csv", home / "suite.json", home / "needed.json"
    data.write_text(CSV)
    suite.write_text(json.dumps(SUITE))
    found = subprocess.run(
        [sys.executable, "-c", NEEDED, data, suite],
        env={"PYTHONPATH": str(tree), "HOME": str(home), "PATH": os.environ["PATH"]},
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    needed.write_text(found.stdout)
    python = sys.executable
    dpq = [python, "-c", "import sys; from airflow_provider_dpq.core.cli import main; sys.exit(main())"]
    return {
        "import what check needs": Program([python, "-c", IMPORT_ALL, needed], tree),
        "dpq --version": Program([*dpq, "--version"], tree),
        "dpq check of a small CSV": Program([*dpq, "check", data, "--suite", suite], tree),
        "parsing, over airflow.sdk": Program([python, "-c", PARSE], tree, prints=True),
    }


def measured(programs: Mapping[str, Program], rounds: int) -> dict[str, float]:
    """Run the programs in turns, after a first turn that only warms the caches, and return each one's median."""
    times: dict[str, list[float]] = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as home:
        for number in range(rounds + 1):
            for name, program in programs.items():
                spent = processor_ms(program, home)
                if number:
                    times[name].append(spent)
    return {name: statistics.median(own) for name, own in times.items()}


def main() -> None:
    """Measure this tree, the peers and the revision that is named, and print them beside each other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("revision", nargs="?", help="git revision to measure beside this checkout")
    parser.add_argument("--rounds", type=int, default=7, help="counted runs of each program")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        own = of_tree(HERE, Path(scratch, "own"))
        programs = {f"own: {name}": program for name, program in own.items()}
        if options.revision is not None:
            tree = Path(scratch, "tree")
            subprocess.run(["git", "-C", HERE, "worktree", "add", "--detach", tree, options.revision], check=True)
            older = of_tree(tree, Path(scratch, "older"))
            programs |= {f"older: {name}": program for name, program in older.items()}
        programs["bare interpreter"] = Program([sys.executable, "-c", "pass"])
        programs |= {name: Program([interpreter(peer), "-c", code]) for name, (peer, code) in PEERS.items()}
        try:
            found = measured(programs, options.rounds)
        finally:
            if options.revision is not None:
                subprocess.run(["git", "-C", HERE, "worktree", "remove", "--force", tree], check=True)
    show(found, own)


def show(found: Mapping[str, float], own: Mapping[str, Program]) -> None:
    """Print what was measured; of imports less the bare interpreter."""
    bare = found["bare interpreter"]
    print(f"\n{'':32}{'ms':>9}{'of the revision':>17}")
    for name in own:
        floor = bare if name.startswith("import") else 0.0
        ours = found[f"own: {name}"] - floor
        older = found.get(f"older: {name}")
        print(f"{name:32}{ours:9.0f}{f'{ours / (older - floor):.2f}' if older else '':>17}")
    for name in PEERS:
        print(f"{name:32}{found[name] - bare:9.0f}")


if __name__ == "__main__":
    main()
