"""Errors in the words of the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.cli.check import check
from airflow_provider_dpq.core.cli.words import in_options, options_of


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Raise memory_limit.", "Raise --memory-limit."),
        ("Give null_values, or gate= and on_empty.", "Give --null, or --gate and --on-empty."),
        ("hidden_columns is 'hidden_columns'.", "--hide is 'hidden_columns'."),
        ('The column "memory_limit" of a/memory_limit and memory_limit.csv', None),
        ("The gate has no suite; row_condition is none of ours, nor is gate==1.", None),
    ],
)
def test_arguments_become_options_but_for_what_is_quoted(text: str, told: str | None) -> None:
    """What has an option is named by it; words, values, paths and other arguments stay."""
    assert in_options(text, options_of(check)) == (told or text)


def test_error_of_a_command_names_its_options(tmp_path: Path) -> None:
    """A hint can be followed where it is read."""
    (tmp_path / "x.csv").write_text("id\n1\n", encoding="utf-8")
    suite = tmp_path / "x.yaml"
    suite.write_text("[{type: expect_column_values_to_not_be_null, kwargs: {column: id}}]", encoding="utf-8")
    given = ["check", str(tmp_path / "x.csv"), "--suite", str(suite), "--memory-limit", "lots"]
    refused = CliRunner().invoke(main, given, prog_name="dpq")
    assert (refused.exit_code, "Write --memory-limit as 2GB" in refused.stderr) == (2, True)
    assert "memory_limit" not in refused.stderr


def test_parameter_without_a_value_names_its_option(tmp_path: Path) -> None:
    """The suite was read before any data: there is no file of it here."""
    suite = tmp_path / "x.json"
    kwargs = {"column": "id", "min_value": {"$PARAMETER": "low"}}
    suite.write_text(json.dumps([{"type": "expect_column_values_to_be_between", "kwargs": kwargs}]), encoding="utf-8")
    refused = CliRunner().invoke(main, ["check", "x.csv", "--suite", str(suite)], prog_name="dpq")
    assert refused.exit_code == 2
    assert "'low' of expect_column_values_to_be_between has no value; given are: none. Give it in --param." in (
        refused.stderr
    )


def test_every_way_to_compare_is_an_option_of_bench() -> None:
    """The hint that names three arguments names three options."""
    refused = CliRunner().invoke(
        main, ["bench", "json:dumps", "--threshold", "median < 1.1x baseline"], prog_name="dpq"
    )
    assert "Give --baseline, --revision or --history, or a limit" in refused.stderr
