"""Deliver into immutable files: one a batch, under a name that is the same when the batch is sent again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ipaas_dagster.destinations.base import (
    Batch,
    Capabilities,
    Entry,
    Outcome,
    Setting,
    Shape,
    Unreachable,
    as_one_request,
)
from ipaas_dagster.destinations.files.formats import FORMATS, read_batch, write_batch
from ipaas_dagster.destinations.files.layout import (
    BATCHES,
    Manifest,
    add_manifest,
    digest,
    newest_first,
    numbering,
    write_whole,
)
from ipaas_dagster.destinations.held import Held
from ipaas_dagster.destinations.requests import Request
from ipaas_dagster.errors import SettingsError

CAPABILITIES = Capabilities(
    batch_size=10_000, keeps_hub_ids=True, settles_doubt="resend", reads_back=True, remote=False
)


class FilesDestination:
    """A batch that was interrupted is sent again under its id: what is there already is left as it is."""

    capabilities = CAPABILITIES
    compared_at_once = 20_000
    """Each question folds all batches."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._folder = Path(setting.fields["folder"])
        self._format = setting.fields.get("format") or "jsonl"
        if self._format not in FORMATS:
            raise SettingsError(
                f"{setting.system}: format {self._format!r} is unknown; use one of {', '.join(FORMATS)}"
            )

    def check(self) -> str:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            probe = self._folder / ".check"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise self._unreachable(error) from None
        return f"{self._folder} can be written"

    def requests(self, batch: Batch) -> list[Request]:
        return [as_one_request(batch, *self.ledger_name(batch))]

    def deliver(self, batch: Batch) -> list[Outcome]:
        shape = self._shape(batch.collection)
        folder = self._folder / shape.object
        try:
            with numbering(folder):
                if not self._is_there(folder, batch):
                    self._add(folder, shape, batch)
        except OSError as error:
            raise self._unreachable(error) from None
        return [Outcome(entry.entry_id, "delivered", external_id=entry.hub_id) for entry in batch.entries]

    def resolve(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Not asked: a doubt is settled by sending the same batch again."""
        return [Outcome(entry.entry_id, "in_doubt") for entry in entries]

    def read(self, collection: str, object: str, keys: Sequence[str]) -> dict[str, Mapping[str, Any] | None]:
        found: dict[str, Mapping[str, Any] | None] = dict.fromkeys(keys)
        for hub_id, record in live(self._folder / object, self._shape(collection)):
            if hub_id in found:
                found[hub_id] = record
        return found

    def held(self, entries: Sequence[Entry]) -> dict[int, Held]:
        wanted, found = {entry.hub_id: entry for entry in entries}, dict[int, Held]()
        for hub_id, record in self._live(entries[0].collection) if entries else ():
            if (entry := wanted.get(hub_id)) is not None:
                found[entry.entry_id] = Held(hub_id, entry.payload or {}, record)
        return found

    def ours(self, collection: str) -> Iterator[tuple[str, str]]:
        return ((hub_id, hub_id) for hub_id, _ in self._live(collection))

    def _live(self, collection: str) -> Iterator[tuple[str, dict[str, Any]]]:
        shape = self._shape(collection)
        try:
            yield from live(self._folder / shape.object, shape)
        except OSError as error:
            raise Unreachable(f"{self._folder} cannot be read: {error.filename}: {error.strerror or error}") from None

    def ledger_name(self, batch: Batch) -> tuple[str, str]:
        return "WRITE", f"{self._shape(batch.collection).object}/{self._file(batch)}"

    def close(self) -> None:
        pass

    def _shape(self, collection: str) -> Shape:
        return self._setting.shapes[collection]

    def _file(self, batch: Batch) -> str:
        return f"{BATCHES}/{batch.batch_id}.{self._format}"

    def _is_there(self, folder: Path, batch: Batch) -> bool:
        """Only a batch whose file exists can have a manifest, so manifests are read only after an interruption."""
        files = (folder / BATCHES / f"{batch.batch_id}.{format}" for format in FORMATS)
        if not any(file.exists() for file in files):
            return False
        return any(manifest.batch_id == batch.batch_id for manifest in newest_first(folder))

    def _add(self, folder: Path, shape: Shape, batch: Batch) -> None:
        file = self._file(batch)
        path = folder / file
        write_whole(path, lambda temporary: write_batch(self._format, temporary, shape, batch.entries))
        seqs = [entry.seq for entry in batch.entries]

        def manifest(number: int) -> Manifest:
            return Manifest(
                number,
                batch.batch_id,
                batch.collection,
                file,
                self._format,
                lines=len(seqs),
                first_seq=min(seqs),
                last_seq=max(seqs),
                bytes=path.stat().st_size,
                sha256=digest(path),
            )

        add_manifest(folder, manifest)

    def _unreachable(self, error: OSError) -> Unreachable:
        return Unreachable(f"{self._folder} cannot be written: {error.strerror or error}")


def live(folder: Path, shape: Shape | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """(hub id, record) of every live record below an object's folder: the batches folded in manifest order.

    Read from the newest batch back, so that only hub ids are remembered: the first line met of a record is its last.
    """
    seen: set[str] = set()
    for manifest in newest_first(folder):
        lines = list(read_batch(manifest.format, folder / manifest.file, shape))
        for hub_id, operation, record in reversed(lines):
            if hub_id not in seen:
                seen.add(hub_id)
                if operation != "delete" and record is not None:
                    yield hub_id, record


def current(folder: Path, collection: str, shape: Shape | None = None) -> Iterator[dict[str, Any]]:
    """The live records of a collection of the `files` destination at `folder`, each with its hub_id. `shape` (of its
    route) tells another folder name than the collection's, and gives csv and parquet their JSON values back."""
    name = shape.object if shape else collection
    for hub_id, record in live(folder / name, shape):
        yield {"hub_id": hub_id, **record}
