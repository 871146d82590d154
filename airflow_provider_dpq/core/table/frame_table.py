"""A frame in memory as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.table.column import POSITION, Column, named
from airflow_provider_dpq.core.table.duck import DuckTable
from airflow_provider_dpq.core.table.errors import NotScannableError, TooManyDigitsError
from airflow_provider_dpq.core.table.frames import UNREADABLE, has_many_digits, library_of, register
from airflow_provider_dpq.core.table.scan import Scan

if TYPE_CHECKING:
    import pandas as pd

_WHOLE: Final = "dpq_whole"


class FrameTable(DuckTable):
    """A frame as a table."""

    def __init__(
        self,
        scan: Scan,
        data: Any,
        columns: Mapping[str, Column],
        open_other: Callable[[str, str], Mapping[str, Column]],
    ) -> None:
        super().__init__(scan, f"{library_of(data)} frame", columns, open_other)
        self._data = data

    def column(self, name: str) -> Column:
        """Return a column.

        Raises:
            NotScannableError: DuckDB cannot read its values as pandas means them.
        """
        column = super().column(name)
        if column.native == UNREADABLE:
            if has_many_digits(self._data[column.name]):
                message = f"Column {column.name!r} holds numbers that no type of 38 digits holds together."
                raise TooManyDigitsError(message)
            raise NotScannableError(f"The {column.dtype} column {name!r} holds values that only pandas knows.")
        return column

    def types_held(self, name: str) -> set[type] | None:
        """Return the types of the values of a column that DuckDB cannot read."""
        column = super().column(name)
        if column.native != UNREADABLE:
            return None
        series = self._data[column.name]
        return set(map(type, series.cat.categories if column.dtype == "category" else series.dropna()))

    def labels(self, positions: Sequence[int]) -> list[Any]:
        """Return the frame's own row labels."""
        if library_of(self._data) != "pandas":
            return list(positions)
        return list(self._data.index.take(positions).to_list())

    def whole(self) -> tuple[sa.FromClause, Mapping[str, str]]:
        """Return all rows with their positions; what DuckDB cannot read goes as the text that Python has for it."""
        aliases = {name: f"c{number}" for number, name in enumerate(self.columns)}
        unreadable = [name for name, column in self.columns.items() if column.native == UNREADABLE]
        if not unreadable:
            return self.rows(positioned=True), aliases
        import pandas as pd

        arrays = {
            alias: _texts(self._data[name]) if name in unreadable else self._data[name].array
            for name, alias in aliases.items()
        }
        register(self.scan, _WHOLE, pd.DataFrame(arrays, index=range(len(self._data))))
        counter = (sa.func.row_number().over() - 1).label(POSITION)
        return sa.select(sa.literal_column("*"), counter).select_from(sa.table(_WHOLE)).subquery("positioned"), aliases

    def frame(self) -> pd.DataFrame | None:
        """Return pandas' own frame, without the rows that the filters leave out."""
        if library_of(self._data) != "pandas":
            return None
        if not self.filters:
            return self._data
        source = self.rows(positioned=True)
        kept = self.fetch(sa.select(named(POSITION)).select_from(source).where(*self.filters).order_by(named(POSITION)))
        return self._data.iloc[[position for (position,) in kept]]


def _texts(series: pd.Series) -> Any:
    import pandas as pd

    texts = [str(value).encode(errors="backslashreplace").decode() for value in series]
    return pd.array([None if gone else text for text, gone in zip(texts, series.isna(), strict=True)], dtype="string")
