"""Two tables row by row: against pandas' own merge, across engines, and what keeps them from being compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa

from airflow_provider_dpq.core.gate.report import CheckResult
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check

KIND = "expect_table_to_reconcile_with_other_table"
START = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - wall clocks are what is compared


def reconcile(here: Any, there: Any, *, options: dict[str, Any] | None = None, **kwargs: Any) -> CheckResult:
    """Return the result of reconciling two tables, the other one a frame or path unless options say otherwise."""
    declared = {"type": KIND, "kwargs": {"other_table": "there", **kwargs}}
    references = {} if there is None else {"there": there}
    (result,) = check(here, [declared], references=references, **(options or {})).results
    return result


def counts(result: CheckResult) -> tuple[Any, ...]:
    """Return missing, extra and changed rows; fail where the check could not be evaluated."""
    assert result.error is None, result.error
    return tuple(result.result[f"{kind}_row_count"] for kind in ("missing", "extra", "changed"))


def drawn(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two tables of mostly the same rows, keyed by two columns of which one may be missing."""
    draw = np.random.default_rng(seed)
    keys = pd.DataFrame({"a": np.repeat(np.arange(40), 3), "b": ["x", "y", None] * 40})
    values = keys.assign(n=draw.integers(0, 3, 120), f=draw.choice([0.5, 1.5, np.nan], 120), s=list("pq" * 60))
    other = values.copy()
    changed = draw.random(120) < 0.2
    other.loc[changed, "n"] = draw.integers(0, 3, int(changed.sum()))
    other.loc[draw.random(120) < 0.1, "f"] = np.nan
    here = values[draw.random(120) > 0.1].sample(frac=1, random_state=seed)
    there = other[draw.random(120) > 0.1].sample(frac=1, random_state=seed + 1)
    return here.reset_index(drop=True), there.reset_index(drop=True)


@pytest.mark.parametrize("seed", range(8))
def test_rows_are_told_apart_as_pandas_merges_them(seed: int) -> None:
    """Missing, extra and changed rows are those of an outer merge; a missing value equals a missing value."""
    here, there = drawn(seed)
    merged = here.merge(there, on=["a", "b"], how="outer", indicator=True, suffixes=("", "_there"))
    both = merged[merged["_merge"] == "both"]
    differs = {
        name: (both[name] != both[f"{name}_there"]) & ~(both[name].isna() & both[f"{name}_there"].isna())
        for name in ("n", "f", "s")
    }
    result = reconcile(here, there, key_columns=["a", "b"])
    assert counts(result) == (
        int((merged["_merge"] == "right_only").sum()),
        int((merged["_merge"] == "left_only").sum()),
        int(pd.DataFrame(differs).any(axis=1).sum()),
    )
    found = result.result
    assert found["changed_columns"] == {name: int(bad.sum()) for name, bad in differs.items() if bad.any()}
    assert (found["element_count"], found["matched_row_count"]) == (len(merged), len(both))
    assert found["unexpected_count"] == sum(counts(result))
    assert found["changed_percent"] == pytest.approx(100 * counts(result)[2] / len(both))
    assert (result.verdict, result.evaluated_by) == (Verdict.FAIL, "duckdb")


def test_same_rows_in_another_order_reconcile() -> None:
    """Order means nothing."""
    here, _ = drawn(1)
    result = reconcile(here, here.iloc[::-1], key_columns=["a", "b"])
    assert (result.verdict, counts(result)) == (Verdict.PASS, (0, 0, 0))
    assert result.result["partial_changed_list"] == []


