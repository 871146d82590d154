"""The spawned interpreter: whatever happens to it is told, and nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from airflow_provider_dpq.core.errors import CancelledError, DeclarationError, MeasurementError
from airflow_provider_dpq.core.operation.isolation import Child
from tests.core.operation import workloads

pytestmark = pytest.mark.alone

ROOT = Path(__file__).parents[3]
WAIT_SECONDS = 10.0


def _until(condition: Callable[[], object]) -> bool:
    """Whether something comes true before the test has waited long."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _error_of(child: Child, function: Callable[..., Any], *arguments: Any, timeout_seconds: float = 20) -> Any:
    with pytest.raises(MeasurementError) as caught:
        list(child.stream(workloads.calling, function, *arguments, timeout_seconds=timeout_seconds))
    return caught.value


@pytest.fixture
def child() -> Iterator[Child]:
    """A child that says nothing."""
    with Child(tell=lambda line: None) as started:
        yield started


def test_a_child_answers_one_request_after_another(child: Child) -> None:
    """Items come in their order, and a failure is no end."""
    assert list(child.stream(workloads.numbers, 3, timeout_seconds=20)) == [0, 1, 2]
    _error_of(child, workloads.failing)
    assert list(child.stream(workloads.numbers, 2, timeout_seconds=20)) == [0, 1]


def test_an_exception_is_told_with_its_own_frames(child: Child) -> None:
    """The frames of the measurement say nothing to whoever wrote the operation."""
    error = _error_of(child, workloads.failing_at_depth)
    assert error.reason == "operation_failed"
    assert error.message.startswith("The operation raised ValueError: the sky fell\n")
    assert "in failing_at_depth" in error.message
    assert "in failing\n" in error.message
    assert "operation/child.py" not in error.message


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_what_is_no_exception_is_a_failure_too(error: BaseException, child: Child) -> None:
    """SystemExit and its like end neither the child nor the task."""
    caught = _error_of(child, workloads.throw, error)
    assert caught.reason == "operation_failed"
    assert type(error).__name__ in caught.message
    assert list(child.stream(workloads.numbers, 1, timeout_seconds=20)) == [0]


def test_an_exception_of_this_project_comes_back_as_it_is(child: Child) -> None:
    """Its reason, message and hint are what programs and people go by."""
    with pytest.raises(DeclarationError) as caught:
        list(
            child.stream(
                workloads.calling,
                workloads.throw,
                DeclarationError("bad_size", "Too small.", hint="More."),
                timeout_seconds=9,
            )
        )
    assert (caught.value.reason, caught.value.message, caught.value.hint) == ("bad_size", "Too small.", "More.")


def test_an_exception_that_cannot_be_pickled_or_told_is_told_by_its_name(child: Child) -> None:
    """Only its name crosses over, and the frames."""
    error = _error_of(child, workloads.raise_the_untellable)
    assert error.reason == "operation_failed"
    assert "NameThatCannotBeTold" in error.message
    assert "in raise_the_untellable" in error.message


def test_a_long_message_of_an_exception_is_cut(child: Child) -> None:
    """A report is no place for a whole table."""
    assert len(_error_of(child, workloads.throw, ValueError("x" * 1_000_000)).message) < 10_000


def test_an_item_that_cannot_be_pickled_is_a_failure(child: Child) -> None:
    """The child goes on."""
    assert "pickle" in _error_of(child, threading.Lock).message
    assert list(child.stream(workloads.numbers, 1, timeout_seconds=20)) == [0]


def test_an_item_that_cannot_be_read_back_is_a_failure(child: Child) -> None:
    """It is not taken for the end of the child, although it raises what the end raises."""
    error = _error_of(child, workloads.CannotBeReadBack)
    assert error.reason == "unreadable_answer"
    assert "not here" in error.message


def test_exit_is_told_with_the_last_lines(child: Child) -> None:
    """What was printed before is not lost in a buffer."""
    error = _error_of(child, workloads.say_and_exit, "first\nlast\n", 7)
    assert error.reason == "child_exited"
    assert "exit code 7" in error.message
    assert error.message.endswith("Last lines of its output:\nfirst\nlast")


