"""Expectations about what a query of the user's own finds."""

from __future__ import annotations

from string import Formatter
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from airflow_provider_dpq.core.quality.expectations.base import Expectation, Merging, Mostly, Observed


def _template(query: str) -> str:
    try:
        fields = {name for _, name, _, _ in Formatter().parse(query) if name is not None}
    except ValueError as error:
        message = f"a brace in the query is malformed, double those that are meant: {error}"
        raise ValueError(message) from error
    if fields - {"batch"}:
        message = "the query has another placeholder than {batch}; double braces that are meant"
        raise ValueError(message)
    return query.rstrip("; \t\r\n\x0b\x0c")


Query = Annotated[str, Field(min_length=1)]
Template = Annotated[Query, AfterValidator(_template)]


class UnexpectedRowsExpectation(Expectation):
    """A query finds no rows.

    Attributes:
        unexpected_rows_query: The query, in which ``{batch}`` stands for the rows of the table; files and frames are
            asked in DuckDB's SQL.
    """

    type: ClassVar[str] = "unexpected_rows_expectation"
    merges: ClassVar[Merging] = Merging.NEVER
    observes: ClassVar[Observed] = Observed.ROWS
    looks_at_rows: ClassVar[bool] = True
    elsewhere: ClassVar[tuple[str, ...]] = ("unexpected_rows_query",)
    unexpected_rows_query: Template

    @property
    def judges_nothing(self) -> bool:
        """What a query could find is not known before it is asked."""
        return False


class ExpectQueryResultsToMatchComparison(Expectation):
    """A query finds the same rows as another one does elsewhere, each as often, in any order.

    Attributes:
        base_query: The query on this table, in which ``{batch}`` stands for its rows.
        comparison_data_source_name: Name of the connection that the other query runs on.
        comparison_query: The other query.
        mostly: Share of the rows, 0 to 1, that must be found by both.
    """

    type: ClassVar[str] = "expect_query_results_to_match_comparison"
    merges: ClassVar[Merging] = Merging.NEVER
    observes: ClassVar[Observed] = Observed.ROWS
    looks_at_rows: ClassVar[bool] = True
    elsewhere: ClassVar[tuple[str, ...]] = ("base_query", "comparison_query")
    base_query: Template
    comparison_data_source_name: Query
    comparison_query: Query
    mostly: Mostly = 1.0

    @property
    def judges_nothing(self) -> bool:
        """Whether none of the rows must be found by both."""
        return self.mostly == 0
