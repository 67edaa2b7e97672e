"""7 Every call to every system, and the balance of what was read against what became of it.

calls   their rows          bodies   what writes sent and were answered          guard   what must not be written down
prune   what is forgotten   balance  landing_balance, route_balance, outbox_balance
"""

from ipaas_dagster.ledger.balance import Balance, balance

__all__ = ["Balance", "balance"]
