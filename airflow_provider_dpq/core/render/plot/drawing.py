"""How a plot becomes markup of the page: matplotlib draws it, the page's style gives it its colours and fonts."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape

from airflow_provider_dpq.core.gate.series import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK: Final = "#1b1f24"
SOFT: Final = "#59636e"
LINE: Final = "#d5dae0"
FIRST: Final = "#0b62c4"
SECOND: Final = "#b35900"
THIRD: Final = "#1f7a6d"
LIMIT: Final = "#c0212f"

_VARIABLES: Final = {
    INK: "var(--ink)",
    SOFT: "var(--soft)",
    LINE: "var(--line)",
    FIRST: "var(--first)",
    SECOND: "var(--second)",
    THIRD: "var(--third)",
    LIMIT: "var(--fail)",
}
"""The page's name of each colour, so that a plot follows its light and its dark scheme."""

_STYLE: Final[dict[str, Any]] = {
    "svg.fonttype": "none",
    "font.size": 8.5,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.5,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "lines.markersize": 4,
    "lines.linewidth": 1.4,
    "axes.formatter.useoffset": False,
    "legend.frameon": False,
    "legend.fontsize": 8,
}
_NO_METADATA: Final = {"Date": None, "Creator": None, "Format": None, "Type": None}
_WIDTH_INCHES: Final = 5.8
_LARGEST: Final = 1e30
"""Matplotlib's own arithmetic on an axis overflows well below the largest number there is."""

_DRAWING: Final = Lock()
"""Matplotlib's style belongs to the process, and the pages are made in several threads."""


KEY_COLOURS: Final = {"first": FIRST, "second": SECOND, "third": THIRD, "ink": INK, "soft": SOFT}
"""Colours of lines whose names are a report's own: those names stand in the page, not in the drawing."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot of a report.

    Attributes:
        title: What it shows, in a few words.
        caption: What is to be seen, in a sentence or two.
        svg: The drawing as an element of an HTML page.
        keys: What lines are called in the report, by the page's name of their colour.
    """

    title: str
    caption: str
    svg: Markup
    keys: Mapping[str, str] = field(default_factory=dict)


def draw(
    title: str,
    caption: str,
    paint: Callable[[Figure], None],
    *,
    height_inches: float = 3.1,
    keys: Mapping[str, str] | None = None,
) -> Plot:
    """Draw a plot. The same numbers give the same bytes.

    Args:
        title: What it shows, in a few words.
        caption: What is to be seen, in a sentence or two; also what a screen reader says.
        paint: Draws on an empty figure. It writes no text of a report, which only title, caption and keys may hold.
        height_inches: Height of the figure.
        keys: What lines are called in the report, by the name of their colour in `KEY_COLOURS`.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    written = io.StringIO()
    with _DRAWING, style.context(["default", _STYLE, {"svg.hashsalt": title}]):
        figure = Figure(figsize=(_WIDTH_INCHES, height_inches), layout="constrained")
        paint(figure)
        figure.savefig(written, format="svg", transparent=True, metadata=_NO_METADATA)
    return Plot(title, caption, _element(written.getvalue(), f"{title}. {caption}"), keys or {})


def _element(document: str, label: str) -> Markup:
    """Turn an SVG document into an element: no prolog, no style sheet or identifier that reaches beyond it."""
    box = re.search(r'viewBox="([\d. ]+)"', document)
    body = document[document.index("<g ") : document.rindex("</svg>")]
    body = re.sub(r'<g id="[^"<>]*"', "<g", body)
    body = re.sub("|".join(_VARIABLES), lambda match: _VARIABLES[match[0]], body)
    opening = Markup('<svg viewBox="{}" role="img" aria-label="{}">').format(box[1] if box else "", escape(label))
    return opening + Markup(body) + Markup("</svg>")  # noqa: S704 - matplotlib made it, of numbers and our own words


def drawable(values: Iterable[float]) -> bool:
    """Whether an axis can show all of some values."""
    return all(abs(value) < _LARGEST for value in values)


def drawable_log(values: Iterable[float]) -> bool:
    """Whether a logarithmic axis can show all of some values."""
    return all(1 / _LARGEST < value < _LARGEST for value in values)


def is_line(series: Series) -> bool:
    """Whether a series is a line that can be drawn: two points or more, each with its position."""
    places = series.positions or ()
    return len(places) == len(series.values) > 1 and drawable(series.values) and drawable(places)


def log_ticks(axes: Axes, which: str, values: Iterable[float]) -> None:
    """Put plain numbers on a logarithmic axis: powers of ten, and 2 and 5 where there are few of them.

    Args:
        axes: The axes.
        which: ``x`` or ``y``.
        values: What the axis shows.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    shown = list(values)
    few = max(shown) / min(shown) < 30
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _position: _short(value)))


def _short(value: float) -> str:
    for factor, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:g}{suffix}"
    return f"{value:g}"


def legend(axes: Axes) -> None:
    """Put a legend above the axes, where it covers nothing."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.2, handlelength=1.6)
