"""A flame graph: how often each function was seen on the stack, and below which callers."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from airflow_provider_dpq.core.gate.profile import Profile, Stack
from airflow_provider_dpq.core.line import printable
from airflow_provider_dpq.core.render import figure
from airflow_provider_dpq.core.render.plot import Plot

_WIDTH: Final = 1160
_ROW: Final = 18
_CHARACTER: Final = 6.7
"""Width of a character of the graph's font; both in the units of its view box."""

_NARROWEST: Final = 1.0
_MOST_LEVELS: Final = 40
_PALETTE: Final = ("#f2b36d", "#f0a08a", "#e8c95f", "#f4c7a1", "#d9d27c", "#f1a9a0", "#e6b980", "#c9cf8f")
"""Warm colours on which dark text reads well; a file has always the same one."""


@dataclass(slots=True)
class _Node:
    count: int = 0
    callees: dict[str, _Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle of the graph.

    Attributes:
        left: Its left edge.
        top: Its top edge.
        width: Its width.
        colour: Its colour.
        text: As much of the function's name as fits; may be empty.
        tooltip: The function, how often it was seen, and its share.
    """

    left: float
    top: float
    width: float
    colour: str
    text: str
    tooltip: str


@dataclass(frozen=True, slots=True)
class Flame:
    """A flame graph, ready to be drawn.

    Attributes:
        width: Width of the view box.
        height: Its height.
        row: Height of a frame.
        caption: What it shows.
        frames: Its frames.
    """

    width: int
    height: int
    row: int
    caption: str
    frames: Sequence[Frame]


def render_flame_svg(profile: Profile) -> str:
    """Return the stacks of a profile as a flame graph: an SVG document with a tooltip on every frame, and no script.

    Callers are below, and the width of a frame is its share of the samples. Frames narrower than a pixel and calls
    deeper than 40 levels are left out. Everything from the profile is escaped.

    Args:
        profile: The profile; where its sampler saw no stack, the document is empty but for its root.
    """
    return _template().render(flame=_flame(profile), standalone=True)


def plot_flame(profile: Profile) -> Plot | None:
    """Return the flame graph of a profile for an HTML page; None where the sampler saw no stack.

    Args:
        profile: The profile.
    """
    graph = _flame(profile)
    if not graph.frames:
        return None
    drawn = _template().render(flame=graph, standalone=False)
    return Plot("Flame graph", graph.caption, Markup(drawn))  # noqa: S704 - the template escapes


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("airflow_provider_dpq.core.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("flame.svg")


def _flame(profile: Profile) -> Flame:
    root = _tree(profile.stacks)
    placed = list(_placed(root))
    levels = max((level for level, *_ in placed), default=-1) + 1
    height = levels * _ROW
    frames = [_frame(name, count, left, height - (level + 1) * _ROW, root.count) for level, name, count, left in placed]
    looks = f", one every {figure.number(profile.interval_seconds, 's')}" if profile.interval_seconds else ""
    deepest = max((len(stack.frames) for stack in profile.stacks), default=0)
    cut = f" Calls deeper than {_MOST_LEVELS} levels are not drawn." if deepest > _MOST_LEVELS else ""
    caption = (
        f"{root.count:,} samples of the stack{looks}: callers below, what they called above; the width of a frame is "
        f"the share of samples in which it was seen.{cut}"
    )
    return Flame(_WIDTH, height, _ROW, caption, frames)


def _tree(stacks: Sequence[Stack]) -> _Node:
    root = _Node()
    for stack in stacks:
        if stack.count <= 0 or not stack.frames:
            continue
        root.count += stack.count
        node = root
        for name in stack.frames[:_MOST_LEVELS]:
            node = node.callees.setdefault(name, _Node())
            node.count += stack.count
    return root


def _placed(root: _Node) -> Iterator[tuple[int, str, int, float]]:
    """Give level, name, count and left edge of every frame that is wide enough to be seen, callers first."""
    waiting = [(0, 0, root)]
    while waiting:
        level, start, node = waiting.pop()
        for name, callee in sorted(node.callees.items()):
            if callee.count * _WIDTH >= _NARROWEST * root.count:
                yield level, name, callee.count, start * _WIDTH / root.count
                waiting.append((level + 1, start, callee))
            start += callee.count


def _frame(name: str, count: int, left: float, top: int, total: int) -> Frame:
    width = count * _WIDTH / total
    function, _, place = printable(name).partition(" (")
    colour = _PALETTE[zlib.crc32(place.rpartition(":")[0].encode()) % len(_PALETTE)]
    tooltip = f"{printable(name)}: {count:,} of {total:,} samples, {figure.percent(100 * count / total)}"
    return Frame(round(left, 2), top, round(max(width - 0.5, 0.5), 2), colour, _fitting(function, width), tooltip)


def _fitting(text: str, width: float) -> str:
    room = int((width - 6) / _CHARACTER)
    if len(text) <= room:
        return text
    return text[: room - 1] + "…" if room > 2 else ""
