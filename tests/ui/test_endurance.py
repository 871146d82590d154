"""A store that hangs holds up the pages, for a few seconds, and no other route of the server."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI

from airflow_provider_dpq.core.store import open_store
from airflow_provider_dpq.core.store.limits import PAGES
from airflow_provider_dpq.ui.app import Access, build_app

pytestmark = pytest.mark.alone

LOADS = 41
ACCESS = Access(signed_in=lambda: None, may_read_dag=lambda: None, readable_dags=lambda: {"d"})


def serving(store_url: str) -> Iterator[str]:
    """A web server with the pages and another synchronous route, as Airflow's has many."""
    app = FastAPI()

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "healthy"}

    app.mount("/dpq", build_app(lambda: open_store(store_url, limits=PAGES), ACCESS))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)


@pytest.fixture(params=["postgres_url", "mysql_url"])
def store_url(request: pytest.FixtureRequest) -> str:
    """A store on a server."""
    url = str(request.getfixturevalue(request.param))
    open_store(url).close()
    return url


@pytest.mark.service
def test_other_routes_answer_while_the_table_of_reports_is_locked(store_url: str) -> None:
    """41 pages at once: each is refused in a few seconds with a reason, and the health is told at once."""
    engine = sa.create_engine(store_url, poolclass=sa.NullPool)
    lock = "LOCK TABLE dpq_report IN ACCESS EXCLUSIVE MODE"
    if engine.dialect.name == "mysql":
        lock = "LOCK TABLES dpq_report WRITE"

    async def load(address: str) -> tuple[list[httpx.Response], list[float], float]:
        async with httpx.AsyncClient(base_url=address, timeout=60, limits=httpx.Limits(max_connections=100)) as client:
            begun = time.monotonic()
            pages = [asyncio.create_task(client.get("/dpq/gates")) for _ in range(LOADS)]
            asked = []
            while not all(page.done() for page in pages):
                moment = time.monotonic()
                assert (await client.get("/health")).status_code == 200
                asked.append(time.monotonic() - moment)
                await asyncio.sleep(0.1)
            return await asyncio.gather(*pages), asked, time.monotonic() - begun

    for address in serving(store_url):
        with engine.connect() as locking:
            locking.exec_driver_sql(lock)
            answers, asked, took = asyncio.run(load(address))
            locking.rollback()
        assert {answer.status_code for answer in answers} == {503}
        told = [
            reason
            for answer in answers
            for reason in ("pages_busy", "store_locked", "store_slow")
            if reason in answer.text
        ]
        assert len(told) == LOADS
        assert took < 20
        assert len(asked) >= 10
        assert max(asked) < 2
        assert httpx.get(f"{address}/dpq/gates", timeout=20).status_code == 200
    engine.dispose()


def test_pages_answer_side_by_side(tmp_path: Path) -> None:
    """More pages than threads, of a store that answers: each is shown."""

    async def load(address: str) -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=address, timeout=60) as client:
            return await asyncio.gather(*(client.get("/dpq/gates") for _ in range(12)))

    for address in serving(f"sqlite:///{tmp_path / 'dpq.db'}"):
        assert {answer.status_code for answer in asyncio.run(load(address))} == {200}
