"""A real Airflow for the tests of this folder, started and stopped as `make up` does it."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.up import free_port
from tests.system.running import Airflow, Run, processes_in, session_under, start_up

CHROMIUM = shutil.which("chromium")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let screenshots be kept."""
    parser.addoption("--screenshots", type=Path, help="folder to leave screenshots of the UI in")


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """Airflow with the example DAGs; ctrl-C ends it after the last test, with everything it started."""
    home = tmp_path_factory.mktemp("home") / "airflow"
    process = start_up(home, free_port())
    assert process.stdout is not None
    printed = ""
    while "Ctrl-C stops it" not in printed:
        line = process.stdout.readline()
        assert line, f"make up ended with code {process.wait()}:\n{printed}"
        printed += line
    url = re.search(r"ready after \d+ s: (http\S+)", printed)
    assert url, printed
    passwords = dict(re.findall(r"user (\w+), password (\S+)", printed))
    yield Airflow(process, home, url[1], passwords, printed)
    session = session_under(process)
    assert session is not None
    assert len(processes_in(session)) > 5
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert (process.returncode, rest.strip()) == (0, "Airflow is stopped.")
    assert processes_in(session) == []


@pytest.fixture(scope="session")
def flights(airflow: Airflow) -> Run:
    """A run of the example DAG that has ended."""
    return Run("flights_quality", airflow.run("flights_quality"))


@pytest.fixture(scope="session")
def screenshots(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that screenshots are left in."""
    folder: Path = request.config.getoption("--screenshots", None) or tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def browser_of(airflow: Airflow) -> Iterator[Callable[..., Any]]:
    """A function that opens a page of Airflow's UI in Chromium, signed in as a user."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        if os.environ.get("DPQ_REQUIRE_SERVICES") == "1":
            pytest.fail("chromium is not installed, and DPQ_REQUIRE_SERVICES=1 demands it")
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])

        def open_page(path: str, user: str = "viewer", color_scheme: str = "light") -> Any:
            context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=color_scheme)
            context.add_cookies([{"name": "_token", "value": airflow.token(user), "url": airflow.url}])
            page = context.new_page()
            page.goto(f"{airflow.url}{path}")
            return page

        yield open_page
        browser.close()
