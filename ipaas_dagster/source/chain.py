"""When two pages prove that nothing was skipped between them.

Pages are windows on a list that others change while it is read. Whatever order the server gives, two
records that nobody touched keep their order. So a record that stands untouched in both pages divides the
list: everything before it was in the left page or before it, everything after it is in the right page or
after it. A record that was touched may have moved to another place (lists ordered by modified time); it
then stands deep inside a page, among others. Hence the rule: a page must *begin* inside the other one,
with an identical record.
"""

from __future__ import annotations

from collections.abc import Sequence

from ipaas_dagster.source.parse import record_id

OVERLAP = 2
"""Neighbours share two records: one of them may be changed or deleted without another request."""


def linked(left: Sequence[bytes], right: Sequence[bytes]) -> bool:
    """Whether one page begins inside the other, by the same bytes.

    `right` begins inside `left` where nothing or little was deleted, `left` inside `right` where records were
    inserted before them. Either of the first two records will do: the other may have changed.
    """
    return _begins_inside(right, left) or _begins_inside(left, right)


def linked_by_id(left: Sequence[bytes], right: Sequence[bytes]) -> bool:
    """The weaker proof, by ids: sound as long as a change does not move a record in the server's order."""
    return linked(_ids(left), _ids(right))


def _begins_inside(page: Sequence[bytes], other: Sequence[bytes]) -> bool:
    return any(record in other for record in page[:OVERLAP])


def _ids(page: Sequence[bytes]) -> list[bytes]:
    return [(record_id(record) or f"?{number}").encode() for number, record in enumerate(page)]
