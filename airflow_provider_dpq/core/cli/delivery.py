"""Where a report goes: standard output, or a file that is written whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.permission import file_mode, make_file, mode_kept, usual_mode

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.report import Report

_FILE_WIDTH: Final = 100
_WITH_VALUES: Final = ("text", "json", "html")
"""Forms that may hold values of the data; the others are read by programs of other users."""


def write_text(text: str) -> None:
    """Write text for people to standard output, which may know few characters and may be closed before the end."""
    _write(text.encode(sys.stdout.encoding or "utf-8", errors="replace"))


def write_report(report: Report, form: str) -> None:
    """Write a report to standard output.

    Args:
        report: The report.
        form: One of `FORMATS`; text is coloured and fitted to the terminal where there is one.
    """
    if form == "text":
        from airflow_provider_dpq.core.render import render_text

        colour = _is_coloured()
        width = shutil.get_terminal_size((_FILE_WIDTH, 24)).columns
        write_text(render_text(report, width=width, colour=colour))
    else:
        _write(_rendered(report, form))


def _is_coloured() -> bool:
    """Whether text is coloured: on a terminal, or where FORCE_COLOR asks for it; never where NO_COLOR is set."""
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR", "")
    return sys.stdout.isatty() if forced in ("", "0") else True


def prove_form(form: str, kind: str) -> None:
    """Refuse a form that has nothing of a kind of gate, before any work is done for it.

    Raises:
        DeclarationError: ``wrong_form``.
    """
    if form == "pyperf":
        from airflow_provider_dpq.core.render.pyperf import require_samples

        require_samples(kind)
    elif form == "hdr":
        from airflow_provider_dpq.core.render.hdr import require_recording

        require_recording(kind)


def _rendered(report: Report, form: str) -> bytes:
    from airflow_provider_dpq.core import render

    if form == "json":
        text = report.to_json(indent=2) + "\n"
    elif form == "html":
        text = render.render_html(report)
    elif form == "junit":
        text = render.render_junit(report)
    elif form == "pyperf":
        text = render.render_pyperf(report)
    elif form == "hdr":
        text = render.render_hdr(report)
    else:
        text = render.render_text(report, width=_FILE_WIDTH)
    return text.encode()


def _write(content: bytes) -> None:
    try:
        click.echo(content, nl=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough (`| head`). The verdict stands; Python must not fail on its own last flush either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def prove_writable(path: Path) -> None:
    """Refuse a file that could not be written, before any work is done for it.

    Raises:
        DeclarationError: ``unwritable_output``.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if _is_whole(path):
            part = _part(path)
            part.touch(exist_ok=False)
            part.unlink()
    except OSError as error:
        message = f"The report cannot be written to {str(path)!r}: {error.strerror}."
        raise DeclarationError(
            "unwritable_output", message, hint="Use a file in a directory that you can write to."
        ) from error


def save_report(report: Report, form: str, path: Path) -> None:
    """Write a report to a file: whoever looks finds what was there before or the whole report, never a part of it.

    Args:
        report: The report.
        form: One of `FORMATS`.
        path: The file; a device or a pipe is written to as it is.
    """
    content = _rendered(report, form)
    if not _is_whole(path):
        path.write_bytes(content)
        return
    part = _part(path)
    try:
        make_file(part)
        part.write_bytes(content)
        part.chmod(mode_kept(path, new=file_mode if form in _WITH_VALUES else usual_mode))
        part.replace(path.resolve())
    finally:
        part.unlink(missing_ok=True)


def _is_whole(path: Path) -> bool:
    return path.is_file() or not path.exists()


def _part(path: Path) -> Path:
    return path.resolve().with_name(f".dpq-{uuid.uuid4().hex}.part")
