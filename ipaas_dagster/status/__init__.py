"""The state of everything at a glance, from the stores alone: what the command, the report and the UI show alike.

model        what is told: collections, systems, stuck, on its way, waiting for a word, the verdict
reading      read_status: all of it
collections  what the hub holds of each collection, and how old that is
systems      what each system is owed
hub_side     what of the hub is open: rejects and holds, and how many changes there are
owed         entries that are not done, by cause: those that are stuck, and those on their way
causes       reasons that differ in their ids alone are one cause
stuck        all that goes nowhere without a person      mending      what mends it
verdict      the state in one sentence                   routes       one system's routes after a delivery
known        what was open before a run, and fails none
"""

from ipaas_dagster.status.known import KnownOpen, known_open
from ipaas_dagster.status.model import CollectionStatus, OnItsWay, Status, Stuck, SystemStatus, Verdict, Waiting
from ipaas_dagster.status.reading import read_status
from ipaas_dagster.status.routes import RouteStanding, route_standings

__all__ = [
    "CollectionStatus",
    "KnownOpen",
    "OnItsWay",
    "RouteStanding",
    "Status",
    "Stuck",
    "SystemStatus",
    "Verdict",
    "Waiting",
    "known_open",
    "read_status",
    "route_standings",
]
