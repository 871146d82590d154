"""The pages say what the code says, leave nothing out, and their links lead somewhere."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from urllib.parse import unquote

import click
import pytest

from airflow_provider_dpq.core.cli import main
from airflow_provider_dpq.core.cli.edge import VERDICT_EXIT_CODES
from airflow_provider_dpq.core.gate.verdict import Verdict
from airflow_provider_dpq.get_provider_info import get_provider_info
from docs._generate.answers import on_frames
from docs._generate.order import write
from docs._generate.raised import find_raised
from docs._generate.reasons import MEANINGS
from docs._generate.region import ROOT, fill
from tests.docs.page import BLOCK, PAGES, blocks

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PACKAGE = ROOT / "airflow_provider_dpq"
ARCHITECTURE = "docs/explanation/architecture.md"
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES)
def test_generated_parts_are_what_the_code_says(page: str) -> None:
    """What `make docs` writes is what stands in the page."""
    assert fill(PAGES[page], write) == PAGES[page], "run: make docs"


def test_every_example_is_about_a_column_of_the_orders() -> None:
    """No example names a column that the orders lack: it would be documented as refused everywhere."""
    errors = {kind: answers.full.error for kind, answers in on_frames().items()}
    assert [kind for kind, error in errors.items() if error and error.reason == "missing_column"] == []


def test_readme_shows_a_part_of_a_runnable_dag() -> None:
    """The DAG in the README is, word by word, one that the system tests run."""
    marked = (ROOT / "dags/flights_quality.py").read_text().split("# [START references]\n")[1].split("# [END ")[0]
    shown = [text for page, text in blocks("python") if page == "README.md"]
    assert inspect.cleandoc(marked.rstrip()) in shown


def test_architecture_names_what_there_is() -> None:
    """Each file and folder in its layout exists, and no package of the core is left out."""
    layout = next(text for page, text in blocks("") if page == ARCHITECTURE and text.startswith(f"{PACKAGE.name}/"))
    folders, named, unknown = [PACKAGE], set(), []
    for line in layout.splitlines()[1:]:
        depth = (len(line) - len(line.lstrip())) // 2
        del folders[depth:]
        first, *others = re.findall(r"[\w]+(?:\.py|/)", line)
        folders.append(folders[-1] / first)
        named |= {folders[-1], *(folders[-2] / other for other in others)}
        unknown += [first] * (not folders[-1].exists())
        unknown += [other for other in others if not any((beside / other).exists() for beside in folders[-2:])]
    assert unknown == []
    packages = {one.parent for root in (PACKAGE, PACKAGE / "core") for one in root.glob("*/__init__.py")}
    assert packages - named == set()


def test_architecture_tells_the_direction_that_is_checked() -> None:
    """The chain of the core is the one of its import contract."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one["name"] == "The core imports in one direction"]
    here = {one.stem for one in (PACKAGE / "core").iterdir()}
    checked = [set(re.findall(r"\w+", layer)) & here for layer in layers]
    (chain,) = re.findall(r"`(cli → [^`]*)`", PAGES[ARCHITECTURE])
    assert [set(re.findall(r"\w+", layer)) for layer in chain.split("→")] == checked


def test_every_option_is_documented() -> None:
    """Each `[dpq]` option stands in the reference of the configuration."""
    options = get_provider_info()["config"]["dpq"]["options"]
    assert [name for name in options if f"| `{name}` |" not in PAGES["docs/reference/configuration.md"]] == []


def is_made_by_another(described: type) -> bool:
    """Whether a class says of itself that a function of the package makes it: then that function is for DAGs."""
    return "makes it." in str(inspect.getdoc(described)).splitlines()[0]


def classes_for_dags() -> list[str]:
    """Return every class that a DAG's author may use, as the provider's register lists their modules."""
    info = get_provider_info()
    kinds = {"operators": "Operator", "sensors": "Sensor", "hooks": "Hook"}
    modules = {name: suffix for kind, suffix in kinds.items() for item in info[kind] for name in item["python-modules"]}
    found = [
        f"{module}.{name}"
        for module, suffix in modules.items()
        for name, item in vars(importlib.import_module(module)).items()
        if getattr(item, "__module__", "") == module and name.endswith(suffix) and not is_made_by_another(item)
    ]
    return [*found, *info["notifications"]]


@pytest.mark.parametrize("name", classes_for_dags())
def test_every_class_for_dags_is_documented(name: str) -> None:
    """Each operator, sensor, hook and notifier is in the reference; its arguments are written from its signature."""
    assert f"<!-- make docs: class {name} -->" in PAGES["docs/reference/operators.md"]


def test_every_reason_code_is_documented() -> None:
    """Each code that the package raises stands in the reference of errors, under the error that carries it.

    No other code has a meaning there: one that is raised and not found would be missing from both.
    """
    sections = dict(part.split("\n", 1) for part in PAGES["docs/reference/errors.md"].split("\n## ")[1:])
    sections["Problem"] = sections["In reports only"]
    assert {found for found in find_raised() if f"| `{found.reason}` |" not in sections[found.kind]} == set()
    assert {found.reason for found in find_raised()} == set(MEANINGS)


def commands(group: click.Group, path: str = "dpq") -> Iterator[tuple[str, click.Command]]:
    """Yield every command of the command line with its full name."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


@pytest.mark.parametrize(("name", "command"), list(commands(main)))
def test_every_command_and_option_is_documented(name: str, command: click.Command) -> None:
    """Each command of `dpq`, and each option of it, stands in the reference of the command line."""
    text = PAGES["docs/reference/command-line.md"]
    options = [word for parameter in command.params for word in parameter.opts if word.startswith("--")]
    assert [word for word in (name, *options) if word not in text] == []


@pytest.mark.parametrize("verdict", list(Verdict))
def test_reference_of_verdicts_states_the_exit_codes(verdict: Verdict) -> None:
    """The table of verdicts gives each the exit code that `dpq check` ends with."""
    assert re.search(
        rf"^\| `{verdict.value}` \| .+ \| {VERDICT_EXIT_CODES[verdict]} \|$", PAGES["docs/reference/verdicts.md"], re.M
    )


def test_readme_names_make_targets_that_exist() -> None:
    """Each `make ...` that a page tells the reader to run is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = {target for text in PAGES.values() for target in re.findall(r"`make ([a-z-]+)`", text)}
    assert named - targets == set()
    assert {"demo", "up", "test"} <= named


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_inside_of_the_checkout_lead_somewhere(page: str) -> None:
    """Every link to a file finds one, and every link to a heading finds that."""
    broken = []
    for target in (match["target"] for match in LINK.finditer(BLOCK.sub("", PAGES[page]))):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / unquote(path) if path else ROOT / page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(target)
    assert broken == []


def test_every_page_is_listed() -> None:
    """Whoever starts at the index or in the list of decisions reaches every page."""
    listed = {
        (DOCS / folder / match["target"].partition("#")[0]).resolve()
        for folder, page in (("", "docs/index.md"), ("decisions", "docs/decisions/index.md"))
        for match in LINK.finditer(PAGES[page])
    }
    assert {page for page in DOCS.rglob("*.md") if page.resolve() not in listed} == {DOCS / "index.md"}


def test_python_versions_in_the_pages_are_those_of_the_package() -> None:
    """What the README demands of Python is what the package's metadata and the pins say."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    versions = re.findall(r"Python :: (3\.\d+)", "\n".join(declared))
    assert f"Python {', '.join(versions[:-1])} or {versions[-1]}" in PAGES["README.md"]
    assert f"3.{sys.version_info.minor}" in versions
