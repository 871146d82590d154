"""Contracts of our own form: what is read, what contradicts itself, and what a table that breaks one is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
import yaml

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.quality import check
from airflow_provider_dpq.core.quality.contract.read import load_contract
from airflow_provider_dpq.core.quality.suite import load_suite, validate_suite
from tests.core.quality.answers import answer

KIND = "table_to_match_contract"
CONTRACT: dict[str, Any] = {
    "name": "orders",
    "version": 2,
    "columns": [
        {"name": "order_id", "type": "integer", "primary_key": True},
        {"name": "country", "type": "string", "required": True},
        {"name": "amount", "type": "number"},
        {"name": "ordered_at", "type": "timestamp"},
        {"name": "note", "type": "string", "optional": True},
    ],
}
ORDERS = pd.DataFrame(
    {
        "order_id": [1, 2, 3],
        "country": pd.Series(["NO", "SE", "NO"], dtype="str"),
        "amount": [10.0, None, 30.0],
        "ordered_at": pd.to_datetime(["2026-01-01", None, "2026-01-03"]),
    }
)


def _broken(data: Any, contract: Any = CONTRACT, options: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
    result = answer(data, KIND, options=options, contract=contract, **kwargs)
    assert result.error is None, result.error
    details: Any = result.result["details"]
    assert result.success is (not details["mismatched"])
    assert result.result["observed_value"] == len(details["mismatched"])
    return [(item["column"], item["rule"], item["found"]) for item in details["mismatched"]]


def _columns(*columns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"columns": list(columns), **more}


def test_table_that_keeps_its_contract_holds() -> None:
    """A column that may be null may, one that is optional may be absent, and others may be there."""
    assert _broken(ORDERS) == []
    assert _broken(ORDERS.assign(more=1)) == []


def test_each_broken_promise_is_told_with_its_column() -> None:
    """One result names every column and what is wrong with it."""
    wrong = ORDERS.drop(columns="ordered_at").assign(
        order_id=[1, 1, 3], country=pd.Series(["NO", None, None], dtype="str"), amount=["10", "20", "30"], extra=1
    )
    assert _broken(wrong, {**CONTRACT, "additional_columns": False}) == [
        ("country", "required", "2 missing"),
        ("amount", "type", "str"),
        ("ordered_at", "column", "absent"),
        ("order_id", "unique", "2 rows that share theirs"),
        ("", "additional_columns", "extra"),
    ]


def test_expectation_may_forbid_additional_columns_itself() -> None:
    """The contract's own answer is overruled."""
    assert _broken(ORDERS.assign(extra=1), additional_columns=False) == [("", "additional_columns", "extra")]
    closed = {**CONTRACT, "additional_columns": False}
    assert _broken(ORDERS.assign(extra=1), closed, additional_columns=True) == []


def test_primary_key_of_several_columns_is_unique_together() -> None:
    """Neither column alone need be."""
    contract = _columns({"name": "a", "primary_key": True}, {"name": "b", "primary_key": True})
    frame = pd.DataFrame({"a": [1, 1, 2], "b": [1, 2, 1]})
    assert _broken(frame, contract) == []
    assert _broken(pd.concat([frame, frame[:1]]), contract) == [("a, b", "primary_key", "2 rows that share theirs")]
    assert _broken(frame.assign(b=[1.0, 2.0, None]), contract) == [("b", "required", "1 missing")]


def test_optional_column_is_held_to_its_contract_where_it_is_there() -> None:
    """Absent is fine, of another type is not."""
    assert _broken(ORDERS.assign(note=1)) == [("note", "type", "int64")]
    unique = _columns({"name": "note", "optional": True, "unique": True})
    assert _broken(ORDERS, unique) == []
    assert _broken(ORDERS.assign(note=1), unique) == [("note", "unique", "3 rows that share theirs")]


@pytest.mark.parametrize(
    ("type_", "values", "held"),
    [
        ("integer", [1], True),
        ("integer", [1.5], False),
        ("float", [1.5], True),
        ("float", [1], False),
        ("decimal", [Decimal("1.5")], True),
        ("number", [Decimal("1.5")], True),
        ("number", [1], True),
        ("number", ["1"], False),
        ("boolean", [True], True),
        ("boolean", [1], False),
        ("string", ["1"], True),
        ("string", [1], False),
        ("date", [date(2026, 1, 1)], True),
        ("date", [datetime(2026, 1, 1)], False),  # noqa: DTZ001
        ("timestamp", [datetime(2026, 1, 1)], True),  # noqa: DTZ001
        ("timestamp", [datetime(2026, 1, 1, tzinfo=UTC)], True),
        ("timestamp_ntz", [datetime(2026, 1, 1, tzinfo=UTC)], False),
        ("timestamp_tz", [datetime(2026, 1, 1, tzinfo=UTC)], True),
        ("timestamp_tz", [datetime(2026, 1, 1)], False),  # noqa: DTZ001
        (["date", "timestamp"], [date(2026, 1, 1)], True),
        ("other", [b"1"], True),
        ("other", ["1"], False),
        (["string", "other"], [[1]], True),
    ],
)
def test_type_is_that_of_the_column(type_: Any, values: list[Any], held: bool, tmp_path: Path) -> None:
    """A type is what the source holds, not what its values might be read as."""
    path = tmp_path / "x.parquet"
    pd.DataFrame({"x": values}).to_parquet(path)
    assert (_broken(path, _columns({"name": "x", "type": type_})) == []) is held


