"""A receiver of webhooks: what a company would build by the Standard Webhooks convention.

receiver.py  the stand-in                   verifying.py  whether an event is who it says, and when
folding.py   events into current records    commands.py   what a test may ask of it
"""

from ipaas_dagster.sandbox.webhook.receiver import DEFAULT_SECRET, Webhook

__all__ = ["DEFAULT_SECRET", "Webhook"]
