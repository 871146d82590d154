"""The interpreter of a peer, in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "benchmarks"


def interpreter(program: str) -> str:
    """Return the interpreter of a program's environment, made where it is missing."""
    requirements = HERE / f"requirements-{program}.txt"
    if not requirements.exists():
        return sys.executable
    home = CACHE / program
    python = home / "bin" / "python"
    if not (home / "installed").exists():
        print(f"installing {program} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]
        subprocess.run(install, check=True)
        (home / "installed").touch()
    return str(python)
