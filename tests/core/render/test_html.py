"""A report as an HTML page."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_dpq.core.gate.recording import Failure, Generator
from airflow_provider_dpq.core.gate.report import Artifact, CheckResult, Problem, Report
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.core.render import render_html

VOID = {"meta", "wbr", "br"}


class Page(HTMLParser):
    """What a browser finds in a page: its tags, the text in each, and whether they nest."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect what is shown."""
        if self.open and self.open[-1] != "style":
            self.text.append(data)

    @property
    def shown(self) -> str:
        """All text of the page, on one line."""
        return " ".join("".join(self.text).split())


def test_html_shows_the_report(report: Report) -> None:
    """Verdict, subject, interval, provenance, thresholds, metrics, environment and identifier are on the page."""
    shown = Page(render_html(report)).shown
    for text in (
        "error flights_quality > flights quality gate: 2 of 6 checks and 1 of 5 thresholds passed",
        "Subject/data/flights.csv",
        "Data interval2013-01-01 00:00:00 UTC to 2013-01-02 00:00:00 UTC",
        "Taskflights_quality.check[3], try 1",
        "Runscheduled__2013-01-01",
        f"Report{report.id}",
        "missing_percent1.5%1% to 2%",
        report.environment.platform,
        f"great-expectations{report.environment.packages['great-expectations']}",
    ):
        assert text in shown


def test_html_shows_thresholds_with_observed_and_limit(report: Report) -> None:
    """Each threshold stands beside what was observed, the worst first."""
    page = render_html(report)
    rows = re.findall(r"<tr><td><span class=\"badge (\w+)\">.*?</tr>", page)
    assert rows == ["error", "fail", "inconclusive", "warn", "pass"]
    shown = Page(page).shown
    assert "success_percent >= 95 fails50%95%checks that succeeded, as Great Expectations counts them" in shown.replace(
        "95fail", "95 fail"
    )
    assert "0.745896%0.5% tailnum present" in shown.replace("0.5%tailnum", "0.5% tailnum")


def test_html_lists_failing_checks_first(report: Report) -> None:
    """A reader finds what needs attention at the top of the list of checks."""
    names = re.findall(r'<span class="name">(.*?) <span', render_html(report))
    assert names == ["dest pattern", "tailnum present", "speed", "origin known", "delay tolerated", "row count"]


def test_html_expands_a_check_into_declaration_result_and_samples(report: Report) -> None:
    """Each check opens to what was declared, what was found, and some unexpected values."""
    page = Page(render_html(report))
    details = [attributes for tag, attributes in page.tags if tag == "details" and attributes.get("class") == "check"]
    assert len(details) == len(report.checks)
    shown = page.shown.replace(" ", "")
    for text in (
        "columntailnum",
        "unexpected_count2,512",
        "N<b>14",
        "evaluatedbygx",
        "reasonbad_regex",
        "1,200missing",
    ):
        assert text in shown


def test_html_shows_how_often_a_sample_occurred(report: Report, make_check: Callable[..., CheckResult]) -> None:
    """Counted samples are preferred to plain ones, and those left out are counted too."""
    counts = [{"value": f"v{n}", "count": n} for n in range(1, 26)]
    result = {"partial_unexpected_counts": counts, "partial_unexpected_list": ["plain"]}
    shown = Page(render_html(report.model_copy(update={"checks": (make_check(result=result),)}))).shown
    assert "v20 (20)" in shown
    assert "v21 (21)" not in shown
    assert "and 5 more in the report" in shown
    assert "plain" not in shown


def test_html_shows_columns_of_counts_only_where_something_is_counted(
    report: Report, make_check: Callable[..., CheckResult]
) -> None:
    """A gate that counts nothing, such as a benchmark, has no empty columns of counts."""
    scenario = make_check("read", type="scenario", declaration={"size": 10}, result={"median_seconds": 0.25})
    bare = make_check("write", type="scenario", declaration={}, result={})
    page = render_html(report.model_copy(update={"checks": (scenario, bare)}))
    assert "Unexpected<" not in page
    assert "<span>Column</span>" not in page
    assert "median_seconds=0.25" in page
    assert "<span>Observed</span>" not in render_html(report.model_copy(update={"checks": (bare,)}))
    assert "Unexpected<" in render_html(report)


def test_html_shows_thresholds_of_a_single_check_inside_it(
    report: Report, make_check: Callable[..., CheckResult]
) -> None:
    """A threshold declared on a check is listed with the gate's and again where the check opens."""
    check = make_check(thresholds=report.thresholds[:1])
    page = render_html(report.model_copy(update={"checks": (check,), "thresholds": ()}))
    assert Page(page).shown.count("row_count > 0") == 2


