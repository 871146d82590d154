"""Describing classes by their signatures and docstrings."""

from __future__ import annotations

import pytest

from docs._generate import adapters
from docs._generate.markdown import code, read_docstring, table


class Explained:
    """Does something.

    More about it, with ``code``.

    Args:
        size: How large,
            in bytes.
        **kwargs: More.

    Raises:
        ValueError: It is too large.
    """

    __module__ = "airflow_provider_dpq.example"

    def __init__(self, *, size: int = 3) -> None:
        self.size = size


class Unexplained(Explained):
    """Does something else."""

    __module__ = "airflow_provider_dpq.example"

    def __init__(self, *, colour: str, **kwargs: int) -> None:
        super().__init__(**kwargs)


def test_a_docstring_is_read_by_its_sections() -> None:
    """Text, items over several lines and exceptions are told apart."""
    found = read_docstring(Explained)
    assert found.text == "Does something.\n\nMore about it, with `code`."
    assert found.sections == {
        "Args": {"size": "How large, in bytes.", "**kwargs": "More."},
        "Raises": {"ValueError": "It is too large."},
    }


def test_arguments_of_a_class_include_those_it_inherits() -> None:
    """An operator takes its own arguments and those of the gate below it."""
    assert [parameter.name for _, parameter in adapters.arguments_of(Unexplained)] == ["colour", "size"]


def test_an_argument_without_a_meaning_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new argument that no docstring explains fails `make docs`."""
    monkeypatch.setattr(adapters, "importlib", type("Importer", (), {"import_module": lambda _: _Module}))
    with pytest.raises(ValueError, match="'colour' means"):
        adapters.describe_class("airflow_provider_dpq.example.Unexplained")


class _Module:
    Unexplained = Unexplained


def test_bars_do_not_break_tables() -> None:
    """A type such as `str | None` stays in its cell."""
    assert table(["a"], [[code("str | None")]]).splitlines()[-1] == "| `str \\| None` |"
