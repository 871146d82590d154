"""Finding reason codes in the syntax tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs._generate.raised import find_raised

SPELT = 'def f():\n    raise DeclarationError("bad_words", "message")\n'
NAMED = '_FULL = "store_full"\ndef f():\n    raise StoreError(_FULL, "message")\n'
MAPPED = """
_CODES = {1: "disk_full", 2: "not_there"}
def f(error):
    reason = g(error)
    return StoreError(reason, "message")
def g(error):
    if error:
        return _CODES.get(getattr(error, "error_code", 0), "any_other")
    return "none_given" if error is None else error.reason
"""
PASSED_ON = "def f(problem):\n    return MeasurementError(problem.reason, problem.message)\n"
WRITTEN = 'def f():\n    return Problem(reason="not_evaluated", message="")\n'
SUBCLASS = 'def f():\n    raise CancelledError("told_to_stop", "message")\n'
CHOSEN = """
def f(error, busy):
    kind = StoreBusyError if busy else StoreError
    return kind("at_work" if busy else "is_broken", "message")
"""
FOUND = """
def f():
    return finding("target", "fail", "target_gone", "It is gone."), finding("limit", "pass", "", "")
def finding(name, verdict, reason, message):
    return Problem(reason=reason, message=message)
"""


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (SPELT, {("bad_words", "DeclarationError")}),
        (NAMED, {("store_full", "StoreError")}),
        (SUBCLASS, {("told_to_stop", "EndedError")}),
        (CHOSEN, {("at_work", "StoreError"), ("is_broken", "StoreError")}),
        (MAPPED, {(code, "StoreError") for code in ("disk_full", "not_there", "any_other", "none_given")}),
        (PASSED_ON, set()),
        (WRITTEN, {("not_evaluated", "Problem")}),
        (FOUND, {("target_gone", "Problem")}),
    ],
)
def test_codes_are_found(text: str, codes: set[tuple[str, str]], tmp_path: Path) -> None:
    """A code is found where it is spelt, named, looked up or returned; one that is passed on is found elsewhere."""
    (tmp_path / "module.py").write_text(text)
    assert {(found.reason, found.kind) for found in find_raised(tmp_path)} == codes


def test_a_code_that_cannot_be_seen_is_refused(tmp_path: Path) -> None:
    """A code that comes from an argument would go undocumented: it is an error here."""
    (tmp_path / "module.py").write_text("def f(reason):\n    raise StoreError(reason, 'message')\n")
    with pytest.raises(ValueError, match=r"module.py:2"):
        find_raised(tmp_path)
