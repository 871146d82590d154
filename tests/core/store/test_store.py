"""What is written to the store is read from it, once, whole, and in the order that was asked for."""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.report import CheckResult, DataInterval, Metric, Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.store import Entry, Store, open_store
from airflow_provider_dpq.core.store.entry import digest_of

Vary = Callable[..., Report]

FLIGHTS = Gate("flights_quality", "flights")
START = datetime(2013, 7, 1, 6, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _reason(action: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as caught:
        action()
    return caught.value.reason


def _ids(entries: list[Entry]) -> list[str]:
    return [entry.report_id for entry in entries]


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store that fills up with whatever Hypothesis writes into it."""
    return open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'dpq.db'}")


def _storable(report: Report) -> Report:
    source = report.provenance

    def clean(text: str | None) -> Any:
        return None if text is None else text.replace("\0", "0")

    names = {name: clean(getattr(source, name)) for name in ("dag_id", "task_id", "run_id")}
    fields = {name: clean(getattr(report, name)) for name in ("gate", "kind", "subject")}
    fields["id"] = str(uuid.uuid4())
    return report.model_copy(update={**fields, "provenance": source.model_copy(update=names)})


@settings(max_examples=50)
@given(data=st.data())
def test_report_is_read_as_it_was_written(
    shared_store: Store, reports: st.SearchStrategy[Report], data: st.DataObject
) -> None:
    """Whatever a report holds and however odd its names, the store returns an equal one, and its entry tells of it."""
    report = _storable(data.draw(reports))
    shared_store.write(report, replace=True)
    assert shared_store.report(report.id) == report
    (entry,) = [entry for entry in shared_store.history(report.identity, limit=10_000) if entry.report_id == report.id]
    source, interval = report.provenance, report.data_interval
    assert entry == Entry(
        number=entry.number,
        report_id=report.id,
        gate=report.gate,
        kind=report.kind,
        subject=report.subject,
        verdict=report.verdict,
        dag_id=source.dag_id or None,
        measured_by=source.dag_id or None,
        task_id=source.task_id or None,
        run_id=source.run_id,
        map_index=source.map_index,
        try_number=source.try_number,
        label=source.label,
        gate_tasks=source.gate_tasks,
        data_interval_start=interval.start if interval else None,
        data_interval_end=interval.end if interval else None,
        started_at=report.started_at,
        duration_seconds=report.duration_seconds,
    )


def test_report_is_there_after_the_store_is_opened_again(store: Store, store_url: str, report: Report) -> None:
    """A report outlives the store object that wrote it."""
    store.write(report)
    store.close()
    with open_store(store_url) as again:
        assert again.report(report.id) == report


@pytest.mark.parametrize(
    "other",
    [
        {"gate": "planes"},
        {"dag_id": "other"},
        {"dag_id": None},
        {"dag_id": ""},
        {"task_id": None},
        {"run_id": "other"},
        {"map_index": -1},
        {"try_number": 2},
    ],
)
def test_report_is_refused_twice_for_one_try_only(store: Store, variant: Vary, other: dict[str, Any]) -> None:
    """A second report of the same gate, task instance and try is refused, outside Airflow too; any other is kept."""
    first, second = variant(), variant(**other)
    for kept in (first, second):
        store.write(kept)
        again = variant(**(other if kept is second else {}), subject="another")
        assert _reason(lambda again=again: store.write(again)) == "report_exists"
        assert _reason(lambda again=again: store.report(again.id)) == "unknown_report"
    assert store.report(first.id) == first
    assert store.report(second.id) == second


def test_report_that_exists_is_named(store: Store, variant: Vary) -> None:
    """The refusal says which gate, task instance and try it is about."""
    store.write(variant())
    with pytest.raises(
        StoreError, match=r"Gate 'flights_quality > flights' .* try 1 of task 'check' \(map index 3\) in run 'scheduled"
    ):
        store.write(variant())


@pytest.mark.parametrize("replace", [False, True])
def test_identifier_of_another_report_is_refused(store: Store, variant: Vary, replace: bool) -> None:
    """An identifier belongs to one report: a different one under it is refused, even in place of a third."""
    first, second = variant(), variant(try_number=2)
    store.write(first)
    store.write(second)
    thief = variant(try_number=2 if replace else 3, id=first.id)
    assert _reason(lambda: store.write(thief, replace=replace)) == "report_exists"
    assert (store.report(first.id), store.report(second.id)) == (first, second)


def test_replaced_report_is_gone(store: Store, variant: Vary) -> None:
    """A report that may replace takes the place of the one of the same try, or its own place where there is none."""
    first, second, other = variant(), variant(verdict=Verdict.PASS, started_at=START), variant(try_number=2)
    for written in (first, second, other):
        store.write(written, replace=True)
    assert store.report(second.id) == second
    assert set(_ids(store.history(FLIGHTS))) == {second.id, other.id}
    assert next(entry for entry in store.history(FLIGHTS) if entry.try_number == 1).verdict is Verdict.PASS
    assert _reason(lambda: store.report(first.id)) == "unknown_report"


def test_unknown_report_is_named(store: Store) -> None:
    """An identifier that is not there is an error that repeats it and says how to find the right one."""
    with pytest.raises(StoreError, match=r"store sqlite:.* has no report 'nowhere'.*dpq report list") as caught:
        store.report("nowhere")
    assert caught.value.reason == "unknown_report"


def test_history_is_of_one_gate_and_newest_first(store: Store, variant: Vary) -> None:
    """The order is that of writing, whatever the clocks of those who measured said."""
    written = [
        variant(run_id=f"run {number}", started_at=START + hours * HOUR) for number, hours in enumerate((1, 3, 2, 2))
    ]
    for report in [*written, variant(gate="Flights"), variant(gate="flights ")]:
        store.write(report)
    newest_first = [report.id for report in reversed(written)]
    assert _ids(store.history(FLIGHTS)) == newest_first
    assert _ids(store.history(FLIGHTS, limit=2)) == newest_first[:2]
    assert store.history(Gate("flights_quality", "nothing")) == []


def test_reports_of_a_gate_come_whole_and_newest_first(store: Store, variant: Vary) -> None:
    """What is asked for is read back as it was written: of one gate and one kind, at most so many."""
    kinds = ("quality", "load", "quality", "quality")
    written = [
        variant(run_id=str(number), kind=kind, started_at=START + number * HOUR) for number, kind in enumerate(kinds)
    ]
    for report in [*written, variant(gate="others")]:
        store.write(report)
    assert store.reports(FLIGHTS, limit=2, kind="quality") == [written[3], written[2]]


def test_history_has_twenty_entries_by_default(store: Store, variant: Vary) -> None:
    """A long history is cut where nobody asks for more."""
    for number in range(21):
        store.write(variant(run_id=str(number), started_at=START + number * HOUR))
    assert [entry.run_id for entry in store.history(FLIGHTS)] == [str(number) for number in range(20, 0, -1)]


def test_history_may_be_of_one_kind(store: Store, variant: Vary) -> None:
    """Entries of another kind do not count, not even towards the limit."""
    for number, kind in enumerate(("load", "quality", "load", "load")):
        store.write(variant(run_id=str(number), kind=kind, started_at=START + number * HOUR))
    assert [entry.run_id for entry in store.history(FLIGHTS, kind="quality", limit=1)] == ["1"]
    assert [entry.run_id for entry in store.history(FLIGHTS, kind="load", limit=2)] == ["3", "2"]


def test_of_task_returns_one_task_instance(store: Store, variant: Vary) -> None:
    """All gates of the task instance, its newest try first, and nothing of its neighbours."""
    mine = {"dag_id": "d", "task_id": "t", "run_id": "r", "map_index": -1}
    tries = [
        variant(**mine, try_number=number, started_at=START - number * HOUR, gate=gate)
        for number, gate in ((1, "a"), (2, "a"), (2, "b"), (3, "a"))
    ]
    others = [
        variant(**{**mine, **other}) for other in ({"dag_id": "e"}, {"task_id": "u"}, {"run_id": "s"}, {"map_index": 0})
    ]
    for report in [*tries, *others]:
        store.write(report)
    entries = store.of_task("d", "t", "r")
    assert [(entry.try_number, entry.gate) for entry in entries] == [(3, "a"), (2, "b"), (2, "a"), (1, "a")]
    assert _ids(store.of_task("d", "t", "r", 0)) == [others[3].id]
    assert store.of_task("d", "t", "nothing") == []


def test_newest_run_of_an_interval_is_of_exactly_that_interval(store: Store, variant: Vary) -> None:
    """The newest run of this gate about this interval, in whatever time zone it is asked for."""
    day = DataInterval(start=START, end=START + 24 * HOUR)
    others = [DataInterval(start=START, end=START + HOUR), DataInterval(start=START + HOUR, end=day.end), None]
    same = [
        variant(run_id=f"same {number}", data_interval=day, started_at=START + number * HOUR) for number in range(3)
    ]
    for number, interval in enumerate(others):
        store.write(variant(run_id=f"other {number}", data_interval=interval))
    store.write(variant(gate="planes", data_interval=day))
    for report in same:
        store.write(report)
    for zone in (UTC, timezone(timedelta(hours=9))):
        run = store.newest_run(FLIGHTS, interval=(day.start.astimezone(zone), day.end.astimezone(zone)))
        assert run is not None
        assert _ids(list(run.entries)) == [same[-1].id]
    assert store.newest_run(FLIGHTS, interval=(day.start, day.end + HOUR)) is None


def test_times_are_returned_in_utc(store: Store, variant: Vary) -> None:
    """The instant is kept to the microsecond, whatever zone it was given in."""
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2013, 7, 1, 1, 2, 3, 4, tzinfo=tokyo)
    interval = DataInterval(start=moment, end=moment + HOUR)
    store.write(variant(started_at=moment, data_interval=interval))
    (entry,) = store.history(FLIGHTS)
    times = (entry.started_at, entry.data_interval_start, entry.data_interval_end)
    assert times == (moment, moment, moment + HOUR)
    assert {time.utcoffset() for time in times if time} == {timedelta(0)}


def test_latest_is_the_newest_of_each_gate_by_dag_and_name(store: Store, variant: Vary) -> None:
    """Gates of one name in several DAGs are several gates, in the order of DAGs and names."""
    assert store.latest() == []
    newest = {}
    for gate in ("b", "a", "c"):
        for number, dag_id in enumerate(("y", None, "x", "y")):
            report = variant(gate=gate, dag_id=dag_id, run_id=str(number), started_at=START - number * HOUR)
            store.write(report)
            newest[report.identity] = report.id
    assert [(run.gate, run.worst.report_id) for run in store.latest()] == sorted(newest.items())
    assert store.gates() == sorted(newest)
    assert store.gates("b") == [Gate("", "b"), Gate("x", "b"), Gate("y", "b")]
    assert store.gates("d") == []


def test_latest_of_some_dags_leaves_out_all_others(store: Store, variant: Vary) -> None:
    """What is from no DAG never shows."""
    for gate, dag_id, hours in (("a", "x", 1), ("a", "y", 2), ("a", None, 3), ("b", "y", 1), ("c", None, 1)):
        store.write(variant(gate=gate, dag_id=dag_id, run_id=f"{gate} {dag_id}", started_at=START + hours * HOUR))

    def shown(*dag_ids: str) -> list[tuple[str, str | None]]:
        return [(run.gate.name, run.gate.dag_id) for run in store.latest(dag_ids=dag_ids)]

    assert shown("x") == [("a", "x")]
    assert shown("x", "y") == [("a", "x"), ("a", "y"), ("b", "y")]
    assert shown("z") == shown("") == shown() == []
    assert [str(run.gate) for run in store.latest()] == ["a", "c", "x > a", "y > a", "y > b"]


def test_latest_is_what_was_written_last(store: Store, variant: Vary) -> None:
    """A clock ahead does not outrank a later report."""
    first, second = variant(run_id="1", started_at=START + 9000 * HOUR), variant(run_id="2")
    store.write(first)
    store.write(second)
    assert _ids([run.worst for run in store.latest()]) == [second.id]


@pytest.mark.parametrize("field", ["gate", "kind", "subject", "dag_id", "task_id", "run_id", "id"])
@pytest.mark.parametrize("character", ["\0", chr(0xD800), chr(0xDFFF)])
def test_text_that_a_database_would_refuse_is_refused_by_all(
    store: Store, variant: Vary, field: str, character: str
) -> None:
    """PostgreSQL has no NUL and nobody has half a surrogate pair, so neither is kept anywhere."""
    report = variant(**{field: f"a{character}b"})
    expected = "invalid_text" if character == "\0" else "unreadable_report"
    assert _reason(lambda: store.write(report)) == expected
    assert store.latest() == []


@pytest.mark.parametrize("field", ["gate", "kind", "dag_id", "task_id", "run_id", "id"])
def test_name_may_have_250_characters(store: Store, variant: Vary, field: str) -> None:
    """As many as an identifier of Airflow may have, in any script; one more is refused with the number."""
    store.write(variant(**{field: chr(0x1D524) * 250}))
    with pytest.raises(StoreError, match=r"is 251 characters long\. Use at most 250") as caught:
        store.write(variant(**{field: "g" * 251, "try_number": 2}))
    assert caught.value.reason == "invalid_text"


def test_subject_may_be_long(store: Store, variant: Vary) -> None:
    """The subject of a gate can be a whole query."""
    report = variant(subject="SELECT 1 " * 10_000)
    store.write(report)
    assert store.history(FLIGHTS)[0].subject == report.subject


@pytest.mark.parametrize("names", [("a\0b", "t", "r"), ("d", "a\udc80b", "r")])
def test_text_that_cannot_be_there_is_refused_when_it_is_looked_for(store: Store, names: tuple[str, str, str]) -> None:
    """A lookup of what no database can hold is an error of the store, on all databases the same."""
    assert _reason(lambda: store.of_task(*names)) == "invalid_text"
    assert _reason(lambda: store.report(names[0] + names[1])) == "invalid_text"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2013, 7, 1), "timezone"),  # noqa: DTZ001
        (datetime.min.replace(tzinfo=timezone(HOUR)), "cannot be converted to UTC"),
    ],
)
def test_time_that_is_no_instant_is_refused(store: Store, variant: Vary, moment: datetime, text: str) -> None:
    """A time without a zone could be any, and is kept nowhere and looked for nowhere."""
    refused = ("invalid_time", "unreadable_report")
    with pytest.raises(StoreError, match=text) as caught:
        store.write(variant(started_at=moment))
    assert caught.value.reason in refused
    interval = DataInterval.model_construct(start=moment, end=START)
    assert _reason(lambda: store.write(variant(data_interval=interval))) in refused
    assert _reason(lambda: store.newest_run(FLIGHTS, interval=(START, moment))) == "invalid_time"
    assert store.latest() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"duration_seconds": float("nan")},
        {"metrics": (Metric.model_construct(name="m", value=1, unit="", tags={}, interval=(0.0, float("inf"))),)},
    ],
)
def test_report_that_could_not_be_read_is_not_written(store: Store, variant: Vary, fields: dict[str, Any]) -> None:
    """What the codec writes but does not read back would be acknowledged and lost: it is refused."""
    assert _reason(lambda: store.write(variant(**fields))) == "unreadable_report"
    assert store.latest() == []


def test_large_report_is_kept_whole(store: Store, variant: Vary, make_check: Callable[..., CheckResult]) -> None:
    """A report with a million values comes back with all of them."""
    report = variant(checks=(make_check(result={"unexpected_list": [str(number) for number in range(1_000_000)]}),))
    store.write(report)
    assert store.report(report.id) == report


def test_store_keeps_nothing_open(store: Store, store_path: Path, report: Report) -> None:
    """Between two calls no file is open, so that a forked process shares nothing with its parent."""
    store.write(report)
    store.history(FLIGHTS)
    opened = [str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
    assert not [path for path in opened if path.startswith(str(store_path))]


def test_store_that_was_deleted_is_told(store: Store, store_path: Path, variant: Vary) -> None:
    """A report is never acknowledged into a file that is gone."""
    store.write(variant())
    shutil.rmtree(store_path.parent)
    assert _reason(lambda: store.write(variant(try_number=2))) == "store_unreachable"


def test_report_of_a_newer_release_is_told(store: Store, store_path: Path, report: Report) -> None:
    """A report whose schema this release does not know is an error, and its entry is listed all the same."""
    newer = report.to_json().replace('"schema_version":1', '"schema_version":9')
    store.write(report)
    with closing(sqlite3.connect(store_path)) as connection, connection:
        connection.execute("UPDATE dpq_report SET document = ?, digest = ?", (newer, digest_of(newer)))
    assert _reason(lambda: store.report(report.id)) == "unreadable_report"
    assert _ids(store.history(FLIGHTS)) == [report.id]


def test_identifiers_are_not_guessed(store: Store, report: Report) -> None:
    """Part of an identifier, a pattern or SQL finds nothing."""
    store.write(report)
    for wrong in (report.id[:8], "%", "' OR '1'='1", str(uuid.uuid4()), report.id.upper()):
        assert _reason(lambda wrong=wrong: store.report(wrong)) == "unknown_report"


def test_numbers_count_up_where_the_newest_is_replaced(store: Store, variant: Vary) -> None:
    """No number comes twice: what starts after a report would else take its successor for it."""
    first, numbers = variant(), []
    store.write(first)
    for report in (first, variant(), variant()):
        store.write(report, replace=True)
        numbers.append(store.history(first.identity)[0].number)
    assert numbers == sorted(set(numbers))
    assert numbers[0] > 1
