"""What a data-quality task checks, and how: the part that the operator and the sensor share."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from airflow_provider_dpq import conf
from airflow_provider_dpq.core.attempt import cut_short
from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.line import printable
from airflow_provider_dpq.core.quality.address import is_url, without_secrets
from airflow_provider_dpq.core.quality.quarantine.request import parse_request, require_whole
from airflow_provider_dpq.core.quality.query import is_query
from airflow_provider_dpq.core.quality.read_options import parse_read_options
from airflow_provider_dpq.core.quality.result_format import parse_result_format
from airflow_provider_dpq.operators.connection import sql_engine
from airflow_provider_dpq.operators.run import CutShort
from airflow_provider_dpq.operators.storage import storage_path
from airflow_provider_dpq.operators.suite import dag_folder, find_suite, require_suite
from airflow_provider_dpq.operators.template import settled

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from airflow_provider_dpq.core.attempt import Attempt
    from airflow_provider_dpq.core.gate.report import Report
    from airflow_provider_dpq.core.gate.threshold import Threshold
    from airflow_provider_dpq.core.quality.result import SuiteResult
    from airflow_provider_dpq.operators.run import GateRun

_COMMENTS: Final = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
_SQL_FILE: Final = ".sql"

log = logging.getLogger(__name__)


def _tell(line: str) -> None:
    log.info("%s", printable(line))


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityMeasurement:
    """A table, a file or a query, and the suite to check it against: the arguments of `DataQualityCheckOperator`."""

    table: str | None
    path: Any
    sql: str | None
    conn_id: str | None
    suite: Any
    suite_parameters: Mapping[str, Any] | None
    references: Mapping[str, Any] | None
    partition: Mapping[str, Any] | None
    partition_by: str | Sequence[str] | None
    row_condition: str | Mapping[str, Any] | None
    null_values: Sequence[str]
    result_format: str | Mapping[str, Any]
    memory_limit: str | None
    query_timeout: Any
    on_empty: str | None
    sample_rows: int | None
    hidden_columns: Sequence[str]
    exclude_unexpected_values: bool
    quarantine: Any = None
    good_rows: Any = None
    read_options: Any = None
    folder: str | None = None

    @classmethod
    def of(cls, task: object) -> QualityMeasurement:
        """Return what a task with attributes of these names checks, as they are now: rendered, once it runs."""
        names = [field.name for field in fields(cls) if field.name != "folder"]
        return cls(**{name: getattr(task, name) for name in names if hasattr(task, name)}, folder=dag_folder(task))

    @property
    def subject(self) -> str:
        """What is checked, for people: a query is not spelled out, for it may hold values."""
        if self.path is not None:
            from airflow_provider_dpq.core.quality.disclosure import without_folders

            paths = self.path if isinstance(self.path, (list, tuple)) else [self.path]
            named = ", ".join(without_secrets(str(path)) for path in paths)
            return without_folders(named, self.hidden_columns)
        return f"{self.table} on {self.conn_id}" if self.table is not None else f"a query on {self.conn_id}"

    def validate(self) -> None:
        """Check what is declared without touching any data; what is still a template or an XCom is left for later.

        Raises:
            DeclarationError: What is wrong.
        """
        self._validate_source()
        self._validate_names()
        self._validate_format()
        self._validate_targets()
        # A suite in a file is read where it is there: the processor of DAGs may not have what the worker has.
        suite = find_suite(self.suite, self.folder) if settled(self.suite) else None
        if suite is not None and (not isinstance(suite, (str, Path)) or Path(suite).is_file()):
            from airflow_provider_dpq.core.quality.suite import validate_suite

            validate_suite(suite, partitioned=self.partition_by is not None)

    def _validate_source(self) -> None:
        given = [name for name in ("table", "path", "sql") if getattr(self, name) is not None]
        if len(given) != 1:
            message = f"It checks {' and '.join(given) or 'nothing'}."
            raise DeclarationError("ambiguous_source", message, hint="Give exactly one of table, path and sql.")
        if isinstance(self.path, (list, tuple)) and not self.path:
            raise DeclarationError("ambiguous_source", "It checks an empty list of paths.", hint="Give one or more.")
        if self.path is None and not self.conn_id:
            message = f"It checks a {given[0]} without a connection."
            raise DeclarationError("missing_connection", message, hint="Give conn_id.")
        if self.conn_id is not None and settled(self.path) and _is_local(self.path):
            message = f"It checks a path, which needs no connection, but conn_id is {self.conn_id!r}."
            raise DeclarationError("ambiguous_source", message, hint="Leave conn_id out, or give table or sql.")

    def _validate_names(self) -> None:
        if isinstance(self.table, str) and settled(self.table) and is_query(self.table):
            message = f"{self.table!r} is not the name of a table."
            raise DeclarationError("invalid_table", message, hint="Give a query as sql.", quotes_data=True)
        inline = isinstance(self.sql, str) and settled(self.sql) and not self.sql.endswith(_SQL_FILE)
        if inline and not is_query(_without_comments(str(self.sql))):
            message = f"{self.sql!r} is not a query."
            raise DeclarationError("invalid_query", message, hint="Begin it with SELECT or WITH.", quotes_data=True)

    def _validate_format(self) -> None:
        if isinstance(self.null_values, str):
            message = f"null_values is the text {self.null_values!r}."
            raise DeclarationError("unknown_option", message, hint=f"Give a list: [{self.null_values!r}].")
        if settled(self.read_options):
            parse_read_options(self.read_options, self.null_values)
        parse_result_format(
            self.result_format,
            sample_rows=self.sample_rows,
            hidden_columns=self.hidden_columns,
            exclude_unexpected_values=self.exclude_unexpected_values,
        )
        if self.query_timeout is not None:
            from airflow_provider_dpq.core.quality.query_timeout import parse_query_timeout

            parse_query_timeout(self.query_timeout)
        if self.on_empty is not None:
            from airflow_provider_dpq.core.quality.emptiness import parse_on_empty

            parse_on_empty(self.on_empty, "the gate")

    def _validate_targets(self) -> None:
        targets = (self.quarantine, self.good_rows)
        if all(target is None or (settled(target) and _is_local(target)) for target in targets):
            request = parse_request(None, self.conn_id if self.path is None else None, *targets, None)
            require_whole(request, self.partition_by)

    def report(self, run: GateRun, thresholds: Sequence[Threshold], attempt: Attempt) -> Report:
        """Check the data, judge what was found, and return the report.

        Args:
            run: The gate's run.
            thresholds: The gate's own thresholds.
            attempt: Through which checking is cancelled.

        Raises:
            DeclarationError: What is declared is wrong.
            SourceError: The data is missing or cannot be opened.
            MeasurementError: It could not be measured.
            CutShort: It was measured in part.
        """
        ended = attempt.run(lambda: self.find(run))
        found = ended.found()
        if ended.error is None:
            return self._judged(found, run, thresholds)
        part = replace(found, error=cut_short(ended.error))
        raise CutShort(self._judged(part, run, thresholds), ended.error)

    def _judged(self, found: SuiteResult, run: GateRun, thresholds: Sequence[Threshold]) -> Report:
        from airflow_provider_dpq.core.quality.gate import judge_suite

        return judge_suite(
            found,
            gate=run.gate,
            provenance=run.provenance,
            thresholds=thresholds,
            data_interval=run.data_interval,
        )

    def find(self, run: GateRun) -> SuiteResult:
        """Check the data against the suite; raises what `report` raises."""
        self.validate()
        with ExitStack() as opened:
            # Each connection is opened once, however many checks name it, and closed with the others.
            connect = cache(lambda conn_id: opened.enter_context(sql_engine(conn_id)))
            if self.path is not None:
                return self._check(storage_path(self.path, self.conn_id), None, connect, run)
            data = self.table if self.sql is None else _without_comments(self.sql)
            return self._check(data, connect(str(self.conn_id)), connect, run)

    def _check(
        self, data: Any, connection: Engine | None, connect: Callable[[str], Engine], run: GateRun
    ) -> SuiteResult:
        from airflow_provider_dpq.core.quality import check

        found = check(
            data,
            storage_path(require_suite(self.suite, self.folder)),
            result_format=self.result_format,
            parameters=self.suite_parameters,
            connection=connection,
            references={name: storage_path(path) for name, path in (self.references or {}).items()},
            null_values=self.null_values,
            read_options=self.read_options,
            row_condition=self.row_condition,
            partition=self.partition,
            partition_by=self.partition_by,
            root=conf.allowed_root(),
            memory_limit=self.memory_limit or conf.memory_limit(),
            threads=conf.threads(),
            query_timeout=self.query_timeout if self.query_timeout is not None else conf.query_timeout(),
            progress=_tell,
            data_interval=run.data_interval,
            on_empty=self.on_empty,
            connect=connect,
            history=run.history,
            sample_rows=self.sample_rows,
            hidden_columns=self.hidden_columns,
            exclude_unexpected_values=self.exclude_unexpected_values,
            quarantine=self._target(self.quarantine),
            good_rows=self._target(self.good_rows),
        )
        if found.checked is None or self.conn_id is None:
            return found
        return replace(found, checked=found.checked.model_copy(update={"connection": self.conn_id}))

    def _target(self, target: Any) -> Any:
        """Return where rows are written, a URL with the file system of its connection, else of the data's."""
        return storage_path(target, None if self.path is None else self.conn_id)


def _is_local(path: Any) -> bool:
    if isinstance(path, (list, tuple)):
        return all(map(_is_local, path))
    return isinstance(path, (str, Path)) and not is_url(path)


def _without_comments(sql: str) -> str:
    """Return a query without the comments before it, by whose first word it is told from a table's name."""
    return sql[_COMMENTS.match(sql).end() :]  # type: ignore[union-attr]