@pytest.mark.parametrize(("number", "words"), [(signal.SIGKILL, "memory runs out"), (signal.SIGTERM, "SIGTERM")])
def test_a_signal_is_named(number: int, words: str, child: Child) -> None:
    """Of SIGKILL it is said who sends it unasked."""
    error = _error_of(child, workloads.signalled, number)
    assert error.reason == "child_killed"
    assert words in error.message


def test_a_segmentation_fault_shows_where_it_was(child: Child) -> None:
    """The interpreter's own traceback is among the last lines."""
    error = _error_of(child, workloads.segfault)
    assert error.reason == "child_killed"
    assert "SIGSEGV" in error.message
    assert "in segfault" in error.message


@pytest.mark.parametrize("start", [workloads.start_and_wait, workloads.start_apart_and_wait])
def test_a_hang_is_ended_in_time_with_all_that_was_started(start: Callable[[str], None], tmp_path: Path) -> None:
    """No process of it is left, in its session or in one of its own."""
    note = tmp_path / "pid"
    before = set(psutil.Process().children(recursive=True))
    with Child() as child:
        began = time.monotonic()
        error = _error_of(child, start, str(note), timeout_seconds=1.5)
        assert time.monotonic() - began < WAIT_SECONDS
        assert error.reason == "operation_timeout"
        assert _until(lambda: _is_gone(int(note.read_text())))
        assert set(psutil.Process().children(recursive=True)) <= before


def test_processes_that_an_operation_leaves_are_ended() -> None:
    """When the context is left, whatever the operation started goes too."""
    with Child() as child:
        (sleeper,) = child.stream(workloads.calling, workloads.sleeper_id, timeout_seconds=20)
        assert not _is_gone(sleeper)
    assert _until(lambda: _is_gone(sleeper))


def test_a_crash_is_seen_at_once_although_a_forked_process_lives(child: Child) -> None:
    """A process that the operation forked holds no end of the connection."""
    began = time.monotonic()
    error = _error_of(child, workloads.fork_and_exit, timeout_seconds=60)
    assert time.monotonic() - began < WAIT_SECONDS
    assert error.reason == "child_exited"
    assert "exit code 5" in error.message


def test_output_is_told_line_by_line() -> None:
    """Standard output and error, the last line too, which has no end."""
    lines: list[str] = []
    with Child(tell=lines.append) as child:
        list(child.stream(workloads.calling, workloads.say, "one\ntw", "o\n", "three", timeout_seconds=20))
    assert lines == ["one", "two", "three"]


def test_output_is_bounded() -> None:
    """Neither many lines nor one long one fill the log or the memory."""
    lines: list[str] = []
    with Child(tell=lines.append) as child:
        list(child.stream(workloads.calling, workloads.say, "x" * 5_000_000, "line\n" * 5000, timeout_seconds=20))
        assert list(child.stream(workloads.numbers, 1, timeout_seconds=20)) == [0]
    assert len(lines) == 1001
    assert max(map(len, lines)) <= 2000
    assert "omitted" in lines[-1]


def test_output_is_read_although_the_one_who_is_told_fails() -> None:
    """A child whose output nobody reads would stand still."""

    def fail(line: str) -> None:
        raise BrokenPipeError

    with Child(tell=fail) as child:
        list(child.stream(workloads.calling, workloads.say, "line\n" * 100_000, timeout_seconds=20))


def test_an_operation_may_close_its_output(child: Child) -> None:
    """It is its own."""
    list(child.stream(workloads.calling, workloads.close_output, timeout_seconds=20))
    assert list(child.stream(workloads.numbers, 1, timeout_seconds=20)) == [0]


def test_a_stream_that_is_left_early_ends_the_child(child: Child, tmp_path: Path) -> None:
    """What it would still yield is never taken for the answer to the next request."""
    for _ in child.stream(workloads.sent_in_parts, str(tmp_path / "note"), timeout_seconds=20):
        break
    error = _error_of(child, workloads.failing)
    assert error.reason == "child_exited"
    assert "already ended" in error.message


def test_kill_from_a_signal_handler_cancels(child: Child) -> None:
    """As Airflow's SIGTERM does: the wait for an answer ends, and says why."""
    before = signal.signal(signal.SIGUSR1, lambda number, frame: child.kill())
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1)).start()
    try:
        error = _error_of(child, workloads.wait)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert (error.reason, type(error)) == ("cancelled", CancelledError)
    assert _error_of(child, workloads.failing).reason == "cancelled"


