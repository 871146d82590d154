"""Where an operation's time and memory went, seen in runs apart from the measured ones."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, FiniteFloat


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ProfiledFunction(_Frozen):
    """A function and its time, as cProfile counts it.

    Attributes:
        name: Name of the function.
        location: ``file:line``; empty for one that is built in.
        calls: How often it was called.
        own_seconds: Time in the function itself.
        total_seconds: Time in it and in what it called.
    """

    name: str
    location: str
    calls: int
    own_seconds: FiniteFloat
    total_seconds: FiniteFloat


class Stack(_Frozen):
    """A stack of calls that a sampler saw.

    Attributes:
        frames: Functions as ``name (file:line)``, the outermost first.
        count: How often it was seen.
    """

    frames: tuple[str, ...]
    count: int


class Allocation(_Frozen):
    """Memory that was allocated at one place and is still held, as tracemalloc counts it.

    Attributes:
        location: Where: ``file:line``, the innermost frame first, as far as it was recorded.
        size_bytes: Bytes held.
        count: Blocks held.
    """

    location: tuple[str, ...]
    size_bytes: int
    count: int


class Profile(_Frozen):
    """Where time and memory went.

    Attributes:
        iterations: Over how many iterations the allocations were made.
        functions: Functions with the most time of their own, the first one most.
        stacks: Stacks that the sampler saw, of one thread.
        interval_seconds: Time between two looks of the sampler; None where it did not run.
        allocations: Places that hold the most memory, the first one most.
    """

    iterations: int
    functions: tuple[ProfiledFunction, ...] = ()
    stacks: tuple[Stack, ...] = ()
    interval_seconds: FiniteFloat | None = None
    allocations: tuple[Allocation, ...] = ()
