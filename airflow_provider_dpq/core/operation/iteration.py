"""The iteration: one call of an operation, with what goes on before and after it kept apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

Clock: TypeAlias = Literal["cpu", "wall"]
"""What times are compared by: processor time, or time on the wall."""


@dataclass(frozen=True, slots=True)
class Iteration:
    """How to run an operation once. Only `call` is measured.

    Attributes:
        call: The operation, where nothing has to be set up before each call.
        set_up: Returns the call of one iteration, once what it needs is set up; None where `call` does.
        tear_down: Gets what the call returned and cleans up after it.
    """

    call: Callable[[], Any]
    set_up: Callable[[], Callable[[], Any]] | None = None
    tear_down: Callable[[Any], object] | None = None

    @property
    def is_bare(self) -> bool:
        """Whether an iteration is its call and nothing else."""
        return self.set_up is None and self.tear_down is None

    def run(self) -> None:
        """Run one iteration whole: set up, call, tear down."""
        call = self.call if self.set_up is None else self.set_up()
        result = call()
        if self.tear_down is not None:
            self.tear_down(result)


class Operation(Protocol):
    """What a gate measures. It is sent to another interpreter and opened there."""

    @property
    def subject(self) -> str:
        """What it is, for people; never a secret."""

    @property
    def clock(self) -> Clock:
        """What its times are compared by unless asked otherwise: where most of its work is done."""

    @property
    def sized(self) -> bool:
        """Whether it works on datasets of several sizes."""

    @property
    def functions(self) -> Sequence[Callable[..., Any]]:
        """The functions in it, which may be of modules that another interpreter cannot import."""

    def validate(self) -> None:
        """Check what is declared, as far as that needs no work.

        Raises:
            DeclarationError: What is wrong.
        """

    def opened(self, size: int | None) -> AbstractContextManager[Iteration]:
        """Make ready what all iterations share, such as a dataset or a connection, and give the iteration.

        Args:
            size: Rows of the dataset; None for an operation that is not sized.
        """
