"""What `leaks.py` tries: operations that keep no memory for good, though some look like it, and ones that leak."""

from __future__ import annotations

import ctypes
import functools
import os
import random
import threading
from collections import deque
from typing import Any, Final

KEPT: Final[list[Any]] = []
"""What leaks hold."""

_WINDOW: Final[deque[Any]] = deque(maxlen=5)
_RING: Final[deque[Any]] = deque(maxlen=50)
_CACHE: Final[dict[int, Any]] = {}
_PIECES: Final[list[Any]] = []
_LIBC: Final = ctypes.CDLL(None)
_LIBC.malloc.restype = ctypes.c_void_p
_LIBC.malloc.argtypes = [ctypes.c_size_t]


def _frame(low: int, high: int) -> Any:
    import numpy as np

    return np.random.default_rng(random.getrandbits(32)).random((random.randrange(low, high), 8))


def plain() -> float:
    """Work on small objects and keep none."""
    return sum(float(str(number)) for number in range(2_000))


def random_frames() -> float:
    """Work on an array of random size, of 60 KB to 6 MB."""
    return float(_frame(1_000, 100_000).sum())


def sliding_window() -> None:
    """Hold the last 5 arrays, of random size."""
    _WINDOW.append(_frame(100, 20_000))


def ring_buffer() -> None:
    """Hold the last 50 buffers, of random size."""
    _RING.append(bytearray(random.randrange(1_000, 20_000)))


@functools.lru_cache(maxsize=128)
def _remembered(key: int) -> bytes:
    return bytes(10_000 + key % 7)


def lru_cache() -> None:
    """Fill Python's own cache of 128 results, one by each call."""
    _remembered(random.getrandbits(60))


def random_cache() -> None:
    """Fill a cache of 50 keys that come at random, 20 KB each."""
    _CACHE.setdefault(random.randrange(50), bytearray(20_000))


def slow_cache() -> None:
    """Fill a cache of 200 keys that come at random, 5 KB each."""
    _CACHE.setdefault(random.randrange(200), bytearray(5_000))


def plateau_cache() -> None:
    """Fill a cache of 30 entries and stop there."""
    if len(_CACHE) < 30:
        _CACHE[len(_CACHE)] = bytearray(100_000)


def evicting_cache() -> None:
    """Hold at most 40 entries of random size, of which a random one goes."""
    if len(_CACHE) >= 40:
        del _CACHE[random.choice(list(_CACHE))]
    _CACHE[random.getrandbits(60)] = bytearray(random.randrange(1_000, 9_000))


def fragments() -> None:
    """Leave small holes between blocks that stay until the next call."""
    blocks = [bytearray(random.randrange(50, 5_000)) for _ in range(2_000)]
    _PIECES[:] = blocks[:: random.randrange(20, 60)]


def sawtooth() -> None:
    """Collect 1 KB by each call and give all back after 25."""
    if len(_PIECES) >= 25:
        _PIECES.clear()
    _PIECES.append(bytearray(1_000))


class _Node:
    """A node that refers to itself."""

    def __init__(self) -> None:
        self.me = self
        self.data = bytearray(random.randrange(500, 5_000))


def _generator() -> Any:
    node = _Node()
    try:
        yield node
        raise ValueError(node)
    finally:
        node.data += b"x"


def cycles() -> None:
    """Raise and catch errors in generators, and leave cycles behind."""
    for _ in range(50):
        generator = _generator()
        next(generator)
        try:
            next(generator)
        except ValueError as error:
            error.held = error  # type: ignore[attr-defined]


def pandas_groups() -> Any:
    """Group a pandas frame of random size."""
    import pandas as pd

    values = _frame(1_000, 20_000)
    frame = pd.DataFrame(values, columns=list("abcdefgh"))
    return frame.assign(k=(frame["a"] * 50).astype(int)).groupby("k").agg(["mean", "max"])


