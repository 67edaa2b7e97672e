"""What destinations over HTTP share: one client that writes every call down, rates, and sessions.

client    send one request; tell what is proven not to have arrived from what may have     limits    calls per time
session   tokens that expire and are fetched again
"""

from ipaas_dagster.destinations.remote.client import Answer, AnswerLost, Client, NotSent
from ipaas_dagster.destinations.remote.limits import Limit
from ipaas_dagster.destinations.remote.session import Session, TokenSession

__all__ = ["Answer", "AnswerLost", "Client", "Limit", "NotSent", "Session", "TokenSession"]