def test_samples_name_keys_and_what_changed() -> None:
    """The first rows of each kind, in the order of their keys, with both values of what changed."""
    here = pd.DataFrame({"id": [3, 1, 2, 9], "n": [30, 10, 20, 90], "s": ["c", "a", "b", "i"]})
    there = pd.DataFrame({"id": [1, 2, 3, 5, 4], "n": [10, 21, 30, 50, 40], "s": ["a", "B", "c", "e", "d"]})
    result = reconcile(here, there, key_columns=["id"]).result
    assert result["partial_missing_list"] == [{"key": {"id": 4}}, {"key": {"id": 5}}]
    assert result["partial_extra_list"] == [{"key": {"id": 9}}]
    changed = {"n": {"here": 20, "there": 21}, "s": {"here": "b", "there": "B"}}
    assert result["partial_changed_list"] == [{"key": {"id": 2}, "columns": changed}]


@pytest.mark.parametrize(
    ("form", "options", "lengths"),
    [
        ({"result_format": "BASIC", "partial_unexpected_count": 2}, {}, 2),
        ("COMPLETE", {}, 30),
        ("SUMMARY", {"sample_rows": 3}, 3),
        ("SUMMARY", {"sample_rows": 0}, None),
        ({"result_format": "SUMMARY", "exclude_unexpected_values": True}, {}, None),
        ("BOOLEAN_ONLY", {}, None),
    ],
)
def test_samples_are_as_many_as_the_gate_allows(form: Any, options: dict[str, Any], lengths: int | None) -> None:
    """Result formats and the gate's limits hold for keys as they do for values."""
    here, there = pd.DataFrame({"id": range(30)}), pd.DataFrame({"id": range(100, 130)})
    result = reconcile(here, there, key_columns=["id"], options={"result_format": form, **options}).result
    for kind in ("missing", "extra"):
        shown = result.get(f"partial_{kind}_list")
        assert (None if shown is None else len(shown)) == lengths  # type: ignore[arg-type]


def test_excluded_values_leave_the_index_columns() -> None:
    """Where values are kept out, rows are named by the index columns among their keys, and nothing else is said."""
    here = pd.DataFrame({"id": [1, 2], "secret": ["p", "q"], "n": [1, 2]})
    there = here.assign(n=[1, 3])
    form = {"result_format": "SUMMARY", "exclude_unexpected_values": True, "unexpected_index_column_names": ["id"]}
    result = reconcile(here, there, key_columns=["id", "secret"], options={"result_format": form}).result
    assert result["partial_changed_list"] == [{"key": {"id": 2}}]


def test_hidden_columns_are_compared_and_not_shown() -> None:
    """Values of a hidden column stay inside; that it changed is counted."""
    here = pd.DataFrame({"id": [1, 2], "iban": ["NO1", "NO2"], "n": [1, 2]})
    there = here.assign(iban=["NO1", "NO9"])
    result = reconcile(here, there, key_columns=["id"], options={"hidden_columns": ["iban"]})
    assert counts(result) == (0, 0, 1)
    assert "NO" not in str(result.result)


def test_columns_with_other_names_and_other_rows_are_chosen() -> None:
    """Names are mapped, columns and rows of either side chosen."""
    here = pd.DataFrame({"id": [1, 2, 3], "total": [1.0, 2.0, 9.0], "note": ["a", "b", "c"]})
    there = pd.DataFrame({"order_id": [1, 2, 4], "amount": [1.0, 2.5, 0.0], "note": ["x", "y", "z"]})
    result = reconcile(
        here,
        there,
        key_columns=["id"],
        columns=["total"],
        column_map={"id": "order_id", "total": "amount"},
        row_condition="id < 3",
        other_row_condition="order_id < 4",
    )
    assert counts(result) == (0, 0, 1)
    assert result.result["changed_columns"] == {"total": 1}
    assert result.result["partial_changed_list"] == [
        {"key": {"id": 2}, "columns": {"total": {"here": 2.0, "there": 2.5}}}
    ]


