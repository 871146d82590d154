"""Which words in a page's comment make which text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from docs._generate import adapters, coverage, dialects, expectations, reasons, settings, snippet, thresholds

_WRITERS: Final[Mapping[str, Callable[..., str]]] = {
    "dialects": dialects.coverage,
    "coverage": coverage.matrix,
    "class": adapters.describe_class,
    "connection": settings.connection_fields,
    "expectation-arguments": expectations.arguments,
    "expectation-list": expectations.summary,
    "expectation-details": expectations.details,
    "function": adapters.describe_function,
    "metrics": thresholds.metrics,
    "options": settings.options,
    "reasons": reasons.describe,
    "snippet": snippet.include,
    "units": thresholds.units,
}


def write(order: str) -> str:
    """Return the text that an order such as ``class airflow_provider_dpq.hooks.dpq.DpqHook`` asks for.

    Raises:
        ValueError: Nobody writes that.
    """
    name, *arguments = order.split()
    if name not in _WRITERS:
        message = f"Nobody writes {name!r}; there are {', '.join(_WRITERS)}."
        raise ValueError(message)
    return _WRITERS[name](*arguments)
