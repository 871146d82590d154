"""Recorded tables on PostgreSQL and MariaDB: every scanned check beside Great Expectations itself on that server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import great_expectations as gx
import pytest
import sqlalchemy as sa
from great_expectations.expectations.registry import get_expectation_impl

from airflow_provider_dpq.core.quality import check
from tests.core.quality.test_gx_cases import Case, _declared, _plain, _suites
from tests.core.table.servers import own_schema
from tests.data.gx_cases import compare, enc

pytestmark = [
    pytest.mark.service,
    # Great Expectations' own use of libraries.
    pytest.mark.filterwarnings("ignore"),
]

_BYTES: Final = "Great Expectations counts bytes on MariaDB, not characters."
_ANY_ROWS: Final = "Which of many rows a sample shows is the server's choice."
_WORDS: Final = "MariaDB casts a word in a set to 0, which a number or a truth value then equals; here it equals none."
KNOWN_DIFFERENCES: Final[Mapping[str, str]] = {
    "C/01155 postgresql": "A pattern that is none is an error only where there is a row to try it on.",
    "C/01995 postgresql": "PostgreSQL's own median is a floating number, which rounds an integer beyond 2^53.",
    "C/02172 postgresql": "A sum keeps all its digits; Great Expectations makes a floating number of it.",
    "C/02172 mysql": "A sum keeps all its digits; Great Expectations makes a floating number of it.",
    "C/02058 mysql": "Great Expectations takes the deviation of decimals, which MariaDB rounds to four digits.",
    "C/00628 mysql": _WORDS,
    "C/00636 mysql": _WORDS,
    "C/00640 mysql": _WORDS,
    "C/00736 mysql": _WORDS,
    "C/01571 mysql": _BYTES,
    "C/01572 mysql": _BYTES,
    "C/00158 mysql": _ANY_ROWS,
    "C/00737 mysql": _ANY_ROWS,
}
"""Cases in which the answers differ on purpose, by case and dialect, with the reasons."""

Validate = Callable[[Case], dict[str, Any]]


@pytest.fixture(scope="module", params=["postgres_url", "mysql_url"])
def server(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A schema for the recorded tables, in which Great Expectations too compares texts as they stand."""
    with own_schema(request.getfixturevalue(request.param), exact=True) as engine:
        yield engine


@pytest.fixture(scope="module")
def validate(server: sa.Engine) -> Validate:
    """A function that lets Great Expectations answer a case on the table ``t``."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_sql("server", connection_string=server.url.render_as_string(hide_password=False))

    def answer(case: Case) -> dict[str, Any]:
        name = f"asset_{len(source.assets)}"
        batch = source.add_table_asset(name, table_name="t").add_batch_definition_whole_table("whole").get_batch()
        expectation = get_expectation_impl(case.declared["type"])(**case.declared["kwargs"])
        found = batch.validate(
            expectation, result_format=case.result_format, expectation_parameters=case.parameters
        ).to_json_dict()
        information = found["exception_info"]
        problems = [information] if "raised_exception" in information else list(information.values())
        for problem in problems:
            if problem["raised_exception"]:
                return {"exception": str(problem["exception_message"])}
        return {"success": found["success"], "result": enc.jsonable(found["result"])}

    return answer


@pytest.mark.parametrize("suite", _suites("sqlite"))
def test_tables_get_the_answers_of_great_expectations_on_the_server(
    server: sa.Engine, validate: Validate, suite: list[Case]
) -> None:
    """Every check that is pushed down finds what Great Expectations' SQL engine finds on that server."""
    first, suite = suite[0], _declared(suite)
    for name, columns in [("t", first.data), *first.others.items()]:
        enc.dec_frame(columns).to_sql(name, server, index=False, if_exists="replace")
    results = check(
        "t",
        [case.declared for case in suite],
        result_format=first.result_format,
        parameters=first.parameters,
        connection=server,
    ).results
    differences = []
    for case, result in zip(suite, results, strict=True):
        mine, theirs = _plain(result), validate(case)
        found = compare.diff(mine, theirs)
        if ("exception" in mine) != ("exception" in theirs):
            found = found or [f"{mine} against {theirs}"]
        name = f"{case.id} {server.dialect.name}"
        if name not in KNOWN_DIFFERENCES:
            differences += [f"{name} {result.type}: {difference}" for difference in found]
        elif not found and KNOWN_DIFFERENCES[name] != _ANY_ROWS:
            differences.append(f"{name} agrees: it is no known difference any more.")
    assert differences == []
