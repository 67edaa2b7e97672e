"""What a portal holds: single records by id, and those that are nobody's (see free.py)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.instagaze.api import Api, Record, path_of, record_of
from ipaas_dagster.destinations.instagaze.free import Free
from ipaas_dagster.destinations.instagaze.lists import all_of, id_of
from ipaas_dagster.destinations.instagaze.objects import BY_NAME, OBJECTS, Written
from ipaas_dagster.destinations.instagaze.preset import Portal


class Records:
    def __init__(self, setting: Setting, portal: Portal, api: Api) -> None:
        self._setting, self._portal, self._api = setting, portal, api
        self._free = {one.name: Free(one, api, self._taken, portal.page_size) for one in OBJECTS}

    def free(self, written: Written) -> Free:
        return self._free[written.name]

    def count(self) -> int:
        """Of the accounts, for people: what the portal says, else what it shows."""
        found = self._api.read(path_of("accounts"), limit=1)
        count = found.get("count") if isinstance(found, dict) else None
        return count if isinstance(count, int) else len(found or ())

    def find(self, written: Written, ids: Sequence[str]) -> Mapping[str, Record]:
        """Those of the ids that are there. Without a GET of one record, the list is read."""
        if written.gets:
            single = ((its_id, record_of(self._api.read(path_of(written.name, its_id)))) for its_id in ids)
            return {its_id: record for its_id, record in single if record is not None}
        return self.listed(written, ids)

    def listed(self, written: Written, ids: Sequence[str]) -> Mapping[str, Record]:
        """The same from the list, however many they are."""
        return self._among(all_of(self._api, path_of(written.name), self._portal.page_size), ids)

    def changed(self, name: str, ids: Sequence[str], since: int) -> Mapping[str, Record]:
        """Those of the ids that the list shows as modified since, a Unix time."""
        found = all_of(self._api, path_of(BY_NAME[name].name), self._portal.page_size, modified=since)
        return self._among(_some(found, 10 * self._portal.page_size + len(ids)), ids)

    def _among(self, records: Iterable[Record], ids: Sequence[str]) -> dict[str, Record]:
        wanted, found = set(ids), dict[str, Record]()
        for record in records if wanted else ():
            if (its_id := id_of(record)) in wanted and its_id is not None:
                found[its_id] = record
                if len(found) == len(wanted):
                    break
        return found

    def _taken(self, name: str) -> set[str]:
        of_object = [shape.collection for shape in self._setting.shapes.values() if shape.object == name]
        return {its_id for collection in of_object for its_id in self._setting.linked.taken(collection)}


def _some(records: Iterator[Record], most: int) -> Iterator[Record]:
    """A server that does not heed the filter gives all; then this is too much to read."""
    for number, record in enumerate(records):
        if number >= most:
            return
        yield record
