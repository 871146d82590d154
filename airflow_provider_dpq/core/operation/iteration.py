"""The iteration: one call of an operation, separate from its set-up and tear-down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

Clock: TypeAlias = Literal["cpu", "wall"]
"""The clock by which times are compared: CPU time or wall time."""


@dataclass(frozen=True, slots=True)
class Iteration:
    """How to run an operation once. Only `call` is measured.

    Attributes:
        call: The operation itself, used if there is no set-up.
        set_up: Prepares one iteration and returns its call; None if `call` needs no set-up.
        tear_down: Receives the result of the call and cleans up after it.
    """

    call: Callable[[], Any]
    set_up: Callable[[], Callable[[], Any]] | None = None
    tear_down: Callable[[Any], object] | None = None

    @property
    def is_bare(self) -> bool:
        """Whether an iteration has neither set-up nor tear-down."""
        return self.set_up is None and self.tear_down is None

    def run(self) -> None:
        """Run one complete iteration: set-up, call, tear-down."""
        call = self.call if self.set_up is None else self.set_up()
        result = call()
        if self.tear_down is not None:
            self.tear_down(result)


class Operation(Protocol):
    """An operation that a gate measures. It is sent to another interpreter and opened there."""

    @property
    def subject(self) -> str:
        """The operation in readable form, without secrets."""

    @property
    def clock(self) -> Clock:
        """The clock by which its times are compared by default, depending on where most of its work is done."""

    @property
    def sized(self) -> bool:
        """Whether it works on datasets of several sizes."""

    @property
    def functions(self) -> Sequence[Callable[..., Any]]:
        """The functions in it, whose modules another interpreter may be unable to import."""

    def validate(self) -> None:
        """Check the declaration without running anything.

        Raises:
            DeclarationError: The declaration is invalid.
        """

    def opened(self, size: int | None) -> AbstractContextManager[Iteration]:
        """Prepare what all iterations share, such as a dataset or a connection, and yield the iteration.

        Args:
            size: Rows of the dataset; None for an operation that is not sized.
        """
