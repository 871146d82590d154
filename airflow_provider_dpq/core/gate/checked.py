"""What a report is about: which rows of which data were held against which version of which suite."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class CheckedSuite(BaseModel):
    """The suite that was answered.

    Attributes:
        name: Its name; empty for a plain list of expectations.
        version: Its version as it says itself, under ``version`` or ``meta.version``; None where it says none.
        digest: The first digits of a hash of its expectations with the values of their parameters: two reports with one
            digest hold their data against the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str
    version: str | None = None
    digest: str


class Checked(BaseModel):
    """What a quality gate looked at, as it was declared and found; no value of the data but those declared, no secret.

    Attributes:
        source: ``files``, ``frame``, ``table`` or ``query``.
        engine: Who read the data: the SQL dialect.
        connection: Id of the Airflow connection; None outside Airflow and for files of this machine.
        query_digest: The first digits of a hash of the query; None for anything else.
        row_count: Rows that were looked at, after the row condition and the partition.
        file_count: Files that were read; None where there are none, or where only some of all partitions were.
        size_bytes: Their size as they are stored; None where it is unknown.
        columns: The type of each column, in the words of its source.
        partition: The values, or lists of values, that chose the rows, by column.
        partition_by: Columns or keys of folders by which the table was taken apart.
        row_condition: The condition that chose the rows, as it was declared; None for all rows.
        null_values: Texts that were read as missing, beside the empty one.
        reading: How text files were read, by option; what was not declared was found in the files.
        references: Other tables by the names that checks use for them, and where they are.
        suite: The suite.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    source: str
    engine: str
    connection: str | None = None
    query_digest: str | None = None
    row_count: int
    file_count: int | None = None
    size_bytes: int | None = None
    columns: Mapping[str, str] = Field(default_factory=dict)
    partition: Mapping[str, JsonValue] = Field(default_factory=dict)
    partition_by: tuple[str, ...] = ()
    row_condition: str | None = None
    null_values: tuple[str, ...] = ()
    reading: Mapping[str, JsonValue] = Field(default_factory=dict)
    references: Mapping[str, str] = Field(default_factory=dict)
    suite: CheckedSuite
