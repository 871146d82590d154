"""The columns of text files: each has the type that all its values have, or is text that checks may cast."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any, Final, Self

import sqlalchemy as sa

from airflow_provider_dpq.core.errors import MeasurementError
from airflow_provider_dpq.core.table import grammar
from airflow_provider_dpq.core.table.column import Column, Kind, named
from airflow_provider_dpq.core.table.duck_column import text_of
from airflow_provider_dpq.core.table.grammar import Form
from airflow_provider_dpq.core.table.read_options import ReadOptions
from airflow_provider_dpq.core.table.scan import Scan
from airflow_provider_dpq.core.table.sql.duckdb_dialect import compile_query
from airflow_provider_dpq.core.table.sql.functions import count_if, without_nan
from airflow_provider_dpq.core.table.tally import (
    DECIMAL,
    FORMS,
    MOMENTS,
    NOT_A_NUMBER,
    NUMBER,
    PLAIN,
    SCALED,
    WHOLE,
    WIDE,
    Tally,
    number_form,
    prevailing,
    type_of,
    widest_moment,
)

ROW: Final = "dpq:row"
"""Name of the number of a row in the table; no name that a file's column would have."""

JSON_NUMBERS: Final = "dpq:number:"
"""Before the name of a column of JSON: its numbers, where it holds other values, too."""

_SAMPLE: Final = 2_048
"""So many rows are looked at to see which types need not be tried on all."""

_NUMBERS: Final = (Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL)


class _Counted:
    """The values of a column and how they are written: counted when it is asked, with those of the table's other parts.

    Args:
        name: Its name.
        forms: The forms that are tried.
        beside: What the other parts hold.
        count: Counts what was not counted yet.
    """

    def __init__(
        self, name: str, forms: Mapping[str, Form], beside: Tally, count: Callable[[_Counted, Sequence[str]], None]
    ) -> None:
        self.name = name
        self.forms = forms
        self.own: dict[str, int] = {}
        self.own_values: int | None = None
        self.own_digits: tuple[int, int] | None = None
        self.discarded = {form for form in forms if beside.fitting(form) < beside.values}
        self._beside = beside
        self._count = count

    @property
    def values(self) -> int:
        """How many values there are."""
        return (self._known().own_values or 0) + self._beside.values

    @property
    def digits(self) -> tuple[int, int]:
        """The most digits before and after the point."""
        return (self._known(SCALED).tally + self._beside).digits

    def fitting(self, form: str) -> int:
        """Return how many values are written in a form."""
        return self._known(form).own[form] + self._beside.fitting(form) if form in self.forms else 0

    def all_fit(self, form: str) -> bool:
        """Whether all values are written in a form, and there is one."""
        return form in self.forms and form not in self.discarded and 0 < self.values == self.fitting(form)

    def next_form(self) -> str | None:
        """Return the form that is to be tried next; None where the type is known."""
        for form in (form for form in (*FORMS, PLAIN) if form in self.forms and form not in self.discarded):
            if form not in self.own:
                return form
            if self.all_fit(form):
                break
        return None

    @property
    def tally(self) -> Tally:
        """What was counted of this table's own values."""
        return Tally(self.own_values or 0, self.own, self.own_digits or (0, 0))

    def _known(self, *forms: str) -> Self:
        left = [form for form in forms if form not in self.own]
        if left or self.own_values is None:
            self._count(self, left)
        return self


