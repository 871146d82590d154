"""Attendance: which task instances of a gate's newest run have reported, compared with the states of its tasks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from airflow_provider_dpq.core.store.newest import NewestRun

Instance: TypeAlias = tuple[str, int]
"""A task instance of a run: the task and its map index, which is -1 for a task that is not mapped."""

States: TypeAlias = Mapping[Instance, str | None]
"""The states of the task instances of a run, in Airflow's words; None before one is scheduled."""

FAILED: Final = ("failed", "upstream_failed")
"""Final states of a task that did not do its work."""

SKIPPED: Final = "skipped"

OWES_A_REPORT: Final = ("success", *FAILED)
"""Final states in which a missing report means that the task did not measure; in the others it was left out."""

_OUTLIVES_A_PASS: Final = (SKIPPED, *FAILED)
"""States in which a task cannot end right after it passed: it ran again and measured nothing, or failed after all."""

_REMOVED: Final = "removed"
_ENDED: Final = ("success", SKIPPED, _REMOVED, *FAILED)

_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Lost:
    """A task instance that has ended without a report that counts.

    Attributes:
        instance: The task instance.
        state: The state in which it ended.
        reported: Whether it left a report in an earlier try.
    """

    instance: Instance
    state: str
    reported: bool = False

    def __str__(self) -> str:
        """Say it in words."""
        since = "since its report" if self.reported else "without a report"
        return f"{_named(self.instance)} ended in state {self.state} {since}"


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who is missing from the newest run of a gate.

    Attributes:
        awaited: Task instances that have not reported yet, or are running again.
        lost: Task instances that have ended without a report that counts.
    """

    awaited: tuple[Instance, ...] = ()
    lost: tuple[Lost, ...] = ()

    def __str__(self) -> str:
        """Describe who is missing; empty if nobody is."""
        waiting = [f"waiting for {_listed(map(_named, self.awaited))}"] if self.awaited else []
        return ", ".join([*waiting, *([_listed(map(str, self.lost))] if self.lost else [])])


def attendance(
    run: NewestRun, states: States, *, elsewhere: Collection[Instance] = (), failed: bool = False
) -> Attendance:
    """Return who is missing from the newest run of a gate.

    Every instance of the gate's tasks has to report, except one that is skipped (by a branch, say) or removed from the
    run. What an instance reported before no longer counts once it runs again, or has since ended in another way.

    Args:
        run: The newest run of the gate.
        states: The states of its tasks in that run; empty if Airflow does not know the run.
        elsewhere: Instances that report under other gates.
        failed: Whether the run has failed: one whose time is over skips what has not ended.
    """
    reported = {(entry.task_id or "", entry.map_index): entry for entry in run.entries}
    known = {task for task, _ in (*states, *reported)}
    expected = {
        *reported,
        *(one for one in states if one[0] in run.tasks and one not in elsewhere),
        *((task, -1) for task in run.tasks if task not in known),
    }
    awaited, lost = [], []
    for one in sorted(expected):
        entry, state = reported.get(one), states.get(one)
        if (state not in _ENDED) if one in states else (entry is None):
            awaited.append(one)
        elif entry is None and (state in OWES_A_REPORT or (failed and state == SKIPPED)):
            lost.append(Lost(one, str(state)))
        elif entry is not None and entry.verdict.passed and state in _OUTLIVES_A_PASS:
            lost.append(Lost(one, str(state), reported=True))
    return Attendance(tuple(awaited), tuple(lost))


def attended(
    run: NewestRun,
    states: States,
    *,
    elsewhere: Callable[[], Collection[Instance]],
    failed: Callable[[], bool] = lambda: False,
) -> tuple[NewestRun | None, Attendance]:
    """Return the newest run of a gate as far as there still is such a run, and who is missing from it.

    Args:
        run: The newest run of the gate.
        states: The states of its tasks in that run; none where nobody knows that run.
        elsewhere: Returns the instances that report under other gates; asked only where it matters.
        failed: Returns whether the run has failed; asked only where it matters.
    """
    found = present(run, states)
    if found is None:
        return None, Attendance(awaited=tuple(sorted(states)))
    over = SKIPPED in states.values() and failed()
    missing = attendance(found, states, failed=over)
    if any(not lost.reported for lost in missing.lost):
        missing = attendance(found, states, failed=over, elsewhere=elsewhere())
    return found, missing


def present(run: NewestRun, states: States) -> NewestRun | None:
    """Return a run without the reports of instances that it no longer has; None where none is left.

    They are of a run of the same id that was deleted, or were removed as the task was mapped anew. Where nobody knows
    the run, it is returned as it is.

    Args:
        run: The newest run of the gate.
        states: The states of its tasks in that run.
    """
    if not states:
        return run
    here = [one for one in run.entries if states.get((one.task_id or "", one.map_index), _REMOVED) != _REMOVED]
    return NewestRun(tuple(here)) if here else None


def _named(instance: Instance) -> str:
    task, map_index = instance
    return repr(task if map_index < 0 else f"{task}[{map_index}]")


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    more = [f"{len(listed) - _MOST_NAMED} more"] if len(listed) > _MOST_NAMED else []
    *head, last = [*listed[:_MOST_NAMED], *more]
    return f"{', '.join(head)} and {last}" if head else last