def test_html_tells_why_the_gate_could_not_be_measured(report: Report) -> None:
    """An error of the whole stands in the header, and empty sections are left out."""
    problem = Problem(reason="out_of_memory", message="More memory is needed.")
    page = render_html(
        report.model_copy(update={"error": problem, "checks": (), "thresholds": (), "metrics": (), "artifacts": ()})
    )
    assert "More memory is needed. out_of_memory" in Page(page).shown.replace("needed.out", "needed. out")
    assert not set(re.findall(r'<section id="(\w+)"', page)) & {"checks", "thresholds", "metrics", "artifacts"}


@pytest.mark.parametrize(
    ("uri", "linked"),
    [("https://example.org/x", True), ("http://h/x", True), ("javascript:alert(1)", False), ("/tmp/rows.csv", False)],
)
def test_html_links_artifacts_on_the_web_only(report: Report, uri: str, linked: bool) -> None:
    """No other address than one on the web can be clicked."""
    page = render_html(
        report.model_copy(update={"artifacts": (Artifact(name="rows", uri=uri, media_type="text/csv"),)})
    )
    links = [attributes["href"] for tag, attributes in Page(page).tags if tag == "a"]
    assert links == ([uri] if linked else [])
    assert uri in page


def test_html_needs_nothing_beside_itself(report: Report) -> None:
    """The page runs no script and fetches nothing, so that any policy lets it through."""
    plain = report.model_copy(update={"artifacts": ()})
    page = Page(render_html(plain))
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "form", "base"}
    assert not [attributes for _, attributes in page.tags if set(attributes) & {"src", "href", "srcset", "style"}]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert not re.search(r"@import|url\(|https?:", render_html(plain))


def test_html_reads_in_light_and_dark(report: Report) -> None:
    """The page follows the reader's colour scheme."""
    page = render_html(report)
    assert "@media (prefers-color-scheme: dark)" in page
    assert '<meta name="color-scheme" content="light dark">' in page


def test_html_escapes_everything_from_the_report(report: Report, make_check: Callable[..., CheckResult]) -> None:
    """Markup in names, values, messages and tags is shown as text."""
    evil = "<script>alert('x')</script>\"'&_<b>"
    check = make_check(
        evil,
        type=evil,
        severity=evil,
        verdict=Verdict.ERROR,
        declaration={"column": evil, evil: evil},
        result={"observed_value": evil, "partial_unexpected_list": [evil], evil: [evil], "unexpected_count": 1},
        error=Problem(reason=evil, message=evil),
        evaluated_by=evil,
        thresholds=(report.thresholds[0].model_copy(update={"threshold": evil, "tags": {evil: evil}, "unit": evil}),),
    )
    fields = {
        "gate": evil,
        "kind": evil,
        "subject": evil,
        "checks": (check,),
        "error": Problem(reason=evil, message=evil),
        "metrics": tuple(
            metric.model_copy(update={"name": evil, "unit": evil, "tags": {evil: evil}}) for metric in report.metrics
        ),
        "artifacts": (Artifact(name=evil, uri=evil, media_type=evil),),
        "provenance": report.provenance.model_copy(update={"dag_id": evil, "task_id": evil, "run_id": evil}),
        "environment": report.environment.model_copy(update={"host": evil, "packages": {evil: evil}}),
    }
    page = Page(render_html(report.model_copy(update=fields), above=evil))
    assert not {tag for tag, _ in page.tags} & {"script", "b"}
    assert page.shown.count("<script>alert('x')</script>") > 20


def test_html_shows_above_the_report_what_it_is_given(report: Report) -> None:
    """A page that belongs to a site can carry its navigation; by default there is none."""
    assert "other reports error flights" in Page(render_html(report, above="other reports")).shown


@settings(max_examples=40)
@given(data=st.data())
def test_html_is_well_formed_whatever_the_report(reports: st.SearchStrategy[Report], data: st.DataObject) -> None:
    """Any report makes a page whose tags are all closed in order."""
    page = render_html(data.draw(reports))
    assert [tag for tag, _ in Page(page).tags].count("main") == 1
    page.encode()


def test_html_stays_small_with_many_checks(report: Report, make_check: Callable[..., CheckResult]) -> None:
    """A suite of 200 checks is a page of a few hundred kilobytes with every check on it."""
    many = [make_check(f"check {n}", verdict=Verdict.FAIL if n % 9 == 0 else Verdict.PASS) for n in range(200)]
    page = render_html(report.model_copy(update={"checks": tuple(many)}))
    assert page.count('<details class="check">') == 200
    assert len(page) < 400_000
    assert "23 fail" in Page(page).shown
    assert "177 pass" in Page(page).shown


def test_html_shows_a_benchmark_by_size(sized: Report) -> None:
    """One row a size, the smallest first, the exponent above it, and the plots with their captions below."""
    page = Page(render_html(sized))
    shown = page.shown
    assert shown.index("exponent1.11.05 to 1.15") < shown.index("1002015") < shown.index("Time by size")
    assert "Time grows as the size to the power of 1.1 (1.05 to 1.15)." in shown
    assert [attributes["role"] for tag, attributes in page.tags if tag == "svg"] == ["img", "img", "img"]
    assert "19 metrics" in shown


