"""Pipelines of Instagaze as templates: found in the hub, checked, pinned; what changed there waits for a person.

upstream   the pipelines as the hub has them now       choosing   which of them a row means
trying     modifiers on real values                    standing   a row's pin against its pipeline
pinning    approve, and the first time
"""

from __future__ import annotations

from ipaas_dagster.pipelines.pinning import approve, follow
from ipaas_dagster.pipelines.standing import Difference, Standing, standings

__all__ = ["Difference", "Standing", "approve", "follow", "standings"]
