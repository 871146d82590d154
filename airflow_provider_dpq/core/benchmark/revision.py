"""The code of another git revision, extracted to a temporary directory while it is measured."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from airflow_provider_dpq.core.errors import DeclarationError


@contextmanager
def extracted(revision: str, module: str) -> Iterator[list[str]]:
    """Extract another revision of a module's repository and yield an import path that finds the module there.

    The repository itself is only read: nothing is checked out in it. Files that are not in git, such as compiled
    extensions, are missing.

    Args:
        revision: Any name that git resolves to a commit.
        module: Name of the module; its file must be in a git repository.

    Raises:
        DeclarationError: ``unknown_revision``, ``not_in_git``, ``not_in_revision``.
    """
    file = _file(module)
    root = _repository(module, file)
    with tempfile.TemporaryDirectory(prefix="dpq-revision-") as folder:
        archive = Path(folder) / "revision.tar"
        # A name that begins with a dash would be an option.
        done = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        commit = done.stdout.strip()
        if done.returncode or not commit:
            message = f"The repository of {module!r} has no revision {revision!r}."
            hint = "Give a commit, tag or branch, and make sure that it has been fetched."
            raise DeclarationError("unknown_revision", message, hint=hint)
        _git(root, "archive", "--output", str(archive), commit).check_returncode()
        code = Path(folder) / "code"
        with tarfile.open(archive) as packed:
            packed.extractall(code, filter="tar")  # links may lead out of it, as they do in the repository
        archive.unlink()
        # Its own folder first: an editable installation may import it by other means than the search path.
        home = file.parents[module.count(".") + (file.name == "__init__.py")]
        path = [_moved(Path(entry or "."), root, code) for entry in (str(home), *sys.path)]
        _require(module, path, code, revision)
        yield path


_HINT: Final = "Install the code from its git repository in editable mode, or compare with a function of another name."


def _file(module: str) -> Path:
    spec = find_spec(module)
    if spec is None or not spec.has_location or not spec.origin:
        raise DeclarationError("not_in_git", f"Module {module!r} has no source file.", hint=_HINT)
    return Path(spec.origin).resolve()


def _repository(module: str, file: Path) -> Path:
    try:
        done = _git(file.parent, "rev-parse", "--show-toplevel")
    except FileNotFoundError as error:
        raise DeclarationError("not_in_git", "git was not found.", hint="Install git on the worker.") from error
    if done.returncode:
        message = f"Module {module!r} is not in a readable git repository: {done.stderr.strip()}."
        raise DeclarationError("not_in_git", message, hint=_HINT)
    return Path(done.stdout.strip())


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - arguments, no shell
        ["git", "-C", str(folder), *arguments],  # noqa: S607 - the git that the worker has
        check=False,
        capture_output=True,
        text=True,
    )


def _moved(entry: Path, root: Path, code: Path) -> str:
    """Return an entry of the import path, moved to the other revision if it is in the repository."""
    resolved = entry.resolve()
    if not resolved.is_relative_to(root):
        return str(entry)
    moved = code / resolved.relative_to(root)
    return str(moved if moved.exists() else entry)  # an environment within the repository is not in git


def _require(module: str, path: Sequence[str], code: Path, revision: str) -> None:
    """Refuse an import path that finds the present version of the module, or none."""
    names, searched = module.split("."), path
    for count in range(1, len(names) + 1):
        spec = PathFinder.find_spec(".".join(names[:count]), searched)
        searched = list((spec and spec.submodule_search_locations) or [])
    if spec is None or not spec.origin or not Path(spec.origin).is_relative_to(code):
        message = f"Revision {revision!r} has no module {module!r}."
        raise DeclarationError(
            "not_in_revision", message, hint="Give a revision that has the module at its present path."
        )
