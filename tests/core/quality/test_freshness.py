"""How old the newest moment of a column is, on every kind of table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.report import DataInterval
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.suite import validate_suite
from tests.core.quality.answers import answer

NOW = datetime(2026, 1, 3, 12, tzinfo=UTC)
NEWEST = datetime(2026, 1, 3, 10)  # noqa: DTZ001 - as it is stored
KIND = "column_max_to_be_recent"
ORDERS = pd.DataFrame({"at": pd.to_datetime([NEWEST, NEWEST - timedelta(days=3), None])})


def _age(data: Any, now: datetime = NOW, options: dict[str, Any] | None = None, **kwargs: Any) -> float | None:
    result = answer(data, KIND, options={"now": now, **(options or {})}, column="at", max_age="1h", **kwargs)
    assert result.error is None, result.error
    age = result.result["age_seconds"]
    assert age is None or isinstance(age, (int, float))
    return age


@pytest.mark.parametrize(("max_age", "held"), [("2h", True), ("120 min", True), ("7199s", False), ("1.9 h", False)])
def test_newest_moment_may_be_as_old_as_stated(max_age: str, held: bool) -> None:
    """The bound itself is recent enough."""
    result = answer(ORDERS, KIND, options={"now": NOW}, column="at", max_age=max_age)
    assert result.success is held
    assert result.result["observed_value"] == "2026-01-03T10:00:00+00:00"
    assert result.result["age_seconds"] == 7200
    assert result.result["reference_time"] == NOW.isoformat()


@pytest.mark.parametrize(("minutes", "held"), [(4, True), (5, True), (6, False)])
def test_newest_moment_may_lie_ahead_within_the_tolerance(minutes: int, held: bool) -> None:
    """Clocks differ by minutes; a moment far in the future is no sign of recent data."""
    now = NEWEST.replace(tzinfo=UTC) - timedelta(minutes=minutes)
    assert answer(ORDERS, KIND, options={"now": now}, column="at", max_age="1h").success is held
    assert not answer(ORDERS, KIND, options={"now": now}, column="at", max_age="1h", max_ahead="1 min").success


def test_age_is_measured_against_the_end_of_the_data_interval() -> None:
    """A run of last month judges last month's data; what came later, but not ahead of now, is recent too."""
    interval = DataInterval(start=NOW - timedelta(days=1), end=NOW - timedelta(hours=1))
    options = {"data_interval": interval}
    assert _age(ORDERS, options=options, relative_to="data_interval_end") == 3600
    earlier = {"data_interval": DataInterval(start=NOW - timedelta(days=30), end=NOW - timedelta(days=29))}
    assert _age(ORDERS, options=earlier, relative_to="data_interval_end") == 7200 - 29 * 86400
    kwargs = {"column": "at", "max_age": "1h", "relative_to": "data_interval_end"}
    assert answer(ORDERS, KIND, options={"now": NOW, **earlier}, **kwargs).success


def test_run_without_a_data_interval_cannot_be_measured_against_it() -> None:
    """It is an error of the check, never a pass."""
    result = answer(ORDERS, KIND, column="at", max_age="1h", relative_to="data_interval_end")
    assert result.error is not None
    assert (result.error.reason, result.verdict) == ("missing_data_interval", Verdict.ERROR)


@pytest.mark.parametrize("rows", [0, 2])
def test_table_without_a_moment_is_not_recent(rows: int) -> None:
    """Neither no rows nor rows without a value show that data arrived."""
    frame = pd.DataFrame({"at": pd.Series([None] * rows, dtype="datetime64[us]")})
    result = answer(frame, KIND, options={"now": NOW}, column="at", max_age="1h")
    assert (result.success, result.verdict, result.error) == (False, Verdict.FAIL, None)
    assert result.result["observed_value"] is None


def test_moment_without_a_zone_is_read_in_the_stated_one() -> None:
    """Ten o'clock in Oslo is nine o'clock in UTC; where clocks go back, the first of two hours of one name."""
    assert _age(ORDERS) == 7200
    assert _age(ORDERS, timezone="Europe/Oslo") == 10800
    twice = pd.DataFrame({"at": [datetime.fromisoformat("2025-10-26T02:30")]})
    assert _age(twice, datetime(2025, 10, 26, 2, 30, tzinfo=UTC), timezone="Europe/Oslo") == 7200


def test_moment_with_a_zone_keeps_its_own() -> None:
    """The stated time zone is for moments that have none."""
    zoned = pd.DataFrame({"at": pd.to_datetime([NEWEST]).tz_localize("Asia/Tokyo")})
    assert _age(zoned, timezone="Europe/Oslo") == 7200 + 9 * 3600


def test_day_counts_from_its_beginning(tmp_path: Path) -> None:
    """Nothing tells when on a day a row came."""
    path = tmp_path / "days.parquet"
    pd.DataFrame({"at": [date(2026, 1, 3), date(2026, 1, 1)]}).to_parquet(path)
    assert _age(path) == 12 * 3600
    assert _age(path, timezone="Asia/Tokyo") == 21 * 3600


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_precision_of_the_column_is_no_matter(unit: str) -> None:
    """Moments are stored in seconds up to nanoseconds."""
    frame = pd.DataFrame({"at": pd.Series([NEWEST], dtype=f"datetime64[{unit}]")})
    assert _age(frame) == 7200


def test_malformed_moments_are_an_error(tmp_path: Path) -> None:
    """A text among the moments might have been the newest."""
    path = tmp_path / "orders.csv"
    good = "\n".join(["2026-01-03 10:00:00"] * 30_000)
    path.write_text(f"at\n{good}\nyesterday\n")
    result = answer(path, KIND, options={"now": NOW}, column="at", max_age="3h")
    assert result.error is not None
    assert result.error.reason == "malformed_values"


