"""Tables, queries and frames of Spark, checked where they live: only figures and samples reach the driver."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import (
    DeclarationError,
    EndedError,
    MeasurementError,
    RefusedQueryError,
    SourceError,
)
from airflow_provider_dpq.core.table.column import Column, Kind, named
from airflow_provider_dpq.core.table.query import is_query
from airflow_provider_dpq.core.table.reflection import changes, refuse_changes
from airflow_provider_dpq.core.table.sql.functions import exact_text, without_nan
from airflow_provider_dpq.core.table.sql.number import of_eight_bytes
from airflow_provider_dpq.core.table.sql.spark_dialect import compile_query
from airflow_provider_dpq.core.table.statement import refuse_reaching
from airflow_provider_dpq.core.table.table import Table
from airflow_provider_dpq.core.watch import Stop, watched

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

T = TypeVar("T")

_KINDS: Final[Mapping[str, tuple[Kind, sa.types.TypeEngine[Any]]]] = {
    **dict.fromkeys(("byte", "short", "integer"), (Kind.INTEGER, sa.Integer())),
    "long": (Kind.INTEGER, sa.BigInteger()),
    **dict.fromkeys(("float", "double"), (Kind.FLOAT, sa.Double())),
    "decimal": (Kind.DECIMAL, sa.Numeric()),
    "boolean": (Kind.BOOLEAN, sa.Boolean()),
    **dict.fromkeys(("string", "varchar", "char"), (Kind.STRING, sa.Text())),
    "date": (Kind.DATE, sa.Date()),
    **dict.fromkeys(("timestamp", "timestamp_ntz"), (Kind.TIMESTAMP, sa.DateTime())),
}
"""What a column of each of Spark's types holds; a moment is shown and compared in the session's time zone."""


_NAMES_OF_FILES: Final = "spark.sql.runSQLOnFiles"


def is_session(connection: object) -> bool:
    """Whether a connection is a Spark session, judged without importing pyspark."""
    return _is_named(connection, "SparkSession")


def is_spark_frame(data: object) -> bool:
    """Whether something is a frame of Spark, judged without importing pyspark."""
    return _is_named(data, "DataFrame")


def _is_named(thing: object, name: str) -> bool:
    """Whether something is of a class of Spark's SQL, or of Spark Connect's, of this name."""
    return type(thing).__module__.startswith("pyspark.sql.") and type(thing).__name__ == name


class SparkTable(Table):
    """A table, query or frame of a Spark session, seen through temporary views."""

    pandas_like = False

    def __init__(self, session: SparkSession, subject: str) -> None:
        self._session = session
        self._views: list[str] = []
        self._named: dict[str, tuple[sa.FromClause, Mapping[str, Column]]] = {}
        self.subject = subject

    def look_at(self, data: Any) -> None:
        """Make a frame, or a table or view by its name, the one whose rows are checked."""
        self._source, self.columns = self.other(data) if isinstance(data, str) else self._view(data)

    @property
    def dialect(self) -> str:
        """Return ``spark``."""
        return "spark"

    def rows(self, *, positioned: bool = False) -> sa.FromClause:
        """Select from the view; rows of Spark have no position."""
        return self._source

    def fetch(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        with _errors(self._session, self.subject), _stoppable(self._session, self.subject):
            text, arguments = compile_query(query, _zone(self._session))
            return [tuple(row) for row in _in_session_time(self._session.sql(text, args=arguments)).collect()]

    def other(self, name: str) -> tuple[sa.FromClause, Mapping[str, Column]]:
        """Return another table or view of the same session and its columns."""
        if name not in self._named:
            self._named[name] = self._view(_read_table(self._session, name))
        return self._named[name]

    def confirm(self) -> None:
        """Look once more at the columns of all tables that were asked for by name."""
        for name, (_, planned) in self._named.items():
            try:
                found = _columns(_read_table(self._session, name), self._session)
            except SourceError:
                refuse_changes(name, ["the table is gone"])
            else:
                refuse_changes(name, changes(planned, found))

    def _view(self, frame: DataFrame) -> tuple[sa.FromClause, Mapping[str, Column]]:
        name = f"dpq_{uuid.uuid4().hex}"
        with _errors(self._session, self.subject):
            columns = _columns(frame, self._session)
            frame.createTempView(name)
        self._views.append(name)
        return sa.table(name), columns

    def close(self) -> None:
        """Drop the views; the session stays the caller's."""
        with contextlib.suppress(Exception):  # a session that ended has taken them with it
            for view in self._views:
                self._session.catalog.dropTempView(view)


