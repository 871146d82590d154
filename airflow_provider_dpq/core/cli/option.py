"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

FORMATS: Final = ("text", "json", "junit", "html", "pyperf", "hdr")
"""The forms in which a report can be written."""


def store_option(*, required: bool) -> Callable[[Decorated], Decorated]:
    """Add ``--store``, which the environment variable ``DPQ_STORE`` may give instead."""
    return click.option(
        "--store",
        "store_url",
        metavar="URL",
        envvar="DPQ_STORE",
        show_envvar=True,
        required=required,
        help="Store of reports, a SQLAlchemy URL such as sqlite:////var/lib/dpq.db.",
    )


def format_option(function: Decorated) -> Decorated:
    """Add ``--format``."""
    return click.option(
        "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="Form of the report."
    )(function)
