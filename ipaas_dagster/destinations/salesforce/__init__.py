"""A Salesforce org. One record goes by its external id, up to 200 by sObject collections, many by Bulk API 2.0.

preset    how it is connected               login     tokens: client credentials, JWT bearer
api       one call, and what concerns all   usage     the daily API calls, as the org counts them
layout    a record as JSON, CSV and SOQL    pieces    a batch as the requests that deliver it
rest      answers to up to 200 records      bulk      jobs that outlive a crash    results   a job's three files
problems  what an error means               soql      looking records up           setup     is the org ready
"""

from __future__ import annotations

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.salesforce.destination import CAPABILITIES, SalesforceDestination

__all__ = ["CAPABILITIES", "connect"]


def connect(setting: Setting) -> SalesforceDestination:
    """Nothing is asked yet. Raises SettingsError for preset fields and references that cannot be used."""
    return SalesforceDestination(setting)