@pytest.mark.parametrize(
    ("kwargs", "changed"),
    [
        ({}, 5),
        ({"absolute_tolerance": 0.5}, 4),
        ({"relative_tolerance": 0.01}, 4),
        ({"absolute_tolerance": 0.5, "relative_tolerance": 0.01}, 3),
    ],
)
def test_numbers_within_a_tolerance_are_the_same(kwargs: dict[str, float], changed: int) -> None:
    """Each tolerance alone suffices; nothing is close to a missing number, or to infinity."""
    here = pd.DataFrame({"id": range(6), "n": [1.0, 1.4, 1005.0, np.nan, np.inf, 1.0]})
    there = pd.DataFrame({"id": range(6), "n": [1.0, 1.0, 1000.0, 1.0, 1.0, np.inf]})
    assert counts(reconcile(here, there, key_columns=["id"], **kwargs)) == (0, 0, changed)


@pytest.mark.parametrize("keys", [None, ["id"]])
@pytest.mark.parametrize(
    ("here", "there", "tolerance", "same"),
    [
        (2**53 + 1, 2**53, {"absolute_tolerance": 0.5}, False),
        (2**60 + 1, 2**60, {"absolute_tolerance": 1}, True),
        (1.1, 1.0, {"absolute_tolerance": 0.1}, True),
        (0.3, 0.2, {"absolute_tolerance": 0.1}, True),
        (1.1000000000000003, 1.0, {"absolute_tolerance": 0.1}, False),
        (110, 100, {"relative_tolerance": 0.1}, True),
        (111, 100, {"relative_tolerance": 0.1}, False),
        (Decimal("1.10"), Decimal("1.00"), {"absolute_tolerance": 0.1}, True),
        (Decimal("1.11"), Decimal("1.00"), {"absolute_tolerance": 0.1}, False),
        (Decimal("1.1"), 1.0, {"absolute_tolerance": 0.1}, True),
        (float("inf"), 1.0, {"absolute_tolerance": 0.1}, False),
        (float("inf"), float("inf"), {"absolute_tolerance": 0.1}, True),
    ],
)
def test_tolerance_is_held_exactly(
    here: Any, there: Any, tolerance: dict[str, float], same: bool, keys: list[str] | None
) -> None:
    """Whatever floating numbers make of a difference, of figures and of rows."""
    tables = [pa.table({"id": [1], "v": pa.array([value])}) for value in (here, there)]
    result = reconcile(*tables, key_columns=keys, columns=["v"], **tolerance)
    assert (result.verdict, result.error) == ("pass" if same else "fail", None)


def test_times_within_a_tolerance_are_the_same() -> None:
    """A database that keeps whole seconds rounds or cuts: a second covers both."""
    here = pd.DataFrame({"id": [1, 2], "at": [START, START]})
    there = pd.DataFrame({"id": [1, 2], "at": [START + timedelta(seconds=0.6), START - timedelta(seconds=3)]})
    assert counts(reconcile(here, there, key_columns=["id"])) == (0, 0, 2)
    assert counts(reconcile(here, there, key_columns=["id"], time_tolerance_seconds=1)) == (0, 0, 1)


@pytest.mark.parametrize(("zone", "changed"), [("Europe/Oslo", 0), ("UTC", 2)])
def test_times_without_a_zone_are_of_the_zone_declared(zone: str, changed: int) -> None:
    """Instants are compared with what a clock in a time zone showed, summer time included."""
    walls = [START, datetime(2026, 7, 1, 12)]  # noqa: DTZ001
    here = pd.DataFrame({"id": [1, 2], "at": walls})
    there = here.assign(at=here["at"].dt.tz_localize("Europe/Oslo").dt.tz_convert("America/New_York"))
    assert counts(reconcile(here, there, key_columns=["id"], time_zone=zone)) == (0, 0, changed)


