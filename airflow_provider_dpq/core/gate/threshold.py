"""The threshold grammar of every gate, and the judgement of a metric by it.

    unexpected_percent < 0.1
    unexpected_percent{column:tailnum} <= 2%
    p(95){scenario:read} < 200ms
    median < 1.05x baseline
    growth < 512B/op

A threshold names a metric, may narrow it to tags, and gives a limit in a unit of the metric's dimension (a bare number
is in the metric's own unit; a time or an amount of memory needs a unit), or as a multiple of the baseline's value.
Parsing, judging and acting on the outcome are three things: this module does the first two.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import NoneType
from typing import Final, TypeAlias

from pydantic import BaseModel, ConfigDict

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.gate.metric import CATALOGUES, OF_BASELINE, PERCENTILES, Metric
from airflow_provider_dpq.core.gate.severity import Severity, parse_severity
from airflow_provider_dpq.core.gate.suggestion import suggest_metric
from airflow_provider_dpq.core.gate.unit import convert, convert_exactly, parse_duration, parse_unit
from airflow_provider_dpq.core.gate.verdict import Verdict

_OPERATORS: Final[Mapping[str, Callable[[Fraction, Fraction], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_GRAMMAR = re.compile(
    r"""\s*(?P<name>[a-z][a-z0-9_]*)
        (?:\(\s*(?P<argument>[^)]*?)\s*\))?
        (?:\{(?P<tags>[^}]*)\})?
        \s*(?P<operator><=|>=|==|!=|<|>)
        \s*(?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)
        (?:\s*(?P<baseline>x\s+baseline)|\s*(?P<unit>[A-Za-z%/]*))\s*""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit on a metric.

    Attributes:
        metric: Name of the metric, a percentile with its argument: ``"p(95)"``.
        tags: Tags that a metric must carry to be judged; empty for any.
        operator: One of ``< <= > >= == !=``.
        limit: The number as declared.
        unit: Unit of the limit as declared; None where it is the metric's own, or a multiple of the baseline.
        of_baseline: Whether `limit` multiplies the baseline's value of the metric.
        severity: What a breach does.
        abort_after_seconds: From when on, in seconds since the start, a breach ends the measurement at once; None where
            it never does.
        digits: The limit's decimal text, where `limit` cannot hold all its digits.
    """

    metric: str
    operator: str
    limit: float
    unit: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    of_baseline: bool = False
    severity: Severity = Severity.FAIL
    abort_after_seconds: float | None = None
    digits: str | None = None

    @property
    def exact_limit(self) -> Fraction:
        """The limit as the number that its decimal text writes."""
        return Fraction(repr(float(self.limit)) if self.digits is None else self.digits)

    def __str__(self) -> str:
        """Return the threshold in the grammar, without its severity."""
        tags = "{" + ",".join(f"{key}:{value}" for key, value in self.tags) + "}" if self.tags else ""
        suffix = "x baseline" if self.of_baseline else self.unit or ""
        return f"{self.metric}{tags} {self.operator} {self.digits or _digits(self.limit)}{suffix}"

    def selects(self, metric: Metric) -> bool:
        """Whether this threshold judges `metric`: the same name, every tag it asks for, and no ratio unasked."""
        return (
            metric.name == self.metric
            and (self.of_baseline or metric.unit != OF_BASELINE)
            and all(metric.tags.get(key) == value for key, value in self.tags)
        )


_FORM = "a string such as 'unexpected_percent < 0.1', or {'threshold': ..., 'severity': 'warn' | 'fail'}"


ThresholdDeclaration: TypeAlias = str | Mapping[str, object] | Threshold
"""What a user may write for one threshold."""

ThresholdsDeclaration: TypeAlias = ThresholdDeclaration | Iterable[ThresholdDeclaration]
"""What a user may write for the thresholds of a gate or a check."""


def parse_threshold(declaration: ThresholdDeclaration, kind: str) -> Threshold:
    """Read one threshold and check it against what a kind of gate measures.

    Args:
        declaration: The expression, or a mapping of ``threshold`` to it and ``severity`` to ``warn`` or ``fail``.
        kind: Kind of gate, a key of `CATALOGUES`.

    Raises:
        DeclarationError: ``malformed_threshold``, ``unknown_metric``, ``unknown_unit``, ``unit_mismatch`` or
            ``missing_unit``.
    """
    if isinstance(declaration, Threshold):
        return declaration
    text, severity, abort_after_seconds = _declared(declaration, kind)
    match = _GRAMMAR.fullmatch(text)
    if match is None:
        message = f"Malformed threshold {text!r}."
        hint = "Write <metric> <operator> <limit>[unit], for example 'unexpected_percent < 0.1' or 'p(95) < 200ms'."
        raise DeclarationError("malformed_threshold", message, hint=f"{_correction(text, kind)}{hint}")
    name, own_unit = _metric_of(match["name"], match["argument"], kind, text)
    unit = match["unit"] or None
    limit = float(match["number"])
    if not math.isfinite(limit):
        message = f"The limit of threshold {text!r} is too large."
        raise DeclarationError("malformed_threshold", message)
    if unit is not None:
        convert(limit, unit, own_unit)
    elif match["baseline"] is None:
        _require_no_unit(name, own_unit, match["number"], text)
    return Threshold(
        metric=name,
        operator=match["operator"],
        limit=limit,
        unit=unit,
        tags=_tags(match["tags"], text),
        of_baseline=match["baseline"] is not None,
        severity=severity,
        abort_after_seconds=abort_after_seconds,
        digits=_more_digits(match["number"], limit),
    )


def parse_thresholds(declarations: ThresholdsDeclaration | None, kind: str) -> tuple[Threshold, ...]:
    """Read one threshold or several, as `parse_threshold` reads one.

    Raises:
        DeclarationError: One of them is wrong.
    """
    if isinstance(declarations, (str, Mapping, Threshold)) or not isinstance(declarations, (Iterable, NoneType)):
        return (parse_threshold(declarations, kind),)
    return tuple(parse_threshold(declaration, kind) for declaration in declarations or ())


_ABORTING: Final = ("load",)
"""Kinds of gates that can judge while they measure."""

_UNITS_TO_CHOOSE: Final = {"seconds": ("ms", "s"), "bytes": ("kB", "MB"), "bytes per operation": ("B/op", "kB/op")}
"""Dimensions whose limits need a unit, because people think in one and the metric is in another; with examples."""


def _require_no_unit(name: str, own_unit: str, number: str, text: str) -> None:
    """Refuse a limit without a unit where it could be read in several, unless the metric's name says which."""
    units = _UNITS_TO_CHOOSE.get(parse_unit(own_unit).dimension, ())
    if units and not name.endswith("_seconds"):
        message = f"The limit of threshold {text!r} has no unit."
        raise DeclarationError("missing_unit", message, hint=f"Write {' or '.join(number + unit for unit in units)}.")