def open_spark(connection: Any, data: Any, root: str | Path | None = None) -> SparkTable:
    """Open a table, view or query of a Spark session, or a frame of Spark.

    Args:
        connection: The session; None for a frame, which has its own.
        data: Name of a table or view, a query that starts with SELECT or WITH, or a frame.
        root: The allowed root, with which a query names no files; None where it may.

    Raises:
        DeclarationError: ``invalid_frame``: it has no end, or columns that are not named apart.
        SourceError: ``missing_table`` or ``invalid_query``.
        MeasurementError: ``connection_lost``: the session has ended.
    """
    session: SparkSession = data.sparkSession if connection is None else connection
    query = isinstance(data, str) and is_query(data)
    table = SparkTable(session, "query" if query else data if isinstance(data, str) else "spark frame")
    table.look_at(_read_query(session, data, root) if query else data)
    return table


@contextmanager
def _without_files(session: SparkSession) -> Iterator[None]:
    """Let no name mean a file, as ``csv.`/data/a.csv` `` does to Spark, where something is read inside."""
    before = session.conf.get(_NAMES_OF_FILES)
    session.conf.set(_NAMES_OF_FILES, "false")
    try:
        yield
    finally:
        session.conf.set(_NAMES_OF_FILES, str(before))


def _read_query(session: SparkSession, query: str, root: str | Path | None) -> DataFrame:
    refuse_reaching("spark", query)
    # In brackets it can be nothing but a query: a command would run at once. It may end in a comment.
    text = f"SELECT * FROM (\n{query.strip().rstrip(';')}\n)"  # noqa: S608 - a query is what was asked for
    try:
        with _errors(session, "the query"), contextlib.nullcontext() if root is None else _without_files(session):
            frame = session.sql(text)
            _ = frame.schema  # Spark Connect looks for its tables only now
            return frame
    except RefusedQueryError as error:
        raise SourceError(
            "invalid_query", error.message, hint="Mend the query.", quotes_data=error.quotes_data
        ) from error


def _read_table(session: SparkSession, name: str) -> DataFrame:
    for parts in ([name], name.split(".")):
        with (
            contextlib.suppress(_NotFoundError),
            _errors(session, name, absent=_NotFoundError),
            _without_files(session),
        ):
            frame = session.table(".".join("`" + part.replace("`", "``") + "`" for part in parts))
            _ = frame.schema  # Spark Connect looks for it only now
            return frame
    message = f"The table or view {name!r} does not exist."
    raise SourceError(
        "missing_table", message, hint="Give its name as the session's catalogue has it.", quotes_data=False
    )


class _NotFoundError(Exception):
    """Spark knows no table of that name."""


@contextmanager
def _errors(session: SparkSession, subject: str, absent: type[Exception] | None = None) -> Iterator[None]:
    """Turn what Spark raises into this project's errors.

    Args:
        session: The session.
        subject: What is read, for people.
        absent: What to raise where Spark's analysis refuses; None to raise the same as for all else.

    Raises:
        MeasurementError: ``query_failed``, or ``connection_lost`` where the session answers nothing any more.
    """
    try:
        yield
    except (DeclarationError, MeasurementError):
        raise
    # Spark raises errors of its own, of the Java gateway's and of the network's, and AttributeError once it is stopped.
    except Exception as error:
        from pyspark.errors import AnalysisException

        if absent is not None and isinstance(error, AnalysisException):
            raise absent from error
        if not _answers(session):
            message = f"The Spark session of {subject} has ended: {_first_line(error)}"
            raise EndedError("connection_lost", message, hint="The gate may be run again.") from error
        message = f"Spark refused a query on {subject}: {_first_line(error)}"
        raise RefusedQueryError("query_failed", message) from error