def test_share_of_rows_may_differ() -> None:
    """`mostly` is a share of all keys; thresholds may judge each kind of difference."""
    here, there = pd.DataFrame({"id": range(10)}), pd.DataFrame({"id": range(1, 10)})
    assert reconcile(here, there, key_columns=["id"], mostly=0.9).verdict is Verdict.PASS
    assert reconcile(here, there, key_columns=["id"], mostly=0.95).verdict is Verdict.FAIL
    declared = {
        "type": KIND,
        "kwargs": {"other_table": "there", "key_columns": ["id"]},
        "thresholds": ["missing_row_count == 0", {"threshold": "extra_row_count == 0", "severity": "warn"}],
    }
    (result,) = check(here, [declared], references={"there": there}).results
    assert result.verdict is Verdict.WARN


@pytest.mark.parametrize("side", ["here", "there"])
def test_key_that_names_several_rows_is_an_error_that_says_so(side: str) -> None:
    """Keys that are no keys break the premise: nothing is compared, and the message has no value."""
    tables = {"here": pd.DataFrame({"id": [71, 72]}), "there": pd.DataFrame({"id": [71, 72]})}
    tables[side] = pd.DataFrame({"id": [71, 73, 73]})
    result = reconcile(tables["here"], tables["there"], key_columns=["id"])
    assert result.error is not None
    assert (result.error.reason, result.verdict) == ("duplicate_keys", Verdict.ERROR)
    assert "'id'" in result.error.message
    assert "73" not in result.error.message


@pytest.mark.parametrize("keys", [["n"], None])
def test_malformed_key_is_an_error_as_is_a_figure_of_such_values(tmp_path: Path, keys: list[str] | None) -> None:
    """Text in a column of numbers is neither a value nor missing: it names no row, and no sum is without it."""
    (tmp_path / "a.csv").write_text("id,n\n1,1\n2,2\n3,oops\n")
    there = pd.DataFrame({"id": [1], "n": [1]})
    result = reconcile(tmp_path / "a.csv", there, key_columns=keys)
    assert result.error is not None
    assert result.error.reason == "malformed_values"


@pytest.mark.parametrize("tolerance", [0.01, 0])
@pytest.mark.parametrize("swapped", [False, True])
def test_malformed_value_is_counted_and_changes_no_other(tmp_path: Path, tolerance: float, swapped: bool) -> None:
    """One text among numbers is one changed row, and the numbers beside it are compared as numbers."""
    here, there = (tmp_path / name for name in ("a.csv", "b.csv"))
    here.write_text("id,n,d\n1,10.00,2024-01-01\n2,N/A,x\n3,30.0,2024-01-03T00:00:00\n4,-,2024-01-04\n")
    there.write_text("id,n,d\n1,10.001,2024-01-01\n2,20,x\n3,30,2024-01-03\n4,-,2024-01-04\n")
    tables = (there, here) if swapped else (here, there)
    result = reconcile(*tables, key_columns=["id"], absolute_tolerance=tolerance)
    assert counts(result) == (0, 0, 1 if tolerance else 2)
    assert result.result["changed_columns"] == {"n": 1 if tolerance else 2}
    side, other = ("there", "here") if swapped else ("here", "there")
    assert result.result["partial_changed_list"][-1] == {"key": {"id": 2}, "columns": {"n": {side: "N/A", other: 20.0}}}
    assert {figure.get("column") for figure in result.result["figures"]} == {None, "id"}


def test_keys_of_text_files_are_texts_where_one_is_no_number(tmp_path: Path) -> None:
    """A text names a row as a number does."""
    for name, rows in (("a.csv", "1,1\n2,2\nA3,3\n"), ("b.csv", "A3,3\n1,1\n2,5\n")):
        (tmp_path / name).write_text("id,n\n" + rows)
    assert counts(reconcile(tmp_path / "a.csv", tmp_path / "b.csv", key_columns=["id"])) == (0, 0, 1)


@pytest.mark.parametrize("columns", [{}, {"column_map": {}}])
def test_tables_without_a_column_in_common_are_refused(columns: dict[str, Any]) -> None:
    """As many rows say nothing of what is in them."""
    result = reconcile(pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [3, 4]}), **columns)
    assert result.error is not None
    assert (result.error.reason, "no column in common" in result.error.message) == ("missing_column", True)