def _correction(text: str, kind: str) -> str:
    """Say what was probably meant by a threshold that cannot be read; empty where nothing comes near."""
    written = re.match(r"[^<>=!{]*", text)[0].strip()  # type: ignore[index]  # it matches any text
    meant = suggest_metric(written, CATALOGUES[kind])
    if meant and meant != written:
        return f"Did you mean {meant}? "
    symbol = re.search(r"=[<>]|<>|(?<![<>=!])=(?!=)", text)
    if symbol:
        return f"Did you mean {({'=<': '<=', '=>': '>=', '<>': '!='}).get(symbol[0], '==')}? "
    return ""


def _declared(declaration: object, kind: str) -> tuple[str, Severity, float | None]:
    """Return the expression, the severity, and from when on a breach ends the measurement."""
    keys = {"threshold", "severity", *(("abort_on_fail", "abort_delay") if kind in _ABORTING else ())}
    given = declaration if isinstance(declaration, Mapping) else {"threshold": declaration}
    text, severity = given.get("threshold"), given.get("severity", Severity.FAIL)
    unknown = set(given) - keys
    if unknown:
        message = f"Threshold {dict(given)!r} has unknown keys {sorted(map(str, unknown))}."
        raise DeclarationError("malformed_threshold", message, hint=f"Use {_FORM}.")
    if not isinstance(text, str):
        message = f"{declaration!r} is not a threshold."
        raise DeclarationError("malformed_threshold", message, hint=f"Use {_FORM}.")
    consequence = parse_severity(severity)
    if consequence is None:
        message = f"Invalid severity {severity!r} in threshold {text!r}."
        hint = "Use 'warn' (or 'warning') or 'fail' (or 'critical')."
        raise DeclarationError("malformed_threshold", message, hint=hint)
    return text, consequence, _abort_after_seconds(given, text)


