"""What every command that runs a gate shares: its options, the store open while it measures, the report delivered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import click

from airflow_provider_dpq.core.cli.delivery import prove_form, prove_writable, save_report, write_report, write_text
from airflow_provider_dpq.core.cli.edge import NOT_MEASURED, VERDICT_EXIT_CODES, stop
from airflow_provider_dpq.core.cli.option import Decorated, format_option, store_option
from airflow_provider_dpq.core.errors import DeclarationError, DpqError, StoreError, text_of, unexpected_error

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.report import Report
    from airflow_provider_dpq.core.store import Start, Store

Measure: TypeAlias = Callable[["Store | None"], "Report"]
"""Measures with the store, where there is one, and returns the report."""


def gate_options(*, example: str, default_gate: str) -> Callable[[Decorated], Decorated]:
    """Add the options that every gate has; the command gets all thresholds as one argument, ``thresholds``.

    Args:
        example: A threshold of the gate's kind.
        default_gate: What the gate is called where nothing is said.
    """
    options = (
        click.option("--gate", metavar="NAME", help=f"Name of the gate.  [default: {default_gate}]"),
        click.option(
            "--threshold",
            "thresholds",
            metavar="EXPR",
            multiple=True,
            help=f"Limit on a metric, such as '{example}'; a breach fails the gate. Repeatable.",
        ),
        click.option(
            "--warn-threshold",
            "warn_thresholds",
            metavar="EXPR",
            multiple=True,
            help="Like --threshold, but a breach only warns. Repeatable.",
        ),
        format_option,
        click.option(
            "--output",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="File for the report, written in one piece at the end.  [default: standard output]",
        ),
        store_option(required=False),
    )

    def decorate(function: Decorated) -> Decorated:
        @wraps(function)
        def together(*, thresholds: tuple[str, ...], warn_thresholds: tuple[str, ...], **arguments: Any) -> Any:
            warning = ({"threshold": text, "severity": "warn"} for text in warn_thresholds)
            return function(thresholds=(*thresholds, *warning), **arguments)

        for option in reversed(options):
            together = option(together)
        return together  # type: ignore[return-value]

    return decorate


def run_gate(measure: Measure, *, kind: str, form: str, output: Path | None, store_url: str | None) -> Report:
    """Measure with the store already open, keep the report before anybody sees it, and write it.

    Args:
        measure: Measures and judges.
        kind: Kind of the gate.
        form: One of `FORMATS`.
        output: File for the report; None for standard output.
        store_url: Where reports are kept; None where they are not.

    Returns:
        The report.

    Raises:
        DeclarationError: ``wrong_form`` or ``unwritable_output``; nothing was measured.
    """
    prove_form(form, kind)
    if output is not None:
        prove_writable(output)
    report = _measured_and_stored(measure, store_url)
    _deliver(report, form, output, store_url)
    return report


@contextmanager
def begun(store: Store | None, start: Start) -> Iterator[None]:
    """Measure inside, with a record in the store that it has started.

    A declaration that is refused takes the record back: there is nothing to say of the data. Anything else that goes
    wrong leaves a report in its place, and so no older pass stands for the newest.
    """
    if store is None:
        yield
        return
    store.begin(start)
    try:
        yield
    except (DeclarationError, click.ClickException):
        store.withdraw(start)
        raise
    except BaseException as error:
        with suppress(StoreError):  # the first error is raised; the record shows that there is no report
            store.write(_report_of(error, start))
        raise


def _report_of(error: BaseException, start: Start) -> Report:
    from airflow_provider_dpq.core.gate.report import make_report

    return make_report(
        gate=start.gate,
        kind=start.kind,
        subject=start.subject,
        provenance=start.source,
        started_at=start.started_at,
        duration_seconds=max(0.0, (datetime.now(UTC) - start.started_at).total_seconds()),
        error=error if isinstance(error, DpqError) else unexpected_error(error, "Measuring"),
    )


def exit_by(report: Report) -> NoReturn:
    """End the program as the verdict demands."""
    raise click.exceptions.Exit(VERDICT_EXIT_CODES[report.verdict])


def _measured_and_stored(measure: Measure, store_url: str | None) -> Report:
    if store_url is None:
        return measure(None)
    from airflow_provider_dpq.core.store import open_store
    from airflow_provider_dpq.core.store.patience import KEEPING_SECONDS, patiently

    with open_store(store_url) as store:
        report = measure(store)
        try:
            patiently(lambda: store.write(report), KEEPING_SECONDS)
        except StoreError as error:
            stop(text_of(error), NOT_MEASURED)
    return report


def _deliver(report: Report, form: str, output: Path | None, store_url: str | None) -> None:
    """Write the report and, where that cannot spoil a form that programs read, say where it lies."""
    from airflow_provider_dpq.core.render.outcome import conclusion

    if output is None:
        write_report(report, form)
        for_people = form == "text"
    else:
        save_report(report, form, output)
        for_people = output.is_file()  # a device may be the terminal or the next program
        if for_people:
            write_text(f"{report.verdict.value.upper()}: {conclusion(report)}\nReport {report.id} in {output}\n")
    if for_people and store_url is not None:
        write_text(f"Stored in {_location(store_url)}\n")


def _location(store_url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(store_url).set(query={}).render_as_string(hide_password=True)