@pytest.mark.parametrize(
    ("kwargs", "reason"),
    [
        ({"key_columns": ["nothing"]}, "missing_column"),
        ({"key_columns": ["id"], "columns": ["nothing"]}, "missing_column"),
        ({"key_columns": ["id"], "column_map": {"s": "id"}}, "incomparable"),
    ],
)
def test_columns_that_cannot_be_compared_are_an_error(kwargs: dict[str, Any], reason: str) -> None:
    """A column that is not there, or holds something else, is named; it is never left out silently."""
    frame = pd.DataFrame({"id": [1], "s": ["a"]})
    result = reconcile(frame, frame, **kwargs)
    assert result.error is not None
    assert result.error.reason == reason


# Across engines.

ORDERS = pd.DataFrame(
    {
        "id": [1, 2, 3, 2**53 + 1],
        "name": ["a", "A", "zürich ", None],
        "price": [Decimal("1.50"), Decimal("20.00"), None, Decimal("99999999.99")],
        "weight": [0.1, 1e300, None, -2.5],
        "paid": [True, False, None, True],
        "day": [date(2026, 1, 1), None, date(2026, 2, 28), date(1999, 12, 31)],
        "at": [START, START + timedelta(seconds=1), None, START],
    }
)
TYPES = {
    "id": sa.BigInteger(),
    "name": sa.Text(),
    "price": sa.Numeric(12, 4),
    "weight": sa.Double(),
    "paid": sa.Boolean(),
    "day": sa.Date(),
    "at": sa.DateTime(),
}


def fill(engine: Any, table: str, frame: pd.DataFrame) -> None:
    """Write orders into a table of a database."""
    if isinstance(engine, duckdb.DuckDBPyConnection):
        arrow = pa.Table.from_pandas(frame, preserve_index=False)
        engine.register("orders_of_a_test", arrow)
        engine.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM orders_of_a_test")
        engine.unregister("orders_of_a_test")
        return
    metadata = sa.MetaData()
    made = sa.Table(table, metadata, *(sa.Column(name, type_) for name, type_ in TYPES.items()))
    metadata.drop_all(engine)
    metadata.create_all(engine)
    rows = [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.astype(object).to_dict("records")
    ]
    with engine.begin() as connection:
        connection.execute(made.insert(), rows)


Open = Callable[[str], Any]
TABLE = "dpq_reconciled"


@pytest.fixture
def open_engine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Open]:
    """A function that opens a database of a kind; its table is dropped afterwards."""
    opened: list[sa.Engine] = []

    def engine(kind: str) -> Any:
        if kind == "duckdb":
            duck = duckdb.connect(str(tmp_path / "a.duckdb"))
            request.addfinalizer(duck.close)
            return duck
        url = f"sqlite:///{tmp_path / 'a.db'}" if kind == "sqlite" else str(request.getfixturevalue(f"{kind}_url"))
        opened.append(sa.create_engine(url, poolclass=sa.NullPool))
        return opened[-1]

    yield engine
    for one in opened:
        with one.begin() as connection:
            for table in (TABLE, f"{TABLE}_there"):
                connection.execute(sa.text(f"DROP TABLE IF EXISTS {table}"))


def changed_orders() -> pd.DataFrame:
    """Return the orders with one value changed in each row, and another row."""
    there = ORDERS.copy()
    there.loc[0, "name"] = "A"
    there.loc[1, "price"] = Decimal("20.0001")
    there.loc[2, "day"] = None
    there.loc[3, "paid"] = False
    more = ORDERS.iloc[[0]].assign(id=77)
    return pd.concat([there, more], ignore_index=True)


