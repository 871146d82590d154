"""The audit trail is appended to and read from its end; a probe leaves no trace in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from airflow_provider_dpq.core.errors import StoreError
from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.store import AuditEvent, Store, open_store

NOON = datetime(2013, 7, 1, 12, 0, 0, 250, tzinfo=UTC)


def test_event_is_read_as_it_was_appended(store: Store) -> None:
    """Every field comes back, those that are not given as nothing."""
    full = AuditEvent(
        at=NOON,
        actor="ann@example.org",
        event="on_failure_callback",
        dag_id="flights_quality",
        task_id="check",
        run_id="scheduled__2013-01-01",
        map_index=3,
        try_number=2,
        verdict="fail",
        detail="owner: ann, " + "ß" * 10_000,
    )
    bare = AuditEvent(at=NOON.astimezone(timezone(timedelta(hours=9))), actor="", event="probe")
    store.append_audit(full)
    store.append_audit(bare)
    assert store.audit() == [bare, full]
    assert {event.at.utcoffset() for event in store.audit()} == {timedelta(0)}


def test_audit_is_in_the_order_of_appending(store: Store) -> None:
    """Clocks differ between machines: what was appended last comes first, whatever its time."""
    for number in range(103):
        store.append_audit(AuditEvent(at=NOON - timedelta(hours=number), actor="a", event=str(number)))
    assert [event.event for event in store.audit()] == [str(number) for number in range(102, 2, -1)]
    assert [event.event for event in store.audit(limit=2)] == ["102", "101"]


def test_same_event_may_happen_twice(store: Store) -> None:
    """The trail has no key: two equal events are two."""
    event = AuditEvent(at=NOON, actor="a", event="e")
    store.append_audit(event)
    store.append_audit(event)
    assert store.audit() == [event, event]


def test_event_without_a_time_zone_is_refused(store: Store) -> None:
    """When something happened must not depend on where the reader is."""
    with pytest.raises(StoreError, match="no time zone") as caught:
        store.append_audit(AuditEvent(at=NOON.replace(tzinfo=None), actor="a", event="e"))
    assert caught.value.reason == "invalid_time"


def test_probe_leaves_nothing_behind(store: Store, report: Report) -> None:
    """Trying whether the store can be written changes nothing that can be read."""
    store.write(report)
    entries = store.latest()
    store.probe()
    assert (store.audit(), store.latest()) == ([], entries)


def test_probe_finds_a_store_that_can_only_be_read(store: Store, store_path: Path) -> None:
    """A connection that is not allowed to write is told before a gate needs it."""
    with open_store(f"sqlite:///file:{store_path}?mode=ro&uri=true") as read_only:
        assert read_only.latest() == []
        with pytest.raises(StoreError) as caught:
            read_only.probe()
    assert caught.value.reason == "store_unwritable"
