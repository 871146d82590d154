"""The servers that the service tests need, and what happens where one is missing."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
import redis
import sqlalchemy

Require = Callable[[str, str, int], None]


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A loopback port that is taken but does not listen."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def test_require_service_skips_with_a_reason_when_no_server_answers(
    require_service: Require, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing server is a skip that names it, on a developer's machine."""
    monkeypatch.delenv("DPQ_REQUIRE_SERVICES", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"^Redis does not answer on 127.0.0.1:{closed_port}$"):
        require_service("Redis", "127.0.0.1", closed_port)


def test_require_service_fails_when_services_are_demanded(
    require_service: Require, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing server is a failure in continuous integration."""
    monkeypatch.setenv("DPQ_REQUIRE_SERVICES", "1")
    with pytest.raises(pytest.fail.Exception, match="Redis does not answer"):
        require_service("Redis", "127.0.0.1", closed_port)


def test_require_service_returns_when_the_server_answers(require_service: Require) -> None:
    """A server that accepts connections satisfies the requirement."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        require_service("anything", "127.0.0.1", server.getsockname()[1])


@pytest.mark.service
@pytest.mark.parametrize("fixture", ["postgres_url", "mysql_url"])
def test_database_answers_a_query(fixture: str, request: pytest.FixtureRequest) -> None:
    """The database behind each address answers."""
    engine = sqlalchemy.create_engine(request.getfixturevalue(fixture))
    try:
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT 1")) == 1
    finally:
        engine.dispose()


@pytest.mark.service
def test_redis_answers_a_ping(redis_url: str) -> None:
    """The Redis behind the address answers."""
    with redis.Redis.from_url(redis_url) as client:
        assert client.ping()
