"""Alerts: what needs a person is told to a webhook, once when it arises and once when it is over.

causes       what is wrong now                    keeping      causes in the operations store, opened and closed
telling      events to the receiver               checking     check, after_run: looked at, kept and told
"""

from ipaas_dagster.alerts.checking import after_run, check, note_run, switched_off, tell_test
from ipaas_dagster.alerts.keeping import Alert, open_alerts

__all__ = ["Alert", "after_run", "check", "note_run", "open_alerts", "switched_off", "tell_test"]
