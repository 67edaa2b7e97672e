"""Everything that ever happened to one record, in time order: what `ipaas trace` and the `trace` job show.

subject     which record is meant: hub id, source id, or an id in a system
hub_side    what the hub holds of it: versions, sightings, rejects, holds
source_side the landings and lines it stood in, and the calls that brought them
system_side entries, attempts, calls and links, system by system
verdicts    what became of a change that queued nothing
events      all of it as events in time order            as_of       what hub and systems had at a time
held_now    what a system holds now, by asking it         deep        landings that must be searched line by line
"""

from ipaas_dagster.trace.asking import Wanted, moment
from ipaas_dagster.trace.subject import Subject, find
from ipaas_dagster.trace.tracing import Trace, trace

__all__ = ["Subject", "Trace", "Wanted", "find", "moment", "trace"]
