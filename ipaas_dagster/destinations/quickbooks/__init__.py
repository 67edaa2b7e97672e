"""A QuickBooks Online company. Records go in batches, each under a request id whose answer is replayed.

preset    how it is connected                     tokens    refresh tokens that rotate: sealed, one refresher
api       one call, and what concerns all         query     the query language
entities  what is known of the four objects       bodies    a record as QuickBooks is sent it
company   accounts, items and money of its own    planning  a batch as one request, after look-ups
notes     what outlives a crash                   faults    what a fault means
answers   one outcome for each item
"""

from __future__ import annotations

from ipaas_dagster.destinations.base import Setting
from ipaas_dagster.destinations.quickbooks.destination import CAPABILITIES, QuickBooksDestination

__all__ = ["CAPABILITIES", "QuickBooksDestination", "connect"]


def connect(setting: Setting) -> QuickBooksDestination:
    """Nothing is asked yet. Raises SettingsError for preset fields and routes that cannot be used."""
    return QuickBooksDestination(setting)