def arrow_table() -> Any:
    """Sort an Arrow table of random size."""
    import pyarrow as pa

    values = _frame(1_000, 20_000)
    return pa.table({"a": values[:, 0], "b": values[:, 1]}).sort_by("a")


def polars_groups() -> Any:
    """Group a polars frame of random size."""
    import polars as pl

    values = _frame(1_000, 20_000)
    return pl.DataFrame({"a": values[:, 0], "k": (values[:, 1] * 50).astype(int)}).group_by("k").agg(pl.col("a").sum())


@functools.cache
def _duck() -> Any:
    import duckdb

    return duckdb.connect()


def duckdb_query() -> Any:
    """Query DuckDB on a connection of its own."""
    import duckdb

    rows = random.randrange(1_000, 50_000)
    with duckdb.connect() as connection:
        return connection.execute(f"select i % 50 as k, sum(i) from range({rows}) t(i) group by k").fetchall()


def threads_done() -> None:
    """Run 4 threads to their end."""
    threads = [threading.Thread(target=bytearray, args=(random.randrange(100_000),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def kept_bytes() -> None:
    """Keep 1 KB of bytes."""
    KEPT.append(bytearray(1_000))


def kept_objects() -> None:
    """Keep 1 KB of small objects."""
    KEPT.append([object() for _ in range(16)] + [str(random.random()) for _ in range(4)])


def kept_malloc() -> None:
    """Keep 1 KB of C's memory."""
    _LIBC.malloc(1_000)


def kept_among_frames() -> None:
    """Keep 1 KB while working on arrays of random size."""
    random_frames()
    KEPT.append(bytearray(1_000))


def kept_random() -> None:
    """Keep 1 KB on average, of random size."""
    KEPT.append(bytearray(random.randrange(2_000)))


def kept_beside_window() -> None:
    """Keep 100 KB while holding the last 5 arrays of random size."""
    sliding_window()
    KEPT.append(bytearray(100_000))


def kept_sometimes() -> None:
    """Keep 100 KB in one call of ten, at random."""
    if random.random() < 0.1:
        KEPT.append(bytearray(100_000))


def kept_a_little_sometimes() -> None:
    """Keep 10 KB in one call of ten, at random."""
    if random.random() < 0.1:
        KEPT.append(bytearray(10_000))


def kept_every_fiftieth() -> None:
    """Keep 100 KB by every fiftieth call."""
    _PIECES.append(None)
    if len(_PIECES) % 50 == 0:
        KEPT.append(bytearray(100_000))


def kept_polars() -> None:
    """Keep 200 KB in polars' own memory."""
    import polars as pl

    KEPT.append(pl.repeat(random.random(), 25_000, eager=True))


def kept_arrow() -> None:
    """Keep 1 KB in Arrow's memory."""
    import pyarrow as pa

    KEPT.append(pa.array(range(125), type=pa.int64()))


def kept_duckdb() -> None:
    """Keep 200 KB in a table of DuckDB in memory."""
    _duck().execute("create table if not exists kept (i double)")
    _duck().execute("insert into kept select random() from range(25000)")


def kept_open() -> None:
    """Keep a file open."""
    KEPT.append(os.open(os.devnull, os.O_RDONLY))


CLEAN: Final = (
    plain,
    random_frames,
    sliding_window,
    ring_buffer,
    lru_cache,
    random_cache,
    slow_cache,
    plateau_cache,
    evicting_cache,
    fragments,
    sawtooth,
    cycles,
    pandas_groups,
    arrow_table,
    polars_groups,
    duckdb_query,
    threads_done,
)
LEAKS: Final = (
    kept_bytes,
    kept_objects,
    kept_malloc,
    kept_among_frames,
    kept_random,
    kept_beside_window,
    kept_sometimes,
    kept_a_little_sometimes,
    kept_every_fiftieth,
    kept_arrow,
    kept_polars,
    kept_duckdb,
)
