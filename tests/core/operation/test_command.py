"""Commands as operations: run without a shell, waited for, and told where they fail."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_dpq.core.errors import DeclarationError, MeasurementError, SourceError
from airflow_provider_dpq.core.operation.command import CommandOperation

InChild = Callable[..., list[Any]]


def _run(operation: CommandOperation, size: int | None = None, count: int = 1) -> None:
    operation.validate()
    with operation.opened(size) as iteration:
        for _ in range(count):
            iteration.run()


def _python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-S", "-c", program, *arguments]


APPEND = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"


@pytest.mark.parametrize("as_text", [True, False])
def test_no_shell_reads_a_command(as_text: bool, tmp_path: Path) -> None:
    """A text is split at its spaces and quotation marks, and nothing else in it means anything."""
    words = ["touch", "a b", "$HOME", "c;d", "*", "{other}"]
    text = "touch 'a b' $HOME c;d * {other}"
    operation = CommandOperation(command=text if as_text else words, directory=str(tmp_path))
    assert not operation.sized
    _run(operation)
    assert {path.name for path in tmp_path.iterdir()} == set(words[1:])


def test_set_up_and_tear_down_go_around_each_iteration(tmp_path: Path) -> None:
    """With the size in all of them."""
    note = str(tmp_path / "note")
    operation = CommandOperation(
        command=_python(APPEND, note, "call {size}; "),
        set_up=_python(APPEND, note, "up {size}; "),
        tear_down=_python(APPEND, note, "down; "),
    )
    assert operation.sized
    _run(operation, size=7, count=2)
    assert Path(note).read_text() == "up 7; call 7; down; " * 2


def test_a_size_in_set_up_alone_makes_it_sized() -> None:
    """The set-up may make the file that the command reads."""
    assert CommandOperation(command="true", set_up="make {size}").sized


def test_environment_variables_are_set_beside_those_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are seen."""
    monkeypatch.setenv("DPQ_TEST_KEPT", "kept")
    program = "import os; open('note', 'w').write(os.environ['DPQ_TEST_KEPT'] + os.environ['DPQ_TEST_SET'])"
    _run(CommandOperation(command=_python(program), directory=str(tmp_path), environment={"DPQ_TEST_SET": "set"}))
    assert (tmp_path / "note").read_text() == "keptset"


def test_a_failure_is_told_with_its_last_errors(tmp_path: Path) -> None:
    """Not those of the iteration before, nor more than a screen of them; arguments are not repeated."""
    program = (
        "import sys, os; first = not os.path.exists('note'); open('note', 'w').close();"
        "sys.stderr.write('of the first\\n' if first else 'line\\n' * 5000 + 'the last'); sys.exit(0 if first else 3)"
    )
    operation = CommandOperation(command=_python(program, "secret"), directory=str(tmp_path))
    with operation.opened(None) as iteration:
        iteration.run()
        with pytest.raises(MeasurementError) as caught:
            iteration.run()
    assert caught.value.reason == "operation_failed"
    assert "exit code 3" in caught.value.message
    assert caught.value.message.endswith("line\nthe last")
    assert "of the first" not in caught.value.message
    assert caught.value.message.count("\n") == 20
    assert "secret" not in caught.value.message


def test_a_signal_is_named() -> None:
    """As the kernel's, where memory runs out."""
    operation = CommandOperation(command=_python("import os; os.kill(os.getpid(), 9)"))
    with operation.opened(None) as iteration, pytest.raises(MeasurementError, match=r"signal 9 \(SIGKILL\)"):
        iteration.run()


def test_a_set_up_that_fails_is_a_failure() -> None:
    """What it should have made is not there."""
    operation = CommandOperation(command="true", set_up="false")
    with operation.opened(None) as iteration, pytest.raises(MeasurementError, match="false ended with exit code 1"):
        iteration.run()


@pytest.mark.parametrize("command", ["", "  ", [], [""], "echo 'open", "''"])
@pytest.mark.parametrize("field", ["command", "set_up", "tear_down"])
def test_validate_refuses_what_is_no_command(command: str | list[str], field: str) -> None:
    """When the DAG is parsed."""
    with pytest.raises(DeclarationError) as refused:
        CommandOperation(**{"command": "true", field: command}).validate()
    assert refused.value.reason == "invalid_command"


@pytest.mark.parametrize("program", ["no-such-program", "./no-such-program", "/no/such/program"])
def test_a_program_that_is_not_there_is_refused_where_it_runs(program: str) -> None:
    """Whoever parses the DAG need not have it."""
    operation = CommandOperation(command="true", tear_down=[program, "secret"])
    operation.validate()
    with pytest.raises(SourceError, match=program) as refused, operation.opened(None):
        pass
    assert refused.value.reason == "missing_program"


def test_a_program_is_looked_for_where_it_runs(tmp_path: Path) -> None:
    """A relative path starts at the directory, and a name is looked for on the PATH given."""
    program = tmp_path / "bin" / "own-program"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nopen('note', 'a').write('x')\n")
    program.chmod(0o755)
    _run(CommandOperation(command="bin/own-program", directory=str(tmp_path)))
    _run(CommandOperation(command="own-program", directory=str(tmp_path), environment={"PATH": str(program.parent)}))
    assert (tmp_path / "note").read_text() == "xx"
    program.chmod(0o644)
    with pytest.raises(SourceError, match="is not executable"):
        _run(CommandOperation(command="bin/own-program", directory=str(tmp_path)))


def test_a_directory_that_is_not_there_is_refused() -> None:
    """It is not taken for a program that is missing."""
    with pytest.raises(SourceError) as refused:
        _run(CommandOperation(command="true", directory="/no/such/directory"))
    assert refused.value.reason == "missing_directory"


def test_neither_subject_nor_repr_shows_an_argument() -> None:
    """One of them may be a password."""
    operation = CommandOperation(command="client --password=secret", environment={"PASSWORD": "secret"})
    assert operation.subject == "the command client"
    assert "secret" not in repr(operation)


def test_what_a_command_prints_is_told(in_child: InChild) -> None:
    """Line by line, in the child's output; it has nothing to read."""
    lines: list[str] = []
    operation = CommandOperation(command=_python("import sys; print('read', repr(sys.stdin.read()))"))
    in_child(operation, count=2, tell=lines.append)
    assert lines == ["read ''"] * 2


def test_a_failure_in_a_child_keeps_its_reason(in_child: InChild) -> None:
    """It is the command's failure, not one of the code around it."""
    with pytest.raises(MeasurementError, match="false ended with exit code 1") as caught:
        in_child(CommandOperation(command="false"))
    assert caught.value.reason == "operation_failed"
