"""Locust's fast client at full speed against a URL: one process of its own environment, with so many users.

Prints what it achieved as a line of JSON; the first second, in which its users come, is left out.
"""

from __future__ import annotations

import json
import sys
import time
from urllib.parse import urlsplit

import gevent
from locust import FastHttpUser, task
from locust.env import Environment

_WARM_UP_SECONDS = 1.0


def main() -> None:
    """Load the URL and print requests, failures, and seconds on the wall and of processor."""
    url, users, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    split = urlsplit(url)

    class Visitor(FastHttpUser):
        """Asks for one page again and again."""

        host = f"{split.scheme}://{split.netloc}"

        @task
        def visit(self) -> None:
            """Ask once."""
            self.client.get(split.path or "/")

    environment = Environment(user_classes=[Visitor])
    runner = environment.create_local_runner()
    runner.start(users, spawn_rate=users)
    gevent.sleep(_WARM_UP_SECONDS)
    total = environment.stats.total
    before = total.num_requests, total.num_failures, time.perf_counter(), time.process_time()
    gevent.sleep(seconds)
    after = total.num_requests, total.num_failures, time.perf_counter(), time.process_time()
    requests, failures, wall, cpu = (end - begin for begin, end in zip(before, after, strict=True))
    print(json.dumps({"requests": requests, "failures": failures, "seconds": wall, "cpu_seconds": cpu}), flush=True)
    runner.quit()


if __name__ == "__main__":
    main()
