"""A loopback HTTP service with a known behaviour, for load to be held against: it knows its truth.

.venv/bin/python benchmarks/peers/http_service.py --port 8080
.venv/bin/python benchmarks/peers/http_service.py --delay 0.002 --stall 0.5 --every 3 --capacity 100

It prints its port on a line of its own once it listens, and ends with its standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import deque
from contextlib import suppress

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


class Behaviour:
    """How the service answers.

    Args:
        delay: Seconds from a request to its answer.
        stall: For how many seconds it answers nothing, at the end of each period.
        every: Length of that period. Periods are those of the machine's clock, so that others know when it stalls.
        capacity: Answers per second at most: more wait for their turn; 0 for no limit.
        queue: How many may wait for their turn; others get status 500 at once; 0 for no limit.
    """

    def __init__(self, delay: float, stall: float, every: float, capacity: float, queue: int) -> None:
        self.delay = delay
        self.stall = stall
        self.every = every
        self.spacing = 1 / capacity if capacity else 0.0
        self.queue = queue
        self.turn = 0.0
        self.waiting: deque[float] = deque()

    @property
    def at_once(self) -> bool:
        """Whether every request is answered as it comes."""
        return not (self.delay or self.stall or self.spacing)

    def ready(self, now: float) -> float | None:
        """Return when a request that comes at a moment of `time.monotonic` is answered; None where it is refused."""
        begin = now
        if self.spacing:
            while self.waiting and self.waiting[0] <= now:
                self.waiting.popleft()
            if self.queue and len(self.waiting) >= self.queue:
                return None
            begin = self.turn = max(now, self.turn + self.spacing)
            self.waiting.append(begin)
        end = begin + self.delay
        if self.stall:
            phase = end % self.every
            if phase >= self.every - self.stall:
                end += self.every - phase
        return end


class Service(asyncio.Protocol):
    """One connection. A request ends with its headers; what has a body is not for this service."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.at_once = behaviour.at_once
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request in it."""
        data = self.rest + data
        count = data.count(b"\r\n\r\n")
        self.rest = b"" if data.endswith(b"\r\n\r\n") else data.rpartition(b"\r\n\r\n")[2]
        if self.at_once:
            self.transport.write(ANSWER * count)
            return
        for _ in range(count):
            self.answer_when_ready()

    def answer_when_ready(self) -> None:
        """Answer one request when the behaviour says so."""
        now = time.monotonic()
        ready = self.behaviour.ready(now)
        if ready is None:
            self.transport.write(BROKEN)
        else:
            asyncio.get_running_loop().call_later(ready - now, self.write)

    def write(self) -> None:
        """Write one answer, unless the client is gone."""
        if not self.transport.is_closing():
            self.transport.write(ANSWER)


async def serve(port: int, behaviour: Behaviour) -> None:
    """Serve until standard input ends; where that is a file, or nothing, until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Service(behaviour), "127.0.0.1", port, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    with suppress(OSError):  # what is no pipe or terminal cannot be waited for
        loop.add_reader(sys.stdin.fileno(), lambda: sys.stdin.buffer.read1(4096) or ended.set())
    await ended.wait()
    server.close()


def main() -> None:
    """Serve what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds from a request to its answer")
    parser.add_argument("--stall", type=float, default=0.0, help="seconds without an answer, once in each period")
    parser.add_argument("--every", type=float, default=3.0, help="seconds of that period")
    parser.add_argument("--capacity", type=float, default=0.0, help="answers per second at most")
    parser.add_argument("--queue", type=int, default=0, help="requests that may wait for their turn")
    given = parser.parse_args()
    behaviour = Behaviour(given.delay, given.stall, given.every, given.capacity, given.queue)
    try:
        import uvloop

        run = uvloop.run
    except ImportError:
        run = asyncio.run
    run(serve(given.port, behaviour))


if __name__ == "__main__":
    main()
