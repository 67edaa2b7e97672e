"""Hub and systems compared: what is missing, changed or extra there is found, listed, and repaired through the outbox.

reconcile_system    compare all of a system, queue the repairs, deliver them, look again
check_records       the same for given records
last_reconcile      what the last comparison of each system found
"""

from ipaas_dagster.completeness.given import check_records
from ipaas_dagster.completeness.results import Comparison, SystemReconcile, last_reconcile
from ipaas_dagster.completeness.system import approve, reconcile_system

__all__ = ["Comparison", "SystemReconcile", "approve", "check_records", "last_reconcile", "reconcile_system"]
