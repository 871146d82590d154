"""`make docs`: write every region of every page anew, and the recorded SQL of the dialects."""

from __future__ import annotations

import os
import tempfile


def main() -> None:
    """Rewrite the pages in place."""
    from docs._generate.dialects import records
    from docs._generate.order import write
    from docs._generate.region import fill, pages

    for page in pages():
        page.write_text(fill(page.read_text(encoding="utf-8"), write), encoding="utf-8")
    for path, text in records():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
        del os.environ[name]  # the pages state the defaults, not what somebody has configured
    with tempfile.TemporaryDirectory() as home:
        os.environ["AIRFLOW_HOME"] = home  # importing Airflow writes its configuration there
        main()