@pytest.mark.parametrize(
    ("type_", "values", "found"),
    [
        ("string", ["001", "002"], None),
        ("integer", ["1", "2"], None),
        ("decimal", ["1.5", "2"], None),
        ("float", ["1", "2"], None),
        ("integer", ["1.5", "2"], "float"),
        ("integer", ["", ""], None),
        ("date", ["2026-01-01", ""], None),
        ("date", ["soon", ""], "string"),
        ("timestamp", ["2026-01-01 10:00:00", ""], None),
        ("boolean", ["true", "false"], None),
        ("other", ["1", "2"], "string"),
        (["integer", "other"], ["1", "2"], None),
        (["integer", "other"], ["1", "x"], "1 values that are none"),
        ("integer", [*("1" for _ in range(30_000)), "many"], "1 values that are none"),
    ],
)
def test_type_of_text_is_what_every_value_reads_as(
    type_: Any, values: list[str], found: str | None, tmp_path: Path
) -> None:
    """CSV has no types: digits may be a code, a column without a value is of any type, and one bad value is found."""
    path = tmp_path / "x.csv"
    path.write_text("x,y\n" + "".join(f"{value},1\n" for value in values))
    assert _broken(path, _columns({"name": "x", "type": type_})) == ([("x", "type", found)] if found else [])


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ([{"name": "a"}, {"name": "a"}], "a is declared twice"),
        ([{"name": "a", "required": True, "nullable": True}], "a is both required and nullable"),
        ([{"name": "a", "required": False, "nullable": False}], "a is neither required nor nullable"),
        ([{"name": "a", "type": "int32"}], "a is of unknown type 'int32': use integer, float"),
        ([{"name": "a", "primary_key": True, "required": False}], "a is of the primary key and not required"),
        ([{"name": "a", "primary_key": True, "nullable": True}], "a is of the primary key and not required"),
        ([{"name": "a", "primary_key": True, "unique": False}], "a is the primary key and not unique"),
        ([{"name": "a", "optional": True, "required": True}], "a is optional, and of the primary key or required"),
        ([{"name": "a", "optional": True, "primary_key": True}], "a is optional, and of the primary key or required"),
        ([{"name": "a", "typ": "integer"}], "columns.0.typ: Extra inputs are not permitted"),
        ([{"name": ""}], "columns.0.name: String should have at least 1 character"),
        ([{"type": "integer"}], "columns.0.name: Field required"),
        ([], "columns: Tuple should have at least 1 item"),
        ("a, b", "columns: Input should be a valid tuple"),
    ],
)
def test_contract_that_contradicts_itself_is_refused_at_load(columns: Any, told: str) -> None:
    """Before any data are read, and while a DAG is parsed."""
    suite = [{"type": f"expect_{KIND}", "kwargs": {"contract": {"columns": columns}}}]
    for refused in (lambda: load_contract({"columns": columns}), lambda: validate_suite(suite)):
        with pytest.raises(DeclarationError) as caught:
            refused()
        assert caught.value.reason == "invalid_contract"
        assert told in str(caught.value)


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_contract_may_be_a_file(suffix: str, tmp_path: Path) -> None:
    """JSON or YAML, by its name."""
    path = tmp_path / f"orders.{suffix}"
    path.write_text(json.dumps(CONTRACT) if suffix == "json" else yaml.safe_dump(CONTRACT))
    assert _broken(ORDERS, str(path)) == []
    assert load_contract(path).version == "2"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        (None, "", "unreadable_contract"),
        ("x.yaml", "columns: [", "invalid_contract"),
        ("x.json", "{", "invalid_contract"),
        ("x.yaml", "- a", "invalid_contract"),
        ("x.yaml", "name: orders", "invalid_contract"),
    ],
)
def test_contract_in_a_file_that_is_none_is_refused(name: str | None, text: str, reason: str, tmp_path: Path) -> None:
    """What cannot be read is refused when the gate runs, with the file's name."""
    path = tmp_path / (name or "absent.yaml")
    if name:
        path.write_text(text)
    with pytest.raises(DeclarationError) as caught:
        check(ORDERS, [{"type": f"expect_{KIND}", "kwargs": {"contract": str(path)}}])
    assert caught.value.reason == reason


