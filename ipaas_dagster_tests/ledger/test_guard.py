"""Nothing secret is written down, however it is spelled; what only sounds like a secret stays."""

from __future__ import annotations

import sqlite3
from base64 import b64encode, urlsafe_b64encode
from html import escape
from json import dumps
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ipaas_dagster.deliver import setting
from ipaas_dagster.ledger.guard import NAMES_ONLY, Guard, secret_parts
from ipaas_dagster.project import Project
from ipaas_dagster.records import Call, utc_now
from ipaas_dagster.settings import load
from ipaas_dagster_tests.outbox.world import config_of

PASSWORD = "p&ss/wörd \"<tr+1>'"
TOKEN = "00D5g000008!AQcAQH.fT_9x"


def spellings(secret: str) -> list[bytes]:
    raw = secret.encode()
    texts = [secret, quote(secret, safe=""), quote_plus(secret), dumps(secret)[1:-1], escape(secret)]
    coded = [b64encode(raw), urlsafe_b64encode(raw), b64encode(b"user:" + raw), b64encode(b"u:" + raw + b":x")]
    return [*(text.encode() for text in texts), *coded]


@pytest.mark.parametrize("secret", [PASSWORD, TOKEN])
def test_a_secret_value_is_masked_in_every_spelling(secret: str) -> None:
    guard = Guard([secret])
    for spelled in spellings(secret):
        masked = guard.mask(b'{"note": "before ' + spelled + b' after"}')
        assert secret.encode() not in masked
        assert spelled.rstrip(b"=") not in masked
        assert b"before" in masked


@given(
    secret=st.binary(min_size=8, max_size=30).map(lambda b: b.hex()), before=st.binary(max_size=9), after=st.binary()
)
def test_base64_of_anything_around_a_secret_is_masked(secret: str, before: bytes, after: bytes) -> None:
    coded = b64encode(before + secret.encode() + after)
    assert Guard([secret]).mask(coded) != coded


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"password": "hunter22", "name": "A"}', b'"name": "A"'),
        (b'{"a": {"access_token" : "hunter22"}, "name": "A"}', b'"name": "A"'),
        (b'{"text": "{\\"client_secret\\": \\"hunter22\\"}"}', b"text"),
        (b"<control><senderid>me</senderid><password>hunter22</password></control>", b"<senderid>me</senderid>"),
        (b'<a:sessionId xmlns:a="x">hunter22</a:sessionId>', b"sessionId"),
        (b"grant_type=password&client_secret=hunter22&format=json", b"format=json"),
        (b"/path?q=1&api_key=hunter22&page=2", b"page=2"),
        (b"Authorization: Bearer hunter22hunter22", b"Bearer"),
        (b"postgresql://me:hunter22@host/db", b"@host/db"),
        (b'{"password": "hunter22', b"password"),
    ],
)
def test_what_bears_a_secrets_name_is_masked(body: bytes, kept: bytes) -> None:
    masked = NAMES_ONLY.mask(body)
    assert b"hunter22" not in masked
    assert kept in masked


@pytest.mark.parametrize(
    "body",
    [
        b'{"SyncToken": "3", "Id": "5"}',
        b'{"token_type": "Bearer", "nextPageToken": "abc", "isPasswordSet": true}',
        b'{"name": "The Passage", "author": "Kay", "keynote": "Tokens of love"}',
        b"<ITEMID>KEY-1</ITEMID><RECORDNO>5</RECORDNO>",
        b"Id,Name,Hub_ID__c\n1,Key Bank,instagaze:accounts:1\n",
    ],
)
def test_what_only_sounds_like_a_secret_stays(body: bytes) -> None:
    assert NAMES_ONLY.mask(body) == body


def test_a_database_address_gives_away_its_password() -> None:
    parts = secret_parts(["postgresql+psycopg://me:s%26cret@host/db?sslpassword=other1"])
    assert {"s&cret", "other1"} <= set(parts)


def test_nothing_planted_reaches_the_operations_store(tmp_path: Path) -> None:
    """By the way that every destination's calls take: `Setting.record_call`."""
    config = config_of(tmp_path / "config", {})
    given = {"IPAAS_STATE": str(tmp_path), "IPAAS_CONFIG": str(config), "SQL_URL": f"postgresql://me:{TOKEN}@host/db"}
    project = Project(load(given, tmp_path / "no.env"))
    record = setting(project, "sql").record_call
    body = b"|".join(spellings(TOKEN))
    call = Call("c1", "sql", "write", "POST", f"/x?token={TOKEN}", utc_now(), outcome="intent", request_body=body)
    record(call)
    from dataclasses import replace

    record(replace(call, outcome="ok", reason=f"said {TOKEN}", response_body=body.decode("latin-1")))
    project.operations.dispose()
    with sqlite3.connect(tmp_path / "operations.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        bodies = connection.execute("SELECT request, response FROM call_bodies").fetchone()
    written = (tmp_path / "operations.db").read_bytes()
    written += b"".join(zstandard.ZstdDecompressor().decompress(body) for body in bodies)
    assert b"said" in written
    for spelled in spellings(TOKEN):
        assert spelled.rstrip(b"=") not in written
