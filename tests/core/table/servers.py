"""A schema of its own on a database server, for tests that write tables there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


@contextmanager
def own_schema(address: str, *, exact: bool = False) -> Iterator[sa.Engine]:
    """Return an engine whose tables lie in a schema that is dropped afterwards.

    Args:
        address: SQLAlchemy address of a PostgreSQL or MariaDB server.
        exact: Whether texts are equal there only where they are the same, as they always are on PostgreSQL.
    """
    name = f"dpq_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(address, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    postgres = admin.dialect.name == "postgresql"
    url = (
        admin.url.update_query_dict({"options": f"-csearch_path={name}"}) if postgres else admin.url.set(database=name)
    )
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with admin.connect() as connection:
        collation = " CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin" if exact and not postgres else ""
        connection.exec_driver_sql(f"CREATE SCHEMA {name}{collation}")
    try:
        yield engine
    finally:
        engine.dispose()
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {name}{' CASCADE' if postgres else ''}")
        admin.dispose()