def test_an_error_of_a_signal_handler_ends_the_child() -> None:
    """As Airflow's task timeout does, which raises in the middle of a wait."""

    def interrupt(number: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with Child() as child:
            (pid,) = child.stream(workloads.calling, os.getpid, timeout_seconds=20)
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            with pytest.raises(TimeoutError):
                list(child.stream(workloads.calling, workloads.wait, timeout_seconds=20))
            assert _until(lambda: _is_gone(pid))
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_kill_after_the_end_does_nothing(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of a process that was waited for may be another's."""
    _error_of(child, workloads.say_and_exit, "", 0)
    killed: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda pid, number: killed.append(pid))
    child.kill()
    assert not killed


PARENT = """
import sys
from airflow_provider_dpq.core.operation.isolation import Child
from tests.core.operation import workloads
with Child() as child:
    import os
    (pid,) = child.stream(workloads.calling, os.getpid, timeout_seconds=20)
    (grandchild,) = child.stream(workloads.calling, workloads.sleeper_id, timeout_seconds=20)
    print(pid, grandchild, flush=True)
    if sys.argv[1] == "busy":
        for _ in child.stream(workloads.begin_and_wait, timeout_seconds=600):
            print("it runs", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("state", ["busy", "idle"])
def test_the_death_of_the_parent_ends_the_child_and_what_it_started(state: str) -> None:
    """A parent that is killed cannot clean up: the child sees the lifeline close, in an operation or between two."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, state],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with parent:
        assert parent.stdout is not None
        child, grandchild = map(int, parent.stdout.readline().split())
        assert state == "idle" or parent.stdout.readline() == "it runs\n"
        assert not _is_gone(child)
        assert not _is_gone(grandchild)
        parent.kill()
        parent.wait()
        assert _until(lambda: _is_gone(child))
        assert _until(lambda: _is_gone(grandchild))


def test_environment_variables_are_set_beside_those_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are seen, and the given one wins."""
    monkeypatch.setenv("DPQ_TEST_KEPT", "kept")
    monkeypatch.setenv("DPQ_TEST_SET", "old")
    with Child(environment={"DPQ_TEST_SET": "new"}) as child:
        assert list(child.stream(workloads.calling, os.getenv, "DPQ_TEST_SET", timeout_seconds=20)) == ["new"]
        assert list(child.stream(workloads.calling, os.getenv, "DPQ_TEST_KEPT", timeout_seconds=20)) == ["kept"]


def test_the_child_starts_without_what_this_process_imported(child: Child) -> None:
    """It is spawned, not forked: what the task has loaded does not weigh upon the measurement."""
    import pandas  # noqa: F401

    (loaded,) = child.stream(workloads.calling, workloads.loaded, timeout_seconds=20)
    assert not {"pandas", "airflow", "sqlalchemy", "pydantic", "cloudpickle"} & loaded


def test_the_child_imports_from_the_path_given_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither does a file in the working directory stand in for a module of the standard library."""
    (tmp_path / "json.py").write_text("raise RuntimeError")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "given_module.py").write_text("def items():\n    yield 'from the path given'\n")
    monkeypatch.chdir(tmp_path)
    with Child(path=[str(tmp_path / "own"), *sys.path]) as child:
        (found,) = child.stream(workloads.of_given_module, timeout_seconds=20)
    assert found == "from the path given"


def test_nothing_is_left_open() -> None:
    """Neither after the end, nor where the interpreter does not start."""
    before = workloads.descriptors()
    for _ in range(3):
        with Child() as child:
            list(child.stream(workloads.numbers, 1, timeout_seconds=20))
    with pytest.raises(ValueError, match="null byte"):
        Child(environment={"DPQ_TEST": "\0"})
    assert _until(lambda: workloads.descriptors() == before)


def test_two_children_answer_two_threads() -> None:
    """The end of one is seen although the other was started while it ran."""
    answers: dict[int, list[int]] = {}

    def ask(count: int) -> None:
        with Child() as child:
            answers[count] = list(child.stream(workloads.numbers, count, timeout_seconds=20))

    threads = [threading.Thread(target=ask, args=(count,)) for count in (2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {2: [0, 1], 3: [0, 1, 2], 4: [0, 1, 2, 3]}
