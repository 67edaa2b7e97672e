"""`webhook`: each change of a record as one signed POST, by the Standard Webhooks convention.

preset    where it goes, and what signs it     signing    the three headers
events    a record's change as a body          answers    what an answer means
"""

from __future__ import annotations

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.webhook.destination import CAPABILITIES, WebhookDestination

__all__ = ["CAPABILITIES", "WebhookDestination", "connect"]


def connect(setting: Setting) -> WebhookDestination:
    """Nothing is sent yet. Raises SettingsError for preset fields and routes that cannot be used."""
    return WebhookDestination(setting)
