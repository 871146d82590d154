"""``dpq load``: whether an operation holds under load, how much of it, and whether it comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from airflow_provider_dpq.core.cli.gate import gate_options
from airflow_provider_dpq.core.cli.operation import (
    gate_name,
    measure_and_exit,
    operation_options,
    read_operation,
    seconds,
)
from airflow_provider_dpq.core.gate.stored import LOAD

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.threshold import Threshold, ThresholdDeclaration
    from airflow_provider_dpq.core.load.design import LoadTest
    from airflow_provider_dpq.core.load.model import Model

_PRESETS: Final = ("smoke", "average-load", "stress", "soak", "spike", "breakpoint")
_VALIDATIONS: Final = ("massive-dataset", "concurrent", "sustained", "graceful-degradation")
_MODEL: Final = (
    "Give the load as one of: --rate with --duration; --stage; --workers with --duration; --workers with --iterations "
    "or --iterations-each, with --duration as a time limit; --preset, which needs --rate unless it is smoke."
)
_OF_TARGET: Final = frozenset(
    {
        *("target", "connection", "dataset", "size", "iteration_timeout_seconds", "think_time_seconds"),
        *("rate", "duration", "stages", "workers", "iterations", "iterations_each", "max_workers"),
    }
)
"""What says which operation gets which load: a validation says all of it itself."""


@click.command()
@operation_options(required=False, iteration_timeout="30s")
@click.option("--rate", metavar="RATE", help="Arrivals per second or minute, such as 100/s.")
@click.option(
    "--duration",
    metavar="DURATION",
    help="Duration of the load, such as 5min; with counted iterations, a time limit.  [default with iterations: 10min]",
)
@click.option(
    "--stage",
    "stages",
    metavar="DURATION:LEVEL",
    multiple=True,
    help="Stage that ramps to a level: 30s:100/s for a rate, 30s:20 for workers; 0s is a jump. Repeatable.",
)
@click.option("--workers", metavar="N", type=int, help="Number of workers, each running one iteration at a time.")
@click.option("--iterations", metavar="N", type=int, help="Total number of iterations, shared by all workers.")
@click.option("--iterations-each", metavar="N", type=int, help="Number of iterations of each worker.")
@click.option(
    "--think-time",
    "think_time_seconds",
    metavar="DURATION",
    default="0s",
    callback=seconds,
    help="Time that a worker waits after each iteration.",
)
@click.option(
    "--preset",
    type=click.Choice([*_PRESETS, *_VALIDATIONS]),
    help="Predefined load, named after the question it answers; the last four load the quality gate itself, and "
    "take no TARGET and no other load.",
)
@click.option(
    "--max-workers", metavar="N", type=int, help="Maximum number of concurrent iterations with a rate.  [default: 200]"
)
@click.option("--size", metavar="N", type=int, help="Number of rows in the dataset.")
@click.option(
    "--processes",
    metavar="N",
    type=int,
    default=1,
    show_default=True,
    help="Number of processes that generate the load.",
)
@click.option(
    "--allow-host",
    "allow_hosts",
    metavar="HOST",
    multiple=True,
    help="Host other than this machine that may be loaded. Repeatable.",
)
@click.option(
    "--max-requests", metavar="N", type=int, help="Maximum number of requests that are ever sent.  [default: 1000000]"
)
@click.option("--max-duration", metavar="DURATION", help="Maximum duration of any load.  [default: 2h]")
@click.option(
    "--target-pid",
    metavar="PID",
    type=int,
    help="Process under test, if it is not the one listening at the address of TARGET.",
)
@click.option(
    "--abort-on-fail",
    "abort_after",
    metavar="DURATION",
    help="End the load as soon as a threshold is certain to fail, but not before this time.",
)
@gate_options(example="p(95) < 200ms", default_gate="TARGET; for a statement or command, its digest; else the preset")
def load(
    *,
    target: str | None,
    connection: str | None,
    dataset: str | None,
    iteration_timeout_seconds: float,
    think_time_seconds: float,
    preset: str | None,
    size: int | None,
    processes: int,
    allow_hosts: tuple[str, ...],
    max_requests: int | None,
    max_duration: str | None,
    target_pid: int | None,
    abort_after: str | None,
    gate: str | None,
    thresholds: tuple[ThresholdDeclaration, ...],
    form: str,
    output: Path | None,
    store_url: str | None,
    **declared: Any,
) -> None:
    """Put TARGET under load, and judge its response times, errors and limits.

    TARGET is MODULE:FUNCTION, 'sql:STATEMENT' with --connection, 'cmd:COMMAND LINE', or the address of an HTTP request.
    Modules of the current directory can be imported. Only this machine is loaded, unless --allow-host names others.

    Exit codes: 0 if the gate passes or only warns, 1 if it fails, 2 if nothing was measured because the request or the
    store is not usable, 3 if measuring failed or the load generator was the bottleneck, 4 if the result is
    inconclusive, and 130 after Ctrl-C or 143 after SIGTERM, with a report of what was measured until then.
    """
    from airflow_provider_dpq.core.gate.unit import parse_duration
    from airflow_provider_dpq.core.load.design import LoadTest, Scenario
    from airflow_provider_dpq.core.load.limits import check_thresholds
    from airflow_provider_dpq.core.load.run import LoadMeasurement

    limits = _limits(thresholds, abort_after)
    if preset in _VALIDATIONS:
        _refuse_beside(preset)
        test, own = _validation(preset)
        limits = limits or own
        name = gate or preset
    else:
        if target is None:
            message = "Missing argument 'TARGET'."
            raise click.UsageError(message)
        operation = read_operation(target, connection=connection, dataset=dataset, awaited=True)
        scenario = Scenario(operation=operation, think_time_seconds=think_time_seconds, size=size)
        model = _model(preset, **declared)
        test = LoadTest(scenarios=(scenario,), model=model, iteration_timeout_seconds=iteration_timeout_seconds)
        name = gate or gate_name(target, operation)
    caps = {
        "max_requests": max_requests,
        "max_duration_seconds": None if max_duration is None else parse_duration(max_duration),
    }
    given: dict[str, Any] = {cap: value for cap, value in caps.items() if value is not None}
    test = replace(test, processes=processes, allow_hosts=allow_hosts, target_pid=target_pid, **given)
    test.validate()
    check_thresholds(limits, test)
    measure_and_exit(
        lambda _: LoadMeasurement(test=test, thresholds=limits),
        kind=LOAD,
        gate=name,
        form=form,
        output=output,
        store_url=store_url,
    )


def _limits(thresholds: tuple[ThresholdDeclaration, ...], abort_after: str | None) -> tuple[Threshold, ...]:
    from airflow_provider_dpq.core.gate.threshold import parse_thresholds

    if abort_after is not None and not any(isinstance(one, str) for one in thresholds):
        message = "--abort-on-fail needs a --threshold that can fail."
        raise click.UsageError(message)
    aborting = {} if abort_after is None else {"abort_on_fail": True, "abort_delay": abort_after}
    declared = [{"threshold": one, **aborting} if isinstance(one, str) else one for one in thresholds]
    return parse_thresholds(declared, LOAD)


def _refuse_beside(preset: str) -> None:
    """Refuse what is given on the command line and a validation says for itself.

    Raises:
        click.UsageError: There is such an argument or option.
    """
    context = click.get_current_context()
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        if given and parameter.name in _OF_TARGET:
            name = parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name
            message = f"--preset {preset} takes no {name}."
            raise click.UsageError(message)


def _validation(preset: str) -> tuple[LoadTest, tuple[Threshold, ...]]:
    from airflow_provider_dpq.core.gate.threshold import parse_thresholds
    from airflow_provider_dpq.core.load.preset import VALIDATIONS

    validation = VALIDATIONS[preset.replace("-", "_")]
    return validation.test, parse_thresholds(validation.thresholds, LOAD)


def _model(preset: str | None, *, max_workers: int | None, **given: Any) -> Model:
    """Return the load that the options declare.

    Raises:
        click.UsageError: They declare none, or several.
    """
    from airflow_provider_dpq.core.load import model as models

    workers: dict[str, Any] = {} if max_workers is None else {"max_workers": max_workers}
    said = sorted(name for name, value in given.items() if value not in (None, ()))
    model = _declared(said, given, workers) if preset is None else _preset(preset, said, **given, **workers)
    if workers and isinstance(model, models.Concurrency):
        message = "--max-workers needs --rate: this load already sets its number of workers."
        raise click.UsageError(message)
    return model


def _declared(said: Sequence[str], given: Mapping[str, Any], workers: Mapping[str, Any]) -> Model:
    from airflow_provider_dpq.core.load import model as models

    match said:
        case ["duration", "rate"]:
            return models.constant_arrival_rate(given["rate"], given["duration"], **workers)
        case ["stages"]:
            return _ramped(given["stages"], workers)
        case ["duration", "workers"]:
            return models.constant_concurrency(given["workers"], given["duration"])
        case ["iterations", "workers"] | ["duration", "iterations", "workers"]:
            return models.shared_iterations(given["iterations"], given["workers"], **_at_most(given))
        case ["iterations_each", "workers"] | ["duration", "iterations_each", "workers"]:
            return models.iterations_per_worker(given["iterations_each"], given["workers"], **_at_most(given))
    raise click.UsageError(_MODEL)


def _at_most(given: Mapping[str, Any]) -> dict[str, Any]:
    return {} if given["duration"] is None else {"max_duration": given["duration"]}


def _preset(preset: str, said: Sequence[str], *, rate: str, duration: str, **given: Any) -> Model:
    from airflow_provider_dpq.core.load import preset as presets

    workers = {name: value for name, value in given.items() if name == "max_workers"}
    match preset, *said:
        case ["smoke"]:
            return presets.smoke()
        case ["breakpoint", "rate"]:
            return presets.breakpoint(rate, **workers)
        case ["average-load" | "stress" | "soak" | "spike", "rate"]:
            return _named(preset)(rate, **workers)
        case ["average-load" | "stress" | "soak" | "spike", "duration", "rate"]:
            return _named(preset)(rate, duration, **workers)
    raise click.UsageError(_MODEL)


def _named(preset: str) -> Callable[..., Model]:
    from airflow_provider_dpq.core.load import preset as presets

    return {
        "average-load": presets.average_load,
        "stress": presets.stress,
        "soak": presets.soak,
        "spike": presets.spike,
    }[preset]


def _ramped(stages: Sequence[str], workers: Mapping[str, Any]) -> Model:
    """Return the load of some stages, of workers where their levels are whole numbers."""
    from airflow_provider_dpq.core.load import model as models

    pairs = [(duration, level) for duration, _, level in (text.partition(":") for text in stages)]
    if all(level.strip().isdecimal() for _, level in pairs):
        return models.ramping_concurrency([(duration, int(level)) for duration, level in pairs])
    return models.ramping_arrival_rate(pairs, **workers)
