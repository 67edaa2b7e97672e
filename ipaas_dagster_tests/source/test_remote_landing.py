"""Landings in an object store, against a server that speaks S3: complete or not there, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ipaas_dagster.errors import LandingDamaged, StoreUnreachable
from ipaas_dagster.sandbox import running_sandbox
from ipaas_dagster.source.landing import LandingStore
from ipaas_dagster_tests.flow.world import World

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
URL = "s3://lake/landings"


@dataclass
class Line:
    """The wire to the server, which can be cut: after so many bytes of what is sent each connection ends."""

    server: tuple[str, int]
    cut_after: int | None = None
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            there = socket.create_connection(self.server)
            threading.Thread(target=self._pass_on, args=(client, there, True), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(there, client, False), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, sends: bool) -> None:
        passed = 0
        with suppress(OSError):  # the other direction was cut
            while data := one.recv(16_384):
                passed += len(data)
                if sends and self.cut_after is not None and passed > self.cut_after:
                    break
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):  # it was already
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture(scope="module")
def s3_server() -> Iterator[tuple[str, int]]:
    server_module = pytest.importorskip("moto.server")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield server.get_host_and_port()
    server.stop()


@pytest.fixture
def line(s3_server: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """A bucket of this test's own, and the environment by which the library finds it."""
    made = Line(s3_server)
    threading.Thread(target=made.serve, daemon=True).start()
    for name, value in aws(made).items():
        monkeypatch.setenv(name, value)
    bucket = there()
    if bucket.exists("lake"):
        bucket.rm("lake", recursive=True)
    bucket.mkdir("lake")
    yield made
    made.close()


def aws(line: Line) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    return {**keys, "AWS_ENDPOINT_URL": line.address, "AWS_MAX_ATTEMPTS": "1"}


def there() -> Any:
    """The store as another program sees it."""
    import s3fs

    return s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)


@pytest.fixture
def store(line: Line, tmp_path: Path) -> LandingStore:
    return LandingStore(URL, tmp_path / "spool")


def landed(store: LandingStore, records: int = 3) -> Any:
    with store.writer("accounts", run_id="r") as writer:
        writer.page(NOW, [b'{"id":"%d","of":"%s"}' % (n, os.urandom(40).hex().encode()) for n in range(records)], "c1")
        return writer.close("full", details={"cursor_after": None}, calls=[{"call_id": "c1"}])


def spooled(folder: Path) -> list[Path]:
    return [file for file in (folder / "spool").rglob("*") if file.is_file()]


def test_a_landing_is_there_as_in_a_folder(store: LandingStore, tmp_path: Path) -> None:
    note = landed(store)
    assert store.ids() == [note.landing_id]
    found, calls, places = store.manifest(note.landing_id)
    assert (found, calls, places) == (note, [{"call_id": "c1"}], {"c1": (1, 3)})
    assert store.is_whole(note)
    assert len(list(store.lines(note.landing_id))) == 3
    with store.verified(note) as path:
        assert path.stat().st_size == note.bytes
    assert not path.exists(), "the copy goes with the block"
    assert (store.leftovers(), spooled(tmp_path)) == ([], [])
    store.remove(note.landing_id)
    assert (store.ids(), there().find("lake")) == ([], [])


def test_an_upload_that_is_cut_in_the_middle_is_no_landing(store: LandingStore, line: Line, tmp_path: Path) -> None:
    line.cut_after = 30_000
    with pytest.raises(StoreUnreachable, match=r"s3://lake/landings cannot be reached .* run again"):
        landed(store, records=2_000)
    line.cut_after = None
    assert (store.ids(), store.leftovers(), spooled(tmp_path)) == ([], [], [])
    landed(store, records=2_000)
    assert len(store.ids()) == 1


def test_damage_is_found_and_an_unreachable_store_is_not_taken_for_it(store: LandingStore, line: Line) -> None:
    note = landed(store)
    (name,) = [name for name in there().find("lake") if name.endswith(".zst")]
    content = there().cat_file(name)
    there().pipe_file(name, content[:-1] + b"?")
    with pytest.raises(LandingDamaged, match="its manifest says"):
        store.verify(note)
    there().rm_file(name)
    with pytest.raises(LandingDamaged, match="cannot be read"):
        store.verify(note)
    line.cut_after = 0
    with pytest.raises(StoreUnreachable):
        store.verify(note)


@pytest.mark.parametrize("point", ["landing.renamed", pytest.param("landing.manifest_renamed", marks=pytest.mark.slow)])
def test_a_process_killed_on_the_way(point: str, line: Line, tmp_path: Path) -> None:
    """Data without a manifest goes; a landing that was complete and not noted is adopted."""
    with running_sandbox(accounts=20, seed=2, samples=None) as sandbox:
        more = {"IPAAS_LANDINGS_URL": URL, "IPAAS_LAG_SECONDS": "0", **aws(line)}
        world = World(sandbox, tmp_path / "state", tuple(more.items()))
        killed = World(sandbox, tmp_path / "state", (*more.items(), ("IPAAS_CRASH_POINT", point)))
        process = killed.command("sync", "accounts", "--no-deliver")
        process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL
        objects = len(there().find("lake"))
        assert objects == (1 if point == "landing.renamed" else 2)

        outcome = world.sync(["accounts"])
        assert outcome.pulled[0].scope.kind == ("full" if point == "landing.renamed" else "since")
        assert world.hub()["customers"] == world.truth()["customers"]
        world.check_books()
        assert world.project().landings.leftovers() == []
