"""7 Every call to every system, and the balance of what was read against what became of it."""

from ipaas_dagster.ledger.balance import Balance, balance

__all__ = ["Balance", "balance"]
