"""Series of memory as operations leave it behind, made from a seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

LENGTH: Final = 600
Generator: TypeAlias = np.random.Generator
Maker: TypeAlias = Callable[[Generator], np.ndarray]


def steady(size: float) -> Maker:
    """Return a maker of memory that every iteration keeps a part of."""
    return lambda _: np.arange(LENGTH) * size


def sparse(size: float, share: float) -> Maker:
    """Return a maker of memory that a share of the iterations, at random, keeps a part of."""
    return lambda draw: np.cumsum(draw.random(LENGTH) < share) * size


def noise(deviation: float) -> Maker:
    """Return a maker of memory that varies around one level."""
    return lambda draw: draw.normal(0, deviation, LENGTH)


def window(length: int, size: float) -> Maker:
    """Return a maker of the sum of the last blocks, of random sizes."""
    return lambda draw: np.convolve(draw.random(LENGTH + length - 1) * size, np.ones(length), "valid")


def cache(keys: int, size: float) -> Maker:
    """Return a maker of a cache whose keys come at random."""

    def make(draw: Generator) -> np.ndarray:
        seen: set[int] = set()
        filled = []
        for key in draw.integers(0, keys, LENGTH + 10):
            seen.add(int(key))
            filled.append(len(seen))
        return np.array(filled[10:]) * size

    return make


def filling(entries: int, size: float) -> Maker:
    """Return a maker of a cache that each iteration adds an entry to until it is full."""
    return lambda _: np.minimum(np.arange(LENGTH) + 10, entries) * size


def sawtooth(length: int, size: float) -> Maker:
    """Return a maker of a buffer that is emptied when it is full."""
    return lambda draw: (np.arange(LENGTH) + draw.integers(length)) % length * size


def both(first: Maker, second: Maker) -> Maker:
    """Return a maker of two parts of memory together."""
    return lambda draw: first(draw) + second(draw)
