"""What each reason code means and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from docs._generate.markdown import code, table
from docs._generate.raised import find_raised

MEANINGS: Final[Mapping[str, tuple[str, str]]] = {
    "access_denied": (
        "A file in object storage may not be read with the credentials given.",
        "Check the connection, and that the file exists: some stores say the same of one that does not.",
    ),
    "ambiguous_columns": (
        "A file has columns whose names differ in case only, or not at all.",
        "Name them apart: DuckDB would read one in the place of another.",
    ),
    "ambiguous_metric": (
        "A check of a history names a metric that several checks have.",
        "Name the check in `check`, or its column as a tag.",
    ),
    "ambiguous_source": (
        "An operator was given more or less than one of `table`, `path` and `sql`.",
        "Give exactly one; a path of the worker's disk needs no `conn_id`.",
    ),
    "connection_lost": (
        "The connection to the database or to object storage broke while checks ran.",
        "The task is retried; look at the other side if it happens again.",
    ),
    "duplicate_keys": (
        "The key columns of a reconciliation do not name one row each.",
        "Give columns that together are unique; the message says in which table they are not.",
    ),
    "empty_glob": (
        "No file matches a glob.",
        "Check the pattern, and whether the data have arrived. A `DataQualitySensor` waits for them.",
    ),
    "empty_partition": (
        "The partition that was asked for has no row.",
        "Check its value, and whether it is written already. The task is retried.",
    ),
    "empty_suite": (
        "A suite has no expectation.",
        "Declare at least one: a gate that checks nothing would always pass.",
    ),
    "gx_exception": (
        "Great Expectations raised an exception while it evaluated a check.",
        "Read the message; often the check is not possible on this kind of data.",
    ),
    "history_too_short": (
        "A check of a history has fewer accepted reports than it needs; its verdict is `inconclusive`.",
        "Wait: the gate's reports count meanwhile. See [its history](../how-to/hold-a-metric-to-its-history.md).",
    ),
    "hidden_index_column": (
        "A hidden column is to name the failing rows.",
        "Name them by other columns in `unexpected_index_column_names`, or do not hide it.",
    ),
    "incomparable": (
        "A check compares a column with a value, or a column, of another type.",
        "Give bounds and values of the column's type.",
    ),
    "invalid_argument": (
        "An expectation has an argument of the wrong type or value.",
        "The message names the argument; see [expectations](expectations.md).",
    ),
    "invalid_condition": (
        "The row condition of a whole gate cannot be applied.",
        "Compare columns with values of their types, joined by `and` and `or`.",
    ),
    "invalid_contract": (
        "A contract is none, contradicts itself, or is of another version of the standard.",
        "The message names the column and what is wrong; see [contracts](contracts.md).",
    ),
    "invalid_connection": (
        "A connection does not say where a database or store is, or its driver is missing.",
        "Give a SQLAlchemy engine or URL; in Airflow a connection of the right type.",
    ),
    "invalid_frame": ("The columns of a frame are not distinct texts.", "Name each column by a text of its own."),
    "invalid_hidden_columns": ("`hidden_columns` is no list of names.", "Give a list of column names."),
    "invalid_json_schema": ("A JSON schema of a check is none itself.", "Mend the schema."),
    "invalid_like_pattern": (
        "A pattern of LIKE ends in its escape character.",
        "Double the character to mean it itself.",
    ),
    "invalid_limit": (
        "DuckDB refuses a limit of memory or threads, or the temporary directory.",
        "Write memory as `2GB` or `500MB`.",
    ),
    "invalid_option": (
        "An option or argument has a value that it cannot have.",
        "The message names it and what it may be.",
    ),
    "invalid_partition": (
        "A partition's value does not fit the type of its column.",
        "Give a value of the column's type, or its text.",
    ),
    "invalid_quarantine": (
        "`quarantine` or `good_rows` is no place that rows can be written to.",
        "Give the path of a Parquet file that is not checked itself, or with a connection the name of another table.",
    ),
    "invalid_query": ("`sql` is not a query.", "Begin it with SELECT or WITH."),
    "invalid_regex": ("Python does not compile a regular expression.", "Mend the pattern."),
    "invalid_result_format": (
        "The result format is unknown.",
        "Use BOOLEAN_ONLY, BASIC, SUMMARY or COMPLETE, or Great Expectations' mapping.",
    ),
    "invalid_sample_rows": ("`sample_rows` is no number of rows.", "Give a whole number, 0 for none."),
    "invalid_store_url": (
        "The address of the store cannot be used.",
        "Give a SQLAlchemy URL of a file or a database; a store in memory would be lost.",
    ),
    "invalid_suite": (
        "What was given is not a suite, or not in a form that is known.",
        "Give a list of expectations, a mapping with `expectations`, or the path of one.",
    ),
    "invalid_table": ("`table` holds a query.", "Give a query as `sql`."),
    "invalid_text": (
        "A text cannot be kept in a store: a name that is too long, a NUL character.",
        "Shorten the name; remove the character.",
    ),
    "invalid_time": ("A time has no time zone, or none in UTC.", "Give times with a time zone."),
    "malformed_duration": (
        "A duration is not a number with a unit of time.",
        "Write `26h`, `90 min` or `1.5 d`.",
    ),
    "malformed_threshold": (
        "A threshold does not follow the grammar.",
        "Write `metric operator limit unit`; see [thresholds](thresholds.md).",
    ),
    "malformed_values": (
        "A figure of a CSV column was asked for, and some of its values are no numbers; or a JSON schema is to be "
        "followed by a value that is no JSON.",
        "Name them as null values, or check the column's type, or its being JSON, first.",
    ),
    "missing_column": (
        "A check names a column that the table, or the other table of a reference, does not have.",
        "The message lists the columns there are.",
    ),
    "missing_connection": ("A table or query was given without a connection.", "Give `conn_id`."),
    "missing_driver": (
        "The Python package that talks to the store's database is not installed.",
        "Install it; the `postgres` and `mysql` extras bring it.",
    ),
    "missing_file": (
        "A path does not exist, or is a directory.",
        "Give the path of a file, or a glob. A `DataQualitySensor` waits for it.",
    ),
    "missing_data_interval": (
        "A check measures against the end of the data interval, and the run has none.",
        "Measure against `now`, or check in a run of a schedule.",
    ),
    "missing_filesystem": (
        "Nothing installed opens the protocol of a URL, or not with an Airflow connection.",
        "Install fsspec's package for it, or the provider; see "
        "[check data in object storage](../how-to/check-data-in-object-storage.md).",
    ),
    "missing_metric": (
        "A check of a history names a metric that no other check of the gate measured.",
        "Is the check there, and answered? `BOOLEAN_ONLY` keeps no figures of checks.",
    ),
    "missing_parameter": (
        "A suite refers to a parameter that was given no value.",
        "Give it in `suite_parameters` or with `--param`.",
    ),
    "missing_part": (
        "A part of a table left no report, or did not make a check that the others made.",
        "Clear the part, so that it runs again; the merge runs after it.",
    ),
    "missing_table": (
        "A table does not exist in the database.",
        "Give its name as it is stored, with its schema where needed.",
    ),
    "mixed_partitions": (
        "Some files lie in folders that name a partition, and some do not.",
        "Narrow the pattern, or move the others: they would go unchecked.",
    ),
    "newer_store": (
        "The store was made by a newer release.",
        "Upgrade airflow-provider-dpq wherever it reads this store.",
    ),
    "no_history": (
        "A check of a history runs without a store of reports.",
        "Give `--store` on the command line, `history` in Python; in Airflow there is always one.",
    ),
    "no_data_interval": (
        "A `QualityGateSensor` runs in a DAG run without a data interval and has no `max_age`.",
        "Give `max_age`.",
    ),
    "no_partition": ("A table that is checked by partition has none.", "Check whether the data are written already."),
    "not_a_store": (
        "The file at the store's address is no database.",
        "Name a file that does not exist yet, or one that a store is in.",
    ),
    "no_values": (
        "A check of a distribution found no value in its column of a database.",
        "Check the number of rows or the missing values first.",
    ),
    "not_evaluated": (
        "The scan cannot evaluate a check, and Great Expectations did not either.",
        "Read the message; check an export of the data as a file.",
    ),
    "not_partitionable": (
        "An expectation is about more than the rows of a partition.",
        "Check it in a gate without `partition_by`; see [check a growing table](../how-to/check-a-growing-table.md).",
    ),
    "not_sql_connection": (
        "A connection is not one of a SQL database, or gives no SQLAlchemy engine.",
        "Name one whose provider is installed, or check a file by its path.",
    ),
    "nothing_judged": (
        "A gate has neither a check nor a threshold.",
        "Declare one: what judged nothing has not passed.",
    ),
    "older_store": (
        "The store has the tables of an older release.",
        "Run `dpq store upgrade`; see [upgrade the store](../runbooks/upgrade-the-store.md).",
    ),
    "out_of_memory": (
        "A check of files or frames needs more memory than it may use, and cannot spill it.",
        "Raise `memory_limit`; see [limit memory](../how-to/limit-memory.md).",
    ),
    "outside_root": (
        "A path leads out of the folder or place that `[dpq] allowed_root` allows.",
        "Move the data below it, or change the option.",
    ),
    "permission_denied": (
        "The user of the connection may not read a table.",
        "Grant it SELECT; it needs no other right.",
    ),
    "quarantine_failed": (
        "Failing rows and good rows could not be written. The results of the checks stand; nothing was replaced.",
        "Read the message: room, rights, a check without an answer, or data that changed. The task is retried.",
    ),
    "query_failed": (
        "The database or DuckDB refused a query, or a file broke off while it was read.",
        "Read the message, which is the engine's own.",
    ),
    "query_stopped": (
        "The database did not let a query come to its end: a statement timeout, a lock that was waited for too long, "
        "or somebody cancelled it.",
        "Allow the query more time, or check fewer rows. The task is retried.",
    ),
    "read_failed": (
        "A file could not be read any more, or there is no room to spill to disk.",
        "Check the file and the room in the temporary directory.",
    ),
    "report_exists": (
        "This try of this task has a report of this gate already.",
        "Give each gate of a task a name of its own.",
    ),
    "schema_changed": (
        "A column of the table was dropped, added, renamed or given another type while the table was checked.",
        "The task is retried, on the table as it is then.",
    ),
    "storage_unreachable": (
        "Object storage does not answer, or broke off when a file was opened.",
        "The task is retried; check the address and the credentials.",
    ),
    "store_corrupt": ("The file of the store is damaged.", "Restore it from a backup."),
    "store_failed": (
        "The store's database failed for a reason that has no code of its own.",
        "Read the message, which is the database's own.",
    ),
    "store_full": ("There is no room left for the store.", "Free some; what was stored before is intact."),
    "store_locked": (
        "Another process keeps the store locked.",
        "Try again; see [the store is out of reach](../runbooks/store-out-of-reach.md).",
    ),
    "store_unreachable": (
        "The store cannot be reached.",
        "Check its address, and that it can be reached from the worker.",
    ),
    "store_unwritable": (
        "The store can be read and not written.",
        "Give the user that Airflow runs as the right to write it, and for a file its directory too.",
    ),
    "too_many_partitions": (
        "A column has so many values that each would be a partition of few rows.",
        "Partition by a coarser column, such as a day.",
    ),
    "unjudged_value": (
        "Python could not judge a value of a column: a parser raised an exception of its own.",
        "Look at the column's odd values; leave them out by a row condition.",
    ),
    "unit_mismatch": (
        "A threshold's unit measures something else than its metric.",
        "Write the limit in a unit of the metric's dimension.",
    ),
    "too_many_rows": (
        "A query whose results are compared found more than 100,000 rows.",
        "Compare counts and sums in the queries, or reconcile the tables.",
    ),
    "too_many_values": (
        "A check of a distribution over values found more than 10,000 different ones.",
        "Give a partition of bins.",
    ),
    "unknown_argument": ("An expectation has no argument of that name.", "The message lists those it has."),
    "unknown_connection": (
        "No connection of that name is known, or Airflow's secrets backend was out of reach.",
        "Define it, or correct its name; in Python give `connect`.",
    ),
    "unknown_data": (
        "What was given to be checked is no table.",
        "Give a path, a frame, or the name of a table with a connection.",
    ),
    "unknown_expectation": (
        "There is no expectation of that type.",
        "The message names the closest; see [expectations](expectations.md).",
    ),
    "unknown_format": (
        "The format of a file cannot be told from its name, or a glob matches several formats.",
        "Use the endings that the message lists; check one format at a time.",
    ),
    "unknown_metric": (
        "A threshold names a metric that this kind of gate does not measure.",
        "The message lists those it measures.",
    ),
    "unknown_option": ("An argument has none of the values that it may have.", "The message lists them."),
    "unknown_policy": ("`on_empty` is not `pass`, `warn` or `fail`.", "Use one of these."),
    "unknown_reference": ("The other table of a check cannot be opened.", "Give it in `references`, or as a path."),
    "unknown_report": ("The store has no report of that id.", "`dpq report list` lists what there is."),
    "unknown_severity": ("A severity is not `critical`, `warning` or `info`.", "Use one of these."),
    "unknown_unit": ("A threshold's unit is unknown.", "See [thresholds](thresholds.md#units)."),
    "unreachable_database": (
        "A table or query cannot be opened on the database.",
        "Check the connection and the name.",
    ),
    "unreadable_csv": (
        "A file cannot be read as CSV, or its archive is damaged.",
        "Is the file whole, and of that format?",
    ),
    "unreadable_report": (
        "A text is not a report of the version that this release knows.",
        "Was it written by a newer release?",
    ),
    "unreadable_contract": (
        "The file of a contract cannot be read.",
        "Check the path; it must be a JSON or YAML file in UTF-8.",
    ),
    "unreadable_suite": ("The file of a suite cannot be read.", "Give the path of a JSON or YAML file."),
    "unreadable_{kind}": (
        "A file cannot be read as what its name says: `unreadable_csv`, `unreadable_parquet`, `unreadable_json`.",
        "Is the file whole, and of that format?",
    ),
    "unsupported_expectation": (
        "A check cannot be evaluated on a database.",
        "See who evaluates what in [expectations](expectations.md); check an export of the table as a file.",
    ),
    "unsupported_rule": (
        "A contract has a rule that no expectation answers exactly.",
        "Leave it to another tool, declare an expectation, or check the schema alone.",
    ),
    "unwritable_output": (
        "The file of `--output` cannot be written.",
        "Give a file in a directory that you may write to.",
    ),
}
"""Meaning and remedy of each reason code."""


def describe(kind: str) -> str:
    """Return the reason codes that one kind of error carries.

    Args:
        kind: Name of the error, or ``Problem`` for what only reports carry.

    Raises:
        KeyError: A code has no meaning here.
    """
    codes = sorted({found.reason for found in find_raised() if found.kind == kind})
    return table(["Reason", "Meaning", "What to do"], [[code(reason), *MEANINGS[reason]] for reason in codes])
