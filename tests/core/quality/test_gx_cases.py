"""Answers on recorded tables against those of Great Expectations itself, in every result format."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.expectations import registered
from airflow_provider_dpq.core.quality.suite import validate_suite
from tests.data.gx_cases import compare, enc

CASES: Final = Path(__file__).parents[2] / "data" / "gx_cases" / "cases.jsonl.gz"

KNOWN_DIFFERENCES: Final[Mapping[str, str]] = {
    "C/01155 sqlite": "A pattern that is none is refused even where there is no row to try it on.",
    **dict.fromkeys(
        ("C/00406 pandas", "C/00406 pandas BASIC", "C/00406 pandas SUMMARY"), "A decimal number of 3.30 is at most 3.3."
    ),
    **dict.fromkeys(
        ("C/01905 pandas", "C/02079 pandas", "C/02081 pandas", "C/02168 pandas"),
        "A figure of decimal numbers leaves missing ones out.",
    ),
    **dict.fromkeys(
        [
            *(f"C/{case} pandas" for case in ("00491", "00492", "00495", "00517", "00528", "00545")),
            *(
                f"C/{case} pandas{level}"
                for case in ("00502", "00510", "00546")
                for level in ("", " BASIC", " BOOLEAN_ONLY", " SUMMARY")
            ),
        ],
        "A moment is compared with a day, and with one of another zone, where Great Expectations raises.",
    ),
}
"""Cases in which the answers differ on purpose, by their names, with the reasons."""


@dataclass(frozen=True)
class Case:
    """One expectation on one table in one result format, and Great Expectations' answer."""

    id: str
    engine: str
    declared: Mapping[str, Any]
    data: Sequence[Mapping[str, Any]]
    others: Mapping[str, Sequence[Mapping[str, Any]]]
    result_format: Any
    parameters: Mapping[str, Any] | None
    answer: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What the case is called among the known differences."""
        level = self.result_format if isinstance(self.result_format, str) else self.result_format["result_format"]
        return f"{self.id} {self.engine}" + ("" if level == "COMPLETE" else f" {level}")

    @property
    def table(self) -> str:
        """What cases must share to be checked together."""
        return json.dumps([self.data, self.others, self.result_format, self.parameters], sort_keys=True)


def _cases(engine: str) -> Iterator[Case]:
    with gzip.open(CASES, "rt", encoding="utf-8") as lines:
        recorded = [json.loads(line) for line in lines]
    for case in recorded:
        if engine not in case["ge"] or (engine == "pandas" and case["engine"] != "pandas"):
            continue
        if engine == "sqlite" and case["expectation_type"] not in registered():
            continue
        answers = [(case["result_format"], case["ge"][engine])]
        if engine == "pandas":
            answers += [
                (json.loads(wanted) if wanted.startswith("{") else wanted, answer)
                for wanted, answer in (case["ge"].get("formats") or {}).items()
            ]
        for wanted, answer in answers:
            yield Case(
                id=case["id"],
                engine=engine,
                declared={
                    "type": case["expectation_type"],
                    "kwargs": {name: enc.dec(value) for name, value in case["kwargs"].items()},
                },
                data=case["data"],
                others=case.get("extra_tables") or {},
                result_format=wanted,
                parameters=case.get("suite_parameters"),
                answer=answer,
            )


def _suites(engine: str) -> list[Any]:
    """Put the cases that can be evaluated into suites, one for each table and result format."""
    cases = sorted((case for case in _cases(engine) if "raises" not in case.answer), key=lambda case: case.table)
    suites = [list(together) for _, together in groupby(cases, key=lambda case: case.table)]
    return [pytest.param(suite, id=f"{suite[0].id}-{index}") for index, suite in enumerate(suites)]


def _declared(suite: Sequence[Case]) -> list[Case]:
    """Leave out what is refused as soon as it is declared, which must be what Great Expectations cannot evaluate."""
    kept = []
    for case in suite:
        try:
            validate_suite([case.declared])
        except DeclarationError:
            assert "exception" in case.answer, case.id
        else:
            kept.append(case)
    return kept


def _plain(result: CheckResult) -> dict[str, Any]:
    """Write a result in the form of the recorded answers."""
    if result.error is not None:
        return {"success": result.success, "exception": result.error.message}
    return {"success": result.success, "result": enc.jsonable(dict(result.result))}


def _differences(suite: Sequence[Case], results: Sequence[CheckResult]) -> list[str]:
    differences = []
    for case, result in zip(suite, results, strict=True):
        found = compare.diff(_plain(result), case.answer)
        if case.name not in KNOWN_DIFFERENCES:
            differences += [f"{case.name} {result.type} by {result.evaluated_by}: {difference}" for difference in found]
        elif not found:
            differences.append(f"{case.name} agrees: it is no known difference any more.")
    return differences


@pytest.mark.parametrize("suite", _suites("pandas"))
def test_frames_get_the_answers_of_great_expectations(suite: Sequence[Case]) -> None:
    """Every check of a pandas frame finds what Great Expectations finds on it, in the same fields."""
    first, suite = suite[0], _declared(suite)
    found = check(
        enc.dec_frame(first.data),
        [case.declared for case in suite],
        result_format=first.result_format,
        parameters=first.parameters,
    )
    assert _differences(suite, found.results) == []


OBJECTS: Final = ("object", "category", "timedelta64[ns]")
"""Dtypes whose values may be of several types, or of none that SQL has."""

FIGURES: Final = (
    *("distinct_values", "most_common", "proportion", "quantile", "kl_divergence", "type_to_be", "_pair_"),
    *("multicolumn", "within_record", "column_count"),
)
"""What the types of expectations about figures, sets and several columns are called."""


def _about_typed_columns(suite: Sequence[Case]) -> list[Case]:
    """Return the cases about figures, sets and several columns, where the scan reads all columns of their table."""
    if any(column["dtype"] in OBJECTS for column in suite[0].data):
        return []
    return [case for case in suite if any(name in case.declared["type"] for name in FIGURES)]


@pytest.mark.parametrize("suite", [suite for suite in _suites("pandas") if _about_typed_columns(suite.values[0])])
def test_typed_columns_are_scanned(suite: Sequence[Case]) -> None:
    """Figures, sets and several columns of typed frames are the scan's to judge, and no detour is taken."""
    cases = _about_typed_columns(_declared(suite))
    found = check(enc.dec_frame(suite[0].data), [case.declared for case in cases], parameters=suite[0].parameters)
    assert [result.type for result in found.results if result.evaluated_by == "gx" and result.error is None] == []


@pytest.mark.parametrize("suite", _suites("sqlite"))
def test_tables_get_the_answers_of_great_expectations(suite: Sequence[Case]) -> None:
    """Every check that is pushed down to SQLite finds what Great Expectations finds there."""
    first, suite = suite[0], _declared(suite)
    database = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    for name, columns in [("t", first.data), *first.others.items()]:
        enc.dec_frame(columns).to_sql(name, database, index=False)
    found = check(
        "t",
        [case.declared for case in suite],
        result_format=first.result_format,
        parameters=first.parameters,
        connection=database,
        connect={"@self": database}.__getitem__,
    )
    assert _differences(suite, found.results) == []
    database.dispose()


@pytest.mark.parametrize(
    "case", [case for case in _cases("pandas") if "raises" in case.answer], ids=lambda case: case.id
)
def test_declarations_are_refused_as_great_expectations_refuses_them(case: Case) -> None:
    """What Great Expectations does not let anybody declare is refused before any data are read."""
    with pytest.raises(DeclarationError):
        check("no such file.parquet", [case.declared], parameters=case.parameters)
    if case.declared["type"] in registered():
        with pytest.raises(DeclarationError):
            validate_suite([case.declared])
