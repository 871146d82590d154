"""The records of a text file, read one by one as RFC 4180 has them: the judge of what a file says."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from typing import IO, Final

from airflow_provider_dpq.core.errors import SourceError
from airflow_provider_dpq.core.table.disk import PlainFile

UTF_8: Final = "utf-8"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the records of a file are written.

    Attributes:
        delimiter: The character between fields.
        quote: The character around fields; empty for none.
        skip_rows: Lines before the first record.
        comment: What a line begins with that is no record.
    """

    delimiter: str
    quote: str = '"'
    skip_rows: int = 0
    comment: str | None = None


class _Lines:
    """The lines of a file for a reader of records: between two records it passes over those that are none."""

    def __init__(self, stream: IO[str], dialect: Dialect) -> None:
        self._stream = stream
        self._dialect = dialect
        self.number = 0
        self.fresh = True
        for _ in range(dialect.skip_rows):
            self._read()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._read()
        while self.fresh and line and self._is_none(line):
            line = self._read()
        if not line:
            raise StopIteration
        self.fresh = False
        return line

    def _read(self) -> str:
        line = self._stream.readline()
        self.number += 1
        return line

    def _is_none(self, line: str) -> bool:
        if self._dialect.comment is not None and line.startswith(self._dialect.comment):
            return True
        return not line.strip(" \t\r\n") and self._dialect.delimiter not in line


def read_records(file: PlainFile, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield each record of a file in UTF-8 with the number of its first line.

    A line ends with a line feed, a carriage return, or both. A line of nothing, or of blanks alone, is no record. A
    quote stands for itself inside of a field that does not begin with one.

    Args:
        file: The file.
        dialect: How its records are written.

    Raises:
        SourceError: ``unreadable_csv``: a quoted field does not end where it should, or the text is no UTF-8.
    """
    csv.field_size_limit(sys.maxsize)  # it is the whole process's, and would refuse fields of 128 KB
    with file.open() as opened, TextIOWrapper(opened, UTF_8, newline="") as stream:
        lines = _Lines(stream, dialect)
        quoting = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
        reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True, **quoting)
        while True:
            lines.fresh = True
            before = lines.number
            try:
                first = _start(lines, reader)
            except csv.Error as error:
                message = f"{file.name!r}, {_where(error, before + 1, lines.number)}."
                hint = "Double the quotes inside of quoted fields, or declare another quote."
                raise SourceError("unreadable_csv", message, hint=hint, quotes_data=False) from None
            except UnicodeDecodeError as error:
                raise undecodable(file, _undecodable_line(file), UTF_8) from error
            if first is None:
                return
            yield first


def _start(lines: _Lines, reader: Iterator[list[str]]) -> tuple[int, list[str]] | None:
    before = lines.number
    record = next(reader, None)
    if record is None:
        return None
    # The lines of a record end at the current one; those that were passed over came before its first.
    return max(before + 1, lines.number - _line_ends(record)), record


def _line_ends(record: list[str]) -> int:
    return sum(field.count("\n") + field.count("\r") - field.count("\r\n") for field in record)


def _where(error: csv.Error, first: int, last: int) -> str:
    """Say what is wrong with the record of some lines, and where."""
    if "unexpected end" in str(error):
        return f"line {first:,}: a quoted field does not end"
    goes_on = "expected after" in str(error)
    return f"line {last:,}: {'a quoted field goes on after its closing quote' if goes_on else error}"


_NO_TEXT: Final = (
    (b"\x1f\x8b", "gzip file"),
    (b"PK\x03\x04", "zip archive or an Excel workbook"),
    (b"PAR1", "Parquet file"),
    (b"\x28\xb5\x2f\xfd", "zstd file"),
    (b"BZh", "bzip2 file"),
    (b"\xfd7zXZ", "xz file"),
    (b"\xd0\xcf\x11\xe0", "Excel workbook"),
)
"""What files that are no text begin with."""


def undecodable(file: PlainFile, line: int, encoding: str) -> SourceError:
    """Return the refusal of a file that is not of an encoding."""
    with file.open() as opened:
        start = opened.read(8)
    format_ = next((name for mark, name in _NO_TEXT if start.startswith(mark)), None)
    if format_ is not None:
        message = f"{file.name!r} begins like {'an' if format_[0] == 'x' else 'a'} {format_}, not like text."
        hint = "Give the file the ending of its format, or unpack or export it."
        return SourceError("unreadable_csv", message, hint=hint, quotes_data=False)
    message = f"{file.name!r}, line {line:,}: this is not {encoding}."
    return SourceError("unreadable_csv", message, hint="Declare its encoding, such as cp1252.", quotes_data=False)


def _undecodable_line(file: PlainFile) -> int:
    """Return the number of the first line that is no UTF-8."""
    with file.open() as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode(UTF_8)
            except UnicodeDecodeError:
                return number
    return 1
