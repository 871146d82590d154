"""A process is known again, whatever the clock says, and is seen to be gone."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest

from airflow_provider_dpq.core.process import is_gone, this_process

_NAMES_ITSELF = (
    "import sys; from airflow_provider_dpq.core.process import this_process; print(this_process(), flush=True); "
    "sys.stdin.read()"
)


def test_this_process_is_not_gone() -> None:
    """A process sees itself run."""
    assert is_gone(this_process()) is False


def test_process_that_ended_is_gone() -> None:
    """Another process is seen while it runs, and missed afterwards."""
    with subprocess.Popen(
        [sys.executable, "-c", _NAMES_ITSELF], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        named = other.stdout.readline().strip()
        assert is_gone(named) is False
    assert is_gone(named) is True


def test_process_of_the_same_number_is_another_one() -> None:
    """A number is given again: the process that has it now began at another time."""
    container, _, began = this_process().rpartition("/")
    assert is_gone(f"{container}/{float(began) - 60:.2f}") is True


def test_process_of_another_machine_cannot_be_looked_at() -> None:
    """What cannot be seen is neither running nor gone."""
    machine, _, rest = this_process().partition("/")
    assert is_gone(f"{machine}-other/{rest}") is None
    assert is_gone("unreadable") is None


def test_clock_that_is_set_ends_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel reckons when it was started from the clock: with a clock that is set, all processes seem younger."""
    named, booted = this_process(), psutil.boot_time()
    monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: booted + 3600)  # type: ignore[attr-defined]
    assert is_gone(named) is False