def _abort_after_seconds(given: Mapping[str, object], text: str) -> float | None:
    aborts, delay = given.get("abort_on_fail", False), given.get("abort_delay", "0s")
    if not isinstance(aborts, bool) or not isinstance(delay, str) or ("abort_delay" in given and not aborts):
        message = f"Invalid abort_on_fail {aborts!r} or abort_delay {delay!r} in threshold {text!r}."
        hint = "Set abort_on_fail to True; with it, abort_delay may be a duration such as '10s'."
        raise DeclarationError("malformed_threshold", message, hint=hint)
    return parse_duration(delay) if aborts else None


def _metric_of(name: str, argument: str | None, kind: str, text: str) -> tuple[str, str]:
    catalogue = CATALOGUES[kind]
    if name not in catalogue:
        known = ", ".join(catalogue)
        message = f"Threshold {text!r} uses the metric {name!r}, which a {kind} gate does not measure."
        meant = suggest_metric(name if argument is None else f"{name}({argument})", catalogue)
        hint = f"{f'Did you mean {meant}? ' if meant else ''}Available metrics: {known}."
        raise DeclarationError("unknown_metric", message, hint=hint)
    if (argument is not None) != (name in PERCENTILES):
        message = (
            f"Metric {name!r} in threshold {text!r} {'takes no' if argument is not None else 'needs an'} argument."
        )
        raise DeclarationError("malformed_threshold", message, hint="Only percentiles take an argument, such as p(95).")
    if argument is None:
        return name, catalogue[name]
    try:
        percentile = float(argument) if argument.isascii() else float("nan")
    except ValueError:
        percentile = math.nan
    if not 1 <= percentile < 100:  # p(0.95) is a quantile that would be met by nearly the fastest
        message = f"Invalid percentile {argument!r} in threshold {text!r}: it must be at least 1 and below 100."
        meant = suggest_metric(f"{name}({argument})", catalogue) or f"{name}(95)"
        raise DeclarationError("malformed_threshold", message, hint=f"Did you mean {meant}?")
    return f"{name}({_digits(percentile)})", catalogue[name]


def _digits(number: float) -> str:
    return repr(float(number)).removesuffix(".0")  # all digits: what is read back is the same number


_MOST_DIGITS: Final = 1000
"""Longest number of digits written out; a longer number is written as a floating-point number."""


def _more_digits(text: str, limit: float) -> str | None:
    """Return a limit's text where its floating number is another number."""
    written = Decimal(text)
    if written == Decimal(repr(limit)) or abs(written.adjusted()) + len(text) > _MOST_DIGITS:
        return None
    return text


def _tags(text: str | None, expression: str) -> tuple[tuple[str, str], ...]:
    if text is None:
        return ()
    pairs = [tuple(part.strip() for part in item.split(":", 1)) for item in text.split(",")]
    if any(len(pair) != 2 or not all(pair) for pair in pairs):
        message = f"Malformed tags {{{text}}} in threshold {expression!r}."
        raise DeclarationError("malformed_threshold", message, hint="Write {tag:value,tag:value}.")
    return tuple((key, value) for key, value in pairs)


