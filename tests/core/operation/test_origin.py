"""Where in an operation's code something happened."""

from __future__ import annotations

import tracemalloc

import pytest

from airflow_provider_dpq.core.operation.child import OURS
from airflow_provider_dpq.core.operation.origin import origin, short


@pytest.mark.parametrize(("file", "shown"), [("/a/b/c.py", "b/c.py"), ("c.py", "c.py"), ("<string>", "<string>")])
def test_a_file_is_named_with_its_folder(file: str, shown: str) -> None:
    """Where somebody installed it is left out."""
    assert short(file) == shown


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([f"{OURS}/operation/child.py", "/x/dag.py", "/x/lib.py"], ("x/lib.py:3", "x/dag.py:2")),
        (["/x/main.py", f"{OURS}/leak/trace.py", "/x/dag.py"], ("x/dag.py:3",)),
        (["/x/main.py", tracemalloc.__file__], ()),
        (["/x/main.py", f"{OURS}/leak/trace.py"], ()),
    ],
)
def test_the_origin_ends_where_the_operation_was_called(files: list[str], expected: tuple[str, ...]) -> None:
    """The innermost frame comes first; what this project allocates itself has no origin in the operation."""
    frames = tuple((file, line) for line, file in enumerate(files, start=1))
    trace = tracemalloc.Traceback(tuple(reversed(frames)))
    assert origin(trace) == expected
