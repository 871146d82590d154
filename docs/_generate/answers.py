"""What each expectation answers: asked about the orders, about one row more without any value, and about no rows."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from airflow_provider_dpq.core.gate.metric import Metric
from airflow_provider_dpq.core.gate.report import CheckResult, Provenance, Report, make_report
from airflow_provider_dpq.core.gate.threshold import parse_thresholds
from airflow_provider_dpq.core.quality import check
from docs._generate.examples import COUNTRIES, EXAMPLES, NOW, ROWS, TYPES

if TYPE_CHECKING:
    import pandas as pd

IN_DUCKDB: Final = "brought into DuckDB"
_BY: Final = {
    "scan": "scan",
    "distinct values": "distinct values",
    "duckdb": IN_DUCKDB,
    "gx": "Great Expectations",
    "history": "the history",
    None: "refused",
}


@dataclass(frozen=True)
class Answers:
    """The results of one expectation on one kind of source.

    Attributes:
        full: About the orders.
        missing: About the orders and a row without any value.
        empty: About no rows.
    """

    full: CheckResult
    missing: CheckResult
    empty: CheckResult

    @property
    def by(self) -> str:
        """Who evaluates it."""
        return "refused" if self.full.error else _BY[self.full.evaluated_by]

    @property
    def of_missing(self) -> str:
        """What becomes of a row without a value."""
        if self.full.error:
            return ""
        for name, word in (
            ("unexpected_count", "unexpected"),
            ("missing_count", "skipped"),
            ("element_count", "expected"),
        ):
            if _number(self.missing, name) > _number(self.full, name):
                return word
        same = self.full.result.get("observed_value") == self.missing.result.get("observed_value")
        return "no effect" if same else "counted"

    @property
    def of_no_rows(self) -> str:
        """What it says of no rows."""
        if self.full.error:
            return ""
        seen = self.empty.result.get("observed_value")
        if isinstance(seen, (int, float)) and seen != self.full.result["observed_value"]:
            return f"observes {seen}"
        return "holds" if self.empty.success or not self.full.success else "fails"


def _number(result: CheckResult, name: str) -> float:
    value = result.result.get(name)
    return value if isinstance(value, (int, float)) else 0


@cache
def on_frames() -> Mapping[str, Answers]:
    """Ask about pandas frames; files are answered the same way."""
    references = {"countries": _countries(), "shop_orders": _orders()[0]}
    found = [check(frame, _suite(), references=references, now=NOW, history=_history).results for frame in _orders()]
    return {result[0].type: Answers(*result) for result in zip(*found, strict=True)}


@cache
def on_databases() -> Mapping[str, Answers]:
    """Ask about tables of SQLite, which stands for databases here."""
    import sqlalchemy as sa

    types = {"int64": sa.Integer(), "str": sa.String(), "float64": sa.Double(), "datetime64[us]": sa.DateTime()}
    found = []
    with tempfile.TemporaryDirectory() as directory:
        for number, frame in enumerate(_orders()):
            engine = sa.create_engine(f"sqlite:///{Path(directory) / f'{number}.db'}", poolclass=sa.NullPool)
            columns = {name: types[kind] for name, kind in TYPES.items()}
            frame.to_sql("orders", engine, index=False, dtype=columns)
            _orders()[0].to_sql("shop_orders", engine, index=False, dtype=columns)
            _countries().to_sql("countries", engine, index=False)
            found.append(check("orders", _suite(), connection=engine, now=NOW, history=_history).results)
    return {result[0].type: Answers(*result) for result in zip(*found, strict=True)}


def _suite() -> list[dict[str, object]]:
    return [{"type": kind, "kwargs": dict(arguments)} for kind, arguments in EXAMPLES.items()]


def _orders() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the orders, the orders with a row more that has no value, and no orders."""
    import pandas as pd

    orders = pd.DataFrame(ROWS, columns=list(TYPES)).astype(TYPES)
    absent = pd.DataFrame([[None] * len(TYPES)], columns=list(TYPES), dtype=object)
    more = pd.concat([orders.astype(object), absent], ignore_index=True).astype({**TYPES, "order_id": "float64"})
    return orders, more, orders.iloc[:0]


def _history(limit: int) -> list[Report]:
    """Return reports of a gate that always saw as many orders as there are."""
    reports = [
        make_report(
            gate="orders",
            kind="quality",
            subject="orders",
            provenance=Provenance(run_id=str(number)),
            started_at=datetime(2026, 1, 9 - number, tzinfo=UTC),
            duration_seconds=1,
            metrics=[Metric(name="row_count", value=len(ROWS))],
            thresholds=parse_thresholds(["row_count > 0"], "quality"),
        )
        for number in range(5)
    ]
    return reports[:limit]


def _countries() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({"code": COUNTRIES})
