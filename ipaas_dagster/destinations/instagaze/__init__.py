"""Another Instagaze portal, written as its document says. It has no field for an id of ours and no idempotency key.

preset     how it is connected                        api        one call, and what its answer means
objects    what may be written of which object        bodies     a record as it is sent
comparing  is it the same, in whichever form          lists      a whole list, page by page
records    what the portal holds                      free       what of it is nobody's
planning   a batch as steps, after looking            sending    a step, and a look at what it made
doubts     what became of a lost answer
"""

from __future__ import annotations

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.instagaze.destination import CAPABILITIES, InstagazeDestination

__all__ = ["CAPABILITIES", "InstagazeDestination", "connect"]


def connect(setting: Setting) -> InstagazeDestination:
    """Nothing is asked yet. Raises SettingsError for preset fields and routes that cannot be used."""
    return InstagazeDestination(setting)
