"""References to tables that another engine holds: files to databases, databases to files, databases to databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.compile import reference

KIND = "expect_column_values_to_exist_in_other_table"
START = datetime(2026, 1, 1)  # noqa: DTZ001 - wall clocks are what is compared

TRIPS = pd.DataFrame(
    {
        "number": pd.array([1, 2, 3, 2**53 + 1, None, 3], dtype="Int64"),
        "name": ["a", "A", "a ", "zürich", None, "missing"],
        "at": [START + timedelta(hours=hours) for hours in range(5)] + [None],
        "day": [date(2026, 1, 1), date(2026, 1, 2), None, date(2026, 1, 4), date(2026, 1, 1), date(2026, 1, 9)],
        "price": [Decimal("1.50"), Decimal("2.00"), Decimal("0.10"), None, Decimal("99999999.99"), Decimal("1.5")],
    }
)
PLACES = pd.DataFrame(
    {
        "number": pd.array([1, 3, 2**53, None], dtype="Int64"),
        "name": ["a", "zürich", "a", None],
        "at": [START, START + timedelta(hours=4), None, START],
        "day": [date(2026, 1, 1), None, date(2026, 1, 2), date(2026, 1, 1)],
        "price": [Decimal("1.50"), Decimal("0.1000"), None, Decimal("99999999.99")],
    }
)
TYPES = {
    "number": sa.BigInteger(),
    "name": sa.Text(),
    "at": sa.DateTime(),
    "day": sa.Date(),
    "price": sa.Numeric(12, 4),
}


def expected(column: str) -> int:
    """Return how many values Python itself does not find among the keys."""
    keys = set(PLACES[column].dropna())
    return sum(1 for value in TRIPS[column].dropna() if value not in keys)


def exists(column: str, table: str = "places", **kwargs: Any) -> dict[str, Any]:
    """Return the declaration that a column's values are in the column of the same name of another table."""
    return {"type": KIND, "kwargs": {"column": column, "other_table": table, **kwargs}}


class Databases:
    """Databases that a test fills and that checks know by name."""

    def __init__(self) -> None:
        self.engines: dict[str, sa.Engine] = {}

    def fill(self, name: str, url: str, frame: pd.DataFrame, table: str) -> sa.Engine:
        """Write a frame into a table of a database."""
        engine = self.engines.setdefault(name, sa.create_engine(url, poolclass=sa.NullPool))
        types = {column: TYPES[column] for column in frame.columns}
        metadata = sa.MetaData()
        made = sa.Table(table, metadata, *(sa.Column(column, type_) for column, type_ in types.items()))
        metadata.drop_all(engine)
        metadata.create_all(engine)
        rows = [
            {name: None if pd.isna(value) else value for name, value in row.items()}
            for row in frame.astype(object).to_dict("records")
        ]
        with engine.begin() as connection:
            connection.execute(made.insert(), rows)
        return engine

    def connect(self, name: str) -> sa.Engine:
        """Return a database by its name."""
        return self.engines[name]


@pytest.fixture
def databases() -> Iterator[Databases]:
    """No databases yet; the tables of a test are dropped after it."""
    made = Databases()
    yield made
    for engine in made.engines.values():
        with engine.begin() as connection:
            for table in ("trips", "places"):
                connection.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))
        engine.dispose()


Url = Callable[[str], str]


@pytest.fixture
def url(tmp_path: Path, request: pytest.FixtureRequest) -> Url:
    """A function that returns the address of a database of a kind."""

    def address(kind: str) -> str:
        return f"sqlite:///{tmp_path / 'a.db'}" if kind == "sqlite" else str(request.getfixturevalue(f"{kind}_url"))

    return address


SERVICES = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.service),
    pytest.param("mysql", marks=pytest.mark.service),
]
EXACT = ("number", "name", "at", "day", "price")
"""Columns that every engine compares exactly; SQLite keeps decimals as floating numbers, which these survive."""


def of_files(databases: Databases, path: Path, suffix: str, **options: Any) -> tuple[CheckResult, ...]:
    """Check the trips in a file against places in a database."""
    file = path / f"trips.{suffix}"
    {"csv": lambda: TRIPS.to_csv(file, index=False), "parquet": lambda: TRIPS.to_parquet(file)}[suffix]()
    suite = [exists(column, other_connection="shop") for column in EXACT]
    return check(str(file), suite, connect=databases.connect, **options).results


