"""The columns of text files: each has the type that all its values have, or is text that checks may cast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_dpq.core.quality.compile.duckdb_dialect import compile_query
from airflow_provider_dpq.core.quality.compile.functions import count_if, without_nan
from airflow_provider_dpq.core.quality.read_options import ReadOptions
from airflow_provider_dpq.core.quality.tables import grammar
from airflow_provider_dpq.core.quality.tables.duck import text_of
from airflow_provider_dpq.core.quality.tables.grammar import Form
from airflow_provider_dpq.core.quality.tables.scan import Scan
from airflow_provider_dpq.core.quality.tables.table import Column, Kind, named

ROW: Final = "dpq:row"
"""Name of the number of a row in the table; no name that a file's column would have."""

_SAMPLE: Final = 2_048
"""So many rows are looked at to see which types need not be tried on all."""

_NUMBERS: Final = (Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL)


class TextColumns:
    """The columns of text files that are staged as a table of texts.

    Args:
        scan: Where the table is.
        table: Its name there.
        options: What is declared of the files.
        place: Says where a row of the table stands in the files.
    """

    def __init__(self, scan: Scan, table: str, options: ReadOptions, place: Callable[[int], str]) -> None:
        self._scan = scan
        self._table = table
        self._options = options
        self._place = place
        self._signs = grammar.Signs(options.decimal, options.thousands)
        self._most: dict[str, Kind | None] = {}

    def columns(self, names: Sequence[str], texts: frozenset[str] = frozenset()) -> dict[str, Column]:
        """Return the columns: of the type that is declared, or that all values have by the grammar, or else of text.

        Args:
            names: Their names.
            texts: Those that are text in another part of the same table, and so here.

        Raises:
            MeasurementError: ``missing_column``: the type of a column is declared that is not there.
        """
        declared = dict(self._options.column_types)
        open_ = [name for name in names if name not in declared and name not in texts]
        forms = self._decide({name: self._candidates(name) for name in open_})
        left = [name for name in open_ if forms[name] is None and self._holds_numbers(name)]
        forms |= {name: self._decimal(name) for name in left}
        found = {}
        for name in names:
            form = forms.get(name)
            if name in declared:
                found[name] = self._declared(name, declared[name])
            else:
                found[name] = self._text(name) if form is None else self._typed(name, form)
        return found

    def _candidates(self, name: str) -> list[Form]:
        """Return the types that a column may have, the narrowest first."""
        numbers = [
            grammar.whole_number(self._signs, wide=False),
            grammar.whole_number(self._signs, wide=True),
            grammar.floating_number(self._signs, exact=True),
        ]
        return [*numbers, grammar.TRUTH, *self._moments(name)]

    def _moments(self, name: str) -> list[Form]:
        format_ = self._options.format_of(name)
        if format_ is not None:
            return [grammar.declared_moment(format_)]
        return [grammar.ISO_DAY, grammar.ISO_MOMENT, grammar.ISO_INSTANT]

    def _decide(self, candidates: dict[str, list[Form]]) -> dict[str, Form | None]:
        """Return for each column the first of its candidates that all values fit; None where there is no such one.

        The first rows discard candidates and prove nothing.
        """
        near = f"(SELECT * FROM {self._table} LIMIT {_SAMPLE})"  # noqa: S608
        left = self._fitting(candidates, near)
        found: dict[str, Form | None] = dict.fromkeys(candidates)
        while left := {name: forms for name, forms in left.items() if forms}:
            fits = self._fitting({name: forms[:1] for name, forms in left.items()}, self._table)
            found |= {name: forms[0] for name, forms in fits.items() if forms}
            left = {name: forms[1:] for name, forms in left.items() if not fits[name]}
        return found

    def _fitting(self, candidates: dict[str, list[Form]], source: str) -> dict[str, list[Form]]:
        """Return for each column the candidates that all its values fit; none of a column without a value."""
        pairs = [(name, form) for name, forms in candidates.items() for form in forms]
        if not pairs:
            return {}
        figures: list[sa.ColumnElement[Any]] = [sa.func.count(named(name)) for name in candidates]
        figures += [
            count_if(sa.and_(named(name).is_not(None), sa.not_(_known(form.fits(named(name)))))) for name, form in pairs
        ]
        row = self.figures(figures, source)
        values = dict(zip(candidates, row, strict=False))
        misfits = row[len(candidates) :]
        fitting: dict[str, list[Form]] = {name: [] for name in candidates}
        near = source != self._table
        for (name, form), count in zip(pairs, misfits, strict=True):
            if not count and (values[name] or near):
                fitting[name].append(form)
        return fitting

    def _holds_numbers(self, name: str) -> bool:
        form = grammar.floating_number(self._signs, exact=False)
        return bool(self._fitting({name: [form]}, f"(SELECT * FROM {self._table} LIMIT {_SAMPLE})")[name])  # noqa: S608

    def _decimal(self, name: str) -> Form | None:
        """Return the form of the exact numbers of a column, where floating ones would not tell them apart."""
        form = self._decimal_form(name)
        return form if form is not None and self._fitting({name: [form]}, self._table)[name] else None

    def _decimal_form(self, name: str) -> Form | None:
        raw = named(name)
        number = sa.case((grammar.matches(raw, self._signs.pattern(grammar.NUMBER)), self._signs.as_sql(raw)))
        digits = sa.func.ltrim(number, "-")
        before = sa.func.max(sa.func.strlen(sa.func.split_part(digits, ".", 1)))
        after = sa.func.max(sa.func.strlen(sa.func.split_part(digits, ".", 2)))
        found = self.figures([before, after], self._table)
        return None if found[0] is None else grammar.decimal_number(self._signs, found[0], found[1])

    def figures(self, figures: Sequence[sa.ColumnElement[Any]], source: str | None = None) -> Sequence[Any]:
        """Return figures of the table's rows, or of those of a part of it."""
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

        def prevailing() -> Kind | None:
            return self._prevailing(name)

        return Column(
            *(name, Kind.STRING, "str", raw, raw, raw, raw.is_(None)),
            text=raw,
            read_as=read_as,
            read_as_moments=read_as_moments,
            prevailing=prevailing,
        )

    def _prevailing(self, name: str) -> Kind | None:
        """Return the kind that at least half of a column's values have; of days and moments the widest among them."""
        if name not in self._most:
            raw = named(name)
            forms = [grammar.floating_number(self._signs, exact=False), grammar.TRUTH, *self._moments(name)]
            total, *fitting = self.figures([sa.func.count(raw), *(count_if(_known(one.fits(raw))) for one in forms)])
            held = [(form.kind, count) for form, count in zip(forms, fitting, strict=True) if count]
            moments = [(kind, count) for kind, count in held if kind.temporal]
            together = [(moments[-1][0], sum(count for _, count in moments))] if moments else []
            self._most[name] = next((kind for kind, count in [*held, *together] if 2 * count >= total), None)
        return self._most[name]

    def _form_for(self, name: str, kind: Kind) -> Form:
        """Return how texts are cast where a check needs values of a kind."""
        if kind in _NUMBERS:
            return self._number(name)
        moments = [form for form in self._moments(name) if form.kind is kind]
        if moments:
            return moments[0]
        if kind is Kind.BOOLEAN:
            return grammar.TRUTH
        # A format that is declared is the only one.
        return Form(kind, lambda _: sa.false(), lambda _: sa.null())

    def _any_moment(self, name: str) -> Form:
        """Return the form of a column's days, moments and instants: of the widest kind that is among them."""
        forms = self._moments(name)
        if self._options.format_of(name) is not None:
            return forms[0]
        raw = named(name)
        counts = self.figures([count_if(_known(form.fits(raw))) for form in forms])
        held = [form.kind for form, count in zip(forms, counts, strict=True) if count]
        return grammar.moments_up_to(held[-1] if held else Kind.DATE)

    def _number(self, name: str) -> Form:
        """Return the form of a column's numbers: whole ones where all are, exact ones where floating would change some.

        Where there is no such one they are floating.
        """
        loose = grammar.floating_number(self._signs, exact=False)
        whole = grammar.whole_number(self._signs, wide=True)
        floating = grammar.floating_number(self._signs, exact=True)
        raw = named(name)
        count = count_if(_known(loose.fits(raw)))
        numbers, wholes, near = self.figures([count, *(count_if(_known(one.fits(raw))) for one in (whole, floating))])
        if numbers == wholes:
            return whole if numbers else loose
        exact = None if near == numbers else self._decimal_form(name)
        if exact is None:
            return loose
        (fitting,) = self.figures([count_if(_known(exact.fits(raw)))])
        return exact if fitting == numbers else loose

    def _declared(self, name: str, type_: str) -> Column:
        if type_ == "text":
            return self._text(name)
        return self._cast(name, self._declared_form(name, type_))

    def _declared_form(self, name: str, type_: str) -> Form:
        if type_ == "integer":
            return grammar.whole_number(self._signs, wide=True)
        if type_ == "float":
            return grammar.floating_number(self._signs, exact=False)
        if type_ == "decimal":
            form = self._decimal_form(name)
            return form if form is not None else grammar.floating_number(self._signs, exact=False)
        kinds = {"boolean": Kind.BOOLEAN, "date": Kind.DATE, "timestamp": Kind.TIMESTAMP}
        return self._form_for(name, kinds.get(type_, Kind.TIMESTAMP_TZ))

    def _cast(self, name: str, form: Form) -> Column:
        """Return a column of a type of which not all values need be."""
        if self._fitting({name: [form]}, self._table)[name]:
            return self._typed(name, form)
        raw = named(name)
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
