"""Which record is meant: `instagaze:accounts:42`, `accounts/42`, `customers/42`, or an id in a system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ipaas_dagster import contracts
from ipaas_dagster.contracts.base import Collection
from ipaas_dagster.errors import UsageError
from ipaas_dagster.records import SOURCE_SYSTEM, hub_id

if TYPE_CHECKING:
    from ipaas_dagster.project import Project

FORMS = "write instagaze:accounts:42, accounts/42, or --system SYSTEM --id ITS_ID"


@dataclass(frozen=True)
class Subject:
    """A record of one hub collection, whether the hub has ever seen it or not."""

    hub_id: str
    collection: Collection

    @property
    def source_id(self) -> str:
        return self.hub_id.split(":", 2)[2]

    @property
    def landed_as(self) -> str:
        """The source collection whose landings it stands in."""
        parent = self.collection.parent
        return contracts.collection(parent).source if parent else self.collection.source

    @property
    def parent(self) -> str | None:
        """The parent's hub id, where it can be read from this one's."""
        if self.collection.parent and self.collection.id_field is None:
            return self.hub_id.rpartition("#")[0]
        return None


def find(
    project: Project,
    words: str | None,
    *,
    system: str | None = None,
    its_id: str | None = None,
    collection: str | None = None,
) -> Subject:
    """Raises UsageError where the words do not name one record."""
    if its_id is not None:
        if words is not None or system is None:
            raise UsageError(f"an id in a system is asked for by --system and --id alone: {FORMS}")
        return _by_external_id(project, system, its_id, collection)
    if words is None:
        raise UsageError(f"which record? {FORMS}")
    return _by_words(words.strip())


def _by_words(words: str) -> Subject:
    if words.count(":") >= 2 and words.startswith(f"{SOURCE_SYSTEM}:"):
        _, source, source_id = words.split(":", 2)
        return _subject(source, source_id, words)
    name, slash, source_id = words.partition("/")
    if not (slash and name and source_id):
        raise UsageError(f"{words!r} names no record; {FORMS}")
    return _subject(name, source_id, words)


def _subject(name: str, source_id: str, words: str) -> Subject:
    """`name` is what the source calls the collection, or the hub."""
    numbered = "#" in source_id
    declared = (*contracts.COLLECTIONS, *contracts.REFERENCE)
    found = [c for c in declared if name in (c.source, c.name) and (c.id_field is None) == numbered]
    if not found or not source_id:
        names = ", ".join(dict.fromkeys(c.source for c in declared))
        raise UsageError(f"{words!r} names no record: there is no collection {name!r} (there are {names})")
    return Subject(hub_id(found[0].source, source_id), found[0])


def _by_external_id(project: Project, system: str, its_id: str, collection: str | None) -> Subject:
    if system == SOURCE_SYSTEM:
        if collection is None:
            raise UsageError(f"the source counts each collection by itself: add --collection, or {FORMS}")
        return _subject(collection, its_id, f"{collection}/{its_id}")
    project.worksheet.system(system)  # raises, naming the systems there are
    if its_id.startswith(f"{SOURCE_SYSTEM}:"):
        return _by_words(its_id)  # sql and files know records by their hub ids
    found = [row for row in _linked(project, system, its_id) if collection in (None, row[0])]
    if len(found) > 1:
        choice = ", ".join(f"{name} {linked}" for name, linked in found)
        raise UsageError(f"{system} has more than one record {its_id!r} ({choice}); add --collection")
    if not found:
        raise UsageError(
            f"no record is linked to {its_id!r} in {system}: it was never delivered there by this installation, or "
            f"was made there by somebody else; {FORMS}"
        )
    return Subject(found[0][1], contracts.collection(found[0][0]))


def _linked(project: Project, system: str, its_id: str) -> list[tuple[str, str]]:
    from sqlalchemy import select

    from ipaas_dagster.operations.tables import links

    own = (links.c.external_id == its_id) & (links.c.external_id != links.c.hub_id)  # in the words of its index
    with project.operations.read() as connection:
        rows = connection.execute(select(links.c.system, links.c.collection, links.c.hub_id).where(own)).all()
    return [(row.collection, row.hub_id) for row in rows if row.system == system]
