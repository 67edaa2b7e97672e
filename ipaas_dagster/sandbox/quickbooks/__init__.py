"""QuickBooks Online v3 for one company: strict, and with a memory.

state.py     the stand-in: settings, books, tokens    commands.py  what a test may do behind a client's back
routes.py    a request: token, limits, request id     oauth.py tokens.py limits.py replays.py  each of these
batch.py operations.py                                create, update, delete, void, alone and in batches
kinds.py properties.py                                what there is, of which properties
names.py items.py invoices.py lines.py payments.py currencies.py  the rules of each
query.py select.py changes.py                         the query language; change data capture
books.py seeds.py                                     the records, and those that every company has
answers.py problems.py money.py                       JSON and XML; faults by number; exact amounts
"""

from ipaas_dagster.sandbox.quickbooks.settings import Settings
from ipaas_dagster.sandbox.quickbooks.state import QuickBooks

__all__ = ["QuickBooks", "Settings"]
