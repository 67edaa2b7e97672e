"""What can be connected, as far as declarations need to know it: the connection fields a preset of that
kind has, and what its templates are given by default. A test holds these equal to what the destinations
declare of themselves.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PresetField:
    name: str
    description: str
    required: bool = False
    secret: bool = False


@dataclass(frozen=True)
class Kind:
    """`fields` are what its presets may hold. `keeps_hub_ids`: references are stored as hub ids, so that
    nothing waits for a parent there. `refers_by_hub_id`: references are sent as hub ids, which an external-id
    field there holds, but what they name must be there first. `key`: the target field that holds the hub id,
    where a template names none. `nests_fields`: a dotted name of a target is a field of an object within the
    record. `is_source`: the system that has the kind's name is the source; others of the kind are filled."""

    name: str
    description: str
    is_source: bool = False
    fields: tuple[PresetField, ...] = ()
    keeps_hub_ids: bool = False
    refers_by_hub_id: bool = False
    key: str | None = None
    nests_fields: bool = False


_URL = "base URL of its API"
_CA_FILE = PresetField("ca_file", "file of certificates to trust, where its own is not signed by a public authority")
_BATCH_SIZE = PresetField("batch_size", "records a call, below what the system allows")

KINDS: tuple[Kind, ...] = (
    Kind(
        "instagaze",
        "the source, by the name instagaze (connected by INSTAGAZE_BASE_URL and INSTAGAZE_TOKEN); by another name, "
        "another portal that is filled",
        is_source=True,
        fields=(
            PresetField("url", _URL + ", ending in /api/admin/", True),
            PresetField("token", "bearer token of an admin of that portal", True, secret=True),
            PresetField("portal_id", "its id, which invoice lines are to say; the source's if absent"),
            PresetField("subscription_changes", "replace (if absent): a new one, then the old is deleted; or reject"),
            PresetField("page_size", "records a page where it is looked through; 100 if absent"),
            PresetField("requests_per_second", "where a limit is known; no limit if absent"),
            _CA_FILE,
            _BATCH_SIZE,
        ),
        nests_fields=True,
    ),
    Kind(
        "sql",
        "tables of a SQL database",
        fields=(
            PresetField("url", "SQLAlchemy URL, such as sqlite:///file.db or postgresql+psycopg://...", True),
            PresetField("schema", "schema the tables stand in; the database's default if absent"),
        ),
        keeps_hub_ids=True,
        key="hub_id",
    ),
    Kind(
        "files",
        "immutable batches of files in a folder",
        fields=(
            PresetField("folder", "folder below which <collection>/ folders are written", True),
            PresetField("format", "jsonl, csv or parquet"),
        ),
        keeps_hub_ids=True,
        key="hub_id",
    ),
    Kind(
        "salesforce",
        "a Salesforce org",
        fields=(
            PresetField("url", "My Domain URL of the org, such as https://example.my.salesforce.com", True),
            PresetField("client_id", "consumer key of the connected app", True),
            PresetField("client_secret", "consumer secret, for the client credentials flow", secret=True),
            PresetField("private_key", "private key (PEM), for the JWT bearer flow", secret=True),
            PresetField("username", "user that the JWT bearer flow signs in"),
            PresetField("login_url", "where tokens are asked for; the org's URL if absent"),
            PresetField("audience", "audience of the JWT; https://login.salesforce.com if absent"),
            PresetField("api_version", "such as 62.0"),
            _CA_FILE,
            PresetField("bulk_above", "pending records of a route beyond which the Bulk API is used"),
            PresetField("limit_percent", "share of the org's API calls of 24 hours at which it stops; 95 if absent"),
            _BATCH_SIZE,
        ),
        refers_by_hub_id=True,
        key="Ipaas_Hub_Id__c",
    ),
    Kind(
        "quickbooks",
        "a QuickBooks Online company",
        fields=(
            PresetField("url", _URL, True),
            PresetField("token_url", "where tokens are refreshed; Intuit's if absent"),
            PresetField("realm_id", "id of the company", True),
            PresetField("client_id", "client id of the app", True),
            PresetField("client_secret", "client secret of the app", True, secret=True),
            PresetField("refresh_token", "first refresh token; those that follow are kept sealed", True, secret=True),
            PresetField("minor_version", "minor version of the API; 75 if absent"),
            PresetField("income_account", "account (its id or name) that new items book to"),
            PresetField("default_item", "item (its id or name) of invoice lines whose own is not known"),
            PresetField(
                "discount_account", "account (its id or name) that discounts book to; QuickBooks' own if absent"
            ),
            PresetField("tax_code", "tax code of the lines of an invoice with tax; TAX if absent"),
            PresetField("no_tax_code", "tax code of the lines of an invoice without tax; NON if absent"),
            PresetField("home_currency", "currency of the books; QuickBooks is asked if absent"),
            PresetField("multicurrency", "true: the company uses several currencies, so records name theirs"),
            PresetField("adopt", "true: a record there of the same name or number is taken as ours"),
            PresetField("on_delete", "delete (if absent) or void, for invoices and payments"),
            PresetField(
                "replay_minutes", "how long answers are relied on to come again for a request id; 60 if absent"
            ),
            PresetField("requests_per_minute", "500 if absent"),
            PresetField("requests_per_second", "10 if absent"),
            PresetField("batches_per_minute", "40 if absent"),
            _CA_FILE,
            _BATCH_SIZE,
        ),
        nests_fields=True,
    ),
    Kind(
        "intacct",
        "a Sage Intacct company",
        fields=(
            PresetField("url", "address of the XML gateway, such as https://api.intacct.com/ia/xml/xmlgw.phtml", True),
            PresetField("sender_id", "web services sender id", True),
            PresetField("sender_password", "web services sender password", True, secret=True),
            PresetField("company_id", "id of the company", True),
            PresetField("user_id", "web services user", True),
            PresetField("user_password", "password of the web services user", True, secret=True),
            PresetField("location_id", "entity of a multi-entity company; the top level if absent"),
            PresetField("base_currency", "currency of the books; USD if absent"),
            PresetField("multicurrency", "true: the company uses several currencies, so records name theirs"),
            PresetField("adopt", "true: a record there of the same key or number is taken as ours"),
            PresetField("on_delete", "delete (if absent) or reverse, for invoices; payments are always reversed"),
            PresetField("repeated_errorno", "errornos of a function whose control id was used before, if known"),
            PresetField("repeated_text", "regular expression of how Intacct words that; usual wordings if absent"),
            PresetField("transactions_per_month", "what the company's tier holds; 100,000 if absent"),
            _CA_FILE,
            _BATCH_SIZE,
        ),
        nests_fields=True,
    ),
    Kind(
        "webhook",
        "an address that takes each change as a signed event",
        fields=(
            PresetField("url", "address that events are posted to, such as https://example.com/events", True),
            PresetField("secret", "signing secret, whsec_ and base64", True, secret=True),
            PresetField("second_secret", "events are signed with it too, while secrets are replaced", secret=True),
            PresetField("content", "full (if absent): the whole record; thin: only which record it is"),
            PresetField("insecure", "true: http is allowed to other machines too, so records go in the clear"),
            PresetField("ping", "true: a check sends the event ipaas.ping; else it sends nothing"),
            PresetField("timeout_seconds", "how long an answer may take; 20 if absent"),
            PresetField("requests_per_second", "no limit if absent"),
            _CA_FILE,
            PresetField("batch_size", "events between two commits; 25 if absent"),
        ),
        keeps_hub_ids=True,
        key="hub_id",
        nests_fields=True,
    ),
    Kind(
        "ipaas_com",
        "a company at iPaaS.com",
        fields=(
            PresetField("url", "base URL of its APIs; each is at <url>/<path of the API>/v2", True),
            PresetField("system_id", "id of the subscription there that our records' external ids are kept for", True),
            PresetField("email", "user that signs in, with password; or give api_key"),
            PresetField("password", "password of the user", secret=True),
            PresetField("api_key", "API key of the company, instead of email and password", secret=True),
            PresetField("company_id", "company to work in; the user's only one if absent"),
            PresetField("client_id", "sent as X-Client-Id, where one was given out"),
            PresetField(
                "authorization", "form of the Authorization header: bearer (if absent), or raw: the token alone"
            ),
            PresetField("api_version", "v2 if absent"),
            PresetField("sso_path", "base path of the API sso; its name if absent"),
            PresetField("customers_path", "base path of the API customers; its name if absent"),
            PresetField("products_path", "base path of the API products; its name if absent"),
            PresetField("transactions_path", "base path of the API transactions; its name if absent"),
            PresetField("subscriptions_path", "base path of the API subscriptions; its name if absent"),
            PresetField("company_table", "table of companies, for external ids; `customer company` if absent"),
            PresetField(
                "put_path", "where the id of an update stands: in the path (id, if absent), or only in the body"
            ),
            PresetField(
                "updates", "an update holds the whole record (if absent), or only what the template has: changed"
            ),
            PresetField("on_delete", "delete (if absent), or unlink: only the link to our id goes"),
            PresetField("unlink_path", "of that call; External/{id}/{system_id}/{table} if absent"),
            PresetField("requests_per_minute", "a rate to keep; none if absent"),
            _CA_FILE,
            PresetField("batch_size", "records between two commits; 25 if absent"),
        ),
        nests_fields=True,
    ),
)


def kind_names() -> tuple[str, ...]:
    return tuple(kind.name for kind in KINDS)


def kind(name: str) -> Kind:
    """Raises KeyError for a kind that is not there."""
    for one in KINDS:
        if one.name == name:
            return one
    raise KeyError(name)
