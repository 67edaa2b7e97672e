"""An active pipeline that pushes: the document shows two that pull, and one that pushes and is not active."""

from __future__ import annotations

from typing import Any

_FIELDS: dict[str, tuple[int, str, str, bool]] = {
    "in_instance_id": (1, "The account's id in the other system", "Id", True),
    "account_name": (2, "Its name there", "Account Name", True),
    "account_number": (3, "Its number there, if it has one", "Account Number", False),
    "account_owner": (4, "Who looks after it", "Account Owner", True),
}


def _mapping(number: int, external: str, field: str, push_modifier: str | None = None, **flags: bool) -> dict[str, Any]:
    id_, description, label, required = _FIELDS[field]
    described = {"id": id_, "field": field, "description": description, "label": label, "is_required": required}
    return {
        "id": number,
        "external": external,
        "read_only": flags.get("read_only", False),
        "is_custom": flags.get("is_custom", False),
        "pull_modifier": None,
        "push_modifier": push_modifier,
        "pp_field": described,
    }


PUSHES_ACCOUNTS: dict[str, Any] = {
    "id": 7,
    "portal_id": 1,
    "module": "Salesforce",
    "integration": {
        "id": 1,
        "name": "Salesforce",
        "logo": "https://static.example.com/salesforce.png",
        "url": "/integrations/salesforce",
        "is_future": False,
    },
    "mode": "PUSH",
    "pp_object": {
        "id": 1,
        "name": "Account",
        "description": "All accounts, in step with another application",
        "get_records": "/service/accounts",
        "pull_callback": "/service/accounts/pull",
        "push_create_callback": "/service/accounts/push",
        "push_update_callback": "/service/accounts/push",
    },
    "external_object": "Account",
    "instance": {
        "id": 2,
        "portal_id": 1,
        "is_deleted": False,
        "created_at": "2019-03-17T22:56:00.000Z",
        "updated_at": "2019-03-17T22:56:00.000Z",
        "name": "Second org",
        "url": "https://cs16.salesforce.example.com",
        "username": "sync@example.com",
        "password": "plain-text-fake-password-7",
    },
    "mappings": [
        _mapping(81, "Id", "in_instance_id", read_only=True),
        _mapping(82, "Name", "account_name", "data => data.substring(0, 80)"),
        _mapping(83, "AccountNumber", "account_number", "data => data.trim().toUpperCase().substring(0, 40)"),
        _mapping(84, "Owner_Name__c", "account_owner", is_custom=True),
    ],
    "pull_status": None,
    "last_pull": None,
    "push_status": "SUCCESS",
    "last_push": "2019-03-21T05:20:00.000Z",
    "is_active": True,
    "created_at": "2019-03-21T05:16:50.000Z",
    "updated_at": "2019-03-21T05:16:50.000Z",
}
