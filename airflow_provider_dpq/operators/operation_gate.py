"""The gate that measures an operation in another process: what it measures, and how it is cancelled."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_dpq.core.line import printable
from airflow_provider_dpq.operators.gate import GateOperator
from airflow_provider_dpq.operators.operation import OperationArguments, unwrapped
from airflow_provider_dpq.operators.run import CutShort

if TYPE_CHECKING:
    from airflow_provider_dpq.core.gate.report import Report
    from airflow_provider_dpq.core.operation.isolation import Cancellation
    from airflow_provider_dpq.core.operation.measurement import Measurement
    from airflow_provider_dpq.operators.run import GateRun


class OperationGateOperator(GateOperator):
    """A gate that measures a function, a statement, a command or a request in its own Python process.

    If it is cancelled or runs out of time, that process is terminated, and the partial measurement is stored as a
    report with the verdict ``error``.

    Args:
        target: A function, a function decorated with ``@task``, or its name as ``package.module:function``. A function
            of the DAG file is sent to the process by value, with everything it refers to. Give one of target, sql,
            command and url.
        sql: A statement on `conn_id`; ``:name`` is a parameter in `op_kwargs`, and ``:size`` the size.
        conn_id: Airflow connection of the SQL database; options beyond its SQLAlchemy URL do not apply.
        command: A program and its arguments, as a string or a list, run without a shell. ``{size}`` is the size.
        url: Address of a request; with `http_conn_id`, only the path. ``{size}`` is the size.
        http_conn_id: Airflow connection with the address, login and headers of the web server.
        op_args: Positional arguments of the function, after the dataset if there is one.
        op_kwargs: Keyword arguments of the function, parameters of the statement, or method, headers, body,
            expected_status and timeout_seconds of the request (a number of seconds, or a duration such as ``500ms``).
        set_up: Runs before each iteration and is not measured: a function, which takes the dataset and whose result
            replaces it; statements; or a command.
        tear_down: Runs after each iteration and is not measured: a function, which takes the result; statements; or a
            command.
        dataset: A function that takes a number of rows and returns the first argument of the function.
    """

    template_fields: Sequence[str] = (
        *GateOperator.template_fields,
        "sql",
        "command",
        "url",
        "op_args",
        "op_kwargs",
        "set_up",
        "tear_down",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "op_args": "py", "op_kwargs": "py"}
    shallow_copy_attrs: Sequence[str] = ("target", "set_up", "tear_down", "dataset")

    _cancellation: Cancellation | None = None
    _killed = False

    def __init__(
        self,
        *,
        target: Any = None,
        sql: str | None = None,
        conn_id: str | None = None,
        command: Any = None,
        url: str | None = None,
        http_conn_id: str | None = None,
        op_args: Any = None,
        op_kwargs: Any = None,
        set_up: Any = None,
        tear_down: Any = None,
        dataset: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.target = unwrapped(target)
        self.sql = sql
        self.conn_id = conn_id
        self.command = command
        self.url = url
        self.http_conn_id = http_conn_id
        self.op_args = op_args
        self.op_kwargs = op_kwargs
        self.set_up = unwrapped(set_up)
        self.tear_down = unwrapped(tear_down)
        self.dataset = unwrapped(dataset)
        self._keep_functions_from_rendering()

    def _keep_functions_from_rendering(self) -> None:
        """Take functions out of the templated fields: Airflow would call them to get the text of a template."""
        fields = type(self).template_fields
        self.template_fields = tuple(name for name in fields if not callable(getattr(self, name, None)))

    @property
    def operation(self) -> OperationArguments:
        """What is measured, from the arguments as they are now: rendered, once the task runs."""
        return OperationArguments.of(self)

    @property
    def subject(self) -> str:
        """What is measured, for people."""
        return self.operation.subject

    @abstractmethod
    def measurement(self, run: GateRun) -> Measurement:
        """Return the measurement, with what is declared read and connections looked up.

        Raises:
            DpqError: What is declared is wrong, or a connection is not there.
        """

    def measure(self, run: GateRun) -> Report:
        """Measure and judge.

        Raises:
            DpqError: Nothing could be measured.
            CutShort: It was cut short; its report has what was measured.
        """
        from airflow_provider_dpq.core.operation.isolation import Cancellation
        from airflow_provider_dpq.core.operation.measurement import conclude

        self._cancellation = Cancellation()
        if self._killed:  # before there was anything to cancel
            self._cancellation.cancel()
        concluded = conclude(
            self.measurement(run),
            gate=run.gate,
            provenance=run.provenance,
            data_interval=run.data_interval,
            cancellation=self._cancellation,
            tell=self._tell,
        )
        if concluded.error is not None:
            raise CutShort(concluded.report, concluded.error)
        return concluded.report

    def on_kill(self) -> None:
        """End the process that measures. Airflow calls this in a signal handler, and `execute` then goes on."""
        self._killed = True
        if self._cancellation is not None:
            self._cancellation.cancel()

    def _tell(self, line: str) -> None:
        self.log.info("%s", printable(line))
