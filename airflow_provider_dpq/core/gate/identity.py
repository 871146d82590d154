"""Who a gate is: its DAG and its name. Neither alone says it, for two DAGs may each have a gate ``check``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from airflow_provider_dpq.core.errors import DeclarationError

_MOST_NAMED: Final = 5
_CLOSEST: Final = 3
_ALIKE: Final = 0.6
"""Similarity, from 0 to 1, from which on two names are taken for a slip of the pen."""


@dataclass(frozen=True, slots=True, order=True)
class Gate:
    """A gate, as reports, baselines, sensors and pages know it.

    Attributes:
        dag_id: The DAG whose task it is; empty for a gate outside Airflow.
        name: Its name, unique in its DAG.
    """

    dag_id: str
    name: str

    @classmethod
    def of(cls, name: str, dag_id: str | None) -> Gate:
        """Return the gate of a name in a DAG, or outside Airflow where there is none."""
        return cls(dag_id or "", name)

    def __str__(self) -> str:
        """Say it as people read it everywhere: ``dag > gate``, or the name alone outside Airflow."""
        return f"{self.dag_id} > {self.name}" if self.dag_id else self.name


def the_only(gates: Sequence[Gate], name: str, *, hint: str) -> Gate:
    """Return the one gate that bears a name; where none does, the gate of that name outside Airflow.

    Args:
        gates: The gates of that name.
        name: The name.
        hint: How to say which one is meant.

    Raises:
        DeclarationError: ``ambiguous_gate``: several bear it, and to take any of them would be a guess.
    """
    if len(gates) > 1:
        named = ", ".join(repr(str(gate)) for gate in gates[:_MOST_NAMED])
        more = f" and {len(gates) - _MOST_NAMED} more" if len(gates) > _MOST_NAMED else ""
        message = f"{len(gates)} gates are named {name!r}: {named}{more}."
        raise DeclarationError("ambiguous_gate", message, hint=hint)
    return gates[0] if gates else Gate.of(name, None)


def closest(gate: Gate, others: Iterable[Gate]) -> tuple[Gate, ...]:
    """Return the gates that somebody may have meant instead of one that has no report, the likeliest first.

    Args:
        gate: The gate that was looked for.
        others: All gates that have a report, or have started to measure.
    """
    import difflib

    known = {str(other): other for other in others if other != gate}
    alike = difflib.get_close_matches(str(gate), known, n=_CLOSEST, cutoff=_ALIKE)
    names = difflib.get_close_matches(gate.name, {other.name for other in known.values()}, n=_CLOSEST, cutoff=_ALIKE)
    of_names = [other for name in names for other in known.values() if other.name == name]
    same_name = [other for other in of_names if other.name == gate.name]
    return tuple(dict.fromkeys([*same_name, *(known[one] for one in alike), *of_names]))[:_CLOSEST]


def meant(gate: Gate, others: Iterable[Gate]) -> str:
    """Ask whether one of the closest gates was meant; empty where none is alike.

    Args:
        gate: The gate that was looked for.
        others: All gates that have a report, or have started to measure.
    """
    named = " or ".join(repr(str(one)) for one in closest(gate, others))
    return f"Did you mean {named}?" if named else ""