ACROSS = [
    ("file", "sqlite"),
    ("sqlite", "file"),
    ("duckdb", "file"),
    ("file", "duckdb"),
    ("duckdb", "sqlite"),
    ("duckdb", "duckdb"),
    *(
        pytest.param(here, there, marks=pytest.mark.service)
        for here, there in [
            ("file", "postgres"),
            ("mysql", "file"),
            ("postgres", "mysql"),
            ("mysql", "postgres"),
            ("postgres", "sqlite"),
            ("postgres", "postgres"),
        ]
    ),
]


@pytest.mark.filterwarnings("ignore:Dialect sqlite.pysqlite does .not. support Decimal")
@pytest.mark.parametrize(("here", "there"), ACROSS)
def test_engines_agree_about_what_is_the_same(here: str, there: str, open_engine: Open, tmp_path: Path) -> None:
    """Decimals of other scales, booleans that are integers, texts, days and times: the same on both sides, or not."""

    def run(frame: pd.DataFrame) -> CheckResult:
        options: dict[str, Any] = {}
        kwargs: dict[str, Any] = {"other_table": TABLE, "key_columns": ["id"]}
        if here == there:  # two tables of one database
            engine = open_engine(here)
            fill(engine, f"{TABLE}_there", frame)
            kwargs["other_table"] = f"{TABLE}_there"
            fill(engine, TABLE, ORDERS)
            options = {"connection": engine}
        else:
            if there == "file":
                frame.to_parquet(tmp_path / "there.parquet")
                options["references"] = {TABLE: tmp_path / "there.parquet"}
            else:
                engine_there = open_engine(there)
                fill(engine_there, TABLE, frame)
                kwargs["other_connection"] = "there"
                options["connect"] = {"there": engine_there}.__getitem__
            if here != "file":
                engine = open_engine(here)
                fill(engine, TABLE, ORDERS)
                options["connection"] = engine
        ORDERS.to_parquet(tmp_path / "here.parquet")
        data = str(tmp_path / "here.parquet") if here == "file" else TABLE
        (result,) = check(data, [{"type": KIND, "kwargs": kwargs}], **options).results
        return result

    same = run(ORDERS)
    assert (same.error, counts(same)) == (None, (0, 0, 0))
    figures: Any = same.result["figures"]
    assert [figure for figure in figures if not figure["agrees"]] == []
    changed = run(changed_orders())
    assert counts(changed) == (1, 0, 4)
    assert changed.result["changed_columns"] == {"name": 1, "price": 1, "paid": 1, "day": 1}


def test_many_rows_of_a_database_arrive_whole(tmp_path: Path) -> None:
    """Rows come in several chunks; integers of more than eight bytes and missing ones among them change nothing."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'many.db'}", poolclass=sa.NullPool)
    frame = pd.DataFrame({"id": range(50_000), "n": [None if i % 7 == 0 else i for i in range(50_000)]})
    frame.to_sql("many", engine, index=False, dtype={"n": sa.BigInteger()})
    options = {"connect": lambda _: engine}
    result = reconcile(
        frame.assign(n=frame["n"].astype("Int64")),
        None,
        options=options,
        other_table="many",
        other_connection="x",
        key_columns=["id"],
    )
    assert counts(result) == (0, 0, 0)
    assert result.result["matched_row_count"] == 50_000


@pytest.mark.service
def test_instants_of_postgres_are_compared_as_instants(request: pytest.FixtureRequest) -> None:
    """What a database gives with its own offset is the same instant."""
    pytest.importorskip("psycopg2")
    url = request.getfixturevalue("postgres_url")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    query = "SELECT 1 AS id, TIMESTAMPTZ '2026-07-01 12:00:00.25+02' AS at"
    there = pd.DataFrame({"id": [1], "at": [datetime(2026, 7, 1, 10, 0, 0, 250_000, tzinfo=UTC)]})
    assert counts(reconcile(query, there, key_columns=["id"], options={"connection": engine})) == (0, 0, 0)
