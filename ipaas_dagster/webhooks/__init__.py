"""Webhooks in: taken as hints, stored before they are answered, followed by pulls that read the records again.

convention   how a system's webhooks are signed and read, from its preset
verifying    signature, time window, two secrets         reading, intuit   body -> events
rows         the table `inbox`                           writer            many requests, one durable transaction
receiver     the addresses, and what each answers        serving           the process of `ipaas webhooks`
following    rows -> targeted pulls -> done              switching         on and off, where an API can

What a webhook says about a record is never believed: it names the record, and the record is asked for.
"""
