"""The checks of this project beside its peers', in one run, as ratios: run it to see.

.venv/bin/python benchmarks/quality.py              the short ones: 1m checks task postgresql
.venv/bin/python benchmarks/quality.py csv          a text file
.venv/bin/python benchmarks/quality.py 10m 50m      the long ones

Every program is a process of its own in the environment of its library, and they take turns. "work" is the time after
the imports, reading included; "wall" is from the process's start to its exit; "peak" is its largest resident memory.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orders as table
from peers.interpreter import CACHE, interpreter

HERE = Path(__file__).resolve().parent
INHERITED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""What programs get: an installed package has its bytecode, and so shall this checkout's, after the first turn."""
POSTGRESQL = os.environ.get("DPQ_BENCHMARK_POSTGRESQL", "postgresql+psycopg2://postgres@127.0.0.1:5432/test")


def apart(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function in a process of its own: what this one holds counts as its children's peak memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


@dataclass(frozen=True)
class Run:
    """One run of one program; times in seconds, memory in MB."""

    work: float
    wall: float
    peak: float
    found: Mapping[str, object]
    core: float = 0.0


def start(program: str, data: str, stores: str, checks: str) -> Run:
    """Run a program once."""
    command = [interpreter(program), str(HERE / "peers" / f"{program}.py"), data, stores, checks]
    with tempfile.TemporaryDirectory() as home:
        settings = {"AIRFLOW_HOME": home, "TMPDIR": home}
        output = Path(home, "output")
        with output.open("w") as out, Path(home, "errors").open("w+") as errors:
            started = time.perf_counter()
            process = subprocess.Popen(command, stdout=out, stderr=errors, env={**INHERITED, **settings})
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            errors.seek(0)
            if process.returncode:
                raise SystemExit(f"{program} ended with {process.returncode}:\n{errors.read()[-2000:]}")
        line = json.loads(output.read_text().splitlines()[-1])
    return Run(line["work"], wall, used.ru_maxrss / 1000, line["found"], line.get("core", 0.0))


def agreement(run: Run, rows: int, checks: str) -> str:
    """Say how many checks found just what was planted; the ones without planted rows hold."""
    names = [check["name"] for check in table.suite_of(checks)]
    blocks = rows // table.BLOCK_ROWS
    planted = {name: table.PLANTED[name] * blocks if name in table.PLANTED else True for name in names}
    right = sum(1 for name, count in planted.items() if run.found.get(name) == count)
    return f"{right}/{len(names)}"


@dataclass(frozen=True)
class Measured:
    """The medians of a program's runs."""

    work: float
    wall: float
    peak: float
    core: float
    last: Run


def measure(programs: Sequence[str], data: str, stores: str, checks: str, rounds: int) -> dict[str, Measured]:
    """Run the programs in turns, after a first turn that only warms the caches, and return the medians."""
    runs: dict[str, list[Run]] = {program: [] for program in programs}
    for number in range(rounds + 1):
        for program in programs:
            run = start(program, data, stores, checks)
            if number:
                runs[program].append(run)
    return {program: medians(own) for program, own in runs.items()}


def medians(runs: Sequence[Run]) -> Measured:
    """Return the median of each figure."""
    work, wall, peak, core = (
        statistics.median(getattr(run, name) for run in runs) for name in ("work", "wall", "peak", "core")
    )
    return Measured(work, wall, peak, core, runs[-1])


def show(title: str, found: Mapping[str, Measured], rows: int = 0, checks: str = "") -> None:
    """Print a table of programs; ratios are to the floor and to this project."""
    print(f"\n{title}")
    print(f"{'':22}{'work s':>9}{'x floor':>9}{'x dpq':>8}{'wall s':>9}{'x dpq':>8}{'peak MB':>9}{'agree':>8}")
    floor, ours = found.get("floor"), found["dpq"]
    for program, one in found.items():
        of_floor = f"{one.work / floor.work:.1f}" if floor else ""
        agree = agreement(one.last, rows, checks) if one.last.found and checks in ("15", "17") else ""
        print(
            f"{program:22}{one.work:9.3f}{of_floor:>9}{one.work / ours.work:8.1f}"
            f"{one.wall:9.2f}{one.wall / ours.wall:8.1f}{one.peak:9.0f}{agree:>8}"
        )


def goal(words: str, value: float, most: float | None = None, least: float | None = None) -> None:
    """Print a figure beside its goal."""
    met = (most is None or value <= most) and (least is None or value >= least)
    limit = f"<= {most:g}" if most is not None else f">= {least:g}"
    print(f"  {'reached' if met else 'MISSED '}  {words}: {value:.2f} ({limit})")


def one_million(rounds: int) -> None:
    """17 checks with samples of failing rows on a million rows, beside all peers."""
    rows = 1_000_000
    data, stores = map(str, apart(table.write_orders, CACHE, rows))
    peers = ["floor", "dpq", "gx", "pandera_on_polars", "pointblank_on_polars", "soda_on_duckdb"]
    found = measure(peers, data, stores, "17", rounds)
    show("1M rows, 17 checks, samples of failing rows", found, rows, "17")
    ours, floor, gx = found["dpq"], found["floor"], found["gx"]
    goal("work over the floor", ours.work / floor.work, most=4)
    goal("peak MB", ours.peak, most=250)
    goal("work of Great Expectations", gx.work / ours.work, least=10)
    goal("wall of Great Expectations", gx.wall / ours.wall, least=15)
    goal("wall of pandera", found["pandera_on_polars"].wall / ours.wall, least=1)
    goal("wall of pointblank", found["pointblank_on_polars"].wall / ours.wall, least=1)


def ten_million(rounds: int) -> None:
    """Ten million rows, without and with uniqueness."""
    rows = 10_000_000
    data, stores = map(str, apart(table.write_orders, CACHE, rows))
    found = measure(["floor", "dpq"], data, stores, "15", rounds)
    show("10M rows, the 15 checks without uniqueness", found, rows, "15")
    goal("work over the floor", found["dpq"].work / found["floor"].work, most=2)
    goal("peak MB", found["dpq"].peak, most=256)
    peers = ["floor", "dpq", "gx", "pandera_on_polars", "pointblank_on_polars"]
    found = measure(peers, data, stores, "17", max(1, rounds // 2))
    show("10M rows, 17 checks", found, rows, "17")
    ours, gx = found["dpq"], found["gx"]
    goal("work over the floor", ours.work / found["floor"].work, most=4)
    goal("peak MB", ours.peak, most=700)
    goal("work of Great Expectations", gx.work / ours.work, least=8)
    goal("memory of Great Expectations", gx.peak / ours.peak, least=5)
    goal("wall of pandera", found["pandera_on_polars"].wall / ours.wall, least=1)
    goal("wall of pointblank", found["pointblank_on_polars"].wall / ours.wall, least=1)


def fifty_million(rounds: int) -> None:
    """Fifty million rows under a memory limit of 2 GB; Great Expectations needs more memory than there is."""
    rows = 50_000_000
    data, stores = map(str, apart(table.write_orders, CACHE, rows))
    found = measure(["floor", "dpq"], data, stores, "17", max(1, rounds // 2))
    show("50M rows, 17 checks, memory limit 2 GB", found, rows, "17")
    goal("work over the floor", found["dpq"].work / found["floor"].work, most=4.5)
    goal("peak MB", found["dpq"].peak, most=1600)


def many_checks(rounds: int) -> None:
    """What a further check costs on a million rows, from 10 of them to 200."""
    data, stores = map(str, apart(table.write_orders, CACHE, 1_000_000))
    few = measure(["dpq", "gx"], data, stores, "10", rounds)
    many = measure(["dpq", "gx"], data, stores, "200", max(1, rounds // 2))
    show("1M rows, 10 checks", few)
    show("1M rows, 200 checks", many)
    further = {program: (many[program].work - few[program].work) / 190 * 1000 for program in few}
    goal("ms for a further check", further["dpq"], most=6)
    goal("Great Expectations' ms for a further check over ours", further["gx"] / further["dpq"], least=8)


def postgresql(rounds: int) -> None:
    """17 checks on a table of PostgreSQL, and how many statements they take."""
    rows = 1_000_000
    data, stores = map(str, apart(table.write_orders, CACHE, rows))
    url = f"{POSTGRESQL}?options=-csearch_path%3Ddpq_benchmark"
    apart(load, data, stores)
    try:
        found = measure(["dpq", "gx"], url, stores, "17", rounds)
        show("PostgreSQL, 1M rows, 17 checks", found, rows, "17")
        goal("work over Great Expectations'", found["dpq"].work / found["gx"].work, most=0.6)
        goal("statements that scan the table, without samples", apart(statements, url), most=4)
    finally:
        apart(drop)


def load(data: str, stores: str) -> None:
    """Load the orders and the stores into a schema of their own."""
    import duckdb
    import sqlalchemy as sa

    kinds = {"DOUBLE": "DOUBLE PRECISION", "VARCHAR": "TEXT"}
    engine = sa.create_engine(POSTGRESQL, poolclass=sa.NullPool)
    with engine.begin() as connection, duckdb.connect() as source:
        connection.exec_driver_sql("DROP SCHEMA IF EXISTS dpq_benchmark CASCADE; CREATE SCHEMA dpq_benchmark")
        for name, path in (("orders", data), ("stores", stores)):
            described = source.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
            columns = ", ".join(f"{row[0]} {kinds.get(row[1], row[1])}" for row in described)
            connection.exec_driver_sql(f"CREATE TABLE dpq_benchmark.{name} ({columns})")
            csv = CACHE / f"{name}.csv"
            source.execute(f"COPY (SELECT * FROM '{path}') TO '{csv}' (FORMAT csv, HEADER false)")
            with csv.open() as rows:
                connection.connection.cursor().copy_expert(f"COPY dpq_benchmark.{name} FROM STDIN (FORMAT csv)", rows)
            csv.unlink()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE dpq_benchmark.orders")


def drop() -> None:
    """Drop what `load` loaded."""
    import sqlalchemy as sa

    with sa.create_engine(POSTGRESQL, poolclass=sa.NullPool).begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA dpq_benchmark CASCADE")


def statements(url: str) -> int:
    """Count the statements that read the orders where no samples are asked for."""
    import sqlalchemy as sa

    from airflow_provider_dpq.core.quality import check

    engine = sa.create_engine(url)
    asked: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *event: asked.append(event[2]))
    check("orders", table.suite_of("17"), connection=engine, result_format="BOOLEAN_ONLY")
    engine.dispose()
    return sum(1 for text in asked if "orders" in text and "pg_catalog" not in text)


def csv(rounds: int) -> None:
    """17 checks on a CSV file of a million rows, beside the same ones on what release 0.1 read: DuckDB's guess."""
    rows = 1_000_000
    data, stores = apart(table.write_orders, CACHE, rows)
    text = apart(write_csv, data)
    found = measure(["sniffed", "dpq"], str(text), str(stores), "17", rounds)
    show("CSV, 1M rows, 17 checks", found, rows, "17")
    goal("work over the guess of release 0.1", found["dpq"].work / found["sniffed"].work, most=1.4)
    goal("peak MB", found["dpq"].peak, most=700)


def write_csv(data: Path) -> Path:
    """Write the orders as CSV, unless they are there."""
    import duckdb

    text = data.with_suffix(".csv")
    if not text.exists():
        part = text.with_suffix(".part")
        with duckdb.connect(config={"memory_limit": "2GB"}) as connection:
            connection.execute(f"COPY (FROM '{data}') TO '{part}' (FORMAT csv, HEADER)")
        part.rename(text)
    return text


def task(rounds: int) -> None:
    """What the Airflow task adds to the core: storing, rendering, XCom."""
    data, stores = map(str, apart(table.write_orders, CACHE, 1_000_000))
    found = measure(["task"], data, stores, "17", rounds)["task"]
    print("\nThe Airflow task, 1M rows, 17 checks")
    print(f"  the task took {found.work:.2f} s, of which the core {found.core:.2f} s")
    goal("seconds that the task adds", found.work - found.core, most=0.3)


SCENARIOS: Mapping[str, Callable[[int], None]] = {
    "1m": one_million,
    "checks": many_checks,
    "csv": csv,
    "task": task,
    "postgresql": postgresql,
    "10m": ten_million,
    "50m": fifty_million,
}


def chosen(names: Sequence[str]) -> Iterator[Callable[[int], None]]:
    """Yield the scenarios of these names."""
    for name in names:
        if name not in SCENARIOS:
            raise SystemExit(f"There is no scenario {name!r}; there are {', '.join(SCENARIOS)}.")
        yield SCENARIOS[name]


def main() -> None:
    """Run the scenarios that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", default=["1m", "checks", "task", "postgresql"])
    parser.add_argument("--rounds", type=int, default=5, help="counted runs of each program")
    arguments = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    for scenario in list(chosen(arguments.scenarios)):
        scenario(arguments.rounds)


if __name__ == "__main__":
    main()
