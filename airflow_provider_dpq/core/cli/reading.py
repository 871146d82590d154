"""The options of the command line that say how text files are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Final, TypeVar

import click

from airflow_provider_dpq.core.table.read_options import COLUMN_TYPES, ReadOptions

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _column_types(_: click.Context, parameter: click.Parameter, pairs: Sequence[str]) -> Mapping[str, str]:
    types: dict[str, str] = {}
    for pair in pairs:
        name, equals, type_ = pair.rpartition("=")
        if not name or not equals or type_ not in COLUMN_TYPES:
            types_named = ", ".join(COLUMN_TYPES)
            raise click.BadParameter(
                f"{pair!r} does not have the form NAME=TYPE, where TYPE is one of {types_named}.", param=parameter
            )
        if name in types:
            raise click.BadParameter(f"{name!r} is given twice.", param=parameter)
        types[name] = type_
    return types


def _character(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    return "\t" if text in ("\\t", "tab") else text


_OPTIONS: Final = (
    click.option(
        "--column-type",
        "column_types",
        metavar="NAME=TYPE",
        multiple=True,
        callback=_column_types,
        help=f"Type of a CSV column: {', '.join(COLUMN_TYPES)}. Repeatable.",
    ),
    click.option(
        "--delimiter",
        metavar="CHAR",
        callback=_character,
        help="Delimiter of CSV fields, 'tab' for a tab.  [default: the one of , ; | tab that fits]",
    ),
    click.option("--quote", metavar="CHAR", help="Quote character of CSV fields, '' for none.  [default: \"]"),
    click.option("--decimal", metavar="CHAR", help="Decimal separator of numbers in CSV.  [default: .]"),
    click.option("--thousands", metavar="CHAR", help="Thousands separator of numbers in CSV.  [default: none]"),
    click.option(
        "--date-format", metavar="FORMAT", help="Format of dates and times in CSV.  [default: as in ISO 8601]"
    ),
    click.option(
        "--encoding", metavar="NAME", help="Encoding of CSV.  [default: UTF-8, or what a byte-order mark says]"
    ),
    click.option(
        "--column-names",
        "header",
        metavar="NAMES",
        help="Comma-separated names of the CSV columns, if the first row does not contain them.",
    ),
    click.option(
        "--no-header", is_flag=True, help="The first row of the CSV contains no names: columns are named 0, 1, 2 ..."
    ),
    click.option(
        "--skip-rows",
        metavar="N",
        type=click.IntRange(min=0),
        help="Number of lines to skip before the first row of the CSV.",
    ),
    click.option("--comment", metavar="TEXT", help="Prefix of comment lines in CSV."),
)


def reading_options(command: _Command) -> _Command:
    """Add the options to a command, which gets them as one argument, ``read_options``."""

    @wraps(command)
    def gathered(**arguments: Any) -> Any:
        from airflow_provider_dpq.core.table.read_options import parse_read_options

        names = [name for name in ReadOptions.__dataclass_fields__ if name in arguments and name != "null_values"]
        given = {name: value for name in names if (value := arguments.pop(name)) not in (None, {})}
        if arguments.pop("no_header"):
            if "header" in given:
                message = "--no-header and --column-names cannot be used together: both name the columns."
                raise click.UsageError(message)
            given["header"] = False
        elif "header" in given:
            given["header"] = given["header"].split(",")
        return command(read_options=parse_read_options(given), **arguments)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered  # type: ignore[return-value]