@pytest.mark.parametrize("rows", ["", ",1\n,2\n"])
def test_text_file_without_a_moment_is_not_recent(tmp_path: Path, rows: str) -> None:
    """A header alone, and rows without a value, hold nothing that is recent, and nothing that is malformed."""
    path = tmp_path / "a.csv"
    path.write_text(f"v,w\n{rows}")
    expectation = {"type": "expect_column_max_to_be_recent", "kwargs": {"column": "v", "max_age": "1h"}}
    (result,) = check(path, [expectation]).results
    assert (result.verdict, result.error, result.result["observed_value"]) == ("fail", None, None)


@pytest.mark.parametrize("frame", [pd.DataFrame({"at": [1]}), pd.DataFrame({"at": ["2026-01-03"]})])
def test_column_without_moments_is_an_error(frame: pd.DataFrame) -> None:
    """A number or a text is no moment."""
    result = answer(frame, KIND, column="at", max_age="1h")
    assert result.error is not None
    assert result.error.reason == "incomparable"


def test_row_condition_chooses_the_moments() -> None:
    """Each source of a table may be held to an age of its own."""
    frame = pd.DataFrame({"at": [NEWEST, NEWEST - timedelta(hours=1)], "source": ["a", "b"]})
    assert _age(frame, row_condition="source == 'b'") == 10800


def test_age_is_a_metric_of_two_thresholds() -> None:
    """A table may warn after two hours and fail after a day, in one check."""
    declared = {
        "type": f"expect_{KIND}",
        "kwargs": {"column": "at", "max_age": "26h"},
        "thresholds": [{"threshold": "age_seconds < 2h", "severity": "warn"}, "age_seconds < 26h"],
    }
    for now, verdict in [
        (NOW - timedelta(minutes=1), Verdict.PASS),
        (NOW, Verdict.WARN),
        (NOW + timedelta(days=1), Verdict.FAIL),
    ]:
        assert check(ORDERS, [declared], now=now).results[0].verdict is verdict


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"max_age": "2"}, "is not a duration"),
        ({"max_age": 2}, "is not a duration"),
        ({"max_age": "2MB"}, "is not a duration"),
        ({"max_age": "-2h"}, "is not a duration"),
        ({"max_age": "2h", "max_ahead": "soon"}, "is not a duration"),
        ({"max_age": "2h", "timezone": "Mars/Olympus"}, "is not a time zone"),
        ({"max_age": "2h", "timezone": "../UTC"}, "is not a time zone"),
        ({"max_age": "2h", "relative_to": "yesterday"}, "'now' or 'data_interval_end'"),
        ({}, "max_age"),
    ],
)
def test_malformed_declaration_is_refused_before_any_data(kwargs: dict[str, Any], words: str) -> None:
    """A duration needs a unit of time, a time zone a name that exists."""
    with pytest.raises(DeclarationError, match=words) as caught:
        validate_suite([{"type": f"expect_{KIND}", "kwargs": {"column": "at", **kwargs}}])
    assert caught.value.reason == "invalid_argument"


@given(
    moments=st.lists(st.none() | st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)), max_size=6),  # noqa: DTZ001
    hours=st.sampled_from([-11, 0, 5]),
)
@settings(max_examples=30, deadline=None)
def test_age_is_what_python_computes(moments: list[datetime | None], hours: int) -> None:
    """The newest of any moments, in any zone."""
    zone = timezone(timedelta(hours=hours))
    frame = pd.DataFrame({"at": pd.Series(moments, dtype="datetime64[us]").dt.tz_localize(zone)})
    present = [moment.replace(tzinfo=zone) for moment in moments if moment is not None]
    assert _age(frame) == ((NOW - max(present)).total_seconds() if present else None)


@pytest.fixture
def sqlite(tmp_path: Path) -> sa.Engine:
    """A SQLite database in a file."""
    return sa.create_engine(f"sqlite:///{tmp_path / 'orders.db'}", poolclass=sa.NullPool)


def _fill(engine: sa.Engine) -> sa.Table:
    table = sa.Table(
        "dpq_freshness",
        sa.MetaData(),
        sa.Column("naive", sa.DateTime()),
        sa.Column("zoned", sa.DateTime(timezone=True)),
        sa.Column("day", sa.Date()),
    )
    zoned = NEWEST.replace(tzinfo=UTC) if engine.dialect.name == "postgresql" else NEWEST
    with engine.begin() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        rows = [{"naive": NEWEST, "zoned": zoned, "day": NEWEST.date()}, {"naive": None, "zoned": None, "day": None}]
        connection.execute(table.insert(), rows)
    return table


def _ages(engine: sa.Engine) -> list[Any]:
    suite = [
        {"type": f"expect_{KIND}", "kwargs": {"column": column, "max_age": "1d"}}
        for column in ("naive", "zoned", "day")
    ]
    results = check("dpq_freshness", suite, connection=engine, now=NOW.astimezone(ZoneInfo("Asia/Tokyo"))).results
    assert [result.error for result in results] == [None, None, None]
    return [result.result["age_seconds"] for result in results]


def test_age_in_sqlite(sqlite: sa.Engine) -> None:
    """SQLite keeps moments as text."""
    _fill(sqlite)
    assert _ages(sqlite) == [7200, 7200, 43200]


@pytest.fixture(params=["postgres_url", "mysql_url"])
def server(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A server with a table of three kinds of moments."""
    engine = sa.create_engine(request.getfixturevalue(request.param), poolclass=sa.NullPool)
    table = _fill(engine)
    yield engine
    table.drop(engine)


@pytest.mark.service
def test_age_on_servers(server: sa.Engine) -> None:
    """PostgreSQL and MariaDB answer as SQLite does."""
    assert _ages(server) == [7200, 7200, 43200]
