"""What each reason code means and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from docs._generate.markdown import code, table
from docs._generate.raised import find_raised

MEANINGS: Final[Mapping[str, tuple[str, str]]] = {
    "access_denied": (
        "A file may not be read, by the user of the worker or with the credentials given for object storage.",
        "Check its rights or the connection, and that it exists: some stores say the same of a file that does not.",
    ),
    "ambiguous_baseline": (
        "A benchmark is to be compared with several things at once.",
        "Give one of `baseline`, `baseline_revision` and `history`.",
    ),
    "ambiguous_columns": (
        "A file has columns whose names differ in case only, or not at all.",
        "Name them apart: DuckDB would read one in the place of another.",
    ),
    "ambiguous_gate": (
        "Several DAGs have a gate of that name, and none of them was selected.",
        "Give `dag_id` to the sensor, `--dag` (or `--outside-airflow`) on the command line.",
    ),
    "ambiguous_metric": (
        "A check of a history names a metric that several checks have.",
        "Name the check in `check`, or its column as a tag.",
    ),
    "ambiguous_operation": (
        "A benchmark or leak gate has no operation, or several.",
        "Give exactly one of `target`, `sql`, `command` and `url`.",
    ),
    "ambiguous_source": (
        "An operator has none or more than one of `table`, `path` and `sql`.",
        "Give exactly one; a path of the worker's disk needs no `conn_id`.",
    ),
    "archive_too_large": (
        "The archives of a check hold more than may be unpacked: 100 GB in all, or 200 times their size beyond 1 GB.",
        "Unpack them first; a gigabyte out of a few megabytes is rarely data.",
    ),
    "cancelled": (
        "A measurement was cancelled while it ran: a kill, the task's time limit, or Ctrl-C.",
        "Run it again; what was measured until then is in the report.",
    ),
    "child_exited": (
        "The operation ended the process that it was measured in, by `os._exit` for instance.",
        "Read the last lines that it printed, which the message repeats.",
    ),
    "child_killed": (
        "A signal ended the process that the operation was measured in: a crash, or the kernel where memory ran out.",
        "After SIGKILL, give it more memory or a smaller size; else read the last lines that it printed.",
    ),
    "clock_backwards": (
        "A clock of the machine stood still or went backwards while an operation was timed.",
        "Times of that machine are unreliable; check its clock source.",
    ),
    "connection_failed": (
        "A request got no complete response: the connection was refused or broke, or the host has no address.",
        "Check the address, and that the server runs. Requests are not retried within a measurement.",
    ),
    "connection_lost": (
        "The connection to the database or to object storage broke while checks ran.",
        "The task is retried; check the server if it happens again.",
    ),
    "connection_timeout": (
        "A request of a load test got no connection in time.",
        "See what the server can take: it counts as a failure of the kind `timeout`.",
    ),
    "duplicate_keys": (
        "The key columns of a reconciliation do not name one row each.",
        "Give columns that together are unique; the message says in which table they are not.",
    ),
    "empty_file": (
        "A file is empty, or all files of a pattern are: there is no row, not even one that names columns.",
        "Was it written completely? An empty file among others is left out.",
    ),
    "empty_glob": (
        "No file matches a glob.",
        "Check the pattern, and whether the data have arrived. A `DataQualitySensor` waits for them.",
    ),
    "empty_partition": (
        "The requested partition has no rows.",
        "Check its value, and whether it has been written yet. The task is retried.",
    ),
    "empty_statement": (
        "A SQL operation has an empty statement.",
        "Write the SQL to measure.",
    ),
    "empty_suite": (
        "A suite has no expectations.",
        "Declare at least one: a gate that checks nothing would always pass.",
    ),
    "growth_fading": (
        "Memory grows less and less, as a cache does that fills; the verdict is `inconclusive`.",
        "Warm up longer, or run more iterations: [what a leak check sees](../explanation/what-a-leak-check-sees.md).",
    ),
    "growth_outside_heap": (
        "The memory of the process may grow where the C heap's figures do not show it; the verdict is `inconclusive`.",
        "Run more iterations, or raise the limit.",
    ),
    "gx_exception": (
        "Great Expectations raised an exception while it evaluated a check.",
        "Read the message; often the check is not possible on this kind of data.",
    ),
    "history_too_short": (
        "A check of a history has fewer accepted reports than it needs; its verdict is `inconclusive`.",
        "Wait: the gate's reports count meanwhile. See [its history](../how-to/hold-a-metric-to-its-history.md).",
    ),
    "heap_unknown": (
        "The platform does not say what is on the C heap, and a limit below 64 KiB/op is `inconclusive` without.",
        "Raise the limit, or check where the C library is glibc.",
    ),
    "hidden_index_column": (
        "A hidden column is used to identify failing rows.",
        "Identify them by other columns in `unexpected_index_column_names`, or do not hide the column.",
    ),
    "impossible_figure": (
        "A count is below 0 or above the number of rows, or there is no figure of values that exist.",
        "Does the table change while it is read, or does its driver or view count wrongly?",
    ),
    "incomparable": (
        "A check compares a column with a value, or a column, of another type.",
        "Give bounds and values of the column's type.",
    ),
    "invalid_argument": (
        "An expectation, or the operation that a gate measures, has an argument of the wrong type or value.",
        "The message names the argument; see [expectations](expectations.md) and [operators](operators.md).",
    ),
    "invalid_baseline": (
        "The operation cannot be loaded from another revision, or only one of two operations works on sizes.",
        "Name the function as `package.module:function`; give both operations a dataset factory, or neither.",
    ),
    "invalid_checkpoint": (
        "A checkpoint of Great Expectations names no suite, or several of which none is chosen.",
        "Name one of them as `checkpoint.yml#suite`, or give the file of the suite.",
    ),
    "invalid_command": (
        "A command is empty, or its quotation marks are not closed.",
        "Write a program and its arguments; they are run without a shell.",
    ),
    "invalid_condition": (
        "The row condition of a whole gate cannot be applied.",
        "Compare columns with values of their types, joined by `and` and `or`.",
    ),
    "invalid_contract": (
        "A contract is invalid, contradicts itself, or follows another version of the standard.",
        "The message names the column and what is wrong; see [contracts](contracts.md).",
    ),
    "invalid_connection": (
        "A connection does not contain the address of a database or store, or its driver is missing.",
        "Give a SQLAlchemy engine or URL; in Airflow a connection of the right type.",
    ),
    "invalid_frame": ("The columns of a frame are not distinct texts.", "Give each column a different name."),
    "invalid_hidden_columns": ("`hidden_columns` is not a list of names.", "Give a list of column names."),
    "invalid_json_schema": ("A JSON schema of a check is not a valid schema.", "Correct the schema."),
    "invalid_like_pattern": (
        "A pattern of LIKE ends in its escape character.",
        "Double the character to match it literally.",
    ),
    "invalid_limit": (
        "DuckDB rejected a limit of memory or threads, or the temporary directory.",
        "Write memory as `2GB` or `500MB`.",
    ),
    "invalid_option": (
        "An option or argument has an invalid value.",
        "The message names it and its valid values.",
    ),
    "invalid_parameter": (
        "A reference to a suite parameter has other keys, or arithmetic that cannot be computed.",
        "Write `{$PARAMETER: name}`; compute anything else before, and pass the value.",
    ),
    "invalid_partition": (
        "A partition's value does not fit the type of its column.",
        "Give a value of the column's type, or its text.",
    ),
    "invalid_quarantine": (
        "`quarantine` or `good_rows` is not a place that rows can be written to.",
        "Give the path of a Parquet file that is not checked itself, or with a connection the name of another table.",
    ),
    "invalid_query": (
        "A query is refused by its database, is not one statement that only reads, or calls a function that reaches "
        "beyond the tables.",
        "Give one query that begins with SELECT or WITH, with nothing after it.",
    ),
    "invalid_read_option": (
        "An option for reading text files is unknown or has an invalid value.",
        "Correct it as the message says; see [text files](text-files.md).",
    ),
    "invalid_regex": ("Python does not compile a regular expression.", "Correct the pattern."),
    "invalid_request": (
        "The method, a header, the expected status or the timeout of an HTTP request is invalid.",
        "The message names it.",
    ),
    "invalid_result_format": (
        "The result format is unknown.",
        "Use BOOLEAN_ONLY, BASIC, SUMMARY or COMPLETE, or Great Expectations' mapping.",
    ),
    "invalid_sample_rows": ("`sample_rows` is not a number of rows.", "Give a whole number, 0 for none."),
    "invalid_sizes": (
        "Sizes are missing, not positive, given twice, or given to an operation that does not depend on them.",
        "Give numbers of rows and a dataset factory, or `{size}` in a command or URL, or `:size` in SQL.",
    ),
    "invalid_store_url": (
        "The address of the store cannot be used.",
        "Use a SQLAlchemy URL of a file or a database; a store in memory is lost when its process ends.",
    ),
    "invalid_suite": (
        "The value is not a suite, or its form is unknown.",
        "Give a list of expectations, a mapping with `expectations`, or the path of one.",
    ),
    "invalid_table": ("`table` holds a query.", "Give a query as `sql`."),
    "invalid_text": (
        "A text cannot be stored: a name is too long, or it contains a NUL character.",
        "Shorten the name; remove the character.",
    ),
    "invalid_time": ("A time has no time zone, or cannot be converted to UTC.", "Give times with a time zone."),
    "kind_without_baseline": (
        "A report was to be accepted as a baseline, but its gate is not judged by its history.",
        "Only benchmarks have a baseline; see [accept a change of speed](../how-to/accept-a-change-of-speed.md).",
    ),
    "invalid_url": (
        "The address of an HTTP request is invalid.",
        "Write `http://host/path` or `https://host/path`.",
    ),
    "malformed_bytes": (
        "An amount of memory is not a number with a unit of bytes.",
        "Write `512B` or `1.5 MiB`.",
    ),
    "malformed_duration": (
        "A duration is not a number with a unit of time.",
        "Write `26h`, `90 min` or `1.5 d`.",
    ),
    "malformed_percent": (
        "A share is not a number with a percent sign.",
        "Write `5%`.",
    ),
    "malformed_threshold": (
        "A threshold does not follow the grammar.",
        "Write `metric operator limit unit`; see [thresholds](thresholds.md).",
    ),
    "malformed_values": (
        "A figure of a CSV column was asked for, and some of its values are no numbers, or no days; or a JSON schema "
        "is to be followed by a value that is no JSON.",
        "Mend them, name them as null values, or check the column's type, or its being JSON, first.",
    ),
    "memory_elsewhere": (
        "A leak gate's operation works in another process, whose memory it does not see; the verdict is `warn`.",
        "Look at that process itself: [what a leak check sees](../explanation/what-a-leak-check-sees.md).",
    ),
    "memory_unsteady": (
        "Memory use fluctuates too much to judge its growth against a limit; the verdict is `inconclusive`.",
        "Run more iterations, let the operation hold less at a time, or raise the limit.",
    ),
    "missing_baseline": (
        "A benchmark has a tolerance and nothing to compare with, or a threshold is a multiple of a baseline that a "
        "benchmark or leak gate never has.",
        "Give `baseline`, `baseline_revision` or `history`, or a limit with a unit.",
    ),
    "missing_column": (
        "A check or an option, such as `hidden_columns` or `column_types`, names a column that the table, or the other "
        "table of a reference, does not have.",
        "The message lists the columns there are; of `hidden_columns` it names the nearest.",
    ),
    "missing_connection": (
        "A table, query or statement was given without a connection.",
        "Give `conn_id`, or on the command line the address of the database.",
    ),
    "missing_directory": (
        "The directory that a command should run in does not exist.",
        "Create it on the worker, or use another one.",
    ),
    "missing_driver": (
        "The Python package that talks to a database is not installed.",
        "Install it; it comes with the `postgres` and `mysql` extras.",
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
    "missing_suite": (
        "A checkpoint of Great Expectations names a suite, or a definition, that its project does not have.",
        "Give the file of the suite itself.",
    ),
    "missing_parameter": (
        "A suite refers to a parameter without a value, or with one that limits nothing: None, NaN.",
        "Give it in `suite_parameters` or with `--param`.",
    ),
    "missing_part": (
        "A part of a table left no report, or did not make a check that the others made.",
        "Clear the part, so that it runs again; the merge runs after it.",
    ),
    "missing_program": (
        "A program is not on the `PATH` of the worker, or may not be run.",
        "Install it there, or write its absolute path.",
    ),
    "missing_table": (
        "A table does not exist in the database.",
        "Give its name as it is stored, with its schema where needed.",
    ),
    "missing_unit": (
        "A tolerance, a duration, or the limit of a time or an amount of memory is a bare number.",
        'Write it with its unit: `"5%"`, `"512B"`, `p(95) < 200ms`.',
    ),
    "mixed_partitions": (
        "Some files lie in folders that name a partition, and some do not.",
        "Narrow the pattern, or move the others: they would go unchecked.",
    ),
    "newer_store": (
        "The store was created by a newer release.",
        "Upgrade airflow-provider-dpq everywhere it uses this store.",
    ),
    "no_history": (
        "A check of a history runs without a store of reports.",
        "Give `--store` on the command line, `history` in Python; in Airflow there is always one.",
    ),
    "no_baseline": (
        "A benchmark has too few earlier reports to compare with, or they come from another environment; it warns.",
        "Wait: this report counts for the next. The message says what differs.",
    ),
    "no_data_interval": (
        "A `QualityGateSensor` runs in a DAG run without a data interval and has no `max_age`.",
        "Give `max_age`.",
    ),
    "no_partition": ("A table that is checked by partition has none.", "Check whether the data have been written yet."),
    "not_a_file": (
        "A path is a pipe, a socket or a device.",
        "Write the data to a file, and check that.",
    ),
    "not_a_store": (
        "The file at the store's address is not a database.",
        "Use an existing store, or a file that does not exist yet.",
    ),
    "no_wall_times": (
        "A report was to be written for pyperf, and has no wall times, or some of them are not above zero.",
        "Use another format; the report says why nothing was measured.",
    ),
    "no_table": (
        "A zip archive contains no table file.",
        "Give the table's file a suffix such as `.csv`; the message lists the members.",
    ),
    "no_values": (
        "A check of a distribution found no value in its column of a database.",
        "Check the number of rows or the missing values first.",
    ),
    "not_callable": (
        "The object to measure is not a function.",
        "Give a function, or its name as `package.module:function`.",
    ),
    "not_evaluated": (
        "The scan cannot evaluate a check, and Great Expectations did not either.",
        "Read the message; check an export of the data as a file.",
    ),
    "not_in_git": (
        "The code to compare is not in a git repository, or git is not installed.",
        "Install the code from its repository in editable mode, and git on the worker.",
    ),
    "not_in_revision": (
        "The revision to compare with does not have the module.",
        "Give a revision that has it where it is now.",
    ),
    "not_partitionable": (
        "An expectation is about more than the rows of a partition.",
        "Check it in a gate without `partition_by`; see [check a growing table](../how-to/check-a-growing-table.md).",
    ),
    "not_picklable": (
        "A function or argument cannot be sent to the process that should measure it: a lock, a file, a connection.",
        "Make it inside the function, or in `set_up`; the message names the variable.",
    ),
    "not_sql_connection": (
        "A connection is not a SQL database connection, or provides no SQLAlchemy engine.",
        "Use one whose provider is installed, or check a file by its path.",
    ),
    "nothing_judged": (
        "A gate has neither checks nor thresholds.",
        "Declare at least one: a gate that judges nothing does not pass.",
    ),
    "nothing_to_accept": (
        "A report of an incomplete measurement was to be accepted as a baseline.",
        "Accept one whose verdict is not `error`.",
    ),
    "older_store": (
        "The store has the tables of an older release.",
        "Run `dpq store upgrade`; see [upgrade the store](../runbooks/upgrade-the-store.md).",
    ),
    "operation_failed": (
        "The operation raised an error, or the command ended with an exit code other than 0.",
        "Read the traceback or the last lines of its errors in the message.",
    ),
    "operation_timeout": (
        "An iteration did not end in time, and its process was killed.",
        "Find out what it waits for, or allow it more time.",
    ),
    "out_of_memory": (
        "A check of files or frames needs more memory than it may use, and cannot spill it.",
        "Raise `memory_limit`; see [limit memory](../how-to/limit-memory.md).",
    ),
    "outside_root": (
        "A path leads outside the folder or place in `[dpq] allowed_root`.",
        "Move the data below it, or change the option.",
    ),
    "permission_denied": (
        "The user of the connection may not read a table.",
        "Grant it SELECT; it needs no other privilege.",
    ),
    "quarantine_failed": (
        "Failing rows and good rows could not be written. The results of the checks stand; nothing was replaced.",
        "Read the message: room, rights, a check without an answer, or data that changed. The task is retried.",
    ),
    "pages_busy": (
        "Too many pages are reading the store at once, usually because it does not answer.",
        "Try again in a moment; check what is blocking the store.",
    ),
    "query_failed": (
        "The database or DuckDB refused a query, or a file broke off while it was read.",
        "Read the message, which is the engine's own.",
    ),
    "query_timeout": (
        "A statement took longer than `query_timeout` and was stopped, here and on the server.",
        "Raise `query_timeout`, index what the check reads, or check a partition instead of the whole table.",
    ),
    "query_stopped": (
        "The database did not let a query come to its end: a statement timeout, a lock that was waited for too long, "
        "or somebody cancelled it.",
        "Allow the query more time, or check fewer rows. The task is retried.",
    ),
    "read_failed": (
        "A file could no longer be read, or there is no space to spill to disk.",
        "Check the file and the free space of the temporary directory.",
    ),
    "report_altered": (
        "A report in the store is not what was written: its document has another digest, or its row says otherwise.",
        "It counts as an error and satisfies no sensor. Restore the store from a backup, and check who can "
        "write to it.",
    ),
    "report_exists": (
        "This try of this task already has a report of this gate.",
        "Give each gate of a task its own name.",
    ),
    "request_timeout": (
        "An HTTP request was not answered in time.",
        "Look at the server, or raise `timeout_seconds`.",
    ),
    "reserved_name": (
        "A file has a column whose name begins with `dpq:`, as those that a table is given beside its columns.",
        "Rename the column.",
    ),
    "rounded_numbers": (
        "A check needs the numbers of a column, and no type holds all of them with all their digits.",
        "Write them with fewer digits, or declare the column as `float`, which rounds them.",
    ),
    "runs_nothing": (
        "The function to measure is a coroutine or generator function: calling it does not run its body.",
        "Wrap it in a function that runs it to its end.",
    ),
    "schema_changed": (
        "A column of the table was dropped, added, renamed or given another type while the table was checked.",
        "The task is retried, on the table as it is then.",
    ),
    "statement_failed": (
        "The database refused a statement that is measured, or its set-up or tear-down.",
        "Read the message, which is the database's own.",
    ),
    "storage_unreachable": (
        "Object storage does not answer, or broke off when a file was opened.",
        "The task is retried; check the address and the credentials.",
    ),
    "store_corrupt": ("The file of the store, or a row in it, is damaged.", "Restore it from a backup."),
    "store_failed": (
        "The store's database failed for a reason that has no code of its own.",
        "Read the message, which is the database's own.",
    ),
    "store_full": ("There is no space left for the store.", "Free some space; the data stored so far is intact."),
    "store_gone": (
        "The store existed, but its file is missing or empty, or tables are missing.",
        "Restore it from a backup. `dpq store upgrade --anew` creates a new one, without the old content.",
    ),
    "store_locked": (
        "Another process keeps the store locked.",
        "Try again; see [the store is out of reach](../runbooks/store-out-of-reach.md).",
    ),
    "store_slow": (
        "The store did not answer within its time limit.",
        "Check what else is running on its server; a statement of a task may take a minute, one of a page ten seconds.",
    ),
    "store_unreachable": (
        "The store cannot be reached.",
        "Check its address, and that it can be reached from the worker.",
    ),
    "store_unwritable": (
        "The store can be read but not written.",
        "Give Airflow's user write access to it and, for a file, to its directory.",
    ),
    "target_down": (
        "The target of a load test could not be reached before the load began.",
        "Start it, or correct its address; the message names the cause.",
    ),
    "time_budget_spent": (
        "The time budget of a benchmark was too short for a size.",
        "Give it more time, or fewer sizes.",
    ),
    "too_few_sizes": (
        "A threshold of a benchmark judges the exponent, and the benchmark has fewer than three sizes.",
        "Give three sizes or more, or a threshold of a time at one size: `median{size:1000} < 5ms`.",
    ),
    "too_many_members": (
        "A zip archive has more than 10,000 members.",
        "Unpack it, or put the rows into fewer files.",
    ),
    "too_many_open_files": (
        "A load test needs more connections than a process may have open files.",
        "Raise the limit (`ulimit -n`), or use fewer workers.",
    ),
    "too_many_partitions": (
        "A column has so many values that each would be a partition of few rows.",
        "Partition by a coarser column, such as a day.",
    ),
    "too_short_to_time": (
        "With its set-up or tear-down an iteration is timed alone, and takes less than ten times what reading the "
        "clocks costs: its times have no ratios.",
        "Let one call do more work, such as a loop, or do without set_up and tear_down.",
    ),
    "unexplained_baseline": (
        "A baseline was to be accepted without an actor or a reason.",
        "Give both; they are stored with it.",
    ),
    "unbound_parameter": (
        "A parameter of a SQL operation has no value.",
        "Give it in `parameters`, or write a colon that is not meant as one as `\\:`.",
    ),
    "unexpected_status": (
        "An HTTP request was answered with another status than the one expected.",
        "Look at the server, or give `expected_status`; redirections are not followed.",
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
    "unexpected_error": (
        "A driver, a hook, a library or this project raised an unexpected exception.",
        "Read the traceback in the task's log; the checks that do not depend on it remain valid.",
    ),
    "unknown_argument": ("An expectation has no argument of that name.", "The message lists those it has."),
    "unknown_connection": (
        "The connection does not exist, or Airflow's secrets backend was out of reach.",
        "Define it, or correct its name; in Python give `connect`.",
    ),
    "unknown_data": (
        "The data to check are not a table.",
        "Give a path, a frame, or the name of a table with a connection.",
    ),
    "unknown_expectation": (
        "There is no expectation of that type.",
        "The message names the closest; see [expectations](expectations.md).",
    ),
    "unknown_format": (
        "The format of a file cannot be recognised from its name, or a glob matches several formats.",
        "Use the endings that the message lists; check one format at a time.",
    ),
    "unknown_metric": (
        "A threshold uses a metric that this kind of gate does not measure.",
        "The message lists the available metrics.",
    ),
    "unknown_option": ("An argument has an invalid value.", "The message lists them."),
    "unknown_policy": ("`on_empty` is not `pass`, `warn`, `fail` or `expectation`.", "Use one of these."),
    "unknown_reference": ("The other table of a check cannot be opened.", "Give it in `references`, or as a path."),
    "unknown_gate": (
        "The store has no reports and no baseline of a gate that is to be renamed.",
        "`dpq report list` lists the gates; give `--dag` where the gate has one.",
    ),
    "unknown_report": ("The store has no report with that id.", "`dpq report list` lists the reports."),
    "unknown_revision": (
        "The repository has no such revision.",
        "Name a commit, a tag or a branch, and see that it is fetched.",
    ),
    "unknown_severity": (
        "A severity is not `critical`, `warning` or `info`, nor `fail` or `warn`.",
        "Use one of these.",
    ),
    "unknown_target": (
        "A name does not lead to a function: the module cannot be imported, or does not have it.",
        "Write `package.module:function`, in a module that can be imported where it runs.",
    ),
    "unknown_unit": ("A threshold's unit is unknown.", "See [thresholds](thresholds.md#units)."),
    "unreachable_database": (
        "A database, or a table or query on it, cannot be opened.",
        "Check the connection and the name.",
    ),
    "unreadable_answer": (
        "The result from the process of an operation cannot be read.",
        "Return plain values from the operation.",
    ),
    "unreadable_csv": (
        "A row of a text file has more or fewer fields than the first, its encoding or its delimiter is another one, "
        "or its archive is damaged.",
        "Mend the line that the message names, or declare how the file is written: see [text files](text-files.md).",
    ),
    "unreadable_report": (
        "A text is not a report of the version that this release supports.",
        "Was it written by a newer release?",
    ),
    "unreadable_contract": (
        "The file of a contract cannot be read.",
        "Check the path; it must be a JSON or YAML file in UTF-8.",
    ),
    "unreadable_suite": ("The file of a suite cannot be read.", "Give the path of a JSON or YAML file."),
    "unreadable_json": (
        "A file is not JSON, a value in it is not an object, or an object has a duplicate key.",
        "Write each row as one object, and each of its keys once.",
    ),
    "unreadable_parquet": (
        "A Parquet file is damaged, or contradicts itself about its number of rows.",
        "Write or transfer it again.",
    ),
    "unreadable_{kind}": (
        "A file cannot be read in the format that its name indicates: `unreadable_csv`, `unreadable_parquet`, "
        "`unreadable_json`.",
        "Check that the file is complete and of that format.",
    ),
    "unsupported_expectation": (
        "A check cannot be evaluated on a database.",
        "See who evaluates what in [expectations](expectations.md); check an export of the table as a file.",
    ),
    "unused_argument": (
        "An argument was given that the kind of operation does not take.",
        "Remove it; the message lists the valid arguments.",
    ),
    "unwritable_output": (
        "The file of `--output` cannot be written.",
        "Use a file in a directory that you can write to.",
    ),
    "value_too_slow": (
        "Python needs too long to judge one value: a pattern backtracks, or a JSON schema refers to itself too often.",
        "Write a pattern that can match in one way only, or leave such rows out by a row condition.",
    ),
    "wrong_form": (
        "A report was requested in a format that does not support its kind of gate, such as pyperf for a quality gate.",
        "Choose another `--format`.",
    ),
    "cannot_abort": (
        "`abort_on_fail` stands where it can end nothing: on a metric of a load that is only known at the end, on a "
        "threshold that only warns, or in a search, which ends each level that fails by itself.",
        "Remove `abort_on_fail`, or put it on a metric such as `error_rate`.",
    ),
    "event_loop_blocked": (
        "Code of an operation kept the event loop of a load generator from doing anything else; the message names it.",
        "Await what takes time there, or make the operation a plain function, which runs in threads.",
    ),
    "gate_exists": (
        "A gate was to be renamed to one that already has a history.",
        "Choose another name; histories are not merged.",
    ),
    "gate_taken": (
        "Two tasks of a DAG, or two instances of a mapped task that has a gate for each, have a gate of the same name.",
        "Give each its own `gate`, or set `shared_gate=True` on each: one history, in which the worst of a run counts.",
    ),
    "generator_limited": (
        "The load generator was the bottleneck: its measurements say nothing about the target.",
        "As the message says: more workers, more processes, a machine with free processors, or less load.",
    ),
    "missing_shard": (
        "A part of a load that several machines share recorded nothing.",
        "Run the whole load again: without the part it was not what it was to be.",
    ),
    "no_response_times": (
        "A report was to be written for HdrHistogram, and has no response times.",
        "Use another format; the report says why nothing was measured.",
    ),
    "repeated_shard": (
        "A part of a load that several machines share was recorded twice.",
        "Run the whole load again, all parts of it together.",
    ),
    "shard_late": (
        "The parts of a load did not begin at the same instant.",
        "Run the whole load again, with enough free slots and a later start.",
    ),
    "aborted_on_fail": (
        "A load ended early, because a threshold with `abort_on_fail` was certain to fail.",
        "The gate failed; the report has what was measured until then.",
    ),
    "broken_at_start": (
        "A search for the breaking point found that the operation cannot sustain the first rate.",
        "Start with a lower rate.",
    ),
    "document_too_large": (
        "A suite or contract is too long, nested too deep, or has too many values once its aliases are written out.",
        "Split it, or write it without aliases; see [suites](suites.md#a-file).",
    ),
    "duplicate_key": (
        "A mapping in a suite or contract has a duplicate key; its first value would be lost.",
        "Keep one of them; the message names the key and its line.",
    ),
    "removed_expectation": (
        "A suite has an expectation of Great Expectations 0.x that no later release has.",
        "Remove it, or express it in another way.",
    ),
    "duration_cap": (
        "A load ended because it reached `max_duration`.",
        "Shorten the load, or raise the cap.",
    ),
    "host_not_allowed": (
        "A load would go to a host other than this machine.",
        "If that host may be loaded, list it in `allow_hosts` (`--allow-host`).",
    ),
    "invalid_load": (
        "The numbers, names or models of a load test contradict themselves or mean no load.",
        "The message names what; see [load test a service](../how-to/load-test-a-service.md).",
    ),
    "malformed_rate": (
        "An arrival rate cannot be read.",
        "Write a number and its unit: `500/s`, `30/min`.",
    ),
    "no_recovery": (
        "After the load that broke it, an operation did not return to its earlier response times.",
        "The gate failed; look at what the operation still works on, and whether it has to be restarted.",
    ),
    "over_cap": (
        "A load needs more requests than `max_requests`, or lasts longer than `max_duration`.",
        "Lower the load, or raise the cap.",
    ),
    "request_cap": (
        "A load ended because it reached `max_requests`.",
        "Shorten the load, or raise the cap.",
    ),
    "target_died": (
        "From some point of a load on, no connection to the service could be made.",
        "The gate failed; look at the service's log at that second.",
    ),
    "too_few_requests": (
        "A load has, or had, too few requests for a percentile that a threshold names: at least ten must lie "
        "beyond it.",
        "Let the load last longer, or judge a lower percentile.",
    ),
    "unknown_tag": (
        "A threshold of a load has a tag that its metric does not have, or an impossible value of a tag.",
        "The message lists the valid ones.",
    ),
    "unreadable_recording": (
        "The recordings of load generators are damaged, or their windows do not fit together.",
        "Run the load again.",
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