@contextmanager
def _stoppable(session: SparkSession, subject: str) -> Iterator[None]:
    """Let the jobs that run inside be stopped from another thread, by a name of their own."""
    name = f"dpq-{uuid.uuid4().hex}"
    context = getattr(session, "_sc", None)
    if context is None:  # Spark Connect
        session.addTag(name)
        try:
            with watched(Stop(lambda: session.interruptTag(name)), subject):
                yield
        finally:
            session.removeTag(name)
        return
    names = ("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel")
    before = {one: context.getLocalProperty(one) for one in names}
    context.setJobGroup(name, f"data quality of {subject}", interruptOnCancel=True)
    try:
        with watched(Stop(lambda: context.cancelJobGroup(name)), subject):
            yield
    finally:
        for one, value in before.items():
            context.setLocalProperty(one, value)


def inheriting(session: SparkSession, work: Callable[[], T]) -> Callable[[], T]:
    """Return work for another thread, with what this one has set in the session, such as its pool."""
    from pyspark.util import inheritable_thread_target

    try:
        inherited: Callable[[], T] = inheritable_thread_target(session)(work)
    except Exception:  # noqa: BLE001 - a session that has ended has none, which the work will say
        return work
    return inherited


def _answers(session: SparkSession) -> bool:
    try:
        return bool(session.sql("SELECT 1").collect())
    except Exception:  # noqa: BLE001 - as above: whatever it is, the session does not answer
        return False


def _first_line(error: Exception) -> str:
    """Return Spark's own words, without the stack of its machine and its echo of the query."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line.removeprefix(": ") for line in lines if not line.startswith("An error occurred while calling")]
    return (told or lines or [type(error).__name__])[0]


def _columns(frame: DataFrame, session: SparkSession) -> dict[str, Column]:
    fields = frame.schema.fields
    names = [field.name for field in fields]
    exact = session.conf.get("spark.sql.caseSensitive") == "true"
    if len({name if exact else name.casefold() for name in names}) < len(names):
        message = f"The columns {names[:20]!r} are not named apart, as this Spark session reads names."
        raise DeclarationError("invalid_frame", message, hint="Name each column by a text of its own.")
    if frame.isStreaming:
        message = "A streaming frame has no end, so that no figure of it is ever final."
        raise DeclarationError("invalid_frame", message, hint="Check each micro-batch, in foreachBatch.")
    return {field.name: _column(field.name, field.dataType) for field in fields}


def _column(name: str, type_: Any) -> Column:
    kind, known = _KINDS.get(type_.typeName(), (Kind.OTHER, None))
    plain: sa.ColumnElement[Any] = named(name, known)
    value = sa.type_coerce(without_nan(plain), known) if known is not None and kind is Kind.FLOAT else plain
    text: sa.ColumnElement[Any] | None = plain if kind is Kind.STRING else None
    if "collate" in type_.simpleString():
        value = exact_text(plain)
    column = Column(name, kind, type_.simpleString(), value, value, value, value.is_(None), text=text, type=type_)
    return of_eight_bytes(column, value) if type_.typeName() == "float" else column


def _zone(session: SparkSession) -> tzinfo:
    """Return the session's time zone.

    Raises:
        DeclarationError: ``invalid_option``: it is of the kind that Spark itself advises against.
    """
    name = str(session.conf.get("spark.sql.session.timeZone"))
    try:
        return datetime.strptime(name, "%z").tzinfo or ZoneInfo(name) if name[:1] in "+-Z" else ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError) as error:
        message = f"The Spark session's time zone {name!r} is neither a region nor an offset."
        raise DeclarationError("invalid_option", message, hint="Set spark.sql.session.timeZone.") from error


def _in_session_time(frame: DataFrame) -> DataFrame:
    """Return rows whose moments are in the session's time zone: Python would be given them in that of the machine."""
    types: Sequence[str] = [field.dataType.typeName() for field in frame.schema.fields]
    if "timestamp" not in types:
        return frame
    numbered = frame.toDF(*(f"c{index}" for index in range(len(types))))
    return numbered.selectExpr(
        *(
            f"CAST(c{index} AS TIMESTAMP_NTZ) AS c{index}" if type_ == "timestamp" else f"c{index}"
            for index, type_ in enumerate(types)
        )
    )