class ThresholdResult(BaseModel):
    """What a threshold found.

    Attributes:
        threshold: The expression.
        severity: What a breach does.
        metric: Name of the metric judged.
        tags: Tags of the metric judged.
        observed: The metric's value; None where it could not be measured.
        limit: The limit in the metric's unit; None where there was no baseline to multiply.
        unit: The metric's unit; ``x baseline`` where a measured ratio was judged.
        verdict: ``pass``; ``warn`` or ``fail`` on a breach; ``warn`` where no baseline exists; ``inconclusive`` where
            the metric's interval spans the limit; ``error`` where there is no value to judge.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    threshold: str
    severity: Severity
    metric: str
    tags: Mapping[str, str]
    observed: float | int | None
    limit: float | None
    unit: str
    verdict: Verdict


def judge(
    thresholds: Sequence[Threshold], metrics: Sequence[Metric], baseline: Sequence[Metric] | None = None
) -> tuple[ThresholdResult, ...]:
    """Judge metrics by thresholds; one result for each metric that a threshold selects.

    A threshold without tags judges the gate's own metric of that name where there is one, else every tagged one. One
    that selects nothing is an ``error``: what was not measured has not passed. Where a metric was measured as a ratio
    to its baseline too, ``x baseline`` limits judge the ratio and its interval.

    Args:
        thresholds: What to hold the metrics against.
        metrics: What was measured.
        baseline: Metrics of the report that ``x baseline`` limits refer to; None where there is none.
    """
    results: list[ThresholdResult] = []
    for threshold in thresholds:
        selected = [metric for metric in metrics if threshold.selects(metric)]
        ratios = [metric for metric in selected if metric.unit == OF_BASELINE]
        own = [metric for metric in ratios or selected if not metric.tags]
        chosen = own if own and not threshold.tags else ratios or selected
        absent = Metric(name=threshold.metric, value=None, unit=threshold.unit or "", tags=dict(threshold.tags))
        results += [_judge_one(threshold, metric, baseline) for metric in chosen or [absent]]
    return tuple(results)


def _judge_one(threshold: Threshold, metric: Metric, baseline: Sequence[Metric] | None) -> ThresholdResult:
    limit = _limit(threshold, metric, baseline)
    shown = None if limit is None else float(limit)
    return ThresholdResult(
        threshold=str(threshold),
        severity=threshold.severity,
        metric=metric.name,
        tags=metric.tags,
        observed=metric.value,
        limit=shown,
        unit=metric.unit,
        verdict=_verdict(threshold, metric, limit),
    )


def _limit(threshold: Threshold, metric: Metric, baseline: Sequence[Metric] | None) -> Fraction | None:
    """Return the limit in the metric's unit, without rounding; None where there is no baseline to multiply."""
    limit = threshold.exact_limit
    if not threshold.of_baseline:
        return convert_exactly(limit, metric.unit if threshold.unit is None else threshold.unit, metric.unit)
    if metric.unit == OF_BASELINE:
        return limit
    for candidate in baseline or ():
        if candidate.name == metric.name and candidate.tags == metric.tags and candidate.exact is not None:
            return limit * convert_exactly(candidate.exact, candidate.unit, metric.unit)
    return None


def _verdict(threshold: Threshold, metric: Metric, limit: Fraction | None) -> Verdict:
    value = metric.exact
    if value is None:
        return Verdict.ERROR
    if limit is None:
        return Verdict.WARN
    if metric.interval is not None and metric.interval[0] < float(limit) < metric.interval[1]:
        return Verdict.INCONCLUSIVE
    if _OPERATORS[threshold.operator](value, limit):
        return Verdict.PASS
    return Verdict.WARN if threshold.severity is Severity.WARN else Verdict.FAIL


__all__ = [
    "Severity",
    "Threshold",
    "ThresholdResult",
    "judge",
    "parse_threshold",
    "parse_thresholds",
]
