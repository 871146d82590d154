"""The newest run of a gate: what each of its task instances decided last, and the verdict that follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from airflow_provider_dpq.core.gate.identity import Gate
from airflow_provider_dpq.core.gate.merged import Instance, names, tally
from airflow_provider_dpq.core.gate.verdict import Verdict, worst
from airflow_provider_dpq.core.store.entry import Entry


@dataclass(frozen=True, slots=True)
class NewestRun:
    """The newest run of a gate, with the newest try of each of its task instances.

    Attributes:
        entries: One for each task instance, the worst first; never empty.
    """

    entries: tuple[Entry, ...]

    @property
    def gate(self) -> Gate:
        """The gate."""
        return self.entries[0].identity

    @property
    def run_id(self) -> str:
        """The run."""
        return self.entries[0].run_id

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all instances."""
        return worst(entry.verdict for entry in self.entries)

    @property
    def worst(self) -> Entry:
        """The entry that decides the verdict; of several equally bad ones the first part."""
        return self.entries[0]

    @property
    def number(self) -> int:
        """The number of its newest report, by which runs are ordered."""
        return max(entry.number for entry in self.entries)

    @property
    def tasks(self) -> frozenset[str]:
        """The tasks whose instances all report under this gate, or may do so, according to the reports.

        A report of an older release does not say; from it, its task is taken if it is mapped.
        """
        return frozenset(
            task
            for entry in self.entries
            for task in (entry.gate_tasks if entry.gate_tasks is not None else _mapped(entry))
        )

    @property
    def known_tasks(self) -> frozenset[str]:
        """The tasks that have reported, and those that report under this gate, or may do so."""
        return self.tasks | {entry.task_id or "" for entry in self.entries}

    @property
    def names(self) -> tuple[str, ...]:
        """What each instance is called, in the order of the entries; empty where it is not mapped."""
        instances = [Instance(entry.label, entry.subject, entry.map_index) for entry in self.entries]
        named = names(instances) if any(entry.map_index >= 0 for entry in self.entries) else [""] * len(instances)
        return tuple(named)

    @property
    def tally(self) -> str:
        """How many of several instances decided as the worst, and which of them: ``1 of 5 failed: part3.csv``.

        Empty where there is one instance.
        """
        return tally(list(zip(self.names, (entry.verdict for entry in self.entries), strict=True)))


def _outlived(written_last: Entry, entry: Entry) -> bool:
    """Whether what was written last is of a try that a later one had taken the place of: its worker was given up.

    A try of a lower number that began after one of a higher number is of a run of the same id: the first was deleted.
    """
    if entry.try_number <= written_last.try_number:
        return False
    begun, last = entry.started_at, written_last.started_at
    return entry.problem is not None or (begun is not None and last is not None and begun > last)


def _mapped(entry: Entry) -> tuple[str, ...]:
    return (str(entry.task_id),) if entry.map_index >= 0 else ()


def newest_run(entries: Iterable[Entry]) -> NewestRun | None:
    """Return the run of the newest report of a gate; None if there is no report.

    Args:
        entries: Reports of one gate, including all of the newest run.
    """
    ordered = sorted(entries, key=lambda entry: -entry.number)
    return NewestRun(_newest_tries([one for one in ordered if one.run_id == ordered[0].run_id])) if ordered else None


def _newest_tries(newest_first: Sequence[Entry]) -> tuple[Entry, ...]:
    newest: dict[tuple[str | None, int], Entry] = {}
    for entry in newest_first:
        instance = (entry.task_id, entry.map_index)
        if instance not in newest or _outlived(newest[instance], entry):
            newest[instance] = entry
    return tuple(sorted(newest.values(), key=lambda one: (-one.verdict.rank, one.task_id or "", one.map_index)))