@pytest.mark.filterwarnings("ignore:Dialect sqlite.pysqlite does .not. support Decimal")
@pytest.mark.parametrize("kind", SERVICES)
def test_values_of_a_file_are_looked_up_in_a_database(
    kind: str, databases: Databases, url: Url, tmp_path: Path
) -> None:
    """Each type means the same on both sides: case and blanks tell texts apart, also where a collation does not."""
    databases.fill("shop", url(kind), PLACES, "places")
    results = of_files(databases, tmp_path, "parquet")
    assert [result.error for result in results] == [None] * len(EXACT)
    assert [result.result["unexpected_count"] for result in results] == [expected(column) for column in EXACT]
    assert results[1].result["partial_unexpected_list"] == ["A", "a ", "missing"]
    assert {result.evaluated_by for result in results} == {"scan"}


@pytest.mark.filterwarnings("ignore:Dialect sqlite.pysqlite does .not. support Decimal")
@pytest.mark.parametrize("kind", SERVICES)
def test_values_of_a_database_are_looked_up_in_a_file(
    kind: str, databases: Databases, url: Url, tmp_path: Path
) -> None:
    """The other way around: the table is in a database, the keys are in a file that references name."""
    engine = databases.fill("shop", url(kind), TRIPS, "trips")
    PLACES.to_parquet(tmp_path / "places.parquet")
    references = {"places": tmp_path / "places.parquet"}
    results = check("trips", [exists(column) for column in EXACT], connection=engine, references=references).results
    assert [result.error for result in results] == [None] * len(EXACT)
    assert [result.result["unexpected_count"] for result in results] == [expected(column) for column in EXACT]
    assert sorted(results[1].result["partial_unexpected_list"]) == ["A", "a ", "missing"]
    assert {result.evaluated_by for result in results} == {"duckdb"}


@pytest.mark.service
@pytest.mark.parametrize(("here", "there"), [("postgres", "mysql"), ("mysql", "postgres"), ("postgres", "sqlite")])
@pytest.mark.filterwarnings("ignore:Dialect sqlite.pysqlite does .not. support Decimal")
def test_values_of_one_database_are_looked_up_in_another(here: str, there: str, databases: Databases, url: Url) -> None:
    """Two databases of different kinds agree about what is the same."""
    engine = databases.fill("own", url(here), TRIPS, "trips")
    databases.fill("shop", url(there), PLACES, "places")
    suite = [exists(column, other_connection="shop") for column in EXACT]
    results = check("trips", suite, connection=engine, connect=databases.connect).results
    assert [result.error for result in results] == [None] * len(EXACT)
    assert [result.result["unexpected_count"] for result in results] == [expected(column) for column in EXACT]


def test_rows_of_a_domain_alone_are_looked_up(databases: Databases, url: Url) -> None:
    """A row condition and the gate's filters choose the rows, in the database as in a file."""
    engine = databases.fill("shop", url("sqlite"), TRIPS[["number", "name"]], "trips")
    suite = [exists("name", row_condition='col("number") > 2', condition_parser="great_expectations")]
    options: dict[str, Any] = {"connection": engine, "references": {"places": PLACES[["name"]]}}
    (result,) = check("trips", suite, **options).results
    assert (result.result["element_count"], result.result["unexpected_count"]) == (3, 2)
    (filtered,) = check("trips", suite, row_condition="number < 4", **options).results
    assert (filtered.result["element_count"], filtered.result["unexpected_count"]) == (2, 2)


