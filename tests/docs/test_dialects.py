"""The SQL that checks become in each dialect: recorded, the vendors' own, and refused where a dialect lacks a word."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from airflow_provider_dpq.core.quality.compile.dialects import LACKING
from docs._generate.dialects import NAMES, RECORDED, ask, dialect, record, records
from docs._generate.examples import EXAMPLES

VENDORS = {
    "redshift": ("sqlalchemy_redshift.dialect", "RedshiftDialect_psycopg2"),
    "snowflake": ("snowflake.sqlalchemy.snowdialect", "SnowflakeDialect"),
    "trino": ("trino.sqlalchemy.dialect", "TrinoDialect"),
    "bigquery": ("sqlalchemy_bigquery.base", "BigQueryDialect"),
    "databricks": ("databricks.sqlalchemy.base", "DatabricksDialect"),
}


@pytest.mark.parametrize(("path", "text"), list(records()), ids=RECORDED)
def test_sql_of_a_warehouse_is_the_recorded_one(path: Path, text: str) -> None:
    """A change of the SQL that no test can run is seen, and read by somebody, before it is made."""
    assert path.read_text(encoding="utf-8") == text, "read the difference, then run: make docs"


@pytest.mark.parametrize("name", sorted(VENDORS))
def test_stand_in_speaks_as_the_vendors_dialect(name: str) -> None:
    """Where a warehouse's own package is installed, it writes what the stand-in writes."""
    module, attribute = VENDORS[name]
    pytest.importorskip(module.partition(".")[0])
    vendors = getattr(importlib.import_module(module), attribute)()
    written = [" ".join(line.replace("`", "").split()) for line in record(vendors)]
    assert written == [" ".join(line.replace("`", "").split()) for line in record(dialect(name))]


def test_each_dialect_says_what_it_lacks() -> None:
    """Every dialect that is documented is known to planning."""
    assert set(NAMES) <= set(LACKING)


@pytest.mark.parametrize(
    "kind", ["expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex_list"]
)
def test_check_that_a_dialect_cannot_do_is_refused_by_name(kind: str) -> None:
    """SQL Server is asked nothing about a regular expression: the refusal names the expectation and the dialect."""
    asked = ask(dialect("mssql"), kind)
    assert (asked.by, list(asked.asked)) == ("refused", [])
    assert asked.why.startswith(f"{kind} cannot be evaluated on mssql: SQL Server has regular expressions")


@pytest.mark.parametrize("name", sorted(NAMES))
def test_nothing_that_a_dialect_lacks_is_asked_of_it(name: str) -> None:
    """Every example is compiled to words that the dialect has, or refused."""
    lacking = [function for function in LACKING[name] if function != "stdev"]
    for kind in EXAMPLES:
        for statement in ask(dialect(name), kind).asked:
            assert not any(f"{function}(" in statement for function in lacking), statement


def test_names_of_snowflake_are_those_that_it_stores() -> None:
    """What SQLAlchemy calls by small letters is stored in capitals there, and a quoted name is taken as it is."""
    (statement, *_) = ask(dialect("snowflake"), "expect_column_values_to_not_be_null").asked
    assert '"AMOUNT"' in statement
    assert '"amount"' not in statement


def test_truth_is_a_condition_on_sql_server() -> None:
    """SQL Server has no truth values: none is compared, returned or combined outside of a condition."""
    for kind in EXAMPLES:
        for statement in ask(dialect("mssql"), kind).asked:
            assert "coalesce([" not in statement
            assert "true" not in statement
            assert "false" not in statement
