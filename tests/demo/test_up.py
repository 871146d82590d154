"""`make up` runs an Airflow of its own, and says what is in its way."""

from __future__ import annotations

import json
import socket
import stat
from pathlib import Path

import pytest

from demo import up


def test_taken_port_is_refused_with_a_way_out(tmp_path: Path) -> None:
    """Where something listens on the port already, nothing starts, and the message names another."""
    with socket.socket() as other:
        other.bind((up.HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        refusal = pytest.raises(up.BootError, match=rf"^Port {port} is taken\. .*make up PORT={port + 1}$")
        with refusal, up.standalone(home=tmp_path / "airflow", port=port):
            pytest.fail("it started")


def test_home_in_use_is_refused(tmp_path: Path) -> None:
    """Two Airflows never share one home."""
    refusal = pytest.raises(up.BootError, match="already runs in")
    with up._only_one_in(tmp_path), refusal, up.standalone(home=tmp_path, port=up.free_port()):
        pytest.fail("it started")


def test_passwords_are_made_once_and_kept_private(tmp_path: Path) -> None:
    """Each user has a random password, the same at the next start, in a file that nobody else reads."""
    path = tmp_path / "passwords.json"
    passwords = up._passwords(path)
    assert passwords.keys() == set(up.USERS)
    assert len(set(passwords.values())) == len(up.USERS)
    assert up._passwords(path) == passwords == json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_users_are_those_of_the_shared_settings() -> None:
    """Every user with a password is a user of Airflow, with a role."""
    users = up._shared_settings()["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"]
    assert [user.partition(":")[0] for user in users.split(",")] == list(up.USERS)


def test_settings_of_the_developers_own_airflow_stay_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database or folder that the shell names for another Airflow is not touched."""
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://production/airflow")
    monkeypatch.setenv("AIRFLOW_HOME", "/home/someone/airflow")
    environment = up.environment(tmp_path, 8080, up.DAGS)
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" not in environment
    assert environment["AIRFLOW_HOME"] == str(tmp_path)
    assert environment["AIRFLOW__API__BASE_URL"] == "http://localhost:8080"
