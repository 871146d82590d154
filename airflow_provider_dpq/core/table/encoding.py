"""The encoding of text files: UTF-8, or what a byte-order mark says, or what is declared; read as UTF-8 in any case."""

from __future__ import annotations

import codecs
from typing import IO, Final

from airflow_provider_dpq.core.table.disk import PlainFile
from airflow_provider_dpq.core.table.records import UTF_8, undecodable
from airflow_provider_dpq.core.table.scan import Scan

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MARK: Final = "\ufeff"
"""A byte-order mark, which a decoder that is told the order leaves in the text."""
_CHUNK: Final = 1024 * 1024


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
        chunk = stream.read(_CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeError as error:
            raise undecodable(file, lines, encoding) from error
        out.write(text.removeprefix(mark).encode(UTF_8, "surrogatepass"))
        mark = "" if text else mark
        lines += text.count("\n")
        if not chunk:
            return
