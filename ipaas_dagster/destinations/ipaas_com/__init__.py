"""iPaaS.com: records are created under our external ids, so that one that is there already is found, not doubled.

preset    how it is connected                     session   the two ways of signing in
api       one call, and what concerns all         faults    what an error means, in each of its forms
paging    X-Pagination                            objects   where each object is
bodies    a record as it is sent                  planning  an entry as requests, after look-ups
payments  those within a transaction              answers   an answer as an outcome
setup     what `ipaas check` looks at
"""

from __future__ import annotations

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.ipaas_com.destination import CAPABILITIES, IpaasComDestination

__all__ = ["CAPABILITIES", "IpaasComDestination", "connect"]


def connect(setting: Setting) -> IpaasComDestination:
    """Nothing is asked yet. Raises SettingsError for preset fields and routes that cannot be used."""
    return IpaasComDestination(setting)
