"""Deliver into tables: upsert and delete, each batch in one transaction together with the record of its delivery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    MetaData,
    bindparam,
    create_engine,
    delete,
    event,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from ipaas_dagster.crash_points import crash_point
from ipaas_dagster.destinations.base import (
    Batch,
    Capabilities,
    Entry,
    Outcome,
    Setting,
    Unreachable,
    as_one_request,
)
from ipaas_dagster.destinations.held import Held
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.destinations.sql.tables import deliveries_table, dumps, prepare, record_table
from ipaas_dagster.destinations.sql.upsert import Upsert
from ipaas_dagster.errors import SettingsError
from ipaas_dagster.operations.sqlite import BUSY_SECONDS, prepare_sqlite
from ipaas_dagster.records import SOURCE_SYSTEM

CAPABILITIES = Capabilities(batch_size=5_000, keeps_hub_ids=True, settles_doubt="ask", reads_back=True, remote=True)
_SUPPORTED = ("sqlite", "postgresql")
_QUESTION = 500
"""Keys in one SELECT: well below every limit of bound parameters (SQLite 32,766, PostgreSQL 65,535)."""


_PAGE = 5_000


class SqlDestination:
    """Two workers may deliver to the same tables at once: the delivery row of a record is its lock and its guard."""

    capabilities = CAPABILITIES
    compared_at_once = 5_000

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._engine = _engine(setting)
        self._schema = setting.fields.get("schema") or None
        metadata = MetaData(schema=self._schema)
        self._deliveries = deliveries_table(metadata)
        self._tables = {name: record_table(metadata, shape) for name, shape in setting.shapes.items()}
        dialect = self._engine.dialect
        self._noting = Upsert(dialect, self._deliveries, ["collection", "hub_id"], guarded=True)
        self._upserts = {
            name: Upsert(dialect, table, [column.name for column in table.primary_key.columns])
            for name, table in self._tables.items()
        }
        self._prepared = False

    def check(self) -> str:
        with self._reached() as connection:
            connection.execute(text("SELECT 1"))
            version = ".".join(map(str, connection.dialect.server_version_info or ()))
        return f"{self._engine.dialect.name} {version} answered at {self._shown}"

    def requests(self, batch: Batch) -> list[Request]:
        return [as_one_request(batch, *self.ledger_name(batch))]

    def deliver(self, batch: Batch) -> list[Outcome]:
        self._prepare()
        return self._write(batch.collection, list(batch.entries))

    def resolve(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Asks the delivery rows, which were committed with the records: what is not there did not arrive."""
        self._prepare()
        keys: set[str] = set()
        column = self._deliveries.c.request_key
        with self._reached() as connection:
            for collection in sorted({entry.collection for entry in entries}):
                ids = [entry.hub_id for entry in entries if entry.collection == collection]
                keys |= set(self._by_record(connection, collection, ids, column).values())
        return [_resolved(entry, entry.request_key in keys) for entry in entries]

    def read(self, collection: str, object: str, keys: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
        self._prepare()
        table = self._tables[collection]
        key = next(iter(table.primary_key.columns))
        found: dict[str, Mapping[str, Any] | None] = dict.fromkeys(keys)
        with self._reached() as connection:
            for some in _pieces(keys):
                for row in connection.execute(select(table).where(key.in_(some))).mappings():
                    found[row[key.name]] = dict(row)
        return found

    def held(self, entries: Sequence[Entry]) -> dict[int, Held]:
        if not entries:
            return {}
        rows = self.read(entries[0].collection, entries[0].object, [entry.hub_id for entry in entries])
        there = ((entry, rows[entry.hub_id]) for entry in entries)
        return {e.entry_id: Held(e.hub_id, e.payload or {}, row) for e, row in there if row is not None}

    def ours(self, collection: str) -> Iterator[tuple[str, str]]:
        """Rows whose key is a hub id; rows with keys of another form are the users' own."""
        self._prepare()
        key = next(iter(self._tables[collection].primary_key.columns))
        after = ""
        while True:
            page = select(key).where(key > after, key.like(f"{SOURCE_SYSTEM}:%")).order_by(key).limit(_PAGE)
            with self._reached() as connection:
                found = list(connection.scalars(page))
            yield from ((hub_id, hub_id) for hub_id in found)
            if len(found) < _PAGE:
                return
            after = found[-1]

    def ledger_name(self, batch: Batch) -> tuple[str, str]:
        method = batch.entries[0].operation.upper() if batch.entries else "UPSERT"
        return method, self._tables[batch.collection].fullname

    def close(self) -> None:
        self._engine.dispose()

    @property
    def _shown(self) -> str:
        return self._engine.url.render_as_string(hide_password=True)

    def _reached(self) -> Any:
        """A connection; Unreachable where none can be had."""
        url = self._engine.url
        try:
            if url.get_backend_name() == "sqlite" and url.database:
                Path(url.database).parent.mkdir(parents=True, exist_ok=True)
            return self._engine.connect()
        except (OperationalError, OSError) as error:
            raise Unreachable(f"{self._shown} cannot be reached: {_first_line(error)}") from None

    def _prepare(self) -> None:
        if self._prepared:
            return
        self._reached().close()
        tables = {table.name: table for table in (self._deliveries, *self._tables.values())}
        try:
            prepare(self._engine, tables, self._schema)
        except DBAPIError as error:
            reason = f"{self._shown}: its tables cannot be made or extended: {_first_line(error)}"
            raise Unreachable(reason) from None
        self._prepared = True

    def _write(self, collection: str, entries: list[Entry]) -> list[Outcome]:
        """One transaction; if the database refuses a record, halves of it, until that record stands alone."""
        try:
            with self._reached() as connection, connection.begin():
                self._write_all(connection, collection, entries)
                crash_point("sql.committing")
            crash_point("sql.committed")
        except (SQLAlchemyError, ValueError, OverflowError, TypeError, AttributeError) as error:
            if not _is_records_fault(error):
                raise Unreachable(f"{self._shown}: {_first_line(error)}") from None
            if len(entries) == 1:
                return [Outcome(entries[0].entry_id, "rejected", reason=_first_line(error))]
            middle = len(entries) // 2
            return self._write(collection, entries[:middle]) + self._write(collection, entries[middle:])
        return [Outcome(entry.entry_id, "delivered", external_id=entry.hub_id) for entry in entries]

    def _write_all(self, connection: Connection, collection: str, entries: Sequence[Entry]) -> None:
        """The delivery rows first: they lock the records against another worker, in one order for all, and tell
        which entries are not older than what was delivered."""
        ordered = sorted(entries, key=lambda entry: entry.hub_id)
        mine = ordered
        if self._note(connection, collection, ordered) < len(ordered):
            noted = self._by_record(connection, collection, [e.hub_id for e in ordered], self._deliveries.c.request_key)
            mine = [entry for entry in ordered if noted.get(entry.hub_id) == entry.request_key]
        table = self._tables[collection]
        key = next(iter(table.primary_key.columns)).name
        rows = [{**(e.payload or {}), key: e.hub_id} for e in mine if e.operation == "upsert"]
        gone = [{"id": e.hub_id} for e in mine if e.operation == "delete"]
        if rows:
            self._upserts[collection].write_records(connection, rows)
        if gone:
            connection.execute(delete(table).where(table.c[key] == bindparam("id")), gone)

    def _note(self, connection: Connection, collection: str, entries: Sequence[Entry]) -> int:
        """Returns how many were noted: all but those older than what was delivered before."""
        now = self._setting.clock()
        return self._noting.write(
            connection,
            [(collection, e.hub_id, e.request_key, e.operation, e.epoch, e.seq, e.version, now) for e in entries],
        )

    def _by_record(
        self, connection: Connection, collection: str, hub_ids: Sequence[str], column: Any
    ) -> dict[str, str]:
        table, found = self._deliveries, {}
        for some in _pieces(hub_ids):
            query = select(table.c.hub_id, column).where(table.c.collection == collection, table.c.hub_id.in_(some))
            found.update({row[0]: row[1] for row in connection.execute(query)})
        return found


def _resolved(entry: Entry, arrived: bool) -> Outcome:
    if arrived:
        return Outcome(entry.entry_id, "delivered", external_id=entry.hub_id)
    return Outcome(entry.entry_id, "retry", reason="the database has no record of it")


def _pieces(values: Sequence[str]) -> list[Sequence[str]]:
    return [values[start : start + _QUESTION] for start in range(0, len(values), _QUESTION)]


_RECORDS_FAULT = ("22", "23", "44", "54", "P0")
"""Classes of SQLSTATE that one record causes: data, constraints, check options, limits (a value too long for an index),
and what a user's own trigger raises."""


def _is_records_fault(error: Exception) -> bool:
    """Whether a record is the trouble; else it is the connection, the disk, or a table that does not fit, and no
    record may be called dead for it."""
    if not isinstance(error, DBAPIError):
        return True  # the driver could not even bind the value
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_RECORDS_FAULT)
    return isinstance(error, DataError | IntegrityError)


def _first_line(error: BaseException) -> str:
    """What the driver says, without the statement and its parameters (SQLAlchemy would append them)."""
    said = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    return said.splitlines()[0]


def _engine(setting: Setting) -> Engine:
    try:
        url = make_url(setting.fields.get("url", ""))
        if url.get_backend_name() not in _SUPPORTED:
            raise SettingsError(
                f"{setting.system}: {url.get_backend_name()} is not supported; use sqlite or postgresql+psycopg"
            )
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() == "sqlite":
            return _sqlite(url)
        return create_engine(url, json_serializer=dumps, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except (ArgumentError, NoSuchModuleError) as error:
        raise SettingsError(
            f"{setting.system}: its preset's url is not a SQLAlchemy URL such as sqlite:///file.db"
        ) from error


def _sqlite(url: Any) -> Engine:
    engine = create_engine(
        url, json_serializer=dumps, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        prepare_sqlite(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
