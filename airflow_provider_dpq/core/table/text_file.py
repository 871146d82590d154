"""Text files of delimited fields, staged: every row of a file is a row of the table, or the file is refused."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Final

import duckdb
from pydantic import JsonValue

from airflow_provider_dpq.core.errors import MeasurementError, SourceError
from airflow_provider_dpq.core.table.column import Column
from airflow_provider_dpq.core.table.dialect import Layout, find_layout, holds_any, take_census
from airflow_provider_dpq.core.table.disk import PlainFile, with_rows
from airflow_provider_dpq.core.table.evidence import Evidence
from airflow_provider_dpq.core.table.reading import (
    NO_COLUMN,
    Reading,
    quote_list,
    require_own_names,
    stored_name,
    texts_of_frame,
    view,
)
from airflow_provider_dpq.core.table.records import UTF_8, read_records, undecodable
from airflow_provider_dpq.core.table.remote import address
from airflow_provider_dpq.core.table.scan import SOURCE, Scan, quote_name, quote_text
from airflow_provider_dpq.core.table.tally import read_tally
from airflow_provider_dpq.core.table.text_column import ROW, TextColumns

if TYPE_CHECKING:
    import pandas as pd

_CHUNK: Final = 20_000
_FRAME: Final = "dpq_records"


@dataclass(frozen=True, slots=True)
class _Part:
    """A file among those of a table.

    Attributes:
        file: The file.
        layout: How it is written.
        first: The number of its first row in the table.
    """

    file: PlainFile
    layout: Layout
    first: int

    def place(self, row: int) -> str:
        """Say where a row of the table stands in the file."""
        records = read_records(self.file, self.layout.dialect)
        wanted = row - self.first + self.layout.headed
        line = next(number for index, (number, _) in enumerate(records) if index == wanted)
        return f"line {line:,} of {self.file.name!r}"


def attach_csv(scan: Scan, relation: str, files: Sequence[PlainFile], reading: Reading) -> dict[str, Column]:
    """Give DuckDB text files as a relation, and return its columns.

    The text is parsed once, into a columnar file beside what DuckDB spills: checks and samples read it many times.

    Raises:
        SourceError: ``unreadable_csv``, ``empty_file`` or ``ambiguous_columns``.
    """
    options = reading.options
    read = [in_utf8(scan, file, options.encoding) for file in with_rows(scan, files, alone=reading.alone)]
    plain = [one for one, _ in read]
    layouts = [find_layout(one, options) for one in plain]
    scan.readings[relation] = {
        "encoding": _one_or_all(encoding for _, encoding in read),
        "delimiter": _one_or_all(layout.dialect.delimiter if layout.delimited else None for layout in layouts),
        **{name: value for name, value in options.declared.items() if name not in ("encoding", "delimiter")},
    }
    for one, layout in zip(plain, layouts, strict=True):
        require_own_names(one.name, layout.names)
        _require_common_column(one, layout, plain[0], layouts[0])
    known = dict.fromkeys([*(name for layout in layouts for name in layout.names), *reading.beside])
    formats = options.date_format if isinstance(options.date_format, Mapping) else {}
    unknown = [
        f"{what} of the column {name!r} is"
        for what, names in (("The type", options.column_types), ("The date format", formats))
        for name in names
        if name not in known
    ]
    if unknown and relation == SOURCE:
        message = f"{unknown[0]} declared, and there is no such column."
        hint = f"Its columns are {', '.join(map(repr, list(known)[:50]))}."
        raise MeasurementError("missing_column", message, hint=hint, quotes_data=False)
    columns = {name.casefold(): name for name in reversed(known)}
    ordered = list(dict.fromkeys(columns[name.casefold()] for name in known)) or [NO_COLUMN]
    staged = quote_name(f"{relation}_text")
    scan.connection.execute(f"ATTACH {quote_text(str(scan.directory / relation))} AS {staged}")
    described = ", ".join(f"{quote_name(stored_name(name))} VARCHAR" for name in ordered)
    table = f"{staged}.csv"
    scan.connection.execute(f"CREATE TABLE {table} ({described})")
    parts = []
    for one, layout in zip(plain, layouts, strict=True):
        # What is deleted keeps its numbers.
        ((first,),) = scan.connection.execute(f"SELECT coalesce(max(rowid) + 1, 0) FROM {table}").fetchall()  # noqa: S608
        there = [stored_name(columns[name.casefold()]) for name in layout.names]
        _Staging(scan, table, one, layout, there, ["", *options.null_values]).run()
        ((after,),) = scan.connection.execute(f"SELECT min(rowid) FROM {table} WHERE rowid >= {first}").fetchall()  # noqa: S608
        parts.append(_Part(one, layout, first if after is None else after))
    named = ", ".join(f"{quote_name(stored_name(name))} AS {quote_name(name)}" for name in ordered)
    view(scan, relation, f"(SELECT {named} FROM {table})")  # noqa: S608 - quoted names
    numbered = quote_name(f"{relation}_rows")
    view(scan, f"{relation}_rows", f"(SELECT rowid AS {quote_name(ROW)}, {named} FROM {table})")  # noqa: S608 - as above
    scan.count_rows(relation)

    def place(row: int) -> str:
        return next(part for part in reversed(parts) if part.first <= row).place(row)

    beside = {name: read_tally(found) for name, found in reading.beside.items()}
    texts = TextColumns(scan, numbered, options, place, beside)
    always = [name for name in ordered if name in options.column_types or name in formats]

    def evidence(names: Sequence[str]) -> Evidence:
        return {name: tally.written() for name, tally in texts.tallies(dict.fromkeys([*names, *always])).items()}

    scan.evidence[relation] = evidence
    return texts.columns(ordered)


def _require_common_column(file: PlainFile, layout: Layout, first: PlainFile, layout_first: Layout) -> None:
    """Refuse a file that shares no column with the first: its first line is more likely a row than names.

    Raises:
        SourceError: ``unreadable_csv``.
    """
    names, names_first = ({name.casefold() for name in one.names} for one in (layout, layout_first))
    if names and names_first and not names & names_first:
        found = ", ".join(map(repr, layout.names[:5]))
        message = f"{file.name!r} has no column in common with {first.name!r}. Its first line is {found}."
        hint = "Give it a line of names, or check it apart; where no file has one, declare header: false."
        raise SourceError("unreadable_csv", message, hint=hint)


def _one_or_all(found: Iterable[str | None]) -> JsonValue:
    """Return what all files have in common, or a list of what they have; None for files of one column and for none."""
    different = list[JsonValue](dict.fromkeys(found))
    return different[0] if len(different) == 1 else different or None


@dataclass(frozen=True, slots=True)
class _Staging:
    """A file on its way into a table of texts."""

    scan: Scan
    table: str
    file: PlainFile
    layout: Layout
    columns: Sequence[str]
    nulls: Sequence[str]

    def run(self) -> None:
        """Bring the file in: by DuckDB alone where what it reads adds up, or else record by record.

        Raises:
            SourceError: ``unreadable_csv``.
        """
        if not self._is_read_in_place():
            self._bring_records()

    def _is_read_in_place(self) -> bool:
        dialect, width = self.layout.dialect, len(self.columns)
        if width == 1 or dialect.quote not in ('"', "") or dialect.skip_rows or dialect.comment:
            return False
        delimiter = dialect.delimiter
        census = take_census(self.file, f'{delimiter}"')
        quoted = bool(dialect.quote and census.counts['"'])
        returns, feeds = census.counts["\r"], census.counts["\n"]
        if returns and (quoted or not returns == feeds == census.pairs):
            return False
        blanks = (b' "', b'" ') if delimiter == "\t" else (b' "', b'" ', b'\t"', b'"\t')
        if quoted and (self._hides_delimiters(delimiter) or holds_any(self.file, *blanks)):
            return False  # DuckDB would leave out blanks beside quotes
        before = self._rows()
        try:
            read = self._insert(quote='"' if quoted else "", line_end=r"\r\n" if returns else r"\n")
        except (duckdb.OutOfMemoryException, duckdb.ParserException):
            raise  # a statement that DuckDB cannot parse says nothing of the file
        except duckdb.Error:
            read = -1
        if read >= 0 and read + self.layout.headed == census.lines:
            within = self._within(delimiter, before) if quoted else 0
            if census.counts[delimiter] - within == census.lines * (width - 1):
                return True
        if self._rows() > before:
            self.scan.connection.execute(f"DELETE FROM {self.table} WHERE rowid >= {before}")  # noqa: S608
        return False

    def _hides_delimiters(self, delimiter: str) -> bool:
        return any(delimiter in text for text in self.nulls)

    def _within(self, delimiter: str, before: int) -> int:
        """Count the delimiters inside of fields, those of the names among them."""
        sums = " + ".join(
            f"coalesce(sum(length({q}) - length(replace({q}, {quote_text(delimiter)}, ''))), 0)"
            for q in map(quote_name, self.columns)
        )
        found = self._figure(f"SELECT {sums} FROM {self.table} WHERE rowid >= {before}")  # noqa: S608
        return found + (sum(name.count(delimiter) for name in self.layout.names) if self.layout.headed else 0)

    def _bring_records(self) -> None:
        """Insert the records as they are read one by one, some at a time."""
        records = read_records(self.file, self.layout.dialect)
        if self.layout.headed:
            next(records)
        with texts_of_frame(self.scan, _FRAME):
            while chunk := list(islice(records, _CHUNK)):
                for line, record in chunk:
                    if len(record) != len(self.columns):
                        raise self._misfit(line, len(record))
                self.scan.connection.register(_FRAME, self._frame([record for _, record in chunk]))
                self._figure(f"INSERT INTO {self.table} ({self._named}) SELECT * FROM {_FRAME}")  # noqa: S608

    def _frame(self, records: Sequence[Sequence[str]]) -> pd.DataFrame:
        import pandas as pd

        nulls = frozenset(self.nulls)
        columns = [[None if text in nulls else text for text in column] for column in zip(*records, strict=True)]
        return pd.DataFrame({f"c{i}": pd.Series(column, dtype=object) for i, column in enumerate(columns)})

    @property
    def _named(self) -> str:
        return ", ".join(map(quote_name, self.columns))

    def _misfit(self, line: int, found: int) -> SourceError:
        expected = f"{len(self.columns)} fields as the {'first row' if self.layout.headed else 'table'}"
        fields = "1 field" if found == 1 else f"{found} fields"
        message = f"{self.file.name!r}, line {line:,}: {fields}, not {expected}."
        return SourceError(
            "unreadable_csv", message, hint="Look for delimiters in texts without quotes.", quotes_data=False
        )

    def _insert(self, *, quote: str, line_end: str) -> int:
        """Insert what DuckDB's strict reader reads, and return the number of rows."""
        path = quote_text(address(self.scan, self.file))
        columns = ", ".join(f"{quote_text(name)}: 'VARCHAR'" for name in self.columns)
        options = [
            f"auto_detect = false, header = {str(self.layout.headed).lower()}, columns = {{{columns}}}",
            f"delim = {quote_text(self.layout.dialect.delimiter)}, new_line = {quote_text(line_end)}",
            f"quote = {quote_text(quote)}, escape = {quote_text(quote)}, nullstr = {quote_list(self.nulls)}",
            "strict_mode = true, null_padding = false, ignore_errors = false, hive_partitioning = false",
        ]
        source = f"SELECT {self._named} FROM read_csv({path}, {', '.join(options)})"  # noqa: S608
        return self._figure(f"INSERT INTO {self.table} ({self._named}) {source}")

    def _rows(self) -> int:
        return self._figure(f"SELECT coalesce(max(rowid) + 1, 0) FROM {self.table}")  # noqa: S608

    def _figure(self, query: str) -> int:
        ((figure,),) = self.scan.connection.execute(query).fetchall()
        return int(figure)