def test_contract_in_a_file_is_not_needed_while_the_dag_is_parsed() -> None:
    """The worker may have what the processor of DAGs has not."""
    validate_suite([{"type": f"expect_{KIND}", "kwargs": {"contract": "/nowhere/orders.yaml", "previous": "/no.yaml"}}])


def test_change_that_breaks_the_previous_version_does_not_hold() -> None:
    """Removed columns and changed types are told beside what the table itself breaks."""
    previous = _columns({"name": "order_id", "type": "string"}, {"name": "customer", "required": True})
    found = _broken(ORDERS, previous=previous)
    assert found == [
        ("order_id", "compatibility", "integer, which breaks readers"),
        ("order_id", "compatibility", "required, which breaks data"),
        ("customer", "compatibility", "removed, which breaks readers"),
        ("country", "compatibility", "added, required, which breaks data"),
        ("order_id", "compatibility", "unique, which breaks data"),
        ("", "compatibility", "primary key (order_id), which breaks data"),
    ]
    assert _broken(ORDERS, previous=CONTRACT) == []


def test_contract_may_be_the_suite_itself(tmp_path: Path) -> None:
    """Each promise is a check of its own, with its samples."""
    path = tmp_path / "orders.yaml"
    path.write_text(yaml.safe_dump(CONTRACT))
    for suite in (path, str(path), CONTRACT):
        loaded = load_suite(suite)
        assert loaded.name == "orders"
        assert [declared.type for declared in loaded.expectations] == [
            "expect_table_to_match_contract",
            "expect_column_values_to_not_be_null",
            "expect_column_values_to_not_be_null",
            "expect_column_values_to_be_unique",
        ]
    validate_suite(CONTRACT)
    wrong = ORDERS.assign(order_id=[1, 1, 3], amount=["1", "2", "3"])
    schema, *rows = check(wrong, path).results
    assert [item["rule"] for item in schema.result["details"]["mismatched"]] == ["type"]  # type: ignore[index, call-overload, union-attr]
    assert [result.verdict for result in rows] == [Verdict.PASS, Verdict.PASS, Verdict.FAIL]
    assert rows[-1].result["partial_unexpected_list"] == [1, 1]


def test_optional_column_that_is_absent_breaks_no_check_of_the_suite() -> None:
    """Its uniqueness is checked where it is there."""
    contract = _columns({"name": "order_id"}, {"name": "note", "optional": True, "unique": True})
    assert check(ORDERS, contract).success
    assert not check(ORDERS.assign(note=1), contract).success


def test_column_whose_values_cannot_be_told_apart_is_an_error() -> None:
    """What was not measured has not passed."""
    frame = pd.DataFrame({"a": [[1], [1]]})
    result = answer(frame, KIND, contract=_columns({"name": "a", "unique": True}))
    assert result.error is not None
    assert (result.error.reason, result.verdict) == ("unsupported_expectation", Verdict.ERROR)


_SERVERS = [pytest.param(f"{name}_url", marks=pytest.mark.service) for name in ("postgres", "mysql")]


@pytest.fixture(params=["sqlite", *_SERVERS])
def database(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A database with a table that keeps its contract, but for one type, one missing value and one repeated key."""
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue(request.param)
    engine = sa.create_engine(url, poolclass=sa.StaticPool)
    table = sa.Table(
        "dpq_contract",
        sa.MetaData(),
        sa.Column("order_id", sa.BigInteger()),
        sa.Column("country", sa.String(2)),
        sa.Column("amount", sa.Numeric(10, 2)),
        sa.Column("paid", sa.Boolean()),
        sa.Column("day", sa.Date()),
        sa.Column("at", sa.DateTime()),
    )
    row = {"order_id": 1, "country": "NO", "amount": 1, "paid": True, "day": date(2026, 1, 1)}
    moment = datetime(2026, 1, 1)  # noqa: DTZ001
    with engine.begin() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        connection.execute(table.insert(), [row | {"at": moment}, row | {"country": None, "at": moment}])
    yield engine
    table.drop(engine)
    engine.dispose()


def test_table_of_a_database_is_held_to_its_contract(database: sa.Engine) -> None:
    """Types are the database's own; one scan and a query for each key answer them."""
    contract = _columns(
        {"name": "order_id", "type": "integer", "unique": True},
        {"name": "country", "type": "string", "required": True},
        {"name": "amount", "type": "decimal"},
        {"name": "paid", "type": "boolean"},
        {"name": "day", "type": "date"},
        {"name": "at", "type": "date"},
    )
    found = _broken("dpq_contract", contract, {"connection": database})
    assert [(column, rule) for column, rule, _ in found] == [
        ("country", "required"),
        ("at", "type"),
        ("order_id", "unique"),
    ]
