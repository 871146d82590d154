"""What the load gate's generator can do, on this machine, with loopback services only.

.venv/bin/python benchmarks/load.py throughput     requests per second of one processor, beside wrk and Locust
.venv/bin/python benchmarks/load.py lateness       how late arrivals are started
.venv/bin/python benchmarks/load.py stall          latency of a service that stalls
.venv/bin/python benchmarks/load.py percentiles    how often a limit of a percentile is judged wrongly
.venv/bin/python benchmarks/load.py limited        whether a limited generator is told from a limited target
.venv/bin/python benchmarks/load.py memory         what memory a soak of ten minutes keeps
.venv/bin/python benchmarks/load.py breakpoint     breaking points that are found, of a service whose own is known
.venv/bin/python benchmarks/load.py recovery       how long recovery is found to take, where that is known
.venv/bin/python benchmarks/load.py fleet          what a second Celery worker adds; needs PostgreSQL and Redis
"""

from __future__ import annotations

import argparse


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    _add_throughput(kinds)
    _add_lateness(kinds)
    _add_stall(kinds)
    _add_percentiles(kinds)
    _add_limited(kinds)
    _add_memory(kinds)
    _add_searches(kinds)
    _add_fleet(kinds)
    arguments = vars(parser.parse_args())
    run = arguments.pop("run")
    del arguments["kind"]
    run(**arguments)


def _add_throughput(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from loads.peers import PEERS, present
    from loads.throughput import throughput

    parser = kinds.add_parser("throughput", help="requests per second of one processor, beside other generators")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each round")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=present())
    parser.set_defaults(run=throughput)


def _add_lateness(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from loads.lateness import lateness

    parser = kinds.add_parser("lateness", help="how late arrivals are started")
    parser.add_argument("--rate", type=float, default=5000.0, help="arrivals per second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.set_defaults(run=lateness)


def _add_stall(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from loads.stall import stall

    parser = kinds.add_parser("stall", help="latency of a service that stalls now and then")
    parser.add_argument("--rate", type=float, default=100.0, help="arrivals per second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.set_defaults(run=stall)


def _add_percentiles(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from loads.percentiles import judge_percentiles

    parser = kinds.add_parser("percentiles", help="how often a limit of a percentile is judged wrongly, simulated")
    parser.add_argument("--trials", type=int, default=500)
    parser.set_defaults(run=judge_percentiles)


def _add_limited(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from loads.limited import limited

    parser = kinds.add_parser("limited", help="whether a limited generator is told from a limited target")
    parser.add_argument("--rounds", type=int, default=1, help="of each seeded case")
    parser.set_defaults(run=limited)


def _add_memory(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from loads.memory import memory

    parser = kinds.add_parser("memory", help="what memory a soak keeps")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=200.0, help="requests per second")
    parser.set_defaults(run=memory)


def _add_searches(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from loads.breakpoint import breaking_point, recovery

    for name, run, words in (
        ("breakpoint", breaking_point, "breaking points that are found"),
        ("recovery", recovery, "how long recovery is found to take"),
    ):
        parser = kinds.add_parser(name, help=words)
        parser.add_argument("--capacity", type=float, default=400.0, help="answers per second of the service")
        parser.add_argument("--rounds", type=int, default=3)
        parser.add_argument("--seconds", type=float, default=6.0, help="of each level")
        parser.set_defaults(run=run)


def _add_fleet(kinds: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from loads.fleet import fleet

    parser = kinds.add_parser("fleet", help="what a second Celery worker adds")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each load")
    parser.add_argument("--concurrency", type=int, default=8, help="iterations at a time on each worker")
    parser.set_defaults(run=fleet)


if __name__ == "__main__":
    main()