class TextColumns:
    """The columns of text files that are staged as a table of texts.

    Args:
        scan: Where the table is.
        table: Its name there.
        options: What is declared of the files.
        place: Says where a row of the table stands in the files.
        beside: What the other parts of the same table hold, by the column's name.
    """

    def __init__(
        self,
        scan: Scan,
        table: str,
        options: ReadOptions,
        place: Callable[[int], str],
        beside: Mapping[str, Tally] = MappingProxyType({}),
    ) -> None:
        self._scan = scan
        self._table = table
        self._options = options
        self._place = place
        self._signs = grammar.Signs(options.decimal, options.thousands)
        self._beside = {name.casefold(): tally for name, tally in beside.items()}
        self._counted: dict[str, _Counted] = {}

    def columns(self, names: Sequence[str]) -> dict[str, Column]:
        """Return the columns: of the type that is declared, or that all values have by the grammar, or else of text.

        Args:
            names: Their names.
        """
        declared = self._options.column_types
        self._decide([name for name in names if name not in declared])
        return {name: self._declared(name, declared[name]) if name in declared else self._read(name) for name in names}

    def texts(self, names: Sequence[str], *, only: Iterable[str] | None = None) -> dict[str, Column]:
        """Return columns as text that checks may cast, whatever the values are.

        Args:
            names: Their names.
            only: The forms in which values may be written; None for any.
        """
        for name in names if only is not None else ():
            column = self._column(name)
            column.forms = {form: found for form, found in column.forms.items() if form in (only or ())}
        return {name: self._text(name) for name in names}

    def tallies(self, names: Iterable[str]) -> dict[str, Tally]:
        """Return what the values of columns are written as, without those of the table's other parts."""
        columns = [self._column(name) for name in names]
        self._count({column: [form for form in column.forms if form not in column.own] for column in columns})
        return {column.name: column.tally for column in columns}

    def _column(self, name: str) -> _Counted:
        if name not in self._counted:
            beside = self._beside.get(name.casefold(), Tally())
            self._counted[name] = _Counted(name, self._forms(name), beside, lambda c, forms: self._count({c: forms}))
        return self._counted[name]

    def _read(self, name: str) -> Column:
        column = self._column(name)
        found = type_of(column)
        if found is None:
            return self._text(name)
        form = self._form(column, found)
        return self._text(name) if form is None else self._typed(name, form)

    def _forms(self, name: str) -> dict[str, Form]:
        """Return the forms in which values of a column may be written."""
        numbers = {
            WHOLE: grammar.whole_number(self._signs, wide=False),
            WIDE: grammar.whole_number(self._signs, wide=True),
            "float": grammar.floating_number(self._signs, exact=True),
            NUMBER: grammar.floating_number(self._signs, exact=False),
            PLAIN: grammar.plain_number(self._signs),
            SCALED: grammar.scaled_number(self._signs),
            NOT_A_NUMBER: grammar.not_a_number(),
            "boolean": grammar.TRUTH,
        }
        kinds = {kind: form for form, kind in MOMENTS.items()}
        return numbers | {kinds[form.kind]: form for form in self._moments(name)}

    def _moments(self, name: str) -> list[Form]:
        format_ = self._options.format_of(name)
        if format_ is not None:
            return [grammar.declared_moment(format_)]
        return [grammar.ISO_DAY, grammar.ISO_MOMENT, grammar.ISO_INSTANT]

    def _decide(self, names: Sequence[str]) -> None:
        """Count what tells the types of columns, and no more: the first rows discard forms, and prove nothing."""
        columns = [self._column(name) for name in names]
        near = f"(SELECT * FROM {self._table} LIMIT {_SAMPLE})"  # noqa: S608
        pairs = [(column, form) for column in columns for form in column.forms]
        misfits = [
            sa.and_(named(column.name).is_not(None), sa.not_(_known(column.forms[form].fits(named(column.name)))))
            for column, form in pairs
        ]
        for (column, form), count in zip(pairs, self.figures(list(map(count_if, misfits)), near), strict=True):
            if count:
                column.discarded.add(form)
        while left := {column: [wanted] for column in columns if (wanted := column.next_form()) is not None}:
            self._count(left)

    def _count(self, asked: Mapping[_Counted, Sequence[str]]) -> None:
        """Count the values of columns that are written in forms, and all of them."""
        figures: list[sa.ColumnElement[Any]] = []
        for column, forms in asked.items():
            raw = named(column.name)
            figures += [sa.func.count(raw), *(count_if(_known(column.forms[form].fits(raw))) for form in forms)]
            figures += self._digits(raw) if SCALED in forms else []
        row = iter(self.figures(figures, self._table))
        for column, forms in asked.items():
            column.own_values = next(row)
            column.own |= {form: next(row) for form in forms}
            if SCALED in forms:
                column.own_digits = next(row) or 0, next(row) or 0

    def _digits(self, raw: sa.ColumnElement[Any]) -> list[sa.ColumnElement[Any]]:
        """Return the most digits before and after the point of a column's numbers, whatever their exponents."""
        number = sa.func.lower(sa.case((grammar.scaled_number(self._signs).fits(raw), self._signs.as_sql(raw))))
        digits = sa.func.ltrim(sa.func.split_part(number, "e", 1), "-")
        exponent = sa.func.coalesce(sa.try_cast(sa.func.split_part(number, "e", 2), sa.Integer()), 0)
        before = sa.func.strlen(sa.func.split_part(digits, ".", 1)) + sa.func.greatest(exponent, 0)
        after = sa.func.greatest(sa.func.strlen(sa.func.split_part(digits, ".", 2)) - exponent, 0)
        return [sa.func.max(before), sa.func.max(after)]

    def figures(self, figures: Sequence[sa.ColumnElement[Any]], source: str | None = None) -> Sequence[Any]:
        """Return figures of the table's rows, or of those of a part of it."""
        if not figures:
            return []
        selected = sa.select(*(figure.label(f"f{index}") for index, figure in enumerate(figures)))
        text, parameters = compile_query(selected.select_from(sa.text(source or self._table)))
        (row,) = self._scan.run(text, parameters, "text files")
        return row

    def _text(self, name: str) -> Column:
        raw = named(name)
        readings: dict[Kind, Column] = {}

        def read_as(kind: Kind) -> Column:
            if kind not in readings:
                readings[kind] = self._cast(name, self._form_for(name, kind))
            return readings[kind]

        @cache
        def read_as_moments() -> Column:
            return self._cast(name, self._any_moment(name))

        return Column(
            *(name, Kind.STRING, "str", raw, raw, raw, raw.is_(None)),
            text=raw,
            read_as=read_as,
            read_as_moments=read_as_moments,
            prevailing=lambda: prevailing(self._column(name)),
        )

    def _form_for(self, name: str, kind: Kind) -> Form:
        """Return how texts are cast where a check needs values of a kind."""
        if kind in _NUMBERS:
            return self._number(name)
        moments = [form for form in self._moments(name) if form.kind is kind]
        if moments:
            return grammar.CAST_DAY if moments[0] is grammar.ISO_DAY else moments[0]
        if kind is Kind.BOOLEAN:
            return grammar.TRUTH
        # A format that is declared is the only one.
        return Form(kind, lambda _: sa.false(), lambda _: sa.null())

    def _any_moment(self, name: str) -> Form:
        """Return the form of a column's days, moments and instants: of the widest kind that is among them."""
        if self._options.format_of(name) is not None:
            return self._moments(name)[0]
        return grammar.moments_up_to(MOMENTS[widest_moment(self._column(name))])

    def _number(self, name: str) -> Form:
        """Return the form of a column's numbers.

        Raises:
            MeasurementError: ``rounded_numbers``: none holds all of them exactly.
        """
        column = self._column(name)
        found = number_form(column)
        form = None if found == NUMBER else self._form(column, found, scaled=True)
        return self._floating(name) if form is None else form

    def _floating(self, name: str) -> Form:
        """Return the form of floating numbers for a column that has none whose digits they would lack."""
        raw, form = named(name), self._column(name).forms[NUMBER]
        rounded = grammar.is_rounded(self._signs.as_sql(sa.case((_known(form.fits(raw)), raw))))
        (count,) = self.figures([count_if(_known(rounded))])
        if not count:
            return form
        numbers = "1 number" if count == 1 else f"{count:,} numbers"
        message = (
            f"Column {name.removeprefix(JSON_NUMBERS)!r} has {numbers} with more digits than a floating number holds, "
            f"and others that no decimal type of 38 digits holds with them; the first is in {self.misfit(rounded)}."
        )
        hint = "Write them with fewer digits, or declare the column as float in column_types, which rounds them."
        raise MeasurementError("rounded_numbers", message, hint=hint, quotes_data=False)

    def _form(self, column: _Counted, name: str, *, scaled: bool = False) -> Form | None:
        """Return a form by its name; None for decimal numbers that no type holds."""
        if name != DECIMAL:
            return column.forms[name]
        fitting = column.fitting(SCALED if scaled else PLAIN)
        return grammar.decimal_number(self._signs, *column.digits, scaled=scaled) if fitting else None

    def _declared(self, name: str, type_: str) -> Column:
        if type_ == "text":
            return self._text(name)
        return self._cast(name, self._declared_form(name, type_))

    def _declared_form(self, name: str, type_: str) -> Form:
        if type_ == "integer":
            return self._forms(name)[WIDE]
        if type_ == "float":
            return self._forms(name)[NUMBER]
        if type_ == "decimal":
            form = self._form(self._column(name), DECIMAL)
            return self._floating(name) if form is None else form
        kinds = {"boolean": Kind.BOOLEAN, "date": Kind.DATE, "timestamp": Kind.TIMESTAMP}
        return self._form_for(name, kinds.get(type_, Kind.TIMESTAMP_TZ))

    def _cast(self, name: str, form: Form) -> Column:
        """Return a column of a type of which not all values need be."""
        raw = named(name)
        values, fitting = self.figures([sa.func.count(raw), count_if(_known(form.fits(raw)))])
        if 0 < values == fitting:
            return self._typed(name, form)
        nan = sa.and_(raw.is_not(None), grammar.is_nan(raw)) if form.kind.numeric else sa.false()
        fits = _known(sa.and_(form.fits(raw), sa.not_(nan)))
        value: sa.ColumnElement[Any] = sa.case((fits, form.value(raw)))
        missing = sa.or_(raw.is_(None), nan)
        malformed = sa.and_(sa.not_(missing), sa.not_(fits))
        typed = _column(name, form.kind, value, missing)
        return replace(
            typed,
            key=sa.func.coalesce(sa.cast(value, sa.String()), raw),
            malformed=malformed,
            misfit=self.misfit,
            read_as=None,
        )

    def misfit(self, condition: sa.ColumnElement[bool]) -> str | None:
        """Say where the first row for which a condition holds stands in the files."""
        first: sa.Select[Any] = sa.select(sa.func.min(named(ROW))).select_from(sa.text(self._table)).where(condition)
        text, parameters = compile_query(first)
        ((row,),) = self._scan.run(text, parameters, "text files")
        return None if row is None else self._place(row)

    def _typed(self, name: str, form: Form) -> Column:
        """Return a column all of whose values are of a type."""
        raw = named(name)
        value = form.value(raw)
        missing: sa.ColumnElement[bool] = raw.is_(None)
        if form.kind is Kind.FLOAT:
            missing = sa.or_(missing, grammar.is_nan(raw))
            value = without_nan(value)
        return _column(name, form.kind, value, missing)


def _column(name: str, kind: Kind, value: sa.ColumnElement[Any], missing: sa.ColumnElement[bool]) -> Column:
    raw = named(name)
    # pandas has days and moments as the texts that stand there.
    typed = kind.numeric or kind is Kind.BOOLEAN
    seen = value if typed else raw
    text = raw if kind not in (Kind.FLOAT, Kind.BOOLEAN) else text_of(value, kind)
    return Column(name, kind, f"csv {kind}", value, seen, seen, missing, raw=raw, text=text)


def _known(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.func.coalesce(condition, sa.false())
