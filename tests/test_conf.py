"""The [dpq] options."""

from __future__ import annotations

import os

import pytest

from airflow_provider_dpq import conf
from airflow_provider_dpq.core.errors import DeclarationError


def test_store_is_a_file_in_airflow_home_when_no_option_is_set() -> None:
    """Without any setting the store is the SQLite file dpq.db in AIRFLOW_HOME."""
    assert conf.store_url() == f"sqlite:///{os.environ['AIRFLOW_HOME']}/dpq.db"


def test_store_url_is_the_option_when_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """[dpq] store_url names the store."""
    monkeypatch.setenv("AIRFLOW__DPQ__STORE_URL", "postgresql://db/dpq")
    assert conf.store_url() == "postgresql://db/dpq"


def test_allowed_root_is_open_until_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """[dpq] allowed_root is a folder, or nothing."""
    assert conf.allowed_root() is None
    monkeypatch.setenv("AIRFLOW__DPQ__ALLOWED_ROOT", "/data")
    assert conf.allowed_root() == "/data"


def test_threads_are_a_positive_number_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """[dpq] threads is a number; nothing leaves it to the engine."""
    assert conf.threads() is None
    monkeypatch.setenv("AIRFLOW__DPQ__THREADS", "3")
    assert conf.threads() == 3


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_threads_are_refused_when_they_are_no_positive_number(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A meaningless number of threads is refused with its value."""
    monkeypatch.setenv("AIRFLOW__DPQ__THREADS", text)
    with pytest.raises(DeclarationError, match=text):
        conf.threads()


def test_memory_limit_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """[dpq] memory_limit is 2GB unless it is set."""
    assert conf.memory_limit() == "2GB"
    monkeypatch.setenv("AIRFLOW__DPQ__MEMORY_LIMIT", "500MB")
    assert conf.memory_limit() == "500MB"


def test_ui_address_and_path_come_from_the_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links follow [api] base_url, with or without a path."""
    assert (conf.ui_url(), conf.ui_path()) == ("", "")
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/prod/")
    assert (conf.ui_url(), conf.ui_path()) == ("https://airflow.example.com/prod", "/prod")
