"""What a preset may say about webhooks that come in: how they are signed, and where they tell what changed.

A system of the worksheet names it (`webhooks: PRESET`); the source too, which has no other preset.
"""

from __future__ import annotations

from ipaas_dagster.mapping.kinds import PresetField

RECEIVING: tuple[PresetField, ...] = (
    PresetField(
        "convention", "standard (Standard Webhooks, if absent), intuit (QuickBooks) or hmac (all as given here)"
    ),
    PresetField("secret", "what webhooks are signed with; whsec_ and base64, or a text as it is", True, secret=True),
    PresetField("second_secret", "good as well, while one secret replaces the other", secret=True),
    PresetField("signature_header", "header of the signature; webhook-signature if absent"),
    PresetField("id_header", "header of the webhook's id; webhook-id if absent, none with hmac"),
    PresetField("timestamp_header", "header of when it was sent, in Unix seconds; webhook-timestamp if absent"),
    PresetField("signature_prefix", "what stands before a signature; `v1,` if absent, nothing with hmac"),
    PresetField("encoding", "of the signature: base64 (if absent) or hex"),
    PresetField("signed", "what is signed: id.timestamp.body (if absent), timestamp.body, or body (with hmac)"),
    PresetField("tolerance_seconds", "how old, or ahead, a webhook may be where it says its time; 300 if absent"),
    PresetField("events_path", "where the list of events stands in the body; the body is one if absent"),
    PresetField("event_id_path", "where an event's own id stands, if not in a header"),
    PresetField("collection_path", "where it says what kind of record changed; `type` if absent"),
    PresetField("record_path", "where the record's id stands; `data.id` if absent"),
    PresetField("method_path", "where it says what happened; if absent, what follows the last full stop of the kind"),
    PresetField("names", "other names of collections: `account=accounts, bill=invoices`"),
    PresetField("account", "webhooks of other accounts (QuickBooks: companies) are passed over"),
)
