"""The code of another revision, laid out of repositories that are made for each test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airflow_provider_dpq.core.benchmark.revision import extracted
from airflow_provider_dpq.core.errors import DeclarationError

MODULE = "speed_of_revisions"


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as nobody in particular."""
    identity = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """A function that writes a file in a repository, commits it, and puts its folder on the search path."""
    git(tmp_path, "init", "--quiet")

    def write(name: str, text: str, *, on_path: str | None = ".") -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "--quiet", "--message", f"Write {name}")
        if on_path is not None:
            monkeypatch.syspath_prepend(tmp_path / on_path)
        return file

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] == MODULE]:
        del sys.modules[name]


def told(path: list[str], module: str = MODULE) -> str:
    """Import a module on a search path, in an interpreter of its own, and return what it says."""
    program = f"import sys; sys.path[:] = sys.argv[1:]; import {module} as found; print(found.told)"
    return subprocess.run(
        [sys.executable, "-c", program, *path], check=True, capture_output=True, text=True
    ).stdout.strip()


def refused(revision: str, module: str = MODULE) -> DeclarationError:
    """Return why there is no such code."""
    with pytest.raises(DeclarationError) as caught, extracted(revision, module):
        pass
    return caught.value


def test_a_module_is_that_of_the_revision(commit: Callable[..., Path]) -> None:
    """A commit back, by branch or by tag, while the present one is what it was."""
    file = commit(f"{MODULE}.py", "told = 'old'")
    git(file.parent, "tag", "v1")
    commit(f"{MODULE}.py", "told = 'new'")
    for revision in ("HEAD~1", "v1", git(file.parent, "rev-parse", "HEAD~1")):
        with extracted(revision, MODULE) as path:
            assert told(path) == "old"
    with extracted("HEAD", MODULE) as path:
        assert told(path) == "new"
    assert told(sys.path) == "new"


def test_the_working_tree_is_not_touched(commit: Callable[..., Path]) -> None:
    """What is not committed stays, and nothing is checked out; what was laid out goes."""
    file = commit(f"{MODULE}.py", "told = 'old'")
    commit(f"{MODULE}.py", "told = 'new'")
    file.write_text("told = 'not committed'", encoding="utf-8")
    before = git(file.parent, "status", "--porcelain"), git(file.parent, "log", "--all"), set(file.parent.iterdir())
    with extracted("HEAD~1", MODULE) as path:
        folder = Path(path[0])
        assert told(path) == "old"
    assert not folder.exists()
    assert file.read_text(encoding="utf-8") == "told = 'not committed'"
    assert before == (
        git(file.parent, "status", "--porcelain"),
        git(file.parent, "log", "--all"),
        set(file.parent.iterdir()),
    )


def test_a_package_below_src_is_found_there(commit: Callable[..., Path]) -> None:
    """With all of its modules, those that the module imports included."""
    commit(f"src/{MODULE}/__init__.py", "", on_path="src")
    commit(f"src/{MODULE}/part.py", "word = 'old'")
    commit(f"src/{MODULE}/inner/whole.py", f"from {MODULE}.part import word as told")
    commit(f"src/{MODULE}/part.py", "word = 'new'")
    with extracted("HEAD~1", f"{MODULE}.inner.whole") as path:
        assert told(path, f"{MODULE}.inner.whole") == "old"
    with extracted("HEAD", f"{MODULE}.inner.whole") as path:
        assert told(path, f"{MODULE}.inner.whole") == "new"


def test_a_package_that_is_not_on_the_search_path_is_found(commit: Callable[..., Path]) -> None:
    """An editable installation may import it through a finder of its own, which would give the present code."""
    commit(f"src/{MODULE}/__init__.py", "told = 'old'", on_path="src")
    commit(f"src/{MODULE}/__init__.py", "told = 'new'", on_path=None)
    __import__(MODULE)
    sys.path.remove(next(entry for entry in sys.path if entry.endswith("/src")))
    with extracted("HEAD~1", MODULE) as path:
        assert told(path) == "old"


def test_a_revision_without_the_module_is_refused(commit: Callable[..., Path]) -> None:
    """Rather than compare the present code with itself."""
    commit("README", "nothing yet")
    commit(f"lib/{MODULE}.py", "told = 'new'", on_path="lib")
    error = refused("HEAD~1")
    assert error.reason == "not_in_revision"
    assert "'HEAD~1'" in str(error)


def test_an_environment_within_the_repository_stays_where_it_is(
    commit: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not in git cannot be moved, and the code needs it."""
    commit(".gitignore", ".env")
    commit(f"{MODULE}.py", "import installed_beside\ntold = installed_beside.word")
    (tmp_path / ".env").mkdir()
    (tmp_path / ".env" / "installed_beside.py").write_text("word = 'found'", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path / ".env")
    with extracted("HEAD", MODULE) as path:
        assert str(tmp_path / ".env") in path
        assert told(path) == "found"


def test_links_out_of_the_repository_are_no_obstacle(commit: Callable[..., Path], tmp_path: Path) -> None:
    """They are laid out as they are."""
    (tmp_path / "elsewhere").symlink_to("/")
    commit(f"{MODULE}.py", "told = 'old'")
    with extracted("HEAD", MODULE) as path:
        assert told(path) == "old"


@pytest.mark.parametrize("revision", ["v9", "", "--help", "-", "HEAD:README", "HEAD\n"])
def test_an_unknown_revision_is_refused(commit: Callable[..., Path], revision: str) -> None:
    """And one that looks like an option is no option."""
    commit(f"{MODULE}.py", "told = 'old'")
    error = refused(revision)
    assert error.reason == "unknown_revision"
    assert repr(revision) in str(error)


def test_a_module_outside_of_git_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are no revisions of it."""
    (tmp_path / f"{MODULE}.py").write_text("told = 'new'", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    error = refused("HEAD")
    assert error.reason == "not_in_git"
    assert "not a git repository" in str(error)


@pytest.mark.parametrize("module", ["sys", "there_is_no_such_module"])
def test_a_module_without_a_file_is_refused(module: str) -> None:
    """One that is built in, or is not there."""
    assert refused("HEAD", module).reason == "not_in_git"


def test_a_worker_without_git_is_told(commit: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """It has to be installed there."""
    commit(f"{MODULE}.py", "told = 'old'")
    monkeypatch.setenv("PATH", "/nowhere")
    error = refused("HEAD")
    assert error.reason == "not_in_git"
    assert "Install git" in str(error)