def test_html_shows_a_comparison_with_its_intervals(compared: Report) -> None:
    """A ratio stands beside its interval, an open end is told, and there is no column of sizes."""
    shown = Page(render_html(compared)).shown
    assert "cpu_median1.071x baseline1.052x to 1.089x" in shown
    assert "median1.083x baselinefrom 1.01x" in shown
    assert "1.797" not in shown
    assert ">Size<" not in render_html(compared)


def test_html_shows_where_time_and_memory_went(sized: Report) -> None:
    """Functions with their times, the flame graph, and what was still held."""
    page = Page(render_html(sized))
    for text in (
        "mergemerge.py:148900 ms1.8 s657",
        "<built-in sort>built in250 us10 ms20",
        "100 samples of the stack, one every 5 ms",
        "take (take.py:7): 60 of 100 samples, 60.00%",
        "Still allocated after 20 iterations",
        "dags/flights.py:90frame.py:74030 MB9",
    ):
        assert text in page.shown
    assert "Profile" not in Page(render_html(sized.model_copy(update={"profile": None}))).shown


def test_html_shows_a_load_by_scenario(loaded: Report) -> None:
    """A row of figures a scenario, how iterations failed, how the generators were, and the plots."""
    shown = Page(render_html(loaded)).shown
    for text in (
        "all12,000200 /s0.33%77.8 ms1.5 ms6.15 ms600 ms16.5 ms21 ms75 ms",
        "write3,00050 /s0.33%7",
        "Measured from its actual start: median 4 ms, max 200 ms, p(95) 9 ms.",
        "status 503read35overloadedtry <later>",
        "app.py:7 in sleep500 ms",
        "lateness_p(99)600 us",
        "The dashed line is how many were due.",
    ):
        assert text in shown
    assert shown.index("status 503") < shown.index("timeout")


def test_html_of_one_scenario_has_no_column_of_names(searched: Report) -> None:
    """Levels and the answer of a search stand below the figures of the whole."""
    shown = Page(render_html(searched)).shown
    assert "Scenario" not in shown
    assert shown.index("100/s1100%") < shown.index("337.5/s4071%") < shown.index("breaking_point281 /s274 /s to 288 /s")


def test_html_escapes_what_failed_iterations_said(loaded: Report) -> None:
    """An answer of the service under test is text, whatever it holds."""
    evil = "<script>alert(1)</script>"
    assert loaded.recording is not None
    failures = (Failure(scenario=evil, name=evil, count=1, samples=(evil,)),)
    generators = (Generator(part=0, parts=1, blocked={evil: 1.0}),)
    recording = loaded.recording.model_copy(update={"failures": failures, "generators": generators})
    page = Page(render_html(loaded.model_copy(update={"recording": recording})))
    assert not {tag for tag, _ in page.tags} & {"script"}
    assert page.shown.count(evil) == 4


@pytest.mark.parametrize("which", ["sized", "compared", "leaking", "loaded", "searched"])
def test_html_of_a_measured_operation_needs_nothing_beside_itself(which: str, request: pytest.FixtureRequest) -> None:
    """Plots run no script and fetch nothing either; what they refer to is in the page, once."""
    source = render_html(request.getfixturevalue(which))
    page = Page(source)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "image", "iframe", "object", "foreignobject"}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert not re.search(r"@import|url\((?!#)|https?:", source)
    identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    asked = re.findall(r'xlink:href="#([^"]+)"|url\(#([^)]+)\)', source)
    assert {first or second for first, second in asked} <= set(identifiers)


def test_html_escapes_what_plots_and_profiles_say(sized: Report, compared: Report) -> None:
    """Names of sizes, metrics and functions are text, in captions and tooltips too."""
    evil = "<script>alert(1)</script>\"'&"
    tags = {"size": evil, "metric": evil}
    assert sized.profile is not None
    stacks = tuple(stack.model_copy(update={"frames": (evil,)}) for stack in sized.profile.stacks)
    functions = tuple(item.model_copy(update={"name": evil, "location": evil}) for item in sized.profile.functions)
    allocations = tuple(item.model_copy(update={"location": (evil, evil)}) for item in sized.profile.allocations)
    profile = sized.profile.model_copy(update={"stacks": stacks, "functions": functions, "allocations": allocations})
    series = tuple(item.model_copy(update={"tags": tags}) for item in compared.series)
    metrics = tuple(item.model_copy(update={"tags": {"size": evil}, "name": item.name}) for item in compared.metrics)
    report = compared.model_copy(update={"series": series, "metrics": metrics, "profile": profile})
    page = Page(render_html(report))
    assert not {tag for tag, _ in page.tags} & {"script"}
    assert page.shown.count("<script>alert(1)</script>") > 10


def test_html_of_a_benchmark_is_the_same_each_time(sized: Report) -> None:
    """The same report gives the same bytes."""
    assert render_html(sized) == render_html(sized)
