"""A flame graph."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.gate.profile import Profile, Stack
from airflow_provider_dpq.core.render import render_flame_svg

SVG = "{http://www.w3.org/2000/svg}"
Rectangle = tuple[float, float, float]


def _parsed(document: str) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314 - we made it


def _frames(document: str) -> dict[str, list[Rectangle]]:
    """Left edge, upper edge and width of each frame, by what its tooltip says before the counts."""
    found: dict[str, list[Rectangle]] = {}
    for group in _parsed(document).iter(f"{SVG}g"):
        title, box = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        assert title is not None
        assert box is not None
        name = str(title.text).rpartition(": ")[0]
        left, top, width = (float(box.attrib[key]) for key in ("x", "y", "width"))
        found.setdefault(name, []).append((left, top, width))
    return found


def _profile(*stacks: tuple[Sequence[str], int]) -> Profile:
    return Profile(iterations=1, stacks=tuple(Stack(frames=tuple(frames), count=count) for frames, count in stacks))


def test_frames_are_as_wide_as_their_share_and_above_their_callers(profile: Profile) -> None:
    """The outermost function spans the graph at its foot, and what it called lies above it."""
    frames = _frames(render_flame_svg(profile))
    ((left, foot, whole),) = frames["delays (dags/flights.py:88)"]
    ((merge_left, merge_top, merge),) = frames["merge (merge.py:148)"]
    ((take_left, take_top, take),) = frames["take (take.py:7)"]
    assert left == 0
    assert merge / whole == pytest.approx(0.75, rel=0.01)
    assert take / whole == pytest.approx(0.60, rel=0.01)
    assert take_left == merge_left
    assert foot > merge_top > take_top


def test_a_tooltip_tells_the_function_and_its_share(profile: Profile) -> None:
    """What does not fit into a frame is told where a reader points."""
    assert "<title>take (take.py:7): 60 of 100 samples, 60.00%</title>" in render_flame_svg(profile)


def test_text_is_clipped_to_its_frame() -> None:
    """No name runs into the next frame; a frame that holds no letters has none."""
    name = "a_function_with_a_very_long_name_indeed"
    document = render_flame_svg(_profile(([name], 10), (["b"], 90), (["narrow"], 1)))
    texts = [text.text for text in _parsed(document).iter(f"{SVG}text")]
    assert sorted(map(str, texts)) == [name[:15] + "…", "b"]


def test_frames_narrower_than_a_pixel_are_left_out() -> None:
    """A graph of very many stacks stays small, and what is drawn keeps its place."""
    rare = [([f"rare_{number}"], 1) for number in range(3000)]
    frames = _frames(render_flame_svg(_profile((["a"], 3000), *rare)))
    assert list(frames) == ["a"]
    assert frames["a"][0][2] == pytest.approx(580, abs=1)


def test_calls_deeper_than_forty_levels_are_left_out_and_told() -> None:
    """A deep recursion does not make a page of its own."""
    document = render_flame_svg(_profile(([f"f{depth}" for depth in range(60)], 5)))
    assert len(_frames(document)) == 40
    assert "Calls deeper than 40 levels are not drawn." in document


def test_functions_of_a_file_have_its_colour() -> None:
    """One sees which file time goes to."""
    document = render_flame_svg(_profile((["f (a.py:1)", "g (a.py:9)", "h (b.py:1)"], 5)))
    fills = [box.attrib["fill"] for box in _parsed(document).iter(f"{SVG}rect")]
    assert fills[0] == fills[1] != fills[2]


def test_a_profile_without_stacks_is_an_empty_document() -> None:
    """Where the sampler saw nothing there is nothing to draw."""
    assert _frames(render_flame_svg(Profile(iterations=1))) == {}


@given(stacks=st.lists(st.tuples(st.lists(st.text(max_size=30), max_size=6), st.integers(-3, 10**9)), max_size=8))
def test_any_profile_is_a_well_formed_document(stacks: list[tuple[list[str], int]]) -> None:
    """Names with markup or control characters are text; every frame lies inside the graph."""
    document = render_flame_svg(_profile(*stacks, (["<script>alert(1)</script>&\"'\x00\x1b"], 1)))
    root = _parsed(document)
    assert {element.tag for element in root.iter()} <= {SVG + tag for tag in ("svg", "g", "title", "rect", "text")}
    for boxes in _frames(document).values():
        assert all(0 <= left <= left + width <= 1160.1 and top >= 0 for left, top, width in boxes)
