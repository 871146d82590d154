"""What a check is worth that found no row to look at: the policy of the check, else the gate's."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.verdict import Verdict


class OnEmpty(StrEnum):
    """The best verdict of a check that found no row, or that what the expectation says of no rows is left alone."""

    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    FAIL = "fail"
    EXPECTATION = "expectation"

    @property
    def verdict(self) -> Verdict | None:
        """The best verdict that a check of no rows can have; None where the expectation's answer is left alone."""
        return None if self is OnEmpty.EXPECTATION else Verdict(self.value)


def parse_on_empty(policy: Any, owner: str) -> OnEmpty | None:
    """Read a policy; None where none is declared.

    Args:
        policy: One of the words of `OnEmpty`, or None.
        owner: Whose policy it is, for the message.

    Raises:
        DeclarationError: ``unknown_policy``.
    """
    if policy is None:
        return None
    if not isinstance(policy, str) or policy not in tuple(OnEmpty):
        message = f"on_empty of {owner} is {policy!r}."
        raise DeclarationError("unknown_policy", message, hint=f"Use one of {', '.join(OnEmpty)}.")
    return OnEmpty(policy)
