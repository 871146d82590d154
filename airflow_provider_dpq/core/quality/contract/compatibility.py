"""What changed between two versions of a contract, and whom it breaks. Pure: contracts in, changes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from airflow_provider_dpq.core.quality.contract.model import Contract, ContractColumn


class Breaks(StrEnum):
    """Whom a change breaks.

    ``READERS`` rely on the old promise, which the new one no longer gives. ``DATA`` written under the old promise may
    not keep the new one.
    """

    READERS = "readers"
    DATA = "data"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Change:
    """One change between two versions of a contract.

    Attributes:
        column: The column, or columns; empty for the table.
        old: What was promised.
        new: What is promised now.
        breaks: Whom it breaks.
    """

    column: str
    old: str
    new: str
    breaks: Breaks

    def __str__(self) -> str:
        """Say in a few words what changed."""
        return f"{self.column or 'table'}: {self.old} -> {self.new}"


def changes(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Return what changed from one version of a contract to the next.

    A change that may break both readers and data is listed as breaking readers.

    Args:
        old: The version that readers and data keep to.
        new: The version that follows.
    """
    return tuple(_changes(old, new))


def _changes(old: Contract, new: Contract) -> Iterator[Change]:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    for name, column in before.items():
        if name in after:
            yield from _of_column(column, after[name])
        else:
            yield Change(name, _told(column), "removed", Breaks.NOBODY if column.optional else Breaks.READERS)
    for name in [name for name in after if name not in before]:
        added = after[name]
        # A column that may be null is added to a table that exists without touching its rows.
        yield Change(name, "absent", f"added, {_told(added)}", Breaks.DATA if added.always_there else Breaks.NOBODY)
    yield from _of_uniqueness(old, new)
    if old.additional_columns != new.additional_columns:
        words = {True: "additional columns allowed", False: "no additional columns"}
        breaks = Breaks.NOBODY if new.additional_columns else Breaks.DATA
        yield Change("", words[old.additional_columns], words[new.additional_columns], breaks)


def _told(column: ContractColumn) -> str:
    return "required" if column.always_there else "optional" if column.optional else "nullable"


def _of_column(old: ContractColumn, new: ContractColumn) -> Iterator[Change]:
    if old.kinds != new.kinds:
        wider = bool(old.kinds) and not (new.kinds and new.kinds <= old.kinds)
        breaks = Breaks.READERS if wider else Breaks.DATA
        yield Change(old.name, " or ".join(old.type) or "any type", " or ".join(new.type) or "any type", breaks)
    if _told(old) != _told(new):
        order = ("optional", "nullable", "required")
        stricter = order.index(_told(new)) > order.index(_told(old))
        yield Change(old.name, _told(old), _told(new), Breaks.DATA if stricter else Breaks.READERS)


def _of_uniqueness(old: Contract, new: Contract) -> Iterator[Change]:
    kept = {column.name for column in new.columns}
    for name in [column.name for column in old.columns if column.name in kept]:
        was, is_now = name in old.unique, name in new.unique
        if was != is_now:
            words = {True: "unique", False: "not unique"}
            yield Change(name, words[was], words[is_now], Breaks.READERS if was else Breaks.DATA)
    if set(old.primary_key) != set(new.primary_key):
        before, after = ("primary key (" + ", ".join(c.primary_key) + ")" for c in (old, new))
        breaks = Breaks.READERS if old.primary_key else Breaks.DATA
        yield Change("", before if old.primary_key else "no primary key", after if new.primary_key else "none", breaks)
