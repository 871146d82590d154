"""Interleaved pairs, of operations that move a clock by hand."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest

from airflow_provider_dpq.core.benchmark.change import LOOKS, Limit, Pair
from airflow_provider_dpq.core.benchmark.pairs import ROUNDS, SIDE_SAMPLES, WARMING_UP, compare, enough, take_side
from airflow_provider_dpq.core.benchmark.timing import Clocks, Sample
from airflow_provider_dpq.core.operation.iteration import Iteration


@dataclass
class Course:
    """A clock and who moved it, in order."""

    now: float = 0.0
    log: list[str] = field(default_factory=list)


@dataclass
class Step:
    """An operation that takes so long on the course's clock."""

    course: Course
    name: str
    seconds: float
    opened_with: list[int | None] = field(default_factory=list)

    def _call(self) -> None:
        self.course.now += self.seconds
        self.course.log.append(self.name)

    @contextmanager
    def opened(self, size: int | None) -> Iterator[Iteration]:
        """Note the size, and leave a mark at the end."""
        self.opened_with.append(size)
        yield Iteration(self._call)
        self.course.log.append(f"close {self.name}")


def pairs_of(
    new: float, old: float, limits: list[Limit], *, seed: int = 0, budget: float = 1e9
) -> tuple[list[Pair], Course]:
    """Compare two operations of so many seconds."""
    course = Course()
    items = compare(
        Step(course, "new", new),  # type: ignore[arg-type]
        Step(course, "old", old),  # type: ignore[arg-type]
        None,
        limits,
        order=random.Random(seed),
        budget_seconds=budget,
        clocks=Clocks(wall=lambda: course.now, cpu=lambda: course.now),
    )
    return [item for item in items if isinstance(item, Pair)], course


LIMIT = Limit("cpu", 1.05)


def test_a_clear_ratio_is_decided_at_the_first_look() -> None:
    """Twice the time takes ten pairs, and each has both times."""
    pairs, _ = pairs_of(0.4, 0.2, [LIMIT])
    assert len(pairs) == LOOKS[0]
    assert [(len(pair.candidate), len(pair.baseline)) for pair in pairs] == [(1, 1)] * LOOKS[0]
    assert pairs[0].candidate[0].wall_seconds == pytest.approx(0.4)
    assert pairs[0].baseline[0].wall_seconds == pytest.approx(0.2)


def test_no_more_than_sixty_pairs_are_taken() -> None:
    """A ratio at its very limit is never decided; it ends nevertheless."""
    pairs, _ = pairs_of(0.2, 0.2, [])
    assert len(pairs) == LOOKS[-1] == 60


def test_the_order_within_pairs_is_random_and_by_the_seed() -> None:
    """Neither side always comes first, and one seed gives one order."""
    orders = {}
    for seed in (1, 1, 2):
        _, course = pairs_of(0.2, 0.2, [], seed=seed)
        taken = [name for name in course.log if not name.startswith("close")][-120:]
        firsts = taken[::2]
        assert 10 < firsts.count("new") < 50
        assert all({first, second} == {"new", "old"} for first, second in zip(firsts, taken[1::2], strict=True))
        assert orders.setdefault(seed, firsts) == firsts
    assert orders[1] != orders[2]


def test_short_samples_are_taken_in_several_rounds() -> None:
    """Of a short sample each pair has three, taken in turns; of a long one has one."""
    pairs, course = pairs_of(0.03, 0.03, [])
    assert {len(side) for pair in pairs for side in (pair.candidate, pair.baseline)} == {ROUNDS}
    taken = [name for name in course.log if not name.startswith("close")][-2 * ROUNDS * 60 :]
    assert all({first, second} == {"new", "old"} for first, second in zip(taken[::2], taken[1::2], strict=True))
    assert len(pairs_of(0.11, 0.11, [])[0][0].candidate) == 1


def test_no_more_pairs_than_the_first_look_needs_are_taken_once_the_time_is_up() -> None:
    """A budget ends an undecided comparison, but not before its first look."""
    assert len(pairs_of(0.2, 0.2, [], budget=0.0)[0]) == LOOKS[0]
    assert len(pairs_of(0.2, 0.2, [], budget=0.4 * 22.5)[0]) == 23


def test_both_operations_are_opened_at_the_size_and_closed() -> None:
    """What is made for a size is given back."""
    course = Course()
    new, old = Step(course, "new", 0.4), Step(course, "old", 0.2)
    clocks = Clocks(wall=lambda: course.now, cpu=lambda: course.now)
    items = list(compare(new, old, 500, [LIMIT], order=random.Random(0), budget_seconds=1, clocks=clocks))  # type: ignore[arg-type]
    assert new.opened_with == old.opened_with == [500]
    assert course.log[-2:] == ["close old", "close new"]
    assert items[0] == WARMING_UP


def test_enough_waits_for_a_look() -> None:
    """What is clear after eleven pairs is decided at the look after fifteen."""
    slow = Pair((Sample(2.0, 2.0, 1),), (Sample(1.0, 1.0, 1),))
    decided_at = partial(enough, limits=[LIMIT], late=False)
    assert [count for count in range(1, 61) if decided_at([slow] * count)] == list(LOOKS)
    assert not enough([slow] * 9, [LIMIT], late=True)
    assert enough([slow] * 11, [LIMIT], late=True)


def test_one_side_of_a_pair_is_taken_in_a_process_of_its_own() -> None:
    """After its warm-up there are as many samples as a side has."""
    course = Course()
    step = Step(course, "new", 0.0)
    step._call = lambda: sum(range(2000))  # type: ignore[method-assign]
    items = list(take_side(step, 7))  # type: ignore[arg-type]
    samples = [item for item in items if isinstance(item, Sample)]
    assert len(samples) == SIDE_SAMPLES
    assert items.count(WARMING_UP) == len(items) - SIDE_SAMPLES
    assert step.opened_with == [7]


@pytest.mark.parametrize("sides", ["both", "one"])
def test_what_there_is_before_the_pairs_is_frozen(sides: str) -> None:
    """Objects of the imports and the datasets are not walked through before each sample."""
    course = Course()
    clocks = Clocks(wall=lambda: course.now, cpu=lambda: course.now)
    new, old = Step(course, "new", 0.2), Step(course, "old", 0.2)
    new._call = lambda: setattr(course, "now", course.now + sum(range(2000)))  # type: ignore[method-assign]
    gc.unfreeze()
    items = (
        compare(new, old, None, [], order=random.Random(0), budget_seconds=1, clocks=clocks)  # type: ignore[arg-type]
        if sides == "both"
        else take_side(new, None)  # type: ignore[arg-type]
    )
    try:
        for item in items:
            if item != WARMING_UP:
                break
            assert gc.get_freeze_count() == 0
        assert gc.get_freeze_count() > 0
    finally:
        items.close()  # type: ignore[attr-defined]
        gc.unfreeze()
