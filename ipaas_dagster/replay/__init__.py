"""Merging landings again, or rendering recorded changes again, to see what today's rules would make of them.

chosen       which landings, in the order in which the hub merged them
rebuild      those landings merged into a fresh hub, beside a copy of the real one
differing    the two hubs compared by SQL             differences   what was found, record by record
rendering    recorded changes through a new template
baseline     what stands for landings that were pruned

Nothing here calls a system, and nothing writes into the real hub or the operations store (pruning does).
"""

from __future__ import annotations

from ipaas_dagster.replay.chosen import Choice
from ipaas_dagster.replay.differences import Compared, Difference, Field
from ipaas_dagster.replay.rebuild import Replayed, replay

__all__ = ["Choice", "Compared", "Difference", "Field", "Replayed", "replay"]