def test_all_unknown_values_are_counted_and_the_first_are_shown(
    databases: Databases, url: Url, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many values are unknown, memory holds a bounded number of them, and the count is exact."""
    monkeypatch.setattr(reference, "_MOST_NAMED", 5)
    rows = pd.DataFrame({"number": [number // 2 for number in range(100)]})
    engine = databases.fill("shop", url("sqlite"), rows, "trips")
    keys = pd.DataFrame({"number": [40, 41]})
    (result,) = check("trips", [exists("number")], connection=engine, references={"places": keys}).results
    assert result.result["unexpected_count"] == 96
    assert result.result["partial_unexpected_list"] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize(
    "kept",
    [
        {"hidden_columns": ["name"]},
        {"sample_rows": 0},
        {"sample_rows": 1},
        {"exclude_unexpected_values": True},
        {"result_format": {"result_format": "COMPLETE", "exclude_unexpected_values": True}},
        {},
    ],
)
def test_query_that_names_unknown_values_is_kept_back_with_them(
    databases: Databases, url: Url, kept: dict[str, Any]
) -> None:
    """The rows are found by naming their values, which a gate may not let out."""
    engine = databases.fill("shop", url("sqlite"), pd.DataFrame({"name": ["first", "second", "third"]}), "trips")
    options: dict[str, Any] = {"result_format": "COMPLETE", "connection": engine, **kept}
    keys = pd.DataFrame({"name": ["third"]})
    (result,) = check("trips", [exists("name")], references={"places": keys}, **options).results
    assert result.result["unexpected_count"] == 2
    assert ("unexpected_index_query" in result.result) is (not kept)
    assert ("second" in result.model_dump_json()) is (not kept)


@pytest.mark.parametrize("target", ["good", "good.parquet"])
def test_rows_that_are_only_counted_are_not_taken_for_good_ones(
    databases: Databases, url: Url, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    """Where unknown values are too many to name, no row is set apart: not even where other checks break as many."""
    monkeypatch.setattr(reference, "_MOST_NAMED", 5)
    engine = databases.fill("shop", url("sqlite"), pd.DataFrame({"number": range(20)}), "trips")
    upper = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "number", "max_value": 9}}
    keys = pd.DataFrame({"number": range(15, 20)})
    options: dict[str, Any] = {"connection": engine, "references": {"places": keys}}
    good = str(tmp_path / target) if target.endswith(".parquet") else target
    found = check("trips", [exists("number"), upper], good_rows=good, **options)
    assert [result.result["unexpected_count"] for result in found.results] == [15, 10]
    assert found.error is not None
    assert found.error.reason == "quarantine_failed"
    assert "too many values" in str(found.error)
    assert not (tmp_path / "good.parquet").exists()
    assert "good" not in sa.inspect(engine).get_table_names()


def test_moments_without_a_zone_are_looked_up_as_utc(databases: Databases, url: Url) -> None:
    """An instant equals the moment that a clock in UTC showed."""
    databases.fill("shop", url("sqlite"), PLACES[["at"]], "places")
    oslo = [START.replace(tzinfo=UTC), START.replace(tzinfo=UTC) + timedelta(hours=1)]
    frame = pd.DataFrame({"at": pd.Series(oslo).dt.tz_convert("Europe/Oslo")})
    (result,) = check(frame, [exists("at", other_connection="shop")], connect=databases.connect).results
    assert result.result["unexpected_count"] == 1


def test_many_keys_arrive_whole(databases: Databases, url: Url) -> None:
    """Keys come in several chunks, and none is lost at their edges."""
    databases.fill("shop", url("sqlite"), pd.DataFrame({"number": range(50_000)}), "places")
    frame = pd.DataFrame({"number": range(-1, 50_001)})
    (result,) = check(frame, [exists("number", other_connection="shop")], connect=databases.connect).results
    assert result.result["partial_unexpected_list"] == [-1, 50_000]


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        (exists("name", "nowhere", other_connection="shop"), "missing_table"),
        (exists("name", other_column="nothing", other_connection="shop"), "missing_column"),
        (exists("name", other_column="number", other_connection="shop"), "incomparable"),
        (exists("name", other_connection="nobody"), "unknown_connection"),
    ],
)
def test_what_cannot_be_looked_up_is_an_error_of_the_check(
    declared: dict[str, Any], reason: str, databases: Databases, url: Url
) -> None:
    """A table, column or connection that is not there is named, and the other checks stand."""
    databases.fill("shop", url("sqlite"), PLACES[["number", "name"]], "places")
    suite = [declared, {"type": "expect_column_to_exist", "kwargs": {"column": "name"}}]
    first, second = check(TRIPS[["number", "name"]], suite, connect=databases.connect).results
    assert first.error is not None
    assert (first.error.reason, second.success) == (reason, True)


def test_connection_without_anybody_to_open_it_is_an_error_with_a_hint() -> None:
    """Where no connections are known, the check says so."""
    (result,) = check(TRIPS[["name"]], [exists("name", other_connection="shop")]).results
    assert result.error is not None
    assert result.error.reason == "unknown_connection"
    assert "connect=" in result.error.message


def test_connection_must_have_a_name() -> None:
    """An empty name is refused before anything is read."""
    with pytest.raises(DeclarationError, match="other_connection"):
        check(TRIPS, [exists("name", other_connection="")])
