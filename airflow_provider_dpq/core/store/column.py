"""Types of the store's columns. A value that one database could not keep is refused by all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import DateTime, Dialect, String, Text, TypeDecorator
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

from airflow_provider_dpq.core.errors import StoreError

NAME_LENGTH: Final = 250
"""Longest name: as long as Airflow allows, and short enough that every database can index several names together."""

MYSQL: Final = ("mysql", "mariadb")
"""Dialects of MySQL and MariaDB."""


class Words(TypeDecorator[str]):
    """Text without the characters that some database refuses."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Refuse NUL characters, and lone surrogates, which UTF-8 cannot encode."""
        if value is not None and any(mark == "\0" or "\ud800" <= mark <= "\udfff" for mark in value):
            raise StoreError(
                "invalid_text",
                f"The text {_short(value)!a} contains a character that the store cannot save.",
                hint="Remove NUL characters and lone surrogates.",
            )
        return value


class Name(Words):
    """A short text that rows are looked up by."""

    impl = String(NAME_LENGTH)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Refuse what `Words` refuses, and a text that is too long for a name."""
        if value is not None and len(value) > NAME_LENGTH:
            message = f"The name {_short(value)!a} is {len(value)} characters long."
            raise StoreError("invalid_text", message, hint=f"Use at most {NAME_LENGTH} characters.")
        return super().process_bind_param(value, dialect)


class Moment(TypeDecorator[datetime]):
    """A point in time to the microsecond: stored in UTC, in a form that sorts by time, and read with its time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Ask MySQL and MariaDB for microseconds."""
        if dialect.name in MYSQL:
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return super().load_dialect_impl(dialect)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; a time without a zone is ambiguous and refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"The time {value.isoformat()} has no time zone."
            raise StoreError("invalid_time", message, hint="Add one, as datetime.now(UTC) does.", quotes_data=False)
        try:
            moment = value.astimezone(UTC)
        except OverflowError as error:
            raise StoreError(
                "invalid_time", f"The time {value.isoformat()} cannot be converted to UTC.", quotes_data=False
            ) from error
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Refuse what is no time: SQLite keeps anything in a column of times."""
        read: Any = super().result_processor(dialect, coltype)

        def moment(value: Any) -> datetime | None:
            try:
                found: datetime | None = read(value)
            except (AttributeError, TypeError, ValueError) as error:
                raise damaged("an invalid time") from error
            return found

        return moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class UnprovedMoment(Moment):
    """A point in time where a row holds one; anything else is returned as it stands, for the reader to judge."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Return what is no time as it stands."""
        read = super().result_processor(dialect, coltype)

        def found(value: Any) -> Any:
            try:
                return read(value)
            except StoreError:
                return value

        return found


def damaged(what: str) -> StoreError:
    """Return the error for a row that no release writes.

    Args:
        what: What it holds, for people.
    """
    message = f"A row in the store contains {what}."
    return StoreError("store_corrupt", message, hint="Restore the store from a backup.", quotes_data=False)


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