_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MARK: Final = "\ufeff"
"""A byte-order mark, which a decoder that is told the order leaves in the text."""
_CHUNK_BYTES: Final = 1024 * 1024


def in_utf8(scan: Scan, file: PlainFile, declared: str | None) -> tuple[PlainFile, str]:
    """Return a file as one in UTF-8, written beside what DuckDB spills where it is not one already, and its encoding.

    Raises:
        SourceError: ``unreadable_csv``: it is not of its encoding.
    """
    with file.open() as stream:
        start = stream.read(4)
    encoding = declared or next((name for mark, name in _MARKS if start.startswith(mark)), UTF_8)
    if codecs.lookup(encoding).name == UTF_8:
        encoding = "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else UTF_8
    if encoding == UTF_8:
        return file, encoding
    target = scan.fresh_directory() / "data"
    with file.open() as stream, target.open("wb") as out:
        _transcode(stream, out, encoding, file)
    return PlainFile(file.name, target), encoding


def _transcode(stream: IO[bytes], out: IO[bytes], encoding: str, file: PlainFile) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, mark = 1, _MARK
    while True:
        chunk = stream.read(_CHUNK_BYTES)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeError as error:
            raise undecodable(file, lines, encoding) from error
        out.write(text.removeprefix(mark).encode(UTF_8, "surrogatepass"))
        mark = "" if text else mark
        lines += text.count("\n")
        if not chunk:
            return
