"""Parts that were judged apart, as one gate tells of them: what each is called, and which of them broke."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import commonprefix
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from airflow_provider_dpq.core.gate.verdict import Verdict, worst

_MOST_NAMED: Final = 3


class MergedPart(BaseModel):
    """A part whose report was merged.

    Attributes:
        name: What it is called, for people.
        verdict: What it decided; ``error`` where it left no report.
        report_id: Identifier of its report; None where it left none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str
    verdict: Verdict
    report_id: str | None = None


class Instance(NamedTuple):
    """What a part may be called by.

    Attributes:
        label: What it is about, as its provenance says it; None where nothing does.
        subject: What was measured.
        map_index: Index of the mapped task; -1 where it is not mapped.
    """

    label: str | None
    subject: str
    map_index: int


def names(instances: Sequence[Instance]) -> list[str]:
    """Return what parts are called: their labels, or what was measured where that tells all apart, or their indexes."""
    subjects = {one.subject for one in instances if one.subject}
    apart = len(subjects) == len(instances) > 1
    folder = commonprefix(list(subjects)).rpartition("/")  # noqa: RUF071 - cut at the last slash, of URLs as well
    alike = len(folder[0] + folder[1])
    return [
        one.label or (one.subject[alike:] if apart else f"[{one.map_index}]" if one.map_index >= 0 else "")
        for one in instances
    ]


def tally(judged: Sequence[tuple[str, Verdict]], noun: str = "") -> str:
    """Say how many of several parts decided as the worst of them, and which: ``1 of 5 failed: part3.csv``.

    Args:
        judged: The name and the verdict of each part.
        noun: What they are, where the reader does not know.

    Returns:
        A few words, without names where all decided alike; empty where there are not several parts.
    """
    if len(judged) < 2:
        return ""
    of_all = worst(verdict for _, verdict in judged)
    as_bad = [name for name, verdict in judged if verdict is of_all]
    headline = f"{len(as_bad)} of {len(judged)}{noun and f' {noun}'} {of_all.did}"
    if len(as_bad) == len(judged) or not all(as_bad):
        return headline
    more = [f"{len(as_bad) - _MOST_NAMED} more"] if len(as_bad) > _MOST_NAMED else []
    return f"{headline}: {', '.join([*as_bad[:_MOST_NAMED], *more])}"
