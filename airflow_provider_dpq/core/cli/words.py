"""Errors in the words of the command line: where the core names an argument, its option stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import click

from airflow_provider_dpq.core.errors import DpqError, text_of

_QUOTED: Final = re.compile(r"""('[^']*'|"[^"]*")""")
_ARGUMENT: Final = re.compile(r"(?<![\w./-])(?:(?P<compound>[a-z]+(?:_[a-z]+)+)\b=?|(?P<named>[a-z]+)=)(?![\w=]|\.\w)")
"""What is the name of an argument in a sentence: it holds an underscore, or an equals sign follows."""


def described(error: DpqError, command: click.Command) -> str:
    """Return what an error says, with the options of a command in place of the arguments that they stand for.

    Args:
        error: The error. What it quotes stays as it is.
        command: The command that met it. An argument without an option there keeps its name.
    """
    return in_options(text_of(error), options_of(command))


def options_of(command: click.Command) -> dict[str, str]:
    """Return the options of a command by the names of the arguments that they are handed on as."""
    return {str(option.name): option.opts[0] for option in command.params if isinstance(option, click.Option)}


def in_options(text: str, options: Mapping[str, str]) -> str:
    """Return a text with options in place of the names of arguments, but for what stands in quotes.

    Args:
        text: Sentences.
        options: Options by the names of arguments.
    """

    def option(match: re.Match[str]) -> str:
        return options.get(match["compound"] or match["named"], match[0])

    parts = _QUOTED.split(text)
    return "".join(part if index % 2 else _ARGUMENT.sub(option, part) for index, part in enumerate(parts))
