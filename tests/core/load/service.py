"""A loopback HTTP service for tests of load, and what the load of a test was."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from airflow_provider_dpq.core.load import generator
from airflow_provider_dpq.core.load.design import LoadTest
from airflow_provider_dpq.core.load.moment import Moment

_HANDSHAKE = b"\x16"
"""How a client begins that expects TLS."""


@dataclass
class Service:
    """Answers ``/STATUS`` with that status, ``/slow`` after a while, ``/silent`` and ``/gone`` never, ``/cut`` half.

    ``/babble`` is answered by what is no HTTP.

    ``/every-second`` is answered by every second request of a connection, which is closed then.
    """

    port: int = 0
    slow_seconds: float = 0.05
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    open: int = 0

    def url(self, path: str = "/200") -> str:
        """Return an address on it."""
        return f"http://127.0.0.1:{self.port}{path}"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.connections += 1
        self.open += 1
        try:
            for number in count():
                first = await reader.readexactly(1)
                if first == _HANDSHAKE:
                    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                    break
                head = first + await reader.readuntil(b"\r\n\r\n")
                await self._answer(number, head.decode(), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _answer(self, number: int, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fields = dict(line.lower().split(": ", 1) for line in head.strip().split("\r\n")[1:])
        self.heads.append(head)
        self.bodies.append(await reader.readexactly(int(fields.get("content-length", 0))))
        path = head.split()[1].partition("?")[0][1:]
        if path == "silent":
            await reader.read()
        if path == "slow":
            await asyncio.sleep(self.slow_seconds)
        if path == "gone" or (path == "every-second" and number % 2):
            raise ConnectionResetError
        if path == "babble":
            writer.write(b"what is this?\r\n\r\n")
            raise ConnectionResetError
        if path == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            raise ConnectionResetError
        status = int(path) if path.isdigit() else 200
        writer.write(f"HTTP/1.1 {status} So\r\nLocation: /200\r\nContent-Length: 2\r\n\r\nok".encode())


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Service]:
    """Run a service in a thread, with TLS where a context is given."""
    service, started, loop = Service(), threading.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        server = await asyncio.start_server(service.talk, "127.0.0.1", 0, ssl=context)
        service.port = server.sockets[0].getsockname()[1]
        started.set()
        await ended.wait()
        server.close()
        talks = asyncio.all_tasks() - {asyncio.current_task()}
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    ended = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    started.wait(10)
    try:
        yield service
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


@dataclass(frozen=True)
class Load:
    """What a generator said of a load."""

    moments: Sequence[Moment]

    def count(self, scenario: str = "default") -> int:
        """Return how many iterations ended."""
        return len(self.times(scenario))

    def times(self, scenario: str = "default") -> list[tuple[float, float, float]]:
        """Return when each iteration was due, started and ended."""
        found = [moment.iterations[scenario] for moment in self.moments if scenario in moment.iterations]
        return [row for part in found for row in zip(part.due, part.started, part.ended, strict=True)]

    def outcomes(self, scenario: str = "default") -> Mapping[str, int]:
        """Return how often each kind of failure came, and ``ok``."""
        names = {0: "ok"}
        counts: dict[str, int] = {}
        for moment in self.moments:
            names |= {number: outcome.name for number, outcome in moment.outcomes.items()}
            if scenario in moment.iterations:
                for number in moment.iterations[scenario].outcome:
                    counts[names[number]] = counts.get(names[number], 0) + 1
        return counts

    def dropped(self, scenario: str = "default") -> list[float]:
        """Return when arrivals that were given up were due."""
        return [due for moment in self.moments for due in moment.dropped.get(scenario, ())]

    @property
    def lateness(self) -> list[float]:
        """By how much the generator was late."""
        return [late for moment in self.moments for late in moment.lateness]

    @property
    def messages(self) -> list[str]:
        """What failures said."""
        return [outcome.message for moment in self.moments for outcome in moment.outcomes.values()]

    @property
    def blocked(self) -> Mapping[str, float]:
        """For how long each place blocked the event loop."""
        total: dict[str, float] = {}
        for moment in self.moments:
            for place, seconds in moment.blocked.items():
                total[place] = total.get(place, 0.0) + seconds
        return total


@contextmanager
def prepared(test: LoadTest) -> Iterator[Callable[..., Load]]:
    """Prepare a test in this process and give what runs it."""

    def run(other: LoadTest | None = None, *, starts_in_seconds: float = 0.05) -> Load:
        return Load(list(generator.generate(other or test, 0, time.time() + starts_in_seconds)))

    try:
        list(generator.prepare(test, 0))
        yield run
    finally:
        list(generator.release())


def load(test: LoadTest) -> Load:
    """Prepare and run a test in this process."""
    with prepared(test) as run:
        return run()
