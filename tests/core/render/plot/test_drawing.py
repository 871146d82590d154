"""What every plot has in common: it follows the page's colours, says what it shows, and is the same each time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.gate.report import Report
from airflow_provider_dpq.core.render.plot import plots

ROOT = Path(__file__).parents[4]

LOADED_BY_A_PAGE = """
import json, sys
from pathlib import Path
from airflow_provider_dpq.core.gate.report import parse_report
from airflow_provider_dpq.core.render import render_html

render_html(parse_report(Path(sys.argv[1]).read_bytes()))
print(json.dumps([name for name in ("matplotlib", "matplotlib.pyplot") if name in sys.modules]))
"""


def _parsed(svg: str) -> ET.Element:
    """Read an element as a page's parser does, which knows the prefix of its references."""
    return ET.fromstring(svg.replace("xlink:href", "href"))  # noqa: S314 - we made it


@pytest.fixture(params=["sized", "compared", "leaking"])
def plotted(request: pytest.FixtureRequest) -> Report:
    """Each report that has something to plot."""
    report: Report = request.getfixturevalue(request.param)
    return report


def test_plots_are_labelled_images(plotted: Report) -> None:
    """Each is one well-formed element that tells a screen reader what the caption tells the others."""
    drawn = plots(plotted)
    assert drawn
    for plot in drawn:
        root = _parsed(plot.svg)
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"] == f"{plot.title}. {plot.caption}"
        assert plot.caption.endswith(".")


def test_plots_bring_no_style_script_or_address(plotted: Report) -> None:
    """Nothing of a plot reaches beyond it: no style sheet, no name of a group, no metadata, nothing fetched."""
    for plot in plots(plotted):
        assert not re.search(r"<style|<script|<metadata|<g id=|<\?xml|<!DOCTYPE|https?:|pyplot", plot.svg)


def test_plots_name_no_colour_but_those_of_the_page(plotted: Report) -> None:
    """Light and dark schemes reach every line and letter."""
    for plot in plots(plotted):
        assert "var(--" in plot.svg
        assert not re.findall(r"(?:fill|stroke): #[0-9a-f]{6}", plot.svg.replace("#000000", ""))
        assert not re.search(r"<text[^>]*#", plot.svg)


def test_identifiers_of_two_plots_differ(plotted: Report) -> None:
    """A plot refers to its own markers and clippings, not to those of another one on the page."""
    found = [set(re.findall(r' id="([^"]+)"', plot.svg)) for plot in plots(plotted)]
    assert sum(map(len, found)) == len(set().union(*found))


def test_plots_are_the_same_bytes_in_any_thread(sized: Report, leaking: Report) -> None:
    """Pages are made in several threads at once, and the same report makes the same page."""
    alone = [plots(sized), plots(leaking)] * 3
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(plots, [sized, leaking] * 3)) == alone


def test_plots_ignore_the_settings_of_the_process(sized: Report) -> None:
    """Someone's own matplotlib style changes no report, and a report changes no style."""
    import matplotlib as mpl

    expected = plots(sized)
    with mpl.rc_context({"lines.linewidth": 9.0, "svg.fonttype": "path"}):
        assert plots(sized) == expected
        assert mpl.rcParams["lines.linewidth"] == 9.0


@pytest.mark.parametrize(("which", "loaded"), [("report", []), ("sized", ["matplotlib"])])
def test_matplotlib_is_imported_only_where_there_is_something_to_plot(
    which: str, loaded: list[str], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The page of a quality report needs no plotting library, and none needs the one with a state."""
    path = tmp_path / "report.json"
    path.write_text(request.getfixturevalue(which).to_json(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LOADED_BY_A_PAGE, str(path)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert json.loads(done.stdout) == loaded


def test_other_kinds_have_no_plots(sized: Report) -> None:
    """A series means what its kind says; one of an unknown kind is not drawn."""
    assert plots(sized.model_copy(update={"kind": "quality"})) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), kind=st.sampled_from(["benchmark", "leak"]))
def test_any_report_can_be_plotted(reports: st.SearchStrategy[Report], data: st.DataObject, kind: str) -> None:
    """Odd numbers, sizes and texts make fewer plots, never an error or broken markup."""
    report = data.draw(reports).model_copy(update={"kind": kind})
    for plot in plots(report):
        _parsed(re.sub(r' aria-label="[^"]*"', "", plot.svg))
